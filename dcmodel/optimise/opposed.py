"""Opposed flows of a compiled program as arrays: where both run, and programs in which they do not.

Rows of the arrays are stores and years, columns are steps. `dcmodel.components.opposed` says which
flows of a model these are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray
from scipy import sparse

from dcmodel.components.opposed import opposed_flows
from dcmodel.optimise.solvers.problem import Floats, Problem, narrow

Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

TOLERANCE = 1e-6
"""Of two opposed flows the smaller is rounding below this share of the year's largest flow. [1]"""

LITTLE = 0.01
"""Both flows might run where that loses less than this share of the largest worth of a flow. [1]"""


def smaller_flow(into: Floats, out: Floats) -> Floats:
    """Return the smaller of two opposed flows over the largest flow of the year [1].

    Parameters
    ----------
    into, out : array of shape (..., steps)
    """
    largest = np.maximum(into, out).max(axis=-1, keepdims=True, initial=0.0)
    smaller = np.minimum(into, out)
    return np.divide(smaller, largest, out=np.zeros_like(smaller), where=largest > 0)


@dataclass(frozen=True)
class Flows:
    """Positions of opposed flows, and of what ties them to their content, in a program.

    Attributes
    ----------
    into, out, stored : ndarray of int, shape (stores and years, steps)
        Columns.
    balance, limit : ndarray of int, shape (stores and years, steps)
        Rows; -1 where there is none.
    ratio : ndarray, shape (stores and years, steps)
        Outward flow that takes from the content what one unit of inward flow brings [1].
    """

    into: Indices
    out: Indices
    stored: Indices
    balance: Indices
    limit: Indices
    ratio: Floats

    @classmethod
    def of(cls, m: pyo.ConcreteModel, lp: Any) -> Flows | None:
        """Return the opposed flows of a compiled model; None where there are none."""
        parts = []
        for _, pair in opposed_flows(m):
            into, out = _places(lp.columns, pair.into), _places(lp.columns, pair.out)
            balance = _places(lp.rows, pair.balance)
            none = np.full_like(balance, -1)
            limit = none if pair.limit is None else _places(lp.rows, pair.limit)
            ratio = _ratio(lp.matrix, balance, into, out)
            parts.append((into, out, _places(lp.columns, pair.stored), balance, limit, ratio))
        if not parts:
            return None
        return cls(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    def both(self, x: Floats) -> Mask:
        """Return where both flows run."""
        return smaller_flow(x[self.into], x[self.out]) > TOLERANCE

    def near(self, problem: Problem, x: Floats, row_dual: Floats) -> Mask:
        """Return where both flows run, or might at little loss by the multipliers of `x`."""
        worth = problem.matrix.T @ row_dual
        reduced = problem.cost - worth
        loss = reduced[self.into] + self.ratio * reduced[self.out]
        return self.both(x) | (loss <= LITTLE * np.abs(worth[self.into]).max(initial=0.0))

    def netted(self, x: Floats, burnt: float = np.inf) -> Floats:
        """Return columns with one flow at most in every step, and the content as it is.

        What would have been burnt is not drawn any more, so other rows may not hold.

        Parameters
        ----------
        x : ndarray
        burnt : float
            Steps that burn more than this are left as they are [MW].
        """
        into, out = x[self.into], x[self.out]
        off = np.minimum(into, out / self.ratio)
        off = np.where(off * (1.0 - self.ratio) <= burnt, off, 0.0)
        better = x.copy()
        better[self.into] = np.maximum(into - off, 0.0)
        better[self.out] = np.maximum(out - self.ratio * off, 0.0)
        return better

    def by_content(self, x: Floats) -> NDArray[np.int8]:
        """Return the direction in which each step moves the content, as for `barred`."""
        return np.where(self.ratio * x[self.into] >= x[self.out], 1, -1).astype(np.int8)

    def alternating(self, x: Floats, where: Mask) -> NDArray[np.int8]:
        """Return directions that take turns, each as often as `x` has its share in the steps.

        Parameters
        ----------
        x : ndarray
        where : ndarray of bool
            Steps that take turns; the others have direction 0.
        """
        into, out = x[self.into], x[self.out]
        share = np.divide(into, into + out, out=np.zeros_like(into), where=where)
        turns = np.floor(np.cumsum(share, axis=1) + 0.5)
        charging = np.diff(turns, axis=1, prepend=0.0) > 0
        return np.where(where, np.where(charging, 1, -1), 0).astype(np.int8)

    def barred(self, upper: Floats, direction: NDArray[np.int8]) -> Floats:
        """Return upper bounds that leave the inward flow at 1, the outward at -1, both at 0."""
        upper = upper.copy()
        upper[self.out[direction > 0]] = 0.0
        upper[self.into[direction < 0]] = 0.0
        return upper


def _places(blocks: Any, component: Any) -> Indices:
    """Return the rows or columns of a component in its shape, -1 where it has none."""
    block = blocks[component.name]
    found = np.full(int(np.prod(block.shape)), -1, dtype=np.int64)
    at = slice(None) if block.positions is None else block.positions
    found[at] = np.arange(block.start, block.stop)
    return found.reshape(block.shape)


def _ratio(matrix: Any, balance: Indices, into: Indices, out: Indices) -> Floats:
    """Return outward over inward flow that leaves the content as it is [1]."""
    rows = balance.ravel()
    known = rows >= 0
    gain, loss = (entries(matrix, rows[known], part.ravel()[known]) for part in (into, out))
    ratio = np.empty(rows.size)
    ratio[known] = -gain / loss
    # a first step with a balance of its own has the efficiency of all others
    ratio[~known] = np.median(ratio[known])
    return ratio.reshape(balance.shape)


def entries(matrix: Any, rows: Indices, columns: Indices) -> Floats:
    """Return ``matrix[rows[k], columns[k]]`` of a sparse matrix."""
    part = matrix[rows]
    row = np.repeat(np.arange(rows.size), np.diff(part.indptr))
    hit = part.indices == columns[row]
    found = np.bincount(row[hit], weights=part.data[hit], minlength=rows.size)
    return found.astype(float)


def with_choice(problem: Problem, flows: Flows, where: Mask) -> Problem:
    r"""Return a program with a whole-number choice between the flows of some steps.

    The choices are its last columns, in the order of ``where``: one for the inward flow. With
    bounds :math:`\bar c, \bar d` of the flows,

    .. math::
       c_t \le \bar c\, z_t, \qquad d_t \le \bar d\, (1 - z_t), \qquad
       e_{t-1} + \eta w_t c_t \le u E, \qquad e_{t-1} - w_t d_t / \eta \ge \underline e .

    The last two hold because one flow is alone; they make the program without whole numbers nearly
    as tight as the one with them.

    Parameters
    ----------
    problem : Problem
        With the columns and rows that `flows` names.
    flows : Flows
    where : ndarray of bool, shape (stores and years, steps)
    """
    into, out = flows.into[where], flows.out[where]
    count, n = into.size, problem.shape[1]
    k, ones = np.arange(count), np.ones(count)
    most_in, most_out = problem.upper[into], problem.upper[out]
    tight, low, high = _alone(problem, flows, where)

    def rows_of(column: Indices, choice: Floats) -> Any:
        data = np.concatenate([ones, choice])
        at = (np.tile(k, 2), np.concatenate([column, n + k]))
        return sparse.csr_array((data, at), shape=(count, n + count))

    matrix = sparse.vstack(
        [
            _widened(problem.matrix, count),
            rows_of(into, -most_in),
            rows_of(out, most_out),
            _widened(tight, count),
        ]
    )
    whole = np.zeros(n, dtype=bool) if problem.integer is None else problem.integer
    endless = np.full(count, -np.inf)
    return replace(
        problem,
        cost=np.concatenate([problem.cost, np.zeros(count)]),
        matrix=narrow(matrix),
        row_lower=np.concatenate([problem.row_lower, endless, endless, low]),
        row_upper=np.concatenate([problem.row_upper, np.zeros(count), most_out, high]),
        lower=np.concatenate([problem.lower, np.zeros(count)]),
        upper=np.concatenate([problem.upper, ones]),
        integer=np.concatenate([whole, ones.astype(bool)]),
    )


def _widened(matrix: Any, count: int) -> Any:
    return sparse.hstack([matrix, sparse.csr_array((matrix.shape[0], count))])


def _alone(problem: Problem, flows: Flows, where: Mask) -> tuple[Any, Floats, Floats]:
    """Return rows that hold where one flow is alone: room for what comes, content for what goes."""
    known = where & (flows.balance >= 0) & (flows.limit >= 0)
    balance, limit, stored = flows.balance[known], flows.limit[known], flows.stored[known]
    into, out = flows.into[known], flows.out[known]
    matrix = problem.matrix
    own = _scaled(matrix[balance], 1.0 / entries(matrix, balance, stored))  # content alone at one
    size = matrix[limit]
    size = _scaled(size, 1.0 / entries(matrix, limit, stored))
    room = _without(size - own, out)
    count, n = stored.size, problem.shape[1]
    content = sparse.csr_array((np.ones(count), (np.arange(count), stored)), shape=(count, n))
    left = _without(content - own, into)
    # the content's own equation has the right-hand side zero, its limit one from above
    scale = entries(matrix, limit, stored)
    high = np.where(scale > 0, problem.row_upper[limit], problem.row_lower[limit]) / scale
    endless = np.full(count, np.inf)
    return (
        sparse.vstack([room, left]),
        np.concatenate([-endless, problem.lower[stored]]),
        np.concatenate([high, endless]),
    )


def _scaled(matrix: Any, factor: Floats) -> Any:
    return sparse.csr_array(sparse.diags_array(factor) @ matrix)


def _without(matrix: Any, columns: Indices) -> Any:
    """Return rows without the entry of one column each."""
    rows = np.arange(columns.size)
    gone = entries(matrix, rows, columns)
    return sparse.csr_array(matrix - sparse.csr_array((gone, (rows, columns)), shape=matrix.shape))
