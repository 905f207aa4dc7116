"""Weather file formats: each reader turns text into rows with stamps and canonical columns.

Readers keep to the file's own clock and say which it is; `dcmodel.inputs.weather` brings it to UTC.
Numbers are converted to the canonical units here, the missing-value codes of a format become NaN.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.timeindex import LONGEST_SHIFT_HOURS
from dcmodel.inputs.textfile import Table, parse_table

Floats = npt.NDArray[np.float64]

PA_PER_HPA = 100.0
_PVGIS_SOURCE = "ECMWF/ERA"


class Site(NamedTuple):
    """Place of a weather file; None where the file does not say."""

    latitude: float | None = None
    """North positive. [degree]"""
    longitude: float | None = None
    """East positive. [degree]"""
    elevation: float | None = None
    """Above sea level. [m]"""
    utc_offset: float | None = None
    """Clock of the file minus UTC, the same all year. [h]"""


@dataclass
class RawWeather:
    """A weather file as found, in canonical units, on its own clock.

    Parameters
    ----------
    source : str
        Name of the file for messages.
    title : str
        Station and data set.
    frame : DataFrame
        Canonical columns (``temp_dew`` where there is no humidity) indexed by naive local stamps of
        the hour's beginning.
    rows : ndarray
        Row of the file of each row of `frame`.
    site : Site
        Place and clock.
    is_typical : bool
        Whether the months come from several years.
    is_curated : bool
        Whether the file is a finished product, in which a bad value is damage and not a gap.
    faults : list of Fault
        Unreadable cells and rows.
    """

    source: str
    title: str
    frame: pd.DataFrame
    rows: npt.NDArray[np.int64]
    site: Site
    is_typical: bool
    is_curated: bool = True
    interval_minutes: int = 60
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Column:
    """Where a canonical variable stands in a format.

    Parameters
    ----------
    name : str
        Column of the file.
    factor : float
        Canonical value per value of the file.
    missing : float or None
        The format's code for "missing".
    """

    name: str
    factor: float = 1.0
    missing: float | None = None


# The first 22 of the 35 fields of the EPW definition, in order.
# fmt: off
_EPW_COLUMNS = [
    "year", "month", "day", "hour", "minute", "flags",
    "temp_air", "temp_dew", "relative_humidity", "pressure", "etr",
    "etrn", "infrared", "ghi", "dni", "dhi", "illuminance",
    "illuminance_normal", "illuminance_diffuse", "luminance", "wind_direction", "wind_speed",
]
# fmt: on
_EPW = {
    "temp_air": Column("temp_air", missing=99.9),
    "relative_humidity": Column("relative_humidity", missing=999),
    "pressure": Column("pressure", missing=999999),
    "wind_speed": Column("wind_speed", missing=999),
    "ghi": Column("ghi", missing=9999),
    "dni": Column("dni", missing=9999),
    "dhi": Column("dhi", missing=9999),
}
_TMY3 = {
    "temp_air": Column("Dry-bulb (C)", missing=-9900),
    "relative_humidity": Column("RHum (%)", missing=-9900),
    "pressure": Column("Pressure (mbar)", PA_PER_HPA, missing=-9900),
    "wind_speed": Column("Wspd (m/s)", missing=-9900),
    "ghi": Column("GHI (W/m^2)", missing=-9900),
    "dni": Column("DNI (W/m^2)", missing=-9900),
    "dhi": Column("DHI (W/m^2)", missing=-9900),
}
_PVGIS = {
    "temp_air": Column("T2m"),
    "relative_humidity": Column("RH"),
    "pressure": Column("SP"),
    "wind_speed": Column("WS10m"),
    "ghi": Column("G(h)"),
    "dni": Column("Gb(n)"),
    "dhi": Column("Gd(h)"),
}
_NSRDB = {
    "temp_air": Column("Temperature"),
    "pressure": Column("Pressure", PA_PER_HPA),
    "wind_speed": Column("Wind Speed"),
    "ghi": Column("GHI"),
    "dni": Column("DNI"),
    "dhi": Column("DHI"),
}


def read_epw(text: str, source: str) -> RawWeather:
    """Read an EnergyPlus weather file: local standard time, hours 1 to 24, hour ending."""
    lines = text.splitlines()[:8]
    header = next(csv.reader(lines[:1]), [])
    if not header or header[0].strip().upper() != "LOCATION" or len(header) < 10:
        raise DataError(Fault(f"{source}:1", "an EPW file begins with a LOCATION row of 10 fields"))
    if len(lines) < 8 or not lines[7].upper().startswith("DATA PERIODS"):
        raise DataError(Fault(f"{source}:8", "the eighth row of an EPW file is DATA PERIODS"))
    per_hour = lines[7].split(",")[2].strip() if lines[7].count(",") > 1 else ""
    if per_hour != "1":
        msg = f"found {per_hour or 'no'} records per hour; only hourly files are read"
        raise DataError(Fault(f"{source}:8", msg))
    table = parse_table(text, source, columns=_EPW_COLUMNS, skip=8)
    site = _site(source, header[6], header[7], header[9], header[8])
    notes = []
    if header[4].strip() == _PVGIS_SOURCE and "Irradiance Time Offset" in lines[6]:
        # PVGIS writes the UTC hour as the EPW hour, whatever zone its header names: the rows are
        # those of its csv file, which is in UTC.
        site = site._replace(utc_offset=0.0)
        notes.append("PVGIS: rows are in UTC, the header's time zone is not used")
    stamps = _stamps(table, "year", "month", "day") + _hours(table, "hour", ending=True)
    title = " ".join(part.strip() for part in header[1:5] if part.strip(" -"))
    frame = _frame(table, _EPW, stamps)
    return RawWeather(
        source, title, frame, table.rows, site, is_typical=True, faults=table.faults, notes=notes
    )


def read_tmy3(text: str, source: str) -> RawWeather:
    """Read an NREL TMY3 file: local standard time, hours 01:00 to 24:00, hour ending."""
    header = next(csv.reader(text.splitlines()[:1]), [])
    if len(header) < 7:
        raise DataError(Fault(f"{source}:1", "a TMY3 file begins with a station row of 7 fields"))
    site = _site(source, header[4], header[5], header[6], header[3])
    table = parse_table(text, source, skip=1)
    days = pd.to_datetime(
        pd.Series(table.text("Date (MM/DD/YYYY)")), format="%m/%d/%Y", errors="coerce"
    )
    _unreadable_days(table, days, "Date (MM/DD/YYYY)")
    stamps = pd.DatetimeIndex(days) + _hours(table, "Time (HH:MM)", ending=True)
    title = f"{header[1].strip()} {header[2].strip()} TMY3"
    frame = _frame(table, _TMY3, stamps)
    return RawWeather(source, title, frame, table.rows, site, is_typical=True, faults=table.faults)


def read_pvgis(text: str, source: str) -> RawWeather:
    """Read a PVGIS TMY csv file: UTC, instantaneous values a few minutes past the hour."""
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("time(UTC)")), None)
    if start is None:
        raise DataError(Fault(source, "a PVGIS file has a row that begins with 'time(UTC)'"))
    header = dict(line.split(":", 1) for line in lines[:start] if ":" in line)
    wanted = ("Latitude (decimal degrees)", "Longitude (decimal degrees)", "Elevation (m)")
    latitude, longitude, elevation = (header.get(name, "") for name in wanted)
    site = _site(source, latitude, longitude, elevation, utc_offset="0")
    table = parse_table(text, source, skip=start, until_blank=True)
    stamps = pd.to_datetime(
        pd.Series(table.text("time(UTC)")), format="%Y%m%d:%H%M", errors="coerce"
    )
    _unreadable_days(table, stamps, "time(UTC)")
    frame = _frame(table, _PVGIS, pd.DatetimeIndex(stamps).floor("h"))
    return RawWeather(
        source, "PVGIS TMY", frame, table.rows, site, is_typical=True, faults=table.faults
    )


def read_nsrdb(text: str, source: str) -> RawWeather:
    """Read an NSRDB PSM csv file (SAM layout), or its bare table; labels lie inside the hour."""
    head = text.splitlines()[:2]
    has_site = len(head) > 1 and head[0].startswith("Source,")
    site, version = Site(), ""
    if has_site:
        header = dict(zip(*(next(csv.reader([line])) for line in head), strict=False))
        wanted = ("Latitude", "Longitude", "Elevation", "Time Zone")
        site = _site(source, *(header.get(name, "") for name in wanted))
        version = header.get("Version", "")
    table = parse_table(text, source, skip=2 if has_site else 0)
    stamps = _stamps(table, "Year", "Month", "Day") + _hours(table, "Hour", ending=False)
    minutes = table.numbers("Minute")
    humidity = {"relative_humidity": Column("Relative Humidity")}
    dew = {"temp_dew": Column("Dew Point")}
    columns = _NSRDB | (humidity if "Relative Humidity" in table.columns else dew)
    interval = 60 // max(1, len(np.unique(minutes[~np.isnan(minutes)])))
    if interval < 60:
        stamps += pd.to_timedelta(np.floor(np.nan_to_num(minutes) / interval) * interval, unit="m")
    years = np.unique(np.asarray(stamps.dropna().year))
    return RawWeather(
        source,
        f"NSRDB {version}".strip(),
        _frame(table, columns, stamps),
        table.rows,
        site,
        is_typical=len(years) > 1,
        interval_minutes=interval,
        faults=table.faults,
    )


_SPEED = {"km/h": 1 / 3.6, "m/s": 1.0, "kn": 1852 / 3600, "mp/h": 1609.344 / 3600}
_IDENTITY = {"%": 1.0, "W/m²": 1.0, "°C": 1.0}
_OPEN_METEO: dict[str, tuple[tuple[str, ...], Mapping[str, float]]] = {
    "temp_air": (("temperature_2m",), _IDENTITY),
    "relative_humidity": (("relative_humidity_2m", "relativehumidity_2m"), _IDENTITY),
    "pressure": (("surface_pressure",), {"hPa": PA_PER_HPA}),
    "wind_speed": (("wind_speed_10m", "windspeed_10m"), _SPEED),
    "cloud_cover": (("cloud_cover", "cloudcover"), {"%": 0.01}),
    "ghi": (("shortwave_radiation",), _IDENTITY),
    "dni": (("direct_normal_irradiance",), _IDENTITY),
    "dhi": (("diffuse_radiation",), _IDENTITY),
}


def read_open_meteo(text: str, source: str) -> RawWeather:
    """Read an Open-Meteo archive answer: one fixed offset for the whole file, no summer time."""
    try:
        answer = json.loads(text)
        hourly, units = answer["hourly"], answer["hourly_units"]
        offset = float(answer["utc_offset_seconds"]) / 3600
        wanted = ("latitude", "longitude", "elevation")
        latitude, longitude, elevation = (str(answer[name]) for name in wanted)
        if not isinstance(hourly, dict) or not isinstance(units, dict):
            msg = "hourly and hourly_units must be objects"
            raise TypeError(msg)
        times = [str(stamp) for stamp in hourly["time"]]
        stamps = pd.to_datetime(pd.Series(times, dtype=str), format="ISO8601", errors="coerce")
        length = len(times)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        msg = f"is not an Open-Meteo answer ({type(error).__name__}: {str(error)[:80]})"
        raise DataError(Fault(source, msg)) from None
    site = _site(source, latitude, longitude, elevation, str(offset))
    columns, faults = _open_meteo_columns(hourly, units, length, source)
    if stamps.isna().any() or stamps.dt.tz is not None:
        faults.append(Fault(source, "hourly.time: holds stamps that are not local ISO 8601"))
    if faults:
        raise DataError(faults)
    frame = pd.DataFrame(columns, index=pd.DatetimeIndex(stamps))
    radiation = [name for name in ("ghi", "dni", "dhi") if name in frame]
    # Open-Meteo's radiation is the mean of the hour before the stamp, all else is at the stamp.
    frame[radiation] = frame[radiation].shift(-1)
    rows = np.arange(1, length + 1)
    return RawWeather(source, "Open-Meteo", frame, rows, site, is_typical=False, is_curated=False)


def _open_meteo_columns(
    hourly: Mapping[str, Any], units: Mapping[str, Any], length: int, source: str
) -> tuple[dict[str, Floats], list[Fault]]:
    columns: dict[str, Floats] = {}
    faults = []
    for name, (keys, factors) in _OPEN_METEO.items():
        key = next((key for key in keys if key in hourly), None)
        if key is None:
            continue
        unit = str(units.get(key))
        if unit not in factors:
            msg = f"{key}: found unit '{unit}'; allowed: {', '.join(factors)}"
            faults.append(Fault(source, msg))
        elif not isinstance(hourly[key], list) or len(hourly[key]) != length:
            faults.append(Fault(source, f"hourly.{key}: {length} values are required, as in time"))
        else:
            numbers = pd.to_numeric(pd.Series(hourly[key], dtype=object), errors="coerce")
            columns[name] = np.array(numbers, dtype=float) * factors[unit]
    if not faults and not {"temp_air", "relative_humidity", "wind_speed"} <= set(columns):
        faults.append(Fault(source, "temperature, relative humidity and wind at 10 m are required"))
    return columns, faults


FORMATS: dict[str, Callable[[str, str], RawWeather]] = {
    "epw": read_epw,
    "tmy3": read_tmy3,
    "pvgis": read_pvgis,
    "nsrdb": read_nsrdb,
    "openmeteo": read_open_meteo,
}


def sniff(text: str) -> str | None:
    """Return the key in `FORMATS` that the beginning of a file speaks for, or None."""
    lines = text[:5000].splitlines() or [""]
    first, second = lines[0], lines[1] if len(lines) > 1 else ""
    if first.upper().startswith("LOCATION,"):
        return "epw"
    if second.startswith("Date (MM/DD/YYYY),"):
        return "tmy3"
    if first.startswith("Latitude (decimal degrees)"):
        return "pvgis"
    if first.lstrip().startswith("{"):
        return "openmeteo"
    table_head = ("Year,Month,Day,Hour,Minute", ",Year,Month,Day,Hour,Minute")
    if first.startswith(("Source,", *table_head)):
        return "nsrdb"
    return None


def _site(source: str, latitude: str, longitude: str, elevation: str, utc_offset: str) -> Site:
    """Return the site of a header; refuse what is no number or lies outside the earth."""
    limits = {
        "latitude": (latitude, -90.0, 90.0),
        "longitude": (longitude, -180.0, 180.0),
        "elevation": (elevation, -500.0, 9000.0),
        "time zone": (utc_offset, -LONGEST_SHIFT_HOURS, LONGEST_SHIFT_HOURS),
    }
    values, faults = [], []
    for name, (text, low, high) in limits.items():
        try:
            value = float(text)
        except ValueError:
            value = np.nan
        if not low <= value <= high:
            msg = f"{name}: found '{text.strip()}'; a number from {low:g} to {high:g} is required"
            faults.append(Fault(f"{source} header", msg))
        values.append(value)
    if faults:
        raise DataError(faults)
    return Site(*values)


def _frame(table: Table, columns: Mapping[str, Column], stamps: pd.DatetimeIndex) -> pd.DataFrame:
    data = {}
    for name, column in columns.items():
        values = table.numbers(column.name)
        if column.missing is not None:
            is_code = np.isclose(values, column.missing)
            values[is_code] = np.nan
        data[name] = values * column.factor
    return pd.DataFrame(data, index=stamps)


def _stamps(table: Table, year: str, month: str, day: str) -> pd.DatetimeIndex:
    parts = {
        "year": table.numbers(year),
        "month": table.numbers(month),
        "day": table.numbers(day),
    }
    days = pd.to_datetime(pd.DataFrame(parts), errors="coerce")
    _unreadable_days(table, days, f"{year}, {month}, {day}")
    return pd.DatetimeIndex(days)


def _unreadable_days(table: Table, days: pd.Series, name: str) -> None:
    for position in np.flatnonzero(days.isna()):
        cells = ", ".join(cell.strip() for cell in table.cells[position][:5])
        msg = f"{name}: no date can be read from '{cells}'"
        table.faults.append(Fault(table.where(position), msg))


def _hours(table: Table, name: str, *, ending: bool) -> pd.TimedeltaIndex:
    """Return the hour's beginning after midnight from an hour column such as 1, 24 or 24:00."""
    cells = table.text(name)
    text = pd.Series([cell.split(":")[0] for cell in cells], dtype=str)
    hours = np.array(pd.to_numeric(text, errors="coerce"), dtype=float)
    first, last = (1, 24) if ending else (0, 23)
    wrong = ~((hours >= first) & (hours <= last) & (hours == np.floor(hours)))
    for position in np.flatnonzero(wrong):
        msg = f"{name}: found '{cells[position][:20]}'; allowed: {first} to {last}"
        table.faults.append(Fault(table.where(position), msg))
    return pd.TimedeltaIndex(pd.to_timedelta(np.where(wrong, np.nan, hours - first), unit="h"))
