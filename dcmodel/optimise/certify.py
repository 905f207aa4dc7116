r"""Independent check of a solution: feasibility, and a lower bound that holds for any multipliers.

The linear program is: minimise :math:`c^T x + c_0` with :math:`l \le A x \le u` and
:math:`\underline x \le x \le \overline x`. For **any** row multipliers :math:`y`

.. math:: c^T x \ge \sum_i \min_{l_i \le a_i \le u_i} y_i a_i
          + \sum_j \min_{\underline x_j \le x_j \le \overline x_j} (c - A^T y)_j x_j ,

so a solver's multipliers prove a bound whether or not the solver has converged. A multiplier that
pushes against an absent side of its row is set to zero first.

Rule for a column whose reduced cost points towards an infinite bound: the bound implied by the rows
(up to three rounds of activity-based tightening) is used, which keeps the result rigorous. Where
the rows imply none, a reduced cost below ``tolerance`` times the terms it is the difference of (at
least the mean cost coefficient) is charged up to a *reach* of 100 times the largest entry of the
solution (at least 100), and the reach is recorded in the certificate: the bound then holds for all
designs within the reach. A larger reduced cost makes the bound minus infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROW_UNITS = 1000.0
"""A row with smaller terms than this is judged as if its terms summed to it [MW, MWh, USD]."""
PRIMAL_TOLERANCE = 1e-9
"""Accepted violation relative to a row's terms: 1e-6 MW in a balance of up to 1,000 MW."""
DUAL_TOLERANCE = 1e-7
TIGHTENING_ROUNDS = 3
REACH = 100.0


class Program(Protocol):
    """What is read of a linear program (`dcmodel.arrays.LinearProgram` has it)."""

    @property
    def cost(self) -> Any: ...  # noqa: D102
    @property
    def offset(self) -> float: ...  # noqa: D102
    @property
    def matrix(self) -> Any: ...  # noqa: D102
    @property
    def row_lower(self) -> Any: ...  # noqa: D102
    @property
    def row_upper(self) -> Any: ...  # noqa: D102
    @property
    def lower(self) -> Any: ...  # noqa: D102
    @property
    def upper(self) -> Any: ...  # noqa: D102


@dataclass(frozen=True)
class Certificate:
    """What numpy alone can say about a solution.

    Attributes
    ----------
    primal_violation : float
        Largest violation of a row or column bound, in that row's or column's own unit.
    relative_violation : float
        Largest violation divided by the row's terms (sum of absolute terms, at least 1,000).
    dual_violation : float
        Largest part of a multiplier or reduced cost that points towards an infinite bound.
    objective : float
        Objective at the solution, offset included.
    dual_bound : float
        Proven lower bound of the optimum, offset included.
    gap : float
        ``(objective - dual_bound) / max(1, |objective|)``.
    worst_row : int
        Row of the largest relative violation, -1 where the worst is a column or there is none.
    reach : float
        Zero if the bound holds without condition, else the largest entry a design may have.
    """

    primal_violation: float
    relative_violation: float
    dual_violation: float
    objective: float
    dual_bound: float
    gap: float
    worst_row: int
    reach: float

    def accepts(self, gap: float, primal: float = PRIMAL_TOLERANCE) -> bool:
        """Return whether the solution is feasible and proven within `gap` of the optimum."""
        return bool(self.relative_violation <= primal and self.gap <= gap)


@dataclass(frozen=True)
class DualBound:
    """The parts of the lower bound given by some multipliers.

    Attributes
    ----------
    multiplier : ndarray, shape (m,)
        Multipliers with wrong-signed parts removed.
    reduced_cost : ndarray, shape (n,)
        ``cost - matrix.T @ multiplier``.
    row_part : float
        Contribution of the rows.
    column_part : ndarray, shape (n,)
        Contribution of each column.
    violation : float
        Largest wrong-signed multiplier or reduced cost.
    reach : float
        Zero if no column needed the reach rule.
    """

    multiplier: Floats
    reduced_cost: Floats
    row_part: float
    column_part: Floats
    violation: float
    reach: float

    @property
    def value(self) -> float:
        """Lower bound without the objective's offset."""
        return float(self.row_part + self.column_part.sum())


def check(
    lp: Program,
    x: Floats,
    row_dual: Floats | None = None,
    *,
    tolerance: float = DUAL_TOLERANCE,
) -> Certificate:
    """Check a solution of a linear program.

    Parameters
    ----------
    lp : LinearProgram
        The program, minimised.
    x : ndarray, shape (n,)
        Column values.
    row_dual : ndarray, shape (m,), optional
        Row multipliers, positive where the lower side of a row binds. Any values give a valid
        bound; without them the bound is minus infinity.
    tolerance : float
        Relative size below which a reduced cost towards an infinite bound counts as noise.

    Returns
    -------
    Certificate
    """
    x = np.asarray(x, dtype=float)
    objective = float(lp.cost @ x + lp.offset)
    absolute, relative, worst = _primal(lp, x)
    if row_dual is None:
        return Certificate(absolute, relative, np.inf, objective, -np.inf, np.inf, worst, 0.0)
    largest = float(np.abs(x).max(initial=0.0)) if np.isfinite(x).all() else 0.0
    bound = dual_bound(lp, row_dual, largest=largest, tolerance=tolerance)
    value = bound.value + lp.offset
    gap = (objective - value) / max(1.0, abs(objective))
    if not np.isfinite(gap):
        gap = np.inf
    return Certificate(
        absolute, relative, bound.violation, objective, value, gap, worst, bound.reach
    )


def _primal(lp: Program, x: Floats) -> tuple[float, float, int]:
    if not np.isfinite(x).all():
        return np.inf, np.inf, -1
    column = float(np.maximum(lp.lower - x, x - lp.upper).max(initial=0.0))
    if lp.matrix.shape[0] == 0:
        return column, column / ROW_UNITS, -1
    activity = lp.matrix @ x
    violation = np.maximum(np.maximum(lp.row_lower - activity, activity - lp.row_upper), 0.0)
    absolute = float(max(column, violation.max()))
    relative = column / ROW_UNITS
    worst = -1
    over = np.flatnonzero(violation > 0.0)
    if over.size:
        terms = abs(lp.matrix[over]) @ np.abs(x)
        scaled = violation[over] / np.maximum(terms, ROW_UNITS)
        k = int(scaled.argmax())
        if scaled[k] >= relative:
            relative, worst = float(scaled[k]), int(over[k])
    return absolute, relative, worst


def dual_bound(
    lp: Program,
    row_dual: Floats,
    *,
    largest: float = 0.0,
    tolerance: float = DUAL_TOLERANCE,
    skip: NDArray[np.bool_] | None = None,
) -> DualBound:
    """Return the lower bound proven by any row multipliers, in parts.

    Parameters
    ----------
    lp : LinearProgram
        The program, minimised; its offset is not counted.
    row_dual : ndarray, shape (m,)
        Row multipliers, any values.
    largest : float
        Largest entry of the solution at hand, from which the reach is taken.
    tolerance : float
        See the module's rule.
    skip : ndarray of bool, shape (n,), optional
        Columns whose contribution is left out (the caller keeps them as variables).
    """
    y = np.nan_to_num(np.asarray(row_dual, dtype=float), nan=0.0, posinf=0.0, neginf=0.0)
    wrong = ((y > 0) & ~np.isfinite(lp.row_lower)) | ((y < 0) & ~np.isfinite(lp.row_upper))
    violation = float(np.abs(y[wrong]).max(initial=0.0))
    y = np.where(wrong, 0.0, y)
    row_part = float((y * np.where(y > 0, lp.row_lower, np.where(y < 0, lp.row_upper, 0.0))).sum())
    reduced = np.asarray(lp.cost - lp.matrix.T @ y, dtype=float)
    side = np.where(reduced > 0, lp.lower, lp.upper)
    used = reduced != 0
    if skip is not None:
        used &= ~skip
    side = np.where(used, side, 0.0)
    open_columns = np.flatnonzero(~np.isfinite(side))
    reach = 0.0
    if open_columns.size:
        violation = max(violation, float(np.abs(reduced[open_columns]).max()))
        side[open_columns], reach = _closed(lp, y, reduced, open_columns, largest, tolerance)
    part = np.where(side == 0.0, 0.0, reduced * side)
    return DualBound(y, reduced, row_part, part, violation, reach)


def _closed(
    lp: Program, y: Floats, reduced: Floats, columns: NDArray[Any], largest: float, tolerance: float
) -> tuple[Floats, float]:
    """Return finite sides for columns whose reduced cost points to an infinite bound."""
    lower, upper = implied_bounds(lp)
    positive = reduced[columns] > 0
    side = np.where(positive, lower[columns], upper[columns])
    still = np.flatnonzero(~np.isfinite(side))
    if not still.size:
        return side, 0.0
    at = columns[still]
    terms = np.abs(lp.cost[at]) + abs(lp.matrix.tocsc()[:, at]).T @ np.abs(y)
    costs = np.abs(lp.cost[lp.cost != 0])
    usual = float(costs.mean()) if costs.size else 1.0
    noise = np.abs(reduced[at]) <= tolerance * np.maximum(terms, usual)
    reach = REACH * max(1.0, largest)
    side[still[noise]] = np.where(positive[still[noise]], -reach, reach)
    return side, reach if noise.any() else 0.0


def implied_bounds(lp: Program, rounds: int = TIGHTENING_ROUNDS) -> tuple[Floats, Floats]:
    """Return column bounds tightened by the rows where they were infinite.

    Each round bounds a column by a row in which every other column is bounded on the side that
    matters. Finite bounds are returned as they are.
    """
    matrix = lp.matrix.tocoo()
    row, column, value = matrix.coords[0], matrix.coords[1], matrix.data
    row_sides = ((1.0, lp.row_upper), (-1.0, lp.row_lower))
    lower, upper = np.array(lp.lower, dtype=float), np.array(lp.upper, dtype=float)
    for _ in range(rounds):
        found = 0
        for sign, limit in row_sides:
            found += _tighten(lower, upper, row, column, sign * value, sign * limit)
        if not found:
            break
    return lower, upper


def _tighten(
    lower: Floats, upper: Floats, row: Any, column: Any, value: Floats, limit: Floats
) -> int:
    """Use rows ``sum value x <= limit`` to bound columns that are still unbounded; in place."""
    with np.errstate(invalid="ignore"):
        least = value * np.where(value > 0, lower[column], upper[column])
    bounded = np.isfinite(least)
    n_rows = len(limit)
    total = np.bincount(row[bounded], least[bounded], minlength=n_rows)
    n_open = np.bincount(row[~bounded], minlength=n_rows)
    # the column's own term is open towards the side that costs nothing, so only the others count
    others_open = n_open[row] - ~bounded
    rest = total[row] - np.where(bounded, least, 0.0)
    usable = (others_open == 0) & np.isfinite(limit[row]) & (value != 0)
    at = np.where(value > 0, upper[column], lower[column])
    usable &= ~np.isfinite(at)
    if not usable.any():
        return 0
    j, v = column[usable], value[usable]
    new = (limit[row[usable]] - rest[usable]) / v
    up = v > 0
    np.minimum.at(upper, j[up], new[up])
    np.maximum.at(lower, j[~up], new[~up])
    return int(usable.sum())
