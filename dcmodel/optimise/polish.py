"""What couples years without being a decision, brought to its optimum after the pathway.

Investments are held fixed while a year is dispatched. Outcomes of operation that reach into other
years (a peak under a ratchet, billed demand, a minimum take) are dispatched at a price, which may
be wrong at a kink: demand a little lower than pays, at the cost of generation or of lost work.
Here every year is dispatched once more with the other years as they are and everything free that
is no investment: what its peaks cost in other years is then exact. No turn raises the cost.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmodel.optimise.blocks import Split, YearBlock, split
from dcmodel.optimise.pathway import PathwaySolution
from dcmodel.optimise.solve import solve_or_none
from dcmodel.optimise.solvers.problem import Floats, Problem, narrow

logger = logging.getLogger(__name__)

ROUNDS_MAX = 3
"""How often all years are taken in turn."""
WORTHWHILE = 1e-6
"""A round that saves less than this share of the cost is the last. [1]"""

Mask = NDArray[np.bool_]


def polished(lp: Any, solution: PathwaySolution, gap: float, **options: Any) -> PathwaySolution:
    """Return a solution in which no year can be dispatched better, its investments as they are.

    Parameters
    ----------
    lp : LinearProgram
        The whole program.
    solution : PathwaySolution
        Of `lp`.
    gap : float
        Gap that was asked for.
    **options
        Of `dcmodel.optimise.solve.solve`.
    """
    if not np.asarray(lp.operational).any():
        return solution
    parts = split(lp)
    if len(parts.blocks) <= 1 or not parts.has_operational_links:
        return solution
    problem = Problem.of(lp)
    x, cost = solution.x, solution.objective
    for number in range(ROUNDS_MAX):
        x, before = _one_round(problem, parts, lp.operational, x, options), cost
        cost = float(lp.objective(x))
        logger.info("polish %d: %.6g saved", number + 1, before - cost)
        if before - cost <= WORTHWHILE * abs(before):
            break
    return cheaper(lp, solution, x, gap)


def cheaper(lp: Any, solution: PathwaySolution, x: Floats, gap: float) -> PathwaySolution:
    """Return a solution with other columns where they cost less, its gap and status renewed."""
    objective = float(lp.objective(x))
    if objective >= solution.objective:
        return solution
    found = (objective - solution.lower_bound) / max(1.0, abs(objective))
    status = "optimal" if found <= gap else solution.status
    return replace(solution, x=x, objective=objective, gap=max(found, 0.0), status=status)


def _one_round(
    problem: Problem, parts: Split, operational: Mask, x: Floats, options: dict[str, Any]
) -> Floats:
    """Return columns after every year was dispatched once, the others as they are."""
    pure = parts.master_columns[~parts.is_link & parts.is_operational]
    for block in parts.blocks:
        x = _dispatched(problem, parts, block, pure, x, options)
    return x


def _dispatched(
    problem: Problem, parts: Split, block: YearBlock, pure: Any, x: Floats, options: dict[str, Any]
) -> Floats:
    """Return columns with one block at its optimum, given all other blocks."""
    free = np.zeros(x.size, dtype=bool)
    free[block.columns] = True
    free[block.columns[block.held]] = False
    free[pure] = True
    at = np.flatnonzero(free)
    rows = np.concatenate([block.rows, parts.coupling_rows])
    matrix = problem.matrix[rows]
    fixed = matrix @ np.where(free, 0.0, x)
    own = matrix[:, at]
    used = np.diff(own.indptr) > 0
    one = Problem(
        cost=problem.cost[at],
        matrix=narrow(own[used]),
        row_lower=(problem.row_lower[rows] - fixed)[used],
        row_upper=(problem.row_upper[rows] - fixed)[used],
        lower=problem.lower[at],
        upper=problem.upper[at],
    )
    answer = solve_or_none(one, **options)
    before = float(problem.cost[at] @ x[at])
    if answer is None or answer.objective >= before:
        return x
    better = x.copy()
    better[at] = answer.x
    return better
