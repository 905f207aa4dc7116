"""The linear program as arrays, with names on demand."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from dcmodel.arrays.errors import FormulationError


@dataclass(frozen=True)
class Block:
    """Consecutive rows or columns that come from one component of the model.

    Parameters
    ----------
    name : str
        Name of the component in the model.
    start, stop : int
        First row or column, and the one after the last.
    shape : tuple of int
        Shape of the component's array.
    labels : tuple of sequences
        Members of each index set.
    positions : ndarray or None
        Flat positions in the array that are present, or None if all are.
    year_axis : int or None
        The axis of the years, or None if the component has none.
    doc : str
        Meaning and unit.
    """

    name: str
    start: int
    stop: int
    shape: tuple[int, ...]
    labels: tuple[Sequence[Any], ...]
    positions: np.ndarray | None = None
    year_axis: int | None = None
    doc: str = ""

    @property
    def slice(self) -> slice:
        """The rows or columns as a slice."""
        return slice(self.start, self.stop)

    @property
    def has_year_axis(self) -> bool:
        """Whether the component is indexed by the years."""
        return self.year_axis is not None

    def years(self) -> np.ndarray:
        """Return the position of the year of each row or column, -1 without one."""
        count = self.stop - self.start
        if self.year_axis is None:
            return np.full(count, -1, dtype=np.int32)
        along = np.arange(self.shape[self.year_axis], dtype=np.int32)
        along = along.reshape((-1,) + (1,) * (len(self.shape) - 1 - self.year_axis))
        flat = np.broadcast_to(along, self.shape).reshape(-1)
        return flat if self.positions is None else flat[self.positions]

    def element_name(self, k: int) -> str:
        """Return the name of the k-th row or column of the block, as Pyomo writes it."""
        flat = k if self.positions is None else int(self.positions[k])
        if not self.shape:
            return self.name
        at = np.unravel_index(flat, self.shape)
        parts: list[Any] = []
        for labels, i in zip(self.labels, at, strict=True):
            label = labels[int(i)]
            parts += label if isinstance(label, tuple) else (label,)
        return f"{self.name}[{','.join(str(part) for part in parts)}]"

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Return the block's part of a vector in the shape of the component, NaN where absent."""
        part = np.asarray(values, dtype=float)[self.start : self.stop]
        if self.positions is None:
            return part.reshape(self.shape)
        whole = np.full(self.shape, np.nan)
        whole.reshape(-1)[self.positions] = part
        return whole


@dataclass(frozen=True)
class ColumnBlock(Block):
    """Columns of one variable component.

    Parameters
    ----------
    operational : bool
        Whether they are outcomes of operation, see `ArrayVar`.
    """

    operational: bool = False


@dataclass(frozen=True)
class RowBlock(Block):
    """Rows of one constraint component.

    Parameters
    ----------
    templated : bool
        Whether numpy evaluated the rows at once.
    elastic : bool
        Whether sizes held fixed may leave the rows unmet, see `ArrayConstraint`.
    """

    templated: bool = True
    elastic: bool = False


@dataclass(frozen=True, eq=False)
class LinearProgram:
    """Minimise ``cost @ x + offset`` with ``row_lower <= matrix @ x <= row_upper`` and bounds.

    Parameters
    ----------
    cost : ndarray, shape (n,)
        Objective coefficients.
    offset : float
        Constant of the objective.
    matrix : csr_array, shape (m, n)
        Coefficients: float64, int32, sorted, without duplicates and explicit zeros.
    row_lower, row_upper : ndarray, shape (m,)
        Row bounds.
    lower, upper : ndarray, shape (n,)
        Bounds; equal where a variable is fixed.
    integer : ndarray of bool, shape (n,)
        Columns that take whole numbers.
    columns, rows : dict of str to ColumnBlock or RowBlock
        Where the components of the model stand.
    column_year, row_year : ndarray of int, shape (n,) and (m,)
        Position of the year, -1 without one.
    couples_years : ndarray of bool, shape (m,)
        Rows that were declared to link years, or whose columns belong to several.
    terms : csr_array, shape (terms * years, n)
        Undiscounted cost by term and year is ``terms @ x + term_offset``.
    term_offset : ndarray, shape (terms * years,)
        Constants of the cost terms.
    term_names, term_categories : tuple of str
        Name and category of each cost term.
    weights : ndarray, shape (years,)
        Weight of a year's cost in the objective.
    objective_name : str
        Name of the Pyomo objective in place of the cost terms, else empty.
    """

    cost: np.ndarray
    offset: float
    matrix: sp.csr_array
    row_lower: np.ndarray
    row_upper: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    integer: np.ndarray
    columns: dict[str, ColumnBlock]
    rows: dict[str, RowBlock]
    column_year: np.ndarray
    row_year: np.ndarray
    couples_years: np.ndarray
    terms: sp.csr_array
    term_offset: np.ndarray
    term_names: tuple[str, ...]
    term_categories: tuple[str, ...]
    weights: np.ndarray
    objective_name: str = ""

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.matrix.shape[0])

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return int(self.matrix.shape[1])

    @property
    def operational(self) -> np.ndarray:
        """Columns that are outcomes of operation, see `ArrayVar`; bool, shape (n,)."""
        found = np.zeros(self.n_columns, dtype=bool)
        for block in self.columns.values():
            found[block.slice] = block.operational
        return found

    @property
    def elastic(self) -> np.ndarray:
        """Rows that sizes held fixed may leave unmet, see `ArrayConstraint`; bool, shape (m,)."""
        found = np.zeros(self.n_rows, dtype=bool)
        for block in self.rows.values():
            found[block.slice] = block.elastic
        return found

    # ---- names ------------------------------------------------------------------------------

    def column(self, component: Any) -> slice:
        """Return the columns of a variable, given the component or its name."""
        return self._block(self.columns, component).slice

    def row(self, component: Any) -> slice:
        """Return the rows of a constraint, given the component or its name."""
        return self._block(self.rows, component).slice

    @staticmethod
    def _block(blocks: dict[str, Any], component: Any) -> Any:
        name = component if isinstance(component, str) else component.name
        if name not in blocks:
            msg = f"'{name}' is not in the linear program; there are: {', '.join(blocks)}"
            raise KeyError(msg)
        return blocks[name]

    def column_name(self, j: int) -> str:
        """Return the name of column `j`, as Pyomo writes it."""
        return _element_name(self.columns, j)

    def row_name(self, i: int) -> str:
        """Return the name of row `i`, as Pyomo writes it."""
        return _element_name(self.rows, i)

    # ---- solutions --------------------------------------------------------------------------

    def objective(self, x: np.ndarray) -> float:
        """Return the objective at `x`."""
        return float(self.cost @ x) + self.offset

    def term_values(self, x: np.ndarray) -> np.ndarray:
        """Return the undiscounted cost by term and year, shape (terms, years)."""
        values = self.terms @ x + self.term_offset
        return values.reshape(len(self.term_names), len(self.weights))

    def values(self, component: Any, x: np.ndarray) -> np.ndarray:
        """Return the values of a variable at `x`, in its shape."""
        return self._block(self.columns, component).spread(x)

    def duals(self, component: Any, row_dual: np.ndarray) -> np.ndarray:
        """Return the duals of a constraint, in its shape; NaN where there is no row."""
        return self._block(self.rows, component).spread(row_dual)

    def load_solution(self, m: Any, x: np.ndarray, row_dual: np.ndarray | None = None) -> None:
        """Put a solution into the model from which the program was compiled.

        Parameters
        ----------
        m : Pyomo model
            Its array variables take `x` as arrays, ordinary variables one by one.
        x : array_like, shape (n,)
            Values of the columns.
        row_dual : array_like, shape (m,), optional
            Duals of the rows: into ``dual`` of array constraints, and into the model's ``dual``
            suffix for ordinary constraints if it has one.
        """
        from dcmodel.arrays.solution import load_solution  # it needs the class of this module

        load_solution(self, m, x, row_dual)

    # ---- cheap copies -----------------------------------------------------------------------

    def replace(self, **changes: Any) -> LinearProgram:
        """Return a copy with other arrays; what is not named is shared."""
        for name, array in changes.items():
            before = getattr(self, name)
            if isinstance(before, np.ndarray) and np.shape(array) != before.shape:
                msg = f"{name} has shape {np.shape(array)}, the program needs {before.shape}"
                raise FormulationError(msg)
        return dataclasses.replace(self, **changes)

    def with_fixed(self, columns: Any, values: Any) -> LinearProgram:
        """Return a copy with some columns fixed.

        Parameters
        ----------
        columns : slice, mask or integers
            Which columns.
        values : array_like
            The values at which they are fixed.
        """
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[columns] = values
        upper[columns] = values
        return self.replace(lower=lower, upper=upper)

    def with_weights(self, weights: Any) -> LinearProgram:
        """Return a copy whose objective weights the years otherwise."""
        if self.objective_name:
            msg = f"the objective is '{self.objective_name}', not the sum of the cost terms"
            raise FormulationError(msg)
        weights = np.asarray(weights, dtype=float)
        if weights.shape != self.weights.shape:
            msg = f"weights have shape {weights.shape}, the program needs {self.weights.shape}"
            raise FormulationError(msg)
        repeated = np.tile(weights, len(self.term_names))
        cost, offset = self.terms.T @ repeated, float(self.term_offset @ repeated)
        return self.replace(cost=cost, offset=offset, weights=weights)

    # ---- scaling ----------------------------------------------------------------------------

    def coefficient_range(self) -> dict[str, tuple[float, float]]:
        """Return smallest and largest magnitude of matrix, cost, bounds and right-hand sides."""
        groups = {
            "matrix": (self.matrix.data,),
            "cost": (self.cost,),
            "bounds": (self.lower, self.upper),
            "right_hand_side": (self.row_lower, self.row_upper),
        }
        return {name: _magnitudes(arrays) for name, arrays in groups.items()}

    def unit_range(self) -> dict[str, tuple[float, float]]:
        """Return the range of `coefficient_range` over components, each by its largest magnitude.

        A price that passes near zero in some hour is as good as none; a wrong unit moves all that
        a component says.
        """
        entries = np.abs(self.matrix.data)
        ends = self.matrix.indptr
        columns = [block.slice for block in self.columns.values()]
        rows = [block.slice for block in self.rows.values()]
        parts = {
            "matrix": [entries[ends[rows_.start] : ends[rows_.stop]] for rows_ in rows],
            "cost": [self.cost[part] for part in columns],
            "bounds": [side[part] for part in columns for side in (self.lower, self.upper)],
            "right_hand_side": [
                side[part] for part in rows for side in (self.row_lower, self.row_upper)
            ],
        }
        largest = {
            name: [np.array([_magnitudes((array,))[1]]) for array in arrays]
            for name, arrays in parts.items()
        }
        return {name: _magnitudes(arrays) for name, arrays in largest.items()}


def _magnitudes(arrays: Sequence[np.ndarray]) -> tuple[float, float]:
    """Return smallest and largest finite magnitude other than zero; NaN if there is none."""
    low, high = np.inf, 0.0
    for array in arrays:
        sizes = np.abs(array)
        sizes = sizes[(sizes > 0) & np.isfinite(sizes)]
        if sizes.size:
            low, high = min(low, float(sizes.min())), max(high, float(sizes.max()))
    return (low, high) if high else (np.nan, np.nan)


def _element_name(blocks: dict[str, Any], k: int) -> str:
    for block in blocks.values():
        if block.start <= k < block.stop:
            return str(block.element_name(k - block.start))
    msg = f"{k} is outside the program"
    raise IndexError(msg)
