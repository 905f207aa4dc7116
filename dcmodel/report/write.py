"""Tables and figures of an output folder, rebuilt from its stored results alone.

::

    out/tables/
      ranking.csv  costs.csv  levelised_costs.csv  capacities.csv  yearly.csv  monthly.csv
      energy.csv  checks.csv, and where the results tell them contracts.csv  obligations.csv
      bills.csv  tokens.csv  shadow_prices.csv  assumptions.csv
    out/figures/
      cost_stack.png  monthly_pue.png
      SITE_SCENARIO_peak_week.png  SITE_SCENARIO_load_duration.png  SITE_SCENARIO_build_out.png
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.resolution import csv_text
from dcmodel.report import bills, contracts, figures, portfolios, prices, served, tables
from dcmodel.report.style import canvas
from dcmodel.study.store import open_results

DOTS_PER_INCH = 150
NEEDED = (
    "cost", "reference_cost", "capacity", "reference_capacity", "it_power", "facility_power",
    "grid_import", "supply", "it_energy", "it_energy_promised", "facility_energy", "water",
    "peak_import",
    "discount_factor", "levelised_cost", "reference_levelised_cost", "net_present_cost",
    "reference_net_present_cost", "duration", "month",
)  # fmt: skip
"""Variables and coordinates without which a result cannot be told."""


def write_reports(
    out: Path | str, *, with_tables: bool = True, with_figures: bool = True
) -> list[Path]:
    """Write the tables and figures of all finished cases of an output folder.

    Parameters
    ----------
    out : Path or str
        Output folder of a study.
    with_tables, with_figures : bool
        Which of the two to write.

    Returns
    -------
    list of Path
        Files written, tables first. Each is written in one step.

    Raises
    ------
    DataError
        When there is no finished case, or when a stored result is incomplete or does not add up;
        nothing is written then.
    """
    out = Path(out)
    results = dict(open_results(out))
    if not results:
        message = "holds no finished case; run 'dcmodel study' with this folder first"
        raise DataError(Fault(str(out), message))
    _refuse_incomplete(results)
    _refuse_unbalanced(results)
    written = []
    for name, table in (_tables(results, out) if with_tables else {}).items():
        written.append(_write(out / "tables" / f"{name}.csv", csv_text(table).encode()))
    for name, figure in _figures(results) if with_figures else ():
        written.append(_write(out / "figures" / f"{name}.png", _png(figure)))
    return written


def _tables(results: Mapping[str, xr.Dataset], out: Path) -> dict[str, pd.DataFrame]:
    made = {
        "ranking": tables.ranking(results),
        "costs": tables.costs(results),
        "levelised_costs": tables.levelised_costs(results),
        "capacities": tables.capacities(results),
        "yearly": tables.yearly(results),
        "monthly": tables.monthly(results),
        "energy": tables.energy(results),
        "checks": tables.checks(results),
    }
    noted = tables.notes(results)
    if not noted.empty:
        made["notes"] = noted
    billed = bills.bills(results)
    if not billed.empty:
        made["bills"] = billed
    signed = contracts.contract_table(results)
    if not signed.empty:
        made["contracts"] = signed
    owed = contracts.obligations(results)
    if not owed.empty:
        made["obligations"] = owed
    tokens = served.tokens(results)
    if not tokens.empty:
        made["tokens"] = tokens
    for name, table in (
        ("placements", portfolios.placements(results)),
        ("routing", portfolios.routing(results)),
        ("class_values", portfolios.class_values(results)),
    ):
        if not table.empty:
            made[name] = table
    worth = prices.shadow_prices(results)
    if not worth.empty:
        made["shadow_prices"] = worth
    assumed = tables.assumptions(results, out / "assumptions.csv")
    return made if assumed.empty else {**made, "assumptions": assumed}


def _figures(results: Mapping[str, xr.Dataset]) -> Iterable[tuple[str, Figure]]:
    """Yield name and figure one by one, so that no more than one is held in memory."""
    sheet = canvas()
    figures.cost_stack(results, sheet)
    yield "cost_stack", sheet
    years = [set(result["year"].values.tolist()) for result in results.values()]
    if set.intersection(*years):
        sheet = canvas()
        figures.monthly_pue(results, ax=sheet)
        yield "monthly_pue", sheet
    for stem, result in _stems(results).items():
        yield f"{stem}_peak_week", figures.peak_week(result, figure=canvas())
        sheet = canvas()
        figures.load_duration(result, ax=sheet)
        yield f"{stem}_load_duration", sheet
        yield f"{stem}_build_out", figures.build_out(result, figure=canvas())


def _stems(results: Mapping[str, xr.Dataset]) -> dict[str, xr.Dataset]:
    """Return results by the beginning of their file names, each once."""
    stems: dict[str, xr.Dataset] = {}
    for name, result in results.items():
        stem = re.sub(r"[^\w.-]+", "_", name)
        if stem in stems:
            stem = f"{stem}_{result.attrs['case_hash']}"
        stems[stem] = result
    return stems


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return stream.getvalue()


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}-{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _refuse_incomplete(results: Mapping[str, xr.Dataset]) -> None:
    faults = []
    for name, result in results.items():
        missing = [variable for variable in NEEDED if variable not in result.variables]
        if missing:
            message = f"lacks {', '.join(missing)}; run the study again with --fresh"
            faults.append(Fault(name, message))
    if faults:
        raise DataError(faults)


def _refuse_unbalanced(results: Mapping[str, xr.Dataset]) -> None:
    table = tables.checks(results)
    failed = table[~table["passed"].astype(bool)].to_dict("records")
    faults = [
        Fault(
            str(row["case"]),
            f"{row['check']}: found {row['found']:.9g}, expected {row['expected']:.9g}; the stored "
            "result does not add up, run the study again with --fresh",
        )
        for row in failed
    ]
    if faults:
        raise DataError(faults)
