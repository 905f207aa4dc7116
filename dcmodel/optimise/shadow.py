r"""Shadow prices in the words of a study: what one more unit of a setting would save.

Every price is of a change that a person can write into the study (`dcmodel.components.levers`): a
setting that is one number moves in all years, one by year in a year alone, or until the next stage
where stages must not fall. The case is compiled again with the setting moved, so that all that
depends on it moves too, and what nothing depends on has no price: a contract not offered yet, units
not delivered yet, an energy beyond what the site takes.

Let :math:`L(x, y)` be the Lagrangian of the program at the solution :math:`x` and multipliers
:math:`y`, reduced costs at the bounds :math:`l, u` that they push against. With :math:`\Delta` what
the move changes in cost, matrix and limits,

.. math::
   \text{saving} = -\Delta L, \qquad L = c^T x - y^T A x + \sum_i (y_i^+ b_i^l - y_i^- b_i^u)
   + \sum_j (d_j^+ l_j - d_j^- u_j), \quad d = c - A^T y .

At a kink, where a unit more and a unit less differ, multipliers say something between the two, so
this is the most that a unit more may save. Programs that are not too large are therefore solved
again with the setting moved, and with what follows a solution (lines of the facility drawn at its
load, hours closed to lost load): what that saves is the price, and the multipliers only say where
none can be. The multipliers are those that prove the lower bound. A price that over the whole of
its limit comes to less than the gap is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyomo.environ as pyo
import xarray as xr
from numpy.typing import NDArray

from dcmodel.arrays import LinearProgram
from dcmodel.base.errors import InfeasibleError, SolverError
from dcmodel.components.base import FloatArray, SiteCase
from dcmodel.components.levers import Lever
from dcmodel.optimise.build import compile_site, parts_of
from dcmodel.optimise.opposed import Flows
from dcmodel.optimise.resolve import Resolver
from dcmodel.optimise.solve import SMALL, Solution, solve

Solve = Callable[[LinearProgram], Solution]
Follow = Callable[[pyo.ConcreteModel, SiteCase, bool], "SiteCase | None"]
"""``follow(m, case, first)`` returns the case with what its solution in `m` asks for, as the case
itself was solved; None where nothing. ``first`` tells the first solution of a moved case."""

WORTH_USD = 0.01
"""Savings below this are rounding. [USD]"""
SHARE_MOVED = 1e-3
"""A limit moves by a unit, or by this share of it where that is more: less is lost in rounding."""
NONZEROS_MAX = 120_000
"""Coefficients of the largest program that is solved again with settings moved."""
RESOLVED = 1e-6
"""A move that changes the cost by a smaller share has no price: solvers differ by as much. [1]"""
FOLLOWED_MAX = 8
"""How often what a solution asks for is followed; without an end there is no price."""
EFFORT_MAX = 4_000_000
"""Coefficients of all programs solved again; settings of most worth come first."""


@dataclass(frozen=True, eq=False)
class Move:
    """One setting moved by some units in the years in which that can be written."""

    lever: Lever
    year: int
    """Position of the first year moved."""
    last: int
    """Position of the last year moved."""
    units: float
    """How many units it moves, as a person tells them."""
    case: SiteCase
    """The case with the setting moved."""


@dataclass
class Price:
    """What a unit of a move saves [USD]; NaN where it is not known."""

    move: Move
    model: pyo.ConcreteModel
    program: LinearProgram
    by_multipliers: float
    by_solving: float = np.nan


def shadow_prices(
    m: pyo.ConcreteModel,
    lp: LinearProgram,
    case: SiteCase,
    row_dual: FloatArray,
    *,
    x: FloatArray,
    gap_usd: float = 0.0,
    follow: Follow | None = None,
) -> xr.Dataset:
    """Return what one more unit of each limit saves.

    Parameters
    ----------
    m : Pyomo model
        Built from `case`.
    lp : LinearProgram
        Its arrays.
    case : SiteCase
    row_dual : ndarray, shape (m,)
        Multipliers of the whole program.
    x : ndarray, shape (n,)
        Its solution.
    gap_usd : float
        Distance from the optimum that the multipliers leave open [USD].
    follow : callable, optional
        See `Follow`: what a solution of a moved case asks to be drawn or added anew.

    Returns
    -------
    xarray.Dataset
        ``shadow_price`` (limit, year): present value saved by one more unit of the limit from that
        year to ``limit_until`` [USD]; of a least amount, by one unit less. A setting that is one
        number for all years has its price at the first. NaN where the study cannot state the move,
        or the price is not known; zero where nothing is saved that a solver resolves.
        ``shadow_price_at_most`` is that of the multipliers. Coordinates tell the
        limit's words, unit, place in the study and its value.
    """
    levers = [lever for block, part in parts_of(m, case) for lever in part.priced(block, case)]
    found = list(_priced(lp, case, levers, row_dual, x, gap_usd))
    _solve_again(m, lp, case, x, found, follow)
    shape = (len(levers), len(case.years))
    price, most = np.full(shape, np.nan), np.full(shape, np.nan)
    until, solved = np.tile(np.asarray(case.years), (len(levers), 1)), np.zeros(shape, dtype=bool)
    for one in found:
        at = levers.index(one.move.lever), one.move.year
        solved[at] = not np.isnan(one.by_solving)
        most[at] = one.by_multipliers
        price[at] = one.by_solving if solved[at] else one.by_multipliers
        until[at] = case.years[one.move.last]
    by_limit = ("limit", "year")
    words = "Present value saved by one more unit of a limit"
    values = [np.broadcast_to(lever.value, shape[1:]) / lever.one for lever in levers]
    return xr.Dataset(
        {
            "shadow_price": (by_limit, price, {"units": "USD", "long_name": words}),
            "shadow_price_at_most": (
                by_limit, most, {"units": "USD", "long_name": f"{words}, by the multipliers"}
            ),
        },
        coords={
            "year": list(case.years),
            "limit": [".".join(lever.place) for lever in levers],
            "limit_title": ("limit", [lever.name for lever in levers]),
            "limit_falls": ("limit", [lever.falls for lever in levers]),
            "limit_units": ("limit", [lever.told for lever in levers]),
            "limit_value": (by_limit, np.reshape(values, shape)),
            "limit_until": (by_limit, until),
            "limit_solved_again": (by_limit, solved),
        },
    )  # fmt: skip


# ---- moves --------------------------------------------------------------------------------------


def moves_of(lever: Lever, case: SiteCase) -> Iterator[Move]:
    """Return the smallest changes of a setting by units that a study can state."""
    now = np.broadcast_to(np.asarray(lever.value, dtype=float), (len(case.years),))
    spans = range(len(now)) if lever.by_year else [slice(None)]
    for span in spans:
        largest = float(np.abs(now[span]).max())
        if not np.isfinite(largest):
            continue
        units = 1.0 if lever.whole else max(1.0, SHARE_MOVED * largest / lever.one)
        values = now.copy()
        values[span] += (-units if lever.falls else units) * lever.one
        if values.min() < 0:
            continue
        allowed = lever.allowed(values)
        moved = lever.move(case, allowed)
        at = np.flatnonzero(allowed != now)
        if moved is not None and at.size:
            yield Move(lever, int(at[0]), int(at[-1]), units, moved)


# ---- multipliers --------------------------------------------------------------------------------


def _priced(
    lp: LinearProgram,
    case: SiteCase,
    levers: list[Lever],
    row_dual: FloatArray,
    x: FloatArray,
    gap_usd: float,
) -> Iterator[Price]:
    """Return the price of every move by the multipliers, where it is more than the gap."""
    for lever in levers:
        for move in moves_of(lever, case):
            model, program = compile_site(move.case)
            if (program.lower > program.upper).any():
                continue  # what is held cannot be had
            if program.matrix.shape != lp.matrix.shape:
                yield Price(move, model, program, np.nan)
                continue
            saving = saved_by(lp, program, row_dual, x) / move.units
            if saving <= WORTH_USD:
                yield Price(move, model, program, 0.0)
            elif saving * max(_whole(lever, move), move.units) >= gap_usd:
                yield Price(move, model, program, saving)


def _whole(lever: Lever, move: Move) -> float:
    """Return the whole of a limit in the years moved, in units as told."""
    value = np.ravel(lever.value)
    return float(value[move.year : move.last + 1].max() if value.size > 1 else value[0]) / lever.one


def saved_by(lp: LinearProgram, moved: LinearProgram, y: FloatArray, x: FloatArray) -> float:
    """Return what the Lagrangian falls by from one program to another of its shape [USD]."""
    pulls = y @ (moved.matrix - lp.matrix)
    reduced = lp.cost - lp.matrix.T @ y
    change = float((moved.cost - lp.cost - pulls) @ x) + moved.offset - lp.offset
    change += _pushed(y, lp.row_lower, moved.row_lower, lp.row_upper, moved.row_upper)
    change += _pushed(reduced, lp.lower, moved.lower, lp.upper, moved.upper)
    return -change


def _pushed(
    push: FloatArray, low: FloatArray, low_after: FloatArray, up: FloatArray, up_after: FloatArray
) -> float:
    """Return multipliers times the change of the limits against which they push."""
    before = np.where(push > 0, low, up)
    after = np.where(push > 0, low_after, up_after)
    differs = (before != after) & np.isfinite(before) & np.isfinite(after)
    return float(push[differs] @ (after[differs] - before[differs]))


# ---- solved again -------------------------------------------------------------------------------


def _solve_again(
    m: pyo.ConcreteModel,
    lp: LinearProgram,
    case: SiteCase,
    x: FloatArray,
    found: list[Price],
    follow: Follow | None,
) -> None:
    """Add what is saved where the program is solved again, as far as that is cheap."""
    worth = [one for one in found if one.by_multipliers != 0 or np.isnan(one.by_multipliers)]
    if not worth or lp.matrix.nnz > NONZEROS_MAX:
        return
    worth.sort(key=lambda one: -np.nan_to_num(one.by_multipliers, nan=np.inf))
    count = int(EFFORT_MAX // lp.matrix.nnz)
    # a small program is sooner solved anew than a solver started that remembers the last
    again: Solve = solve if lp.matrix.nnz < SMALL else Resolver().solve
    held = _Held.of(m, lp, x, again)
    # the case itself goes the same way as those it is compared with
    before = None if held is None else _cost(*compile_site(case), case, held, again, follow)
    if held is None or before is None:
        return
    for one in worth[:count]:
        if one.program.n_columns == lp.n_columns:
            after = _cost(one.model, one.program, one.move.case, held, again, follow)
            if after is None:
                one.by_multipliers = np.nan  # what has no design has no price
            else:
                saved = before - after
                told = abs(saved) >= RESOLVED * abs(before)
                one.by_solving = saved / one.move.units if told else 0.0


@dataclass(frozen=True)
class _Held:
    """The base program, with what a linear program cannot choose held as the solution has it."""

    integer: NDArray[np.bool_]
    at: FloatArray
    closed: NDArray[np.int64]
    """Flows that the solution does not run, where the program would run both of a pair."""

    @classmethod
    def of(
        cls, m: pyo.ConcreteModel, lp: LinearProgram, x: FloatArray, again: Solve
    ) -> _Held | None:
        """Return what is held; None where the program so held has no solution."""
        flows = Flows.of(m, lp)
        held = cls(lp.integer, np.round(x[lp.integer]), np.zeros(0, dtype=np.int64))
        while True:
            try:
                solution = again(held.program(lp))
            except (InfeasibleError, SolverError):
                return None
            if flows is None:
                return held
            both = flows.both(solution.x)
            into, out = flows.into[both], flows.out[both]
            closed = np.union1d(held.closed, np.where(x[into] < x[out], into, out))
            if closed.size == held.closed.size:
                return held
            held = replace(held, closed=closed)

    def program(self, lp: LinearProgram) -> LinearProgram:
        """Return a program of the same columns with the same held."""
        lower, upper = lp.lower.copy(), lp.upper.copy()
        lower[lp.integer] = upper[lp.integer] = self.at
        upper[self.closed] = np.maximum(lower[self.closed], 0.0)
        return lp.replace(lower=lower, upper=upper, integer=np.zeros_like(lp.integer))


def _cost(
    m: pyo.ConcreteModel,
    lp: LinearProgram,
    case: SiteCase,
    held: _Held,
    again: Solve,
    follow: Follow | None,
) -> float | None:
    """Return the cost of a case with all that follows; None where it has no design."""
    for first in (True, *[False] * FOLLOWED_MAX):
        try:
            solution = again(held.program(lp))
        except (InfeasibleError, SolverError):
            return None
        if follow is None:
            return solution.objective
        lp.load_solution(m, solution.x)
        other = follow(m, case, first)
        if other is None:
            return solution.objective
        case = other
        m, lp = compile_site(case)
        if lp.n_columns != held.integer.size:
            return None
    return None
