"""Requests with time and tokens, as a class of work: its shape and its mean request."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.registry import nearest
from dcmodel.base.timeindex import parse_zone
from dcmodel.base.units import HOURS_PER_DAY, HOURS_PER_WEEK
from dcmodel.inputs.textfile import read_text
from dcmodel.workload.shapes import WeeklyShape
from dcmodel.workload.tokens import Request

FloatArray = npt.NDArray[np.float64]

_TIME = ("TIMESTAMP", "timestamp", "time", "arrival_time")
_INPUT = ("ContextTokens", "input_tokens", "prompt_tokens", "Request tokens")
_OUTPUT = ("GeneratedTokens", "output_tokens", "completion_tokens", "Response tokens")
_MAX_FAULTS = 20
_HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True, eq=False)
class Trace:
    """Requests in the order of their arrival."""

    path: str
    time: npt.NDArray[np.datetime64]
    """Arrival, UTC, shape (requests,)."""
    input_tokens: FloatArray
    output_tokens: FloatArray

    @property
    def hours(self) -> float:
        """Time from the first to the last request [h]."""
        return float((self.time[-1] - self.time[0]) / np.timedelta64(1, "s")) / 3600

    @property
    def request(self) -> Request:
        """The mean request."""
        return Request(float(self.input_tokens.mean()), float(self.output_tokens.mean()))

    @property
    def requests_per_s(self) -> float:
        """Mean rate between the first and the last request [s-1]."""
        return (len(self.time) - 1) / (self.hours * 3600)

    def shape(self, time_zone: str = "UTC") -> WeeklyShape | None:
        """Return output tokens by hour of the week, mean one; None from less than a whole day.

        A trace of a week or more gives every hour of the week its mean; one of a day or more gives
        each day the same hours. Hours that the trace holds in part are left out.
        """
        first = self.time[0].astype("datetime64[h]") + _HOUR
        last = self.time[-1].astype("datetime64[h]")
        whole = int((last - first) / _HOUR)
        if whole < HOURS_PER_DAY:
            return None
        span = HOURS_PER_WEEK if whole >= HOURS_PER_WEEK else HOURS_PER_DAY
        hour = ((self.time - first) // _HOUR).astype(np.int64)
        held = (self.time >= first) & (hour < whole)
        load = np.bincount(hour[held], weights=self.output_tokens[held], minlength=whole)
        start = int((pd.Timestamp(first) - pd.Timestamp("2024-01-01")) / pd.Timedelta(hours=1))
        slot = (start + np.arange(whole)) % span
        mean = np.bincount(slot, weights=load, minlength=span) / np.bincount(slot, minlength=span)
        week = np.tile(mean, HOURS_PER_WEEK // span)
        return WeeklyShape(Path(self.path).stem, week / week.mean(), time_zone)


def read_trace(path: Path, time_zone: str = "UTC") -> Trace:
    """Read a CSV of requests: a column of time, of input tokens and of output tokens.

    Parameters
    ----------
    path : Path
        Known names of columns are those of the Azure and BurstGPT traces and plain ones such as
        ``timestamp, input_tokens, output_tokens``.
    time_zone : str
        IANA zone of times that carry no offset.

    Returns
    -------
    Trace

    Raises
    ------
    DataError
        With the line of every fault: no number, no time, a time before the one above it, a time
        given twice, tokens below zero or none at all.
    """
    if not path.is_file():
        raise DataError(Fault(str(path), "is no file; give the path of a CSV of requests"))
    return _read(path, path.stat().st_mtime_ns, time_zone)


@lru_cache(maxsize=16)
def _read(path: Path, modified: int, time_zone: str) -> Trace:
    """Return a trace, read once while the file stays as it is."""
    reader = csv.reader(io.StringIO(read_text(path), newline=""))
    try:
        header = next(reader, [])
        columns = _columns(path, header)
        rows = [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        msg = f"cannot be split into cells ({error}); give a plain CSV"
        raise DataError(Fault(f"{path}:{reader.line_num}", msg)) from None
    if len(rows) < 2:
        raise DataError(Fault(str(path), f"holds {len(rows)} requests; two or more are needed"))
    faults: list[Fault] = []
    values = [_row(f"{path}:{line}", cells, header, columns, faults) for line, cells in rows]
    _raise(path, faults)
    where = [f"{path}:{line}" for line, _ in rows]
    time = _times([texts[0] for texts in values], where, time_zone, faults)
    _raise(path, faults)
    _order(time, where, faults)
    _raise(path, faults)
    tokens = np.array([texts[1:] for texts in values], dtype=float)
    return Trace(str(path), time, tokens[:, 0], tokens[:, 1])


def _columns(path: Path, header: list[str]) -> tuple[int, int, int]:
    """Return the positions of time, input and output tokens."""
    names = [name.strip() for name in header]
    found, faults = [], []
    for what, known in (("time", _TIME), ("input tokens", _INPUT), ("output tokens", _OUTPUT)):
        at = [position for position, name in enumerate(names) if name in known]
        if len(at) == 1:
            found.append(at[0])
            continue
        near = next(
            (nearest(name, list(known)) for name in names if nearest(name, list(known))), ""
        )
        msg = f"{len(at)} columns of {what} in '{', '.join(names)[:80]}'{near}"
        faults.append(Fault(f"{path}:1", f"{msg}; needed: one of {', '.join(known)}"))
    if faults:
        raise DataError(faults)
    return found[0], found[1], found[2]


def _row(
    where: str,
    cells: list[str],
    header: list[str],
    columns: tuple[int, int, int],
    faults: list[Fault],
) -> tuple[str, float, float]:
    if len(cells) != len(header):
        faults.append(Fault(where, f"found {len(cells)} cells; needed: {len(header)}"))
        return "", math.nan, math.nan
    tokens = []
    for position in columns[1:]:
        try:
            value = float(cells[position])
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < 0:
            msg = f"{header[position].strip()}: found '{cells[position]}'; 0 or more is needed"
            faults.append(Fault(where, msg))
        tokens.append(value)
    if tokens == [0, 0]:
        faults.append(Fault(where, "no token in or out; leave such requests out"))
    return cells[columns[0]].strip(), tokens[0], tokens[1]


def _times(
    texts: list[str], where: list[str], time_zone: str, faults: list[Fault]
) -> npt.NDArray[np.datetime64]:
    """Return times in UTC without offset."""
    # pandas takes words such as "now" for times
    dated = pd.Series([text if any(map(str.isdigit, text)) else "" for text in texts], dtype=str)
    parsed = pd.to_datetime(dated, errors="coerce", format="ISO8601", utc=False)
    if parsed.dtype == object:
        parsed = pd.to_datetime(dated, errors="coerce", format="ISO8601", utc=True)
    for position in np.flatnonzero(parsed.isna().to_numpy()):
        msg = f"found '{texts[position]}'; a time such as 2024-05-14 12:00:03.25 is needed"
        faults.append(Fault(where[position], msg))
    if faults:
        return np.empty(0, dtype="datetime64[ns]")
    index = pd.DatetimeIndex(parsed)
    if index.tz is None:
        index = index.tz_localize(parse_zone(time_zone), ambiguous="NaT", nonexistent="NaT")
    in_utc = index.tz_convert("UTC").tz_localize(None)
    for position in np.flatnonzero(np.asarray(in_utc.isna())):
        msg = f"'{texts[position]}' is no one time in {time_zone}; give times in UTC"
        faults.append(Fault(where[position], msg))
    return in_utc.to_numpy().astype("datetime64[ns]")


def _order(time: npt.NDArray[np.datetime64], where: list[str], faults: list[Fault]) -> None:
    step = np.diff(time)
    for position in np.flatnonzero(step <= np.timedelta64(0)) + 1:
        now = pd.Timestamp(time[position])
        if step[position - 1] == np.timedelta64(0):
            msg = f"{now} stands in the line above too; each request needs a time of its own"
        else:
            msg = f"{now} lies before the line above ({pd.Timestamp(time[position - 1])}); sort"
        faults.append(Fault(where[position], msg))


def _raise(path: Path, faults: list[Fault]) -> None:
    if len(faults) > _MAX_FAULTS:
        rest = Fault(str(path), f"and {len(faults) - _MAX_FAULTS} faults more")
        raise DataError([*faults[:_MAX_FAULTS], rest])
    if faults:
        raise DataError(faults)
