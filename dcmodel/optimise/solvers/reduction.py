"""Exact reductions before an interior-point solver, undone afterwards.

Fixed columns are substituted, empty rows dropped, rows with one column become bounds, and a row
whose least activity meets its limit fixes its columns: a size fixed at zero would leave the solver
a program without an interior. With the sizes fixed this leaves a banded program that factorises in
half the time. A row over all hours of a year is written as a sum of partial sums, for it ties the
whole band together. Costs and rows are scaled by powers of two, so that nothing is rounded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from dcmodel.optimise.solvers.problem import Floats, Problem, narrow

NARROW = 1e-9
"""Columns with a narrower range than this, relative to their value, count as fixed."""
CROSSED = 1e-7
"""Bounds that follow from rows may cross by this much, relative to their value, by rounding."""
MAX_PASSES = 8
LONG = 1000
"""Rows of more columns than this are written by partial sums."""


@dataclass(frozen=True)
class _Pass:
    """One round: which columns and rows stayed, and which rows became bounds."""

    before: Problem
    columns: NDArray[np.intp]
    rows: NDArray[np.intp]
    fixed: Floats
    lower_row: NDArray[np.intp]
    upper_row: NDArray[np.intp]
    lower: Floats
    upper: Floats
    forcing: tuple[_Forcing, ...]


@dataclass(frozen=True)
class _Forcing:
    """Rows that hold their columns at bounds: by the upper side of the row, or the lower."""

    rows: NDArray[np.intp]
    sign: float
    """1 where the least activity meets the upper side, -1 where the largest meets the lower."""


class ContradictionError(Exception):
    """Bounds that cannot hold together were met."""

    def __str__(self) -> str:
        return "bounds that follow from rows contradict each other"


@dataclass(frozen=True)
class Reduction:
    """A smaller, scaled problem and the way back to the full one."""

    problem: Problem
    passes: tuple[_Pass, ...]
    shape: tuple[int, int]
    """Rows and columns before long rows were written by partial sums; these come last."""
    row_scale: Floats
    cost_scale: float

    def restore(self, x: Floats, row_dual: Floats | None) -> tuple[Floats, Floats | None]:
        """Return full column values, inside their bounds, and full row multipliers."""
        x = np.clip(x, self.problem.lower, self.problem.upper)
        dual = None if row_dual is None else row_dual * self.row_scale / self.cost_scale
        rows, columns = self.shape
        x, dual = x[:columns], None if dual is None else dual[:rows]
        for step in reversed(self.passes):
            full = step.fixed.copy()
            full[step.columns] = x
            x = full
            if dual is not None:
                dual = _restore_dual(step, x, dual)
        return x, dual


def _restore_dual(step: _Pass, x: Floats, dual: Floats) -> Floats:
    """Give the reduced cost of a column to the row that had become its bound."""
    before = step.before
    full = np.zeros(before.shape[0])
    full[step.rows] = dual
    reduced = before.cost - before.matrix.T @ full
    for sign, source in ((1.0, step.lower_row), (-1.0, step.upper_row)):
        columns = np.flatnonzero((source >= 0) & (sign * reduced > 0))
        if columns.size:
            rows = source[columns]
            first = before.matrix.indptr[rows]
            # the bounding row has other columns, already fixed: find the entry of this column
            value = _entries(before, rows, columns, first)
            full[rows] = reduced[columns] / value
    _price_forcing_rows(step, full)
    return full


def _price_forcing_rows(step: _Pass, dual: Floats) -> None:
    """Give each forcing row the multiplier that keeps its columns at their bounds; in place.

    Several such rows may hold one column: each alone suffices, and together they push the same way.
    """
    before = step.before
    free = before.upper - before.lower > NARROW * np.maximum(1.0, np.abs(step.fixed))
    reduced = before.cost - before.matrix.T @ dual
    for forcing in step.forcing:
        part = before.matrix[forcing.rows]
        owner = np.repeat(np.arange(forcing.rows.size), np.diff(part.indptr))
        counts = free[part.indices]
        ratio = reduced[part.indices[counts]] / part.data[counts]
        price = np.zeros(forcing.rows.size)
        extreme = np.minimum if forcing.sign > 0 else np.maximum
        extreme.at(price, owner[counts], ratio)
        dual[forcing.rows] = price


def _entries(
    problem: Problem, rows: NDArray[np.intp], columns: NDArray[np.intp], first: NDArray[np.int32]
) -> Floats:
    matrix = problem.matrix
    length = matrix.indptr[rows + 1] - first
    owner = np.repeat(np.arange(rows.size), length)
    offset = np.arange(owner.size) - np.repeat(np.cumsum(length) - length, length)
    position = first[owner] + offset
    hit = matrix.indices[position] == columns[owner]
    value = np.zeros(rows.size)
    np.add.at(value, owner[hit], matrix.data[position[hit]])
    return value


def reduce(problem: Problem) -> Reduction:
    """Return the reduced and scaled problem.

    Raises
    ------
    ContradictionError
        If the bounds alone cannot hold together.
    """
    passes: list[_Pass] = []
    if not problem.matrix.data.all():
        matrix = problem.matrix.copy()
        matrix.eliminate_zeros()  # an hour without sun: the column is not in the row
        problem = replace(problem, matrix=matrix)
    for _ in range(MAX_PASSES):
        step, problem_after = _one_pass(problem)
        if step is None:
            break
        passes.append(step)
        problem = problem_after
    shape = problem.shape
    problem, row_scale, cost_scale = _scale(_by_partial_sums(problem))
    return Reduction(problem, tuple(passes), shape, row_scale, cost_scale)


def _one_pass(problem: Problem) -> tuple[_Pass | None, Problem]:
    lower, upper = problem.lower, problem.upper
    closed = np.isfinite(lower) & np.isfinite(upper)
    middle = np.where(closed, 0.5 * (lower + np.where(closed, upper, 0.0)), 0.0)
    room = NARROW * np.maximum(1.0, np.abs(middle))
    width = upper - lower
    if (width < -CROSSED / NARROW * room).any():
        raise ContradictionError
    is_fixed = width <= room
    fixed = np.where(is_fixed, middle, 0.0)
    forcing = _force(problem, is_fixed, fixed)
    keep = np.flatnonzero(~is_fixed)
    matrix = problem.matrix
    row_lower, row_upper = problem.row_lower, problem.row_upper
    if keep.size < lower.size:
        shift = matrix @ fixed
        row_lower, row_upper = row_lower - shift, row_upper - shift
        matrix = matrix[:, keep]
    count = np.diff(matrix.indptr)
    if keep.size == lower.size and (count > 1).all():
        return None, problem
    empty = count == 0
    slack = CROSSED * np.maximum(1.0, abs(problem.matrix[empty]) @ np.abs(fixed))
    if ((row_lower[empty] > slack) | (row_upper[empty] < -slack)).any():
        raise ContradictionError
    single = np.flatnonzero(count == 1)
    tight = _Bounds(lower[keep], upper[keep])
    first = matrix.indptr[single]
    tight.apply(single, matrix.indices[first], matrix.data[first], row_lower, row_upper)
    rows = np.flatnonzero(count > 1)
    after = replace(
        problem,
        cost=problem.cost[keep],
        matrix=matrix[rows],
        row_lower=row_lower[rows],
        row_upper=row_upper[rows],
        lower=tight.lower,
        upper=tight.upper,
        offset=problem.offset + float(problem.cost @ fixed),
    )
    sources = np.full((2, lower.size), -1)
    sources[0, keep], sources[1, keep] = tight.lower_row, tight.upper_row
    return _Pass(problem, keep, rows, fixed, sources[0], sources[1], lower, upper, forcing), after


def _force(problem: Problem, is_fixed: NDArray[np.bool_], fixed: Floats) -> tuple[_Forcing, ...]:
    """Find rows that leave their columns no room, and fix the columns; in place."""
    matrix = problem.matrix
    value = matrix.data
    column = matrix.indices
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    found = []
    for sign, limit in ((1.0, problem.row_upper), (-1.0, problem.row_lower)):
        at_lower = sign * value > 0
        side = np.where(at_lower, problem.lower[column], problem.upper[column])
        term = value * side
        least = np.bincount(row, term, minlength=matrix.shape[0])
        terms = np.bincount(row, np.abs(term), minlength=matrix.shape[0])
        with np.errstate(invalid="ignore"):
            tight = sign * (limit - least) <= NARROW * np.maximum(1.0, terms)
        tight &= np.isfinite(least) & np.isfinite(limit)
        open_entry = tight[row] & ~is_fixed[column]
        if not open_entry.any():
            continue
        rows = np.unique(row[open_entry])
        fixed[column[open_entry]] = side[open_entry]
        is_fixed[column[open_entry]] = True
        found.append(_Forcing(rows, sign))
    return tuple(found)


class _Bounds:
    """Column bounds and the rows that gave them."""

    def __init__(self, lower: Floats, upper: Floats) -> None:
        self.lower, self.upper = lower.copy(), upper.copy()
        self.lower_row = np.full(lower.size, -1)
        self.upper_row = np.full(lower.size, -1)

    def apply(
        self,
        rows: NDArray[np.intp],
        columns: NDArray[np.int32],
        values: Floats,
        row_lower: Floats,
        row_upper: Floats,
    ) -> None:
        """Tighten by rows ``row_lower <= value * x <= row_upper`` of one column each."""
        a, b = row_lower[rows] / values, row_upper[rows] / values
        low, high = np.where(values > 0, a, b), np.where(values > 0, b, a)
        order = np.argsort(low, kind="stable")  # of several rows the tightest is assigned last
        better = order[low[order] > self.lower[columns[order]]]
        self.lower[columns[better]] = low[better]
        self.lower_row[columns[better]] = rows[better]
        order = np.argsort(-high, kind="stable")
        better = order[high[order] < self.upper[columns[order]]]
        self.upper[columns[better]] = high[better]
        self.upper_row[columns[better]] = rows[better]
        # rounding may cross two bounds by a hair
        crossed = self.lower > self.upper
        hair = CROSSED * np.maximum(1.0, np.abs(self.upper))
        close = crossed & (self.lower - self.upper <= hair)
        self.lower[close] = self.upper[close]


def _by_partial_sums(problem: Problem) -> Problem:
    """Write each long row as a sum of free columns, each the sum of some of the row's columns."""
    matrix = problem.matrix
    m, n = matrix.shape
    length = np.diff(matrix.indptr)
    long = np.flatnonzero(length > LONG)
    if not long.size:
        return problem
    row = np.repeat(np.arange(m), length)
    entry = np.arange(matrix.nnz) - matrix.indptr[row]
    is_long = length[row] > LONG
    # as many sums as columns in each; a sum is numbered over all long rows
    part = np.ceil(np.sqrt(length)).astype(np.int64)
    sums = np.where(length > LONG, -(-length // part), 0)
    first = np.cumsum(sums) - sums
    which = first[row] + entry // part[row]
    extra = int(sums.sum())
    owner = np.repeat(np.arange(m), sums)
    number = np.arange(extra)
    rows = np.concatenate([np.where(is_long, m + which, row), owner, m + number])
    columns = np.concatenate([matrix.indices, n + number, n + number])
    values = np.concatenate([matrix.data, np.ones(extra), -np.ones(extra)])
    longer = sparse.csr_array((values, (rows, columns)), shape=(m + extra, n + extra))
    zeros, ends = np.zeros(extra), np.full(extra, np.inf)
    return replace(
        problem,
        cost=np.concatenate([problem.cost, zeros]),
        matrix=narrow(longer),
        row_lower=np.concatenate([problem.row_lower, zeros]),
        row_upper=np.concatenate([problem.row_upper, zeros]),
        lower=np.concatenate([problem.lower, -ends]),
        upper=np.concatenate([problem.upper, ends]),
    )


def _power_of_two(values: Floats) -> Floats:
    return np.exp2(-np.round(np.log2(values)))


def _scale(problem: Problem) -> tuple[Problem, Floats, float]:
    """Scale each row to a largest coefficient near one and the median cost to one."""
    matrix = problem.matrix
    m = matrix.shape[0]
    row_scale = np.ones(m)
    count = np.diff(matrix.indptr)
    if matrix.nnz:
        filled = np.flatnonzero(count > 0)
        largest = np.maximum.reduceat(np.abs(matrix.data), matrix.indptr[filled])
        row_scale[filled] = _power_of_two(np.where(largest > 0, largest, 1.0))
    size = np.abs(problem.cost[problem.cost != 0])
    cost_scale = float(_power_of_two(np.median(size))) if size.size else 1.0
    if (row_scale != 1.0).any():
        matrix = matrix.copy()
        matrix.data *= np.repeat(row_scale, count)
    scaled = replace(
        problem,
        cost=problem.cost * cost_scale,
        matrix=matrix,
        row_lower=problem.row_lower * row_scale,
        row_upper=problem.row_upper * row_scale,
    )
    return scaled, row_scale, cost_scale
