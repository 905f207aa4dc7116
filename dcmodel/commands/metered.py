"""``dcmodel study`` and ``dcmodel validate`` of a metered load under its own tariff."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.resolution import csv_text, json_text
from dcmodel.commands.common import tell

if TYPE_CHECKING:
    import pandas as pd

    from dcmodel.study.metered import MeteredResult

SCHEMA = "dcmodel/metered-1"
_STATED = re.compile(rf"schema\s*:\s*(['\"]?){re.escape(SCHEMA)}\1\s*(#.*)?$")
NOT_PROVEN = 5
"""Exit code where the gap asked for was not reached."""


def is_metered(path: Path) -> bool:
    """Return whether a file says that it is a study of a metered load."""
    if not path.is_file():
        return False
    with path.open(encoding="utf-8", errors="replace") as lines:
        return any(_STATED.match(line) for line in lines)


def validate_metered(path: Path) -> None:
    """Check a study of a metered load, and say that it is sound."""
    from dcmodel.study.metered import check_metered, load_metered

    study = load_metered(path)
    check_metered(study)
    typer.echo(f"{path}: ok, {len(study.load.power)} intervals of '{study.load.column}'")


def study_metered(path: Path, out: Path | None, quiet: bool) -> int:
    """Run a study of a metered load, write its tables, and return the exit code."""
    from dcmodel.study.metered import load_metered, run_metered

    study = load_metered(path)
    result = run_metered(study)
    folder = Path("out") / study.spec.name if out is None else out
    _write(result, folder)
    if not quiet:
        _show(result.summary, folder)
    return 0 if result.summary["status"] == "optimal" else NOT_PROVEN


def _write(result: MeteredResult, folder: Path) -> None:
    """Write the tables of a result; numbers in full, so that a bill of them is the same."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _table(folder / "bill.csv", result.bill)
        _table(folder / "bill_before.csv", result.bill_before)
        _table(folder / "dispatch.csv", result.dispatch)
        # readings are billed again, so they keep what the bill was made of
        meter = result.dispatch[["time", "import (kW)"]]
        meter.to_csv(folder / "meter.csv", index=False, float_format="%.9g", lineterminator="\n")
        text = json_text(result.summary)
        (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        message = f"cannot be written ({error.strerror or error})"
        raise StudyError(Fault(str(folder), message)) from None


def _table(path: Path, table: pd.DataFrame) -> None:
    path.write_text(csv_text(table), encoding="utf-8")


def _show(summary: dict[str, Any], folder: Path) -> None:
    typer.echo(f"{summary['study']}: {summary['load']} under {summary['tariff']}, in USD a year")
    for name, size in summary["sizes"].items():
        typer.echo(f"  {name:34s} {size['value']:z16,.3f} {size['unit']}")
    for key, words in (
        ("bill_before", "bill without it"),
        ("bill", "bill with it"),
        ("yearly_cost_of_components", "yearly cost of what is built"),
        ("total", "bill and cost together"),
        ("saving", "saved"),
    ):
        typer.echo(f"  {words:34s} {summary[key]:z16,.2f}")
    typer.echo(f"  {'peak before and after':34s} {summary['peak_before_kw']:z16,.1f} kW")
    typer.echo(f"  {'':34s} {summary['peak_kw']:z16,.1f} kW")
    typer.echo(
        f"  {summary['status']}, within {summary['certified_gap']:.1e} of the optimum "
        f"({summary['solver']}, {summary['seconds']:g} s)"
    )
    tell(f"wrote {folder}: summary.json, bill.csv, bill_before.csv, dispatch.csv, meter.csv")
