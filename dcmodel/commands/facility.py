"""``dcmodel facility``: a year of a cooling design; ``compare`` sets many side by side."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.resolution import json_text
from dcmodel.commands.common import Debug, errors, save

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dcmodel.facility.design import Design
    from dcmodel.facility.performance import Performance

app = typer.Typer(help="Facility physics: PUE, water, peak and hours of a cooling design.")

FEW_YEARS = 3
"""Fewer years of weather say nothing of extremes."""

Weather = Annotated[
    str, typer.Option("--weather", "-w", help="Weather file, or a site of the library.")
]
Load = Annotated[float, typer.Option(help="IT power over installed IT, 0 to 1.")]
Megawatts = Annotated[float, typer.Option("--it-mw", help="Installed IT [MW].")]
Variant = Annotated[str, typer.Option(help="best, generic or legacy.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback(invoke_without_command=True)
def facility(
    context: typer.Context,
    cooling: Annotated[
        str | None,
        typer.Option(help="Architecture or preset file (.yaml); left out, they are listed."),
    ] = None,
    weather: Weather = "dallas",
    load: Load = 0.7,
    it_mw: Megawatts = 20.0,
    variant: Variant = "generic",
    rack_kw: Annotated[
        float | None, typer.Option(help="Rack density [kW]; sets the liquid share.")
    ] = None,
    mix: Annotated[
        str | None, typer.Option(help="Generation, as in gas=0.5,nuclear=0.2,wind=0.3.")
    ] = None,
    as_json: AsJson = False,
    plot: Annotated[Path | None, typer.Option(help="Write a picture of the year.")] = None,
    debug: Debug = False,
) -> None:
    """Show a year of a cooling design: PUE, TUE, WUE, peak, hours and parts."""
    if context.invoked_subcommand is not None:
        return
    with errors(debug):
        _check(load, it_mw)
        if cooling is None:
            _list()
            return
        from dcmodel.api import facility_weather
        from dcmodel.facility.performance import performance

        design = _design(cooling, variant, rack_kw)
        air = facility_weather(weather)
        year = performance(design, air, load, it_mw, _grid_water(mix))
        if as_json:
            typer.echo(json_text(year.as_dict()))
        else:
            _show(design, weather, load, it_mw, year, mix or "assumed grid")
        if plot is not None:
            from dcmodel.report.facility import year_figure
            from dcmodel.report.style import canvas

            title = f"{cooling}, {variant}, {weather}"
            save(year_figure(design, air, load, title, canvas()), plot)


@app.command()
def compare(
    cooling: Annotated[
        list[str] | None, typer.Option(help="Architectures; all when left out.")
    ] = None,
    weather: Annotated[
        list[str] | None, typer.Option("--weather", "-w", help="Weather files or sites.")
    ] = None,
    load: Annotated[list[float] | None, typer.Option(help="Loads, 0 to 1.")] = None,
    variant: Variant = "generic",
    as_json: AsJson = False,
    plot: Annotated[Path | None, typer.Option(help="Write a heat map of the PUE.")] = None,
    debug: Debug = False,
) -> None:
    """Set architectures, sites and loads side by side."""
    with errors(debug):
        from dcmodel.api import facility_weather
        from dcmodel.facility.design import architectures
        from dcmodel.facility.performance import performance
        from dcmodel.inputs.sites import site_names

        loads = load or [0.7]
        for value in loads:
            _check(value, 1.0)
        places = {name: facility_weather(name) for name in (weather or site_names())}
        rows = []
        for key in cooling or architectures.names():
            design = _design(key, variant, None)
            for place, air in places.items():
                for value in loads:
                    year = performance(design, air, value)
                    rows.append({"cooling": key, "weather": place, "load": value, **year.as_dict()})
        if as_json:
            typer.echo(json_text(rows))
        else:
            _table(rows)
        if plot is not None:
            from dcmodel.report.facility import compare_figure
            from dcmodel.report.style import canvas

            save(compare_figure(rows, variant, canvas()), plot)


@app.command()
def peak(
    cooling: Annotated[str, typer.Option(help="Architecture or preset file (.yaml).")],
    weather: Annotated[
        list[str], typer.Option("--weather", "-w", help="Weather files, one a year.")
    ],
    years: Annotated[float, typer.Option(help="Return period [years].")] = 20.0,
    it_mw: Megawatts = 20.0,
    variant: Variant = "generic",
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Estimate the peak at full load that weather brings once in many years."""
    with errors(debug):
        from dcmodel.api import facility_weather
        from dcmodel.facility.model import evaluate
        from dcmodel.facility.performance import return_level

        _check(1.0, it_mw)
        if len(weather) < FEW_YEARS or years <= 1:
            message = (
                f"found {len(weather)} years of weather and a period of {years:g} years; "
                f"{FEW_YEARS} or more, and a period above 1, are needed (ten give a fair estimate)"
            )
            raise StudyError(Fault("--weather", message))
        design = _design(cooling, variant, None)
        peaks = {
            name: it_mw * float(evaluate(design, facility_weather(name), 1.0).facility_power.max())
            for name in weather
        }
        level = return_level(list(peaks.values()), years)
        if as_json:
            found = {"peak_mw": peaks, "return_years": years, "return_level_mw": level}
            typer.echo(json_text(found))
            return
        for name, value in peaks.items():
            typer.echo(f"  {name[-40:]:40s} {value:8.3f} MW")
        words = f"once in {years:g} years"
        typer.echo(f"  {words:40s} {level:8.3f} MW (Gumbel, from {len(peaks)} years)")


@app.command()
def specs(
    weather: Weather = "dallas",
    it_mw: Megawatts = 20.0,
    shape: Annotated[
        str, typer.Option(help="Weekly shape of the inference load.")
    ] = "conversation",
    training: Annotated[Path | None, typer.Option(help="Preset file of the training spec.")] = None,
    inference: Annotated[
        Path | None, typer.Option(help="Preset file of the inference spec.")
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Run a hall specified for training on an inference load, beside one specified for it."""
    with errors(debug):
        import numpy as np

        from dcmodel.api import facility_weather
        from dcmodel.base.paths import data_dir
        from dcmodel.facility.equipment import equipment
        from dcmodel.facility.performance import performance
        from dcmodel.facility.preset import load_preset

        _check(1.0, it_mw)
        folder = data_dir() / "cooling" / "specs"
        designs = {
            "training spec": load_preset(training or folder / "training.yaml"),
            "inference spec": load_preset(inference or folder / "inference.yaml"),
        }
        air = facility_weather(weather)
        loads = {
            "training": np.full(len(air.temp_air), equipment("training_utilisation")),
            "inference": _inference_load(shape, weather),
        }
        rows = []
        for of, on in (
            ("training spec", "training"),
            ("training spec", "inference"),
            ("inference spec", "inference"),
        ):
            year = performance(designs[of], air, loads[on], it_mw)
            rows.append({"spec": of, "load": on, "mean_load": loads[on].mean(), **year.as_dict()})
        if as_json:
            typer.echo(json_text(rows))
        else:
            _specs_table(rows, it_mw, weather)


def _inference_load(shape: str, weather: str) -> npt.NDArray[np.float64]:
    """Return IT power over installed IT of a year of inference [1], in the site's local time."""
    import numpy as np

    from dcmodel.base.timeindex import TYPICAL_YEAR
    from dcmodel.facility.equipment import server_power
    from dcmodel.inputs.sites import load_site, site_names
    from dcmodel.workload.fleet import load_fleet
    from dcmodel.workload.shapes import hourly_shape

    zone = load_site(weather).time_zone if weather in site_names() else None
    fleet = load_fleet()
    busy = fleet.mean_utilisation * hourly_shape(shape, TYPICAL_YEAR, zone)
    return server_power(np.minimum(busy, fleet.utilisation_max))


def _specs_table(rows: list[dict[str, Any]], it_mw: float, weather: str) -> None:
    typer.echo(f"{it_mw:g} MW of IT, weather {weather}; specs and loads are judged (assumed)")
    head = ("mean load", "PUE", "WUE", "beside IT MWh", "peak MW", "contract MW")
    typer.echo(f"{'':16s} {'load':10s}" + "".join(f"{name:>15s}" for name in head))
    for row in rows:
        beside = sum(row["parts_mwh"].values()) - row["parts_mwh"]["it"]
        typer.echo(
            f"{row['spec']:16s} {row['load']:10s}{row['mean_load']:15.2f}{row['pue']:15.3f}"
            f"{row['wue']:15.2f}{beside:15,.0f}{row['peak_mw']:15.2f}{row['design_peak_mw']:15.2f}"
        )
    wrong, right = (sum(row["parts_mwh"].values()) for row in rows[1:])
    saved = wrong - right
    verb = "saves" if saved >= 0 else "costs"
    typer.echo(
        f"on an inference load the inference spec {verb} {abs(saved):,.0f} MWh a year, "
        f"{abs(saved) / wrong:.1%} of the facility"
    )


def _check(load: float, it_mw: float) -> None:
    faults = []
    if not 0 < load <= 1:
        hint = f" (did you mean {load / 100:g}?)" if 1 < load <= 100 else ""
        faults.append(Fault("--load", f"found {load:g}; allowed is above 0 to 1{hint}"))
    if it_mw <= 0:
        faults.append(Fault("--it-mw", f"found {it_mw:g}; allowed are values above 0 [MW]"))
    if faults:
        raise StudyError(faults)


def _list() -> None:
    from dcmodel.facility.design import architectures, variants

    for key in architectures:
        typer.echo(f"{key:22s} {architectures[key].title} ({', '.join(variants(key))})")


def _design(cooling: str, variant: str, rack_kw: float | None) -> Design:
    """Return a design of the library or of a preset file, its liquid share set by rack density."""
    from dcmodel.facility.design import load_design
    from dcmodel.facility.preset import load_preset, with_rack

    own = Path(cooling)
    design = load_preset(own) if own.suffix in {".yaml", ".yml"} else load_design(cooling, variant)
    return design if rack_kw is None else with_rack(design, rack_kw, "--rack-kw")


def _grid_water(mix: str | None) -> float | None:
    """Return the water of generation [L kWh-1] of a mix as typed, None for the library's."""
    from dcmodel.facility.equipment import generation_water

    if mix is None:
        return None
    shares = {}
    for part in mix.split(","):
        source, _, share = part.partition("=")
        try:
            shares[source.strip()] = float(share)
        except ValueError:
            message = f"found '{part}'; write source=share, as in gas=0.6,wind=0.4"
            raise StudyError(Fault("--mix", message)) from None
    return generation_water(shares)


def _show(
    design: Design, weather: str, load: float, it_mw: float, year: Performance, mix: str
) -> None:
    assumed = design.assumed()
    typer.echo(f"{design.architecture.title} ({design.variant})")
    typer.echo(f"{it_mw:g} MW of IT at load {load:g}, weather {weather}")
    rows = [
        ("PUE", f"{year.pue:.3f}"),
        ("TUE", f"{year.tue:.3f}"),
        ("WUE on site", f"{year.wue:.3f} L/kWh"),
        ("WUE with generation", f"{year.wue_source:.2f} L/kWh ({mix})"),
        ("peak of the year", f"{year.peak_mw:.2f} MW"),
        ("peak at full load, design hour", f"{year.design_peak_mw:.2f} MW"),
        ("hours with compressors", f"{year.mechanical_hours}"),
        ("hours of free cooling", f"{year.free_cooling_hours}"),
        ("water", f"{year.water_m3:,.0f} m3"),
    ]
    if not math.isnan(year.reuse_temperature):
        heat = f"{year.reuse_heat_mwh:,.0f} MWh at {year.reuse_temperature:.0f} degC"
        rows.append(("heat for reuse", heat))
    for name, text in rows:
        typer.echo(f"  {name:32s} {text}")
    total = sum(year.parts_mwh.values())
    typer.echo("  energy by part")
    for name, energy in year.parts_mwh.items():
        words = name.replace("_", " ").replace("it", "IT") if name == "it" else name
        typer.echo(f"    {words.replace('_', ' '):30s} {energy:12,.0f} MWh {energy / total:6.1%}")
    typer.echo(f"  {len(assumed)} of {len(design.parameters)} parameters are assumed (unverified)")


def _table(rows: list[dict[str, Any]]) -> None:
    typer.echo(
        f"{'cooling':22s} {'weather':20s} {'load':>5s} {'PUE':>6s} {'TUE':>6s} {'WUE':>6s} "
        f"{'peak':>6s} {'compressor h':>12s}"
    )
    for row in rows:
        typer.echo(
            f"{row['cooling']:22s} {Path(row['weather']).stem[:20]:20s} {row['load']:5.2f} "
            f"{row['pue']:6.3f} {row['tue']:6.3f} {row['wue']:6.2f} {row['design_peak_mw']:6.3f} "
            f"{row['mechanical_hours']:12d}"
        )
