"""Climate statistics: what `dcmodel.profiles.synthetic` needs to draw a typical year of a place.

`data/climate/<key>.csv` holds one place of weather or one zone of price and carbon, in long form::

    variable,statistic,month,hour,probability,value,unit,source,provenance,note

`month` is 1 to 12, `hour` 0 to 23 (local standard time for weather, local clock time for price and
carbon), `probability` the level of a quantile; an empty cell means that the statistic does not
depend on it. Users may load files of their own by path.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.paths import data_dir
from dcmodel.base.registry import nearest
from dcmodel.base.schema import Provenance

COLUMNS = (
    "variable",
    "statistic",
    "month",
    "hour",
    "probability",
    "value",
    "unit",
    "source",
    "provenance",
    "note",
)
_LIMITS = {"month": (1, 12), "hour": (0, 23), "probability": (0, 1)}


@dataclass(frozen=True, eq=False)
class ClimateStatistics:
    """Statistics of one place or price zone.

    Parameters
    ----------
    key : str
        Name of the place, for example ``"dallas"``.
    path : Path
        File they were read from.
    table : pandas.DataFrame
        The rows of the file, columns as in `COLUMNS`.
    """

    key: str
    path: Path
    table: pd.DataFrame

    def __contains__(self, variable: str) -> bool:
        return bool((self.table["variable"] == variable).any())

    def _rows(self, variable: str, statistic: str) -> pd.DataFrame:
        table = self.table
        rows = table[(table["variable"] == variable) & (table["statistic"] == statistic)]
        if rows.empty:
            known = sorted(set(table["variable"] + " " + table["statistic"]))
            name = f"{variable} {statistic}"
            message = f"no row '{name}'{nearest(name, known)}; the file holds {', '.join(known)}"
            raise DataError(Fault(str(self.path), message))
        return rows

    def _grid(self, variable: str, statistic: str, dims: list[str]) -> NDArray[np.float64]:
        rows = self._rows(variable, statistic).sort_values(dims)
        sizes = [12 if dim == "month" else 24 for dim in dims]
        complete = len(rows) == int(np.prod(sizes))
        if not complete or rows[dims].isna().any().any() or rows.duplicated(dims).any():
            message = (
                f"{variable} {statistic}: {len(rows)} rows found, one for each of "
                f"{' x '.join(str(size) for size in sizes)} ({' x '.join(dims)}) needed"
            )
            raise DataError(Fault(str(self.path), message))
        return rows["value"].to_numpy(float).reshape(sizes)

    def scalar(self, variable: str, statistic: str) -> float:
        """Return a statistic of the whole year, in the unit of its row."""
        rows = self._rows(variable, statistic)
        if len(rows) != 1:
            message = f"{variable} {statistic}: {len(rows)} rows found, one needed"
            raise DataError(Fault(str(self.path), message))
        return float(rows["value"].iloc[0])

    def monthly(self, variable: str, statistic: str) -> NDArray[np.float64]:
        """Return a statistic by month, shape (12,)."""
        return self._grid(variable, statistic, ["month"])

    def hourly(self, variable: str, statistic: str) -> NDArray[np.float64]:
        """Return a statistic by hour of day, shape (24,)."""
        return self._grid(variable, statistic, ["hour"])

    def month_hour(self, variable: str, statistic: str) -> NDArray[np.float64]:
        """Return a statistic by month and hour of day, shape (12, 24)."""
        return self._grid(variable, statistic, ["month", "hour"])

    def quantiles(self, variable: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return levels (p,) and quantiles, (12, p) where given by month, else (p,)."""
        rows = self._rows(variable, "quantile").sort_values(["month", "probability"])
        levels = np.unique(rows["probability"].to_numpy(float))
        by_month = rows["month"].notna().all()
        expected = (12 if by_month else 1) * len(levels)
        values = rows["value"].to_numpy(float)
        if len(rows) != expected:
            message = (
                f"{variable} quantile: {len(rows)} rows found, {expected} needed "
                f"({len(levels)} levels, the same in every month)"
            )
            raise DataError(Fault(str(self.path), message))
        shaped = values.reshape(12, -1) if by_month else values
        if (np.diff(shaped, axis=-1) < 0).any():
            message = f"{variable} quantile: values fall while the probability rises"
            raise DataError(Fault(str(self.path), message))
        return levels, shaped

    def assumed(self) -> list[str]:
        """Return the ``variable statistic`` names that rest on unverified values."""
        rows = self.table[self.table["provenance"] == "assumed"]
        return sorted(set(rows["variable"] + " " + rows["statistic"]))


def climate_keys() -> list[str]:
    """Return the places and zones of the shipped library, sorted."""
    return sorted(path.stem for path in (data_dir() / "climate").glob("*.csv"))


def load_climate(key: str | Path) -> ClimateStatistics:
    """Read and check the statistics of one place or price zone.

    Parameters
    ----------
    key : str or Path
        Name in the library (see `climate_keys`), or the path of a file of the same form.

    Returns
    -------
    ClimateStatistics

    Raises
    ------
    DataError
        Unknown name, or a file with missing columns or impossible cells; all faults together.
    """
    path = Path(key)
    if path.suffix != ".csv":
        path = data_dir() / "climate" / f"{key}.csv"
        if not path.is_file():
            known = climate_keys()
            hint = nearest(str(key), known)
            message = f"no climate statistics '{key}'{hint} (known: {', '.join(known)})"
            raise DataError(Fault(str(path), message))
    elif not path.is_file():
        raise DataError(Fault(str(path), "no such file; give a name of the library or a CSV file"))
    return _read(path)


@cache
def _read(path: Path) -> ClimateStatistics:
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        message = f"columns {', '.join(missing)} are missing; needed are {', '.join(COLUMNS)}"
        raise DataError(Fault(str(path), message))
    faults: list[Fault] = []
    for column in ("month", "hour", "probability", "value"):
        text = table[column]
        number = pd.to_numeric(text.replace("", None), errors="coerce").astype(float)
        bad = number.isna() & ((text != "") | (column == "value"))
        if column in _LIMITS:
            low, high = _LIMITS[column]
            bad |= (number < low) | (number > high)
            allowed = f"a number from {low} to {high}, or nothing"
        else:
            allowed = "a number"
        faults += [
            Fault(f"{path}:{row + 2}", f"{column} '{text[row]}' is not {allowed}")
            for row in np.flatnonzero(bad)
        ]
        table[column] = number
    for row in np.flatnonzero(~table["provenance"].isin(get_args(Provenance))):
        found = table["provenance"][row]
        message = f"provenance '{found}' is none of {', '.join(get_args(Provenance))}"
        faults.append(Fault(f"{path}:{row + 2}", message))
    for row in np.flatnonzero((table["unit"] == "") | (table["source"] == "")):
        faults.append(Fault(f"{path}:{row + 2}", "unit or source is empty; every value needs both"))
    if faults:
        raise DataError(faults)
    return ClimateStatistics(path.stem, path, table)
