"""What a study may name: sites, markets, cooling presets, shapes, components and their parameters.

The one place where the study room asks the rooms below what they hold. Imports are made on use, so
that a study's text can be looked at without loading the numerical libraries.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from dcmodel.base.errors import DcmodelError
from dcmodel.inputs.library import names
from dcmodel.study.spec import Cooling, SiteEntry
from dcmodel.study.work import Fleet, Workload

if TYPE_CHECKING:
    from dcmodel.components.base import Component
    from dcmodel.facility.design import Design
    from dcmodel.inputs.assumptions import Assumption
    from dcmodel.inputs.markets import Market
    from dcmodel.inputs.sites import Site


def site_names() -> list[str]:
    """Return the names of the sites of the library."""
    return names("sites", ".yaml")


def market_names() -> list[str]:
    """Return the names of the markets of the library."""
    return names("markets", ".yaml")


def site_class() -> type[BaseModel]:
    """Return the model of a site's definition."""
    from dcmodel.inputs.sites import Site

    return Site


def resolve_site(entry: SiteEntry) -> Site:
    """Return the site of an entry: the library's with the entry's changes, or the entry's own.

    A mapping of the entry (``connection``) is merged one level deep, anything else replaces what
    the library says.

    Raises
    ------
    pydantic.ValidationError
        When the changed definition is wrong.
    DataError
        When the library's own file is damaged.
    """
    from dcmodel.inputs.sites import Site, load_site, site_definition

    if entry.site is not None and not entry.overrides:
        return load_site(entry.site)
    definition = {} if entry.site is None else site_definition(entry.site)
    for key, value in entry.overrides.items():
        old = definition.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            value = {**old, **value}
        definition[key] = value
    return Site.model_validate({**definition, "key": entry.site or entry.label})


def years_not_covered(site: Site, years: Iterable[int], currency_year: int) -> list[str]:
    """Return why a site or its market cannot serve all years of a study, in words."""
    from dcmodel.inputs.markets import load_market

    years = list(years)
    messages = []
    try:
        market = load_market(site.market)
        market.wholesale_price(years, currency_year)
        market.emission_factor(years)
        if market.grid_clean_share is not None:
            market.carbon_free_share(years)
    except DcmodelError as error:
        messages += [str(fault) for fault in error.faults]
    available = site.connection.available(years)
    if available.max() <= 0:
        first = min(site.connection.available_mw)
        message = f"no grid connection before {first}; the study ends in {years[-1]}"
        messages.append(f"connection: {message}; add a stage or later years")
    return messages


def shape_names() -> list[str]:
    """Return the names of the weekly shapes of arriving work."""
    from dcmodel.workload.shapes import shape_names as known

    return known()


def region_fault(region: str) -> str:
    """Return what is wrong with the region of a workload, in words, or an empty text."""
    from dcmodel.workload.shapes import region_time_zone

    try:
        region_time_zone(region, "UTC")
    except DcmodelError as error:
        return "; ".join(fault.message for fault in error.faults)
    return ""


def cooling_names() -> list[str]:
    """Return the names of the cooling architectures."""
    from dcmodel.facility.design import architectures

    return architectures.names()


def load_cooling(cooling: Cooling, folder: Path) -> Design:
    """Return the cooling design of a study; files are relative to `folder`.

    Raises
    ------
    StudyError, DataError
        The preset does not exist, or a value is beyond what physics allows.
    """
    from dcmodel.facility.design import load_design
    from dcmodel.facility.preset import load_preset, with_rack

    if cooling.file is not None:
        design = load_preset(folder / cooling.file)
    else:
        assert cooling.architecture is not None  # a study gives one of the two
        design = load_design(cooling.architecture, cooling.variant, dict(cooling.overrides))
    return design if cooling.rack_kw is None else with_rack(design, cooling.rack_kw, "rack_kw")


def load_market(key: str) -> Market:
    """Read a market of the library."""
    from dcmodel.inputs.markets import load_market as read

    return read(key)


def component_classes() -> dict[str, type[Component]]:
    """Return the settings class of every component by name."""
    from dcmodel.components.base import components

    return {name: components[name] for name in components}


def requirement_classes() -> dict[str, type[Component]]:
    """Return the settings class of every requirement by name."""
    from dcmodel.requirements.base import requirements

    return {name: requirements[name] for name in requirements}


def parameter_rows(kind: str) -> dict[str, list[Assumption]]:
    """Return the rows of a component's parameter file by parameter."""
    from dcmodel.inputs.assumptions import technology

    rows: dict[str, list[Assumption]] = {}
    if kind in names("technologies", ".csv"):
        for row in technology(kind, currency_year=0).assumptions:
            rows.setdefault(row.parameter, []).append(row)
    return rows


def largest(rows: Iterable[Assumption]) -> float:
    """Return the largest value that the library holds possible for a parameter."""
    return max(limit for row in rows for limit in (row.value, row.high) if limit is not None)


def smallest(rows: Iterable[Assumption]) -> float:
    """Return the smallest value that the library holds possible for a parameter."""
    return min(limit for row in rows for limit in (row.value, row.low) if limit is not None)


def shape_fault(values: Sequence[float]) -> str | None:
    """Return what is wrong with the numbers of a shape, None when nothing is."""
    from dcmodel.workload.shapes import own_shape

    try:
        own_shape(values)
    except DcmodelError as error:
        return error.faults[0].message
    return None


def language_models() -> list[str]:
    """Return the names of the language models of the library."""
    from dcmodel.workload.models import model_names

    return model_names()


def generation_faults(
    mixes: Mapping[int, Mapping[str, float]],
) -> list[tuple[tuple[Hashable, ...], str]]:
    """Return what is wrong with the generations of a fleet, each with its place in the study."""
    from dcmodel.workload.vintages import check_mix

    found: list[tuple[tuple[Hashable, ...], str]] = []
    for year, mix in mixes.items():
        try:
            check_mix({year: mix})
        except DcmodelError as error:
            found += [(("fleet", "generations", year), fault.message) for fault in error.faults]
    return found


def fleet_faults(fleet: Fleet) -> list[tuple[tuple[Hashable, ...], str]]:
    """Return what is wrong with the use of a fleet, each with its place in the study."""
    from dcmodel.workload.fleet import load_fleet

    try:
        load_fleet(fleet.use())
    except DcmodelError as error:
        return [(tuple(fault.where.split(".")), fault.message) for fault in error.faults]
    return []


def money_factor(currency: str, year: int, currency_year: int) -> float:
    """Return USD of a year for one unit of a currency in another.

    Raises
    ------
    DataError
        Where the library has no rate or no price index.
    """
    from dcmodel.inputs.currency import convert

    return convert(1.0, currency, year, currency_year)


def climate_names() -> list[str]:
    """Return the names of the climates of the library."""
    from dcmodel.inputs.climate import climate_keys as known

    return known()


def demand_scenarios() -> list[str]:
    """Return the names of the scenarios of demand of the library."""
    from dcmodel.workload.growth import scenario_names

    return scenario_names()


def service_faults(work: Workload, fleet: Fleet) -> list[str]:
    """Return why generations of a fleet cannot serve the requests of a class; empty if they do."""
    from dcmodel.study.serving import interactivity_of, serving_plan
    from dcmodel.workload.accelerators import accelerator
    from dcmodel.workload.service import service
    from dcmodel.workload.tokens import Request

    plan, size = serving_plan(fleet), work.request
    if plan is None or size is None:
        return []
    request = Request(size.input_tokens, size.output_tokens, size.cache_hit)
    found = []
    for key in dict.fromkeys(key for mix in (fleet.generations or {}).values() for key in mix):
        try:
            service(accelerator(key), plan, request, interactivity_of(fleet, work))
        except DcmodelError as error:
            found += [f"{key}: {fault.where}, {fault.message}" for fault in error.faults]
    return found


def trace_faults(path: Path, work: Workload) -> list[str]:
    """Return what is wrong with a trace, each with its line; also one too short for a shape."""
    from dcmodel.workload.traces import read_trace

    if work.trace is None:
        return []
    try:
        trace = read_trace(path, work.trace.time_zone)
        if work.shape is None and trace.shape() is None:
            return ["the trace holds less than a whole day; give 'shape' beside it"]
    except DcmodelError as error:
        return [str(fault) for fault in error.faults]
    return []
