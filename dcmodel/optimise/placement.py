r"""A portfolio, solved: plan on segments with a certified gap, routed by the hour, sites verified.

1. *Plan.* Few segments first: their relaxation and then `solve_pathway` choose sites and sizes; the
   result is the proposal for the segments asked for, where the gap is certified. Sites stand or not
   as whole numbers; years are blocks, sizes and choice couple them.
2. *Routing.* With the plan's sizes fixed, all sites are dispatched together hour by hour, so that
   work finds its hour and its site at hourly prices.
3. *Sites.* Each site with its installed IT and the work it serves is a case like any other
   (`dcmodel.optimise.site.solve_site`): its contracts, storage and standby plant are optimised
   again, in whole units, its physics drawn again, its balances, bills and costs verified.

The gap of the plan holds for the plan's segments; what the hours add is told beside it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import xarray as xr

from dcmodel.base.errors import Fault, SolverError
from dcmodel.components.base import SiteCase, Workload
from dcmodel.optimise.affine import expecting
from dcmodel.optimise.pathway import (
    PathwaySolution,
    Proposal,
    dispatch,
    propose,
    solve_pathway,
)
from dcmodel.optimise.portfolio import PortfolioProgram, compile_portfolio
from dcmodel.optimise.portfolio_case import PortfolioCase
from dcmodel.optimise.site import Plant, load_of, shortest_wait, silent, solve_site
from dcmodel.optimise.solve import solve
from dcmodel.optimise.solvers.workers import side_by_side
from dcmodel.optimise.words import in_words
from dcmodel.profiles.segment import Segments, segment_hours
from dcmodel.workload.deferral import served_first_in_first_out
from dcmodel.workload.routing import served_for

FloatArray = npt.NDArray[np.float64]
Report = Callable[..., None]

FIRST_SEGMENTS = 219
"""Segments of a year on which sites are chosen first."""
PLAN_SEGMENTS = 1095
"""Segments of a year of the plan, unless a study says otherwise."""
PLAN_GAP = 0.01
"""Certified distance of the plan from the optimum on its segments. [1]"""
TOLERANCE = 1e-6
"""Solver's tolerance in the blocks: far below the gap. [1]"""
ROUNDS_MAX = 20
"""Designs tried on one number of segments."""
PRICE_EVERY = 8
"""Designs after which years are priced again: that seldom lifts the bound, and takes as long as ten
designs."""
CRUMB_MW = 1e-3
"""Installed IT below this is none. [MW]"""
WORK_MWH = 1e-2
"""Work of a year and group served late, early, twice or not at all stays below this. [MWh]"""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Plan:
    """Sites chosen and sized, with the proof."""

    case: PortfolioCase
    """On the segments of the plan."""
    segments: Segments
    program: PortfolioProgram
    solution: PathwaySolution

    @property
    def size(self) -> dict[str, FloatArray]:
        """Installed IT of each site [MW], shape (years,)."""
        lp, x = self.program.lp, self.solution.x
        found = {}
        for site in self.case.sites:
            values = lp.values(self.program.m.site[site.name].it_capacity, x)
            found[site.name] = np.where(values < CRUMB_MW, 0.0, values)
        return found

    @property
    def stands(self) -> dict[str, FloatArray]:
        """1 where a site stands, shape (years,)."""
        lp, x = self.program.lp, self.solution.x
        block = self.program.m.site
        return {s.name: np.round(lp.values(block[s.name].stands, x)) for s in self.case.sites}


@dataclass(frozen=True, eq=False)
class Routing:
    """Where and when work is served, by group, on hours or on the segments of the plan."""

    case: PortfolioCase
    """On the same steps."""
    segments: Segments | None
    """Segments of the year, None where the routing is hourly."""
    served: dict[str, FloatArray]
    """Work served by group [MW], shape (sites of the group, years, steps)."""
    dropped: dict[str, FloatArray]
    """Work dropped by group [MW], shape (years, steps)."""
    by_stream: dict[tuple[str, str], FloatArray]
    """Whose work each site serves, by stream and site [MW], shape (years, steps); the site ``""``
    holds what is dropped."""
    work_error: float
    """Work of the worst year and group that broke its deadline or was lost [MWh]."""


def solve_plan(
    case: PortfolioCase,
    *,
    segments: int = PLAN_SEGMENTS,
    gap: float = PLAN_GAP,
    jobs: int | None = None,
    report: Report = silent,
) -> Plan:
    """Choose and size the sites of a portfolio.

    Parameters
    ----------
    case : PortfolioCase
        On hours; the lines of the sites' facilities are those of any load.
    segments : int
        Segments of a year of the plan.
    gap : float
        Certified distance from the optimum on the segments, relative [1].
    jobs : int, optional
        Years solved at the same time.
    report : callable
        ``report(stage, **numbers)`` is told what is being done.

    Raises
    ------
    StudyError, InfeasibleError, SolverError
    """
    hands = side_by_side() if jobs is None else jobs
    first = min(FIRST_SEGMENTS, segments)
    report("propose")
    plan, worth = _planned(case, first, None, None, 0.5 * gap if first < segments else gap, hands)
    if first == segments:
        return plan
    report("solve")
    return _planned(case, segments, plan, worth, gap, hands)[0]


def _planned(
    case: PortfolioCase,
    count: int,
    before: Plan | None,
    worth: FloatArray | None,
    gap: float,
    jobs: int,
) -> tuple[Plan, FloatArray]:
    """Return the plan on some segments, from one on fewer, and what coupling rows are worth.

    The multipliers are those of the relaxation: they price years so that the lower bound rises
    furthest once sites are whole again.
    """
    cut = shared_segments(case, count)
    coarse = case.segmented(cut)
    program = compile_portfolio(coarse, None if before is None else before.program)
    with in_words(program.lp, "portfolio", "no choice of sites and sizes serves all work"):
        if before is None or worth is None:
            relaxed = program.lp.replace(integer=np.zeros(program.lp.n_columns, dtype=bool))
            proposal = propose(program.lp, solve(relaxed, tolerance=TOLERANCE))
        else:
            proposal = Proposal(worth, propose(before.program.lp, before.solution).sizes)
        solution = solve_pathway(
            program.lp,
            [proposal],
            gap=gap,
            max_rounds=ROUNDS_MAX,
            price_every=PRICE_EVERY,
            jobs=jobs,
            tolerance=TOLERANCE,
        )
    return Plan(coarse, cut, program, solution), proposal.coupling_dual


def shared_segments(case: PortfolioCase, count: int) -> Segments:
    """Return segments that serve all sites: their prices, climates and the work of all groups."""
    rows = [group.arrivals for group in case.groups]
    for site in case.sites:
        rows.append(site.facility.power_slope)
        rows += [series for name, series in site.series.items() if name != "temp_air"]
    starts = [np.flatnonzero(np.diff(site.month, prepend=-1)) for site in case.sites]
    # years alike are told once
    features = [row for values in rows for row in np.unique(values, axis=0)]
    return segment_hours(
        np.stack(features),
        count,
        boundaries=np.unique(np.concatenate(starts)),
        longest=shortest_wait(group.window_h for group in case.groups),
    )


def planned_lines(case: PortfolioCase, plants: Mapping[str, Plant]) -> PortfolioCase:
    """Return the portfolio with facilities drawn for any load, at the expected use."""
    sites = []
    for site, option in zip(case.sites, case.options, strict=True):
        size = np.maximum.accumulate(np.maximum(option.size_max, 0.0))
        work = np.broadcast_to(case.expected_use * size[:, None], (len(size), len(site.duration)))
        sized = expecting(site, size, case.expected_use)
        drawn = plants[site.name].drawn(sized, load_of(sized, work))
        sites.append(replace(site, facility=drawn.facility, series=drawn.series))
    return replace(case, sites=tuple(sites))


def route_by_segments(plan: Plan) -> Routing:
    """Return the routing of the plan itself, on its segments."""
    return _routing(plan.case, plan.program, plan.solution.x, plan.segments)


def route_hourly(case: PortfolioCase, plan: Plan, jobs: int | None = None) -> Routing:
    """Dispatch all sites of a plan together, hour by hour.

    Raises
    ------
    SolverError
        When an hour cannot be served with the plan's sizes.
    """
    program = compile_portfolio(case, plan.program)
    x = dispatch(
        program.lp,
        propose(plan.program.lp, plan.solution),
        jobs=side_by_side() if jobs is None else jobs,
        tolerance=TOLERANCE,
    )
    if x is None:
        msg = (
            "the sizes of the plan cannot serve every hour; plan on more segments, or add "
            "unserved_energy to the components"
        )
        raise SolverError(Fault(case.name, msg))
    return _routing(case, program, x, None)


def _routing(
    case: PortfolioCase, program: PortfolioProgram, x: FloatArray, segments: Segments | None
) -> Routing:
    """Return a checked routing from the columns of a program."""
    served, dropped = {}, {}
    for group in case.groups:
        block = program.m.group[group.name]
        served[group.name] = np.maximum(program.lp.values(block.routed, x), 0.0)
        dropped[group.name] = np.maximum(program.lp.values(block.dropped, x), 0.0)
    error = work_error(case, served, dropped)
    if not error <= WORK_MWH:
        msg = f"work of {error:.3g} MWh is late or lost; at most {WORK_MWH:g} MWh is allowed"
        raise SolverError(Fault(case.name, msg))
    by_stream = attributed(case, served, dropped)
    return Routing(case, segments, served, dropped, by_stream, error)


def work_error(
    case: PortfolioCase, served: Mapping[str, FloatArray], dropped: Mapping[str, FloatArray]
) -> float:
    """Return the work of the worst year and group that broke its deadline or was lost [MWh].

    On hours every unit is replayed first in, first out; on segments the waiting work is held
    against the work of the window.
    """
    worst = 0.0
    hourly = bool(np.all(case.duration == 1.0))
    for group in case.groups:
        done = served[group.name].sum(axis=0) + dropped[group.name]
        for y in range(len(case.years)):
            arrivals = group.arrivals[y]
            if hourly:
                replay = served_first_in_first_out(arrivals, done[y], group.window_h)
                worst = max(worst, replay.late, replay.unserved, replay.early)
                continue
            waiting = np.cumsum((arrivals - done[y]) * case.duration)
            over = np.maximum(waiting - group.backlog_max[y], -waiting)
            worst = max(worst, float(over.max()), abs(float(waiting[-1])))
    return worst


def attributed(
    case: PortfolioCase, served: Mapping[str, FloatArray], dropped: Mapping[str, FloatArray]
) -> dict[tuple[str, str], FloatArray]:
    """Return whose work each site serves, by stream and site [MW], shape (years, steps).

    Dropped work stands under the site ``""``.
    """
    found = {}
    for group in case.groups:
        gone = np.concatenate([served[group.name], dropped[group.name][None]])
        parts = group.stream_arrivals
        shares = [
            served_for(parts[:, y], gone[:, y], case.duration) for y in range(len(case.years))
        ]
        by_stream = np.stack(shares, axis=2)
        for i, stream in enumerate(group.streams):
            for j, place in enumerate((*group.sites, "")):
                found[stream.name, place] = by_stream[i, j]
    return found


def site_cases(case: PortfolioCase, plan: Plan, routing: Routing) -> dict[str, SiteCase]:
    """Return each chosen site as an hourly case of its own: its IT, and the work it serves.

    Work has waited already; what a site serves is to be done in its hour.
    """
    names = list(dict.fromkeys(s.work for group in case.groups for s in group.streams))
    found = {}
    for site in case.sites:
        size = plan.size[site.name]
        if not size.any():
            continue
        shape = (len(names), len(case.years), len(case.duration))
        arrivals = np.zeros(shape)
        for group in case.groups:
            for stream in group.streams:
                served = routing.by_stream.get((stream.name, site.name))
                if served is not None:
                    cut = routing.segments
                    arrivals[names.index(stream.work)] += (
                        served if cut is None else cut.expand(served)
                    )
        work = Workload(tuple(names), arrivals, (0.0,) * len(names), np.zeros(shape))
        found[site.name] = replace(site, it_capacity=size, workload=work)
    return found


def solve_standing_site(
    site: SiteCase,
    plant: Plant,
    hours: npt.ArrayLike,
    routing: Routing,
    *,
    gap: float,
    solver: str = "auto",
    jobs: int | None = None,
) -> xr.Dataset:
    """Solve a site of a portfolio as a case of its own, verified."""
    return solve_site(
        site, plant, hours, segments=routing.segments, gap=gap, solver=solver, jobs=jobs
    )
