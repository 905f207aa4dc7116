"""One row per case: the scalar results, ranked by levelised cost."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from dcmodel.base.resolution import csv_text
from dcmodel.study.store import open_results, write_atomic

if TYPE_CHECKING:
    import pandas as pd

RANKED_BY = "levelised_cost"
_ATTRIBUTES = (
    "site", "scenario", "status", "certified_gap", "segments_gap", "seconds", "solver", "case_hash",
    "notes",
)  # fmt: skip


def summarise(out: Path | str) -> pd.DataFrame:
    """Return the scalar results of all finished cases, best first.

    Parameters
    ----------
    out : Path or str
        Output folder.

    Returns
    -------
    pandas.DataFrame
        Indexed by case name; the unit of each column stands in its name.
    """
    import pandas as pd

    rows = {}
    for name, result in open_results(out).scalars():
        attributes = {key: result.attrs[key] for key in _ATTRIBUTES if key in result.attrs}
        scalars = {
            column_name(str(key), variable.attrs.get("units", "")): variable.item()
            for key, variable in result.data_vars.items()
            if variable.ndim == 0
        }
        rows[name] = {**attributes, **scalars}
    table = pd.DataFrame.from_dict(rows, orient="index")
    ranked = [column for column in table.columns if column.startswith(RANKED_BY)]
    if ranked:
        table = table.sort_values(ranked[0], kind="stable")
    table.insert(0, "rank", range(1, len(table) + 1))
    if "notes" in table.columns:
        table["notes"] = table.pop("notes").fillna("")
    front = [column for column in ("rank", "site", "scenario", *ranked) if column in table.columns]
    return table[front + [column for column in table.columns if column not in front]]


def write_summary(out: Path | str) -> Path:
    """Write ``summary.csv`` of an output folder and return its path."""
    path = Path(out) / "summary.csv"
    write_atomic(path, csv_text(summarise(out), index_label="case"))
    return path


def column_name(name: str, units: str) -> str:
    """Return a column name with its unit, ``levelised_cost_usd_per_mwh``.

    Parameters
    ----------
    name : str
        Name of the variable.
    units : str
        CF unit, such as ``USD MWh-1``; dimensionless units add nothing.
    """
    if units in {"", "1"}:
        return name
    above, below = [], []
    for part in re.split(r"[\s.]+", units.replace("/", " per ").strip()):
        match = re.fullmatch(r"([A-Za-z%]+\d?)-(\d)", part)
        if match:
            below.append(match[1].lower() + ("" if match[2] == "1" else match[2]))
        else:
            above.append(part.lower().replace("%", "percent"))
    suffix = "_".join(above) + "".join(f"_per_{part}" for part in below)
    told = name == suffix or name.endswith(f"_{suffix}")
    return name if told else f"{name}_{suffix.strip('_')}"
