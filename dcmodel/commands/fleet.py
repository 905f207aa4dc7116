"""``dcmodel fleet``: generations of accelerators in tokens, energy and money; and claims."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.resolution import json_text, records_text
from dcmodel.commands.common import Debug, errors, save

if TYPE_CHECKING:
    import pandas as pd

    from dcmodel.workload.service import ServingPlan
    from dcmodel.workload.tokens import Request

app = typer.Typer(help="Accelerators by generation: tokens per MWh, USD per million tokens.")

FIRST, LAST = 2025, 2030
RATES = (0.0, 10.0, 20.0, 30.0, 45.0, 60.0, 80.0, 100.0, 130.0)
"""Output tokens a second for each user, over which the price of speed is shown."""
SPEED_OF = ["h100_sxm", "h200_sxm", "b200_sxm", "gb200_nvl72", "vr_nvl144"]
"""Generations whose price of speed is shown where none is named."""

Model = Annotated[str, typer.Option(help="Language model of the library.")]
Precision = Annotated[str, typer.Option(help="bf16, fp8 or fp4.")]
Rate = Annotated[
    float | None,
    typer.Option(
        "--interactivity", help="Output tokens/s for each user; the library's when left out."
    ),
]
Count = Annotated[str, typer.Option("--tokens", help="Counted: output or input_and_output.")]
Names = Annotated[
    list[str] | None, typer.Option("--generation", "-g", help="Generations; all when left out.")
]
Pue = Annotated[float | None, typer.Option(help="Facility energy over IT energy.")]
Price = Annotated[float | None, typer.Option("--energy-price", help="Of energy [USD/MWh].")]
Used = Annotated[float | None, typer.Option("--utilisation", help="Mean use, above 0 to 1.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Input = Annotated[
    float | None, typer.Option(help="Input tokens of a request; a chat's when left out.")
]
Output = Annotated[
    float | None, typer.Option(help="Output tokens of a request; a chat's when left out.")
]


@app.callback(invoke_without_command=True)
def fleet(
    context: typer.Context,
    model: Model = "deepseek_r1",
    precision: Precision = "fp8",
    interactivity: Rate = None,
    tokens: Count = "output",
    input_tokens: Input = None,
    output_tokens: Output = None,
    cache_hit: Annotated[float, typer.Option(help="Share of the input in a cache.")] = 0.0,
    generation: Names = None,
    pue: Pue = None,
    energy_price: Price = None,
    utilisation: Used = None,
    as_json: AsJson = False,
    plot: Annotated[Path | None, typer.Option(help="Write a chart, 2025 to 2030.")] = None,
    debug: Debug = False,
) -> None:
    """Show each generation at a chat and at a batch operating point; mean request of a trace."""
    if context.invoked_subcommand is not None:
        return
    with errors(debug):
        from dcmodel.study.economics import by_year, economies, terms

        plan = _plan(model, precision, tokens)
        request = _request(input_tokens, output_tokens, cache_hit)
        rate = _rate(interactivity)
        on = terms(pue=pue, energy_price=energy_price, utilisation=utilisation)
        table = economies(_known(generation), plan, request, rate, on)
        if as_json:
            typer.echo(records_text(table))
        else:
            _show(table, plan, request, rate)
        if plot is not None:
            from dcmodel.report.fleet import generations_figure

            years = by_year(table, range(FIRST, LAST + 1), plan, request, rate, on)
            title = f"{model}, {precision}, {rate:g} tokens/s a user"
            save(generations_figure(table, years, plan.counted.value, title), plot)


@app.command()
def published(as_json: AsJson = False, debug: Debug = False) -> None:
    """Set the roofline beside published operating points."""
    with errors(debug):
        from dcmodel.workload.published import CHECK, FIT, compare_published, fit_of

        table = compare_published()
        if as_json:
            typer.echo(records_text(table))
            return
        typer.echo(
            f"{'accelerator':14s} {'model':15s} {'prec':5s} {'in/out':11s} {'batch':>6s} "
            f"{'tok/s/user':>10s} {'published':>10s} {'roofline':>10s} {'error':>6s}  use"
        )
        for row in table.to_dict("records"):
            typer.echo(
                f"{row['accelerator']:14s} {row['model']:15s} {row['precision']:5s} "
                f"{row['tokens']:11s} {row['batch']:6.0f} {row['interactivity']:10.1f} "
                f"{row['published']:10.4g} {row['modelled']:10.4g} {row['error']:+6.0%}  "
                f"{row['use']}"
            )
        for use, words in ((FIT, "set the efficiencies"), (CHECK, "are checks alone")):
            fit = fit_of(table[table["use"] == use])
            typer.echo(
                f"{fit.points} points {words}: median error {fit.median_error:.0%}, mean "
                f"{fit.mean_error:.0%}, bias {fit.bias:+.0%}, largest a factor of "
                f"{1 + fit.largest_error:.1f}"
            )


@app.command("levers")
def show_levers(
    model: Model = "deepseek_r1",
    precision: Precision = "fp8",
    interactivity: Rate = None,
    tokens: Count = "output",
    input_tokens: Input = None,
    output_tokens: Output = None,
    generation: Annotated[
        str, typer.Option("--generation", "-g", help="Generation of accelerators.")
    ] = "gb200_nvl72",
    small_model: Annotated[
        str, typer.Option(help="Model that answers half of the requests.")
    ] = "llama_3_1_8b",
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show what changes the cost of a request: speed, precision, context, cache, small models."""
    with errors(debug):
        from dcmodel.study.economics import terms
        from dcmodel.study.levers import levers
        from dcmodel.workload.accelerators import accelerator
        from dcmodel.workload.models import language_model

        plan = _plan(model, precision, tokens)
        language_model(small_model, "--small-model")
        request = _request(input_tokens, output_tokens)
        chip, on = accelerator(generation, where="--generation"), terms()
        table = levers(chip, plan, request, _rate(interactivity), on, small_model)
        if as_json:
            typer.echo(records_text(table))
            return
        typer.echo(f"{chip.name}, {model}, {precision}")
        for row in table.to_dict("records"):
            typer.echo(
                f"  {row['lever']:38s} {row['wh_per_request']:9.4f} Wh a request "
                f"{row['wh_per_request_share']:7.2f} x   {row['usd_per_1000_requests']:8.4f} USD "
                f"a thousand {row['usd_per_1000_requests_share']:7.2f} x"
            )


@app.command()
def speed(
    model: Model = "deepseek_r1",
    precision: Precision = "fp8",
    tokens: Count = "output",
    input_tokens: Input = None,
    output_tokens: Output = None,
    generation: Names = None,
    as_json: AsJson = False,
    plot: Annotated[Path | None, typer.Option(help="Write a chart.")] = None,
    debug: Debug = False,
) -> None:
    """Show the energy price of speed: tokens per MWh over what each user receives."""
    with errors(debug):
        from dcmodel.study.economics import terms
        from dcmodel.study.levers import interactivity_curve
        from dcmodel.workload.accelerators import accelerator

        plan = _plan(model, precision, tokens)
        request = _request(input_tokens, output_tokens)
        keys = _known(generation or SPEED_OF)
        curves = {
            key: interactivity_curve(accelerator(key), plan, request, RATES, terms())
            for key in keys
        }
        if as_json:
            records = {key: curve.to_dict("records") for key, curve in curves.items()}
            typer.echo(json_text(records))
        else:
            _show_speed(curves)
        if plot is not None:
            from dcmodel.report.fleet import speed_figure

            save(speed_figure(curves, plan.counted.value, f"{model}, {precision}"), plot)


@app.command()
def claims(
    model: Model = "deepseek_r1",
    precision: Precision = "fp8",
    interactivity: Rate = None,
    generation: Names = None,
    input_tokens: Input = None,
    output_tokens: Output = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Recompute "every search as one AI query = 29 TWh a year" for generations."""
    with errors(debug):
        from dcmodel.study.claims import search_request, searches_as_queries
        from dcmodel.study.economics import terms
        from dcmodel.workload.tokens import Request

        mean = search_request()
        request = Request(
            mean.input_tokens if input_tokens is None else input_tokens,
            mean.output_tokens if output_tokens is None else output_tokens,
        )
        keys = _known(generation or ["a100_sxm", "h100_sxm", "gb200_nvl72"])
        plan = _plan(model, precision, "output")
        table = searches_as_queries(keys, plan, request, _rate(interactivity), terms())
        if as_json:
            typer.echo(records_text(table))
            return
        typer.echo(
            f"Every search as one AI query: {model}, {request.input_tokens:g} tokens in, "
            f"{request.output_tokens:g} out (assumed)"
        )
        for row in table.to_dict("records"):
            typer.echo(
                f"  {row['basis']:26s} {row['wh_per_query']:8.3f} Wh a query "
                f"{row['twh_per_year']:8.2f} TWh a year  {row['share_of_claim']:7.1%}"
            )
            typer.echo(f"    assumed, unverified: {row['assumed']}")


@app.command()
def demand(
    scenario: Annotated[str, typer.Option(help="low, central or high.")] = "central",
    efficiency_gain: Annotated[
        float | None, typer.Option(help="Yearly gain of hardware in place of the scenario's.")
    ] = None,
    cost_decline: Annotated[
        float | None, typer.Option(help="Yearly fall of cost in place of the scenario's.")
    ] = None,
    elasticity: Annotated[
        float | None, typer.Option(help="Response of tokens to their price.")
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show demand of the world 2025 to 2030, with rebound where a trend is replaced."""
    with errors(debug):
        from dcmodel.workload.growth import demand_path

        path = demand_path(
            scenario,
            range(FIRST, LAST + 1),
            efficiency_gain=efficiency_gain,
            cost_decline=cost_decline,
            price_elasticity=elasticity,
        )
        table = path.table()
        if as_json:
            typer.echo(records_text(table))
        else:
            typer.echo(table.drop(columns="scenario").to_string(index=False, float_format="%.3g"))


def _plan(model: str, precision: str, tokens: str) -> ServingPlan:
    """Return what is served; refuse unknown names before anything is computed."""
    from dcmodel.base.registry import nearest
    from dcmodel.workload.accelerators import PRECISIONS
    from dcmodel.workload.models import language_model
    from dcmodel.workload.service import ServingPlan
    from dcmodel.workload.tokens import counted

    language_model(model, "--model")
    if precision not in PRECISIONS:
        allowed = list(PRECISIONS)
        message = f"unknown '{precision}'{nearest(precision, allowed)} (allowed: {allowed})"
        raise StudyError(Fault("--precision", message))
    return ServingPlan(model, counted(tokens, "--tokens"), precision)


def _request(
    input_tokens: float | None, output_tokens: float | None, cache_hit: float = 0.0
) -> Request:
    """Return the mean request; what is left out is that of the library's chat."""
    from dcmodel.workload.classes import settings
    from dcmodel.workload.tokens import Request

    chat = settings("chat")["request"]
    return Request(
        chat["input_tokens"] if input_tokens is None else input_tokens,
        chat["output_tokens"] if output_tokens is None else output_tokens,
        cache_hit,
    )


def _rate(interactivity: float | None) -> float:
    """Return output tokens a second for each user, the library's when left out."""
    from dcmodel.study.economics import reference_parameters

    if interactivity is None:
        return reference_parameters().value("interactivity")
    return interactivity


def _known(names: list[str] | None) -> list[str]:
    from dcmodel.workload.accelerators import accelerator, accelerator_names

    if not names:
        return accelerator_names()
    faults: list[Fault] = []
    for name in names:
        try:
            accelerator(name, where="--generation")
        except StudyError as error:
            faults += error.faults
    if faults:
        raise StudyError(faults)
    return names


def _show(table: pd.DataFrame, plan: ServingPlan, request: Request, interactivity: float) -> None:
    typer.echo(
        f"{plan.model}, {plan.precision}, {request.input_tokens:g} tokens in and "
        f"{request.output_tokens:g} out, {plan.counted.value.replace('_', ' ')} tokens counted"
    )
    typer.echo(
        f"{'':20s} {'':5s} {'chat at':>7s} {interactivity:4g} tokens/s a user"
        f"{'batch, most throughput':>40s}"
    )
    head = f"{'Mtok/MWh':>9s} {'Wh/request':>10s} {'USD/Mtok':>9s}"
    typer.echo(f"{'generation':20s} {'year':5s} {head}   {head} {'price of interactivity':>23s}")
    for row in table.to_dict("records"):
        cells = [_cells(row, point) for point in ("chat", "batch")]
        price = row["interactivity_price"]
        typer.echo(
            f"{row['generation']:20s} {row['year']:<5d} {cells[0]}   {cells[1]} "
            f"{'x ' + format(price, '.2f') if price == price else '-':>23s}  "
            f"({row['assumed']} assumed)"
        )
        if row["note"]:
            typer.echo(f"  {row['note']}")
    typer.echo("Energy at the wall, with idle hours; USD of accelerators, building and energy.")
    typer.echo("Assumed values are unverified: data/accelerators.csv, data/fleet_reference.csv.")


def _show_speed(curves: dict[str, pd.DataFrame]) -> None:
    for key, curve in curves.items():
        typer.echo(key)
        for row in curve.to_dict("records"):
            typer.echo(
                f"  {row['interactivity']:6.1f} tokens/s a user: {row['tokens_per_s']:8.0f} "
                f"output tokens/s an accelerator, {row['mtok_per_mwh']:6.0f} Mtok/MWh, "
                f"{row['usd_per_mtok']:8.3f} USD/Mtok"
            )


def _cells(row: dict[Any, Any], point: str) -> str:
    if row.get(f"{point}_usd_per_mtok") != row.get(f"{point}_usd_per_mtok"):
        return f"{'-':>9s} {'-':>10s} {'-':>9s}"
    return (
        f"{row[f'{point}_mtok_per_mwh']:9.0f} {row[f'{point}_wh_per_request']:10.3f} "
        f"{row[f'{point}_usd_per_mtok']:9.3f}"
    )
