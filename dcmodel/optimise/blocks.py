"""A program taken apart at the rows that couple years, without knowing what its columns mean.

Without the coupling rows a pathway falls into blocks, one a year. *Link* columns (sizes) stand in a
block and in a coupling row; *pure* columns (what is built, by vintage) stand in coupling rows only.
Whole-number columns of a block are links too, so that a block with its links fixed is continuous.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from dcmodel.optimise.certify import dual_bound
from dcmodel.optimise.solvers.problem import Floats, Problem, narrow

Indices = NDArray[np.intp]

RELIEVES = 0.5
"""A size relieves a shortage where a unit more is worth this share of its penalty or more. [1]"""
MARGIN = 1e-6
"""Room for rounding in what is added to a size that falls short, relative. [1]"""
PENALTY = 10.0
"""Price of a shortage over the largest cost of a block: more than any hour can be worth. [1]"""


@dataclass(frozen=True)
class YearBlock:
    """One block: an ordinary program with its place in the whole.

    Attributes
    ----------
    problem : Problem
        Costs, bounds and rows of the block alone.
    columns, rows : ndarray of int
        Positions of the block's columns and rows in the whole program.
    link : ndarray of int
        Which of the block's columns are link columns.
    held : ndarray of int
        Which of them are decisions, held fixed in a dispatch. The others are outcomes of operation
        that reach into other years (a peak under a ratchet): they stay free, at a price.
    elastic : ndarray of int
        Which of the block's rows a dispatch may leave unmet at a penalty.
    whole : LinearProgram
        Names rows and columns.
    year : int
        Position of the year, -1 where the block belongs to none.
    """

    problem: Problem
    columns: Indices
    rows: Indices
    link: Indices
    held: Indices
    elastic: Indices
    whole: Any
    year: int

    def priced(self, coupling_value: Floats) -> NamedProblem:
        """Return the block with link columns free and the value of the coupling taken off."""
        cost = self.problem.cost.copy()
        cost[self.link] -= coupling_value[self.columns[self.link]]
        return self._named(replace(self.problem, cost=cost))

    def fixed(self, values: Floats, coupling_value: Floats | None = None) -> NamedProblem:
        """Return the block with its link columns fixed at the whole program's `values`.

        Parameters
        ----------
        values : ndarray, shape (n,)
        coupling_value : ndarray, shape (n,), optional
            What the coupling rows are worth to each column. With it only decisions are fixed:
            outcomes of operation that reach into other years stay free, less that value.
        """
        held = self.link if coupling_value is None else self.held
        lower, upper = self.problem.lower.copy(), self.problem.upper.copy()
        at = values[self.columns[held]]
        lower[held] = upper[held] = np.clip(at, lower[held], upper[held])
        cost = self.problem.cost.copy()
        if coupling_value is not None:
            free = np.setdiff1d(self.link, self.held)
            cost[free] -= coupling_value[self.columns[free]]
        return self._named(replace(self.problem, cost=cost, lower=lower, upper=upper))

    def elastically_fixed(
        self, values: Floats, coupling_value: Floats | None = None
    ) -> NamedProblem:
        """Return the block as `fixed` does, its elastic rows with a shortage each at a penalty.

        It has a solution whether or not the sizes suffice: the columns behind the block's own are
        by how much they fall short.
        """
        fixed = self.fixed(values, coupling_value).problem
        n_more, n_rows = self.elastic.size, fixed.shape[0]
        # what helps a row: a larger left side, but where only that is limited
        sign = np.where(np.isfinite(fixed.row_lower[self.elastic]), 1.0, -1.0)
        more = sparse.csr_array(
            (sign, (self.elastic, np.arange(n_more))), shape=(n_rows, n_more), dtype=float
        )
        return self._named(
            replace(
                fixed,
                cost=np.concatenate([fixed.cost, np.full(n_more, self._penalty(coupling_value))]),
                matrix=narrow(sparse.hstack([fixed.matrix, more], format="csr")),
                lower=np.concatenate([fixed.lower, np.zeros(n_more)]),
                upper=np.concatenate([fixed.upper, np.full(n_more, np.inf)]),
            )
        )

    def raised(
        self, row_dual: Floats, x: Floats, values: Floats, price: Floats, coupling_value: Floats
    ) -> Floats | None:
        """Return sizes with the cheapest one that relieves a shortage raised by it.

        Parameters
        ----------
        row_dual, x : ndarray
            Solution of `elastically_fixed`.
        values : ndarray, shape (n,)
            Sizes of the whole program.
        price : ndarray, shape (n,)
            Price of a unit more, in the whole program's columns.
        coupling_value : ndarray, shape (n,)
            What `elastically_fixed` was given.

        Returns
        -------
        ndarray, shape (n,) or None
            None where no size relieves it.
        """
        short, at = self.shortage(x), self.columns[self.held]
        relief = (self.problem.matrix.T @ row_dual - self.problem.cost)[self.held]
        room = self.problem.upper[self.held] - values[at]
        more = short + MARGIN * max(1.0, short)
        enough = RELIEVES * self._penalty(coupling_value)
        helps = np.flatnonzero((relief > enough) & (room >= more))
        if not helps.size:
            return None
        best = helps[np.argmin(price[at[helps]])]
        larger = values.copy()
        larger[at[best]] += more
        return larger

    def _penalty(self, coupling_value: Floats | None) -> float:
        """Return what a unit of shortage costs: more than any peak that serving it makes."""
        costs = [self.problem.cost]
        if coupling_value is not None:
            costs.append(coupling_value[self.columns[np.setdiff1d(self.link, self.held)]])
        return PENALTY * max(1.0, *(float(np.abs(part).max(initial=0.0)) for part in costs))

    def shortage(self, x: Floats) -> float:
        """Return by how much the worst elastic row is unmet, solved as `elastically_fixed`."""
        return float(x[self.columns.size :].max(initial=0.0))

    def stretched(self, values: Floats, penalty: Floats) -> NamedProblem:
        """Return the block with its decisions drawn to `values` at a price for the distance.

        Two columns are added for each decision: how far it lies above and below.
        """
        n_link, n = self.held.size, self.problem.shape[1]
        at = self.columns[self.held]
        tie = sparse.csr_array((np.ones(n_link), (np.arange(n_link), self.held)), shape=(n_link, n))
        eye = sparse.identity(n_link, format="csr")
        matrix = sparse.block_array([[self.problem.matrix, None, None], [tie, -eye, eye]])
        more, zeros = np.tile(penalty[at], 2), np.zeros(2 * n_link)
        target = values[at]
        problem = Problem(
            cost=np.concatenate([self.problem.cost, more]),
            matrix=narrow(matrix),
            row_lower=np.concatenate([self.problem.row_lower, target]),
            row_upper=np.concatenate([self.problem.row_upper, target]),
            lower=np.concatenate([self.problem.lower, zeros]),
            upper=np.concatenate([self.problem.upper, np.full(2 * n_link, np.inf)]),
        )
        return self._named(problem)

    def _named(self, problem: Problem) -> NamedProblem:
        return NamedProblem(problem, self)

    def cut(self, row_dual: Floats, x: Floats) -> Cut:
        """Return the lower bound of the block's cost, linear in the link columns."""
        skip = np.zeros(self.columns.size, dtype=bool)
        skip[self.link] = True
        row_dual = row_dual[: self.rows.size]
        largest = float(np.abs(x).max(initial=0.0))
        bound = dual_bound(self.problem, row_dual, largest=largest, skip=skip)
        return Cut(bound.value, bound.reduced_cost[self.link], bound.multiplier)


@dataclass(frozen=True)
class NamedProblem:
    """A variant of a block's program that names rows and columns as the whole program does."""

    problem: Problem
    block: YearBlock

    def __getattr__(self, name: str) -> Any:
        return getattr(self.problem, name)

    def row_name(self, i: int) -> str:
        """Return the whole program's name of row `i` of the block."""
        rows = self.block.rows
        return str(self.block.whole.row_name(int(rows[i]))) if i < rows.size else f"coupling {i}"

    def column_name(self, j: int) -> str:
        """Return the whole program's name of column `j` of the block."""
        columns = self.block.columns
        known = j < columns.size
        return str(self.block.whole.column_name(int(columns[j]))) if known else f"column {j}"


@dataclass(frozen=True)
class Cut:
    """``cost of the block >= constant + slope @ link columns`` for every design.

    Attributes
    ----------
    constant : float
    slope : ndarray, shape (link columns of the block,)
    row_dual : ndarray, shape (rows of the block,)
        The multipliers that prove it.
    """

    constant: float
    slope: Floats
    row_dual: Floats


@dataclass(frozen=True)
class Split:
    """A program in blocks, and what couples them.

    Attributes
    ----------
    blocks : tuple of YearBlock
    coupling_rows : ndarray of int
        Rows of the whole program that couple blocks.
    master_columns : ndarray of int
        Link and pure columns of the whole program, in order.
    is_link : ndarray of bool, shape (master columns,)
    is_operational : ndarray of bool, shape (master columns,)
        Outcomes of operation among them.
    coupling : csr_array, shape (coupling rows, master columns)
    """

    blocks: tuple[YearBlock, ...]
    coupling_rows: Indices
    master_columns: Indices
    is_link: NDArray[np.bool_]
    is_operational: NDArray[np.bool_]
    coupling: Any

    @property
    def has_operational_links(self) -> bool:
        """Whether outcomes of operation reach from one year into another."""
        return bool((self.is_link & self.is_operational).any())


def split(lp: Any) -> Split:
    """Take a LinearProgram apart at its ``couples_years`` rows.

    Parameters
    ----------
    lp : LinearProgram

    Returns
    -------
    Split
        With a single block where nothing separates.
    """
    whole = Problem.of(lp)
    couples = np.asarray(lp.couples_years, dtype=bool)
    coupling_rows, own_rows = np.flatnonzero(couples), np.flatnonzero(~couples)
    coupling, own = whole.matrix[coupling_rows], whole.matrix[own_rows]
    in_block = _occupied(own)
    in_coupling = _occupied(coupling)
    if whole.integer is not None:
        in_coupling |= whole.integer
    operational = np.asarray(lp.operational, dtype=bool)
    elastic = np.asarray(lp.elastic, dtype=bool)
    row_group, column_group = _groups(own, np.asarray(lp.column_year), in_block)
    blocks = []
    for group in np.unique(column_group[in_block]):
        columns = np.flatnonzero(in_block & (column_group == group))
        rows = own_rows[row_group == group]
        block = _block(lp, whole, columns, rows, in_coupling, operational)
        blocks.append(replace(block, elastic=np.flatnonzero(elastic[rows])))
    master = np.flatnonzero(in_coupling | ~in_block)
    return Split(
        tuple(blocks),
        coupling_rows,
        master,
        in_block[master],
        operational[master],
        narrow(coupling[:, master]),
    )


def coordinating_columns(lp: Any) -> Indices:
    """Return the link and pure columns of a program, without taking it apart."""
    whole = Problem.of(lp)
    couples = np.asarray(lp.couples_years, dtype=bool)
    found = _occupied(whole.matrix[couples]) | ~_occupied(whole.matrix[~couples])
    if whole.integer is not None:
        found |= whole.integer
    return np.flatnonzero(found)


def _occupied(matrix: Any) -> NDArray[np.bool_]:
    return np.asarray(np.bincount(matrix.indices, minlength=matrix.shape[1]) > 0)


def _groups(own: Any, year: NDArray[Any], in_block: NDArray[np.bool_]) -> tuple[Indices, Indices]:
    """Label rows and columns: connected parts of one year together, parts of several alone."""
    m = own.shape[0]
    graph = sparse.block_array([[None, own], [own.T, None]], format="csr")
    n_parts, label = connected_components(graph, directed=False)
    part = label[m:]
    first, last = np.full(n_parts, np.iinfo(np.int64).max), np.full(n_parts, -1)
    dated = in_block & (year >= 0)
    np.minimum.at(first, part[dated], year[dated])
    np.maximum.at(last, part[dated], year[dated])
    n_years = int(year.max(initial=-1)) + 1
    # a part of one year takes its year, a part without a year -1, a part of several its own number
    group = np.where(last < 0, -1, np.where(first == last, last, n_years + np.arange(n_parts)))
    return group[label[:m]], group[part]


def _block(
    lp: Any,
    whole: Problem,
    columns: Indices,
    rows: Indices,
    in_coupling: NDArray[np.bool_],
    operational: NDArray[np.bool_],
) -> YearBlock:
    problem = Problem(
        cost=whole.cost[columns],
        matrix=narrow(whole.matrix[rows][:, columns]),
        row_lower=whole.row_lower[rows],
        row_upper=whole.row_upper[rows],
        lower=whole.lower[columns],
        upper=whole.upper[columns],
    )
    years = np.unique(np.asarray(lp.column_year)[columns])
    years = years[years >= 0]
    year = int(years[0]) if years.size == 1 else -1
    link = np.flatnonzero(in_coupling[columns])
    held = link[~operational[columns[link]]]
    return YearBlock(problem, columns, rows, link, held, np.zeros(0, dtype=np.intp), lp, year)
