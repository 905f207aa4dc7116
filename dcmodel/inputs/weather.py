"""Hourly weather of one year: any supported file to the canonical data set.

Files are read with their own clock and labels (`weather_formats`), checked against physical
limits, brought to UTC and to 8,760 hours (`repair`), and completed where a published model allows
it: humidity from dew point, pressure from elevation, irradiance from cloud cover. What was repaired
and what was derived stands in the attributes of the data set.

Finished products (typical years, NSRDB) are refused when one cell is unreadable or impossible;
in observed or modelled years such a value counts as missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from pvlib import atmosphere

from dcmodel.base import timeindex
from dcmodel.base.errors import DataError, Fault
from dcmodel.base.registry import nearest
from dcmodel.inputs import clouds
from dcmodel.inputs.repair import HourlyTable, RepairReport, capped, repair
from dcmodel.inputs.textfile import read_text
from dcmodel.inputs.weather_formats import FORMATS, RawWeather, Site, sniff


@dataclass(frozen=True)
class Variable:
    """A canonical variable: unit, name, and the values that can occur on earth."""

    units: str
    long_name: str
    lowest: float
    highest: float


# Limits lie just outside the extremes on record (WMO archive of weather and climate extremes).
VARIABLES: dict[str, Variable] = {
    "temp_air": Variable("degC", "Air temperature (dry bulb)", -90, 60),
    "relative_humidity": Variable("%", "Relative humidity", 0, 110),
    "pressure": Variable("Pa", "Air pressure at the station", 45_000, 110_000),
    "wind_speed": Variable("m s-1", "Wind speed at 10 m", 0, 113),
    "ghi": Variable("W m-2", "Global horizontal irradiance", -20, 1600),
    "dni": Variable("W m-2", "Direct normal irradiance", -20, 1400),
    "dhi": Variable("W m-2", "Diffuse horizontal irradiance", -20, 1400),
    "cloud_cover": Variable("1", "Cloud cover", 0, 1),
    "temp_dew": Variable("degC", "Dew point", -100, 60),
}
REQUIRED = ("temp_air", "relative_humidity", "pressure", "wind_speed", "ghi", "dni", "dhi")
RADIATION = ("ghi", "dni", "dhi")

LARGEST_NOON_ERROR = 0.9
"""Largest distance of the centre of the year's sunshine from solar noon. [h]

Sound files lie up to 0.6 h apart, where afternoons are clearer or radiation is of the hour's end.
"""

_DEGREES_PER_HOUR = 15.0


def read_weather(
    path: Path | str,
    format: str | None = None,
    *,
    calendar_year: int | None = None,
    typical: bool | None = None,
    site: Site | None = None,
    neighbours: Sequence[Path | str] = (),
) -> xr.Dataset:
    """Read one year of hourly weather.

    Parameters
    ----------
    path : Path or str
        EPW, TMY3, PVGIS TMY (csv, epw), NSRDB PSM csv or Open-Meteo JSON; gzip or plain.
    format : str, optional
        ``epw``, ``tmy3``, ``pvgis``, ``nsrdb`` or ``openmeteo``; by default the content decides.
    calendar_year : int, optional
        Year of the stamps. By default the year of the data, and 2025 for typical years.
    typical : bool, optional
        Whether the file's own years are replaced by `calendar_year`; by default the format decides.
    site : Site, optional
        Replaces what the header says, or says it where there is no header.
    neighbours : sequence of Path, optional
        Files of the years before and after, for the hours that the time zone moves over New Year.
        Without them those hours come from the other end of the file.

    Returns
    -------
    xr.Dataset
        Dimension ``time`` (8760, naive UTC, hour beginning); ``temp_air`` [degC],
        ``relative_humidity`` [%], ``pressure`` [Pa], ``wind_speed`` [m s-1], ``ghi``, ``dni``,
        ``dhi`` [W m-2], where known ``cloud_cover`` [1]. Attributes: place, ``source``,
        ``calendar_year``, ``repairs``, ``derived``.
    """
    raw = _read_file(path, format)
    raw.site = _merged(raw.site, site)
    raw.is_typical = raw.is_typical if typical is None else typical
    _refuse_incomplete_site(raw)
    further = [_read_file(other, format) for other in neighbours]
    rejected = [fault for part in (raw, *further) for fault in _checked(part)]
    if rejected and raw.is_curated:
        raise DataError(capped(raw.source, rejected))
    year = _calendar_year(raw, calendar_year)
    report = RepairReport(notes=list(raw.notes))
    frame = _model_year(raw, further, year, rejected, report)
    derived = _complete(frame, raw)
    _clip(frame, report)
    _refuse_wrong_clock(frame, raw, derived)
    return _dataset(frame, raw, year, report, derived)


def _read_file(path: Path | str, format: str | None) -> RawWeather:
    text = read_text(path)
    key = format or sniff(text)
    if key is None or key not in FORMATS:
        found = "its beginning is of no known kind" if key is None else f"no format '{key}'"
        hint = nearest(key or "", list(FORMATS))
        msg = f"{found}{hint} (formats: {', '.join(FORMATS)})"
        raise DataError(Fault(str(path), msg))
    raw = FORMATS[key](text, str(path))
    if len(raw.frame) == 0:
        raise DataError(capped(raw.source, raw.faults))
    return raw


def _merged(found: Site, given: Site | None) -> Site:
    if given is None:
        return found
    return Site(*(old if new is None else new for old, new in zip(found, given, strict=True)))


def _refuse_incomplete_site(raw: RawWeather) -> None:
    lacking = [name for name, value in raw.site._asdict().items() if value is None]
    if lacking:
        msg = f"has no header with {', '.join(lacking)}; give them with the file (site)"
        raise DataError(Fault(raw.source, msg))


def _checked(raw: RawWeather) -> list[Fault]:
    """Set impossible values to NaN and return all faults of the file."""
    faults = list(raw.faults)
    for name in raw.frame:
        limits = VARIABLES[str(name)]
        values = raw.frame[name].to_numpy(dtype=float, copy=True)
        with np.errstate(invalid="ignore"):
            wrong = (values < limits.lowest) | (values > limits.highest)
        for position in np.flatnonzero(wrong):
            msg = (
                f"{name}: found {values[position]:g} {limits.units}; "
                f"possible: {limits.lowest:g} to {limits.highest:g}"
            )
            faults.append(Fault(f"{raw.source}:{raw.rows[position]}", msg))
        values[wrong] = np.nan
        raw.frame[name] = values
    return faults


def _calendar_year(raw: RawWeather, wanted: int | None) -> int:
    if raw.is_typical:
        return wanted or timeindex.TYPICAL_YEAR
    years = pd.DatetimeIndex(raw.frame.index).year
    found, counts = np.unique(np.asarray(years.dropna(), dtype=int), return_counts=True)
    if wanted is not None and wanted not in found:
        msg = f"holds {', '.join(map(str, found))}, not {wanted}; use the file as a typical year"
        raise DataError(Fault(raw.source, msg))
    return wanted or int(found[np.argmax(counts)])


def _model_year(
    raw: RawWeather,
    further: Sequence[RawWeather],
    year: int,
    rejected: Sequence[Fault],
    report: RepairReport,
) -> pd.DataFrame:
    """Bring the rows to UTC and to the model hours of the year."""
    clock_year = timeindex.TYPICAL_YEAR if raw.is_typical else year
    parts: list[pd.DataFrame] = []
    for part in (raw, *further):
        frame = part.frame.copy()
        stamps = pd.DatetimeIndex(frame.index)
        if raw.is_typical:
            report.leap_hours += int(timeindex.is_leap_day(stamps).sum())
            stamps = timeindex.relabel(stamps, clock_year)
        frame.index = stamps - pd.Timedelta(hours=part.site.utc_offset or 0.0)
        parts.append(frame[~frame.index.isin(parts[0].index)] if parts else frame)
    table = HourlyTable(raw.source, pd.concat(parts), rejected)
    frame, _ = repair(table, clock_year, interval_minutes=raw.interval_minutes, report=report)
    frame.index = timeindex.model_hours(year)
    return frame


def _complete(frame: pd.DataFrame, raw: RawWeather) -> str:
    """Derive what the file lacks; return the methods in words."""
    latitude, longitude, elevation, _ = (float(value or 0.0) for value in raw.site)
    methods = []
    if "relative_humidity" not in frame:
        dew, dry = frame["temp_dew"].to_numpy(), frame["temp_air"].to_numpy()
        frame["relative_humidity"] = atmosphere.rh_from_tdew(dry, np.minimum(dew, dry))
        methods.append("relative humidity from dew point")
    if "pressure" not in frame:
        frame["pressure"] = float(atmosphere.alt2pres(elevation))
        methods.append("pressure from elevation (standard atmosphere)")
    if not set(RADIATION) <= set(frame):
        if "cloud_cover" not in frame:
            msg = "has neither irradiance nor cloud cover; use another file"
            raise DataError(Fault(raw.source, msg))
        hours, cover = pd.DatetimeIndex(frame.index), frame["cloud_cover"].to_numpy(dtype=float)
        parts = clouds.irradiance_from_cloud_cover(hours, cover, latitude, longitude, elevation)
        for name, values in parts.items():
            frame[name] = values
        methods.append(clouds.METHOD)
    return "; ".join(methods) or "none"


def _clip(frame: pd.DataFrame, report: RepairReport) -> None:
    """Bring sensor noise just outside the physical range back to it, and say so."""
    humidity = frame["relative_humidity"]
    if count := int((humidity > 100).sum()):
        report.notes.append(f"{count} values of relative humidity above 100 % set to 100 %")
    frame["relative_humidity"] = humidity.clip(upper=100)
    for name in RADIATION:
        if count := int((frame[name] < 0).sum()):
            report.notes.append(f"{count} negative values of {name} set to 0")
        frame[name] = frame[name].clip(lower=0) + 0.0  # turns -0.0 into 0.0


def _refuse_wrong_clock(frame: pd.DataFrame, raw: RawWeather, derived: str) -> None:
    """Refuse a file whose sunshine is not centred on solar noon: wrong time zone or longitude."""
    if clouds.METHOD in derived:
        return
    error = noon_error(frame["ghi"].to_numpy(dtype=float), float(raw.site.longitude or 0.0))
    if abs(error) > LARGEST_NOON_ERROR:
        msg = (
            f"irradiance is centred {error:+.1f} h from solar noon; check longitude "
            f"({raw.site.longitude:g}) and time zone ({raw.site.utc_offset:+g} h) of the header"
        )
        raise DataError(Fault(raw.source, msg))


def noon_error(ghi: npt.NDArray[np.float64], longitude: float) -> float:
    """Return how long after solar noon a year's irradiance is centred.

    Parameters
    ----------
    ghi : ndarray, shape (8760,)
        Global irradiance in UTC hours. [W m-2]
    longitude : float
        East positive. [degree]

    Returns
    -------
    float
        Positive when the irradiance comes late. [h]
    """
    by_hour = ghi.reshape(-1, 24).sum(axis=0)
    if not by_hour.any():
        return 0.0
    angle = np.angle(np.sum(by_hour * np.exp(2j * np.pi * (np.arange(24) + 0.5) / 24)))
    error = angle * 24 / (2 * np.pi) - (12.0 - longitude / _DEGREES_PER_HOUR)
    return float((error + 12.0) % 24.0 - 12.0)


def _dataset(
    frame: pd.DataFrame, raw: RawWeather, year: int, report: RepairReport, derived: str
) -> xr.Dataset:
    names = [*REQUIRED, *(["cloud_cover"] if "cloud_cover" in frame else [])]
    time = frame.index.to_numpy().astype("datetime64[ns]")
    variables = {}
    for name in names:
        attributes = {
            "units": VARIABLES[name].units,
            "long_name": VARIABLES[name].long_name,
            "cell_methods": "time: mean",
        }
        variables[name] = ("time", frame[name].to_numpy(dtype=float), attributes)
    provenance: dict[str, str | float | int | None] = {
        "title": raw.title,
        "latitude": raw.site.latitude,
        "longitude": raw.site.longitude,
        "elevation": raw.site.elevation,
        "source": raw.source,
        "calendar_year": year,
        "hours_repaired": report.hours_filled,
        "repairs": str(report),
        "derived": derived,
    }
    return xr.Dataset(variables, coords={"time": time}, attrs=provenance)
