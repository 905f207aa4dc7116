"""``dcmodel backup``: survival, nines and the cost of the next nine of a finished case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.resolution import csv_text, json_text
from dcmodel.base.units import HOURS_PER_YEAR
from dcmodel.commands.common import Debug, errors, save, tell

if TYPE_CHECKING:
    import pandas as pd

    from dcmodel.study.verification import Verification

_LONGEST_H = 720


def backup(
    case: Annotated[
        Path,
        typer.Argument(metavar="OUT/CASE", help="Output folder and case: out/study/dallas/base."),
    ],
    year: Annotated[int | None, typer.Option(help="Year of the study; the last.")] = None,
    outage: Annotated[int, typer.Option(help="Longest outage of the curves [h].")] = 96,
    years: Annotated[int, typer.Option(help="Years of the Monte Carlo.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Seed of the Monte Carlo.")] = 0,
    availability: Annotated[
        float | None, typer.Option(help="Size to this, as 0.99995; the next nine.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the curves: .png, .svg or .pdf.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Debug = False,
) -> None:
    """Verify the backup of a finished case: outages from every hour, failures, fuel, repairs.

    Nothing is solved again. Writes OUT/tables/CASE_backup.csv.
    """
    with errors(debug):
        _check(outage, years, availability)
        out, name = _split(case)
        from dcmodel.report.backup import figures_of, survival_table
        from dcmodel.study.backup import open_backup
        from dcmodel.study.verification import verify_backup

        opened = open_backup(out, name, year)
        found = verify_backup(opened, outage=outage, years=years, seed=seed, target=availability)
        table = survival_table(found)
        figures = figures_of(found)
        path = _write(out, name, table)
        if as_json:
            figures["survival"] = table.to_dict("list")
            typer.echo(json_text(figures))
        else:
            _show(figures, table)
            tell(f"wrote {path}")
        if plot is not None:
            _draw(found, plot, quiet=as_json)


def _check(outage: int, years: int, availability: float | None) -> None:
    faults = []
    if availability is not None and not 0 < availability < 1:
        hint = f" (did you mean {availability / 100:g}?)" if 1 < availability < 100 else ""
        text = f"found {availability:g}; allowed is above 0 and below 1{hint}"
        faults.append(Fault("--availability", text))
    if not 1 <= outage <= _LONGEST_H:
        faults.append(Fault("--outage", f"found {outage}; allowed are 1 to {_LONGEST_H} h"))
    if years < 1:
        faults.append(Fault("--years", f"found {years}; give 1 or more"))
    if faults:
        raise StudyError(faults)


def _split(path: Path) -> tuple[Path, str]:
    """Return the output folder and the name of the case in a path such as out/dallas/base."""
    for folder in (path, *path.parents):
        if (folder / "manifest.json").is_file():
            return folder, path.relative_to(folder).as_posix().removeprefix(".")
    message = "lies in no output folder; run 'dcmodel study' first and give OUT/SITE/SCENARIO"
    raise StudyError(Fault(str(path), message))


def _write(out: Path, name: str, table: pd.DataFrame) -> Path:
    from dcmodel.study.store import write_atomic

    (out / "tables").mkdir(exist_ok=True)
    path = out / "tables" / f"{name.replace('/', '_')}_backup.csv"
    write_atomic(path, csv_text(table))
    return path


def _draw(found: Verification, path: Path, *, quiet: bool) -> None:
    from dcmodel.report.backup import survival_figure
    from dcmodel.report.style import canvas

    sheet = canvas()
    survival_figure(found, sheet)
    save(sheet, path, quiet=quiet)


def _show(figures: dict[str, Any], table: pd.DataFrame) -> None:
    load = figures["critical_load_mw"]
    typer.echo(f"{figures['case']} in {figures['year']}")
    typer.echo(f"  critical load       {load['lowest']:.1f} to {load['highest']:.1f} MW")
    for name, power in figures["deferrable_mw"].items():
        typer.echo(f"  shed first          {name}, {power:.1f} MW in the mean")
    for group in figures["generators"]:
        _show_group(group)
    battery = figures["battery"]
    if battery is not None:
        typer.echo(
            f"  battery             {battery['power_mw']:.1f} MW, {battery['energy_mwh']:.1f} MWh, "
            f"never below {battery['lowest_charge_mwh']:.1f} MWh"
        )
    typer.echo(f"  ride-through        {60 * figures['ride_through_h']:.0f} min")
    _show_survival(table)
    _show_nines(figures)
    for text in (*figures["findings"], *figures["notes"]):
        typer.echo(f"note  {text}")


def _show_group(group: dict[str, Any]) -> None:
    label = group["name"].replace("_", " ")
    text = f"  {label:19s} {group['units']} x {group['rating_mw']:g} MW"
    if group["fuel"] is not None:
        text += f", {group['fuel']:,.0f} {group['fuel_unit']} ({group['fuel_h_at_full_load']:.0f} h"
        text += " at full load)"
    typer.echo(text)
    typer.echo(
        f"    longest outage    {group['longest_outage_run_h']:.0f} h running, "
        f"{group['longest_outage_fuel']:,.0f} {group['fuel_unit']}"
    )
    permit = group["permit_h_per_year"]
    typer.echo(
        f"    a year            {group['run_h_in_outages_per_year']:.2f} h in outages, "
        f"{group['fuel_in_outages_per_year']:,.0f} {group['fuel_unit']}; "
        f"{group['test_h_per_year']:g} h of tests of {permit or HOURS_PER_YEAR:g} h permitted"
    )


def _show_survival(table: pd.DataFrame) -> None:
    from dcmodel.report.backup import SHOWN_H

    typer.echo("  share of start hours survived without failures, and probability with them")
    typer.echo(
        f"  {'outage':>8s} {'all units':>10s} {'one out':>9s} {'two out':>9s} "
        f"{'probability':>12s} {'worst start':>12s} {'one out':>10s}"
    )
    for row in table[table["outage_h"].isin(SHOWN_H)].to_dict("records"):
        typer.echo(
            f"  {row['outage_h']:6d} h {row['share_of_starts_0_out']:10.4f} "
            f"{row['share_of_starts_1_out']:9.4f} {row['share_of_starts_2_out']:9.4f} "
            f"{row['probability']:12.6f} {row['probability_worst_start']:12.6f} "
            f"{row['probability_1_out']:10.6f}"
        )


def _show_distribution(paths: dict[str, Any] | None) -> None:
    if paths is None:
        typer.echo(
            "  at the racks        not told: the study names no tier of power_distribution, "
            "the nines are those of the supply"
        )
        return
    count = "two paths" if paths["paths"] > 1 else "one path"
    typer.echo(
        f"  distribution        {paths['tier']}, {count}: "
        f"{60 * paths['hours_lost_per_year']:.3g} min lost a year, {paths['nines']:.2f} nines "
        "(assumed in part)"
    )
    typer.echo(
        f"  at the racks        {paths['availability_at_racks']:.7f}, "
        f"{paths['nines_at_racks']:.2f} nines, supply and distribution together"
    )


def _show_nines(figures: dict[str, Any]) -> None:
    expected, played, nine = (figures[key] for key in ("expected", "monte_carlo", "next_nine"))
    count = expected["nines"]
    low, high = (
        "all" if n is None else f"{n:.2f}" for n in played["nines_interval"]
    )  # None: nothing is lost
    typer.echo(
        f"  availability        {expected['availability']:.7f}"
        + (f", {count:.2f} nines" if count is not None else "")
        + f"; Monte Carlo of {played['years']:,} years {low} to {high} nines (95 %), "
        f"{played['outages_lost']:,} of {played['outages']:,} outages lost"
    )
    for cause, hours in expected["hours_lost_per_year"].items():
        grid = figures["grid"][cause]
        typer.echo(
            f"    {cause.replace('_', ' '):17s} {60 * hours:.3g} min lost a year "
            f"(grid: {grid['per_year']:g} a year of {grid['mean_h']:g} h, assumed)"
        )
    typer.echo(f"  energy not served   {played['energy_not_served_mwh_per_year']:.3g} MWh a year")
    _show_distribution(figures["distribution"])
    if nine["reached"]:
        distribution = [f"{nine['tier']} distribution"] if nine["tier"] else []
        units = [f"{n} x {name}" for name, n in nine["added"].items()]
        added = ", ".join([*distribution, *units])
        typer.echo(
            f"  {nine['availability']:.8g} takes  {added}: "
            f"{nine['cost_usd_per_year']:,.0f} USD a year, {nine['nines']:.2f} nines"
        )
    else:
        typer.echo(f"  more nines          {nine['reason']}")
