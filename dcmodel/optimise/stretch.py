"""How far levers must move, as a linear program: programs whose bounds move with a few columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from dcmodel.optimise.solvers.problem import Floats, Problem, narrow

if TYPE_CHECKING:
    from dcmodel.optimise.feasible import Judge

SAME = 1e-9
"""Coefficients that differ by less, relatively, are the same. [1]"""


class NotLinearError(Exception):
    """What follows from a lever is not linear in it."""


@dataclass(frozen=True)
class Part:
    """A program without a solution, and the same with each lever one step further.

    Attributes
    ----------
    year : int
    now : Problem
    moved : tuple of Problem
        One for each lever.
    """

    year: int
    now: Problem
    moved: tuple[Problem, ...]

    def check(self) -> None:
        """Raise NotLinearError where a lever moves more than bounds."""
        for one in self.moved:
            same = one.matrix.nnz == self.now.matrix.nnz and np.array_equal(
                one.matrix.indices, self.now.matrix.indices
            )
            if not same or not np.allclose(one.matrix.data, self.now.matrix.data, SAME, 0.0):
                raise NotLinearError
            for name in ("row_lower", "row_upper", "lower", "upper"):
                before, after = getattr(self.now, name), getattr(one, name)
                if not np.array_equal(np.isfinite(before), np.isfinite(after)):
                    raise NotLinearError


def least_shares(
    parts: Sequence[Part],
    weights: Floats,
    most: Floats,
    by_year: Sequence[bool],
    judge: Judge,
) -> list[Floats] | None:
    """Return how many steps each lever must move in each year, the cheapest sum.

    Parameters
    ----------
    parts : sequence of Part
    weights, most : ndarray, shape (levers, years)
        Price of a step, and the most steps.
    by_year : sequence of bool
        Whether a lever may move otherwise in each year.
    judge : Judge

    Returns
    -------
    list of ndarray of shape (years,), or None
        One for each lever; None where no steps do.

    Raises
    ------
    NotLinearError
    """
    for part in parts:
        part.check()
    levers, years = weights.shape
    apart = sorted({part.year for part in parts})
    if all(by_year) and len(apart) > 1:
        whole = np.zeros((levers, years))
        for year in apart:
            own = [replace(part, year=0) for part in parts if part.year == year]
            at_year = [year]
            found = least_shares(own, weights[:, at_year], most[:, at_year], by_year, judge)
            if found is None:
                return None
            whole[:, year] = [shares[0] for shares in found]
        return list(whole)
    at = np.arange(levers * years).reshape(levers, years)
    for k in range(levers):
        if not by_year[k]:
            at[k] = at[k, 0]
    n_shares = levers * years
    blocks = [_with_shares(part, at, n_shares) for part in parts]
    matrix = sparse.block_diag([own for own, _, _, _ in blocks], format="csr")
    shares = sparse.vstack([to for _, to, _, _ in blocks], format="csr")
    free = [_freed(part, most[:, part.year]) for part in parts]
    n = matrix.shape[1]
    total = np.zeros(n_shares)
    largest = np.full(n_shares, np.inf)
    np.maximum.at(total, at.ravel(), weights.ravel())
    np.minimum.at(largest, at.ravel(), most.ravel())
    largest[~np.isin(np.arange(n_shares), at)] = 0.0
    x = judge.cheapest(
        Problem(
            cost=np.concatenate([np.zeros(n), total]),
            matrix=narrow(sparse.hstack([matrix, shares], format="csr")),
            row_lower=np.concatenate([lower for _, _, lower, _ in blocks]),
            row_upper=np.concatenate([upper for _, _, _, upper in blocks]),
            lower=np.concatenate([*(lower for lower, _ in free), np.zeros(n_shares)]),
            upper=np.concatenate([*(upper for _, upper in free), largest]),
        )
    )
    return None if x is None else [x[n:][at[k]] for k in range(levers)]


def _with_shares(part: Part, at: Any, n_shares: int) -> tuple[Any, Any, Floats, Floats]:
    """Return rows of a part, what the steps of levers add to them, and their bounds.

    A row with two sides becomes one of each where they move apart; bounds of columns that move
    become rows.
    """
    now = part.now
    sides = [
        (now.matrix, now.row_lower, "row_lower", True),
        (now.matrix, now.row_upper, "row_upper", False),
        (sparse.identity(now.shape[1], format="csr"), now.lower, "lower", True),
        (sparse.identity(now.shape[1], format="csr"), now.upper, "upper", False),
    ]
    own, to, lower, upper = [], [], [], []
    for matrix, bound, name, from_below in sides:
        moves = _moves(part, name)
        kept = np.isfinite(bound)
        if name in {"lower", "upper"}:
            kept &= np.any(moves != 0, axis=0)
        rows = np.flatnonzero(kept)
        entries = np.concatenate([-moves[k, rows] for k in range(len(moves))])
        columns = np.concatenate([np.full(rows.size, at[k, part.year]) for k in range(len(moves))])
        place = np.tile(np.arange(rows.size), len(moves))
        own.append(matrix[rows])
        to.append(sparse.csr_array((entries, (place, columns)), shape=(rows.size, n_shares)))
        open_end = np.full(rows.size, np.inf)
        lower.append(bound[rows] if from_below else -open_end)
        upper.append(open_end if from_below else bound[rows])
    return (
        sparse.vstack(own, format="csr"),
        sparse.vstack(to, format="csr"),
        np.concatenate(lower),
        np.concatenate(upper),
    )


def _moves(part: Part, name: str) -> Floats:
    """Return by how much bounds move with a step of each lever, shape (levers, bounds)."""
    before = getattr(part.now, name)
    finite = np.isfinite(before)
    return np.array(
        [np.where(finite, getattr(one, name), 0.0) - np.where(finite, before, 0.0)
         for one in part.moved]
    )  # fmt: skip


def _freed(part: Part, most: Floats) -> tuple[Floats, Floats]:
    """Return the bounds of columns; those that move as far as they may."""
    lower, upper = part.now.lower.copy(), part.now.upper.copy()
    for step, one in zip(_moves(part, "lower"), most, strict=True):
        lower += np.minimum(step * one, 0.0)
    for step, one in zip(_moves(part, "upper"), most, strict=True):
        upper += np.maximum(step * one, 0.0)
    return lower, upper
