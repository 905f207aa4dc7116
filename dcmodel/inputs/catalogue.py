"""Catalogue of the data library: one row a file, with its source, licence and checksum.

`verify` compares the library with its catalogue. A developer who adds or changes a file runs::

    python -c "from dcmodel.inputs.catalogue import refresh; refresh()"

which writes checksums anew, keeps the words of existing rows and describes new files from their own
content; the words can then be bettered in ``data/catalogue.csv`` by hand.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.paths import data_dir
from dcmodel.base.yamlfile import load_yaml
from dcmodel.inputs.library import read_table

CATALOGUE = "catalogue.csv"
OWN_LICENCE = "Apache-2.0"
"""Licence of what the project compiled itself; facts are cited row by row."""

_MANY = 8


@dataclass(frozen=True)
class Entry:
    """One file of the library."""

    path: str
    """Path below the library's folder, with ``/``."""
    title: str
    units: str
    coverage: str
    """Years, hours or places that the file covers."""
    source: str
    licence: str
    sha256: str
    verified_by: str
    """Test or function that checks the file's content."""


COLUMNS = tuple(field.name for field in fields(Entry))


def entries() -> list[Entry]:
    """Return the rows of the catalogue."""
    rows = read_table(data_dir() / CATALOGUE, COLUMNS)
    return [Entry(**row.cells) for row in rows]


def verify() -> list[Fault]:
    """Return how the library differs from its catalogue; an empty list when it does not."""
    root = data_dir()
    on_disk = {path.relative_to(root).as_posix(): path for path in _files(root)}
    faults = []
    listed = set()
    for entry in entries():
        where = f"{CATALOGUE}: {entry.path}"
        if entry.path in listed:
            faults.append(Fault(where, "is listed twice; keep one row"))
        listed.add(entry.path)
        empty = [name for name, text in asdict(entry).items() if not text]
        if empty:
            faults.append(Fault(where, f"{', '.join(empty)} empty; fill the row"))
        if entry.path not in on_disk:
            faults.append(Fault(where, "is missing; reinstall dcmodel, or refresh the catalogue"))
        elif checksum(on_disk[entry.path]) != entry.sha256:
            faults.append(Fault(where, "differs from its checksum; the file was changed"))
    for path in sorted(set(on_disk) - listed):
        faults.append(Fault(f"{CATALOGUE}: {path}", "is not in the catalogue; refresh it"))
    return faults


def refresh() -> list[Entry]:
    """Write the catalogue anew from the files of the library; for developers.

    Returns
    -------
    list of Entry
        What was written, sorted by path.
    """
    root = data_dir()
    known = {}
    if (root / CATALOGUE).is_file():
        known = {entry.path: entry for entry in entries()}
    written = []
    for path in _files(root):
        name = path.relative_to(root).as_posix()
        entry = known.get(name) or _describe(path, name)
        written.append(replace(entry, sha256=checksum(path)))
    with (root / CATALOGUE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(tuple(asdict(entry).values()) for entry in written)
    return written


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _files(root: Path) -> list[Path]:
    found = (path for path in root.rglob("*") if path.is_file())
    kept = (path for path in found if path.name != CATALOGUE and not path.name.startswith("."))
    return sorted(kept, key=lambda path: path.relative_to(root).as_posix())


def _describe(path: Path, name: str) -> Entry:
    """Return a first description of a new file, from its place and content."""
    folder = path.parent.name if "/" in name else ""
    title = path.stem.replace("_", " ")
    if folder:
        title = f"{folder}: {title}"
    units, coverage, source = "as named in the file", "all years", "named in the file"
    if path.suffix == ".csv":
        units, coverage, source = _columns(path)
    elif path.suffix in {".yaml", ".yml"}:
        title = f"{folder}: {load_yaml(path, error=DataError).data.get('name', path.stem)}"
        units, source = "in the name of each key", "named beside each figure"
    verified_by = "dcmodel.inputs.catalogue.verify"
    return Entry(name, title, units, coverage, source, OWN_LICENCE, "", verified_by)


def _columns(path: Path) -> tuple[str, str, str]:
    """Return units, coverage and source of a CSV file, from the columns that hold them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    header = list(rows[0]) if rows else []

    def distinct(column: str) -> list[str]:
        return sorted({row[column] for row in rows if row.get(column)})

    units = "in the names of the columns"
    if "unit" in header:
        found = distinct("unit")
        units = "; ".join(found) if len(found) <= _MANY else "see column unit"
    years = distinct("year")
    coverage = f"{years[0]} to {years[-1]}" if len(years) > 1 else "".join(years) or "all years"
    sources = distinct("source")
    source = sources[0] if len(sources) == 1 else "see column source"
    return units, coverage, source if sources else "named in the file"
