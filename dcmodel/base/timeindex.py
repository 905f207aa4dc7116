"""Hours, time zones, leap days: the only module that knows of them.

Inside dcmodel an hour is named by its beginning, in UTC, as naive ``datetime64[ns]``. Every
modelled year has 8,760 hours: 29 February (UTC) is left out. Local time exists at the edges only:
files that are read, tariffs, and weekly shapes of demand.

Rules for local clock time
--------------------------
* *Spring*: an hour that the clock skips does not exist. A row that names it is left out.
* *Autumn*: an hour that the clock repeats is named twice. Where a file holds it twice, one hour
  apart in the order of the rows, the first is summer time and the second winter time. Where it
  holds it once, that row is the first (summer time) and the second hour is missing.
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from dcmodel.base.registry import nearest
from dcmodel.base.units import MINUTES_PER_HOUR

TYPICAL_YEAR = 2025
"""Calendar year given to typical years, whose months come from several years."""

AWARE = "aware"
"""Zone of stamps that carry their own offset."""

LONGEST_SHIFT_HOURS = 14
"""Largest distance of a legal time zone from UTC (UTC+14, Line Islands)."""

_MARGIN = pd.Timedelta(days=2)
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?")


@dataclass(frozen=True)
class LocalHours:
    """Local clock readings at the beginning of each model hour, arrays of shape (8760,)."""

    month: npt.NDArray[np.int64]
    """Month, 1 to 12."""
    day: npt.NDArray[np.int64]
    """Day of the month, 1 to 31."""
    weekday: npt.NDArray[np.int64]
    """Day of the week, 0 = Monday to 6 = Sunday."""
    hour: npt.NDArray[np.int64]
    """Hour of the day, 0 to 23 (the full hour before, in zones of half an hour)."""
    utc_offset: npt.NDArray[np.float64]
    """Local time minus UTC. [h]"""


@dataclass(frozen=True)
class UtcStamps:
    """Stamps brought to UTC, with what the conversion met.

    Parameters
    ----------
    stamps : DatetimeIndex
        Naive UTC; NaT where the row names an hour that does not exist.
    nonexistent, repeated : int
        Rows in skipped spring hours, and rows that are the second reading of an autumn hour.
    """

    stamps: pd.DatetimeIndex
    nonexistent: int = 0
    repeated: int = 0


def model_hours(calendar_year: int) -> pd.DatetimeIndex:
    """Return the 8,760 hours of a year: naive UTC, hour beginning, 29 February left out."""
    start, end = f"{calendar_year}-01-01", f"{calendar_year + 1}-01-01"
    hours = pd.date_range(start, end, freq="h", inclusive="left", unit="ns")
    return hours[~is_leap_day(hours)]


def is_leap_day(stamps: pd.DatetimeIndex) -> npt.NDArray[np.bool_]:
    """Return where stamps lie on 29 February."""
    return np.asarray((stamps.month == 2) & (stamps.day == 29))


def month_index(calendar_year: int) -> npt.NDArray[np.int64]:
    """Return the month of each model hour in UTC, 0 to 11, shape (8760,)."""
    return np.asarray(model_hours(calendar_year).month, dtype=np.int64) - 1


def is_near_year(stamps: pd.DatetimeIndex, calendar_year: int) -> npt.NDArray[np.bool_]:
    """Return where stamps of any clock can lie in a UTC year: the year and two days around it."""
    values = stamps.tz_localize(None) if stamps.tz is not None else stamps
    start = pd.Timestamp(calendar_year, 1, 1) - _MARGIN
    end = pd.Timestamp(calendar_year + 1, 1, 1) + _MARGIN
    return np.asarray((values >= start) & (values < end))


def position_in_year(stamps: pd.DatetimeIndex, calendar_year: int) -> npt.NDArray[np.int64]:
    """Return the position of full-hour stamps among the model hours, -1 where outside.

    Stamps of 29 February, of other years and NaT are outside.
    """
    return np.asarray(model_hours(calendar_year).get_indexer(stamps), dtype=np.int64)


def parse_zone(name: str) -> datetime.tzinfo:
    """Return the time zone of a name such as ``UTC``, ``+10:00`` or ``Europe/Berlin``.

    Raises
    ------
    ValueError
        When there is no such zone; the message names the nearest one.
    """
    if name.upper() in {"UTC", "GMT", "Z"}:
        return datetime.UTC
    if match := _OFFSET.fullmatch(name):
        minutes = int(match[2]) * MINUTES_PER_HOUR + int(match[3] or 0)
        if minutes > LONGEST_SHIFT_HOURS * MINUTES_PER_HOUR:
            msg = f"offset '{name}' is more than {LONGEST_SHIFT_HOURS} h from UTC"
            raise ValueError(msg)
        sign = -1 if match[1] == "-" else 1
        return datetime.timezone(datetime.timedelta(minutes=sign * minutes))
    if name not in _zone_names():
        hint = nearest(name, sorted(_zone_names()))
        msg = f"unknown time zone '{name}'{hint} (allowed: UTC, +10:00, Europe/Berlin and the like)"
        raise ValueError(msg)
    return zoneinfo.ZoneInfo(name)


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def local_hours(calendar_year: int, zone: str) -> LocalHours:
    """Return what a local clock shows at the beginning of each model hour.

    Parameters
    ----------
    calendar_year : int
        Year of the model hours.
    zone : str
        Time zone, for example ``America/Chicago`` or ``+10:00``.
    """
    utc = model_hours(calendar_year)
    local = utc.tz_localize("UTC").tz_convert(parse_zone(zone)).tz_localize(None)
    return LocalHours(
        month=np.asarray(local.month, dtype=np.int64),
        day=np.asarray(local.day, dtype=np.int64),
        weekday=np.asarray(local.day_of_week, dtype=np.int64),
        hour=np.asarray(local.hour, dtype=np.int64),
        utc_offset=np.asarray((local - utc) / pd.Timedelta(hours=1), dtype=float),
    )


def hour_beginning(
    stamps: pd.DatetimeIndex, label: str, interval_minutes: int = MINUTES_PER_HOUR
) -> pd.DatetimeIndex:
    """Return stamps moved to the beginning of their interval.

    Parameters
    ----------
    stamps : DatetimeIndex
        Stamps as in the file.
    label : {"beginning", "ending"}
        What a stamp of the file names.
    interval_minutes : int
        Length of the interval. [min]
    """
    if label == "ending":
        return stamps - pd.Timedelta(minutes=interval_minutes)
    return stamps


def to_utc(
    stamps: pd.DatetimeIndex, zone: str, interval_minutes: int = MINUTES_PER_HOUR
) -> UtcStamps:
    """Bring interval-beginning stamps of a file to naive UTC, by the rules at the top.

    Parameters
    ----------
    stamps : DatetimeIndex
        Naive local stamps in the order of the file, or aware ones for the zone ``aware``.
    zone : str
        ``UTC``, a fixed offset such as ``+10:00``, a name such as ``Europe/Berlin``, or ``aware``.
    interval_minutes : int
        Distance of two rows, by which the two readings of an autumn hour are told apart. [min]
    """
    if zone == AWARE:
        return UtcStamps(stamps.tz_convert("UTC").tz_localize(None).as_unit("ns"))
    tz = parse_zone(zone)
    if not isinstance(tz, zoneinfo.ZoneInfo):
        offset = tz.utcoffset(None)
        return UtcStamps((stamps - pd.Timedelta(offset or 0)).as_unit("ns"))
    second = _second_readings(stamps, max(1, MINUTES_PER_HOUR // interval_minutes))
    aware = stamps.tz_localize(tz, nonexistent="NaT", ambiguous=~second)
    utc = aware.tz_convert("UTC").tz_localize(None).as_unit("ns")
    lost = int(np.count_nonzero(np.isnat(utc.to_numpy()) & ~np.isnat(stamps.to_numpy())))
    summer = stamps.tz_localize(tz, nonexistent="NaT", ambiguous=np.ones(len(stamps), bool))
    repeated = int(np.count_nonzero(np.asarray(summer != aware) & ~np.asarray(aware.isna())))
    return UtcStamps(utc, lost, repeated)


def _second_readings(stamps: pd.DatetimeIndex, rows_per_hour: int) -> npt.NDArray[np.bool_]:
    """Return where a row names the same clock time as the row one hour of rows before it."""
    values = stamps.to_numpy()
    is_descending = len(values) > 1 and values[0] > values[-1]
    if is_descending:
        values = values[::-1]
    second = np.zeros(len(values), dtype=bool)
    second[rows_per_hour:] = values[rows_per_hour:] == values[:-rows_per_hour]
    return second[::-1] if is_descending else second


def relabel(stamps: pd.DatetimeIndex, calendar_year: int) -> pd.DatetimeIndex:
    """Return stamps with their year replaced; NaT on 29 February.

    For typical years, whose months come from several years, and for hours taken from the other end
    of a file.
    """
    days = pd.DataFrame({"year": calendar_year, "month": stamps.month, "day": stamps.day})
    days.loc[is_leap_day(stamps), ["month", "day"]] = np.nan
    midnight = pd.DatetimeIndex(pd.to_datetime(days, errors="coerce"))
    return (midnight + (stamps - stamps.normalize())).as_unit("ns")
