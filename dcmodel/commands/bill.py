"""``dcmodel bill``: the itemised bill of a tariff on a metered load."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.resolution import csv_text, json_text
from dcmodel.commands.common import Debug, errors, tell

if TYPE_CHECKING:
    import pandas as pd

    from dcmodel.inputs.loads import Load
    from dcmodel.markets.statement import Statement

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_KILO = {"MW": "kW", "MWh": "kWh", "MW month": "kW month"}
"""Units that a bill in kW shows a thousandfold."""


class End(StrEnum):
    """Which end of its interval a stamp names."""

    beginning = "beginning"
    ending = "ending"


def bill(
    tariff: Annotated[Path, typer.Argument(help="Tariff: .yaml, table .csv, or URDB .json.")],
    load: Annotated[Path, typer.Argument(help="Metered load: CSV with a column in kW or MW.")],
    column: Annotated[
        str | None, typer.Option(help="Column of the load, where several are in kW or MW.")
    ] = None,
    label: Annotated[
        End | None, typer.Option(help="End of the interval that a stamp names.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Zone of the local clock, as in Europe/Berlin.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="Currency of a tariff that states none.")
    ] = None,
    series: Annotated[
        list[str] | None,
        typer.Option(help="Series from the load's file: price_energy=COLUMN, system_load=COLUMN."),
    ] = None,
    before: Annotated[
        Path | None, typer.Option(help="Load of the year before, for ratchets and peaks.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Write the lines as CSV.")] = None,
    debug: Debug = False,
) -> None:
    """Print the bill of a tariff on a load: every line by month, charge and period."""
    with errors(debug):
        from dcmodel.inputs.loads import read_load
        from dcmodel.inputs.tariffs import read_tariff
        from dcmodel.markets.base import make_forms
        from dcmodel.markets.statement import statement

        read = read_tariff(tariff, currency)
        metered = read_load(
            load, column, label=None if label is None else label.value, time_zone=time_zone
        )
        forms = make_forms(read, metered.years)
        earlier = None
        if before is not None:
            earlier = read_load(
                before, column, label=None if label is None else label.value, time_zone=time_zone
            )
        found = statement(forms, metered, _series(series or [], metered), earlier)
        notes = (*read.notes, *found.notes)
        table = _in_unit(found.items, metered.unit)
        if csv is not None:
            _write(table, csv)
        if as_json:
            typer.echo(_json(read.name, read.currency, metered, found, table, notes))
        else:
            _show(read.name, read.currency, metered, table, notes)


def _series(pairs: list[str], load: Load) -> dict[str, Any]:
    """Return the series named by ``NAME=COLUMN``."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, separator, column = pair.partition("=")
        if not separator:
            raise StudyError(Fault("--series", f"found '{pair}'; write NAME=COLUMN"))
        found[name] = load.series(column)
    return found


def _in_unit(items: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return the lines in the unit of the load: quantities and rates per kW and kWh, or MW."""
    if unit != "kW":
        return items
    table = items.copy()
    kilo = table["unit"].isin(list(_KILO))
    table.loc[kilo, "quantity"] *= 1000.0
    table.loc[kilo, "rate"] /= 1000.0
    table.loc[kilo, "unit"] = table.loc[kilo, "unit"].map(_KILO)
    return table


def _write(table: pd.DataFrame, path: Path) -> None:
    try:
        path.write_text(csv_text(table), encoding="utf-8")
    except OSError as error:
        message = f"cannot be written ({error.strerror or error})"
        raise StudyError(Fault(str(path), message)) from None
    tell(f"wrote {path}")


def _json(
    name: str,
    currency: str,
    load: Load,
    found: Statement,
    table: pd.DataFrame,
    notes: tuple[str, ...],
) -> str:
    months: Any = table.groupby(["year", "month"])["amount"].sum()
    return json_text(
        {
            "tariff": name,
            "currency": currency,
            "load": load.column,
            "total": found.total,
            "months": [
                {"year": int(year), "month": int(month), "amount": float(amount)}
                for (year, month), amount in months.items()
            ],
            "items": table.to_dict("records"),
            "notes": list(notes),
        }
    )


def _show(
    name: str, currency: str, load: Load, table: pd.DataFrame, notes: tuple[str, ...]
) -> None:
    typer.echo(f"{name}, in {currency}")
    energy = float((load.power * load.hours).sum())
    span = f"{load.time[0]:%Y-%m-%d} to {load.time[-1]:%Y-%m-%d}"
    typer.echo(f"{load.column}: {span}, {energy:z,.1f} MWh, peak {load.power.max():z,.3f} MW")
    months: Any = table.groupby(["year", "month"])
    for (year, month), lines in months:
        typer.echo(f"\n{_MONTHS[month - 1]} {year}")
        for line in lines.itertuples():
            words = ", ".join(dict.fromkeys(w for w in (line.form, line.charge, line.period) if w))
            typer.echo(
                f"  {words[:44]:44s} {line.quantity:z14,.2f} {line.unit:8s} "
                f"x {line.rate:12,.6g} {line.amount:z16,.2f}"
            )
        typer.echo(f"  {'':44s} {'':14s} {'':8s}   {'':12s} {lines['amount'].sum():z16,.2f}")
    typer.echo("\nBy charge")
    by_charge: Any = table.groupby(["form", "charge", "period"], sort=False)["amount"].sum()
    for keys, amount in by_charge.items():
        words = ", ".join(dict.fromkeys(str(word) for word in keys if word))
        typer.echo(f"  {words[:44]:44s} {amount:z55,.2f}")
    total = table["amount"].sum()
    typer.echo(f"  {'total, ' + currency:44s} {total:z55,.2f}")
    for note in notes:
        typer.echo(f"note: {note}")
