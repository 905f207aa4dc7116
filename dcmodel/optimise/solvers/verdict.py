"""Proofs that a program has no solution or no optimum, as linear programs that always have one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from dcmodel.optimise.solvers.problem import Floats, Problem


def elastic(problem: Problem) -> Problem:
    """Return the program of least total violation: every row may be broken at unit cost.

    Its columns are those of `problem`, then the excess and the shortfall of each row. Its optimum
    is zero exactly if `problem` has a solution.
    """
    m, n = problem.shape
    eye = sparse.identity(m, format="csr")
    zeros, open_ended = np.zeros(2 * m), np.full(2 * m, np.inf)
    return Problem(
        cost=np.concatenate([np.zeros(n), np.ones(2 * m)]),
        matrix=sparse.csr_array(sparse.hstack([problem.matrix, -eye, eye])),
        row_lower=problem.row_lower,
        row_upper=problem.row_upper,
        lower=np.concatenate([problem.lower, zeros]),
        upper=np.concatenate([problem.upper, open_ended]),
    )


def recession(problem: Problem) -> Problem:
    """Return the program of the steepest endless direction, each entry within one.

    Its optimum is below zero exactly if `problem`, having a solution, has no optimum.
    """

    def side(limit: Floats, value: float) -> Floats:
        return np.where(np.isfinite(limit), 0.0, value)

    return replace(
        problem,
        row_lower=side(problem.row_lower, -np.inf),
        row_upper=side(problem.row_upper, np.inf),
        lower=side(problem.lower, -1.0),
        upper=side(problem.upper, 1.0),
        integer=None,
        offset=0.0,
    )


def largest(values: Floats, name: Callable[[int], str], n: int, floor: float) -> list[str]:
    """Return the names of the `n` largest values above `floor`, largest first, with the value."""
    order = np.argsort(-values, kind="stable")[:n]
    return [f"{name(int(i))} ({values[i]:.6g})" for i in order if values[i] > floor]


@dataclass(frozen=True)
class Crossed:
    """Bounds that contradict each other before any solver is asked."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]

    @classmethod
    def of(cls, problem: Problem) -> Crossed:
        """Return the rows and columns whose lower bound exceeds their upper bound."""

        def over(lower: Floats, upper: Floats) -> NDArray[np.intp]:
            hair = 1e-9 * np.maximum(1.0, np.abs(np.where(np.isfinite(upper), upper, 0.0)))
            return np.flatnonzero(lower > upper + hair)

        rows = over(problem.row_lower, problem.row_upper)
        return cls(rows, over(problem.lower, problem.upper))


def namer(lp: Any, what: str) -> Callable[[int], str]:
    """Return the program's own naming of rows or columns, or a plain numbering."""
    own: Callable[[int], str] | None = getattr(lp, f"{what}_name", None)
    return own if own is not None else lambda i: f"{what} {i}"
