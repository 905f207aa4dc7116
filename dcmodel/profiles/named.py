"""Capacity factors by name: what a component may ask for in its ``profiles``.

Each entry is a function of the hourly weather at the site, the statistics of its price zone and
its time zone; it returns one year of hours.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import xarray as xr

from dcmodel.inputs.climate import ClimateStatistics
from dcmodel.profiles import solar, wind

FloatArray = npt.NDArray[np.float64]
Profile = Callable[[xr.Dataset, ClimateStatistics, str], FloatArray]


def _solar(mounting: solar.Mounting) -> Profile:
    def profile(weather: xr.Dataset, zone: ClimateStatistics, time_zone: str) -> FloatArray:
        return solar.capacity_factor(
            weather,
            latitude=weather.attrs["latitude"],
            longitude=weather.attrs["longitude"],
            elevation=weather.attrs["elevation"],
            mounting=mounting,
        )

    return profile


CAPACITY_FACTORS: dict[str, Profile] = {
    "solar_single_axis": _solar("single_axis"),
    "solar_fixed": _solar("fixed"),
    "wind_onshore": wind.regional_capacity_factor,
}
"""Power over rated power by the hour [1], shape (8760,)."""

NEGLIGIBLE = 1e-4
"""Smaller capacity factors are zero: no energy, but numbers that spoil a matrix. [1]"""


def capacity_factor(
    name: str, weather: xr.Dataset, zone: ClimateStatistics, time_zone: str
) -> FloatArray:
    """Return a named capacity factor [1], shape (8760,)."""
    factor = CAPACITY_FACTORS[name](weather, zone, time_zone)
    return np.where(factor < NEGLIGIBLE, 0.0, factor)
