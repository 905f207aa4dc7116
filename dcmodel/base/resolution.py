"""What a figure means to a reader: the smallest amount of each unit that is worth telling.

An interior point never says zero: it leaves 1e-8 MW of a plant that nobody built, and twelve digits
of a cost that is proven to half a percent. Here, and nowhere else, stands how fine a figure of each
unit is told. Everything that leaves the program as text (tables, summaries, JSON) passes `meant`,
`csv_text` or `json_text`; sizes and costs below the resolution are zero in a result too
(`without_crumbs`).

Figures are rounded to a multiple of the resolution and to `DIGITS` digits, whichever is coarser, so
that a sum of `n` rounded rows differs from the rounded sum by at most ``(n + 1) / 2`` resolutions,
or by ``n`` units of the last digit of the largest.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

DIGITS = 9
"""Digits told at most of any figure. [1]"""

RESOLUTION: dict[str, float] = {
    "mw": 1e-3,
    "mwh": 1e-3,
    "kw": 1e-3,
    "kwh": 1e-3,
    "usd": 1e-2,
    "usd_per_mwh": 1e-4,
    "m3": 1e-2,
    "t": 1e-3,
    "kg_per_mwh": 1e-3,
    "h": 1e-3,
    "ms": 1e-3,
    "degc": 1e-3,
    "percent": 1e-4,
    "%": 1e-4,
    "seconds": 1e-3,
    "share": 1e-6,
    "pue": 1e-6,
    "l_per_kwh": 1e-6,
    "mtok": 1e-3,
    "gap": 1e-6,
    "relative": 1e-12,
}
"""Smallest amount told, by the unit as it ends the name of a column: MW and MWh to the kW and kWh,
money to a cent, water to ten litres, carbon to a kilogram, shares to a millionth."""

CRUMB_SHARE = 1e-4
"""What is smaller than this share of the largest amount beside it may be rounding. [1]"""
MONEY_SHARE = 1e-12
"""The same of amounts of money, whose sums are checked. [1]"""
FINEST = 1e-3
"""Smallest amount kept of any array, over the resolution of its unit. [1]"""

OTHER = 1e-9
"""Smallest amount told of any other unit: probabilities of nines, prices of a token."""

_TOLD = {"difference": "relative", "tolerance": "relative", "amount": "usd", "rate": "usd_per_unit"}
"""Columns whose name does not end in their unit."""
_UNIT_COLUMNS = ("unit", "units")
"""Columns that tell the unit of a row's figures."""
_BRACKETS = re.compile(r"[\[(](?P<unit>[^\[\]()]+)[\])]$")
_AS_GIVEN = ("low", "high")
"""Columns that only inputs have: they are told as they were given."""


def unit_of(column: str) -> str:
    """Return the unit in which a column is told, as the keys of `RESOLUTION`; empty if unknown.

    Parameters
    ----------
    column : str
        Such as ``cost_usd``, ``levelised_cost_usd_per_mwh`` or ``import (kW)``.
    """
    name = str(column).strip()
    if name.lower() in _TOLD:
        return _TOLD[name.lower()]
    if bracketed := _BRACKETS.search(name):
        return plain_unit(bracketed["unit"])
    parts = name.lower().replace(".", "_").split("_")
    if "per" in parts[1:-1]:
        at = len(parts) - 1 - parts[::-1].index("per")
        return "_".join(parts[at - 1 :])
    return "share" if "share" in parts else parts[-1]


def plain_unit(unit: str) -> str:
    """Return a CF unit such as ``USD MWh-1`` as the keys of `RESOLUTION` write it."""
    text = re.sub(r"([A-Za-z%]+\d?)-1", r"per_\1", unit.strip()).replace("/", " per ")
    return "_".join(text.lower().split())


def resolution(unit: str) -> float:
    """Return the smallest amount of a unit that is told.

    Parameters
    ----------
    unit : str
        ``MW``, ``USD MWh-1``, or a unit as it ends the name of a column.
    """
    key = plain_unit(unit)
    if key in RESOLUTION:
        return RESOLUTION[key]
    if key.removesuffix("_per_yr") in RESOLUTION:
        return RESOLUTION[key.removesuffix("_per_yr")]
    return OTHER


def meant(value: float, unit: str = "") -> float:
    """Return a figure as it is told: rounded, and never a negative zero.

    Parameters
    ----------
    value : float
        In `unit`.
    unit : str
        As `resolution` takes it; unknown units are told to `OTHER`.

    Examples
    --------
    >>> meant(1.2e-08, "MW"), meant(-2.88e-12, "USD"), meant(347.8463971606114, "USD MWh-1")
    (0.0, 0.0, 347.8464)
    """
    number = float(value)
    if not math.isfinite(number) or number == 0:
        return number + 0.0
    decimals = -math.floor(math.log10(resolution(unit)) + 0.5)
    digits = DIGITS - 1 - math.floor(math.log10(abs(number)))
    return round(number, min(decimals, digits)) + 0.0


def without_crumbs(values: npt.ArrayLike, unit: str) -> npt.NDArray[np.float64]:
    """Return an array whose parts that mean nothing beside its largest are zero.

    What means nothing is below the resolution of the unit for a hall, and in proportion below a
    thousandth of that for the meter of a shop.
    """
    import numpy as np

    array = np.array(values, dtype=float)
    finite = array[np.isfinite(array)]
    largest = float(np.abs(finite).max(initial=0.0))
    array[np.abs(array) < least_meant(largest, unit)] = 0.0
    return array


def least_meant(largest: float, unit: str) -> float:
    """Return the smallest amount that means something beside the largest of its unit."""
    least = resolution(unit)
    if plain_unit(unit) == "usd":  # terms of a cost must still sum to it
        return min(least, MONEY_SHARE * largest)
    return min(least, max(CRUMB_SHARE * largest, FINEST * least))


def meant_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with every figure as it is told.

    The unit of a column ends its name; else it is that of the row, where a column ``unit`` or
    ``units`` tells it. Tables of inputs (with columns ``low`` and ``high``) stay as given.
    """
    told = table.copy()
    if set(_AS_GIVEN) <= set(map(str, table.columns)):
        return told
    by_row = next((name for name in _UNIT_COLUMNS if name in table.columns), None)
    if by_row is None and "check" in table.columns:
        by_row = "check"
    for column in table.columns:
        if table[column].dtype.kind not in "fO":
            continue
        unit = unit_of(column)
        known = resolution(unit) != OTHER or unit in _TOLD.values() or "per" in unit.split("_")
        units = [unit] * len(table)
        if not known and by_row is not None:
            units = [_row_unit(str(text)) for text in table[by_row]]
        told[column] = [
            meant(value, one) if isinstance(value, float) else value
            for value, one in zip(table[column].tolist(), units, strict=True)
        ]
    return told


def _row_unit(text: str) -> str:
    bracketed = _BRACKETS.search(text)
    return plain_unit(bracketed["unit"] if bracketed else text)


def number_text(value: float) -> str:
    """Return a figure as text: the shortest that reads back the same, ``1e-09`` below a millionth.

    Examples
    --------
    >>> number_text(1234567890.0), number_text(0.25), number_text(1e-09)
    ('1234567890', '0.25', '1e-09')
    """
    if not math.isfinite(value) or 0 < abs(value) < 1e-6:
        return repr(float(value))
    text = format(Decimal(repr(float(value))), "f")
    return text.removesuffix(".0")


def csv_text(table: pd.DataFrame, *, index_label: str | None = None) -> str:
    """Return a table as CSV with every figure as it is told.

    Parameters
    ----------
    table : DataFrame
    index_label : str, optional
        Name of the index's column; without one the index is left out.
    """
    told = meant_table(table)
    for column in told.columns:
        if told[column].dtype.kind in "fO":
            cells = told[column].tolist()
            told[column] = [_cell(value) for value in cells]
    return str(
        told.to_csv(index=index_label is not None, index_label=index_label, lineterminator="\n")
    )


def _cell(value: Any) -> Any:
    """Return what stands in a cell: nothing where a figure is missing."""
    if not isinstance(value, float):
        return value
    return "" if math.isnan(value) else number_text(value)


def meant_tree(value: Any, unit: str = "") -> Any:
    """Return mappings and lists with every figure as it is told; a key tells the unit below it."""
    if isinstance(value, Mapping):
        own = next((str(value[name]) for name in _UNIT_COLUMNS if name in value), "")
        units = {key: _tree_unit(str(key), own, unit) for key in value}
        return {key: meant_tree(part, units[key]) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [meant_tree(part, unit) for part in value]
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return meant(value, unit) if isinstance(value, float) or kind == "f" else value


def _tree_unit(key: str, own: str, above: str) -> str:
    """Return the unit of a key: its own, its row's, or that of what it lies in."""
    unit = unit_of(key)
    if resolution(unit) != OTHER or "per" in unit.split("_"):
        return unit
    return own or above


def json_text(value: Any, *, indent: int | None = 2) -> str:
    """Return JSON with every figure as it is told; what is not a number is null."""
    return json.dumps(_without_nan(meant_tree(value)), indent=indent)


def records_text(table: pd.DataFrame) -> str:
    """Return a table as a JSON list of its rows, with every figure as it is told."""
    told = meant_table(table)
    return str(told.to_json(orient="records", indent=2, double_precision=15))


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nan(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
