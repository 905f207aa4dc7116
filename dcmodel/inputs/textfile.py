"""Text tables with row numbers, gzip or plain: every fault names ``file:row``."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.registry import nearest

_GZIP_MAGIC = b"\x1f\x8b"
_LARGEST_TEXT = 2**29
"""Bytes of an input file, unpacked; a year of minutes with many columns is a tenth of it."""


def read_text(path: Path | str) -> str:
    """Return the text of a file, unpacked when it is gzip, whatever its name says."""
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = nearest(path.name, names) if not path.exists() else ""
        msg = f"cannot be opened ({error.strerror or error}){hint}"
        raise DataError(Fault(str(path), msg)) from None
    if content.startswith(_GZIP_MAGIC):
        try:
            with gzip.open(io.BytesIO(content)) as packed:
                content = packed.read(_LARGEST_TEXT + 1)
        except (OSError, EOFError, zlib.error) as error:
            msg = f"is a damaged gzip file ({error}); fetch it again"
            raise DataError(Fault(str(path), msg)) from None
    if len(content) > _LARGEST_TEXT:
        msg = f"holds more than {_LARGEST_TEXT >> 20} MB of text; leave out what is not needed"
        raise DataError(Fault(str(path), msg))
    if b"\x00" in content:
        msg = f"is not a text file (zero byte at {content.index(0)})"
        raise DataError(Fault(str(path), msg))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")  # station names of older EPW files


@dataclass
class Table:
    """Cells of a delimited file and the rows they stand in.

    Parameters
    ----------
    source : str
        Name of the file for messages.
    columns : list of str
        Names of the columns.
    cells : list of list of str
        One list per row, each as long as `columns`.
    rows : ndarray
        Row of the file, from 1, of each list in `cells`.
    faults : list of Fault
        Faults found so far; `refuse` raises them together.
    """

    source: str
    columns: list[str]
    cells: list[list[str]]
    rows: npt.NDArray[np.int64]
    faults: list[Fault] = field(default_factory=list)

    def where(self, position: int | np.integer) -> str:
        """Return ``file:row`` of the row at a position."""
        return f"{self.source}:{self.rows[position]}"

    def text(self, name: str) -> list[str]:
        """Return one column as stripped text."""
        if name not in self.columns:
            listed = ", ".join(self.columns[:40])
            msg = f"no column '{name}'{nearest(name, self.columns)} (columns: {listed})"
            raise DataError(Fault(self.source, msg))
        column = self.columns.index(name)
        return [row[column].strip() for row in self.cells]

    def numbers(
        self, name: str, *, decimal: str = ".", faults: list[Fault] | None = None
    ) -> npt.NDArray[np.float64]:
        """Return one column as numbers, NaN where the cell is empty.

        Cells that are not finite numbers become NaN, too, and a fault each.
        """
        faults = self.faults if faults is None else faults
        text = self.text(name)
        if decimal != ".":
            text = [cell.replace(decimal, ".") for cell in text]
        values = np.array(pd.to_numeric(pd.Series(text, dtype=str), errors="coerce"), dtype=float)
        for position in np.flatnonzero(~np.isfinite(values)):
            if text[position]:
                msg = f"{name}: found '{text[position][:30]}'; a number is required"
                faults.append(Fault(self.where(position), msg))
        values[~np.isfinite(values)] = np.nan
        return values


def parse_table(
    text: str,
    source: str,
    *,
    columns: Sequence[str] | None = None,
    skip: int = 0,
    separator: str = ",",
    until_blank: bool = False,
) -> Table:
    """Split delimited text into a table; rows of unusual length become faults and are left out.

    Parameters
    ----------
    text : str
        The whole file.
    source : str
        Name of the file for messages.
    columns : sequence of str, optional
        Names of the columns where the file does not give them; without it the first row after
        `skip` does. All rows must be equally long, with or without columns that have no name.
    skip : int
        Rows before the header, or before the data.
    separator : str
        One character.
    until_blank : bool
        Whether an empty row ends the table (a footer follows).
    """
    names = list(columns) if columns else []
    rows: list[tuple[int, list[str]]] = []
    faults: list[Fault] = []
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        for cells in reader:
            if reader.line_num <= skip:
                continue
            if any(cell.strip() for cell in cells):
                rows.append((reader.line_num, cells))
            elif until_blank and len(rows) > 1:
                break
    except csv.Error as error:
        where = f"{source}:{reader.line_num}"
        faults.append(Fault(where, f"cannot be split into fields ({error})"))
    if not names and rows:
        names = [cell.strip() for cell in rows.pop(0)[1]]
    if not rows:
        faults.append(Fault(source, "holds no rows of data"))
        return Table(source, names, [], np.array([], dtype=np.int64), faults)
    width = Counter(len(cells) for _, cells in rows).most_common(1)[0][0]
    for row, cells in rows:
        if len(cells) != width:
            faults.append(Fault(f"{source}:{row}", f"found {len(cells)} fields; {width} required"))
    kept = [(row, cells) for row, cells in rows if len(cells) == width]
    numbers = np.array([row for row, _ in kept], dtype=np.int64)
    # A header may name trailing columns that no row has.
    return Table(source, names[:width], [cells for _, cells in kept], numbers, faults)
