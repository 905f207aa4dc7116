"""The output folder: results, journal and manifest, never half-written.

::

    out/
      study.yaml       the study as run, defaults written out
      manifest.json    versions, digests, cases with their hashes
      journal.jsonl    one event a line, appended and synced
      cases/HASH.nc    result of a case
      log/CASE.log     what the solvers and libraries had to say
      summary.csv      one row a case, ranked
      tables/          tables of the report

A result is written beside its place and moved there in one step, so that a file that exists is
whole. A case is finished when a result with its content hash exists.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import dcmodel
from dcmodel.base.errors import DataError, Fault
from dcmodel.base.registry import nearest
from dcmodel.base.resolution import json_text
from dcmodel.study.cases import MODEL_VERSION, PORTFOLIO, Case, library_digest
from dcmodel.study.load import Study
from dcmodel.study.notes import resolution_words

if TYPE_CHECKING:
    import h5netcdf
    import xarray as xr

SITES = "sites"
"""Group of a portfolio's file below which its sites stand."""
_LIBRARIES = ("numpy", "pandas", "xarray", "pyomo", "highspy", "piqp", "clarabel", "pvlib")
_ZLIB = {"dtype": "float32", "zlib": True, "complevel": 4, "shuffle": True}


@dataclass(frozen=True)
class PortfolioResult:
    """Result of a portfolio, with that of every site that stands."""

    whole: xr.Dataset
    sites: Mapping[str, xr.Dataset]
    """Results by site; stored in the groups ``sites/NAME`` of the file of the case."""


class Store:
    """Reads and writes one output folder.

    Parameters
    ----------
    out : Path
        The folder; it is made on `open`, not before.
    """

    def __init__(self, out: Path | str) -> None:
        self.out = Path(out)

    def open(self, study: Study, cases: Sequence[Case]) -> None:
        """Make the folder, clear what a kill left behind, write study and manifest."""
        for folder in ("cases", "log", "tables"):
            try:
                (self.out / folder).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                message = f"cannot be made ({error.strerror}); choose another folder with -o"
                raise DataError(Fault(str(self.out / folder), message)) from None
        for left in (self.out / "cases").glob(".*.part"):
            left.unlink(missing_ok=True)
        write_atomic(self.out / "study.yaml", study.to_yaml(self.out))
        manifest = json.dumps(_manifest(study, cases), indent=2) + "\n"
        write_atomic(self.out / "manifest.json", manifest)

    def result_path(self, case_hash: str) -> Path:
        """Return where the result of a case lies."""
        return self.out / "cases" / f"{case_hash}.nc"

    def log_path(self, case_name: str) -> Path:
        """Return where the log of a case lies."""
        return self.out / "log" / f"{case_name.replace('/', '_')}.log"

    def is_finished(self, case: Case) -> bool:
        """Tell whether a readable result with the hash of `case` exists."""
        path = self.result_path(case.hash)
        if not path.is_file():
            return False
        try:
            with _file(path) as file:
                return bool(file.attrs.get("case_hash") == case.hash)
        except DataError:
            return False

    def write(self, case: Case, result: xr.Dataset | PortfolioResult, seconds: float = 0.0) -> Path:
        """Write the result of a case in one step.

        Hourly variables are stored as compressed 32-bit floats, everything else in full.

        Parameters
        ----------
        case : Case
        result : xarray.Dataset or PortfolioResult
        seconds : float
            Time the case took, kept with the result. [s]
        """
        path = self.result_path(case.hash)
        part = path.with_name(f".{path.stem}-{os.getpid()}.part")
        groups: dict[str | None, xr.Dataset] = {None: whole_of(result)}
        identity: dict[str | None, dict[str, Any]] = {None: _identity(case)}
        if isinstance(result, PortfolioResult):
            for name, site in result.sites.items():
                groups[f"{SITES}/{name}"] = site
                identity[f"{SITES}/{name}"] = _identity(case) | {
                    "case": f"{case.name}/{name}",
                    "site": name,
                }
        try:
            for group, dataset in groups.items():
                attributes = {**dataset.attrs, **identity[group], "seconds": round(seconds, 3)}
                _write_group(part, group, dataset, attributes)
            _sync(part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return path

    def headline(self, case: Case) -> dict[str, Any]:
        """Return the headline numbers of a finished case (`headline`)."""
        return headline(_scalars(self.result_path(case.hash)))

    def record(self, event: str, case: str = "", **values: Any) -> None:
        """Append one event to the journal and sync it to disk."""
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event}
        if case:
            line["case"] = case
        told = {k: v for k, v in values.items() if v is not None}
        text = json_text(line | told, indent=None) + "\n"
        descriptor = os.open(self.out / "journal.jsonl", os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        try:
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def journal(self) -> list[dict[str, Any]]:
        """Return the events so far; a line cut off by a kill is left out."""
        path = self.out / "journal.jsonl"
        if not path.is_file():
            return []
        events = []
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                events.append(json.loads(line))
            except json.JSONDecodeError:
                continue
        return events

    def manifest(self) -> dict[str, Any]:
        """Return the manifest of the last run."""
        path = self.out / "manifest.json"
        try:
            loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            message = "holds no results; run 'dcmodel study STUDY -o' with this folder first"
            raise DataError(Fault(str(self.out), message)) from None
        except json.JSONDecodeError as error:
            message = f"is damaged ({error.msg}); run the study again with this folder"
            raise DataError(Fault(f"{path}:{error.lineno}", message)) from None
        return loaded

    def results(self) -> Iterator[tuple[str, Path, str | None]]:
        """Yield name, file and group of each finished case of the last run's study.

        The sites of a portfolio follow it, each with a name and a group of its own.
        """
        for entry in self.manifest()["cases"]:
            path = self.result_path(entry["hash"])
            if not path.is_file():
                continue
            yield entry["name"], path, None
            if entry["name"].startswith(f"{PORTFOLIO}/"):
                for site in _sites_in(path):
                    yield f"{entry['name']}/{site}", path, f"{SITES}/{site}"


class Results(Mapping[str, "xr.Dataset"]):
    """Results of a study by case name (``site/scenario``), opened when asked for.

    The sites of a portfolio are named ``portfolio/scenario/site``.
    """

    def __init__(self, out: Path | str) -> None:
        self.out = Path(out)
        self._paths = {name: (path, group) for name, path, group in Store(out).results()}
        self._opened: dict[str, xr.Dataset] = {}

    def __getitem__(self, name: str) -> xr.Dataset:
        if name not in self._paths:
            message = f"no case '{name}'{nearest(name, list(self))} (cases: {', '.join(self)})"
            raise KeyError(message)
        if name not in self._opened:
            self._opened[name] = _open(*self._paths[name])
        return self._opened[name]

    def scalars(self) -> Iterator[tuple[str, xr.Dataset]]:
        """Yield name, and scalars and attributes, of each case: much faster than the whole."""
        for name, place in self._paths.items():
            yield name, _scalars(*place)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __repr__(self) -> str:
        return f"<Results of {len(self)} cases in {self.out}: {', '.join(self)}>"


def open_results(out: Path | str) -> Results:
    """Open the finished cases of an output folder.

    Parameters
    ----------
    out : Path or str
        Output folder of `run_study` or of ``dcmodel study``.

    Returns
    -------
    Results
        Mapping of case name (``site/scenario``) to `xarray.Dataset`, in the order of the study;
        each is read from disk when it is used.
    """
    return Results(out)


def whole_of(result: xr.Dataset | PortfolioResult) -> xr.Dataset:
    """Return a result without its parts."""
    return result.whole if isinstance(result, PortfolioResult) else result


def headline(found: xr.Dataset | PortfolioResult) -> dict[str, Any]:
    """Return every scalar of a result, and how sure it is: what progress and journal show."""
    result = whole_of(found)
    values: dict[str, Any] = {
        str(name): float(variable)
        for name, variable in result.data_vars.items()
        if variable.ndim == 0 and variable.dtype.kind in "fiu"
    }
    for key in ("certified_gap", "segments_gap", "status", "solver"):
        if key in result.attrs:
            value = result.attrs[key]
            values[key] = value if isinstance(value, str) else float(value)
    return values


def write_atomic(path: Path, text: str) -> None:
    """Write a text file in one step."""
    part = path.with_name(f".{path.name}-{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    _sync(part)
    part.replace(path)


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _write_group(
    path: Path, group: str | None, result: xr.Dataset, attributes: Mapping[str, Any]
) -> None:
    """Write a result into a file, or into a group of it."""
    encoding = {
        name: dict(_ZLIB)
        for name, variable in result.data_vars.items()
        if "time" in variable.dims and variable.dtype.kind == "f"
    }
    stored = result.copy(deep=False)
    stored.attrs = _plain(attributes)
    for variable in stored.variables.values():
        variable.attrs = _plain(variable.attrs)
    mode: Literal["w", "a"] = "w" if group is None else "a"
    stored.to_netcdf(path, mode=mode, group=group, engine="h5netcdf", encoding=encoding)


def _sites_in(path: Path) -> list[str]:
    """Return the names of the sites whose results stand in the file of a portfolio."""
    with _file(path) as file:
        return list(file[SITES].groups) if SITES in file.groups else []


@contextmanager
def _file(path: Path) -> Iterator[h5netcdf.File]:
    """Open a result as it lies on disk."""
    import h5netcdf

    try:
        file = h5netcdf.File(path, "r")
    except OSError as error:
        raise _unreadable(path, error) from None
    with file:
        yield file


def _scalars(path: Path, group: str | None = None) -> xr.Dataset:
    """Return the scalars and attributes of a result; nothing of its series is touched."""
    import xarray as xr

    with _file(path) as file:
        found = file if group is None else file[group]
        scalars = {
            name: ((), variable[...], dict(variable.attrs))
            for name, variable in found.variables.items()
            if variable.shape == ()
        }
        return xr.Dataset(scalars, attrs=dict(found.attrs))


def _unreadable(path: Path, error: OSError) -> DataError:
    message = f"cannot be read ({error}); run the study again with --fresh"
    return DataError(Fault(str(path), message))


def _open(path: Path, group: str | None = None) -> xr.Dataset:
    import xarray as xr

    try:
        return xr.open_dataset(path, engine="h5netcdf", group=group)
    except OSError as error:
        raise _unreadable(path, error) from None


def _identity(case: Case) -> dict[str, Any]:
    return {
        "Conventions": "CF-1.11",
        "case": case.name,
        "case_hash": case.hash,
        "site": case.site.label,
        "scenario": case.scenario,
        "study": case.spec.name,
        "dcmodel_version": dcmodel.__version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes as netCDF can hold them: no None, no bool, no structures."""
    plain: dict[str, Any] = {}
    for key, value in attributes.items():
        if isinstance(value, bool):
            plain[key] = int(value)
        elif isinstance(value, Mapping | list | tuple):
            plain[key] = json.dumps(value, default=str)
        elif isinstance(value, Path):
            plain[key] = str(value)
        elif value is not None:
            plain[key] = value
    return plain


def _manifest(study: Study, cases: Sequence[Case]) -> dict[str, Any]:
    return {
        "study": study.name,
        "dcmodel": dcmodel.__version__,
        "model": MODEL_VERSION,
        "library_sha256": library_digest(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "seed": study.spec.seed,
        "cases": [
            {"name": case.name, "hash": case.hash, "resolution": resolution_words(case.spec)}
            for case in cases
        ],
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
