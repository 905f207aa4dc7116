"""Photovoltaic power from hourly weather: transposition, cell temperature, PVWatts, clipping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
import pvlib
import xarray as xr

from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.registry import nearest
from dcmodel.inputs.assumptions import technology
from dcmodel.profiles.process import Array
from dcmodel.profiles.sky import Sun, sun_position

Mounting = Literal["single_axis", "fixed"]
_MOUNTINGS = ("single_axis", "fixed")
_STANDARD_IRRADIANCE = 1000.0
_CELL_MODEL = "open_rack_glass_polymer"


def pv_parameters(overrides: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the physical parameters of ``data/technologies/solar_pv.csv``.

    Parameters
    ----------
    overrides : mapping, optional
        Values that replace the library's, by name.

    Returns
    -------
    dict
        Value by parameter, units as in the file (no money among them).
    """
    table = technology("solar_pv", currency_year=2025, overrides=overrides)
    return {name: table.value(name) for name in table.names()}


def capacity_factor(
    weather: xr.Dataset,
    *,
    latitude: float,
    longitude: float,
    elevation: float = 0.0,
    mounting: Mounting = "single_axis",
    parameters: Mapping[str, float] | None = None,
) -> Array:
    """Return AC power of a solar farm per MW of AC rating.

    Parameters
    ----------
    weather : xarray.Dataset
        Canonical hourly weather: ``ghi``, ``dni``, ``dhi`` [W m-2], ``temp_air`` [degC],
        ``wind_speed`` [m s-1 at 10 m].
    latitude, longitude : float
        Degrees north and east. [degree]
    elevation : float
        Height above sea level. [m]
    mounting : {"single_axis", "fixed"}
        Horizontal north-south tracker with backtracking, or fixed towards the equator.
    parameters : mapping, optional
        Values in place of those of ``data/technologies/solar_pv.csv``.

    Returns
    -------
    (T,) array
        Mean AC power of the hour over rated AC power, 0 to 1. [1]

    Notes
    -----
    The sun stands where it is in the middle of the hour. Hay and Davies transposition; beam
    reflected from the glass by the ASHRAE incidence modifier; Sandia cell temperature (open rack);
    PVWatts DC and inverter models [1]_.

    .. [1] Dobos, A. P. (2014), PVWatts Version 5 Manual, NREL/TP-6A20-62641.
    """
    if mounting not in _MOUNTINGS:
        hint = nearest(mounting, list(_MOUNTINGS))
        msg = f"unknown mounting '{mounting}'{hint} (allowed: {', '.join(_MOUNTINGS)})"
        raise StudyError(Fault("mounting", msg))
    p = pv_parameters(parameters)
    hours = pd.DatetimeIndex(weather["time"].to_numpy())
    sun = sun_position(hours, latitude, longitude, elevation)
    if mounting == "single_axis":
        tilt, azimuth = _tracker(sun, p["tracker_angle_max_degree"], p["ground_coverage_ratio"])
    else:
        angle = p["fixed_tilt_share_of_latitude"] * abs(latitude) + p["fixed_tilt_offset_degree"]
        tilt = np.full(len(hours), min(angle, 90.0))
        azimuth = np.full(len(hours), 180.0 if latitude >= 0 else 0.0)
    plane, effective = _plane_irradiance(weather, sun, tilt, azimuth, p["ground_albedo"])
    return _power(weather, plane, effective, p)


def _tracker(sun: Sun, angle_max: float, ground_coverage: float) -> tuple[Array, Array]:
    """Return tilt and azimuth of a horizontal north-south tracker; flat at night."""
    position = pvlib.tracking.singleaxis(
        pd.Series(sun.apparent_zenith, sun.times),
        pd.Series(sun.azimuth, sun.times),
        axis_azimuth=180,
        max_angle=angle_max,
        backtrack=True,
        gcr=ground_coverage,
    )
    tilt = np.nan_to_num(position["surface_tilt"].to_numpy(), nan=0.0)
    azimuth = np.nan_to_num(position["surface_azimuth"].to_numpy(), nan=180.0)
    return tilt, azimuth


def _plane_irradiance(
    weather: xr.Dataset, sun: Sun, tilt: Array, azimuth: Array, albedo: float
) -> tuple[Array, Array]:
    """Return irradiance on the plane and what passes the glass, [W m-2]."""
    parts = pvlib.irradiance.get_total_irradiance(
        tilt,
        azimuth,
        sun.apparent_zenith,
        sun.azimuth,
        weather["dni"].to_numpy(),
        weather["ghi"].to_numpy(),
        weather["dhi"].to_numpy(),
        dni_extra=pvlib.irradiance.get_extra_radiation(sun.times).to_numpy(),
        albedo=albedo,
        model="haydavies",
    )
    beam, diffuse = (np.nan_to_num(parts[name]) for name in ("poa_direct", "poa_diffuse"))
    incidence = pvlib.irradiance.aoi(tilt, azimuth, sun.apparent_zenith, sun.azimuth)
    passed = np.nan_to_num(pvlib.iam.ashrae(incidence))
    return beam + diffuse, beam * passed + diffuse


def _power(weather: xr.Dataset, plane: Array, effective: Array, p: Mapping[str, float]) -> Array:
    """Return AC power over AC rating from plane irradiance, shape (T,) [1]."""
    sandia = pvlib.temperature.TEMPERATURE_MODEL_PARAMETERS["sapm"][_CELL_MODEL]
    cell = pvlib.temperature.sapm_cell(
        plane,
        weather["temp_air"].to_numpy(),
        weather["wind_speed"].to_numpy(),
        **sandia,
    )
    gain = 1.0 + p["temperature_coefficient_per_kelvin"] * (cell - 25.0)
    dc = effective / _STANDARD_IRRADIANCE * gain * p["dc_ac_ratio"] * (1.0 - p["system_losses"])
    limit = 1.0 / p["inverter_efficiency"]
    ac = pvlib.inverter.pvwatts(np.maximum(dc, 0.0), limit, p["inverter_efficiency"])
    return np.clip(np.nan_to_num(ac), 0.0, 1.0)
