"""The coordinating program of a pathway: sizes, what couples them, cuts for the blocks' cost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from dcmodel.optimise.blocks import Cut, Split
from dcmodel.optimise.certify import REACH
from dcmodel.optimise.solve import Solution, solve, solve_or_none
from dcmodel.optimise.solvers.problem import Floats, Problem, narrow

EXACT = 1e-9
HAIR = 2e-7
"""Room for rounding between the sizes of known points and the coupling rows [MW, MWh]."""
CRUMB = 1e-3
"""A size below this is none: it would leave its block a program without an interior [MW, MWh]."""
CRUMB_SHARE = 1e-5
"""The same as a share of the largest size, for small sites [1]."""
CLEANINGS = 3
"""How often crumbs that come up where others were left out are left out as well."""
THOUSAND = 1e3
HOLD = 30.0
"""How much dearer it becomes to leave a size towards where a block had no solution."""


@dataclass(frozen=True)
class MasterState:
    """The optimum of the coordinating program.

    Attributes
    ----------
    lower_bound : float
        Its safe dual bound: a lower bound of the whole program.
    values : ndarray, shape (n,)
        Link and pure columns of the whole program, zero elsewhere.
    coupling_dual : ndarray, shape (coupling rows,)
    row_dual : ndarray, shape (m,)
        Multipliers of the whole program that prove the bound.
    """

    lower_bound: float
    values: Floats
    coupling_dual: Floats
    row_dual: Floats


@dataclass(frozen=True)
class Mix:
    """The cheapest mix of known points.

    Attributes
    ----------
    x : ndarray, shape (n,)
        A solution of the whole program.
    coupling_dual : ndarray, shape (coupling rows,)
    """

    x: Floats
    coupling_dual: Floats


@dataclass(frozen=True)
class Wish:
    """Sizes to stay near to.

    Attributes
    ----------
    sizes : ndarray, shape (n,)
        Wanted link columns, in the whole program's columns.
    above, below : ndarray, shape (n,)
        Price of a unit more and of a unit less.
    least : ndarray, shape (n,), optional
        Sizes known to be needed: no design is smaller, where one can be had.
    """

    sizes: Floats
    above: Floats
    below: Floats
    least: Floats | None = None

    def held(self, design: Floats, wanted: Floats) -> Wish:
        """Return the wish after `design` failed and `wanted` would do: do not fall back again."""
        room = 1e-7 * np.maximum(1.0, np.abs(design))
        up, down = wanted > design + room, wanted < design - room
        return Wish(
            np.where(up | down, wanted, self.sizes),
            np.where(down, HOLD * self.above, self.above),
            np.where(up, HOLD * self.below, self.below),
            np.where(up, wanted, -np.inf if self.least is None else self.least),
        )


@dataclass
class Master:
    """Cuts of every block, and the programs over sizes made of them.

    Parameters
    ----------
    whole : Problem
        Arrays of the whole program.
    parts : Split
        The whole program taken apart.
    size : float
        Largest size at hand; sizes without an upper bound are kept below 100 times it.
    """

    whole: Problem
    parts: Split
    size: float
    cuts: list[tuple[int, Cut]] = field(default_factory=list)
    points: list[tuple[int, Floats]] = field(default_factory=list)

    def __post_init__(self) -> None:
        parts, whole = self.parts, self.whole
        at = parts.master_columns
        self._where = np.full(whole.shape[1], -1)
        self._where[at] = np.arange(at.size)
        self.enlarge(self.size)
        self._cost = np.where(parts.is_link, 0.0, whole.cost[at])
        self._row_lower = whole.row_lower[parts.coupling_rows]
        self._row_upper = whole.row_upper[parts.coupling_rows]
        self._link = np.flatnonzero(parts.is_link)
        self._decided = ~parts.is_operational[self._link]
        self._integer = None if whole.integer is None else whole.integer[at]

    def enlarge(self, size: float) -> None:
        """Keep sizes without a bound below 100 times `size`, or of what was at hand before."""
        self.size = max(self.size, size)
        at, reach = self.parts.master_columns, REACH * max(1.0, self.size)
        self._lower = np.maximum(self.whole.lower[at], -reach)
        self._upper = np.minimum(self.whole.upper[at], reach)

    @property
    def has_integers(self) -> bool:
        """Whether sizes or additions are whole numbers: then mixes are no designs."""
        return self._integer is not None

    @property
    def link_columns(self) -> Any:
        """Link columns of the whole program."""
        return self.parts.master_columns[self._link]

    def add(self, number: int, row_dual: Floats, x: Floats, *, is_point: bool = True) -> Cut:
        """Learn from a solution of a block: a point of the block and a cut below its cost.

        A cut is valid whatever `x` is; it `is_point` only where it keeps the rows of the block.
        """
        block = self.parts.blocks[number]
        x = np.asarray(x[: block.columns.size], dtype=float)
        cut = block.cut(row_dual, x)
        self.cuts.append((number, cut))
        if is_point:
            self.points.append((number, x))
        return cut

    def coupling_value(self, coupling_dual: Floats) -> Floats:
        """Return the value of each column of the whole program to the coupling rows."""
        value = np.zeros(self.whole.shape[1])
        value[self.parts.master_columns] = self.parts.coupling.T @ coupling_dual
        return value

    # ---- programs over the sizes ----------------------------------------------------------

    def _cut_rows(self, n_extra: int) -> tuple[Any, Floats]:
        """Return cuts as rows ``theta_b - slope @ link >= constant``."""
        n, n_blocks = self._cost.size, len(self.parts.blocks)
        matrix = sparse.lil_array((len(self.cuts), n + n_blocks + n_extra))
        for i, (b, cut) in enumerate(self.cuts):
            block = self.parts.blocks[b]
            matrix[i, n + b] = 1.0
            matrix[i, self._where[block.columns[block.link]]] = -cut.slope
        return matrix.tocsr(), np.array([cut.constant for _, cut in self.cuts])

    def _program(
        self, cost: Floats, matrix: Any, lower: Floats, upper: Floats, *, whole: bool = False
    ) -> Problem:
        """Return a program over master columns, block costs and further columns from zero up.

        Sizes that are whole numbers are so here if `whole`.
        """
        integer = None
        if whole and self._integer is not None:
            integer = np.zeros(cost.size, dtype=bool)
            integer[: self._integer.size] = self._integer
        n_blocks = len(self.parts.blocks)
        n_extra = cost.size - self._cost.size - n_blocks
        coupling = self.parts.coupling.copy()
        coupling.resize((coupling.shape[0], cost.size))
        return Problem(
            cost=cost,
            matrix=narrow(sparse.vstack([coupling, matrix], format="csr")),
            row_lower=np.concatenate([self._row_lower, lower]),
            row_upper=np.concatenate([self._row_upper, upper]),
            lower=np.concatenate([self._lower, np.full(n_blocks, -np.inf), np.zeros(n_extra)]),
            upper=np.concatenate([self._upper, np.full(n_blocks + n_extra, np.inf)]),
            integer=integer,
        )

    def solve(self) -> MasterState | None:
        """Return the lowest cost the cuts allow; None where no answer passes the check."""
        parts = self.parts
        matrix, constant = self._cut_rows(0)
        cost = np.concatenate([self._cost, np.ones(len(parts.blocks))])
        program = self._program(cost, matrix, constant, np.full(constant.size, np.inf))
        unit = self._unit(constant)
        answer = solve_or_none(self._in_units(program, unit), tolerance=EXACT)
        if answer is None or answer.row_dual is None:
            return None
        m = parts.coupling_rows.size
        # a cut's row is in the larger unit, as the objective is; the coupling rows are not
        coupling_dual = unit * answer.row_dual[:m]
        row_dual = np.zeros(self.whole.shape[0])
        row_dual[parts.coupling_rows] = coupling_dual
        for (b, cut), weight in zip(self.cuts, answer.row_dual[m:], strict=True):
            row_dual[parts.blocks[b].rows] += max(weight, 0.0) * cut.row_dual
        bound = unit * answer.dual_bound + self.whole.offset
        return MasterState(bound, self._spread(answer.x), coupling_dual, row_dual)

    def whole_bound(self) -> float:
        """Return the lowest cost the cuts allow whole-number sizes, by branch and bound."""
        return self.whole_design()[0]

    def whole_design(self, mip_gap: float = 1e-4) -> tuple[float, Floats | None]:
        """Return a bound on the cost of whole-number sizes, and the sizes that promise it.

        Parameters
        ----------
        mip_gap : float
            Relative gap at which branch and bound stops.
        """
        matrix, constant = self._cut_rows(0)
        cost = np.concatenate([self._cost, np.ones(len(self.parts.blocks))])
        program = self._program(cost, matrix, constant, np.full(constant.size, np.inf), whole=True)
        unit = self._unit(constant)
        answer = solve_or_none(self._in_units(program, unit), mip_gap=mip_gap)
        if answer is None:
            return -np.inf, None
        return unit * answer.dual_bound + self.whole.offset, self._design(answer.x)

    @staticmethod
    def _unit(constant: Floats) -> float:
        """Return the money in which the cuts' constants are thousands at most [USD]."""
        return max(1.0, float(np.abs(constant).max(initial=0.0)) / THOUSAND)

    def _in_units(self, program: Problem, unit: float) -> Problem:
        """Return a program with costs in a larger unit: branch and bound needs the scale."""
        n, n_blocks = self._cost.size, len(self.parts.blocks)
        columns = np.ones(program.shape[1])
        columns[n : n + n_blocks] = unit
        of_cost = np.abs(program.matrix[:, n : n + n_blocks]).sum(axis=1) > 0
        rows = np.where(of_cost, 1.0 / unit, 1.0)
        scaled = sparse.diags_array(rows) @ program.matrix @ sparse.diags_array(columns)
        return replace(
            program,
            cost=program.cost * columns / unit,
            matrix=narrow(scaled),
            row_lower=program.row_lower * rows,
            row_upper=program.row_upper * rows,
            lower=program.lower / columns,
            upper=program.upper / columns,
        )

    def mix(self) -> Mix | None:
        """Return the cheapest consistent mix of the points known of each block.

        Mixing solutions of a block gives a solution of the block, so the mix is a design that can
        certainly be run. It exists as soon as one design has been dispatched; None without it.
        """
        n, n_blocks = self._cost.size, len(self.parts.blocks)
        n_points = len(self.points)
        links = sparse.lil_array((self._link.size, n + n_blocks + n_points))
        whole = sparse.lil_array((n_blocks, n + n_blocks + n_points))
        row_of = np.full(n, -1)
        row_of[self._link] = np.arange(self._link.size)
        links[np.arange(self._link.size), self._link] = 1.0
        for k, (b, point) in enumerate(self.points):
            block = self.parts.blocks[b]
            rows = row_of[self._where[block.columns[block.link]]]
            links[rows, n + n_blocks + k] = -point[block.link]
            whole[b, n + n_blocks + k] = 1.0
        costs = [float(self.parts.blocks[b].problem.cost @ x) for b, x in self.points]
        # the points fit together to rounding only
        hair = np.concatenate([np.full(self._link.size, HAIR), np.zeros(n_blocks)])
        middle = np.concatenate([np.zeros(self._link.size), np.ones(n_blocks)])
        program = self._program(
            np.concatenate([self._cost, np.zeros(n_blocks), costs]),
            sparse.vstack([links, whole], format="csr"),
            middle - hair,
            middle + hair,
        )
        program.lower[n : n + n_blocks] = 0.0
        answer = solve_or_none(program, tolerance=EXACT)
        if answer is None or answer.row_dual is None:
            return None
        weight = answer.x[n + n_blocks :]
        owner = np.array([b for b, _ in self.points])
        weight = weight / np.bincount(owner, weight)[owner]
        x = np.zeros(self.whole.shape[1])
        for (b, point), share in zip(self.points, weight, strict=True):
            x[self.parts.blocks[b].columns] += share * point
        # a hair apart from the points' own sizes, these keep the coupling rows exactly
        at = self.parts.master_columns
        x[at] = np.clip(answer.x[: at.size], self._lower, self._upper)
        return Mix(x, answer.row_dual[: self.parts.coupling_rows.size])

    def nearest(self, wish: Wish, cost_max: float = np.inf) -> Floats | None:
        """Return the consistent design nearest to some sizes.

        Parameters
        ----------
        wish : Wish
            Wanted sizes and the price of leaving them.
        cost_max : float
            What the design may cost by the cuts, the objective's offset included.

        Returns
        -------
        ndarray, shape (n,) or None
            Link and pure columns; None if no design is so cheap.
        """
        n, n_blocks, n_link = self._cost.size, len(self.parts.blocks), self._link.size
        n_all = n + n_blocks + 2 * n_link
        tie = sparse.lil_array((n_link, n_all))
        for i, j in enumerate(self._link):
            tie[i, j], tie[i, n + n_blocks + i], tie[i, n + n_blocks + n_link + i] = 1.0, -1.0, 1.0
        target = wish.sizes[self.link_columns]
        rows, lower, upper = [tie.tocsr()], [target], [target]
        if np.isfinite(cost_max):
            cuts, constant = self._cut_rows(2 * n_link)
            total = sparse.csr_array([[*self._cost, *np.ones(n_blocks), *np.zeros(2 * n_link)]])
            rows += [cuts, total]
            lower += [constant, np.array([-np.inf])]
            upper += [np.full(constant.size, np.inf), np.array([cost_max - self.whole.offset])]
        price = np.concatenate([wish.above[self.link_columns], wish.below[self.link_columns]])
        # what follows from operation has no place to stay near to
        price *= np.tile(self._decided, 2)
        # only their ratios matter; near one, the distance is judged in megawatts
        price = price / max(float(price.max(initial=0.0)), 1e-12)
        program = self._program(
            np.concatenate([np.zeros(n + n_blocks), price]),
            sparse.vstack(rows, format="csr"),
            np.concatenate(lower),
            np.concatenate(upper),
            whole=True,
        )
        answer: Solution | None
        if np.isfinite(cost_max):
            unit = self._unit(constant)
            program = self._in_units(program, unit)
            program = replace(program, cost=unit * program.cost)  # a distance, not a cost
            answer = solve_or_none(program)
            if answer is None:
                return None
        else:
            program.lower[n : n + n_blocks] = 0.0
            answer = self._not_below(program, wish) or solve(program, tolerance=EXACT)
        return self.complete(self._design(_settled(program, answer, self._link).x))

    def _not_below(self, program: Problem, wish: Wish) -> Solution | None:
        """Return a design with the sizes that are known to be needed; None where none can be."""
        if wish.least is None:
            return None
        lower = program.lower.copy()
        at = self._link
        least = np.minimum(wish.least[self.link_columns], program.upper[at])
        lower[at] = np.maximum(lower[at], least)
        return solve_or_none(replace(program, lower=lower), tolerance=EXACT)

    def complete(self, sizes: Floats) -> Floats:
        """Return link and pure columns of least pure cost with the link columns as given."""
        program = self._program(
            np.concatenate([self._cost, np.zeros(len(self.parts.blocks))]),
            sparse.csr_array((0, self._cost.size + len(self.parts.blocks))),
            np.zeros(0),
            np.zeros(0),
            whole=True,
        )
        program.lower[self._cost.size :] = 0.0
        at = np.clip(sizes[self.link_columns], self._lower[self._link], self._upper[self._link])
        hair = np.where(at > self._lower[self._link], EXACT * np.maximum(1.0, np.abs(at)), 0.0)
        program.lower[self._link] = np.maximum(at - hair, self._lower[self._link])
        program.upper[self._link] = np.minimum(at + hair, self._upper[self._link])
        return self._design(solve(program, tolerance=EXACT).x)

    def _design(self, x: Floats) -> Floats:
        """Return a design over the whole program's columns, whole numbers rounded."""
        if self._integer is not None:
            at = np.flatnonzero(self._integer)
            x = x.copy()
            x[at] = np.round(x[at])
        return self._spread(x)

    def _spread(self, x: Floats) -> Floats:
        values = np.zeros(self.whole.shape[1])
        values[self.parts.master_columns] = x[: self._cost.size]
        return values


def _settled(program: Problem, answer: Solution, sizes: Any) -> Solution:
    """Return the answer solved again with its whole numbers fixed, and without crumbs of sizes.

    Branch and bound keeps a row such as ``size <= largest * stands`` to its tolerance times the
    largest size; with the whole number fixed the size is exact. Where that cannot be, the answer
    is returned as it is.
    """
    lower, upper = program.lower.copy(), program.upper.copy()
    if program.integer is not None:
        whole = np.flatnonzero(program.integer)
        lower[whole] = upper[whole] = np.round(answer.x[whole])
        fixed = replace(program, lower=lower, upper=upper, integer=None)
        answer = solve_or_none(fixed, tolerance=EXACT) or answer
    for _ in range(CLEANINGS):
        over = answer.x[sizes] - lower[sizes]
        small = min(CRUMB, CRUMB_SHARE * float(np.abs(answer.x[sizes]).max(initial=0.0)))
        crumbs = sizes[(over > 0) & (over < small)]
        if not crumbs.size:
            break
        upper[crumbs] = lower[crumbs]
        without = replace(program, lower=lower, upper=upper, integer=None)
        found = solve_or_none(without, tolerance=EXACT)
        if found is None:
            break
        answer = found
    return answer


def believed(solution: Solution) -> Floats:
    """Return the row multipliers of a continuous program's solution."""
    if solution.row_dual is None:
        message = "a program with integers has no multipliers"
        raise ValueError(message)
    return solution.row_dual
