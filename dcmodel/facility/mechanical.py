"""Compressors of a chilled-water plant: what storage of cold can shift, hour by hour."""

from __future__ import annotations

import numpy as np

from dcmodel.facility.cooling import Pump
from dcmodel.facility.design import Design
from dcmodel.facility.model import evaluate
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.weather import FacilityWeather

LEAST_SHARE = 0.02
"""Share of the heat below which compressor power per heat says nothing [1]."""


def mechanical_cooling(design: Design, weather: FacilityWeather, load: Array) -> dict[str, Array]:
    """Return what compressors carry and take in each hour.

    Parameters
    ----------
    design : Design
    weather : FacilityWeather
        Arrays of shape (T,).
    load : array of shape (..., T)
        IT power over installed IT [1].

    Returns
    -------
    dict of ndarray, shape of the load
        ``mechanical_share``: share of the heat carried by compressors on chilled water, zero for a
        plant without water [1]. ``compressor_power_per_heat``: their power per heat carried; in
        hours without compressors, what it is at their least [MW MW-1].
    """
    state = evaluate(design, weather, load)
    on_water = any(issubclass(group, Pump) for group in design.architecture.groups.values())
    share = state.mechanical_fraction if on_water else np.zeros_like(state.mechanical_fraction)
    runs = share > LEAST_SHARE
    heat = share * np.asarray(load)
    per_heat = np.divide(state.chiller, heat, out=np.zeros_like(heat), where=heat > LEAST_SHARE)
    runs &= heat > LEAST_SHARE
    least = per_heat[runs].min(initial=np.inf)
    if np.isfinite(least):
        per_heat = np.where(runs, per_heat, least)
    return {
        "mechanical_share": np.where(runs, share, 0.0),
        "compressor_power_per_heat": per_heat,
    }
