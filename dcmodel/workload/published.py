"""The roofline beside published operating points: what it is off by, and on how many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.paths import data_dir
from dcmodel.inputs.library import TableRow, number, optional_number, read_table, source_faults
from dcmodel.workload.accelerators import accelerator
from dcmodel.workload.models import language_model
from dcmodel.workload.serving import (
    Deployment,
    Efficiencies,
    OperatingPoint,
    at_batch,
    at_interactivity,
    efficiencies,
)
from dcmodel.workload.tokens import Request, counted

_POINTS = (
    "point", "model", "accelerator", "group", "precision", "kv_precision", "input_tokens",
    "output_tokens", "cache_hit", "batch", "interactivity", "disaggregated", "quantity", "value",
    "counted", "use", "source", "provenance", "note",
)  # fmt: skip
_RATE, _ENERGY = "rate", "accelerator_energy"
FIT, CHECK = "fit", "check"
_JOULE_PER_MEGAJOULE = 1e6


@dataclass(frozen=True)
class Fit:
    """Spread of the roofline about published points."""

    points: int
    median_error: float
    """Median of the error either way, as a factor less one [1]."""
    mean_error: float
    """Geometric mean of the error either way, as a factor less one [1]."""
    bias: float
    """Geometric mean of modelled over published, less one [1]."""
    largest_error: float
    """Largest error either way, as a factor less one [1]."""


def compare_published(eff: Efficiencies | None = None) -> pd.DataFrame:
    """Return every published point beside the roofline.

    Returns
    -------
    DataFrame
        One row a point: what was served, ``quantity``, ``unit``, ``published``, ``modelled``,
        ``error`` (modelled over published, less one), ``use`` (``fit`` where it set an efficiency,
        ``check`` where it did not), ``source``, ``note``.
    """
    eff = efficiencies() if eff is None else eff
    faults: list[Fault] = []
    records = [
        _compared(row, eff, faults)
        for row in read_table(data_dir() / "serving_points.csv", _POINTS)
    ]
    if faults:
        raise DataError(faults)
    return pd.DataFrame.from_records(records)


def fit_of(table: pd.DataFrame) -> Fit:
    """Return the spread of the points of a table of `compare_published`."""
    logs = np.log(table["modelled"].to_numpy(float) / table["published"].to_numpy(float))
    return Fit(
        points=len(logs),
        median_error=float(np.expm1(np.median(np.abs(logs)))),
        mean_error=float(np.expm1(np.mean(np.abs(logs)))),
        bias=float(np.expm1(np.mean(logs))),
        largest_error=float(np.expm1(np.max(np.abs(logs)))),
    )


def _compared(row: TableRow, eff: Efficiencies, faults: list[Fault]) -> dict[str, object]:
    faults += source_faults(row)
    if row["quantity"] not in (_RATE, _ENERGY) or row["use"] not in (FIT, CHECK):
        msg = f"needs quantity {_RATE} or {_ENERGY} and use {FIT} or {CHECK}"
        raise DataError(Fault(row.where, msg))
    published = number(row, "value", faults)
    kind = counted(row["counted"], row.where)
    point = _point(row, eff, faults)
    rate = point.rate(kind).amount
    is_rate = row["quantity"] == _RATE
    modelled = rate if is_rate else _JOULE_PER_MEGAJOULE * point.accelerator_power / rate
    return {
        **{name: row[name] for name in ("point", "accelerator", "model", "precision")},
        "group": int(row["group"]),
        "tokens": f"{row['input_tokens']}/{row['output_tokens']}",
        "batch": point.batch,
        "interactivity": point.interactivity,
        "quantity": row["quantity"],
        "unit": f"{kind.value} tokens/s" if is_rate else f"J per {kind.value} token",
        "published": published,
        "modelled": modelled,
        "error": modelled / published - 1,
        **{name: row[name] for name in ("use", "source", "provenance", "note")},
    }


def _point(row: TableRow, eff: Efficiencies, faults: list[Fault]) -> OperatingPoint:
    deployment = Deployment(
        accelerator(row["accelerator"], where=row.where),
        language_model(row["model"], row.where),
        row["precision"],
        row["kv_precision"],
        int(number(row, "group", faults)),
        row["disaggregated"] == "1",
    )
    lengths = (number(row, name, faults) for name in ("input_tokens", "output_tokens", "cache_hit"))
    request = Request(*lengths)
    batch = optional_number(row, "batch", faults)
    if batch is not None:
        return at_batch(deployment, request, batch, eff)
    return at_interactivity(
        deployment, request, optional_number(row, "interactivity", faults) or 0.0, eff
    )
