"""Weekly shapes of inference load, moved to the local time of the users.

A shape is 168 hourly values of relative load, measured in UTC for users whose zone is the shape's
reference zone (an assumption of the library). For users elsewhere the same local hours apply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.registry import nearest
from dcmodel.base.timeindex import model_hours, parse_zone
from dcmodel.base.units import HOURS_PER_DAY, HOURS_PER_WEEK, SECONDS_PER_HOUR
from dcmodel.inputs.library import number, read_table, source_faults

FloatArray = npt.NDArray[np.float64]

FLAT = "flat"
"""The shape of constant load."""
LOCAL = "local"
"""The region of users in the site's own time zone."""
AS_MEASURED = "as_measured"
"""The region that leaves a shape on the clock it was measured on."""

_MEASURED_AT = datetime(2024, 5, 14, 12, tzinfo=UTC)
_A_MONDAY = pd.Timestamp("2024-01-01")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SHAPES = (
    "shape", "day_of_week", "hour_utc", "relative_load", "reference_time_zone", "source",
    "provenance", "note",
)  # fmt: skip
_REGIONS = ("region", "name", "time_zone", "jurisdiction", "source", "provenance")


@dataclass(frozen=True)
class WeeklyShape:
    """Relative load over a week as measured, mean one."""

    name: str
    values: FloatArray
    """Relative load by hour of the week, Monday 00:00 UTC first [1], shape (168,)."""
    reference_time_zone: str
    """IANA zone of the users measured."""


def shape_names() -> list[str]:
    """Return the names of all shapes, sorted."""
    rows = read_table(data_dir() / "weekly_shapes.csv", _SHAPES)
    return sorted({FLAT, *(row["shape"] for row in rows)})


def weekly_shape(name: str) -> WeeklyShape:
    """Read a shape of the library.

    Raises
    ------
    StudyError
        When there is no such shape; the message names the nearest.
    """
    if name not in shape_names():
        known = shape_names()
        msg = f"unknown shape '{name}'{nearest(name, known)} (known: {', '.join(known)})"
        raise StudyError(msg)
    if name == FLAT:
        return WeeklyShape(FLAT, np.ones(HOURS_PER_WEEK), "UTC")
    path = data_dir() / "weekly_shapes.csv"
    rows = [row for row in read_table(path, _SHAPES) if row["shape"] == name]
    faults: list[Fault] = []
    values = np.full(HOURS_PER_WEEK, np.nan)
    for row in rows:
        faults += source_faults(row)
        hour = number(row, "hour_utc", faults)
        if row["day_of_week"] not in _DAYS or hour not in range(HOURS_PER_DAY):
            faults.append(Fault(row.where, "needs a day Mon to Sun and an hour 0 to 23"))
            continue
        index = _DAYS.index(row["day_of_week"]) * HOURS_PER_DAY + int(hour)
        values[index] = number(row, "relative_load", faults)
    zones = {row["reference_time_zone"] for row in rows}
    if len(rows) != HOURS_PER_WEEK or np.isnan(values).any() or len(zones) != 1:
        msg = f"shape '{name}' needs {HOURS_PER_WEEK} hours, each once, in one reference zone"
        faults.append(Fault(str(path), msg))
    if faults:
        raise DataError(faults)
    return WeeklyShape(name, values / values.mean(), zones.pop())


def region_names() -> list[str]:
    """Return the names of the regions of users, sorted."""
    return sorted(_regions())


def region_time_zone(region: str | None, site_time_zone: str) -> str | None:
    """Return the IANA zone of a region of users.

    Parameters
    ----------
    region : str or None
        ``"local"`` or None for the site's own zone, a region of the library, an IANA name, or
        ``"as_measured"``.
    site_time_zone : str
        IANA zone of the site.

    Returns
    -------
    str or None
        None for ``"as_measured"``.
    """
    if region is None or region == LOCAL:
        return site_time_zone
    if region == AS_MEASURED:
        return None
    regions = _regions()
    if region in regions:
        return regions[region]
    try:
        parse_zone(region)
    except ValueError:
        known = [LOCAL, AS_MEASURED, *sorted(regions)]
        near = nearest(region, known)
        msg = f"unknown region '{region}'{near} (known: {', '.join(known)}, or an IANA time zone)"
        raise StudyError(msg) from None
    return region


def own_shape(values: Sequence[float], name: str = "own") -> WeeklyShape:
    """Return a shape of a user's own numbers, by hour of the users' local day or week.

    Parameters
    ----------
    values : sequence of 24 or 168 float
        Relative load, the first hour of the day, or of Monday, first.
    name : str
        Name for messages.

    Raises
    ------
    StudyError
        When the length is another, or a value is below zero, or all are zero.
    """
    load = np.asarray(values, dtype=float)
    if load.shape not in ((HOURS_PER_DAY,), (HOURS_PER_WEEK,)):
        msg = (
            f"found {load.size} values; needed: {HOURS_PER_DAY} (a day) or {HOURS_PER_WEEK} "
            "(a week from Monday)"
        )
        raise StudyError(Fault(f"shape of {name}", msg))
    if not np.isfinite(load).all() or load.min() < 0 or load.max() == 0:
        worst = int(np.flatnonzero(~(load >= 0))[0]) if not (load >= 0).all() else 0
        msg = (
            f"value {worst + 1} is {load[worst]:g}; values of 0 and above, one above 0, are needed"
        )
        raise StudyError(Fault(f"shape of {name}", msg))
    week = np.tile(load, HOURS_PER_WEEK // load.size)
    return WeeklyShape(name, week / week.mean(), "UTC")


def hourly_shape(name: str | WeeklyShape, calendar_year: int, time_zone: str | None) -> FloatArray:
    """Return a shape over a year, in the local time of its users.

    Parameters
    ----------
    name : str or WeeklyShape
        Name of a shape, or a shape.
    calendar_year : int
        Year of the model hours.
    time_zone : str or None
        IANA zone of the users; None keeps the clock as measured.

    Returns
    -------
    array of shape (8760,)
        Relative load [1], mean one over the year.

    Notes
    -----
    Summer time is that of the users' zone in the calendar's year. In zones off the full hour the
    value is the mean of the two hours it spans, weighted by time.
    """
    shape = weekly_shape(name) if isinstance(name, str) else name
    values = shape.values if time_zone is None else _by_local_hour(shape)
    zone = parse_zone("UTC" if time_zone is None else time_zone)
    utc = model_hours(calendar_year).tz_localize("UTC")
    local = utc.tz_convert(zone).tz_localize(None)
    since_monday = np.asarray((local - _A_MONDAY) / pd.Timedelta(hours=1)) % HOURS_PER_WEEK
    hour = since_monday.astype(np.int64)
    part = since_monday - hour
    sampled = (1 - part) * values[hour] + part * values[(hour + 1) % HOURS_PER_WEEK]
    return np.asarray(sampled / sampled.mean())


def _by_local_hour(shape: WeeklyShape) -> FloatArray:
    """Return the shape by hour of the local week of the users measured."""
    offset = _MEASURED_AT.astimezone(parse_zone(shape.reference_time_zone)).utcoffset()
    hours = 0 if offset is None else round(offset.total_seconds() / SECONDS_PER_HOUR)
    return np.roll(shape.values, hours)


def _regions() -> dict[str, str]:
    rows = read_table(data_dir() / "regions.csv", _REGIONS)
    return {row["region"]: row["time_zone"] for row in rows}
