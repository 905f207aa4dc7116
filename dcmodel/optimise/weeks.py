"""A week, or a few, of a year as a small program of its own.

Rows that reach beyond it are left out, so that a week without a solution proves that its year has
none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmodel.optimise.blocks import YearBlock
from dcmodel.optimise.solvers.problem import Floats, Problem, narrow

BALANCE, METER = "balance", "grid_import"
LENGTHS = (168, 672)
"""Steps of a small program: a week shows what a day lacks, four what a store cannot bridge."""
SMALL_SHARE = 1e-3
"""Steps broken by less than this share of the most are none. [1]"""

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Week:
    """Rows and columns of a year's program that lie within a week, or a few.

    Attributes
    ----------
    first : int
        First step.
    length : int
        Number of steps.
    rows, columns : ndarray of int
        Positions in the program of the year.
    """

    first: int
    length: int
    rows: Indices
    columns: Indices

    def part(self, problem: Problem) -> Problem:
        """Return the week of a program of the year; costs are none."""
        return Problem(
            cost=np.zeros(self.columns.size),
            matrix=narrow(problem.matrix[self.rows][:, self.columns]),
            row_lower=problem.row_lower[self.rows],
            row_upper=problem.row_upper[self.rows],
            lower=problem.lower[self.columns],
            upper=problem.upper[self.columns],
        )


def week_of(block: YearBlock, step: int, length: int = LENGTHS[0]) -> Week:
    """Return the steps around a step of a year."""
    problem, lp, steps = block.problem, block.whole, steps_in(block)
    length = min(length, steps)
    first = int(np.clip(step - length // 2, 0, steps - length))

    def inside(at: Indices) -> npt.NDArray[np.bool_]:
        return (at < 0) | ((at >= first) & (at < first + length))

    kept = inside(step_of(lp.columns, block.columns, steps))
    whole_rows = inside(step_of(lp.rows, block.rows, steps))
    whole_rows &= abs(problem.matrix) @ (~kept).astype(float) == 0
    return Week(first, length, np.flatnonzero(whole_rows), np.flatnonzero(kept))


def heaviest_step(block: YearBlock, length: int) -> int:
    """Return the middle of the steps in which most power is asked for beyond the import."""
    problem, lp, steps = block.problem, block.whole, steps_in(block)
    span = lp.rows[BALANCE]
    rows = np.flatnonzero((block.rows >= span.start) & (block.rows < span.stop))
    meter = lp.columns[METER]
    columns = np.flatnonzero((block.columns >= meter.start) & (block.columns < meter.stop))
    asked = np.abs(problem.row_lower[rows])
    if columns.size == asked.size:
        asked = asked - problem.upper[columns]
    length = min(length, steps)
    total = np.concatenate([[0.0], np.cumsum(asked)])
    return int((total[length:] - total[:-length]).argmax()) + length // 2


def worst_step(block: YearBlock, broken: Floats) -> int | None:
    """Return the step whose rows are broken most; None where rows of no step are."""
    steps = steps_in(block)
    step = step_of(block.whole.rows, block.rows, steps)
    total = np.zeros(steps)
    np.add.at(total, step[step >= 0], broken[step >= 0])
    if not steps or total.max() <= SMALL_SHARE * broken.max(initial=0.0):
        return None
    return int(total.argmax())


def steps_in(block: YearBlock) -> int:
    """Return the number of steps of a year."""
    span = block.whole.rows[BALANCE]
    return int(((block.rows >= span.start) & (block.rows < span.stop)).sum())


def step_of(blocks: dict[str, Any], at: Indices, count: int) -> Indices:
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


def without(problem: Problem, kind: str, members: Indices) -> Problem:
    """Return a program without some ``rows``, or without the upper bound of some ``columns``."""
    if kind == "columns":
        upper = problem.upper.copy()
        upper[members] = np.inf
        return replace(problem, upper=upper)
    lower, upper = problem.row_lower.copy(), problem.row_upper.copy()
    lower[members], upper[members] = -np.inf, np.inf
    return replace(problem, row_lower=lower, row_upper=upper)
