"""Metered loads of users: a CSV whose column names its unit, kW or MW."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.registry import nearest
from dcmodel.base.timeindex import hour_beginning, parse_zone, to_utc
from dcmodel.inputs.textfile import Table, parse_table, read_text

FloatArray = npt.NDArray[np.float64]
Label = Literal["beginning", "ending"]

_UNIT = re.compile(r"(?:^|[\s_(\[])(kW|MW)[)\]]?$", re.IGNORECASE)
_ENERGY = re.compile(r"(?:^|[\s_(\[])(kWh|MWh)[)\]]?$", re.IGNORECASE)
_TIME = re.compile(r"date|time|stamp|hour", re.IGNORECASE)
_ENDING = re.compile(r"\(he\)|ending", re.IGNORECASE)
_MIDNIGHT = re.compile(r"\b24:00(?::00)?")
_FORMATS = ("ISO8601", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M:%S")
_KILO = 1000.0
_INTERVALS = (5, 10, 15, 20, 30, 60)


@dataclass(frozen=True, eq=False)
class Load:
    """A metered load on the local clock.

    Parameters
    ----------
    time : DatetimeIndex, shape (intervals,)
        Beginning of each interval, naive local time.
    power : array of shape (intervals,)
        Mean power of each interval [MW].
    hours : array of shape (intervals,)
        Length of each interval [h].
    unit : str
        Unit of the file, ``kW`` or ``MW``.
    column : str
        Column that was read.
    table : Table
        The file, for further columns.
    """

    time: pd.DatetimeIndex
    power: FloatArray
    hours: FloatArray
    unit: str
    column: str
    table: Table

    @property
    def years(self) -> list[int]:
        """Calendar years of the local clock that hold a reading."""
        return sorted({int(year) for year in self.time.year})

    def series(self, column: str) -> FloatArray:
        """Return another column of the file as numbers.

        Raises
        ------
        DataError
            When there is no such column, or a cell is empty or no number.
        """
        faults: list[Fault] = []
        values = self.table.numbers(column, faults=faults)
        empty = np.flatnonzero(np.isnan(values))
        if empty.size and not faults:
            faults.append(Fault(self.table.where(empty[0]), f"{column}: found nothing"))
        if faults:
            raise DataError(faults)
        return values


def read_load(
    path: Path | str,
    column: str | None = None,
    *,
    label: Label | None = None,
    time_zone: str | None = None,
) -> Load:
    """Read a metered load.

    Parameters
    ----------
    path : Path or str
        CSV with a column of stamps and one of power, whose name ends in kW or MW.
    column : str, optional
        Column of the power, where several name a unit.
    label : {"beginning", "ending"}, optional
        Which end of its interval a stamp names; found from the name of the column when left out:
        ``(he)`` or ``ending`` say ending, anything else beginning.
    time_zone : str, optional
        Zone of a clock that changes for summer, or of the local time of stamps with an offset;
        without it the clock runs evenly.

    Raises
    ------
    DataError
        When an interval is missing or repeated, a cell is no number, or the unit is not told.
    """
    table = parse_table(read_text(path), str(path))
    if table.faults:
        raise DataError(table.faults)
    stamps_column = next((name for name in table.columns if _TIME.search(name)), table.columns[0])
    name, unit = _power_column(table, column)
    stamps = _stamps(table, stamps_column)
    minutes = _interval(stamps, table)
    ending = label == "ending" or (label is None and _ENDING.search(stamps_column) is not None)
    begin = hour_beginning(stamps, "ending" if ending else "beginning", minutes)
    local = _local(begin, minutes, time_zone, table)
    power = _power(table, name) / (_KILO if unit == "kW" else 1.0)
    return Load(local, power, np.full(len(power), minutes / 60.0), unit, name, table)


def _power_column(table: Table, asked: str | None) -> tuple[str, str]:
    """Return the column of power and its unit."""
    units = {name: match[1] for name in table.columns if (match := _UNIT.search(name))}
    where = f"{table.source}:1"
    if asked is not None:
        if asked not in table.columns:
            listed = ", ".join(table.columns)
            msg = f"no column '{asked}'{nearest(asked, table.columns)} (columns: {listed})"
            raise DataError(Fault(where, msg))
        units = {name: unit for name, unit in units.items() if name == asked}
    if len(units) == 1:
        [(name, unit)] = units.items()
        return name, "kW" if unit.lower() == "kw" else "MW"
    if units:
        listed = ", ".join(f"'{name}'" for name in units)
        raise DataError(Fault(where, f"several columns hold power: {listed}; name one (--column)"))
    energy = [name for name in table.columns if _ENERGY.search(name)]
    hint = f"; '{energy[0]}' is energy, divide it by the interval's hours" if energy else ""
    found = f"'{asked}'" if asked else ", ".join(f"'{name}'" for name in table.columns)
    msg = f"no unit in the name of {found}; end the name in kW or MW, as in 'load (kW)'{hint}"
    raise DataError(Fault(where, msg))


def _power(table: Table, name: str) -> FloatArray:
    faults: list[Fault] = []
    power = table.numbers(name, faults=faults)
    if not faults:
        for words, wrong in (
            ("nothing; give a reading", np.isnan(power)),
            ("less than zero; export is not billed", power < 0),
        ):
            found = np.flatnonzero(wrong)
            if found.size:
                more = f" (and {found.size - 1} more)" if found.size > 1 else ""
                faults.append(Fault(table.where(found[0]), f"{name}: found {words}{more}"))
    if faults:
        raise DataError(faults)
    return power


def _stamps(table: Table, column: str) -> pd.DatetimeIndex:
    """Return the stamps of a column, in the only format that fits them all."""
    text = pd.Series(table.text(column), dtype=str)
    last_hour = text.str.contains(_MIDNIGHT.pattern, regex=True)
    plain = text.str.replace(_MIDNIGHT.pattern, "00:00", regex=True)
    best: pd.Series | None = None
    fits = []
    for form in _FORMATS:
        try:
            parsed = pd.to_datetime(plain, format=form, errors="coerce", utc=False)
        except ValueError:  # stamps of several offsets
            parsed = pd.to_datetime(plain, format=form, errors="coerce", utc=True)
        if parsed.notna().all():
            fits.append((form, parsed))
        if best is None or parsed.notna().sum() > best.notna().sum():
            best = parsed
    if not fits:
        assert best is not None
        wrong = int(np.flatnonzero(best.isna())[0])
        msg = f"{column}: found '{text[wrong]}'; write stamps as 2025-12-31 13:00"
        raise DataError(Fault(table.where(wrong), msg))
    if len(fits) > 1 and not (fits[0][1] == fits[1][1]).all():
        msg = f"{column}: '{text[0]}' may be day/month or month/day; write 2025-12-31 13:00"
        raise DataError(Fault(table.where(0), msg))
    stamps = fits[0][1] + pd.to_timedelta(last_hour.to_numpy().astype(int), unit="D")
    return pd.DatetimeIndex(stamps)


def _interval(stamps: pd.DatetimeIndex, table: Table) -> int:
    """Return the length of the intervals [min]."""
    if len(stamps) < 2:
        raise DataError(Fault(table.source, "holds a single reading; a bill needs more"))
    steps = pd.Series(stamps).diff().dt.total_seconds().to_numpy()[1:] / 60.0
    minutes = float(np.median(steps))
    if minutes not in _INTERVALS:
        allowed = ", ".join(str(n) for n in _INTERVALS)
        msg = f"stamps lie {minutes:g} minutes apart; allowed are {allowed}"
        raise DataError(Fault(table.source, msg))
    return int(minutes)


def _local(
    begin: pd.DatetimeIndex, minutes: int, time_zone: str | None, table: Table
) -> pd.DatetimeIndex:
    """Return local clock times; refuse intervals that are missing or repeated."""
    even = begin
    if time_zone is not None:
        try:
            zone = parse_zone(time_zone)
        except ValueError as error:
            raise DataError(Fault("--time-zone", str(error))) from None
        even = to_utc(begin, "aware" if begin.tz is not None else time_zone, minutes).stamps
        begin = even.tz_localize("UTC").tz_convert(zone)
    elif begin.tz is not None:
        msg = "stamps carry an offset; name the zone of the local clock (--time-zone)"
        raise DataError(Fault(table.where(0), msg))
    _refuse_gaps(even, minutes, table)
    return begin.tz_localize(None)


def _refuse_gaps(stamps: pd.DatetimeIndex, minutes: int, table: Table) -> None:
    steps = pd.Series(stamps).diff().dt.total_seconds().to_numpy() / 60.0
    steps[0] = minutes
    faults = []
    for position in np.flatnonzero(steps != minutes)[:20]:
        step, stamp = steps[position], stamps[position]
        if np.isnan(step):
            words = "names an hour that the clock skips"
        elif step <= 0:
            words = "repeats or goes back; order the rows and keep one of each"
        else:
            words = f"follows {step - minutes:g} minutes without a reading; add them"
        faults.append(Fault(table.where(position), f"{stamp:%Y-%m-%d %H:%M} {words}"))
    if faults and len(faults) == 2 and abs(steps[steps != minutes] - minutes).max() == 60:
        hint = "a clock that changes for summer needs its zone (--time-zone)"
        faults.append(Fault(table.source, hint))
    if faults:
        raise DataError(faults)
