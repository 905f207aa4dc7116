"""What cannot hold together in the worst week of a year, and of which nothing can be spared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmodel.components.base import Limit
from dcmodel.optimise.blocks import YearBlock
from dcmodel.optimise.feasible import Judge, rows_of
from dcmodel.optimise.solvers.problem import Floats, Problem, narrow

BALANCE = "balance"
WEEK_H = 168
SMALL_SHARE = 1e-3
"""Steps broken by less than this share of the most are not looked at. [1]"""


@dataclass(frozen=True)
class Conflict:
    """Words of what cannot hold together.

    Attributes
    ----------
    first : int or None
        First step of the week; None where every week could be run by itself.
    words : tuple of str
        Empty where the week could be run by itself.
    """

    first: int | None
    words: tuple[str, ...]


def conflict_of(block: YearBlock, broken: Floats, limits: Sequence[Limit], judge: Judge) -> Conflict:
    """Return what cannot hold together where a year is broken most.

    Parameters
    ----------
    block : YearBlock
        Without costs.
    broken : ndarray
        By how much each row of the block is broken at the least violation.
    limits : sequence of Limit
    judge : Judge

    Raises
    ------
    OutOfTimeError
    """
    span = block.whole.rows[BALANCE]
    count = int(((block.rows >= span.start) & (block.rows < span.stop)).sum())
    step = _steps(block.whole.rows, block.rows, count)
    total = np.zeros(count)
    np.add.at(total, step[step >= 0], broken[step >= 0])
    if not count or total.max() <= SMALL_SHARE * broken.max():
        return Conflict(None, ())
    week = _Week(block, int(total.argmax()), count, limits)
    return Conflict(week.first, tuple(week.conflict(judge)))


def _steps(blocks: dict[str, Any], at: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
    """Return the step of each row or column of the whole program, -1 without one."""
    step = np.full(at.size, -1)
    for block in blocks.values():
        if not block.shape or block.shape[-1] != count:
            continue
        mine = (at >= block.start) & (at < block.stop)
        flat = at[mine] - block.start
        if block.positions is not None:
            flat = np.asarray(block.positions)[flat]
        step[mine] = flat % count
    return step


class _Week:
    """The week around a step, as a small program of its own."""

    def __init__(self, block: YearBlock, step: int, steps: int, limits: Sequence[Limit]) -> None:
        self.block, self.limits = block, limits
        problem, lp = block.problem, block.whole
        length = min(WEEK_H, steps)
        self.first = int(np.clip(step - length // 2, 0, steps - length))

        def inside(step: Any) -> Any:
            return (step < 0) | ((step >= self.first) & (step < self.first + length))

        kept = inside(_steps(lp.columns, block.columns, steps))
        whole_rows = inside(_steps(lp.rows, block.rows, steps))
        whole_rows &= abs(problem.matrix) @ (~kept).astype(float) == 0
        rows, columns = np.flatnonzero(whole_rows), np.flatnonzero(kept)
        self.problem = Problem(
            cost=np.zeros(columns.size),
            matrix=narrow(problem.matrix[rows][:, columns]),
            row_lower=problem.row_lower[rows],
            row_upper=problem.row_upper[rows],
            lower=problem.lower[columns],
            upper=problem.upper[columns],
        )
        self.groups = self._groups(rows, columns)

    def _groups(self, rows: Any, columns: Any) -> list[tuple[str, str, Any]]:
        """Return name, kind and members of everything that may be left out; limits last."""
        block, lp, groups = self.block, self.block.whole, []
        whole_rows, words_of = block.rows[rows], rows_of(lp)
        for name, span in lp.rows.items():
            members = np.flatnonzero((whole_rows >= span.start) & (whole_rows < span.stop))
            if members.size:
                groups.append((words_of[name], "rows", members))
        local = np.full(lp.n_columns, -1)
        local[block.columns[columns]] = np.arange(columns.size)
        for limit in self.limits:
            at = np.concatenate([np.r_[lp.column(variable)] for variable, _ in limit.bounds])
            rise = np.concatenate([ratio.ravel() for _, ratio in limit.bounds])
            members = local[at[rise > 0]]
            bound = "at least" if limit.falls else "at most"
            size = float(limit.value[block.year])
            words = f"{limit.name} of {bound} {size:.4g} {limit.unit}"
            groups.append((words, "columns", members[members >= 0]))
        return groups

    def conflict(self, judge: Judge) -> list[str]:
        """Return what cannot hold together and of which nothing can be spared; empty if none."""
        problem = self.problem
        if judge.verdict(problem).possible:
            return []
        left = []
        for words, kind, members in self.groups:
            without = _without(problem, kind, members)
            if judge.verdict(without).possible:
                left.append(words)
            else:
                problem = without
        return list(dict.fromkeys(left))


def _without(problem: Problem, kind: str, members: Any) -> Problem:
    """Return the program without some rows, or without the upper bound of some columns."""
    if kind == "columns":
        upper = problem.upper.copy()
        upper[members] = np.inf
        return replace(problem, upper=upper)
    lower, upper = problem.row_lower.copy(), problem.row_upper.copy()
    lower[members], upper[members] = -np.inf, np.inf
    return replace(problem, row_lower=lower, row_upper=upper)
