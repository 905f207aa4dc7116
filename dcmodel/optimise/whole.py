"""Whole-number sizes to the last unit: the relaxation's optimum, then cuts until none is cheaper.

The cost of the hours is convex in the sizes. Cuts at the optimum without whole numbers and at every
whole design tried are lower bounds everywhere. The next design tried is the whole one nearest to
the relaxation's that the cuts let be cheaper than the best; when they let none, the best is proven.
Where sizes are few this takes a few dispatches.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from dcmodel.base.errors import InfeasibleError
from dcmodel.optimise.blocks import split
from dcmodel.optimise.certify import check
from dcmodel.optimise.closing import Round
from dcmodel.optimise.master import Master, Wish, believed
from dcmodel.optimise.pathway import PathwaySolution
from dcmodel.optimise.solve import solve, solve_or_none
from dcmodel.optimise.solvers.problem import Floats, Problem

ROUNDS_MAX = 60


def solve_whole_sizes(
    lp: Any, *, gap: float = 1e-8, solver: str = "auto", tolerance: float = 1e-8
) -> PathwaySolution:
    """Solve a program whose whole numbers are sizes, with hours that are continuous.

    Parameters
    ----------
    lp : LinearProgram
    gap : float
        Relative distance of the bounds at which to stop.
    solver : str
        Solver of the hours.
    tolerance : float
        Solver's tolerance in the hours.

    Returns
    -------
    PathwaySolution

    Raises
    ------
    InfeasibleError, SolverError
    """
    start = time.perf_counter()
    problem = Problem.of(lp)
    options: dict[str, Any] = {"solver": solver, "tolerance": tolerance}
    relaxed = solve(lp.replace(integer=np.zeros(lp.n_columns, dtype=bool)), **options)
    parts = split(lp)
    master = Master(problem, parts, float(np.abs(relaxed.x).max(initial=1.0)))
    duals = believed(relaxed)
    for number, block in enumerate(parts.blocks):
        master.add(number, duals[block.rows], relaxed.x[block.columns])
    best: tuple[Floats, Floats] | None = None
    upper, lower, used = np.inf, relaxed.dual_bound, {relaxed.solver}
    ones = np.ones(problem.shape[1])
    wish = Wish(relaxed.x, above=ones, below=ones)
    history = []
    for number in range(1, ROUNDS_MAX + 1):
        design = master.nearest(wish, upper - gap * abs(upper) if best else np.inf)
        if design is None:
            bound, design = master.whole_design(mip_gap=gap / 10)
            lower = max(lower, min(bound, upper))
            if design is None or upper - lower <= gap * max(1.0, abs(upper)):
                break
        x, row_dual = design.copy(), np.zeros(problem.shape[0])
        value = master.coupling_value(duals[parts.coupling_rows])
        for k, block in enumerate(parts.blocks):
            answer = solve_or_none(block.fixed(design, value), **options)
            if answer is None:
                message = "a design of whole sizes leaves an hour without supply; widen the limits"
                raise InfeasibleError(message)
            x[block.columns], row_dual[block.rows] = answer.x, believed(answer)
            master.add(k, row_dual[block.rows], answer.x)
            used.add(answer.solver)
        if parts.has_operational_links:
            x[parts.master_columns] = master.complete(x)[parts.master_columns]
        cost = float(lp.objective(x))
        if cost < upper:
            upper, best = cost, (x, row_dual)
        history.append(Round(f"whole {number}", lower, upper, time.perf_counter() - start))
    if best is None:
        message = "no whole sizes were found that satisfy the limits"
        raise InfeasibleError(message)
    x, row_dual = best
    found = max(upper - lower, 0.0) / max(1.0, abs(upper))
    return PathwaySolution(
        x=x,
        row_dual=row_dual,
        objective=upper,
        lower_bound=lower,
        gap=found,
        status="optimal" if found <= gap else "gap_not_reached",
        solver=" ".join(sorted(used)),
        seconds=time.perf_counter() - start,
        history=tuple(history),
        primal_violation=check(problem, x).primal_violation,
        bound_dual=duals,
    )
