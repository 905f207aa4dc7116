"""One site, solved: coarse proposal, hourly pathway with certified gap, physics checked.

The facility enters the model as hourly straight lines. They are drawn at a first guess of the load,
drawn again at the proposal's, and once more at the optimum until the yearly energy of the lines and
of the full physics agree.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo
import xarray as xr

from dcmodel.arrays import LinearProgram
from dcmodel.base.errors import Fault, SolverError
from dcmodel.components.base import FacilityCoefficients, SiteCase
from dcmodel.facility.design import Design
from dcmodel.facility.linearise import linearisation_error, linearise
from dcmodel.facility.weather import FacilityWeather
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.extract import add_metrics, site_costs, site_dataset, site_sizes
from dcmodel.optimise.pathway import PathwaySolution, Proposal, solve_pathway
from dcmodel.optimise.solve import solve
from dcmodel.optimise.verify import Verification, verify
from dcmodel.profiles.segment import Segments, segment_hours

FloatArray = npt.NDArray[np.float64]
Report = Callable[..., None]

ENERGY_TOLERANCE = 1e-3
"""Yearly facility energy of the lines agrees with the physics within this. [1]"""
PROPOSAL_SEGMENTS = 1095
"""Segments of a year in the coarse model that proposes sizes and multipliers."""
ROUNDS_MAX = 4
"""How often the facility may be drawn again at the optimum."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plant:
    """The facility behind the lines: a design under the weather of a year."""

    design: Design
    weather: FacilityWeather

    def lines(self, load: FloatArray) -> FacilityCoefficients:
        """Return hourly lines drawn at a load of shape (years, hours) [1]."""
        affine = linearise(self.design, self.weather, load)
        return FacilityCoefficients(
            affine.power_slope, affine.power_fixed, affine.water_slope, affine.water_fixed
        )


@dataclass(frozen=True)
class Solved:
    """A solved model of one site."""

    m: pyo.ConcreteModel
    lp: LinearProgram
    case: SiteCase
    solution: PathwaySolution
    energy_error: float
    """Largest yearly difference between lines and physics, relative [1]."""


def silent(stage: str, **values: float | str) -> None:
    """Report nothing."""


def load_of(case: SiteCase, work: FloatArray) -> FloatArray:
    """Return IT power over installed IT for work served [MW]; zero where nothing is installed."""
    installed = case.it_capacity[:, None]
    share = np.divide(work, installed, out=np.zeros_like(work), where=installed > 0)
    return np.clip(case.idle_fraction + (1 - case.idle_fraction) * share, 0.0, 1.0)


def solve_site(
    case: SiteCase,
    plant: Plant,
    hours: npt.ArrayLike,
    *,
    segments: int | None = None,
    gap: float = 0.005,
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
    segments : int, optional
        Solve on segments of adjacent hours instead of every hour.
    gap : float
        Certified distance from the optimum, relative [1].
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
    case = replace(case, facility=plant.lines(load_of(case, case.workload.total)))
    coarse = segments_of(case, PROPOSAL_SEGMENTS if segments is None else segments)
    optimum = _optimum(case, plant, coarse, segments is not None, gap, report)
    result, verification = _verified(optimum, hours, coarse if segments is not None else None)
    report("reference")
    _add_reference(result, optimum.case, gap)
    add_metrics(result)
    add_metrics(result, "reference_")
    solution = optimum.solution
    result.attrs |= {
        "status": "optimal",
        "certified_gap": solution.gap,
        "solver": solution.solver,
        "resolution": "hourly" if segments is None else f"{segments} segments a year",
        "facility_energy_error": optimum.energy_error,
        "balance_error_mw": verification.balance_mw,
        "cost_error": verification.cost_relative,
        "backlog_error_mwh": verification.backlog_mwh,
        "seconds": round(time.perf_counter() - started, 1),
    }
    return result


def segments_of(case: SiteCase, count: int) -> Segments:
    """Return segments of adjacent hours that keep what moves cost: prices, load, sun, wind, heat."""
    features = [case.workload.total, case.facility.power_slope]
    features += [series for name, series in case.series.items() if name != "temp_air"]
    starts = np.flatnonzero(np.diff(case.month, prepend=-1))
    return segment_hours(np.concatenate(features), count, boundaries=starts)


def _optimum(
    case: SiteCase, plant: Plant, coarse: Segments, coarse_only: bool, gap: float, report: Report
) -> Solved:
    """Solve, and draw the facility again at the optimum until energy agrees."""
    for round_number in range(1, ROUNDS_MAX + 1):
        if coarse_only:
            report("solve")
            solved = _solve_whole(case.segmented(coarse))
        else:
            report("propose")
            proposal = _solve_whole(case.segmented(coarse))
            if round_number == 1:
                load = load_of(case, coarse.expand(np.asarray(proposal.m.work.array)))
                case = replace(case, facility=plant.lines(load))
            report("solve")
            solved = _solve_hourly(case, proposal, gap, report)
        work = np.asarray(solved.m.work.array)
        load = load_of(case, coarse.expand(work) if coarse_only else work)
        solved = replace(solved, energy_error=_energy_error(case, plant, load))
        report("physics", gap=solved.solution.gap)
        if solved.energy_error <= ENERGY_TOLERANCE:
            return solved
        _logger.info("round %d: energy error %.2e", round_number, solved.energy_error)
        case = replace(case, facility=plant.lines(load))
    msg = (
        f"facility energy and its lines differ by {solved.energy_error:.2%} after {ROUNDS_MAX} "
        f"rounds; at most {ENERGY_TOLERANCE:.1%} is allowed. Report this study"
    )
    raise SolverError(Fault(case.name, msg))


def _energy_error(case: SiteCase, plant: Plant, load: FloatArray) -> float:
    """Return the largest yearly difference of facility energy between the lines and the physics."""
    error = linearisation_error(case.facility, plant.design, plant.weather, load)
    built = case.it_capacity > 0
    return float(np.abs(error.energy[built]).max(initial=0.0))


def _solve_whole(case: SiteCase) -> Solved:
    """Solve all years as one program."""
    m, lp = compile_site(case)
    solution = solve(lp)
    lp.load_solution(m, solution.x, solution.row_dual)
    return Solved(m, lp, case, PathwaySolution.of(solution), 0.0)


def _solve_hourly(case: SiteCase, proposal: Solved, gap: float, report: Report) -> Solved:
    """Solve every hour, year by year, from a proposal of the coarse model."""
    m, lp = compile_site(case)
    hint = Proposal(proposal.lp, proposal.solution.x, proposal.solution.row_dual)
    solution = solve_pathway(lp, hint, gap=gap, progress=lambda found: report("solve", gap=found))
    lp.load_solution(m, solution.x, solution.row_dual)
    return Solved(m, lp, case, solution, 0.0)


def _verified(
    solved: Solved, hours: npt.ArrayLike, coarse: Segments | None
) -> tuple[xr.Dataset, Verification]:
    """Return the Dataset of a solution that passed every check."""
    stamps = np.asarray(hours)
    begin = stamps if coarse is None else stamps[coarse.start]
    x = solved.solution.x
    result = site_dataset(solved.m, solved.lp, solved.case, x, begin)
    return result, verify(result, solved.case, solved.lp.objective(x))


def _add_reference(result: xr.Dataset, case: SiteCase, gap: float) -> None:
    """Add cost and sizes of the ordinary grid-supplied site, without contracts and shifting."""
    reference = case.reference()
    m, lp = compile_site(reference)
    solution = solve_pathway(lp, None, gap=gap)
    lp.load_solution(m, solution.x)
    costs = site_costs(lp, solution.x)
    capacity = site_sizes(m)
    result["reference_cost"] = costs.reset_coords(drop=True).reindex(
        cost_term=result["cost_term"], fill_value=0.0
    )
    result["reference_capacity"] = capacity.reset_coords(drop=True).reindex(
        size=result["size"], fill_value=0.0
    )
