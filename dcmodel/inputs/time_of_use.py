"""Calendars of time-of-use prices: every hour of a year lies in exactly one period."""

from __future__ import annotations

import re
from datetime import date
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from dcmodel.base.registry import nearest
from dcmodel.base.schema import Spec
from dcmodel.base.units import HOURS_PER_DAY

DAY_TYPES = ("weekdays", "saturdays", "sundays")
"""Kinds of day that a calendar tells apart; holidays are sundays."""
ALL_YEAR = "year"
"""Name of the season of a calendar without seasons."""

_DAYS = {
    "all": DAY_TYPES,
    "weekdays": ("weekdays",),
    "weekends": ("saturdays", "sundays"),
    "saturdays": ("saturdays",),
    "sundays": ("sundays",),
}
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTH_DAY = re.compile(r"(\d{1,2})-(\d{1,2})")
_SPAN = re.compile(r"(\d{1,2})(?::00)?\s*-\s*(\d{1,2})(?::00)?")
_DAY_OF_MONTH = [
    (month, day) for month in range(1, 13) for day in range(1, _LENGTHS[month - 1] + 1)
]
"""Every day of a leap year; a season must hold each once."""


def refusal(message: str, at: tuple[Any, ...] = ()) -> PydanticCustomError:
    """Return an error of validation that shows `message`, placed at the keys `at` below."""
    return PydanticCustomError("refused", "{message}", {"message": message, "at": at})


def month_day(text: str) -> tuple[int, int]:
    """Return month and day of ``MM-DD``.

    Raises
    ------
    ValueError
        When there is no such day.
    """
    match = _MONTH_DAY.fullmatch(str(text).strip())
    day = (int(match[1]), int(match[2])) if match else (0, 0)
    if day not in _DAY_OF_MONTH:
        msg = f"found '{text}'; give month and day as MM-DD, for example 06-01"
        raise ValueError(msg)
    return day


def hours_of_day(text: str) -> list[int]:
    """Return the hours, 0 to 23, of spans such as ``8-12, 14-18`` or ``22-6`` (over midnight).

    Raises
    ------
    ValueError
        When the text is no list of spans.
    """
    hours: list[int] = []
    for span in str(text).split(","):
        match = _SPAN.fullmatch(span.strip())
        first, last = (int(match[1]), int(match[2])) if match else (-1, -1)
        if match is None or first >= HOURS_PER_DAY or last > HOURS_PER_DAY or first == last:
            msg = f"found '{text}'; give spans of whole hours, for example '8-12, 14-18' or '22-6'"
            raise ValueError(msg)
        whole = range(first, last) if last > first else (*range(first, HOURS_PER_DAY), *range(last))
        hours += whole
    return hours


class Season(Spec):
    """Part of the year, by whole months or from a first to a last day."""

    months: tuple[int, ...] = ()
    """Months, 1 to 12; or else first and last."""
    first: str | None = None
    """First day, MM-DD."""
    last: str | None = None
    """Last day, MM-DD; before `first` in the calendar where the season spans the new year."""

    @model_validator(mode="after")
    def _one_way(self) -> Season:
        by_days = self.first is not None and self.last is not None
        if bool(self.months) == by_days or (self.first is None) != (self.last is None):
            msg = "give either months, or first and last (MM-DD)"
            raise ValueError(msg)
        wrong = [month for month in self.months if not 1 <= month <= 12]
        if wrong:
            msg = f"found month {wrong[0]}; months are 1 to 12"
            raise ValueError(msg)
        return self._checked_days()

    def _checked_days(self) -> Season:
        for day in (self.first, self.last):
            if day is not None:
                month_day(day)
        return self

    def holds(self, day: tuple[int, int]) -> bool:
        """Return whether a (month, day) lies in the season."""
        if self.first is None or self.last is None:
            return day[0] in self.months
        first, last = month_day(self.first), month_day(self.last)
        return first <= day <= last if first <= last else day >= first or day <= last


class Rule(Spec):
    """Hours that belong to a period."""

    period: str
    """Name of the period."""
    season: str | None = None
    """Season in which the rule holds; the whole year when left out."""
    days: Literal["all", "weekdays", "weekends", "saturdays", "sundays"] = "all"
    """Days of the week; holidays count as sundays."""
    hours: str = "0-24"
    """Spans of local hours, ``8-12, 14-18``: from 8:00 to 12:00 and from 14:00 to 18:00."""

    @model_validator(mode="after")
    def _checked_hours(self) -> Rule:
        hours = hours_of_day(self.hours)
        if len(set(hours)) != len(hours):
            msg = f"hours: '{self.hours}' names an hour twice"
            raise ValueError(msg)
        return self


class TimeOfUse(Spec):
    """Periods of a tariff by season, kind of day and hour of the local clock."""

    seasons: dict[str, Season] = {}
    """Seasons by name; together they hold every day of the year once."""
    holidays: tuple[str, ...] = ()
    """Days that count as sundays: MM-DD in every year, or YYYY-MM-DD."""
    rules: tuple[Rule, ...] = Field(min_length=1)
    """Rules that together hold every hour once."""

    @model_validator(mode="after")
    def _every_hour_once(self) -> TimeOfUse:
        for position, text in enumerate(self.holidays):
            self._refuse_date(text, position)
        for day in _DAY_OF_MONTH if self.seasons else []:
            found = [name for name, season in self.seasons.items() if season.holds(day)]
            if len(found) != 1:
                text = " and ".join(found) or "no season"
                msg = f"{day[0]:02d}-{day[1]:02d} lies in {text}; every day lies in one season"
                raise refusal(msg, ("seasons", *found[-1:]))
        known = list(self.seasons)
        for position, rule in enumerate(self.rules):
            if rule.season is not None and rule.season not in known:
                hint = nearest(rule.season, known)
                msg = f"no season '{rule.season}'{hint} (seasons: {', '.join(known) or 'none'})"
                raise refusal(msg, ("rules", position, "season"))
        self._refuse_coverage()
        return self

    @staticmethod
    def _refuse_date(text: str, position: int) -> None:
        try:
            if len(text) == 10:
                pd.Timestamp(date.fromisoformat(text))
            else:
                month_day(text)
        except ValueError:
            msg = f"found '{text}'; give holidays as MM-DD or YYYY-MM-DD, days that there are"
            raise refusal(msg, ("holidays", position)) from None

    def _refuse_coverage(self) -> None:
        count = self._table >= 0
        repeated = self._repeats > 1
        if repeated.any():
            later, cells = self._first_conflict()
            earlier = int(self._table[cells[0]])
            msg = (
                f"{self._words(cells)} lie in period '{self.rules[later].period}' and, by an "
                f"earlier rule, in '{self.periods[earlier]}'; every hour lies in one period"
            )
            raise refusal(msg, ("rules", later))
        if not count.all():
            missing = [(int(a), int(b), int(c)) for a, b, c in np.argwhere(~count)]
            same = [cell for cell in missing if cell[:2] == missing[0][:2]]
            msg = f"{self._words(same)} lie in no period; add a rule for them"
            raise refusal(msg, ("rules",))

    def _first_conflict(self) -> tuple[int, list[tuple[int, int, int]]]:
        """Return the first rule that takes hours of an earlier one, and those hours of one day."""
        taken = np.zeros(self._repeats.shape, dtype=bool)
        for position, rule in enumerate(self.rules):
            own = self._cells(rule)
            both = [(int(a), int(b), int(c)) for a, b, c in np.argwhere(own & taken)]
            if both:
                return position, [cell for cell in both if cell[:2] == both[0][:2]]
            taken |= own
        return 0, []

    def _words(self, cells: list[tuple[int, int, int]]) -> str:
        """Return hours of one kind of day in words: ``hours 9-12 of weekdays (summer)``."""
        spans = spans_of([cell[2] for cell in cells], 1)
        season, day = self.season_names[cells[0][0]], DAY_TYPES[cells[0][1]]
        where = "" if season == ALL_YEAR else f" ({season})"
        return f"hours {spans} of {day}{where}"

    def _cells(self, rule: Rule) -> npt.NDArray[np.bool_]:
        cells = np.zeros((len(self.season_names), len(DAY_TYPES), HOURS_PER_DAY), dtype=bool)
        names = self.season_names if rule.season is None else [rule.season]
        for season in names:
            for day in _DAYS[rule.days]:
                at = self.season_names.index(season), DAY_TYPES.index(day)
                cells[at][hours_of_day(rule.hours)] = True
        return cells

    @cached_property
    def season_names(self) -> list[str]:
        """Names of the seasons; one for the whole year where none are given."""
        return list(self.seasons) or [ALL_YEAR]

    @cached_property
    def periods(self) -> list[str]:
        """Names of the periods in the order of the rules."""
        return list(dict.fromkeys(rule.period for rule in self.rules))

    @cached_property
    def _repeats(self) -> npt.NDArray[np.int64]:
        return np.sum([self._cells(rule) for rule in self.rules], axis=0)

    @cached_property
    def _table(self) -> npt.NDArray[np.int64]:
        """Position of the period by season, kind of day and hour; -1 where there is none."""
        table = np.full((len(self.season_names), len(DAY_TYPES), HOURS_PER_DAY), -1)
        for rule in reversed(self.rules):
            table[self._cells(rule)] = self.periods.index(rule.period)
        return table

    def day_types(self, time: pd.DatetimeIndex) -> npt.NDArray[np.int64]:
        """Return the kind of day of local times, as positions in `DAY_TYPES`."""
        kind = np.clip(np.asarray(time.day_of_week) - 4, 0, 2)
        dates = [text for text in self.holidays if len(text) == 10]
        days = [month_day(text) for text in self.holidays if len(text) != 10]
        number = np.asarray(time.month) * 100 + np.asarray(time.day)
        kind[np.isin(number, [100 * month + day for month, day in days])] = 2
        kind[np.asarray(time.normalize().isin(pd.DatetimeIndex(dates)))] = 2
        return kind

    def position(self, time: pd.DatetimeIndex) -> npt.NDArray[np.int64]:
        """Return the position in `periods` of each local time."""
        by_day = {
            100 * day[0] + day[1]: next(
                (k for k, s in enumerate(self.seasons.values()) if s.holds(day)), 0
            )
            for day in _DAY_OF_MONTH
        }
        number = np.asarray(time.month) * 100 + np.asarray(time.day)
        season = pd.Series(number).map(by_day).to_numpy(dtype=np.int64)
        return np.asarray(self._table[season, self.day_types(time), np.asarray(time.hour)])


def calendar_of(table: npt.NDArray[np.str_]) -> TimeOfUse:
    """Return the calendar of a table of period names.

    Parameters
    ----------
    table : array of str, shape (12, 3, 24)
        Name of the period by month, kind of day (`DAY_TYPES`) and hour.
    """
    months_of: dict[bytes, list[int]] = {}
    for month in range(12):
        months_of.setdefault(table[month].tobytes(), []).append(month + 1)
    groups = list(months_of.values())
    seasons = {} if len(groups) == 1 else {_name_of(months): months for months in groups}
    rules = []
    for months in groups:
        season = _name_of(months) if seasons else None
        rules += _rules_of(table[months[0] - 1], season)
    return TimeOfUse.model_validate(
        {"seasons": {name: {"months": months} for name, months in seasons.items()}, "rules": rules}
    )


def _name_of(months: list[int]) -> str:
    return "months " + spans_of(months, 0).replace("-", " to ")


def _rules_of(days: npt.NDArray[np.str_], season: str | None) -> list[dict[str, Any]]:
    """Return the rules of one season; kinds of day that agree share theirs."""
    alike = {
        "all": all((days[0] == days[k]).all() for k in (1, 2)),
        "weekends": bool((days[1] == days[2]).all()),
    }
    if alike["all"]:
        kinds = [("all", 0)]
    elif alike["weekends"]:
        kinds = [("weekdays", 0), ("weekends", 1)]
    else:
        kinds = [(name, k) for k, name in enumerate(DAY_TYPES)]
    return [
        {
            "period": str(period),
            "season": season,
            "days": kind,
            "hours": spans_of(np.flatnonzero(days[k] == period).tolist(), 1),
        }
        for kind, k in kinds
        for period in dict.fromkeys(days[k].tolist())
    ]


def spans_of(numbers: list[int], past: int) -> str:
    """Return numbers as spans, ``1-5, 9``; with `past` 1 each span ends one after its last."""
    numbers, spans, start = sorted(numbers), [], 0
    for k, number in enumerate(numbers):
        if k + 1 == len(numbers) or numbers[k + 1] != number + 1:
            first, last = numbers[start], number + past
            spans.append(f"{first}" if first == last else f"{first}-{last}")
            start = k + 1
    return ", ".join(spans)
