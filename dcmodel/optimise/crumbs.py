"""Sizes too small to mean anything made none: what an interior point leaves of what is not built.

A size that is nothing beside the largest of its unit is no result. It is set to zero;
where the rows feel that, the program is solved again without it, so that what is told and what was
dispatched are one design. The lower bound of the whole program stays proven, and the gap is taken
to it anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from dcmodel.arrays import LinearProgram
from dcmodel.base.resolution import least_meant
from dcmodel.optimise.certify import check
from dcmodel.optimise.pathway import PathwaySolution, dispatch, propose
from dcmodel.optimise.solve import solve_or_none
from dcmodel.optimise.solvers.problem import Floats, Problem

SIZE_UNITS = ("MW", "MWh")
ROUNDS_MAX = 3
"""How often sizes are looked at again: without one crumb another may be left."""


def cleared(
    lp: LinearProgram,
    solution: PathwaySolution,
    *,
    gap: float,
    at_once: bool,
    jobs: int = 1,
    solver: str = "auto",
    tolerance: float,
) -> PathwaySolution:
    """Return a solution in which every size is zero or worth telling.

    Parameters
    ----------
    lp : LinearProgram
        The whole program.
    solution : PathwaySolution
        Of `lp`.
    gap : float
        Gap that was asked for.
    at_once : bool
        Whether it was solved as one program; else its sizes are dispatched year by year.
    jobs, solver, tolerance
        As of `dcmodel.optimise.pathway.solve_pathway`.
    """

    def whole(without: LinearProgram) -> Floats | None:
        answer = solve_or_none(without, solver=solver, tolerance=tolerance)
        return None if answer is None else answer.x

    def by_year(without: LinearProgram) -> Floats | None:
        sizes = propose(without, solution)
        # exactly: a size that the hours need is no crumb
        return dispatch(
            without, sizes, jobs=jobs, solver=solver, tolerance=tolerance, elastic=False
        )

    x = _cleared(lp, solution.x, whole if at_once else by_year)
    if x is solution.x:
        return solution
    objective = float(lp.objective(x))
    found = max(objective - solution.lower_bound, 0.0) / max(1.0, abs(objective))
    status = solution.status
    if status == "optimal" and found > gap:
        status = "gap_not_reached"
    violation = check(Problem.of(lp), x).primal_violation
    return replace(
        solution, x=x, objective=objective, gap=found, status=status, primal_violation=violation
    )


def without_crumbs_again(
    lp: LinearProgram,
    solution: PathwaySolution,
    solve_again: Callable[[LinearProgram], PathwaySolution],
    gap: float,
) -> PathwaySolution:
    """Return what a further step makes of a solution, in which it leaves no crumbs of sizes.

    Parameters
    ----------
    lp : LinearProgram
        The whole program.
    solution : PathwaySolution
        Before the step; a step that changes nothing returns it as it is.
    solve_again : callable
        The step, of a program with the columns of `lp`; it may choose sizes anew.
    gap : float
        Gap that was asked for.
    """
    first = found = solve_again(lp)
    if first is solution:
        return first
    upper = lp.upper.copy()
    for _ in range(ROUNDS_MAX):
        crumbs = _crumbs(lp, found.x)
        if not crumbs.any():
            break
        upper = np.where(crumbs, 0.0, upper)
        found = solve_again(lp.replace(upper=upper))
    if found is first:
        return first
    # what was proven of the program without these sizes is not proven of the whole
    objective = float(lp.objective(found.x))
    apart = max(objective - first.lower_bound, 0.0) / max(1.0, abs(objective))
    status = "gap_not_reached" if first.status == "optimal" and apart > gap else first.status
    return replace(
        found,
        objective=objective,
        lower_bound=first.lower_bound,
        bound_dual=first.bound_dual,
        gap=apart,
        status=status,
    )


def _cleared(
    lp: LinearProgram, x: Floats, again: Callable[[LinearProgram], Floats | None]
) -> Floats:
    """Return columns without crumbs among the sizes; `x` itself where there are none."""
    upper = lp.upper.copy()
    for _ in range(ROUNDS_MAX):
        crumbs = _crumbs(lp, x)
        if not crumbs.any():
            return x
        none = np.where(crumbs, 0.0, x)
        if check(Problem.of(lp), none).accepts(np.inf):
            return none
        upper = np.where(crumbs, 0.0, upper)
        found = again(lp.replace(upper=upper))
        if found is None:  # what is so small may still be needed
            return x
        x = found
    return x


def _crumbs(lp: LinearProgram, x: Floats) -> Any:
    """Return which columns are sizes by year that are above zero and below their resolution."""
    crumbs = np.zeros(x.size, dtype=bool)
    least = {unit: _least(lp, x, unit) for unit in SIZE_UNITS}
    for block in lp.columns.values():
        if block.year_axis != 0 or len(block.shape) != 1:
            continue
        unit = _unit(block)
        if unit in SIZE_UNITS:
            part = x[block.slice]
            crumbs[block.slice] = (part != 0.0) & (np.abs(part) < least[unit])
    return crumbs & (lp.lower <= 0.0) & (lp.upper >= 0.0) & ~np.asarray(lp.integer, dtype=bool)


def _unit(block: Any) -> str:
    return str(block.doc.rpartition("[")[2].rstrip("]"))


def _least(lp: LinearProgram, x: Floats, unit: str) -> float:
    """Return the smallest size of a unit that means something beside the largest of any."""
    largest = max(
        (
            float(np.abs(x[block.slice]).max(initial=0.0))
            for block in lp.columns.values()
            if block.year_axis == 0 and len(block.shape) == 1 and _unit(block) in SIZE_UNITS
        ),
        default=0.0,
    )
    return least_meant(largest, unit)
