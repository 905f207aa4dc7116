"""One site, solved: coarse proposal, hourly pathway with certified gap, physics checked.

The facility enters the model as hourly straight lines. They are drawn at the load of unshifted
work for the coarse proposal, at that of its hourly dispatch for the pathway, and again at the
optimum until the yearly energy of the lines and of the physics agree.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo
import xarray as xr

from dcmodel.arrays import LinearProgram
from dcmodel.base.errors import Fault, InfeasibleError, SolverError
from dcmodel.components.base import SiteCase
from dcmodel.facility.design import Design
from dcmodel.facility.linearise import AffineFacility, linearisation_error, linearise
from dcmodel.facility.weather import FacilityWeather
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.crumbs import without_crumbs_again
from dcmodel.optimise.effort import (
    REVISIONS_MAX,
    YEAR_TOLERANCE,
    Effort,
    revised,
    without_small_sizes,
)
from dcmodel.optimise.exclusive import held_apart
from dcmodel.optimise.explain import explain, unexplained
from dcmodel.optimise.extract import (
    add_metrics,
    site_dataset,
)
from dcmodel.optimise.lost import loss_notes
from dcmodel.optimise.pathway import (
    PathwaySolution,
    Proposal,
    Round,
    dispatch,
    propose,
    solve_pathway,
)
from dcmodel.optimise.polish import polished
from dcmodel.optimise.proof import proven
from dcmodel.optimise.reference import add_reference
from dcmodel.optimise.settle import settled
from dcmodel.optimise.shadow import Follow, shadow_prices
from dcmodel.optimise.solve import SMALL, solve
from dcmodel.optimise.verify import Verification, attach_bills, verify
from dcmodel.profiles.segment import Segments, segment_hours

FloatArray = npt.NDArray[np.float64]
Report = Callable[..., None]

ENERGY_TOLERANCE = 1e-3
"""Yearly facility energy of the lines agrees with the physics within this. [1]"""
NO_FEATURES = frozenset({"temp_air", "grid_clean_share"})
"""Series that move no cost of their own: they do not place segments."""
RANGE_MAX = 1e8
"""Largest over smallest coefficient that solvers bear well. [1]"""
ROUNDS_MAX = 4
"""How often the facility may be drawn again at the optimum."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plant:
    """The facility behind the lines: a design under the weather of a year."""

    design: Design
    weather: FacilityWeather

    def lines(self, case: SiteCase, load: FloatArray) -> AffineFacility:
        """Return hourly lines with the slope from the lowest to the highest load an hour may take.

        The slopes do not depend on `load`; the lines are exact at it.
        """
        work = case.workload
        waits = np.asarray(work.window_h) > 0
        least = work.arrivals[~waits].sum(axis=0)
        most = np.where(waits.any(), case.utilisation_max * case.it_capacity[:, None], work.total)
        span = load_of(case, least), load_of(case, most)
        return linearise(self.design, self.weather, load, span=span)

    def drawn(self, case: SiteCase, load: FloatArray) -> SiteCase:
        """Return the case with the facility's lines, and what follows them, drawn at a load."""
        series = dict(case.series)
        for component in case.components:
            series |= component.facility_series(self.design, self.weather, load)
        return replace(case, facility=self.lines(case, load), series=series)

    def energy_error(self, case: SiteCase, load: FloatArray) -> float:
        """Return the largest yearly difference of energy between lines and physics, relative."""
        error = linearisation_error(case.facility, self.design, self.weather, load)
        built = case.it_capacity > 0
        return float(np.abs(error.energy[built]).max(initial=0.0))


@dataclass(frozen=True)
class Solved:
    """A solved model of one site."""

    m: pyo.ConcreteModel
    lp: LinearProgram
    case: SiteCase
    solution: PathwaySolution
    energy_error: float
    """Largest yearly difference between lines and physics, relative [1]."""
    redrawn: bool = False
    """Whether the lines were drawn again at a solution."""

    def case_load(self, coarse: Segments | None) -> FloatArray:
        """Return IT power over installed IT by hour [1]; `coarse` where solved on segments."""
        load = _solved_load(self.case, self.m)
        return load if coarse is None else coarse.expand(load)


def silent(stage: str, **values: float | str) -> None:
    """Report nothing."""


def load_of(case: SiteCase, work: FloatArray, energised: FloatArray | None = None) -> FloatArray:
    """Return IT power over the IT that has power, for work served; zero where there is none [1].

    Parameters
    ----------
    case : SiteCase
    work : array of shape (years, steps)
        Work served [MW].
    energised : array of shape (years,), optional
        Installed IT that has power; all of it when left out [MW].
    """
    installed = (case.it_capacity if energised is None else np.asarray(energised))[:, None]
    share = np.divide(work, installed, out=np.zeros_like(work), where=installed > 0)
    return np.clip(case.idle_fraction + (1 - case.idle_fraction) * share, 0.0, 1.0)


def solve_site(
    case: SiteCase,
    plant: Plant,
    hours: npt.ArrayLike,
    *,
    segments: int | Segments | None = None,
    gap: float = 0.005,
    solver: str = "auto",
    jobs: int | None = None,
    report: Report = silent,
) -> xr.Dataset:
    """Solve a site over all its years, and its reference beside it.

    Parameters
    ----------
    case : SiteCase
        Hourly case; its facility lines are replaced here.
    plant : Plant
        The physics of the facility.
    hours : array of datetime64, shape (8760,)
        Beginning of each hour of the calendar year [UTC].
    segments : int or Segments, optional
        Solve on segments of adjacent hours instead of every hour: how many, or which.
    gap : float
        Certified distance from the optimum, relative [1].
    solver : str
        Solver of the hourly years, ``auto`` or a name of `dcmodel.optimise.solve.METHODS`.
    jobs : int, optional
        Years solved at the same time; default as many as this process may use.
    report : callable
        ``report(stage, **numbers)`` is told what is being done.

    Returns
    -------
    xarray.Dataset
        Result of the case (see `dcmodel.optimise.extract`), verified.

    Raises
    ------
    SolverError, InfeasibleError
    """
    started = time.perf_counter()
    case = plant.drawn(case, load_of(case, case.workload.total))
    wait = shortest_wait(case.workload.window_h)
    coarse = segments_of(case, segments, wait) if isinstance(segments, int) else segments
    effort = Effort.of(gap, jobs, solver)
    try:
        optimum = _optimum(case, plant, coarse, effort, report)
    except InfeasibleError as error:
        report("explain")
        found = explain(
            case,
            hours,
            effort.jobs,
            redraw=lambda one: plant.drawn(one, load_of(one, one.workload.total)),
        )
        raise found or unexplained(case, error) from error
    result, verification = _verified(optimum, plant, hours, coarse)
    report("reference")
    no_reference = add_reference(result, optimum.case, effort)
    add_metrics(result)
    add_metrics(result, "reference_")
    solution = optimum.solution
    result.attrs["notes"] = "; also ".join([*loss_notes(result), *no_reference])
    result.attrs |= {
        **proven(solution.gap, solution.status, hourly=coarse is None),
        "solver": solution.solver,
        "resolution": "hourly" if coarse is None else f"{len(coarse)} segments a year",
        "longest_step_h": 1.0 if coarse is None else float(coarse.duration.max()),
        "facility_energy_error": optimum.energy_error,
        "coefficient_ranges": _ranges(optimum),
        **verification.attributes,
        "seconds": round(time.perf_counter() - started, 1),
    }
    return result


def _ranges(solved: Solved) -> str:
    """Return the ranges of the program's coefficients in words, with a warning where too wide."""
    ranges = solved.lp.coefficient_range()
    words = "; ".join(f"{name} {low:.1e} to {high:.1e}" for name, (low, high) in ranges.items())
    by_unit = solved.lp.unit_range()
    wide = [name for name, (low, high) in by_unit.items() if high > RANGE_MAX * low]
    if wide:
        _logger.warning(
            "%s: coefficients of %s range over more than %.0e (%s); check the units of what was "
            "given, results may be inaccurate",
            solved.case.name,
            " and ".join(wide),
            RANGE_MAX,
            words,
        )
    return words


def shortest_wait(windows: Iterable[float]) -> float:
    """Return the shortest time that any work may wait [h], infinite where none may."""
    return min((window for window in windows if window > 0), default=np.inf)


def segments_of(case: SiteCase, count: int, longest: float = np.inf) -> Segments:
    """Return segments of adjacent hours that keep what moves cost: price, load, sun, wind.

    Parameters
    ----------
    case : SiteCase
    count : int
        How many.
    longest : float
        Hours that none exceeds where so many can be so short [h].
    """
    features = [case.workload.total, case.facility.power_slope]
    features += [series for name, series in case.series.items() if name not in NO_FEATURES]
    starts = np.flatnonzero(np.diff(case.month, prepend=-1))
    apart = [part.hours_apart(case) for part in (*case.components, *case.tariffs)]
    alone = np.concatenate([hours + after for hours in apart for after in (0, 1)], dtype=np.int64)
    with_alone = np.union1d(starts, alone[alone < len(case.duration)])
    if len(with_alone) <= count // 2:  # few segments have no room for single hours
        starts = with_alone
    return segment_hours(np.concatenate(features), count, boundaries=starts, longest=longest)


def _optimum(
    case: SiteCase, plant: Plant, coarse: Segments | None, effort: Effort, report: Report
) -> Solved:
    """Solve every hour, or `coarse` segments only, and draw the facility again until it agrees."""
    proposals: Iterator[Proposal] | None = None
    if coarse is None:
        report("propose")
        case, first, load = _first_proposal(case, effort)
        case = plant.drawn(case, load)
        proposals = chain([first], _finer_proposals(case, effort))
    rounds = revisions = 0
    while True:
        report("solve")
        solved = _solve(case, coarse, proposals, effort, report)
        load = solved.case_load(coarse)
        solved = replace(solved, energy_error=plant.energy_error(case, load))
        report("physics", **({} if coarse else {"gap": solved.solution.gap}))
        _logger.info("round %d: facility energy differs by %.2e", rounds, solved.energy_error)
        parts = revised(solved.m, solved.case)
        if solved.energy_error <= ENERGY_TOLERANCE and parts is None:
            return replace(solved, redrawn=rounds > 0)
        rounds += solved.energy_error > ENERGY_TOLERANCE
        revisions += parts is not None
        _limit_rounds(case.name, solved, rounds, revisions)
        case = plant.drawn(replace(case, components=parts or case.components), load)
        if coarse is None:
            # what components add changes the program, to which the solution is no proposal then
            same = parts is None
            again = propose(solved.lp, solved.solution) if same else _coarsest(case, effort)[1]
            proposals = chain([again], _finer_proposals(case, effort))


def _limit_rounds(name: str, solved: Solved, rounds: int, revisions: int) -> None:
    """Give up where rounds do not come to rest."""
    if rounds >= ROUNDS_MAX:
        msg = (
            f"facility energy and its lines differ by {solved.energy_error:.2%} after {rounds} "
            f"rounds; at most {ENERGY_TOLERANCE:.1%} is allowed. Report this study"
        )
        raise SolverError(Fault(name, msg))
    if revisions > REVISIONS_MAX:
        msg = (
            f"after {REVISIONS_MAX} solutions there are still outages that are not survived, or "
            "load that is lost beside idle power; state more components.outage.starts, or allow "
            "no loss"
        )
        raise SolverError(Fault(name, msg))


def _first_proposal(case: SiteCase, effort: Effort) -> tuple[SiteCase, Proposal, FloatArray]:
    """Return the coarsest proposal, and the hourly load of its sizes (year, hour) [1].

    What it shows that components left out is added to the case. The load is that of the proposal's
    own segments where its sizes cannot run every hour.
    """
    for _ in range(REVISIONS_MAX):
        m, proposal, coarse = _coarsest(case, effort)
        segmented = case.segmented(coarse)
        parts = revised(m, segmented)
        if parts is None:
            break
        case = replace(case, components=parts)
    hourly_model, hourly = compile_site(case)
    x = dispatch(hourly, proposal, jobs=effort.jobs, solver=effort.solver, tolerance=YEAR_TOLERANCE)
    if x is None:
        return case, proposal, coarse.expand(_solved_load(segmented, m))
    hourly.load_solution(hourly_model, x)
    return case, proposal, _solved_load(case, hourly_model)


def _solved_load(case: SiteCase, m: pyo.ConcreteModel) -> FloatArray:
    """Return IT power over the IT that has power in a solved model [1]."""
    return load_of(case, np.asarray(m.work.array), m.it_energised.array)


def _coarsest(case: SiteCase, effort: Effort) -> tuple[pyo.ConcreteModel, Proposal, Segments]:
    """Return the proposal on the fewest segments, with its model."""
    coarse = segments_of(case, effort.proposals[0])
    return *_proposal(case.segmented(coarse)), coarse


def _finer_proposals(case: SiteCase, effort: Effort) -> Iterator[Proposal]:
    """Compute proposals on more and more segments, as far as they are asked for."""
    for count in effort.proposals[1:]:
        _logger.info("a proposal on %d segments", count)
        yield _proposal(case.segmented(segments_of(case, count)))[1]


def _proposal(case: SiteCase) -> tuple[pyo.ConcreteModel, Proposal]:
    """Solve a case on segments as one program, whole numbers relaxed."""
    m, lp = compile_site(case)
    lp = lp.replace(integer=np.zeros(lp.n_columns, dtype=bool))
    solution = solve(lp, tolerance=YEAR_TOLERANCE)
    lp.load_solution(m, solution.x, solution.row_dual)
    return m, propose(lp, solution)


def _solve(
    case: SiteCase,
    coarse: Segments | None,
    proposals: Iterator[Proposal] | None,
    effort: Effort,
    report: Report,
) -> Solved:
    """Solve every hour year by year from proposals, or segments as one program if continuous."""
    m, lp = compile_site(case if coarse is None else case.segmented(coarse))
    at_once = coarse is not None and not lp.integer.any()
    solution = solve_pathway(
        lp,
        proposals,
        gap=effort.gap,
        jobs=effort.jobs,
        solver=effort.solver,
        tolerance=YEAR_TOLERANCE,
        whole_below=lp.matrix.nnz + 1 if at_once else SMALL,
        progress=None if coarse else lambda line: _report_bounds(report, line),
    )
    solution = polished(lp, solution, effort.gap, solver=effort.solver, tolerance=YEAR_TOLERANCE)
    solution = without_small_sizes(lp, solution, effort, at_once)
    told = solution

    def apart(program: LinearProgram) -> PathwaySolution:
        return held_apart(
            m,
            program,
            told,
            gap=effort.gap,
            at_once=at_once,
            solver=effort.solver,
            tolerance=YEAR_TOLERANCE,
            jobs=effort.jobs,
        )

    solution = without_crumbs_again(lp, told, apart, effort.gap)
    solution = settled(lp, solution, effort.gap)
    lp.load_solution(m, solution.x, solution.row_dual)
    solved_case = case if coarse is None else case.segmented(coarse)
    return Solved(m, lp, solved_case, solution, 0.0)


def _report_bounds(report: Report, line: Round) -> None:
    """Tell the gap of the bounds once the lower one says something."""
    gap = (line.upper_bound - line.lower_bound) / max(1.0, line.upper_bound)
    if np.isfinite(gap) and gap < 1.0:
        report("solve", gap=gap)


def _verified(
    solved: Solved, plant: Plant, hours: npt.ArrayLike, coarse: Segments | None
) -> tuple[xr.Dataset, Verification]:
    """Return the Dataset of a solution that passed every check."""
    stamps = np.asarray(hours)
    begin = stamps if coarse is None else stamps[coarse.start]
    x = solved.solution.x
    result = site_dataset(solved.m, solved.lp, solved.case, x, begin)
    result.update(
        shadow_prices(
            solved.m,
            solved.lp,
            solved.case,
            solved.solution.bound_dual,
            x=x,
            gap_usd=abs(solved.solution.gap * solved.solution.objective),
            follow=_follower(solved, plant, coarse),
        )
    )
    verification = verify(result, solved.case, solved.lp.objective(x))
    attach_bills(result, solved.case)
    return result, verification


def _follower(solved: Solved, plant: Plant, coarse: Segments | None) -> Follow:
    """Return how a case with a setting moved comes to its solution, as the case itself did."""

    def follow(m: pyo.ConcreteModel, case: SiteCase, first: bool) -> SiteCase | None:
        parts = revised(m, case)
        moved = case if parts is None else replace(case, components=parts)
        if not (first and solved.redrawn):
            return None if parts is None else moved
        load = _solved_load(case, m)
        if coarse is None or case.hours is None:
            return plant.drawn(moved, load)
        drawn = plant.drawn(case.hours, coarse.expand(load))
        lines = drawn.segmented(coarse)
        return replace(
            moved, facility=lines.facility, series=lines.series, hourly=lines.hourly, hours=drawn
        )

    return follow
