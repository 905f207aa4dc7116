"""Hourly prices and emission factors: a CSV file and a small YAML that says what it holds.

The YAML (`SeriesSpec`) names the columns, the clock, the unit and, where needed, a linear
correction. Prices stay in the currency of the file; conversion to USD happens where the study's
currency year is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field, field_validator, model_validator

from dcmodel.base import timeindex
from dcmodel.base.errors import DataError, Fault
from dcmodel.base.schema import Quantity, Spec
from dcmodel.base.units import KG_PER_POUND
from dcmodel.base.yamlfile import YamlFile, load_yaml, validate
from dcmodel.inputs.repair import HourlyTable, RepairReport, capped, repair
from dcmodel.inputs.textfile import Table, parse_table, read_text

HOUR_OF_YEAR = "hour_of_year"
"""Time format of files that count the hours of a year from 0."""

_PER_MWH = {"MWh": 1.0, "kWh": 1000.0, "GWh": 0.001}
_KG = {"g": 0.001, "kg": 1.0, "t": 1000.0, "lb": KG_PER_POUND}
_PRICE_UNIT = re.compile(r"([A-Z]{3})/(MWh|kWh|GWh)e?")
_EMISSION_UNIT = re.compile(r"(g|kg|t|lb)\s?(?:CO2(?:e|eq)?)?/(MWh|kWh|GWh)")
_LONG_NAMES = {
    "price_energy": "Price of energy",
    "emission_factor": "Emission factor of grid energy (CO2e)",
}
_HAS_OFFSET = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$")
_INTERVALS = (5, 10, 15, 20, 30, 60)


class SeriesSpec(Spec):
    """What an hourly file holds: columns, clock, unit, correction."""

    kind: Literal["price_energy", "emission_factor"]
    """Price of energy, or emission factor of grid energy."""
    file: str | list[str]
    """CSV file, plain or gzip, relative to this description; {year} stands for the calendar year,
    and the files of the years before and after are used where they exist."""
    time_column: str
    """Column of the stamps."""
    value_column: str
    """Column of the values."""
    hour_column: str | None = None
    """Column of the hour of the day, where `time_column` holds only the date."""
    time_zone: str
    """Clock of the file: UTC, a fixed offset (+10:00), a name (Europe/Berlin), or aware where each
    stamp carries its offset."""
    time_format: str = "ISO8601"
    """Format of the stamps as of strptime, ISO8601, or hour_of_year (0 to 8759)."""
    year: int | None = None
    """Year of a file in the format hour_of_year."""
    range_separator: str | None = None
    """Text between the beginning and the end of the interval, where both stand in one cell."""
    label: Literal["beginning", "ending"] = "beginning"
    """Which end of its interval a stamp names."""
    interval_minutes: Annotated[int, Quantity("min")] = 60
    """Length of the interval; shorter ones are averaged to hours."""
    unit: str
    """Unit of the values: EUR/MWh, USD/kWh, gCO2/kWh, lb/MWh and the like."""
    currency: str | None = None
    """Currency code of a price, checked against the unit; it need not be repeated."""
    scale: float = 1.0
    """The value is (cell x scale + offset) in `unit`."""
    offset: float = 0.0
    """See scale; in `unit`."""
    valid_min: float | None = None
    """Corrected values below count as missing; in `unit`."""
    valid_max: float | None = None
    """Corrected values above count as missing; in `unit`."""
    duplicates: Literal["mean", "first", "last"] = "mean"
    """What becomes of several rows with the same stamp."""
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ","
    """Character between the cells."""
    decimal: Literal[".", ","] = "."
    """Decimal mark of the numbers."""
    header_row: Annotated[int, Field(ge=1)] = 1
    """Row of the file that holds the names of the columns."""
    title: str = ""
    """What the series is."""
    source: str = ""
    """Where the file comes from."""
    note: str = ""
    """What to beware of."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value != timeindex.AWARE:
            timeindex.parse_zone(value)
        return value

    @field_validator("interval_minutes")
    @classmethod
    def _divides_the_hour(cls, value: int) -> int:
        if value not in _INTERVALS:
            msg = f"found {value}; allowed: {', '.join(map(str, _INTERVALS))} minutes"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _year_is_known(self) -> SeriesSpec:
        if (self.time_format == HOUR_OF_YEAR) != (self.year is not None):
            msg = "year: needed with time_format hour_of_year, and only there"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _unit_fits_kind(self) -> SeriesSpec:
        _unit_factor(self)
        return self


def _unit_factor(spec: SeriesSpec) -> tuple[float, str, str]:
    """Return the factor to the canonical unit, the currency, and the unit in words."""
    if spec.kind == "emission_factor":
        match = _EMISSION_UNIT.fullmatch(spec.unit)
        if match is None:
            msg = f"unit: found '{spec.unit}'; an emission factor is in gCO2/kWh, lb/MWh or alike"
            raise ValueError(msg)
        return _KG[match[1]] * _PER_MWH[match[2]], "", "kg MWh-1"
    match = _PRICE_UNIT.fullmatch(spec.unit)
    if match is None:
        msg = f"unit: found '{spec.unit}'; a price is in EUR/MWh, USD/kWh or alike"
        raise ValueError(msg)
    if spec.currency not in (None, match[1]):
        msg = f"currency: found '{spec.currency}', but the unit is {spec.unit}; state one of them"
        raise ValueError(msg)
    return _PER_MWH[match[2]], match[1], f"{match[1]} MWh-1"


def read_series(
    descriptor: Path | str, calendar_year: int, *, folder: Path | str | None = None
) -> xr.DataArray:
    """Read the 8,760 hours of one year of a described series.

    Parameters
    ----------
    descriptor : Path or str
        YAML file with the keys of `SeriesSpec`.
    calendar_year : int
        Year wanted; 29 February is left out.
    folder : Path or str, optional
        Folder to which ``file`` is relative; that of the descriptor by default.

    Returns
    -------
    xr.DataArray
        Dimension ``time`` (8760, naive UTC, hour beginning), named after its kind;
        ``attrs["units"]`` is ``"EUR MWh-1"`` or the like for prices (``attrs["currency"]``) and
        ``"kg MWh-1"`` for emission factors; ``attrs["repairs"]`` says what was repaired.
    """
    descriptor = Path(descriptor)
    spec, _ = load_descriptor(descriptor)
    return series_of(spec, calendar_year, folder=descriptor.parent if folder is None else folder)


def load_descriptor(path: Path) -> tuple[SeriesSpec, YamlFile]:
    """Read what an hourly file holds, with the place of every key.

    Raises
    ------
    DataError
        All that is wrong with the description at once.
    """
    loaded = load_yaml(path, error=DataError)
    return validate(SeriesSpec, loaded), loaded


def files_of(spec: SeriesSpec, calendar_year: int, folder: Path) -> list[Path]:
    """Return the files that one year of a series is read from."""
    own, neighbours = _files(spec, calendar_year, folder)
    return [*own, *neighbours]


def series_of(spec: SeriesSpec, calendar_year: int, *, folder: Path | str) -> xr.DataArray:
    """Read one year of a series whose description is at hand; see `read_series`."""
    own, neighbours = _files(spec, calendar_year, Path(folder))
    report = RepairReport()
    parts: list[pd.Series] = []
    rejected: list[Fault] = []
    for path in [*own, *neighbours]:
        values, faults = _read_file(path, spec, calendar_year, report, counted=path in own)
        known = [part.index for part in parts]
        for index in known:
            values = values[~values.index.isin(index)]
        parts.append(values)
        rejected += faults
    source = ", ".join(str(path) for path in own)
    frame = pd.concat(parts).to_frame(spec.kind)
    year, _ = repair(
        HourlyTable(source, frame, rejected),
        calendar_year,
        duplicates=spec.duplicates,
        interval_minutes=spec.interval_minutes,
        report=report,
    )
    return _array(year[spec.kind], spec, source, calendar_year, report)


def _files(spec: SeriesSpec, year: int, folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the files of the year, and existing files of the years next to it."""
    names = [spec.file] if isinstance(spec.file, str) else spec.file
    own = [_existing(folder / name.replace("{year}", str(year))) for name in names]
    neighbours = [
        path
        for name in names
        if "{year}" in name
        for other in (year - 1, year + 1)
        if (path := _existing(folder / name.replace("{year}", str(other)))).exists()
    ]
    return own, neighbours


def _existing(path: Path) -> Path:
    """Return the path, or the same file packed or unpacked where only that exists."""
    other = path.with_suffix("") if path.suffix == ".gz" else path.with_name(path.name + ".gz")
    return other if not path.exists() and other.exists() else path


def _read_file(
    path: Path, spec: SeriesSpec, year: int, report: RepairReport, *, counted: bool
) -> tuple[pd.Series, list[Fault]]:
    """Return values by UTC stamp near the year, in `spec.unit`, and the values set to NaN."""
    table = parse_table(
        read_text(path), str(path), skip=spec.header_row - 1, separator=spec.separator
    )
    unreadable: list[Fault] = []
    values = table.numbers(spec.value_column, decimal=spec.decimal, faults=unreadable)
    stamps = _stamps(table, spec)
    if table.faults:
        raise DataError(capped(table.source, table.faults))
    values = values * spec.scale + spec.offset
    low = -np.inf if spec.valid_min is None else spec.valid_min
    high = np.inf if spec.valid_max is None else spec.valid_max
    by_row = {fault.where: fault for fault in unreadable}
    for position in np.flatnonzero((values < low) | (values > high)):
        where = table.where(position)
        text = f"found {values[position]:g} {spec.unit}; valid: {low:g} to {high:g}"
        by_row[where] = Fault(where, f"{spec.value_column}: {text}")
        values[position] = np.nan
    near = np.flatnonzero(timeindex.is_near_year(stamps, year))
    beginning = timeindex.hour_beginning(stamps[near], spec.label, spec.interval_minutes)
    utc = timeindex.to_utc(beginning, spec.time_zone, spec.interval_minutes)
    if counted:
        report.nonexistent += utc.nonexistent
        report.repeated += utc.repeated
    faults = [by_row[w] for p in near if (w := table.where(p)) in by_row]
    return pd.Series(values[near], index=utc.stamps), faults


def _stamps(table: Table, spec: SeriesSpec) -> pd.DatetimeIndex:
    text = pd.Series(table.text(spec.time_column), dtype=str)
    if spec.range_separator:
        text = text.str.split(spec.range_separator, n=1, regex=False).str[0]
    if spec.year is not None:
        hours = pd.to_numeric(text, errors="coerce")
        stamps = pd.Timestamp(spec.year, 1, 1) + pd.to_timedelta(hours, unit="h")
    else:
        is_aware = spec.time_zone == timeindex.AWARE
        wrong = text.str.contains(_HAS_OFFSET) != is_aware
        if spec.time_format == "ISO8601" and wrong.any():
            text = text.mask(wrong & (text != ""), "")
            said = "has no offset" if is_aware else "carries an offset: use time_zone aware"
            _add_faults(table, spec.time_column, np.flatnonzero(wrong), said)
            return pd.DatetimeIndex([])
        dated = text.where(text.str.contains(r"\d"), "")  # pandas takes words such as now for times
        stamps = pd.to_datetime(dated, format=spec.time_format, errors="coerce", utc=is_aware)
    if spec.hour_column:
        hours = pd.to_numeric(
            pd.Series(table.text(spec.hour_column), dtype=str).str.split(":").str[0],
            errors="coerce",
        )
        stamps = stamps + pd.to_timedelta(hours, unit="h")
    unreadable = np.flatnonzero(stamps.isna())
    said = f"no time can be read (format {spec.time_format})"
    _add_faults(table, spec.time_column, unreadable, said)
    return pd.DatetimeIndex(stamps)


def _add_faults(table: Table, column: str, positions: Iterable[np.integer], said: str) -> None:
    text = table.text(column)
    for position in positions:
        message = f"{column}: '{text[position][:40]}' {said}"
        table.faults.append(Fault(table.where(position), message))


def _array(
    values: pd.Series, spec: SeriesSpec, source: str, year: int, report: RepairReport
) -> xr.DataArray:
    factor, currency, units = _unit_factor(spec)
    attributes = {
        "units": units,
        "long_name": spec.title or _LONG_NAMES[spec.kind],
        "cell_methods": "time: mean",
        "source": f"{spec.source}; {source}" if spec.source else source,
        "calendar_year": year,
        "hours_repaired": report.hours_filled,
        "repairs": str(report),
    }
    if currency:
        attributes["currency"] = currency
    if spec.note:
        attributes["comment"] = spec.note
    time = values.index.to_numpy().astype("datetime64[ns]")
    data = values.to_numpy(dtype=float) * factor
    return xr.DataArray(data, {"time": time}, ("time",), name=spec.kind, attrs=attributes)
