"""Clarabel: interior point on the homogeneous embedding, slower than PIQP and hard to upset."""

from __future__ import annotations

import clarabel
import numpy as np
from scipy import sparse

from dcmodel.optimise.solvers.problem import Answer, Claim, Floats, Options, Problem

_CLAIMS: dict[str, Claim] = {
    "Solved": "optimal",
    "AlmostSolved": "optimal",
    "PrimalInfeasible": "infeasible",
    "AlmostPrimalInfeasible": "infeasible",
    "DualInfeasible": "unbounded",
    "AlmostDualInfeasible": "unbounded",
    "MaxTime": "time_limit",
}


def run(problem: Problem, options: Options) -> Answer:
    """Solve with Clarabel in its form ``A x + s = b`` with ``s`` in a cone."""
    n = problem.shape[1]
    equal = np.flatnonzero(problem.row_lower == problem.row_upper)
    unequal = problem.row_lower != problem.row_upper
    above = np.flatnonzero(unequal & np.isfinite(problem.row_upper))
    below = np.flatnonzero(unequal & np.isfinite(problem.row_lower))
    eye = sparse.identity(n, format="csr")
    top = np.flatnonzero(np.isfinite(problem.upper))
    bottom = np.flatnonzero(np.isfinite(problem.lower))
    matrix = problem.matrix
    rows = [matrix[equal], matrix[above], -matrix[below], eye[top], -eye[bottom]]
    limits = [
        problem.row_upper[equal],
        problem.row_upper[above],
        -problem.row_lower[below],
        problem.upper[top],
        -problem.lower[bottom],
    ]
    n_inequalities = above.size + below.size + top.size + bottom.size
    cones = [clarabel.ZeroConeT(equal.size), clarabel.NonnegativeConeT(n_inequalities)]
    solver = clarabel.DefaultSolver(
        sparse.csc_matrix((n, n)),
        problem.cost,
        sparse.csc_matrix(sparse.vstack(rows)),
        np.concatenate(limits),
        cones,
        _settings(options),
    )
    result = solver.solve()
    dual = _row_dual(np.array(result.z), equal, above, below, matrix.shape[0])
    status = str(result.status)
    return Answer(_CLAIMS.get(status, "failed"), np.array(result.x), dual, message=status)


def _settings(options: Options) -> clarabel.DefaultSettings:
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.time_limit = options.time_limit
    # its residuals are relative to the whole problem, the check is row by row
    tolerance = 0.1 * options.tolerance
    settings.tol_feas = settings.tol_gap_abs = settings.tol_gap_rel = tolerance
    return settings


def _row_dual(z: Floats, equal: np.ndarray, above: np.ndarray, below: np.ndarray, m: int) -> Floats:
    dual = np.zeros(m)
    parts = np.split(z, np.cumsum([equal.size, above.size, below.size]))
    dual[equal] -= parts[0]
    dual[above] -= parts[1]
    dual[below] += parts[2]
    return dual
