"""Wind power from hourly weather: hub-height speed, power curve, a region of farms.

Wind at 10 m of an airport in a city says *when* it blows in the region, hardly how strongly at the
hub of a good site. The yearly mean at the hub is therefore an input (`mean_speed_at_hub`), or found
from the capacity factor that new farms of the region reach (`capacity_factor_mean`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.optimize import brentq

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.registry import nearest
from dcmodel.inputs.climate import ClimateStatistics
from dcmodel.profiles.process import Array, moving_mean

_DRY_AIR_GAS_CONSTANT = 287.05
_FREEZING_POINT = 273.15
_MEASURED_AT = 10.0
_SPEED_STEP = 0.1
_SCALARS = (
    "rated_power",
    "rotor_diameter",
    "hub_height",
    "reference_air_density",
    "shear_exponent",
    "losses",
    "farm_spread",
    "regional_hours",
)


@dataclass(frozen=True, eq=False)
class Turbine:
    """Power curve of a turbine and what surrounds it.

    Parameters
    ----------
    key : str
        Name of the file in ``data/turbines``.
    wind_speed, power : (n,) array
        Power curve: speed at the hub [m s-1], power over rated power [1].
    rated_power : float
        [MW]
    rotor_diameter, hub_height : float
        [m]
    reference_air_density : float
        Air density of the power curve. [kg m-3]
    shear_exponent : float
        Exponent of the power law of wind with height. [1]
    losses : float
        Share of energy lost beyond the power curve. [1]
    farm_spread : float
        Spread of wind over a farm relative to its mean. [1]
    regional_hours : float
        Width of the moving mean over a region. [h]
    """

    key: str
    wind_speed: Array
    power: Array
    rated_power: float
    rotor_diameter: float
    hub_height: float
    reference_air_density: float
    shear_exponent: float
    losses: float
    farm_spread: float
    regional_hours: float


def turbine_keys() -> list[str]:
    """Return the turbines of the shipped library, sorted."""
    return sorted(path.stem for path in (data_dir() / "turbines").glob("*.csv"))


@cache
def load_turbine(key: str) -> Turbine:
    """Read a turbine of the library.

    Parameters
    ----------
    key : str
        Name of a file in ``data/turbines``.

    Returns
    -------
    Turbine
    """
    path = data_dir() / "turbines" / f"{key}.csv"
    if not path.is_file():
        known = turbine_keys()
        msg = f"no turbine '{key}'{nearest(key, known)} (known: {', '.join(known)})"
        raise DataError(Fault(str(path), msg))
    return _parse(path)


def _parse(path: Path) -> Turbine:
    table = pd.read_csv(path)
    curve = table[table["quantity"] == "power"]
    single = table.set_index("quantity")["value"]
    found = {name: int((table["quantity"] == name).sum()) for name in _SCALARS}
    faults = [
        Fault(str(path), f"{name}: one row is needed, {rows} found")
        for name, rows in found.items()
        if rows != 1
    ]
    speeds, power = (curve[c].to_numpy(float) for c in ("wind_speed", "value"))
    if len(curve) < 2 or (np.diff(speeds) <= 0).any():
        faults.append(Fault(str(path), "power: rows of rising wind_speed are needed"))
    elif power.min() < 0 or power.max() > 1:
        faults.append(Fault(str(path), "power: values are shares of rated power, 0 to 1"))
    if faults:
        raise DataError(faults)
    return Turbine(path.stem, speeds, power, *(float(single[name]) for name in _SCALARS))


def farm_curve(turbine: Turbine) -> tuple[Array, Array]:
    """Return the power curve of a farm: that of a turbine, smoothed over its spread of wind.

    Parameters
    ----------
    turbine : Turbine
        Curve and ``farm_spread``, the standard deviation of wind over the farm relative to its
        mean; 0 leaves the curve as it is.

    Returns
    -------
    tuple of (n,) arrays
        Wind speed [m s-1] and power over rated power [1].
    """
    speeds = np.arange(0.0, 40.0, _SPEED_STEP)
    sharp = np.interp(speeds, turbine.wind_speed, turbine.power, left=0.0, right=0.0)
    if turbine.farm_spread == 0.0:
        return speeds, sharp
    width = np.maximum(turbine.farm_spread * speeds, 1e-6)[:, None]
    weight = np.exp(-0.5 * ((speeds[None, :] - speeds[:, None]) / width) ** 2)
    return speeds, (weight @ sharp) / weight.sum(axis=1)


def hub_speed(
    weather: xr.Dataset,
    turbine: Turbine,
    mean_speed_at_hub: float | None = None,
    daily_cycle: Array | None = None,
    time_zone: str = "UTC",
) -> Array:
    """Return wind speed at the hub.

    Parameters
    ----------
    weather : xarray.Dataset
        Canonical hourly weather, ``wind_speed`` at 10 m.
    turbine : Turbine
        Hub height and shear exponent.
    mean_speed_at_hub : float, optional
        Yearly mean wanted; without it the power law carries the 10 m wind up. [m s-1]
    daily_cycle : (24,) array, optional
        Wind at the hub by hour of local standard time relative to its mean; it replaces the cycle
        of the 10 m wind, which peaks by day while that of the hub peaks at night. [1]
    time_zone : str
        Zone of `daily_cycle` (IANA name).

    Returns
    -------
    (T,) array
        Speed. [m s-1]
    """
    speed = weather["wind_speed"].to_numpy() * (
        (turbine.hub_height / _MEASURED_AT) ** turbine.shear_exponent
    )
    mean = float(speed.mean()) if mean_speed_at_hub is None else mean_speed_at_hub
    if daily_cycle is not None:
        hours = pd.DatetimeIndex(weather["time"].to_numpy())
        local = hours.tz_localize("UTC").tz_convert(time_zone).tz_localize(None)
        hour = np.asarray((hours + (local - hours).min()).hour)
        own = np.bincount(hour, speed, 24) / np.bincount(hour, minlength=24)
        speed = speed * (daily_cycle / np.maximum(own, 1e-9))[hour]
    scaled: Array = speed * (mean / speed.mean())
    return scaled


def _power(speed: Array, density: Array, turbine: Turbine, curve: tuple[Array, Array]) -> Array:
    """Return power over rated power; wind counts as it would at the curve's air density [1]."""
    equivalent = speed * (density / turbine.reference_air_density) ** (1.0 / 3.0)
    local = np.interp(equivalent, *curve, right=0.0)
    region = moving_mean(local, round(turbine.regional_hours))
    return (1.0 - turbine.losses) * region


def capacity_factor(
    weather: xr.Dataset,
    *,
    turbine: str | Turbine = "onshore_4200_low_wind",
    mean_speed_at_hub: float | None = None,
    capacity_factor_mean: float | None = None,
    daily_cycle: Array | None = None,
    time_zone: str = "UTC",
) -> Array:
    """Return power of the wind farms of a region per MW of rating.

    Parameters
    ----------
    weather : xarray.Dataset
        Canonical hourly weather: ``wind_speed`` [m s-1 at 10 m], ``temp_air`` [degC], ``pressure``
        [Pa].
    turbine : str or Turbine
        Turbine, by name in ``data/turbines`` or as loaded.
    mean_speed_at_hub : float, optional
        Yearly mean wind at the hub. [m s-1]
    capacity_factor_mean : float, optional
        Yearly mean of the result; the wind at the hub is scaled to meet it. [1]
    daily_cycle : (24,) array, optional
        Daily cycle of wind at the hub, see `hub_speed`. [1]
    time_zone : str
        Zone of `daily_cycle` (IANA name).

    Returns
    -------
    (T,) array
        Mean power of the hour over rated power, 0 to 1. [1]
    """
    machine = load_turbine(turbine) if isinstance(turbine, str) else turbine
    if mean_speed_at_hub is not None and capacity_factor_mean is not None:
        msg = "mean_speed_at_hub and capacity_factor_mean both set the level; give one of them"
        raise StudyError(Fault("wind", msg))
    curve = farm_curve(machine)
    kelvin = weather["temp_air"].to_numpy() + _FREEZING_POINT
    density = weather["pressure"].to_numpy() / (_DRY_AIR_GAS_CONSTANT * kelvin)
    speed = hub_speed(weather, machine, mean_speed_at_hub, daily_cycle, time_zone)
    if capacity_factor_mean is None:
        return _power(speed, density, machine, curve)

    def excess(factor: float) -> float:
        return float(_power(factor * speed, density, machine, curve).mean()) - capacity_factor_mean

    calm, stormy = 2.0 / speed.mean(), 11.0 / speed.mean()
    if not excess(calm) <= 0.0 <= excess(stormy):
        reach = [excess(end) + capacity_factor_mean for end in (calm, stormy)]
        msg = (
            f"capacity_factor_mean {capacity_factor_mean:g} is out of reach of this turbine and "
            f"wind: {reach[0]:.2f} to {reach[1]:.2f} for 2 to 11 m s-1 at the hub"
        )
        raise StudyError(Fault("wind", msg))
    return _power(float(brentq(excess, calm, stormy)) * speed, density, machine, curve)


def regional_capacity_factor(
    weather: xr.Dataset,
    zone: ClimateStatistics,
    time_zone: str,
    turbine: str | Turbine = "onshore_4200_low_wind",
) -> Array:
    """Return power of new wind farms in a price zone, as its statistics describe them.

    Parameters
    ----------
    weather : xarray.Dataset
        Canonical hourly weather of the site.
    zone : ClimateStatistics
        Zone with ``wind_generation``: mean capacity factor, and the measured daily and yearly
        shape of the region's wind generation.
    time_zone : str
        Zone of local standard time (IANA name).
    turbine : str or Turbine
        Turbine, by name in ``data/turbines`` or as loaded.

    Returns
    -------
    (T,) array
        Mean power of the hour over rated power, 0 to 1. [1]

    Notes
    -----
    Power grows about as the square of the wind around its mean, so the cycle of the wind is taken
    as the square root of that of the power. The seasons come from the weather.
    """
    cycle = np.sqrt(zone.hourly("wind_generation", "daily_cycle"))
    return capacity_factor(
        weather,
        turbine=turbine,
        capacity_factor_mean=zone.scalar("wind_generation", "capacity_factor"),
        daily_cycle=cycle / cycle.mean(),
        time_zone=time_zone,
    )
