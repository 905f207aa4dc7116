"""HiGHS: simplex for small programs, branch and bound for integers, interior point behind.

It runs in a worker process only (`dcmodel.optimise.solvers.workers`), never beside its caller:
HiGHS shares one thread scheduler among all who use it in a thread and refuses to run where another
user of it (linopy, PyPSA, a notebook) has set another number of threads, and it prints a banner to
the output of the process.
"""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np

from dcmodel.optimise.solvers.problem import Answer, Claim, Options, Problem

_CLAIMS: dict[highspy.HighsModelStatus, Claim] = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
}
_CSR = 2


class _RefusedError(Exception):
    """HiGHS answered a call with an error."""


def run(problem: Problem, options: Options) -> Answer:
    """Solve with HiGHS; ``options.method`` is ``simplex``, ``ipm`` or empty (integers)."""
    try:
        highs = _load(problem, options, highspy.Highs())
        if options.warm is not None:
            start = highspy.HighsSolution()
            start.col_value = list(options.warm)
            _accept(highs.setSolution(start), "the starting point")
        status = _solve(highs)
        if status == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            _accept(highs.setOptionValue("presolve", "off"), "option presolve")
            status = _solve(highs)
    except _RefusedError as error:
        return Answer("failed", message=str(error))
    return _answer(highs, status, problem)


class Kept:
    """HiGHS kept alive: each program after the first starts from the last optimal basis."""

    def __init__(self) -> None:
        self._highs = highspy.Highs()
        self._before: Problem | None = None

    def run(self, problem: Problem, options: Options) -> Answer:
        """Solve a continuous program by simplex; a program of another shape starts anew."""
        before, self._before = self._before, None
        try:
            status = self._run(problem, options, before)
        except _RefusedError as error:
            self._highs = highspy.Highs()
            return Answer("failed", message=str(error))
        if status == highspy.HighsModelStatus.kOptimal:
            self._before = problem
        return _answer(self._highs, status, problem)

    def _run(
        self, problem: Problem, options: Options, before: Problem | None
    ) -> highspy.HighsModelStatus:
        fits = before is not None and before.shape == problem.shape
        basis = self._highs.getBasis() if fits else None
        _load(problem, options, self._highs)
        if basis is not None and basis.valid:
            _accept(self._highs.setBasis(basis), "the last basis")
        # with other costs alone the basis stays primal feasible, with other limits dual feasible
        primal = before is not None and fits and _same_limits(before, problem)
        strategy = 4 if primal else 1
        _accept(self._highs.setOptionValue("simplex_strategy", strategy), "option simplex_strategy")
        return _solve(self._highs)


def _accept(status: highspy.HighsStatus, what: str) -> None:
    """Look at what HiGHS answered: a warning is for the check to judge, an error is not."""
    if status == highspy.HighsStatus.kError:
        message = f"HiGHS refused {what}"
        raise _RefusedError(message)


def _solve(highs: highspy.Highs) -> highspy.HighsModelStatus:
    _accept(highs.run(), "to run")
    return highs.getModelStatus()


def _same_limits(one: Problem, two: Problem) -> bool:
    pairs = (
        (one.lower, two.lower),
        (one.upper, two.upper),
        (one.row_lower, two.row_lower),
        (one.row_upper, two.row_upper),
    )
    same_matrix = one.matrix is two.matrix or (
        one.matrix.nnz == two.matrix.nnz and np.array_equal(one.matrix.data, two.matrix.data)
    )
    return same_matrix and all(np.array_equal(a, b) for a, b in pairs)


def _load(problem: Problem, options: Options, highs: highspy.Highs) -> highspy.Highs:
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
        _accept(highs.setOptionValue(name, value), f"option {name}={value}")
    m, n = problem.shape
    integer = problem.integer if problem.integer is not None else np.zeros(n, dtype=bool)
    matrix = problem.matrix
    passed = highs.passModel(
        n,
        m,
        matrix.nnz,
        _CSR,
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
    _accept(passed, "the program")
    return highs


def _answer(highs: Any, status: highspy.HighsModelStatus, problem: Problem) -> Answer:
    claim = _CLAIMS.get(status, "failed")
    message = highs.modelStatusToString(status)
    info = highs.getInfo()
    iterations = int(info.simplex_iteration_count)
    if not info.primal_solution_status:
        return Answer(claim, message=message, iterations=iterations)
    solution = highs.getSolution()
    x = np.array(solution.col_value)
    if problem.integer is not None:
        feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        bound = float(info.mip_dual_bound)
        return Answer(claim, x if feasible else None, None, bound, message, iterations)
    dual = np.array(solution.row_dual) if solution.dual_valid else None
    return Answer(claim, x, dual, message=message, iterations=iterations)
