"""Cycles of weather and its ties to price and carbon, as both derivation and synthesis see them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dcmodel.profiles.process import Array, moving_mean, normal_scores

LATENT_ORDER = ("temp_air", "dew_point", "cloud_cover", "wind_speed")
"""Order in which the Gaussian parts of the weather depend on each other."""
TIES = ("wind", "sun", "load")
"""Weather to which price and carbon are tied; see `weather_ties`."""
_TIE_WINDOW = 12
_CLOUD_WINDOW = 5


def seasonal_base(monthly: Array, day_of_year: Array) -> Array:
    """Return a yearly cycle drawn through the middles of the months, linear between them.

    Parameters
    ----------
    monthly : (12,) array
        Monthly means.
    day_of_year : (T,) array
        Day of a 365-day year, counted from 0, with fractions.

    Returns
    -------
    (T,) array
        Cycle, unit of `monthly`.
    """
    lengths = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    middle = np.cumsum(lengths) - lengths / 2
    return np.interp(day_of_year, middle, monthly, period=365.0)


def cloud_anomaly(cloud_cover: Array, month: NDArray[np.int64]) -> Array:
    """Return the 24-hour mean of cloud cover less its monthly mean, shape (T,) [1]."""
    smooth = moving_mean(cloud_cover, 25)
    for m in np.unique(month):
        smooth[month == m] -= smooth[month == m].mean()
    return smooth


def weather_ties(
    wind_speed: Array,
    cloud_cover: Array,
    temp_air: Array,
    month: NDArray[np.int64],
    hour: NDArray[np.int64],
    cos_zenith: Array,
) -> Array:
    """Return the parts of the weather that move price and carbon.

    Parameters
    ----------
    wind_speed, cloud_cover, temp_air : (T,) array
        Weather. [m s-1], [1], [degC]
    month, hour : (T,) array of int
        Month from 0, local hour.
    cos_zenith : (T,) array
        Cosine of the sun's zenith angle, negative at night. [1]

    Returns
    -------
    (3, T) array
        Rows as in `TIES`, each of zero mean and unit variance: half-day wind, sunshine beyond what
        the month and hour bring, and the temperature anomaly that raises demand (heat in months
        above 18 degC, cold in the others).
    """
    wind = moving_mean(normal_scores(wind_speed / _group_mean(wind_speed, hour)), _TIE_WINDOW)
    clouds = moving_mean(cloud_cover - _group_mean(cloud_cover, month), _CLOUD_WINDOW)
    sun = -clouds * np.maximum(cos_zenith, 0.0)
    warm = np.where(_group_mean(temp_air, month) > 18.0, 1.0, -1.0)
    load = warm * moving_mean(temp_air - _group_mean(temp_air, month * 24 + hour), _TIE_WINDOW)
    ties = np.stack([wind, sun, load])
    ties -= ties.mean(axis=1, keepdims=True)
    spread = ties.std(axis=1, keepdims=True)
    return ties / np.where(spread > 0.0, spread, 1.0)


def _group_mean(values: Array, group: NDArray[np.int64]) -> Array:
    total = np.bincount(group, values)
    count = np.maximum(np.bincount(group), 1)
    return (total / count)[group]


def between_days(daily: Array, n: int) -> Array:
    """Return daily values drawn through noon, linear between the days, shape (n,)."""
    return np.interp(np.arange(n) / 24.0, np.arange(len(daily)) + 0.5, daily)
