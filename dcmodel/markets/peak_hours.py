"""Hours of the system's peaks, named or found in a forecast."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field, model_validator

from dcmodel.base.schema import Spec
from dcmodel.inputs.time_of_use import hours_of_day, month_day, refusal
from dcmodel.markets.base import MonthNumber

FloatArray = npt.NDArray[np.float64]

_NAMED = re.compile(r"(\d{1,2}-\d{1,2}) (\d{1,2})(?::00)?")
_SATURDAY = 5


class PeakHours(Spec):
    """Which hours count as the system's peaks of a year.

    Either named (``07-18 16`` is the hour from 16:00 on 18 July, local time), or the hours in which
    a series is highest. A customer does not know the hours beforehand; with several candidates a
    peak, each is as likely as the next, and the charge is that of their mean.
    """

    named: tuple[str, ...] = ()
    """Local hours, MM-DD HH; or else a series."""
    series: str = ""
    """Hourly series whose highest hours count: ``system_load``, or one that goes with it."""
    count: Annotated[int, Field(ge=1)] = 4
    """Peaks of a year."""
    months: tuple[MonthNumber, ...] = tuple(range(1, 13))
    """Months in which peaks are looked for."""
    choose: Literal["month", "day"] = "month"
    """``month``: the highest hour of each month (4CP); ``day``: of the highest days (5CP)."""
    hours: str = "0-24"
    """Hours of the day in which peaks are looked for."""
    weekdays_only: bool = False
    """Whether Saturdays and Sundays are left out."""
    days_apart: Annotated[int, Field(ge=1)] = 1
    """Least distance of two peaks chosen by day (the British Triad has 10). [d]"""
    candidates: Annotated[int, Field(ge=1)] = 1
    """Hours a peak among which the system's is equally likely."""

    @model_validator(mode="after")
    def _one_source(self) -> PeakHours:
        if bool(self.named) == bool(self.series):
            msg = "give either named hours (MM-DD HH) or the series whose highest hours count"
            raise refusal(msg, ("named",) if self.named else ())
        for position, text in enumerate(self.named):
            match = _NAMED.fullmatch(text)
            try:
                month_day(match[1] if match else text)
            except ValueError:
                match = None
            if match is None or int(match[2]) > 23:
                msg = f"found '{text}'; give MM-DD HH, for example '07-18 16'"
                raise refusal(msg, ("named", position))
        hours_of_day(self.hours)
        if self.series and self.choose == "month" and self.count != len(self.months):
            msg = f"found {self.count} peaks in {len(self.months)} months; one a month is chosen"
            raise refusal(msg, ("count",))
        return self

    @property
    def peaks(self) -> int:
        """Number of peaks of a year."""
        return len(self.named) or self.count

    def positions(
        self, time: pd.DatetimeIndex, series: Mapping[str, FloatArray]
    ) -> npt.NDArray[np.int64]:
        """Return the positions of the hours that count, shape (peaks x candidates,).

        Parameters
        ----------
        time : DatetimeIndex, shape (hours,)
            Local clock at the beginning of each hour.
        series : mapping
            Hourly series by name, of which `series` is read where hours are not named.
        """
        if self.named:
            return np.array([self._named(text, time) for text in self.named], dtype=np.int64)
        level = np.asarray(series[self.series], dtype=float)
        open_hours = np.isin(time.month, self.months) & np.isin(time.hour, hours_of_day(self.hours))
        if self.weekdays_only:
            open_hours &= np.asarray(time.day_of_week) < _SATURDAY
        order = np.flatnonzero(open_hours)
        order = order[np.argsort(-level[order], kind="stable")]
        if self.choose == "month":
            groups = np.asarray(time.month)
            chosen = [order[groups[order] == month][: self.candidates] for month in self.months]
        else:
            day = np.asarray((time.normalize() - pd.Timestamp(0)) // pd.Timedelta(days=1))
            chosen = self._by_day(order, day)
        return np.concatenate(chosen).astype(np.int64)

    def _by_day(
        self, order: npt.NDArray[np.intp], day: npt.NDArray[np.int64]
    ) -> list[npt.NDArray[np.intp]]:
        """Return the highest hours of the highest days, far enough apart."""
        days: list[int] = []
        for position in order:
            if all(abs(day[position] - other) >= self.days_apart for other in days):
                days.append(int(day[position]))
            if len(days) == self.count:
                break
        return [order[day[order] == one][: self.candidates] for one in days]

    @staticmethod
    def _named(text: str, time: pd.DatetimeIndex) -> int:
        match = _NAMED.fullmatch(text)
        assert match is not None
        month, day = month_day(match[1])
        here = (time.month == month) & (time.day == day) & (time.hour == int(match[2]))
        found = np.flatnonzero(np.asarray(here))
        if not found.size:
            msg = f"hour '{text}' is not among the readings"
            raise ValueError(msg)
        return int(found[0])
