"""From hourly series to climate statistics: the reverse of `dcmodel.profiles.synthetic`.

The rows returned here are those of `data/climate/*.csv`, without source and provenance, which the
caller knows. The library's own files are made by `tests/real/derive_climate.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gamma

from dcmodel.profiles.cycles import (
    LATENT_ORDER,
    TIES,
    between_days,
    cloud_anomaly,
    seasonal_base,
)
from dcmodel.profiles.process import Array, fit_memory, normal_scores

Row = dict[str, Any]

LEVELS = np.array([0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0])
TAIL_LEVELS = np.array(
    [
        *(0, 0.0002, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25),
        *(0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9998, 1.0),
    ]
)


def _rows(variable: str, statistic: str, unit: str, values: Any, *dims: str) -> Iterable[Row]:
    array = np.asarray(values, dtype=float)
    first = {"month": 1, "hour": 0}
    for position in np.ndindex(array.shape):
        place = {d: first[d] + i for d, i in zip(dims, position, strict=True)}
        yield {"variable": variable, "statistic": statistic, **place,
               "value": round(float(array[position]), 5), "unit": unit}  # fmt: skip


def _quantile_rows(variable: str, unit: str, levels: Array, table: Array) -> Iterable[Row]:
    for m, line in enumerate(table):
        for level, value in zip(levels, line, strict=True):
            yield {"variable": variable, "statistic": "quantile", "month": m + 1,
                   "probability": level, "value": round(float(value), 5), "unit": unit}  # fmt: skip


def _memory_rows(variable: str, noise: Array) -> Iterable[Row]:
    memory = fit_memory(noise)
    yield from _rows(variable, "time_scale_fast", "h", memory.fast)
    yield from _rows(variable, "time_scale_slow", "h", memory.slow)
    yield from _rows(variable, "weight_slow", "1", memory.weight_slow)
    yield from _rows(variable, "smoothing", "h", memory.smoothing)


def weibull_shape(mean: float, std: float) -> float:
    """Return the Weibull shape with this mean and standard deviation [1]."""
    ratio = (std / mean) ** 2

    def excess(k: float) -> float:
        return float(gamma(1 + 2 / k) / gamma(1 + 1 / k) ** 2 - 1 - ratio)

    return float(brentq(excess, 0.8, 6.0))


class _Calendar:
    """Month, hour and day of an index in local standard time."""

    def __init__(self, index: pd.DatetimeIndex) -> None:
        self.month = np.asarray(index.month) - 1
        self.hour = np.asarray(index.hour)
        leap = np.asarray(index.is_leap_year) & (np.asarray(index.day_of_year) > 59)
        self.day = np.asarray(index.day_of_year) - 1.0 - leap + (self.hour + 0.5) / 24

    def monthly(self, values: Array, function: Any = np.mean) -> Array:
        return np.array([function(values[self.month == m]) for m in range(12)])


def _daily_amplitude(rest: Array, cycle: Array) -> Array:
    """Return by how much each day's cycle exceeds the usual one, shape (days,) [1]."""
    rest, cycle = rest.reshape(-1, 24), cycle.reshape(-1, 24)
    amplitude: Array = (rest * cycle).sum(axis=1) / (cycle**2).sum(axis=1)
    return amplitude


def _temperature(frame: pd.DataFrame, calendar: _Calendar) -> tuple[list[Row], Array]:
    temp, mean = frame["temp_air"].to_numpy(), calendar.monthly(frame["temp_air"].to_numpy())
    anomaly = temp - seasonal_base(mean, calendar.day)
    cell = calendar.month * 24 + calendar.hour
    cycle = np.bincount(cell, anomaly, 288) / np.bincount(cell, minlength=288)
    cycle -= np.repeat(cycle.reshape(12, 24).mean(axis=1), 24)
    clouds = cloud_anomaly(frame["cloud_cover"].to_numpy(), calendar.month)
    effect = cycle[cell] * clouds
    rest = anomaly - cycle[cell]
    slope = float(effect @ rest / (effect @ effect))
    rest -= slope * effect
    amplitude = _daily_amplitude(rest, cycle[cell])
    rest -= between_days(amplitude, len(rest)) * cycle[cell]
    spread = calendar.monthly(rest, np.std)
    rows = [
        *_rows("temp_air", "mean", "degC", mean, "month"),
        *_rows("temp_air", "daily_cycle", "K", cycle.reshape(12, 24), "month", "hour"),
        *_rows("temp_air", "cloud_effect", "1", slope),
        *_rows("temp_air", "amplitude_std", "1", amplitude.std()),
        *_rows("temp_air", "anomaly_std", "K", spread, "month"),
        *_quantile_rows(
            "temp_air", "degC", LEVELS, _monthly_quantiles(temp, calendar.month, LEVELS)
        ),
    ]
    return rows, rest / spread[calendar.month]


def _dew_point(frame: pd.DataFrame, calendar: _Calendar) -> tuple[list[Row], Array]:
    dew = frame["dew_point"].to_numpy()
    mean = calendar.monthly(dew)
    anomaly = dew - seasonal_base(mean, calendar.day)
    cycle = np.bincount(calendar.hour, anomaly) / np.bincount(calendar.hour)
    rest = anomaly - (cycle - cycle.mean())[calendar.hour]
    spread = calendar.monthly(rest, np.std)
    rows = [
        *_rows("dew_point", "mean", "degC", mean, "month"),
        *_rows("dew_point", "daily_cycle", "K", cycle - cycle.mean(), "hour"),
        *_rows("dew_point", "anomaly_std", "K", spread, "month"),
        *_quantile_rows(
            "dew_point", "degC", LEVELS, _monthly_quantiles(dew, calendar.month, LEVELS)
        ),
    ]
    return rows, rest / spread[calendar.month]


def _wind(frame: pd.DataFrame, calendar: _Calendar) -> tuple[list[Row], Array]:
    wind = frame["wind_speed"].to_numpy()
    cycle = np.bincount(calendar.hour, wind) / np.bincount(calendar.hour) / wind.mean()
    steady = wind / cycle[calendar.hour]
    shapes = calendar.monthly(steady, lambda v: weibull_shape(v.mean(), v.std()))
    rows = [
        *_rows("wind_speed", "mean", "m s-1", calendar.monthly(wind), "month"),
        *_rows("wind_speed", "weibull_shape", "1", shapes, "month"),
        *_rows("wind_speed", "daily_cycle", "1", cycle, "hour"),
    ]
    return rows, steady


def _monthly_quantiles(values: Array, month: NDArray[np.int64], levels: Array) -> Array:
    return np.stack([np.quantile(values[month == m], levels) for m in range(12)])


def weather_rows(frame: pd.DataFrame) -> list[Row]:
    """Return the statistics of one or more years of hourly weather.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``temp_air`` [degC], ``dew_point`` [degC], ``wind_speed`` [m s-1 at 10 m],
        ``cloud_cover`` [1]; index the beginnings of the hours in local standard time, 29 February
        left out.

    Returns
    -------
    list of dict
        Rows of the climate file, without source, provenance and note.
    """
    calendar = _Calendar(pd.DatetimeIndex(frame.index))
    temperature, z_temp = _temperature(frame, calendar)
    dew_point, z_dew = _dew_point(frame, calendar)
    wind, steady = _wind(frame, calendar)
    clouds = frame["cloud_cover"].to_numpy()
    latent = np.stack(
        [
            _scores_by_month(values, calendar.month)
            for values in (z_temp, z_dew, clouds, steady)
        ]
    )  # fmt: skip
    correlation = np.asarray(np.corrcoef(latent))
    independent = np.linalg.solve(np.linalg.cholesky(correlation), latent)
    rows = temperature + dew_point + wind
    rows += _quantile_rows(
        "cloud_cover", "1", LEVELS, _monthly_quantiles(clouds, calendar.month, LEVELS)
    )
    for i, variable in enumerate(LATENT_ORDER):
        rows += _memory_rows(variable, independent[i])
        for j, other in enumerate(LATENT_ORDER[:i]):
            rows += _rows(variable, f"correlation_{other}", "1", correlation[i, j])
    return rows


def _scores_by_month(values: Array, month: NDArray[np.int64]) -> Array:
    """Return normal scores within each month, of unit variance, shape (T,) [1]."""
    scores = np.empty_like(values)
    for m in range(12):
        part = normal_scores(values[month == m])
        scores[month == m] = part / part.std()
    return scores


def signal_rows(
    variable: str, ratio: pd.Series, ties: Array, monthly_shape: Array
) -> list[Row]:  # fmt: skip
    """Return the statistics of a price or an emission factor relative to its running mean.

    Parameters
    ----------
    variable : str
        ``"price_energy"`` or ``"emission_factor"``.
    ratio : pandas.Series
        Hourly value over its 31-day running mean; index local clock time.
    ties : (3, T) array
        Output of `weather_ties` for the same hours; rows of zeros where unknown.
    monthly_shape : (12,) array
        Monthly means relative to the yearly mean. [1]

    Returns
    -------
    list of dict
        Rows of the climate file, without source, provenance and note.
    """
    index = pd.DatetimeIndex(ratio.index)
    month, hour = np.asarray(index.month) - 1, np.asarray(index.hour)
    weekend = np.asarray(index.day_of_week) >= 5
    values = ratio.to_numpy(float)
    scores = _scores_by_month(values, month)
    cell = month * 24 + hour
    cells = np.bincount(cell[~weekend], minlength=288)
    weekday = np.bincount(cell[~weekend], scores[~weekend], 288) / cells
    rest = scores - weekday[cell]
    shift = np.bincount(hour[weekend], rest[weekend], 24) / np.bincount(hour[weekend])
    rest -= np.where(weekend, shift[hour], 0.0)
    spread = np.sqrt(np.bincount(hour, rest * rest) / np.bincount(hour))
    noise = rest / spread[hour]
    slopes, *_ = np.linalg.lstsq(ties.T, noise, rcond=None)
    remainder = noise - slopes @ ties
    quantiles = _monthly_quantiles(values, month, TAIL_LEVELS)
    rows = [
        *_rows(variable, "monthly_shape", "1", monthly_shape / monthly_shape.mean(), "month"),
        *_rows(variable, "score_weekday", "1", weekday.reshape(12, 24), "month", "hour"),
        *_rows(variable, "score_weekend_shift", "1", shift, "hour"),
        *_rows(variable, "score_std", "1", spread, "hour"),
        *_rows(variable, "remainder_std", "1", remainder.std()),
        *_quantile_rows(variable, "1", TAIL_LEVELS, quantiles),
        *_memory_rows(variable, remainder),
    ]
    for name, slope in zip(TIES, slopes, strict=True):
        rows += _rows(variable, f"tie_{name}", "1", slope)
    return rows
