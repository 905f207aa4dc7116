"""``dcmodel contracts``: the same load under the mix of contracts made for a flat load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.resolution import csv_text, records_text
from dcmodel.commands.common import Debug, errors, tell

if TYPE_CHECKING:
    import pandas as pd


def contracts(
    out: Annotated[Path, typer.Argument(help="Output folder of a study.")],
    only: Annotated[
        str | None, typer.Option(help="Cases whose name matches, as in 'dallas/*'.")
    ] = None,
    samples: Annotated[int, typer.Option(help="Weather and price years drawn.")] = 20,
    segments: Annotated[int, typer.Option(help="Segments of a year to settle on.")] = 1095,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Debug = False,
) -> None:
    """Settle the load of each case under its own contracts, those of a flat load, and none.

    Writes tables/contract_mixes.csv and figures/SITE_SCENARIO_contract_risk.png.
    """
    with errors(debug):
        for option, value, least in (("--samples", samples, 2), ("--segments", segments, 24)):
            if value < least:
                raise StudyError(Fault(option, f"found {value}; give {least} or more"))
        import pandas as pd

        from dcmodel.report.contracts import mix_table
        from dcmodel.study.mixes import contract_mixes

        frames = []
        for case, result in _finished(out, only):
            if not as_json:
                tell(f"{case.name}: {samples} years of weather and price")
            mixes = contract_mixes(case, result, samples=samples, segments=segments)
            table = mix_table(mixes)
            frames.append(table)
            _draw(mixes, out)
            if not as_json:
                _show(table)
        whole = pd.concat(frames, ignore_index=True)
        _write(whole, out)
        if as_json:
            typer.echo(records_text(whole))


def _finished(out: Path, only: str | None) -> list[tuple[Any, Any]]:
    """Return the finished cases of an output folder with their results."""
    from dcmodel.study.cases import cases
    from dcmodel.study.load import load_study
    from dcmodel.study.run import select
    from dcmodel.study.store import open_results

    if not (out / "study.yaml").is_file():
        message = "holds no study.yaml; give the output folder of 'dcmodel study'"
        raise StudyError(Fault(str(out), message))
    wanted = select(cases(load_study(out / "study.yaml")), only)
    results = open_results(out)
    found = [
        (case, results[case.name])
        for case in wanted
        if case.name in results and not case.is_portfolio
    ]
    if not found:
        message = "holds no finished case of one site; run 'dcmodel study' with mode: compare first"
        raise StudyError(Fault(str(out), message))
    return found


def _draw(mixes: Any, out: Path) -> None:
    import re

    from dcmodel.report.contracts import risk_figure
    from dcmodel.report.style import canvas

    sheet = canvas()
    risk_figure(mixes, sheet)
    stem = re.sub(r"[^\w.-]+", "_", mixes.attrs["case"])
    (out / "figures").mkdir(exist_ok=True)
    sheet.savefig(out / "figures" / f"{stem}_contract_risk.png", dpi=150)


def _write(table: pd.DataFrame, out: Path) -> None:
    from dcmodel.study.store import write_atomic

    (out / "tables").mkdir(exist_ok=True)
    write_atomic(out / "tables" / "contract_mixes.csv", csv_text(table))


def _show(table: pd.DataFrame) -> None:
    """Print the mixes over all years, and what they contract."""
    typer.echo(
        f"  {'mix':20s} {'typical':>8s} {'mean':>8s} {'spread':>7s} {'at risk':>8s} "
        f"{'against':>8s}  USD/MWh metered; contracted MW, mean of the years"
    )
    sizes = [column for column in table.columns if column.endswith("_mw")]
    for row in table[table["year"] == 0].to_dict("records"):
        held = ", ".join(
            f"{name.removesuffix('_mw')} {row[name]:.1f}" for name in sizes if row[name] > 0.05
        )
        typer.echo(
            f"  {row['mix']:20s} {row['typical_usd_per_mwh']:8.2f} {row['mean_usd_per_mwh']:8.2f} "
            f"{row['spread_usd_per_mwh']:7.2f} {row['value_at_risk_usd_per_mwh']:8.2f} "
            f"{row['against_optimum_usd_per_mwh']:+z8.2f}  {held or 'none'}"
        )
