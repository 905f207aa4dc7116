"""Opposed flows held apart: no store charges and discharges in the same hour.

A linear program lets both flows run where drawing power pays. The program as it is gives a lower
bound all the same. Its optimum shows in which hours both run; there a direction is chosen, and the
hours are dispatched again, until one flow at most runs in every hour: a design within a gap that
the lower bound still proves. Directions are tried in turn: what moves the content as before, flows
that take turns, and where the gap asked for is not reached and the program is not too large, a
whole-number choice for these hours (`dcmodel.optimise.opposed.with_choice`), of all at once or
window by window (`dcmodel.optimise.windows`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray

from dcmodel.base.errors import SolverError
from dcmodel.optimise.blocks import YearBlock, split
from dcmodel.optimise.certify import PRIMAL_TOLERANCE, check
from dcmodel.optimise.master import believed
from dcmodel.optimise.opposed import Flows, Mask, with_choice
from dcmodel.optimise.pathway import PathwaySolution
from dcmodel.optimise.solve import Solution, solve_or_none
from dcmodel.optimise.solvers.problem import Floats, Problem
from dcmodel.optimise.solvers.workers import side_by_side_threads
from dcmodel.optimise.windows import choose_by_windows

logger = logging.getLogger(__name__)

Directions = NDArray[np.int8]

REPAIRS_MAX = 8
"""How often hours are added in which both flows run; then every hour has its direction."""
CHOICES_MAX = 6
"""How often the whole-number choice is widened to further hours."""
CHOICES_AT_ONCE = 2_000
"""Steps for all of which a choice is asked at once: the cuts of a solver want them all."""
CHOICE_SECONDS = 60.0
"""Time for whole-number choices; what is not proven by then is told as the gap [s]."""
CHOICE_NONZEROS = 600_000
"""Coefficients of the largest program for which a whole-number choice is tried."""
ROUNDING_MW = 1e-7
"""Energy burnt in an hour that is a solver's rounding: a tenth of what a balance may miss. [MW]"""
NOISE = 10.0
"""Solutions of the same program differ by this multiple of the solver's tolerance [1]."""


def held_apart(
    m: pyo.ConcreteModel,
    lp: Any,
    solution: PathwaySolution,
    *,
    gap: float,
    at_once: bool,
    solver: str = "auto",
    tolerance: float = 1e-8,
    jobs: int = 1,
) -> PathwaySolution:
    """Return a solution in which opposed flows never run in the same step.

    Parameters
    ----------
    m : Pyomo model
        From which `lp` was compiled.
    lp : LinearProgram
    solution : PathwaySolution
        Of `lp`.
    gap : float
        Gap that was asked for.
    at_once : bool
        Whether sizes are chosen again with the hours; else they are kept, year by year.
    solver : str
        Solver of the hours.
    tolerance : float
        Solver's tolerance in the hours.
    jobs : int
        Years dispatched at the same time.

    Raises
    ------
    SolverError
        If no dispatch with one flow in every hour was found.
    """
    flows = Flows.of(m, lp)
    if flows is None or not flows.both(solution.x).any():
        return solution
    x = _netted(Problem.of(lp), flows, solution.x)
    both = flows.both(x)
    if not both.any():
        return _result(lp, solution, x, solution.row_dual, solution.lower_bound, gap, ())
    logger.info("both flows of a store run in %d steps; they are held apart", both.sum())
    search = _Search(lp, flows, solution, gap, at_once, solver, tolerance, jobs)
    return search.run(x, both)


def _netted(problem: Problem, flows: Flows, x: Floats) -> Floats:
    """Return `x` with the smaller flow taken off both, in all steps where that breaks no row.

    Else in the steps that burn no more than rounding, and if that breaks a row in none.
    """
    before = check(problem, x)
    for burnt in (np.inf, ROUNDING_MW):
        better = flows.netted(x, burnt)
        after = check(problem, better)
        holds = after.relative_violation <= max(before.relative_violation, PRIMAL_TOLERANCE)
        if holds and after.objective <= before.objective + PRIMAL_TOLERANCE * abs(before.objective):
            return better
    return x


def _result(
    lp: Any,
    solution: PathwaySolution,
    x: Floats,
    row_dual: Floats,
    lower: float,
    gap: float,
    solvers: tuple[str, ...],
) -> PathwaySolution:
    """Return the solution with other columns and its distance from the lower bound."""
    objective = float(lp.objective(x))
    found = (objective - lower) / max(1.0, abs(objective))
    near = found <= max(gap, solution.gap)
    return replace(
        solution,
        x=x,
        row_dual=row_dual,
        objective=objective,
        lower_bound=lower,
        gap=found,
        status=solution.status if near else "gap_not_reached",
        solver=" ".join(sorted({*solution.solver.split(), *solvers})),
        primal_violation=check(Problem.of(lp), x).primal_violation,
    )


@dataclass(frozen=True)
class _Found:
    """A dispatch in which opposed flows are apart."""

    x: Floats
    row_dual: Floats
    objective: float
    direction: Directions


@dataclass
class _Search:
    """The search for directions."""

    lp: Any
    flows: Flows
    solution: PathwaySolution
    gap: float
    at_once: bool
    solver: str
    tolerance: float
    jobs: int
    best: _Found | None = None
    lower: float = field(init=False)
    solvers: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.problem = Problem.of(self.lp)
        self.lower = self.solution.lower_bound
        self.blocks: tuple[YearBlock, ...] = () if self.at_once else split(self.lp).blocks

    def run(self, x: Floats, both: Mask) -> PathwaySolution:
        """Return the best dispatch found from `x`, in which both flows run in some steps."""
        none = np.zeros(both.shape, dtype=np.int8)
        tries: tuple[Callable[[], Directions], ...] = (
            lambda: np.where(both, self.flows.by_content(x), none),
            lambda: self.flows.alternating(x, both),
        )
        for direction in tries:
            self._repair(direction(), x)
            if self._near():
                break
        else:
            if self.at_once and self.problem.matrix.nnz <= CHOICE_NONZEROS:
                self._choose(x, both)
        if self.best is None:
            message = (
                "no dispatch was found in which every store either charges or discharges in an "
                "hour; allow more supply, or larger stores"
            )
            raise SolverError(message)
        best, solvers = self.best, tuple(self.solvers)
        return _result(self.lp, self.solution, best.x, best.row_dual, self.lower, self.gap, solvers)

    def _choose(self, x: Floats, both: Mask) -> None:
        """Choose directions by whole numbers: at once where they are few, else by windows."""
        if both.size <= CHOICES_AT_ONCE:
            self._branch(np.ones_like(both))
            return
        where = self.flows.near(self.problem, x, self.solution.row_dual)
        if where.sum() <= CHOICES_AT_ONCE // 2:
            self._branch(where)
        if not self._near():
            self._by_windows(where, x)

    def _by_windows(self, where: Mask, x: Floats) -> None:
        """Choose directions window by window, and lift the lower bound by theirs."""
        end = time.perf_counter() + CHOICE_SECONDS
        chosen = choose_by_windows(self.lp, self.flows, where, x, self.solution.row_dual, end)
        self.lower = max(self.lower, chosen.lower)
        self.solvers |= chosen.solvers
        direction = chosen.direction
        if self.best is not None:
            direction = np.where(direction == 0, self.best.direction, direction)
        self._repair(direction, x)

    def _near(self) -> bool:
        """Return whether the best dispatch is as near to the lower bound as was asked for."""
        if self.best is None:
            return False
        enough = max(self.gap, self.solution.gap + NOISE * self.tolerance)
        return self.best.objective - self.lower <= enough * max(1.0, abs(self.best.objective))

    def _repair(self, direction: Directions, x: Floats) -> None:
        """Dispatch with some directions; add those of further steps in which both flows run."""
        changed, row_dual = direction != 0, self.solution.row_dual
        for turn in range(REPAIRS_MAX + 1):
            found = self._dispatched(direction, changed, x, row_dual)
            if found is None:
                return
            x, row_dual = _netted(self.problem, self.flows, found[0]), found[1]
            changed = self.flows.both(x) & (direction == 0)
            if not changed.any():
                objective = float(self.lp.objective(x))
                if self.best is None or objective < self.best.objective:
                    self.best = _Found(x, row_dual, objective, direction)
                return
            if turn == REPAIRS_MAX - 1:
                changed = direction == 0
            direction = np.where(changed, self.flows.by_content(x), direction)

    def _dispatched(
        self, direction: Directions, changed: Mask, x: Floats, row_dual: Floats
    ) -> tuple[Floats, Floats] | None:
        """Return columns and multipliers with the directions held; None where hours cannot run.

        Year by year only those are dispatched in which a direction changed.
        """
        upper = self.flows.barred(self.problem.upper, direction)
        if self.at_once:
            answer = self._solved(self._of_whole_sizes(replace(self.problem, upper=upper), x))
            return None if answer is None else (answer.x, believed(answer))
        x, row_dual = x.copy(), row_dual.copy()

        def of_year(block: YearBlock) -> Solution | None:
            one = block.fixed(x).problem
            return self._solved(replace(one, upper=np.minimum(one.upper, upper[block.columns])))

        touched = np.zeros(upper.size, dtype=bool)
        touched[self.flows.into[changed]] = True
        blocks = [block for block in self.blocks if touched[block.columns].any()]
        with side_by_side_threads(self.jobs) as pool:
            answers = list(pool.map(of_year, blocks))
        for block, answer in zip(blocks, answers, strict=True):
            if answer is None:
                return None
            x[block.columns], row_dual[block.rows] = answer.x, believed(answer)
        return x, row_dual

    def _of_whole_sizes(self, problem: Problem, x: Floats) -> Problem:
        """Return a program whose whole numbers are as in `x`."""
        if problem.integer is None:
            return problem
        lower, upper = problem.lower.copy(), problem.upper.copy()
        lower[problem.integer] = upper[problem.integer] = np.round(x[problem.integer])
        return replace(problem, lower=lower, upper=upper, integer=None)

    def _solved(self, problem: Problem) -> Solution | None:
        answer = solve_or_none(problem, solver=self.solver, tolerance=self.tolerance)
        if answer is not None:
            self.solvers.add(answer.solver)
        return answer

    def _branch(self, where: Mask) -> None:
        """Choose directions by branch and bound, in more and more steps."""
        end = time.perf_counter() + CHOICE_SECONDS
        n = self.problem.shape[1]
        for _ in range(CHOICES_MAX):
            left = end - time.perf_counter()
            if left <= 0:
                return
            answer = solve_or_none(
                with_choice(self.problem, self.flows, where),
                solver="highs_mip",
                tolerance=self.tolerance,
                mip_gap=self.gap / 2,
                time_limit=left,
                warm=self._warm(where),
            )
            if answer is None:
                return
            self.solvers.add(answer.solver)
            self.lower = max(self.lower, answer.dual_bound)
            direction = np.zeros(where.shape, dtype=np.int8)
            direction[where] = np.where(answer.x[n:] > 0.5, 1, -1)
            more = self.flows.both(answer.x[:n]) & ~where
            self._repair(direction, answer.x[:n])
            if self._near() or not more.any():
                return
            where = where | more

    def _warm(self, where: Mask) -> Floats | None:
        """Return the best dispatch with its choices as a start."""
        if self.best is None:
            return None
        x = self.best.x
        charging = np.where(
            self.best.direction == 0, x[self.flows.into] > x[self.flows.out],
            self.best.direction > 0,
        )  # fmt: skip
        return np.concatenate([x, charging[where].astype(float)])
