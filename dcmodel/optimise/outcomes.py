"""Columns that follow from the others (peaks, billed demand, a contract) at their cheapest."""

from __future__ import annotations

from typing import Any

import numpy as np

from dcmodel.optimise.solve import solve_or_none
from dcmodel.optimise.solvers.problem import Floats, Problem, narrow

EXACT = 1e-9
ROUNDING = 1e-6
"""A size below this is rounding where it was zero before. [MW, MWh]"""


def cheapest_outcomes(problem: Problem, free: Any, x: Floats) -> Floats | None:
    """Return `x` with some columns at their cheapest, all others as they are.

    Parameters
    ----------
    problem : Problem
        The whole program.
    free : array of bool, shape (n,)
        Which columns; of them those stay that more than one equation with other columns defines.
    x : array of shape (n,)

    Returns
    -------
    array of shape (n,) or None
        None where no values of these columns keep all rows.
    """
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
        return None
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
