"""One way to solve a linear or integer program: try a solver, check its answer, try the next.

Which solver: integers go to HiGHS branch and bound; small programs to HiGHS simplex; hourly years
to PIQP, with Clarabel and HiGHS interior point behind it. Each runs in a worker process
(`dcmodel.optimise.solvers.workers`), so that nothing it does to its process reaches the caller, nor
the other way round. No answer is believed before `dcmodel.optimise.certify.check` has confirmed
feasibility and a duality gap, and no claim of infeasibility before a program of least violation has
proved it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dcmodel.base.errors import Fault, InfeasibleError, SolverError
from dcmodel.optimise.certify import PRIMAL_TOLERANCE, Certificate, check
from dcmodel.optimise.solvers import reduction, verdict, workers
from dcmodel.optimise.solvers.problem import Answer, Floats, Options, Problem

logger = logging.getLogger(__name__)

TOLERANCE = 1e-7
"""Default relative tolerance of a solver."""
GAP_PER_TOLERANCE = 100.0
"""The duality gap accepted after the check, as a multiple of the solver's tolerance."""
TIME_LIMIT = 900.0
"""Seconds for each solver tried unless the caller says otherwise."""
SMALL = 10_000
"""Nonzeros up to which simplex is the quickest."""
ROUGHLY = 1e-4
"""Violation and gap up to which a rough answer serves, relative. [1]"""
INTEGRALITY = 1e-5
VIOLATION = 1e-6
"""Least total violation that proves infeasibility, in the rows' own units."""
BEYOND = 1e-2
"""Relative excess of the dual bound over a broken design's cost that hints at infeasibility."""
GRACE = 2.0
"""Seconds after the limit before a worker is killed, for solvers that stop by themselves [s]."""


@dataclass(frozen=True)
class _Method:
    """How one named solver is run."""

    module: str
    algorithm: str = ""
    interior: bool = False


_FOLDER = "dcmodel.optimise.solvers"
METHODS: dict[str, _Method] = {
    "highs": _Method(f"{_FOLDER}.highs", "simplex"),
    "highs_mip": _Method(f"{_FOLDER}.highs"),
    "highs_ipm": _Method(f"{_FOLDER}.highs", "ipm"),
    "piqp": _Method(f"{_FOLDER}.piqp", interior=True),
    "clarabel": _Method(f"{_FOLDER}.clarabel", interior=True),
}


@dataclass(frozen=True)
class Solution:
    """A solution that has passed the check.

    Attributes
    ----------
    x : ndarray, shape (n,)
        Column values, inside their bounds.
    row_dual : ndarray, shape (m,), optional
        Change of the objective per unit of a row's bound; None with integers.
    objective, dual_bound : float
        Objective and its proven lower bound, offset included.
    gap : float
        ``(objective - dual_bound) / max(1, |objective|)``.
    status : str
        ``optimal``, or ``time_limit`` for the best integer solution found in time.
    solver : str
        Name of the solver that gave it.
    seconds : float
        Wall time, all attempts and checks included.
    certificate : Certificate
        What the check found.
    attempts : tuple of str
        What the solvers tried before said.
    """

    x: Floats
    row_dual: Floats | None
    objective: float
    dual_bound: float
    gap: float
    status: str
    solver: str
    seconds: float
    certificate: Certificate
    attempts: tuple[str, ...] = ()


def solve(
    lp: Any,
    *,
    solver: str | tuple[str, ...] = "auto",
    time_limit: float | None = None,
    tolerance: float = TOLERANCE,
    mip_gap: float = 1e-4,
    warm: Floats | None = None,
    rough: bool = False,
) -> Solution:
    """Solve a linear or integer program and check the answer.

    Parameters
    ----------
    lp : LinearProgram
        The program, minimised; rows and columns are named in messages by ``lp.row_name`` and
        ``lp.column_name``.
    solver : str or tuple of str
        ``auto``, or the names of solvers in the order to try (see `METHODS`).
    time_limit : float, optional
        Seconds for each solver tried; default `TIME_LIMIT`.
    tolerance : float
        Solver's relative tolerance; a duality gap up to 100 times it is accepted.
    mip_gap : float
        Accepted relative gap where there are integers.
    warm : ndarray, shape (n,), optional
        Starting point for HiGHS.
    rough : bool
        Whether an answer serves that only nearly keeps its rows.

    Returns
    -------
    Solution

    Raises
    ------
    InfeasibleError
        With the rows that are broken in the design of least violation.
    SolverError
        If the program is unbounded, or no solver's answer passes the check.
    """
    start = time.perf_counter()
    problem = Problem.of(lp)
    _refuse_crossed(lp, problem)
    limit = TIME_LIMIT if time_limit is None else time_limit
    options = Options(
        tolerance=tolerance, time_limit=limit, mip_gap=mip_gap, warm=warm, rough=rough
    )
    said: list[str] = []
    for name in _plan(problem, solver):
        trial = _try(name, problem, options)
        if trial.solution is not None:
            seconds = time.perf_counter() - start
            return replace(trial.solution, seconds=seconds, attempts=tuple(said))
        said.append(f"{name}: {trial.message}")
        logger.info("no usable answer: %s", said[-1])
        if trial.claim in ("infeasible", "unbounded"):
            _confirm(lp, problem, trial.claim, options)
    for claim in ("infeasible", "unbounded"):
        _confirm(lp, problem, claim, options)
    message = (
        f"no solver gave an answer that passes the check ({'; '.join(said)}); "
        "raise the time limit or loosen the tolerance"
    )
    raise SolverError(message)


def solve_or_none(
    lp: Any,
    *,
    solver: str | tuple[str, ...] = "auto",
    tolerance: float = TOLERANCE,
    time_limit: float | None = None,
    mip_gap: float = 1e-4,
    warm: Floats | None = None,
) -> Solution | None:
    """Solve a program that may well be infeasible; None as soon as that is likely.

    Unlike `solve` nothing is proved: the caller has another way to go on.
    """
    start = time.perf_counter()
    problem = Problem.of(lp)
    limit = TIME_LIMIT if time_limit is None else time_limit
    options = Options(tolerance=tolerance, time_limit=limit, mip_gap=mip_gap, warm=warm)
    for name in _plan(problem, solver):
        trial = _try(name, problem, options)
        if trial.solution is not None:
            return replace(trial.solution, seconds=time.perf_counter() - start)
        if trial.claim == "infeasible":
            return None
    return None


def ask(
    lp: Any, solver: str, *, tolerance: float = TOLERANCE, time_limit: float, proved: bool = True
) -> Trial:
    """Return what one solver says of a program, its answer checked.

    Without `proved` a design that keeps all limits is believed to be the optimum if the solver says
    so: for a caller who verifies what follows from it.
    """
    problem = Problem.of(lp)
    options = Options(tolerance=tolerance, time_limit=time_limit, mip_gap=1e-4)
    answer = _attempt(solver, problem, options)
    trial = judge(solver, problem, answer, options)
    if proved or trial.solution is not None or answer.claim != "optimal" or answer.x is None:
        return trial
    x = np.clip(answer.x, problem.lower, problem.upper)
    found = check(problem, x)
    if found.relative_violation > PRIMAL_TOLERANCE:
        return trial
    value = found.objective
    dual = answer.row_dual
    solution = Solution(x, dual, value, -np.inf, np.inf, "optimal", solver, 0.0, found)
    return Trial(solution, "optimal", answer.message)


@dataclass(frozen=True)
class Trial:
    """What came of one solver: a checked solution, or a claim with the reason."""

    solution: Solution | None
    claim: str
    message: str


def _try(name: str, problem: Problem, options: Options) -> Trial:
    return judge(name, problem, _attempt(name, problem, options), options)


def judge(name: str, problem: Problem, answer: Answer, options: Options) -> Trial:
    """Return a solver's answer as a solution if it passes the check, else what it claims."""
    if answer.x is None or answer.claim in ("infeasible", "unbounded"):
        return Trial(None, answer.claim, answer.message)
    if problem.integer is not None:
        solution = _judge_integers(problem, answer, name, options)
        return Trial(solution, answer.claim, answer.message)
    x = np.clip(answer.x, problem.lower, problem.upper)
    found = check(problem, x, answer.row_dual)
    primal = ROUGHLY if options.rough else PRIMAL_TOLERANCE
    gap = ROUGHLY if options.rough else GAP_PER_TOLERANCE * options.tolerance
    if found.accepts(gap, primal):
        solution = Solution(
            x=x,
            row_dual=answer.row_dual,
            objective=found.objective,
            dual_bound=found.dual_bound,
            gap=found.gap,
            status="optimal",
            solver=name,
            seconds=0.0,
            certificate=found,
        )
        return Trial(solution, "optimal", answer.message)
    message = (
        f"{answer.message}, rejected by the check (violation {found.primal_violation:.1e}, "
        f"gap {found.gap:.1e})"
    )
    # a dual bound far above the cost of a point that breaks rows is the mark of infeasibility
    beyond = found.gap < -BEYOND and found.relative_violation > PRIMAL_TOLERANCE
    return Trial(None, "infeasible" if beyond else "failed", message)


def _plan(problem: Problem, solver: str | tuple[str, ...]) -> tuple[str, ...]:
    names = (solver,) if isinstance(solver, str) else tuple(solver)
    if names != ("auto",):
        unknown = [name for name in names if name not in METHODS]
        if unknown:
            message = f"unknown solver {', '.join(unknown)}; known: auto, {', '.join(METHODS)}"
            raise SolverError(message)
        return names
    if problem.integer is not None:
        return ("highs_mip",)
    if problem.matrix.nnz < SMALL:
        return ("highs", "clarabel")
    return ("piqp", "clarabel", "highs_ipm")


def _refuse_crossed(lp: Any, problem: Problem) -> None:
    crossed = verdict.Crossed.of(problem)
    faults = []
    for indices, lower, upper, what in (
        (crossed.rows, problem.row_lower, problem.row_upper, "row"),
        (crossed.columns, problem.lower, problem.upper, "column"),
    ):
        name = verdict.namer(lp, what)
        faults += [
            Fault(name(int(i)), f"lower bound {lower[i]:.6g} exceeds upper bound {upper[i]:.6g}")
            for i in indices[:10]
        ]
    if faults:
        raise InfeasibleError(faults)


def _attempt(name: str, problem: Problem, options: Options) -> Answer:
    """Run one solver; whatever happens to it becomes an answer."""
    method = METHODS[name]
    options = replace(options, method=method.algorithm)
    if not method.interior:
        return _run(method, problem, options)
    try:
        reduced = reduction.reduce(problem)
    except reduction.ContradictionError as error:
        return Answer("infeasible", message=str(error))
    if 0 in reduced.problem.shape:
        answer = _without_rows(reduced.problem)
    else:
        answer = _run(method, reduced.problem, replace(options, warm=None))
    if answer.x is None or not np.isfinite(answer.x).all():
        return replace(answer, x=None, row_dual=None)
    x, row_dual = reduced.restore(answer.x, answer.row_dual)
    return replace(answer, x=x, row_dual=row_dual)


def _without_rows(problem: Problem) -> Answer:
    """Solve a program of column bounds alone."""
    side = np.where(problem.cost > 0, problem.lower, problem.upper)
    free = problem.cost == 0
    side[free] = np.clip(0.0, problem.lower[free], problem.upper[free])
    if not np.isfinite(side).all():
        return Answer("unbounded", message="a column without rows has no bound")
    return Answer("optimal", side, np.zeros(problem.shape[0]), message="bounds alone")


def _run(method: _Method, problem: Problem, options: Options) -> Answer:
    """Run a solver in a worker process; its crash or silence is an answer too."""
    return answer_of(workers.call, method.module, problem, options)


def answer_of(
    call: Callable[[str, Problem, Options, float], Answer],
    module: str,
    problem: Problem,
    options: Options,
) -> Answer:
    """Return what comes of a call of a worker: its answer, or what happened to it."""
    try:
        return call(module, problem, options, options.time_limit + GRACE)
    except workers.WorkerTimeoutError as error:
        return Answer("time_limit", message=str(error))
    except workers.WorkerCrashedError as error:
        return Answer("failed", message=str(error))


def _judge_integers(
    problem: Problem, answer: Answer, name: str, options: Options
) -> Solution | None:
    """Judge an integer solution; the bound is the solver's own."""
    assert problem.integer is not None
    assert answer.x is not None
    x = np.clip(answer.x, problem.lower, problem.upper)
    whole = np.round(x[problem.integer])
    if np.abs(x[problem.integer] - whole).max(initial=0.0) > INTEGRALITY:
        return None
    certificate = check(problem, x)
    bound = answer.dual_bound + problem.offset
    gap = (certificate.objective - bound) / max(1.0, abs(certificate.objective))
    too_wide = answer.claim != "time_limit" and gap > max(10 * options.mip_gap, 1e-6)
    if certificate.relative_violation > PRIMAL_TOLERANCE or too_wide:
        return None
    certificate = replace(certificate, dual_bound=bound, gap=gap)
    status = "time_limit" if answer.claim == "time_limit" else "optimal"
    return Solution(x, None, certificate.objective, bound, gap, status, name, 0.0, certificate)


def _confirm(lp: Any, problem: Problem, claim: str, options: Options) -> None:
    """Raise what a claim says if an always-solvable program proves it; else return."""
    relaxed = replace(problem, integer=None, offset=0.0)
    if claim == "unbounded":
        _confirm_unbounded(lp, relaxed, options)
        return
    answer = _first_checked(verdict.elastic(relaxed), options)
    if answer is None or answer.dual_bound <= VIOLATION:
        return
    m, n = problem.shape
    broken = answer.x[n : n + m] + answer.x[n + m :]
    name = verdict.namer(lp, "row")
    rows = verdict.largest(broken, name, 10, floor=1e-3 * float(broken.max()))
    message = (
        f"no design keeps all limits; the least total violation is {answer.objective:.6g}, "
        "with these rows broken by"
    )
    raise InfeasibleError(
        [Fault("", message), *(Fault(row, "loosen this limit or allow more means") for row in rows)]
    )


def _confirm_unbounded(lp: Any, problem: Problem, options: Options) -> None:
    answer = _first_checked(verdict.recession(problem), options)
    if answer is None or answer.objective >= -VIOLATION:
        return
    gain = -problem.cost * answer.x
    name = verdict.namer(lp, "column")

    def priced(j: int) -> str:
        return f"{name(j)} at {problem.cost[j]:.6g} a unit"

    columns = verdict.largest(gain, priced, 5, floor=0.0)
    message = (
        f"the cost falls without end: {', '.join(columns)} may grow for ever; bound it, or mend "
        "the price"
    )
    raise SolverError(message)


def _first_checked(problem: Problem, options: Options) -> Solution | None:
    """Return the first checked solution of a program that proves a claim."""
    options = replace(options, warm=None)
    for name in _plan(problem, "auto"):
        trial = _try(name, problem, options)
        if trial.solution is not None:
            return trial.solution
    return None
