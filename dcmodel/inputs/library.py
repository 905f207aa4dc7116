"""Tables and names of the shipped library, read once and checked row by row."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import get_args

from dcmodel.base.errors import DataError, DcmodelError, Fault
from dcmodel.base.paths import data_dir
from dcmodel.base.registry import nearest
from dcmodel.base.schema import Provenance

PROVENANCES: tuple[str, ...] = get_args(Provenance)


@dataclass(frozen=True)
class TableRow:
    """One line of a table: its place and its cells by column."""

    where: str
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


def read_table(path: Path, columns: Sequence[str]) -> tuple[TableRow, ...]:
    """Read a CSV table of the library; the header must be exactly `columns`.

    Parameters
    ----------
    path : Path
        File to read, UTF-8.
    columns : sequence of str
        Names of the header, in order.

    Returns
    -------
    tuple of TableRow
        Cells stripped of surrounding blanks.
    """
    if not path.is_file():
        raise DataError(Fault(str(path), "is missing from the data library; reinstall dcmodel"))
    return _read_table(path, path.stat().st_mtime_ns, tuple(columns))


@lru_cache(maxsize=256)
def _read_table(path: Path, modified: int, columns: tuple[str, ...]) -> tuple[TableRow, ...]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = tuple(next(reader, ()))
        if header != columns:
            msg = f"found columns {', '.join(header) or 'none'}; needed: {', '.join(columns)}"
            raise DataError(Fault(f"{path}:1", msg))
        rows, faults = [], []
        for cells in reader:
            where = f"{path}:{reader.line_num}"
            if not cells:
                continue
            if len(cells) == len(columns):
                cleaned = (cell.strip() for cell in cells)
                rows.append(TableRow(where, dict(zip(columns, cleaned, strict=True))))
            else:
                msg = f"found {len(cells)} cells; needed: {len(columns)}; quote texts with commas"
                faults.append(Fault(where, msg))
    if faults:
        raise DataError(faults)
    return tuple(rows)


def number(row: TableRow, column: str, faults: list[Fault]) -> float:
    """Return a finite number, or nan and a fault."""
    text = row[column]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        faults.append(Fault(row.where, f"{column}: found '{text}'; a number is needed"))
    return value


def optional_number(row: TableRow, column: str, faults: list[Fault]) -> float | None:
    """Return a finite number, or None for an empty cell."""
    return number(row, column, faults) if row[column] else None


def source_faults(row: TableRow) -> list[Fault]:
    """Return what is wrong with a row's source and provenance."""
    faults = []
    if row["provenance"] not in PROVENANCES:
        allowed = ", ".join(PROVENANCES)
        found = row["provenance"]
        faults.append(Fault(row.where, f"provenance: found '{found}'; allowed: {allowed}"))
    if not row["source"]:
        faults.append(Fault(row.where, "source is empty; name where the number stands"))
    return faults


def parameter_values(path: Path, columns: Sequence[str]) -> dict[str, float]:
    """Return the values of a table with one parameter a row, each with its source.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        Names of the header, among them ``parameter``, ``value``, ``source`` and ``provenance``.
    """
    faults: list[Fault] = []
    values = {}
    for row in read_table(path, columns):
        faults += source_faults(row)
        values[row["parameter"]] = number(row, "value", faults)
    if faults:
        raise DataError(faults)
    return values


def names(folder: str, suffix: str) -> list[str]:
    """Return the names (stems) of the library's files in a folder, sorted."""
    return sorted(path.stem for path in (data_dir() / folder).glob(f"*{suffix}"))


def named_file(folder: str, name: str, suffix: str, error: type[DcmodelError]) -> Path:
    """Return the file of a name; raise `error` with the nearest name when there is none."""
    known = names(folder, suffix)
    if name not in known:
        kind = folder.rstrip("s").replace("technologie", "technology")
        msg = f"unknown {kind} '{name}'{nearest(name, known)} (known: {', '.join(known)})"
        raise error(msg)
    return data_dir() / folder / f"{name}{suffix}"
