"""HiGHS: simplex for small programs, branch and bound for integers, interior point behind."""

from __future__ import annotations

import highspy
import numpy as np

from dcmodel.optimise.solvers.problem import Answer, Claim, Options, Problem

_CLAIMS: dict[highspy.HighsModelStatus, Claim] = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
}


def run(problem: Problem, options: Options) -> Answer:
    """Solve with HiGHS; ``options.method`` is ``simplex``, ``ipm`` or empty (integers)."""
    highs = _load(problem, options)
    if options.warm is not None:
        start = highspy.HighsSolution()
        start.col_value = list(options.warm)
        highs.setSolution(start)
    highs.run()
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kUnboundedOrInfeasible:
        highs.setOptionValue("presolve", "off")
        highs.run()
        status = highs.getModelStatus()
    return _answer(highs, status, problem)


def _load(problem: Problem, options: Options) -> highspy.Highs:
    highs = highspy.Highs()
    feasibility = min(1e-7, max(options.tolerance, 1e-10))
    settings: dict[str, str | float | bool] = {
        "output_flag": False,
        "threads": 1,
        "time_limit": float(options.time_limit),
        "mip_rel_gap": options.mip_gap,
        "mip_feasibility_tolerance": max(feasibility, 1e-9),
        "primal_feasibility_tolerance": max(feasibility, 1e-9),
        "dual_feasibility_tolerance": feasibility,
    }
    if options.method:
        settings["solver"] = options.method
    for name, value in settings.items():
        highs.setOptionValue(name, value)
    m, n = problem.shape
    integer = problem.integer if problem.integer is not None else np.zeros(n, dtype=bool)
    matrix = problem.matrix
    csr = 2
    highs.passModel(
        n,
        m,
        matrix.nnz,
        csr,
        1,
        0.0,
        problem.cost,
        problem.lower,
        problem.upper,
        problem.row_lower,
        problem.row_upper,
        matrix.indptr,
        matrix.indices,
        matrix.data,
        integer.astype(np.int32),
    )
    return highs


def _answer(highs: highspy.Highs, status: highspy.HighsModelStatus, problem: Problem) -> Answer:
    claim = _CLAIMS.get(status, "failed")
    message = highs.modelStatusToString(status)
    info = highs.getInfo()
    if not info.primal_solution_status:
        return Answer(claim, message=message)
    solution = highs.getSolution()
    x = np.array(solution.col_value)
    if problem.integer is not None:
        feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        bound = float(info.mip_dual_bound)
        return Answer(claim, x if feasible else None, None, bound, message)
    dual = np.array(solution.row_dual) if solution.dual_valid else None
    return Answer(claim, x, dual, message=message)
