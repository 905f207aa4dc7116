"""Rates that differ by month or by year: how they are written, held and looked up.

A rate is one number, or says what its numbers are of:

========================================  =====================================================
written                                   meaning
========================================  =====================================================
``20``                                    one rate for all months and years
``{by_month: [12 numbers]}``              January to December
``{jun-sep: 20, oct-may: 10}``            by named months; together they hold each month once
``{2025: 20, 2026: 21}``                  by calendar year; each holds until the next
``{2025: {by_month: [...]}, 2026: 21}``   both
``[12 numbers]``                          January to December, unless twelve years are billed
``[20, 21]``                              one for each calendar year, where so many are billed
========================================  =====================================================

Any other list is refused. From Python a tuple is one value for each year of the study.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import PlainValidator, ValidationInfo

from dcmodel.base.registry import nearest
from dcmodel.base.units import MONTHS_PER_YEAR
from dcmodel.inputs.time_of_use import refusal

FloatArray = npt.NDArray[np.float64]

BY_MONTH = "by_month"
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_SHORT = tuple(name[:3] for name in _MONTHS)
_CALENDAR = range(1900, 2301)


class ByYear(tuple[float, ...]):
    """A rate for each year of a study or a bill, by the position of the year."""

    __slots__ = ()


@dataclass(frozen=True)
class ByMonth:
    """A rate for each month of the calendar.

    Parameters
    ----------
    values : tuple
        Twelve values, each a number or one for each year.
    """

    values: tuple[float | ByYear, ...]


Varying = float | ByYear | ByMonth
"""A rate as forms hold it."""


def by_year(value: Varying, years: int) -> FloatArray:
    """Return a rate of each year of a study, shape (years,).

    Raises
    ------
    TypeError
        When the rate differs by month: `by_month` is meant.
    """
    if isinstance(value, ByMonth):
        msg = "a rate that differs by month has no rate of a year"
        raise TypeError(msg)
    return np.broadcast_to(np.asarray(value, dtype=float), (years,)).copy()


def by_month(value: Varying, years: int) -> FloatArray:
    """Return a rate of each year and month of a study, shape (years, 12)."""
    values = value.values if isinstance(value, ByMonth) else (value,) * MONTHS_PER_YEAR
    return np.stack([by_year(one, years) for one in values], axis=1)


def of_year(value: Varying, position: int) -> float:
    """Return the rate at the position of a year; the last holds beyond the last.

    Raises
    ------
    TypeError
        When the rate differs by month: `of_month` is meant.
    """
    if isinstance(value, ByMonth):
        msg = "a rate that differs by month has no rate of a year"
        raise TypeError(msg)
    return value[min(position, len(value) - 1)] if isinstance(value, tuple) else value


def of_month(value: Varying, position: int, month: int) -> float:
    """Return the rate of a month, 1 to 12, in the year at a position."""
    return of_year(value.values[month - 1] if isinstance(value, ByMonth) else value, position)


def mapped(function: Callable[..., float], *values: Varying) -> Varying:
    """Return a function of rates, month by month and year by year.

    Raises
    ------
    ValueError
        When the rates hold different numbers of years.
    """
    if any(isinstance(value, ByMonth) for value in values):
        columns = [
            value.values if isinstance(value, ByMonth) else (value,) * MONTHS_PER_YEAR
            for value in values
        ]
        return ByMonth(tuple(_of_years(function, row) for row in zip(*columns, strict=True)))
    return _of_years(function, values)


def _of_years(function: Callable[..., float], values: Sequence[Any]) -> float | ByYear:
    counts = {len(value) for value in values if isinstance(value, tuple)}
    if not counts:
        return function(*values)
    if len(counts) > 1:
        msg = f"found values for {min(counts)} and for {max(counts)} years; give one a year of each"
        raise ValueError(msg)
    [count] = counts
    return ByYear(function(*(of_year(value, k) for value in values)) for k in range(count))


def numbers(value: Varying) -> list[float]:
    """Return every number of a rate."""
    if isinstance(value, ByMonth):
        return [number for one in value.values for number in numbers(one)]
    return list(value) if isinstance(value, tuple) else [value]


def year_counts(value: Any, path: str = "") -> Iterator[tuple[str, int]]:
    """Yield how many years each rate inside a field holds, with the path to it."""
    if isinstance(value, ByYear):
        yield path, len(value)
    elif isinstance(value, ByMonth):
        for name, one in zip(_SHORT, value.values, strict=True):
            yield from year_counts(one, f"{path}.{name}")
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from year_counts(one, f"{path}.{key}")
    elif isinstance(value, tuple):
        for position, one in enumerate(value):
            yield from year_counts(one, f"{path}.{position + 1}")


@dataclass(frozen=True)
class _Reader:
    """Reads one rate as it is written; every refusal names its place below the field."""

    billed: tuple[int, ...] | None
    """Calendar years that are billed; None where only their number will be known."""
    least: float
    months: bool
    """Whether the charge tells months apart."""

    def read(self, value: Any, at: tuple[Any, ...], months: bool, years: bool) -> Varying:
        """Return a rate; `months` and `years` say what may still be told apart here."""
        if isinstance(value, ByMonth):
            return self.read({BY_MONTH: value.values}, at, months, years)
        if isinstance(value, Mapping):
            return self._mapping(value, at, months, years)
        if isinstance(value, list | tuple | np.ndarray):
            return self._listed(value, at, months, years)
        return self._number(value, at)

    def _number(self, value: Any, at: tuple[Any, ...]) -> float:
        if not isinstance(value, Real) or isinstance(value, bool):
            shown = repr(value)[:60]
            msg = f"found {shown}; give a number, or {self.ways(self.months)}"
            raise refusal(msg, at)
        number = float(value)
        if number < self.least:
            msg = f"found {number:g}; should be greater than or equal to {self.least:g}"
            raise refusal(msg, at)
        return number

    def _listed(self, value: Any, at: tuple[Any, ...], months: bool, years: bool) -> Varying:
        if not len(value):
            msg = f"found an empty list; give a number, or {self.ways(self.months)}"
            raise refusal(msg, at)
        found = [self._number(one, (*at, k)) for k, one in enumerate(value)]
        if self.billed is None and years:
            return ByYear(found)
        billed = len(self.billed or ())
        as_months, as_years = months and len(found) == MONTHS_PER_YEAR, len(found) == billed
        if as_months and as_years and years:
            msg = f"found 12 values, of 12 months or of 12 years; write {self.ways(True)}"
            raise refusal(msg, at)
        if as_months:
            return ByMonth(tuple(found))
        if as_years and years:
            return ByYear(found)
        raise refusal(self._wrong_length(len(found), months, years), at)

    def _wrong_length(self, count: int, months: bool, years: bool) -> str:
        billed, wanted = len(self.billed or ()), []
        if years:
            wanted.append(f"one value a year billed ({billed})" if billed > 1 else "one value")
        if months:
            wanted.append("one for each month (12)")
        rest = "" if self.months else "; this rate is one for all months of a year"
        if not (months or years):
            return f"found {count} values where one is expected{rest}"
        text = f"found {count} values; a list holds {', or '.join(wanted)}"
        return f"{text}; or write {self.ways(months)}{rest}"

    def _mapping(
        self, value: Mapping[Any, Any], at: tuple[Any, ...], months: bool, years: bool
    ) -> Varying:
        keys = list(value)
        if keys and all(isinstance(key, int) and not isinstance(key, bool) for key in keys):
            return self._calendar(value, at, months, years)
        if not months:
            hint = "" if self.months else "; this rate is one for all months of a year"
            msg = f"found {keys}; give a number, or {self.ways(False)}{hint}"
            raise refusal(msg, at)
        if keys == [BY_MONTH]:
            return self._twelve(value[BY_MONTH], (*at, BY_MONTH), years)
        taken: dict[int, str] = {}
        found: dict[int, float | ByYear] = {}
        for key in keys:
            rate: Any = self.read(value[key], (*at, key), False, years)
            for month in self._span(key, at):
                if month in taken:
                    msg = f"{_SHORT[month - 1]} lies in '{taken[month]}' and in '{key}'; keep one"
                    raise refusal(msg, (*at, key))
                taken[month], found[month] = key, rate
        missing = [_SHORT[k] for k in range(MONTHS_PER_YEAR) if k + 1 not in found]
        if missing:
            msg = f"no rate for {', '.join(missing)}; every month needs one (0 where none is due)"
            raise refusal(msg, at)
        return ByMonth(tuple(found[k + 1] for k in range(MONTHS_PER_YEAR)))

    def _twelve(self, value: Any, at: tuple[Any, ...], years: bool) -> ByMonth:
        listed = isinstance(value, list | tuple | np.ndarray)
        if not listed or len(value) != MONTHS_PER_YEAR:
            found = f"{len(value)} values" if listed else repr(value)[:60]
            msg = f"found {found}; by_month holds 12 values, January to December"
            raise refusal(msg, at)
        read: list[Any] = [self.read(v, (*at, k), False, years) for k, v in enumerate(value)]
        return ByMonth(tuple(read))

    @staticmethod
    def _span(key: Any, at: tuple[Any, ...]) -> list[int]:
        """Return the months, 1 to 12, of ``jun-sep`` or ``jan, nov-dec``."""
        months: list[int] = []
        for span in str(key).lower().split(","):
            ends = [_month(word.strip()) for word in span.split("-")]
            if None in ends or len(ends) > 2:
                word = next((w.strip() for w in span.split("-") if _month(w.strip()) is None), span)
                hint = nearest(word, [*_MONTHS, BY_MONTH])
                msg = (
                    f"no month '{word}'{hint}; name months as in {{jun-sep: 20, oct-may: 10}}, or "
                    "years as in {2025: 20, 2026: 21}"
                )
                raise refusal(msg, (*at, key))
            first, last = ends[0] or 1, ends[-1] or 1
            length = (last - first) % MONTHS_PER_YEAR + 1
            months += [(first - 1 + k) % MONTHS_PER_YEAR + 1 for k in range(length)]
        return months

    def _calendar(
        self, value: Mapping[int, Any], at: tuple[Any, ...], months: bool, years: bool
    ) -> Varying:
        """Return the rates of the years billed from those of calendar years."""
        wrong = next((key for key in value if key not in _CALENDAR), None)
        if wrong is not None:
            ways = self.ways(months)
            msg = f"found {wrong}, which is no calendar year; write {ways}"
            raise refusal(msg, (*at, wrong))
        if not years:
            msg = "years are told apart twice; keep one"
            raise refusal(msg, at)
        if self.billed is None:
            msg = "rates by calendar year need the years that are billed; give them to make_forms"
            raise refusal(msg, at)
        read = {key: self.read(value[key], (*at, key), months, False) for key in sorted(value)}
        if self.billed[0] < min(read):
            msg = f"begins in {min(read)}; {self.billed[0]} is billed too, give its rate"
            raise refusal(msg, at)
        rates = [read[max(key for key in read if key <= year)] for year in self.billed]
        if not any(isinstance(rate, ByMonth) for rate in rates):
            return ByYear(of_year(rate, 0) for rate in rates)
        columns = range(1, MONTHS_PER_YEAR + 1)
        return ByMonth(tuple(ByYear(of_month(r, 0, month) for r in rates) for month in columns))

    def ways(self, months: bool) -> str:
        """Return how rates that differ are written."""
        first = self.billed[0] if self.billed else 2025
        by_year = f"{{{first}: 20, {first + 1}: 21}} by calendar year"
        if not months:
            return by_year
        return f"{{by_month: [12 numbers]}}, {{jun-sep: 20, oct-may: 10}}, or {by_year}"


def _month(word: str) -> int | None:
    """Return the number of a month by its name or at least three letters of it."""
    found = [k + 1 for k, name in enumerate(_MONTHS) if len(word) >= 3 and name.startswith(word)]
    return found[0] if found else (9 if word == "sept" else None)


def stage_before(value: Any, year: int) -> Any:
    """Return what a rate by calendar year holds in a year; None where it says nothing of it."""
    if not isinstance(value, Mapping) or not all(isinstance(key, int) for key in value):
        return None
    known = [key for key in value if key <= year]
    return value[max(known)] if known else None


def billed_years(info: ValidationInfo) -> tuple[int, ...] | None:
    """Return the calendar years that a form is read for, where they are known."""
    return (info.context or {}).get("years")


def _validator(least: float, months: bool) -> PlainValidator:
    def read(value: Any, info: ValidationInfo) -> Any:
        return _Reader(billed_years(info), least, months).read(value, (), months, True)

    return PlainValidator(read)


Price = Annotated[float | ByYear, _validator(-np.inf, months=False)]
"""A price, or one for each year."""
Rate = Annotated[float | ByYear, _validator(0.0, months=False)]
"""A rate from zero up, or one for each year."""
MonthlyPrice = Annotated[Varying, _validator(-np.inf, months=True)]
"""A price, or prices by month, by year, or both."""
MonthlyRate = Annotated[Varying, _validator(0.0, months=True)]
"""A rate from zero up, or rates by month, by year, or both."""
