"""Hours of a modelled year on the clock by which a site is billed, and the steps that hold them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from dcmodel.base.timeindex import model_hours, parse_zone

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Clock:
    """What the meter's clock shows, hour by hour.

    A model may merge hours into steps; charges look at hours all the same: the hours of a step see
    the same power.

    Parameters
    ----------
    time : DatetimeIndex, shape (hours,)
        Local clock at the beginning of each hour, naive. In autumn one hour stands twice.
    hours : array of shape (hours,)
        Length of each interval [h].
    step : array of int, shape (hours,)
        Step of the model that holds each hour, rising from 0.
    """

    time: pd.DatetimeIndex
    hours: FloatArray
    step: npt.NDArray[np.int64]

    @classmethod
    def of_year(cls, calendar_year: int, zone: str) -> Clock:
        """Return the clock of every hour of a model year in a time zone."""
        utc = model_hours(calendar_year)
        local = utc.tz_localize("UTC").tz_convert(parse_zone(zone)).tz_localize(None)
        return cls.hourly(local)

    @classmethod
    def hourly(cls, time: pd.DatetimeIndex, hours: float = 1.0) -> Clock:
        """Return the clock of a model whose steps are the intervals of `time`."""
        return cls(time, np.full(len(time), hours), np.arange(len(time)))

    def merged(self, label: npt.NDArray[np.int64]) -> Clock:
        """Return the clock with hours in steps: `label` names the step of each hour."""
        return replace(self, step=np.asarray(label, dtype=np.int64))

    def mean(self, hourly: npt.ArrayLike) -> FloatArray:
        """Return the mean of hourly values over each step, (..., hours) to (..., steps)."""
        values = np.asarray(hourly, dtype=float) * self.hours
        starts = np.flatnonzero(np.diff(self.step, prepend=-1))
        return np.add.reduceat(values, starts, axis=-1) / np.add.reduceat(self.hours, starts)

    def total(self, hourly: npt.ArrayLike) -> FloatArray:
        """Return the sum of hourly values over each step, (..., hours) to (..., steps)."""
        starts = np.flatnonzero(np.diff(self.step, prepend=-1))
        return np.asarray(np.add.reduceat(np.asarray(hourly, dtype=float), starts, axis=-1))

    def touches(self, mask: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return which steps hold an hour of `mask`, (..., hours) to (..., steps)."""
        return self.total(np.asarray(mask, dtype=float)) > 0

    def expand(self, by_step: npt.ArrayLike) -> FloatArray:
        """Return values by step as values by hour, (..., steps) to (..., hours)."""
        return np.asarray(by_step, dtype=float)[..., self.step]
