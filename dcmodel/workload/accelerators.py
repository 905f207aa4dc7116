"""Accelerators by generation: power, memory, arithmetic, price and life, each with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import pandas as pd

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.registry import nearest
from dcmodel.inputs.currency import convert
from dcmodel.inputs.library import number, optional_number, read_table, source_faults

COLUMNS = (
    "accelerator", "name", "parameter", "value", "low", "high", "unit", "currency_year", "source",
    "provenance", "note",
)  # fmt: skip

PRECISIONS: dict[str, float] = {"bf16": 2.0, "fp8": 1.0, "fp4": 0.5}
"""Bytes of a value by precision, widest first."""

_UNITS = {
    "year_available": ("yr", 1.0),
    "tdp": ("W", 1e-6),
    "memory": ("GB", 1e9),
    "memory_bandwidth": ("TB/s", 1e12),
    "peak_bf16": ("PFLOP/s", 1e15),
    "peak_fp8": ("PFLOP/s", 1e15),
    "peak_fp4": ("PFLOP/s", 1e15),
    "rack_power": ("kW", 1e-3),
    "accelerators_per_rack": ("1", 1.0),
    "price": ("kUSD", 1e3),
    "scale_up_domain": ("1", 1.0),
    "scale_up_bandwidth": ("GB/s", 1e9),
    "life": ("yr", 1.0),
    "idle_fraction": ("1", 1.0),
    "software_share": ("1", 1.0),
    "merchant": ("1", 1.0),
}
"""Unit in the file of each parameter, and the factor to the package's unit."""
_OPTIONAL = ("peak_bf16", "peak_fp8", "peak_fp4")


@dataclass(frozen=True)
class Accelerator:
    """One generation of accelerator in its rack."""

    key: str
    name: str
    year_available: int
    """Year from which it can be had in volume."""
    tdp: float
    """Power of the accelerator itself [MW]."""
    memory: float
    """Capacity of its memory [byte]."""
    memory_bandwidth: float
    """Bandwidth of its memory [byte s-1]."""
    peaks: Mapping[str, float] = field(hash=False)
    """Dense peak arithmetic by precision [FLOP s-1]."""
    rack_power: float
    """IT power of a full rack [MW]."""
    accelerators_per_rack: int
    price: float
    """Price with its share of the rack, real money of `currency_year` [USD]."""
    currency_year: int
    scale_up_domain: int
    """Accelerators joined by the fast fabric."""
    scale_up_bandwidth: float
    """Bandwidth of that fabric for each accelerator, one way [byte s-1]."""
    life: float
    """Economic life [yr]."""
    idle_fraction: float
    """Power of an idle rack over that of a full one [1]."""
    software_share: float
    """Share of the roofline that its published software reaches, over that of the fit [1]."""
    merchant: bool
    """Whether it is sold, not only rented out by its maker."""
    assumed: tuple[str, ...]
    """Parameters that rest on judgement, unverified."""

    @property
    def it_power(self) -> float:
        """IT power of one accelerator with its share of host, fabric and fans [MW]."""
        return self.rack_power / self.accelerators_per_rack

    def peak(self, precision: str) -> float:
        """Return peak arithmetic [FLOP s-1]; a precision it lacks runs at the next wider one."""
        names = list(PRECISIONS)
        if precision not in names:
            msg = f"unknown precision '{precision}'{nearest(precision, names)}"
            raise StudyError(Fault("precision", f"{msg} (allowed: {', '.join(names)})"))
        usable = [self.peaks[name] for name in names[: names.index(precision) + 1][::-1]
                  if name in self.peaks]  # fmt: skip
        return usable[0]


def accelerator_names() -> list[str]:
    """Return the keys of all generations, by year and name."""
    table = accelerator_table()
    years = table[table["parameter"] == "year_available"].set_index("accelerator")["value"]
    return sorted(years.index, key=lambda key: (years[key], key))


def accelerator(key: str, currency_year: int = 2025, where: str = "accelerator") -> Accelerator:
    """Return a generation of the library, its price in money of `currency_year`.

    Raises
    ------
    StudyError
        When there is no such generation; the message names the nearest.
    """
    known = accelerator_names()
    if key not in known:
        msg = f"unknown generation '{key}'{nearest(key, known)} (known: {', '.join(known)})"
        raise StudyError(Fault(where, msg))
    table = accelerator_table()
    rows = table[table["accelerator"] == key]
    value: dict[str, float] = {
        name: float(amount) * _UNITS[name][1]
        for name, amount in zip(rows["parameter"], rows["value"], strict=True)
    }
    price_year = int(rows.loc[rows["parameter"] == "price", "currency_year"].iloc[0])
    return Accelerator(
        key=key,
        name=str(rows["name"].iloc[0]),
        year_available=int(value["year_available"]),
        tdp=value["tdp"],
        memory=value["memory"],
        memory_bandwidth=value["memory_bandwidth"],
        peaks={name: value[f"peak_{name}"] for name in PRECISIONS if f"peak_{name}" in value},
        rack_power=value["rack_power"],
        accelerators_per_rack=int(value["accelerators_per_rack"]),
        price=convert(value["price"], "USD", price_year, currency_year),
        currency_year=currency_year,
        scale_up_domain=int(value["scale_up_domain"]),
        scale_up_bandwidth=value["scale_up_bandwidth"],
        life=value["life"],
        idle_fraction=value["idle_fraction"],
        software_share=value["software_share"],
        merchant=value["merchant"] > 0,
        assumed=tuple(rows.loc[rows["provenance"] == "assumed", "parameter"]),
    )


def accelerator_table() -> pd.DataFrame:
    """Return every parameter as the file states it, with source and provenance.

    Raises
    ------
    DataError
        When a row has no number, a wrong unit or no source, or a generation lacks a parameter.
    """
    path = data_dir() / "accelerators.csv"
    return _table(path.stat().st_mtime_ns if path.is_file() else 0).copy()


@lru_cache(maxsize=8)
def _table(modified: int) -> pd.DataFrame:
    path = data_dir() / "accelerators.csv"
    faults: list[Fault] = []
    records = []
    for row in read_table(path, COLUMNS):
        faults += source_faults(row)
        record: dict[str, object] = dict(row.cells)
        record["value"] = number(row, "value", faults)
        for column in ("low", "high", "currency_year"):
            record[column] = optional_number(row, column, faults)
        unit = _UNITS.get(row["parameter"], ("",))[0]
        if unit != row["unit"]:
            msg = f"found {row['parameter']} in '{row['unit']}'; needed: {unit or 'no such row'}"
            faults.append(Fault(row.where, msg))
        records.append(record)
    table = pd.DataFrame.from_records(records, columns=list(COLUMNS))
    for key, rows in table.groupby("accelerator"):
        faults += _row_faults(str(path), str(key), list(rows["parameter"]))
    if faults:
        raise DataError(faults)
    return table


def _row_faults(path: str, key: str, found: list[str]) -> list[Fault]:
    """Return which parameters a generation lacks or states twice."""
    faults = []
    missing = sorted(set(_UNITS) - set(_OPTIONAL) - set(found))
    if "peak_bf16" not in found:
        missing.append("peak_bf16")
    twice = sorted({name for name in found if found.count(name) > 1})
    if missing:
        faults.append(Fault(path, f"{key} lacks {', '.join(missing)}; add the rows"))
    if twice:
        faults.append(Fault(path, f"{key} states {', '.join(twice)} twice; keep one row each"))
    return faults
