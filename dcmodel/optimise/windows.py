r"""A long choice window by window: directions, and a lower bound that windows lift.

The rows of some adjacent steps are a program of their own, :math:`\min p^T x` over the columns they
hold, with prices that the multipliers :math:`y` of the whole program give,

.. math:: p = A_w^T y_w + r_w, \qquad r = c - A^T y ,

where :math:`r_w` is that of the window's own columns, and its part of that of the sizes and peaks
that it shares with others, by what they are worth to it. Without whole numbers its optimum is its
part of the bound that :math:`y` proves; with the choice between opposed flows it is higher, and the
sum over all windows remains a lower bound of the whole.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from dcmodel.optimise.certify import DualBound, dual_bound
from dcmodel.optimise.opposed import Flows, Indices, Mask, with_choice
from dcmodel.optimise.solve import solve_or_none
from dcmodel.optimise.solvers.problem import Floats, Problem, narrow

WINDOW_STEPS = 48
"""Steps of a window: two days of hours, or half a day of quarters of an hour."""
WINDOW_SECONDS = 10.0
"""Time for the choice of one window [s]."""
WINDOW_GAP = 1e-7


@dataclass(frozen=True)
class Chosen:
    """What windows say.

    Attributes
    ----------
    lower : float
        Proven lower bound of the whole program, offset included.
    direction : ndarray of int8, shape (stores and years, steps)
        1 inward, -1 outward, 0 where no choice was made.
    solvers : set of str
    """

    lower: float
    direction: Any
    solvers: set[str]


def choose_by_windows(
    lp: Any, flows: Flows, where: Mask, x: Floats, row_dual: Floats, end: float
) -> Chosen:
    """Choose directions window by window.

    Parameters
    ----------
    lp : LinearProgram
    flows : Flows
    where : ndarray of bool, shape (stores and years, steps)
        Steps in which a choice matters; windows without one are left out.
    x, row_dual : ndarray
        Solution and multipliers of the program without the choice.
    end : float
        Time by `time.perf_counter` at which to stop; windows left out keep their bound.
    """
    problem = Problem.of(lp)
    steps = where.shape[1]
    column_step, row_step = _steps(lp.columns, steps), _steps(lp.rows, steps)
    bound = dual_bound(problem, row_dual, largest=float(np.abs(x).max(initial=0.0)))
    lower = bound.value + problem.offset
    direction = np.zeros(where.shape, dtype=np.int8)
    solvers: set[str] = set()
    worth = _worth(problem, row_step // WINDOW_STEPS, bound.multiplier)
    for first in range(0, steps, WINDOW_STEPS):
        inside = slice(first, min(first + WINDOW_STEPS, steps))
        if not where[:, inside].any() or time.perf_counter() > end:
            continue
        rows = np.flatnonzero((row_step >= inside.start) & (row_step < inside.stop))
        own = (column_step >= inside.start) & (column_step < inside.stop)
        share = np.where(column_step < 0, worth[first // WINDOW_STEPS], own)
        window = _Window.of(problem, rows, share, bound)
        part = window.flows(flows, inside)
        everywhere = np.ones(part.into.shape, dtype=bool)
        answer = solve_or_none(
            with_choice(window.problem, part, everywhere),
            solver="highs_mip",
            tolerance=1e-8,
            mip_gap=WINDOW_GAP,
            time_limit=WINDOW_SECONDS,
        )
        if answer is None:
            continue
        solvers.add(answer.solver)
        lower += max(answer.dual_bound - window.bound, 0.0)
        chosen = answer.x[window.problem.shape[1] :].reshape(everywhere.shape) > 0.5
        direction[:, inside] = np.where(chosen, 1, -1)
    return Chosen(lower, np.where(where, direction, 0).astype(np.int8), solvers)


def _steps(blocks: Any, steps: int) -> Indices:
    """Return the step of every row or column, -1 where it stands for none."""
    count = max((block.stop for block in blocks.values()), default=0)
    found = np.full(count, -1, dtype=np.int64)
    for block in blocks.values():
        if block.shape and block.shape[-1] == steps:
            flat = np.broadcast_to(np.arange(steps), block.shape).reshape(-1)
            at = slice(None) if block.positions is None else block.positions
            found[block.start : block.stop] = flat[at]
    return found


def _worth(problem: Problem, window: Indices, y: Floats) -> Floats:
    """Return the share of each window in what its rows give to a column, (windows, columns) [1]."""
    rows = np.flatnonzero(window >= 0)
    count = int(window.max(initial=-1)) + 1
    pick = sparse.csr_array((y[rows], (window[rows], rows)), shape=(count, y.size))
    given = np.abs((pick @ problem.matrix).toarray())
    total = given.sum(axis=0)
    return np.divide(given, total, out=np.zeros_like(given), where=total > 0)


@dataclass(frozen=True)
class _Window:
    """The program of some rows."""

    problem: Problem
    rows: Indices
    columns: Indices
    bound: float
    """Its part of the bound that the multipliers prove."""

    @classmethod
    def of(cls, problem: Problem, rows: Indices, share: Floats, bound: DualBound) -> _Window:
        """Return the program of `rows`, priced; `share` is its part of every reduced cost."""
        y = bound.multiplier[rows]
        matrix = problem.matrix[rows]
        held = share > 0
        held[matrix.indices] = True
        columns = np.flatnonzero(held)
        matrix = narrow(matrix[:, columns])
        low, high = problem.row_lower[rows], problem.row_upper[rows]
        sides = np.where(y > 0, low, np.where(y < 0, high, 0.0))
        part = Problem(
            cost=matrix.T @ y + (share * bound.reduced_cost)[columns],
            matrix=matrix,
            row_lower=low,
            row_upper=high,
            lower=problem.lower[columns],
            upper=problem.upper[columns],
            integer=None if problem.integer is None else problem.integer[columns],
        )
        return cls(part, rows, columns, float(y @ sides + share @ bound.column_part))

    def flows(self, flows: Flows, inside: slice) -> Flows:
        """Return the opposed flows of the window by its own rows and columns."""
        column, row = (
            dict(zip(kept.tolist(), range(kept.size), strict=True))
            for kept in (self.columns, self.rows)
        )

        def placed(numbers: Indices, known: dict[int, int]) -> Indices:
            cut = numbers[:, inside]
            return np.array([known.get(k, -1) for k in cut.ravel().tolist()]).reshape(cut.shape)

        return replace(
            flows,
            into=placed(flows.into, column),
            out=placed(flows.out, column),
            stored=placed(flows.stored, column),
            balance=placed(flows.balance, row),
            limit=placed(flows.limit, row),
            ratio=flows.ratio[:, inside],
        )
