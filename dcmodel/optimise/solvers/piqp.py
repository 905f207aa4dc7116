"""PIQP: proximal interior point for one hourly year of a site.

It has no time limit of its own and may crash on programs beyond its ordering's reach, so
`dcmodel.optimise.solve` runs it in a worker process only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import piqp
from scipy import sparse

from dcmodel.optimise.solvers.problem import Answer, Claim, Options, Problem

MAX_ITERATIONS = 200
"""Two to three times what an hourly year takes."""

_CLAIMS: dict[Any, Claim] = {
    piqp.PIQP_SOLVED: "optimal",
    piqp.PIQP_PRIMAL_INFEASIBLE: "infeasible",
    piqp.PIQP_DUAL_INFEASIBLE: "unbounded",
}


def run(problem: Problem, options: Options) -> Answer:
    """Solve with PIQP's sparse solver; an unfinished run still returns its last iterate."""
    n = problem.shape[1]
    equal = problem.row_lower == problem.row_upper
    unequal = ~equal
    solver = piqp.SparseSolver()
    settings = solver.settings
    settings.max_iter = MAX_ITERATIONS
    settings.eps_abs = settings.eps_rel = options.tolerance
    settings.eps_duality_gap_abs = settings.eps_duality_gap_rel = options.tolerance
    solver.setup(
        sparse.csc_matrix((n, n)),
        problem.cost,
        sparse.csc_matrix(problem.matrix[equal]),
        problem.row_upper[equal],
        sparse.csc_matrix(problem.matrix[unequal]),
        problem.row_lower[unequal],
        problem.row_upper[unequal],
        problem.lower,
        problem.upper,
    )
    status = solver.solve()
    result = solver.result
    dual = np.empty(len(equal))
    dual[equal] = -np.asarray(result.y)
    dual[unequal] = np.asarray(result.z_l) - np.asarray(result.z_u)
    claim = _CLAIMS.get(status, "failed")
    message = f"{str(status).rsplit('.', 1)[-1]} after {result.info.iter} iterations"
    return Answer(claim, np.array(result.x), dual, message=message)
