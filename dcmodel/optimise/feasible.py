"""Whether a case has a design at all, year by year and within a budget of wall time.

Years whose rows and bounds are equal, costs apart, are asked once. A year that has no design is
asked for its least total violation, which shows the week where most is missing; where that week has
no design by itself it stands for its year. Weeks that are likely to have none are asked first.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmodel.arrays import LinearProgram
from dcmodel.components.base import SiteCase
from dcmodel.optimise.blocks import Split, YearBlock, split
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.certify import dual_bound
from dcmodel.optimise.solve import SMALL, Solution, ask, solve_or_none
from dcmodel.optimise.solvers import verdict
from dcmodel.optimise.solvers.problem import Floats, Problem, narrow
from dcmodel.optimise.solvers.workers import side_by_side_threads
from dcmodel.optimise.weeks import LENGTHS, Week, heaviest_step, week_of, worst_step

TOLERANCE = 1e-6
"""Solver's tolerance, and the violation over the largest limit that counts as none. [1]"""
QUICK_S = 6.0
"""Time for simplex to find a design of a year; it either needs little of it or far more. [s]"""
REVISIONS_MAX = 8
"""How often components may add what a design shows they left out."""
NEARLY = 1e-3
"""Price of a size beyond what a year asks for, against that of a size below it. [1]"""


class OutOfTimeError(Exception):
    """The budget of an explanation has ended."""


class Budget:
    """Wall time that questions to a solver share."""

    def __init__(self, seconds: float) -> None:
        self.end = time.perf_counter() + seconds

    def left(self) -> float:
        """Return the seconds left.

        Raises
        ------
        OutOfTimeError
            When there are none.
        """
        left = self.end - time.perf_counter()
        if left <= 0:
            raise OutOfTimeError
        return left

    def part(self, seconds: float) -> Budget:
        """Return a budget that ends after some seconds, and with this one at the latest."""
        return Budget(min(seconds, max(0.0, self.end - time.perf_counter())))


class Compiled:
    """A case as a program, its costs left out, taken apart by year when that is asked for."""

    def __init__(self, case: SiteCase) -> None:
        self.case = case
        self.m, self.lp = compile_site(case)

    @cached_property
    def parts(self) -> Split:
        """The program by year; rows of one year alone stand in it, rows of sizes among them."""
        return split(self.lp.replace(couples_years=_of_several_years(self.lp)))

    @cached_property
    def blocks(self) -> tuple[YearBlock, ...]:
        """The blocks of the program without costs."""
        return tuple(replace(b, problem=_costless(b.problem)) for b in self.parts.blocks)

    def as_block(self, block: YearBlock) -> Problem | None:
        """Return what stands here where `block` stands in a program of the same shape."""
        same = {name: (b.start, b.stop) for name, b in block.whole.rows.items()} == {
            name: (b.start, b.stop) for name, b in self.lp.rows.items()
        }
        if not same or self.lp.n_columns != block.whole.n_columns:
            return None
        lp = self.lp
        rows = lp.matrix[block.rows]
        matrix = rows[:, block.columns]
        if matrix.nnz != rows.nnz:  # a year of this case reaches further
            return None
        return Problem(
            cost=np.zeros(block.columns.size),
            matrix=narrow(matrix),
            row_lower=lp.row_lower[block.rows],
            row_upper=lp.row_upper[block.rows],
            lower=lp.lower[block.columns],
            upper=lp.upper[block.columns],
        )


@dataclass(frozen=True)
class Verdict:
    """The least total violation of one program.

    Attributes
    ----------
    violation : float
    x : ndarray, shape (n,)
        Columns of that design.
    row_dual : ndarray, shape (m,)
        Multipliers that prove the violation.
    broken : ndarray, shape (m,)
        By how much each row is broken.
    """

    violation: float
    x: Floats
    row_dual: Floats
    broken: Floats

    def bound(self, problem: Problem) -> float:
        """Return the least violation that the multipliers prove of another program."""
        if np.any(problem.lower > problem.upper) or np.any(problem.row_lower > problem.row_upper):
            return np.inf
        largest = float(np.abs(self.x).max(initial=0.0))
        return dual_bound(problem, self.row_dual, largest=largest).value


@dataclass(frozen=True)
class Lack:
    """A year that has no design.

    Attributes
    ----------
    block : YearBlock
    week : Week or None
        A week that has none by itself; None where every week that was looked at has one.
    """

    block: YearBlock
    week: Week | None

    @property
    def year(self) -> int:
        """Position of the year."""
        return self.block.year

    def part(self, problem: Problem) -> Problem:
        """Return of a year's program what has no design by itself."""
        return problem if self.week is None else self.week.part(problem)


class Judge:
    """Asks whether programs have a solution, each distinct one once."""

    def __init__(self, budget: Budget, jobs: int = 1) -> None:
        self.budget, self.jobs = budget, max(1, jobs)
        self.places: list[tuple[int, int]] = []
        """Step and length of weeks in which a year has no design, the likeliest elsewhere too."""
        self._long = False
        self._known: dict[bytes, Floats | None] = {}
        self._verdicts: dict[bytes, Verdict] = {}

    def lacks(self, blocks: Sequence[YearBlock], enough: int | None = None) -> list[Lack]:
        """Return the blocks that have no solution; as many as are `enough`."""
        found: list[Lack] = []
        left = list(blocks)
        for block in blocks:
            week = self._known_week(block)
            if week is not None:
                found.append(Lack(block, week))
                left = [other for other in left if other is not block]
            if enough is not None and len(found) >= enough:
                return found
        while left:
            # the first alone: where it lacks something, others may lack it in the same week
            count = 1 if left[0] is blocks[0] else self.jobs
            now, left = left[:count], left[count:]
            for block, x in zip(now, self.designs(now), strict=True):
                if x is None:
                    found.append(Lack(block, self._known_week(block) or self._worst_week(block)))
            if enough is not None and len(found) >= enough:
                return found
        order = {id(block): k for k, block in enumerate(blocks)}
        return sorted(found, key=lambda lack: order[id(lack.block)])

    def designs(self, blocks: Sequence[YearBlock]) -> list[Floats | None]:
        """Return a solution of every block, None where there is none."""
        return self.solutions([block.problem for block in blocks])

    def solutions(self, problems: Sequence[Problem]) -> list[Floats | None]:
        """Return a solution of every program, None where there is none."""
        keys = [_digest(problem) for problem in problems]
        new = {k: p for k, p in zip(keys, problems, strict=True) if k not in self._known}
        with side_by_side_threads(self.jobs) as pool:
            found = list(pool.map(self._solution, new.values()))
        self._known |= dict(zip(new, found, strict=True))
        return [self._known[key] for key in keys]

    def possible(self, problem: Problem) -> bool:
        """Return whether a program has a solution."""
        return self.solutions([problem])[0] is not None

    def _solution(self, problem: Problem, *, proved: bool = True) -> Floats | None:
        if np.any(problem.lower > problem.upper) or np.any(problem.row_lower > problem.row_upper):
            return None
        order = _order(problem)
        # simplex is exact, but slow on a whole year with costs
        if not proved and problem.matrix.nnz > 10 * SMALL:
            order = [*order[1:], (order[0][0], np.inf)]
        for name, most in order:
            seconds = min(self.budget.left(), most)
            trial = ask(problem, name, tolerance=TOLERANCE, time_limit=seconds, proved=proved)
            if trial.solution is not None:
                return trial.solution.x
            if trial.claim == "infeasible":
                return None
        raise OutOfTimeError

    def verdict(self, problem: Problem) -> Verdict:
        """Return the least total violation of a program, with its proof."""
        key = _digest(problem)
        if key not in self._verdicts:
            self._verdicts[key] = self._violation(problem)
        return self._verdicts[key]

    def _violation(self, problem: Problem) -> Verdict:
        crossed = np.maximum(problem.lower - problem.upper, 0.0)
        # of bounds that contradict one another the upper one is let go
        problem = replace(problem, upper=np.maximum(problem.upper, problem.lower))
        m, n = problem.shape
        answer = self.solved(verdict.elastic(problem))
        broken = answer.x[n : n + m] + answer.x[n + m :]
        dual = np.zeros(m) if answer.row_dual is None else answer.row_dual
        return Verdict(answer.objective + float(crossed.sum()), answer.x[:n], dual, broken)

    def solved(self, problem: Problem) -> Solution:
        """Return the checked solution of a program that has one.

        Raises
        ------
        OutOfTimeError
            When the budget ends first, or no solver finds it.
        """
        names = _order(problem)
        for name, _ in [*names[1:], names[0]] if len(names) > 2 else names:
            # any multipliers prove what they prove, and any design shows where most is missing
            seconds = self.budget.left()
            trial = ask(problem, name, tolerance=TOLERANCE, time_limit=seconds, proved=False)
            if trial.solution is not None:
                return trial.solution
        raise OutOfTimeError

    def cheapest(self, problem: Problem) -> Floats | None:
        """Return the optimum of a program, None where it has no solution."""
        key = _digest(problem) + problem.cost.tobytes()
        if key not in self._known:
            self._known[key] = self._solution(problem, proved=False)
        return self._known[key]

    def _known_week(self, block: YearBlock) -> Week | None:
        """Return a week that has no design, of those that are likely not to have one."""
        likely = [(heaviest_step(block, length), length) for length in LENGTHS]
        for step, length in dict.fromkeys([*self.places, *likely]):
            week = week_of(block, step, length)
            if not self.possible(week.part(block.problem)):
                if (step, length) not in self.places:
                    self.places.append((step, length))
                return week
        return None

    def _worst_week(self, block: YearBlock) -> Week | None:
        """Return the weeks in which a block is broken most, None if they have a design."""
        step = None
        if not self._long:
            step = worst_step(block, self.verdict(block.problem).broken)
        if step is None:
            return None
        for length in LENGTHS:
            week = week_of(block, step, length)
            if not self.possible(week.part(block.problem)):
                self.places.append((step, length))
                return week
        self._long = True  # what lacks longer than weeks does so in other years too
        return None


def _order(problem: Problem) -> list[tuple[str, float]]:
    """Return the solvers to ask, each with the most seconds it may take."""
    if problem.matrix.nnz < SMALL:
        return [("highs", np.inf), ("clarabel", np.inf)]
    return [("highs", QUICK_S), ("piqp", np.inf), ("clarabel", np.inf)]


def holds(case: SiteCase, judge: Judge) -> bool:
    """Return whether a case has a design: every year, and the sizes that the years share.

    Sizes of the years are brought together by the cheapest raise; with them fixed every year is
    asked again. False means that no design was found so.
    """
    for _ in range(REVISIONS_MAX):
        judge.budget.left()
        compiled = Compiled(case)
        x = _design(compiled, judge)
        if x is None:
            return False
        parts = _revised(compiled, x)
        if parts is None:
            return True
        case = replace(case, components=parts)
    return False


def with_revisions(case: SiteCase, judge: Judge) -> SiteCase:
    """Return a case with what its components add as long as a design is found."""
    for _ in range(REVISIONS_MAX):
        compiled = Compiled(case)
        x = _design(compiled, judge)
        parts = None if x is None else _revised(compiled, x)
        if parts is None:
            return case
        case = replace(case, components=parts)
    return case


def _revised(compiled: Compiled, x: Floats) -> Any:
    """Return the components with what a design shows they left out; None if nothing."""
    compiled.lp.load_solution(compiled.m, x)
    case = compiled.case
    found = [component.revised(compiled.m, case) for component in case.components]
    if not any(found):
        return None
    pairs = zip(found, case.components, strict=True)
    return tuple(component if new is None else new for new, component in pairs)


def _design(compiled: Compiled, judge: Judge) -> Floats | None:
    """Return a design of all years, None where none is found."""
    lp, blocks = compiled.lp, compiled.blocks
    if judge.lacks(blocks, enough=1):
        return None
    x = np.clip(np.zeros(lp.n_columns), lp.lower, lp.upper)
    for block, one in zip(blocks, judge.designs(blocks), strict=True):
        x[block.columns] = one
    shared = _shared_sizes(compiled, x, judge)
    if shared is None:
        return None
    master = compiled.parts.master_columns
    moved = np.abs(shared[master] - x[master]) > TOLERANCE * np.maximum(1.0, np.abs(x[master]))
    x[master] = shared[master]
    touched = set(master[moved].tolist())
    again = [b for b in blocks if touched.intersection(b.columns[b.link].tolist())]
    found = judge.solutions([block.fixed(x).problem for block in again])
    for block, one in zip(again, found, strict=True):
        if one is None:
            return None
        x[block.columns] = one
    return x


def _shared_sizes(compiled: Compiled, x: Floats, judge: Judge) -> Floats | None:
    """Return `x` with its sizes raised until they keep the rows that years share."""
    parts, lp = compiled.parts, compiled.lp
    columns, count = parts.master_columns, parts.master_columns.size
    link = np.flatnonzero(parts.is_link)
    if not columns.size:
        return x
    tie = np.zeros((link.size, count))
    tie[np.arange(link.size), link] = 1.0
    eye = np.eye(link.size)
    rows = np.block([[tie, -eye, eye]])
    coupling = parts.coupling.toarray()
    wide = np.hstack([coupling, np.zeros((coupling.shape[0], 2 * link.size))])
    target = x[columns[link]]
    scale = 1.0 / np.maximum(1.0, np.abs(target))
    integer = np.concatenate([lp.integer[columns], np.zeros(2 * link.size, dtype=bool)])
    problem = Problem(
        cost=np.concatenate([np.zeros(count), NEARLY * scale, scale]),
        matrix=narrow(np.vstack([wide, rows])),
        row_lower=np.concatenate([lp.row_lower[parts.coupling_rows], target]),
        row_upper=np.concatenate([lp.row_upper[parts.coupling_rows], target]),
        lower=np.concatenate([lp.lower[columns], np.zeros(2 * link.size)]),
        upper=np.concatenate([lp.upper[columns], np.full(2 * link.size, np.inf)]),
        integer=integer if integer.any() else None,
    )
    answer = solve_or_none(problem, tolerance=TOLERANCE, time_limit=judge.budget.left())
    if answer is None:
        return None
    moved = x.copy()
    moved[columns] = answer.x[:count]
    return moved


def _of_several_years(lp: LinearProgram) -> NDArray[np.bool_]:
    """Return the rows whose columns belong to several years."""
    entries = np.diff(lp.matrix.indptr)
    row = np.repeat(np.arange(lp.n_rows), entries)
    year = lp.column_year[lp.matrix.indices]
    dated = year >= 0
    first = np.full(lp.n_rows, np.iinfo(np.int64).max)
    last = np.full(lp.n_rows, -1)
    np.minimum.at(first, row[dated], year[dated])
    np.maximum.at(last, row[dated], year[dated])
    return np.asarray(last > first)


def _costless(problem: Problem) -> Problem:
    return replace(problem, cost=np.zeros(problem.shape[1]), integer=None, offset=0.0)


def _digest(problem: Problem) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    matrix = problem.matrix
    for array in (
        matrix.indptr, matrix.indices, matrix.data,
        problem.row_lower, problem.row_upper, problem.lower, problem.upper,
    ):  # fmt: skip
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()
