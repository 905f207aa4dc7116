"""From a study in ``mode: portfolio`` to the arrays of its model, and to its result."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import xarray as xr

from dcmodel.base.errors import DataError, DcmodelError, Fault, StudyError
from dcmodel.components.base import SiteCase
from dcmodel.components.values import lost_load
from dcmodel.finance.annuity import capital_recovery_factor
from dcmodel.inputs.archetypes import archetype_parameters, load_archetype
from dcmodel.inputs.assumptions import Technology
from dcmodel.inputs.network import network_parameters, round_trip_ms, transfer_price, user_region
from dcmodel.optimise import placement
from dcmodel.optimise.class_values import class_values
from dcmodel.optimise.combine import combined
from dcmodel.optimise.portfolio_case import PortfolioCase, SiteOption
from dcmodel.optimise.site import Plant, silent
from dcmodel.study.assemble import assemble, describe
from dcmodel.study.assumed import attach, of_parameters
from dcmodel.study.available import solve_available
from dcmodel.study.cases import PORTFOLIO, Case, case_of_site
from dcmodel.study.check_portfolio import regions_of
from dcmodel.study.demand import class_of, stated_work
from dcmodel.study.spec import Segments
from dcmodel.study.store import PortfolioResult
from dcmodel.workload.demand import hourly_arrivals
from dcmodel.workload.fleet import Fleet, load_fleet
from dcmodel.workload.routing import Place, Stream, groups_of

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Inputs:
    """A portfolio as arrays, and what its sites' cases need besides."""

    portfolio: PortfolioCase
    plants: dict[str, Plant]
    weather: dict[str, xr.Dataset]
    cases: dict[str, Case]

    @property
    def hours(self) -> npt.NDArray[np.datetime64]:
        """Beginning of each hour [UTC]."""
        return np.asarray(next(iter(self.weather.values()))["time"].to_numpy())


def run_portfolio(case: Case, progress: Callable[..., None] = silent) -> PortfolioResult:
    """Read the inputs of a portfolio, solve it and return its result.

    Parameters
    ----------
    case : Case
        Of all sites together (`dcmodel.study.cases`).
    progress : callable
        ``progress(stage, **numbers)`` is told what is being done.

    Returns
    -------
    PortfolioResult
        The whole, and every site that stands as a result of its own.

    Raises
    ------
    StudyError, DataError, InfeasibleError, SolverError
    """
    started = time.perf_counter()
    spec = case.spec
    progress("inputs")
    inputs = assemble_portfolio(case)
    hourly = not isinstance(spec.resolution, Segments)
    count = spec.portfolio.plan_segments
    if isinstance(spec.resolution, Segments):
        count = spec.resolution.segments
    portfolio = placement.planned_lines(inputs.portfolio, inputs.plants)
    plan = placement.solve_plan(
        portfolio, segments=count, gap=spec.portfolio.plan_gap, report=progress
    )
    progress("route")
    placed = (
        placement.route_hourly(portfolio, plan) if hourly else placement.route_by_segments(plan)
    )
    sites = placement.site_cases(portfolio, plan, placed)
    solved = {}
    for name, site in sites.items():
        plant = inputs.plants[name]
        solve = partial(_solve_site, inputs, name, placed, progress)
        solved[name] = solve_available(inputs.cases[name], site, plant, solve, progress)
    whole = combined(portfolio, plan, placed, solved)
    for name, result in solved.items():
        own = inputs.cases[name]
        describe(result, own, sites[name], inputs.plants[name], inputs.weather[name])
    if spec.portfolio.values:
        progress("values")
        whole.update(class_values(portfolio, plan))
    kinds = {site.placement.archetype or spec.portfolio.archetype for site in spec.sites}
    files = [archetype_parameters(kind, spec.currency_year) for kind in sorted(kinds)]
    attach(whole, of_parameters([network_parameters(spec.currency_year), *files]))
    whole.attrs |= _provenance(case, inputs)
    whole.attrs["seconds"] = round(time.perf_counter() - started, 1)
    return PortfolioResult(whole, solved)


def _solve_site(
    inputs: Inputs,
    name: str,
    placed: placement.Routing,
    progress: Callable[..., None],
    site: SiteCase,
) -> xr.Dataset:
    """Solve one standing site."""
    progress(f"site {name}")
    own = inputs.cases[name].spec
    return placement.solve_standing_site(
        site, inputs.plants[name], inputs.hours, placed, gap=own.gap, solver=own.solver
    )


def assemble_portfolio(case: Case) -> Inputs:
    """Return the arrays of a portfolio on hours.

    Raises
    ------
    StudyError, DataError
        Of all sites, and where their calendars differ.
    """
    spec = case.spec
    cases = {site.label: case_of_site(case, site.label) for site in spec.sites}
    network = network_parameters(spec.currency_year)
    sites, plants, weather, options = [], {}, {}, []
    for name, (site, plant, hours) in _assembled(cases).items():
        site, option = placed_site(replace(site, name=name), cases[name], case)
        sites.append(site)
        options.append(option)
        plants[name], weather[name] = plant, hours
    _check_calendars(weather)
    regions = sorted({region for work in spec.workloads.values() for region in regions_of(work)})
    users = {name: user_region(name) for name in regions}
    places = tuple(
        Place(
            site.name,
            site.site.jurisdiction,
            {name: round_trip_ms(user, site.site, network) for name, user in users.items()},
        )
        for site in sites
    )
    data = spec.portfolio.data_gb_per_mwh
    data = network.value("data_per_work") if data is None else data
    transfer = {
        name: {s.name: data * transfer_price(user, s.site, network) for s in sites}
        for name, user in users.items()
    }
    calendar_year = int(next(iter(weather.values())).attrs["calendar_year"])
    fleet = load_fleet(spec.fleet.use())
    streams = streams_of(case, fleet, calendar_year, transfer)
    if not any(part.moves_work for part in sites[0].components):
        streams = [replace(stream, window_h=0.0) for stream in streams]
    lost = lost_load(sites[0])
    portfolio = PortfolioCase(
        case.name,
        tuple(sites),
        tuple(options),
        places,
        groups_of(streams, places),
        fleet.mean_utilisation,
        delay_cost=_delay_cost(sites[0]),
        survive_site_loss=spec.portfolio.survive_site_loss,
        lost_work=lost,
    )
    return Inputs(portfolio, plants, weather, cases)


def _assembled(cases: dict[str, Case]) -> dict[str, tuple[SiteCase, Plant, xr.Dataset]]:
    """Return the inputs of every site by name; raise the faults of all sites together."""
    found: dict[str, tuple[SiteCase, Plant, xr.Dataset]] = {}
    errors: list[DcmodelError] = []
    faults: list[Fault] = []
    for name, own in cases.items():
        try:
            found[name] = assemble(own)
        except DcmodelError as error:
            errors.append(error)
            for fault in error.faults:
                at_site = fault.where in {"", own.name}
                faults.append(replace(fault, where=f"sites.{name}") if at_site else fault)
    if errors:
        all_data = all(isinstance(error, DataError) for error in errors)
        raise (DataError if all_data else StudyError)(dict.fromkeys(faults))
    return found


def streams_of(
    case: Case, fleet: Fleet, calendar_year: int, transfer: dict[str, dict[str, float]]
) -> list[Stream]:
    """Return the work of every class and region of a study."""
    spec = case.spec
    installed = np.array([spec.it_capacity()[year] for year in spec.years])
    classes = {name: class_of(case, name) for name in spec.workloads}
    stated = stated_work(spec, classes, installed)
    parts = [
        (name, region, share)
        for name, work in spec.workloads.items()
        for region, share in regions_of(work).items()
    ]
    keys = [f"{name}@{region}" for name, region, _ in parts]
    arrivals = hourly_arrivals(
        {
            key: replace(
                classes[name],
                region=region,
                share=None if classes[name].share is None else share * (classes[name].share or 0.0),
            )
            for key, (name, region, share) in zip(keys, parts, strict=True)
        },
        installed,
        spec.years,
        calendar_year,
        fleet=fleet,
        site_time_zone="UTC",
        stated={k: share * stated[name] for k, (name, _, share) in zip(keys, parts, strict=True)}
        if stated
        else None,
    )
    found = []
    for (name, region, _), work in zip(parts, arrivals, strict=True):
        words = spec.workloads[name]
        value = words.value_usd_per_mwh
        found.append(
            Stream(
                name,
                region,
                work,
                window_h=words.deferral_h,
                latency_ms=words.latency_ms,
                jurisdictions=words.jurisdictions,
                transfer_cost=transfer[region],
                value=np.inf if value is None else value,
            )
        )
    return found


def placed_site(site: SiteCase, own: Case, case: Case) -> tuple[SiteCase, SiteOption]:
    """Return a site at the build cost of its archetype, and what it may become."""
    spec, words = case.spec, own.site.placement
    kind = load_archetype(words.archetype or spec.portfolio.archetype, spec.currency_year)
    # the connection carries all IT at full load in the design hour; a study may say more
    carried = site.grid_available / site.facility_design_peak
    largest = np.minimum(kind.size_max, carried)
    if words.it_max_mw is not None:
        stages = sorted(words.it_max_mw)
        power = np.array([0.0, *(words.it_max_mw[stage] for stage in stages)])
        largest = power[np.searchsorted(stages, list(site.years), side="right")]
    smallest = kind.size_min if words.it_min_mw is None else words.it_min_mw
    if smallest > largest.max():
        msg = (
            f"its smallest IT of {smallest:g} MW exceeds its largest of {largest.max():.4g} MW; "
            "choose a smaller archetype, or give it_min_mw and it_max_mw"
        )
        raise StudyError(Fault(case.place(("sites", site.name)), msg))
    recovery = capital_recovery_factor(spec.discount_rate, kind.site_lifetime)
    figure = site.market.build_cost_usd_per_mw
    scaled = figure.model_copy(update={"value": kind.build_cost_factor * figure.value})
    market = site.market.model_copy(update={"build_cost_usd_per_mw": scaled})
    option = SiteOption(
        smallest,
        largest,
        annuity=recovery * kind.site_capital,
        operation=kind.site_operation,
        must_stand=words.must_stand,
    )
    return replace(site, market=market), option


def _delay_cost(site: SiteCase) -> float:
    """Return the cost of waiting of the component that lets work wait [USD MWh-1 h-1]."""
    for part in site.components:
        if part.moves_work:
            parameters: Technology = part.technology(site)
            if "delay_cost" in parameters.names():
                return parameters.value("delay_cost")
    return 0.0


def _check_calendars(weather: dict[str, xr.Dataset]) -> None:
    """Refuse sites whose hours are not those of one calendar year."""
    years = {name: int(hours.attrs["calendar_year"]) for name, hours in weather.items()}
    if len(set(years.values())) > 1:
        listed = ", ".join(f"{name} {year}" for name, year in years.items())
        msg = f"the sites of a portfolio share one calendar; found {listed}; name the same year"
        raise DataError(Fault("sites", msg))


def _provenance(case: Case, inputs: Inputs) -> dict[str, object]:
    return {
        "Conventions": "CF-1.11",
        "case": case.name,
        "case_hash": case.hash,
        "site": PORTFOLIO,
        "site_title": f"Portfolio of {len(inputs.cases)} candidate sites",
        "scenario": case.scenario,
        "currency_year": case.spec.currency_year,
        "calendar_year": int(next(iter(inputs.weather.values())).attrs["calendar_year"]),
        "time_zone": "UTC",
    }
