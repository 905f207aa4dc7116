"""What a dispatch leaves to be paid: peaks, billed demand and sizes drawn in to what is needed.

A pathway within its gap holds sizes fixed while the hours are dispatched, so a peak on which a
charge rests may stand above the largest import, and a bill read from the meter would be lower than
the model's charge. With every hour as dispatched, the cheapest values of what has no hours are a
small program of their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dcmodel.optimise.coarse import LONG
from dcmodel.optimise.pathway import PathwaySolution
from dcmodel.optimise.polish import cheaper
from dcmodel.optimise.solve import solve_or_none
from dcmodel.optimise.solvers.problem import Floats, Problem, narrow

EXACT = 1e-9
ROUNDING = 1e-6
"""A size below this is rounding where it was zero before. [MW, MWh]"""


def settled(lp: Any, solution: PathwaySolution, gap: float) -> PathwaySolution:
    """Return a solution whose sizes, peaks and billed demand are the cheapest for its dispatch.

    Parameters
    ----------
    lp : LinearProgram
        The whole program.
    solution : PathwaySolution
        Of `lp`.
    gap : float
        Gap that was asked for.
    """
    x = _settled(Problem.of(lp), _without_hours(lp), solution.x)
    return cheaper(lp, solution, x, gap)


def _without_hours(lp: Any) -> Any:
    """Return which columns are continuous and stand for no single hour."""
    short = np.ones(lp.cost.size, dtype=bool)
    for block in lp.columns.values():
        if block.shape and block.shape[-1] >= LONG:
            short[block.start : block.stop] = False
    return short & ~np.asarray(lp.integer, dtype=bool)


def _settled(problem: Problem, free: Any, x: Floats) -> Floats:
    """Return `x` with the columns `free` at their cheapest, all others as they are."""
    matrix = problem.matrix
    entries = np.diff(matrix.indptr)
    equal = problem.row_lower == problem.row_upper
    # one equation with hours defines a column (energy of a month, load at the peaks); several, as
    # the balance of every hour, have fixed it
    tied = equal & (np.diff(matrix[:, free].indptr) < entries)
    free = free & (np.bincount(matrix[tied].indices, minlength=free.size) <= 1)
    if not free.any():
        return x
    own = matrix[:, free]
    count = np.diff(own.indptr)
    held = matrix @ np.where(free, 0.0, x)
    low, high = problem.row_lower - held, problem.row_upper - held
    lower, upper = problem.lower[free].copy(), problem.upper[free].copy()
    _bounds_of_single(own, count == 1, low, high, lower, upper)
    rows = count > 1
    small = Problem(
        cost=problem.cost[free],
        matrix=narrow(own[rows]),
        row_lower=low[rows],
        row_upper=high[rows],
        lower=np.minimum(lower, problem.upper[free]),
        upper=np.maximum(upper, lower),
    )
    answer = solve_or_none(small, tolerance=EXACT)
    if answer is None:
        return x
    better = x.copy()
    # what was nothing stays nothing: a solver's rounding is no size
    nothing = (x[free] == 0.0) & (np.abs(answer.x) < ROUNDING)
    better[free] = np.where(nothing, 0.0, answer.x)
    return better


def _bounds_of_single(
    own: Any, single: Any, low: Floats, high: Floats, lower: Floats, upper: Floats
) -> None:
    """Turn rows of one free column into bounds of it; changes `lower` and `upper`."""
    rows = own[single]
    column, factor = rows.indices, rows.data
    first, last = low[single] / factor, high[single] / factor
    first, last = np.where(factor > 0, first, last), np.where(factor > 0, last, first)
    np.maximum.at(lower, column, first)
    np.minimum.at(upper, column, last)
