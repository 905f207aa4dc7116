"""From the hours a file holds to exactly the 8,760 model hours of a year.

Rules
-----
* Rows of 29 February are left out.
* Two rows of the same hour: the mean, the first or the last of them, as asked.
* Files in local time lack up to 14 hours of the UTC year at one end and hold as many too many at
  the other; the missing ones come from the other end. They are counted apart.
* A gap of up to 3 hours is interpolated linearly, one of up to 24 hours is filled with the mean of
  the same hours of the days before and after. The year is closed to a ring for this.
* A longer gap, or more than 1 % of the hours, is refused with the stamps at fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from dcmodel.base import timeindex
from dcmodel.base.errors import DataError, Fault
from dcmodel.base.units import HOURS_PER_DAY, HOURS_PER_YEAR, MINUTES_PER_HOUR

LONGEST_INTERPOLATION = 3
"""Longest gap that is interpolated linearly. [h]"""

LONGEST_GAP = 24
"""Longest gap that is filled at all. [h]"""

LARGEST_SHARE = 0.01
"""Largest share of a year's hours that is filled."""

MAX_FAULTS = 10
"""Faults of one file that are listed; the others are counted."""

_DAYS_SEARCHED = 2
_HOUR = pd.Timedelta(hours=1)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class HourlyTable:
    """Rows of a file after the clock has been brought to UTC.

    Parameters
    ----------
    source : str
        Name of the file for messages.
    frame : DataFrame
        One column per variable; NaN where the file has no value; index of naive UTC stamps, hour
        beginning, in the order of the file, NaT for rows to leave out.
    rejected : sequence of Fault
        Values that were set to NaN because they are unreadable or impossible.
    """

    source: str
    frame: pd.DataFrame
    rejected: Sequence[Fault] = ()


@dataclass
class RepairReport:
    """What was done to a file, in counts and in words."""

    leap_hours: int = 0
    duplicates: int = 0
    duplicate_rule: str = "mean"
    nonexistent: int = 0
    repeated: int = 0
    edge_hours: int = 0
    half_hour_shift: bool = False
    incomplete_hours: int = 0
    rejected: int = 0
    interpolated: list[str] = field(default_factory=list)
    from_neighbours: list[str] = field(default_factory=list)
    hours_filled: int = 0
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counted = [
            (self.leap_hours, "row", "of 29 February left out"),
            (self.nonexistent, "row", "of an hour skipped by summer time left out"),
            (self.repeated, "row", "read as the second of a repeated autumn hour"),
            (self.duplicates, "repeated row", f"replaced by the {self.duplicate_rule}"),
            (self.edge_hours, "hour", "at New Year (UTC) taken from the other end of the file"),
            (self.incomplete_hours, "hour", "dropped because intervals of it are missing"),
            (self.rejected, "unreadable or impossible value", "counted as missing"),
        ]
        parts = [
            f"{count} {noun}{'s' if count > 1 else ''} {done}"
            for count, noun, done in counted
            if count
        ]
        if self.half_hour_shift:
            parts.append("means re-binned to full UTC hours by overlap")
        for gaps, how in [
            (self.interpolated, "interpolated"),
            (self.from_neighbours, "filled from the same hours of the neighbouring days"),
        ]:
            if gaps:
                parts.append(f"{how}: {', '.join(shorten(gaps))}")
        return "; ".join([*self.notes, *parts]) or "none"


def shorten(items: list[str]) -> list[str]:
    """Return the first `MAX_FAULTS` items and a count of the rest."""
    rest = len(items) - MAX_FAULTS
    return items if rest <= 0 else [*items[:MAX_FAULTS], f"and {rest} more"]


def capped(source: str, faults: Sequence[Fault]) -> list[Fault]:
    """Return the first `MAX_FAULTS` faults, and one that counts the rest."""
    rest = len(faults) - MAX_FAULTS
    if rest <= 0:
        return list(faults)
    return [*faults[:MAX_FAULTS], Fault(source, f"and {rest} more faults of this file")]


def repair(
    table: HourlyTable,
    calendar_year: int,
    *,
    duplicates: str = "mean",
    interval_minutes: int = MINUTES_PER_HOUR,
    report: RepairReport | None = None,
) -> tuple[pd.DataFrame, RepairReport]:
    """Return the 8,760 model hours of one year, and what was done to get them.

    Parameters
    ----------
    table : HourlyTable
        Rows of the file, or of several files one behind the other.
    calendar_year : int
        The year wanted.
    duplicates : {"mean", "first", "last"}
        What becomes of several rows with the same stamp.
    interval_minutes : int
        Distance of two rows; shorter intervals are averaged to hours. [min]
    report : RepairReport, optional
        Continued; a new one by default.

    Returns
    -------
    frame : DataFrame
        Index `timeindex.model_hours(calendar_year)`, no missing value.
    report : RepairReport
        Counts, and words by ``str(report)``.
    """
    report = report or RepairReport()
    report.rejected, report.duplicate_rule = len(table.rejected), duplicates
    frame = table.frame[~np.isnat(table.frame.index.to_numpy())]
    frame = frame[timeindex.is_near_year(pd.DatetimeIndex(frame.index), calendar_year)]
    _refuse_odd_minutes(frame, interval_minutes, table.source)
    frame = _unique(frame, duplicates, report)
    frame = _full_hours(frame, interval_minutes, report)
    leap = timeindex.is_leap_day(pd.DatetimeIndex(frame.index))
    report.leap_hours += int(leap.sum())
    hours = timeindex.model_hours(calendar_year)
    year = frame[~leap].reindex(hours)
    _wrap_edges(year, frame, calendar_year, report)
    faults = [fault for name in year for fault in _gap_faults(year[name], table.source)]
    if faults:
        raise DataError(capped(table.source, [*dict.fromkeys(faults), *table.rejected]))
    missing = np.asarray(year.isna().any(axis=1))
    report.hours_filled = int(missing.sum())
    for name in year:
        year[name] = _filled(year[name].to_numpy(dtype=float), table.source)
    for start, length in runs_on_ring(missing):
        gaps = report.interpolated if length <= LONGEST_INTERPOLATION else report.from_neighbours
        gaps.append(_span(hours, start, length))
    return year, report


def _refuse_odd_minutes(frame: pd.DataFrame, interval: int, source: str) -> None:
    stamps = pd.DatetimeIndex(frame.index)
    seconds = np.asarray((stamps - stamps.floor("h")) / pd.Timedelta(seconds=1))
    offsets = np.unique(seconds % (interval * 60))
    if len(offsets) <= 1:
        return
    found = ", ".join(f":{value / 60:05.2f}" for value in offsets[:6])
    odd = stamps[seconds % (interval * 60) != offsets[0]][0]
    msg = (
        f"rows are not {interval} minutes apart: found stamps at {found} past the interval, "
        f"for example {odd} UTC; state the interval of the file"
    )
    raise DataError(Fault(source, msg))


def _unique(frame: pd.DataFrame, rule: str, report: RepairReport) -> pd.DataFrame:
    repeated = frame.index.duplicated()
    report.duplicates = int(repeated.sum())
    if not report.duplicates:
        return frame.sort_index()
    if rule == "mean":
        return frame.groupby(level=0, sort=True).mean()
    keep: Literal["first", "last"] = "first" if rule == "first" else "last"
    return frame[~frame.index.duplicated(keep=keep)].sort_index()


def _full_hours(frame: pd.DataFrame, interval: int, report: RepairReport) -> pd.DataFrame:
    """Average shorter intervals to hours, and bring hours of half-hour zones to full UTC hours."""
    per_hour = MINUTES_PER_HOUR // interval
    if per_hour > 1:
        floor = pd.DatetimeIndex(frame.index).floor("h")
        groups = frame.groupby(floor)
        complete = groups.count() == per_hour
        report.incomplete_hours = int((~complete.all(axis=1)).sum())
        return groups.mean().where(complete)
    minutes = np.unique(np.asarray(pd.DatetimeIndex(frame.index).minute))
    if len(minutes) != 1 or minutes[0] == 0:
        return frame
    report.half_hour_shift = True
    # The hour from h overlaps the row that began in the hour before by the row's minutes.
    earlier, later = frame.copy(), frame.copy()
    floor = pd.DatetimeIndex(frame.index).floor("h")
    earlier.index, later.index = floor + _HOUR, floor
    late_share = 1.0 - minutes[0] / MINUTES_PER_HOUR
    return later.mul(late_share).add(earlier.mul(1.0 - late_share))


def _wrap_edges(
    year: pd.DataFrame, frame: pd.DataFrame, calendar_year: int, report: RepairReport
) -> None:
    """Fill missing hours at both ends of the year with the surplus rows beyond the other end."""
    stamps = pd.DatetimeIndex(frame.index)
    if year.isna().all(axis=None):
        return
    surplus = frame[np.asarray(stamps.year != calendar_year)]
    wrapped = timeindex.position_in_year(
        timeindex.relabel(pd.DatetimeIndex(surplus.index), calendar_year), calendar_year
    )
    edge = timeindex.LONGEST_SHIFT_HOURS
    is_edge = (wrapped >= 0) & ((wrapped < edge) | (wrapped >= HOURS_PER_YEAR - edge))
    empty = np.asarray(year.isna().all(axis=1))
    for row in np.flatnonzero(is_edge):
        if empty[wrapped[row]] and not surplus.iloc[row].isna().all():
            year.iloc[wrapped[row]] = surplus.iloc[row]
            report.edge_hours += 1


def runs_on_ring(missing: Bools) -> list[tuple[int, int]]:
    """Return start and length of each run of True; a run may pass the end of the array."""
    if missing.all():
        return [(0, len(missing))]
    if not missing.any():
        return []
    before = np.roll(missing, 1)
    starts = np.flatnonzero(missing & ~before)
    ends = np.flatnonzero(~missing & before)
    lengths = [(ends[np.searchsorted(ends, s, "right") % len(ends)] - s) for s in starts]
    return [(int(s), int(n % len(missing))) for s, n in zip(starts, lengths, strict=True)]


def _span(hours: pd.DatetimeIndex, start: int, length: int) -> str:
    first, last = hours[start], hours[(start + length - 1) % len(hours)]
    if length == 1:
        return f"{first:%Y-%m-%d %H:%M} UTC"
    if last < first:
        return (
            f"{first:%Y-%m-%d %H:%M} to the end and the beginning to {last:%Y-%m-%d %H:%M} UTC"
            f" ({length} h)"
        )
    return f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC ({length} h)"


def _gap_faults(column: pd.Series, source: str) -> list[Fault]:
    """Say why a column cannot be repaired; empty when it can."""
    missing = np.asarray(column.isna())
    total = int(missing.sum())
    hours = pd.DatetimeIndex(column.index)
    name = f"{column.name}: " if column.name is not None else ""
    if total == len(missing):
        return [Fault(source, f"{name}no value in {hours[0].year}")]
    gaps = runs_on_ring(missing)
    faults = [
        Fault(source, f"{name}gap from {_span(hours, *gap)}; up to {LONGEST_GAP} h are filled")
        for gap in gaps
        if gap[1] > LONGEST_GAP
    ]
    if total > LARGEST_SHARE * len(missing):
        listed = ", ".join(shorten([_span(hours, *gap) for gap in gaps]))
        share = 100 * total / len(missing)
        text = f"{name}{total} hours missing ({share:.1f} %), allowed {LARGEST_SHARE:.0%}: {listed}"
        faults.append(Fault(source, text))
    return faults


def _filled(values: Floats, source: str) -> Floats:
    """Fill gaps of up to `LONGEST_GAP` hours from the values around them."""
    filled = values.copy()
    n = len(values)
    for start, length in runs_on_ring(np.isnan(values)):
        inside = (start + np.arange(length)) % n
        if length <= LONGEST_INTERPOLATION:
            left, right = values[start - 1], values[(start + length) % n]
            filled[inside] = left + (right - left) * np.arange(1, length + 1) / (length + 1)
        else:
            filled[inside] = _neighbouring_days(values, inside, source)
    return filled


def _neighbouring_days(values: Floats, inside: npt.NDArray[np.int64], source: str) -> Floats:
    result = np.full(len(inside), np.nan)
    for days in range(1, _DAYS_SEARCHED + 1):
        shift = days * HOURS_PER_DAY
        pair = values[np.stack([inside - shift, inside + shift]) % len(values)]
        known = (~np.isnan(pair)).sum(axis=0)
        mean = np.nansum(pair, axis=0) / np.maximum(known, 1)
        result = np.where(np.isnan(result) & (known > 0), mean, result)
    if np.isnan(result).any():
        msg = f"{len(inside)} hours missing, and the days around them as well"
        raise DataError(Fault(source, msg))
    return result
