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
from dcmodel.optimise.outcomes import cheapest_outcomes
from dcmodel.optimise.pathway import PathwaySolution
from dcmodel.optimise.polish import cheaper
from dcmodel.optimise.solvers.problem import Problem


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
    x = cheapest_outcomes(Problem.of(lp), _without_hours(lp), solution.x)
    return solution if x is None else cheaper(lp, solution, x, gap)


def _without_hours(lp: Any) -> Any:
    """Return which columns are continuous and stand for no single hour."""
    short = np.ones(lp.cost.size, dtype=bool)
    for block in lp.columns.values():
        if block.shape and block.shape[-1] >= LONG:
            short[block.start : block.stop] = False
    return short & ~np.asarray(lp.integer, dtype=bool)
