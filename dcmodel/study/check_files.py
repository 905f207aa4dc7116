"""Files of a study: each is opened once, and all that is wrong in it is told where it is named."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcmodel.base.errors import DcmodelError
from dcmodel.base.registry import nearest
from dcmodel.study import library
from dcmodel.study.findings import Finding, Loc, data_finding
from dcmodel.study.parts import Parts
from dcmodel.study.spec import Cooling, SeriesFile, SiteEntry, StudySpec, WeatherFile

WITH_FILES = ("weather", "prices", "carbon", "cooling")
"""Settings that may name a file: of the study, and of a site in its place."""


def named(parts: Parts, *, by_label: bool) -> Iterator[tuple[Loc, str]]:
    """Yield every file that a study names, with its place: sites by label, or by position."""
    holders: list[tuple[Loc, dict[str, object]]] = [((), parts)]
    for position, entry in enumerate(parts.get("sites", ())):
        place = entry.label if by_label else position
        settings = {key: getattr(entry, key) for key in WITH_FILES}
        holders.append((("sites", place), settings))
    for name, work in parts.get("workloads", {}).items():
        if work.trace is not None:
            yield ("workloads", name, "trace", "file"), work.trace.file
    for loc, holder in holders:
        for key in WITH_FILES:
            value = holder.get(key)
            if isinstance(value, WeatherFile):
                yield (*loc, key, "file"), value.file
            elif isinstance(value, SeriesFile):
                yield (*loc, key, "series"), value.series
            elif isinstance(value, Cooling) and value.file is not None:
                yield (*loc, key, "file"), value.file


def missing_files(parts: Parts, folder: Path) -> Iterator[Finding]:
    """Yield every name of a file under which there is none."""
    for loc, name in named(parts, by_label=True):
        path = folder / name
        if (fault := _no_file(path)) is not None:
            yield data_finding(loc, f"no file '{name}' ({fault})")


def is_file(path: Path) -> bool:
    """Return whether there is a file; a name that no file can have is none."""
    return _no_file(path) is None


def _no_file(path: Path) -> str | None:
    """Return why a path is no file, with the nearest name; None where it is one."""
    try:
        if path.is_file():
            return None
        if path.is_dir():
            return f"{path} is a folder; name the file in it"
        names = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
    except (OSError, ValueError) as error:
        return f"{error}; give the path of a file"
    return f"looked for {path}{nearest(path.name, names)}"


@dataclass(frozen=True)
class _Setting:
    """What holds for a site of one of the settings, and where the study says so."""

    value: Any
    loc: Loc


def calendars(parts: Parts, folder: Path) -> Iterator[Finding]:
    """Yield sites whose series name different calendars: weekdays go together."""
    for entry in parts.get("sites", ()) or (None,):
        years = _stated_years(parts, entry)
        if len({year for year, _ in years.values()}) > 1:
            stated = ", ".join(f"{key}: {year}" for key, (year, _) in years.items())
            own = [loc for _, loc in years.values() if loc[0] == "sites"]
            loc = own[0] if own else next(iter(years.values()))[1]
            yield Finding(loc, f"calendar years differ ({stated}); take one year for all")


def contents(parts: Parts, folder: Path) -> Iterator[Finding]:
    """Yield what is wrong inside the files of weather, prices and carbon of every site."""
    said: set[tuple[Loc, str]] = set()
    for entry in parts.get("sites", ()) or (None,):
        for finding in _of_site(parts, entry, folder):
            if (finding.loc, finding.message) not in said:
                yield finding
            said.add((finding.loc, finding.message))


def _of_site(parts: Parts, entry: SiteEntry | None, folder: Path) -> Iterator[Finding]:
    from dcmodel.study import files

    years = {year for year, _ in _stated_years(parts, entry).values()}
    year = min(years) if years else None
    weather = _setting(parts, entry, "weather")
    if isinstance(weather.value, WeatherFile) and is_file(folder / weather.value.file):
        path, form = folder / weather.value.file, weather.value.format
        found = yield from _tried(
            (*weather.loc, "file"), lambda: files.weather_year(path, form, year)
        )
        year = year or (None if found is None else int(found.attrs["calendar_year"]))
    elif year is None and weather.value == "typical":
        from dcmodel.base.timeindex import TYPICAL_YEAR

        year = TYPICAL_YEAR
    for key, kind in files.SERIES_KINDS.items():
        series = _setting(parts, entry, key)
        if not isinstance(series.value, SeriesFile) or not is_file(folder / series.value.series):
            continue
        yield from _series(parts, folder / series.value.series, series.loc, kind, year)


def _series(parts: Parts, path: Path, loc: Loc, kind: str, year: int | None) -> Iterator[Finding]:
    """Yield what is wrong with a series: its description, its hours, its money."""
    from dcmodel.study import files

    loc = (*loc, "series")
    if year is None:  # the weather that would tell the year cannot be read
        yield from _tried(loc, lambda: files.descriptor_of(path, kind))
        return
    found = yield from _tried(loc, lambda: files.series_year(path, year, kind))
    money = parts.get("currency_year", StudySpec.model_fields["currency_year"].default)
    if found is not None and "currency" in found.attrs:
        currency = found.attrs["currency"]
        yield from _tried(loc, lambda: library.money_factor(currency, year, money))


def _tried(loc: Loc, read: Callable[[], Any]) -> Generator[Finding, None, Any]:
    """Read something; yield its faults at a place of the study, and return it."""
    try:
        return read()
    except DcmodelError as error:
        for fault in error.faults:
            yield data_finding(loc, str(fault))
    return None


def _setting(parts: Parts, entry: SiteEntry | None, key: str) -> _Setting:
    own = None if entry is None else getattr(entry, key)
    if entry is None or own is None:
        return _Setting(parts.get(key), (key,))
    return _Setting(own, ("sites", entry.label, key))


def _stated_years(parts: Parts, entry: SiteEntry | None) -> dict[str, tuple[int, Loc]]:
    """Return the calendar years that hold for a site, and where the study states them."""
    found: dict[str, tuple[int, Loc]] = {}
    for key in ("prices", "carbon"):
        series = _setting(parts, entry, key)
        if isinstance(series.value, SeriesFile) and series.value.calendar_year is not None:
            found[key] = series.value.calendar_year, (*series.loc, "calendar_year")
    if parts.get("calendar_year") is not None:
        found["calendar_year"] = parts["calendar_year"], ("calendar_year",)
    return found
