"""The facility as one function of weather and load: power, losses and water, hour by hour.

Everything is per MW of installed IT: multiply by the installed MW. Plant is sized in proportion to
installed IT, so the model is homogeneous of degree one in IT power and installed IT.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.facility import psychrometrics
from dcmodel.facility.design import Design
from dcmodel.facility.design_conditions import DesignConditions, load_design_conditions
from dcmodel.facility.electrical import chain
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.weather import FacilityWeather

# Solvers return loads a little outside [0, 1]; more than this is a mistake of the caller.
_LOAD_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class FacilityState:
    """Power and water of a facility, per MW of installed IT; all arrays of the shape of the load.

    Parameters
    ----------
    facility_power : ndarray, shape (..., T)
        Power drawn from the grid [MW MW-1].
    it : ndarray
        IT power [MW MW-1].
    electrical_loss, fan, pump, chiller, heat_rejection, auxiliary : ndarray
        The other parts of facility power; with `it` they sum to it [MW MW-1].
    water : ndarray
        Make-up water on site [m3 h-1 MW-1].
    mechanical_fraction : ndarray
        Share of the heat carried by compressors [1].
    """

    facility_power: Array
    it: Array
    electrical_loss: Array
    fan: Array
    pump: Array
    chiller: Array
    heat_rejection: Array
    auxiliary: Array
    water: Array
    mechanical_fraction: Array


@dataclass(frozen=True, eq=False)
class YearlyFigures:
    """Figures of a year, one per leading index of the load.

    Parameters
    ----------
    pue : ndarray
        Facility energy over IT energy, NaN in a year without IT energy [1].
    wue : ndarray
        Water over IT energy, NaN in a year without IT energy [L kWh-1].
    peak : ndarray
        Highest facility power [MW per MW of installed IT].
    it_energy, facility_energy : ndarray
        [MWh per MW of installed IT]
    water : ndarray
        [m3 per MW of installed IT]
    mechanical_fraction : ndarray
        Mean over the hours of the share of heat carried by compressors [1].
    """

    pue: Array
    wue: Array
    peak: Array
    it_energy: Array
    facility_energy: Array
    water: Array
    mechanical_fraction: Array


def evaluate(design: Design, weather: FacilityWeather, load: npt.ArrayLike) -> FacilityState:
    """Evaluate the facility physics.

    Parameters
    ----------
    design : Design
    weather : FacilityWeather
        Arrays of shape (T,).
    load : array_like, shape (T,) or (..., T), or a number
        IT power over installed IT, 0 to 1 [1].

    Returns
    -------
    FacilityState
        Arrays of the broadcast shape, per MW of installed IT.

    Raises
    ------
    ValueError
        The load leaves 0 to 1.
    """
    load = np.asarray(load, dtype=float)
    if load.size and (load.min() < -_LOAD_TOLERANCE or load.max() > 1.0 + _LOAD_TOLERANCE):
        msg = f"load must lie in 0 to 1; found {load.min():.6g} to {load.max():.6g}"
        raise ValueError(msg)
    shape = np.broadcast_shapes(load.shape, weather.temp_air.shape)
    load = np.broadcast_to(np.clip(load, 0.0, 1.0), shape)
    state = design.architecture.cooling(design, weather, load)
    miscellaneous = design["miscellaneous_ratio"]
    beside = state.power - state.on_ups + miscellaneous
    electrical = chain(design, load, state.on_ups, beside)
    return FacilityState(
        facility_power=electrical.facility_power,
        it=load,
        electrical_loss=electrical.loss,
        fan=state.fan,
        pump=state.pump,
        chiller=state.chiller,
        heat_rejection=state.heat_rejection,
        auxiliary=state.auxiliary + miscellaneous,
        water=state.water,
        mechanical_fraction=state.mechanical_fraction,
    )


def yearly(
    design: Design,
    weather: FacilityWeather,
    load: npt.ArrayLike,
    duration: npt.ArrayLike = 1.0,
) -> YearlyFigures:
    """Yearly figures of a facility.

    Parameters
    ----------
    design : Design
    weather : FacilityWeather
        Arrays of shape (T,).
    load : array_like, shape (..., T) or a number
        IT power over installed IT [1].
    duration : array_like, shape (T,)
        Length of each step [h].

    Returns
    -------
    YearlyFigures
    """
    state = evaluate(design, weather, load)
    hours = np.broadcast_to(np.asarray(duration, dtype=float), weather.temp_air.shape)
    it_energy = state.it @ hours
    facility_energy = state.facility_power @ hours
    water = state.water @ hours
    served = np.where(it_energy > 0, it_energy, np.nan)
    return YearlyFigures(
        pue=np.asarray(facility_energy / served),
        wue=np.asarray(water / served),  # m3 per MWh is L per kWh
        peak=np.asarray(state.facility_power.max(axis=-1)),
        it_energy=np.asarray(it_energy),
        facility_energy=np.asarray(facility_energy),
        water=np.asarray(water),
        mechanical_fraction=np.asarray(state.mechanical_fraction @ hours / hours.sum()),
    )


def design_weather(
    weather: FacilityWeather, conditions: DesignConditions | None = None
) -> FacilityWeather:
    """Hours on which contracts and backup are sized.

    Parameters
    ----------
    weather : FacilityWeather
        A year of weather, shape (T,).
    conditions : DesignConditions, optional
        Allowances beyond the year; default: ``data/cooling/design_conditions.csv``.

    Returns
    -------
    FacilityWeather
        Shape (2 T,): the year with its dry bulb raised at the same humidity ratio, then the year
        with its wet bulb raised at the same dry bulb.

    Notes
    -----
    Typical years leave out extremes, and no single hour is the worst of every plant: compressors on
    dry coolers follow the dry bulb, towers the wet bulb, outside-air plants the dew point. So the
    whole year is kept, twice, and the plant itself says which hour is worst (`design_peak`). It is
    stricter than the 0.4 % design hour: a contract is broken by the one hottest hour. The dry-bulb
    allowance takes a typical year's hottest hour to that of a hot real year.
    """
    conditions = conditions or load_design_conditions()
    hotter = weather.temp_air + conditions.temp_air_allowance
    wet_bulb = weather.temp_wet_bulb + conditions.temp_wet_bulb_allowance
    dry_bulb = np.maximum(weather.temp_air, wet_bulb)
    moister = psychrometrics.humidity_ratio_at_wet_bulb(dry_bulb, wet_bulb, weather.pressure)
    return FacilityWeather.from_humidity_ratio(
        np.concatenate([hotter, dry_bulb]),
        np.concatenate([weather.humidity_ratio, moister]),
        np.tile(weather.pressure, 2),
    )


def design_peak(
    design: Design, weather: FacilityWeather, conditions: DesignConditions | None = None
) -> float:
    """Facility power at full IT load in the worst design hour [MW per MW of installed IT].

    Parameters
    ----------
    design : Design
    weather : FacilityWeather
        A year of weather, shape (T,).
    conditions : DesignConditions, optional
        Allowances beyond the year; zero allowances give the highest hour of the year itself.

    Returns
    -------
    float
        What grid connection, contracts and backup must carry per MW of installed IT.
    """
    return float(evaluate(design, design_weather(weather, conditions), 1.0).facility_power.max())
