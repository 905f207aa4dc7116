"""Files that a study names, read once: the one reader of its checks and of its cases.

A file is read again when it, or a file it names, has changed on disk. What is wrong with it is kept
as well, so that many sites and scenarios that share a broken file cost one reading.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeVar

import xarray as xr

from dcmodel.base.errors import DataError, DcmodelError, Fault
from dcmodel.inputs.series import SeriesSpec, files_of, load_descriptor, series_of
from dcmodel.inputs.sites import Site
from dcmodel.inputs.weather import read_weather
from dcmodel.profiles.synthetic import typical_year

_KEPT = 64
"""Years of weather and of series that are kept: half a megabyte each."""
_Stamp = tuple[int, int] | None
_Read = TypeVar("_Read")

Outcome = tuple[_Read | None, DcmodelError | None]


def weather_year(path: Path, form: str | None, calendar_year: int | None) -> xr.Dataset:
    """Return a year of weather from a file; see `dcmodel.inputs.weather.read_weather`.

    Raises
    ------
    DataError
    """
    return _given(_weather(path, _stamp(path), form, calendar_year)).copy()


def typical_weather_year(site: Site, seed: int, calendar_year: int) -> xr.Dataset:
    """Return the typical year of a site's climate, drawn once for all that share it."""
    return _typical(site.model_dump_json(), seed, calendar_year).copy()


def series_year(path: Path, calendar_year: int, kind: str) -> xr.DataArray:
    """Return a year of the series that a descriptor tells of, as `read_series`.

    Parameters
    ----------
    path : Path
        The descriptor.
    calendar_year : int
    kind : str
        Kind of series needed, ``price_energy`` or ``emission_factor``.

    Raises
    ------
    DataError
        Also where the descriptor is of another kind.
    """
    spec = descriptor_of(path, kind)
    folder = path.parent
    stamps = tuple((str(one), _stamp(one)) for one in files_of(spec, calendar_year, folder))
    found = _series(spec.model_dump_json(), calendar_year, folder, stamps)
    return _given(found).copy()


def descriptor_of(path: Path, kind: str) -> SeriesSpec:
    """Return the descriptor of a series of a kind.

    Raises
    ------
    DataError
    """
    spec, loaded = load_descriptor(path)
    if spec.kind != kind:
        msg = f"kind: found {spec.kind}; {kind} is needed here, name another descriptor"
        raise DataError(Fault(loaded.where(("kind",), of="value"), msg))
    return spec


SERIES_KINDS: dict[str, Literal["price_energy", "emission_factor"]] = {
    "prices": "price_energy",
    "carbon": "emission_factor",
}
"""Kind of series by the key of a study that names it."""


def _stamp(path: Path) -> _Stamp:
    """Return what changes when a file does, None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _given(outcome: Outcome[_Read]) -> _Read:
    value, error = outcome
    if error is not None:
        raise type(error)(error.faults)
    assert value is not None  # one of the two
    return value


def _attempt(read: Callable[[], _Read]) -> Outcome[_Read]:
    try:
        return read(), None
    except DcmodelError as error:
        return None, error


@lru_cache(maxsize=_KEPT)
def _weather(
    path: Path, stamp: _Stamp, form: str | None, calendar_year: int | None
) -> Outcome[xr.Dataset]:
    return _attempt(lambda: read_weather(path, form, calendar_year=calendar_year))


@lru_cache(maxsize=_KEPT)
def _series(
    spec: str, calendar_year: int, folder: Path, stamps: tuple[tuple[str, _Stamp], ...]
) -> Outcome[xr.DataArray]:
    described = SeriesSpec.model_validate_json(spec)
    return _attempt(lambda: series_of(described, calendar_year, folder=folder))


@lru_cache(maxsize=_KEPT)
def _typical(site: str, seed: int, calendar_year: int) -> xr.Dataset:
    return typical_year(Site.model_validate_json(site), seed, calendar_year)
