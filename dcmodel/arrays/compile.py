"""Compiling a Pyomo model into a linear program held in arrays."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyomo.environ as pyo
import scipy.sparse as sp
from pyomo.core.base.indexed_component import UnindexedComponent_set

from dcmodel.arrays.constraints import ArrayConstraint
from dcmodel.arrays.declare import ArrayVar
from dcmodel.arrays.errors import FormulationError, NotTemplatableError
from dcmodel.arrays.expressions import CostTerm
from dcmodel.arrays.linear import Columns
from dcmodel.arrays.program import ColumnBlock, LinearProgram, RowBlock
from dcmodel.arrays.rows import Rows, RowWriter
from dcmodel.arrays.versions import check_pyomo_version

_logger = logging.getLogger(__name__)

_NOT_LINEAR = (pyo.SOSConstraint, pyo.LogicalConstraint, pyo.BooleanVar)


def compile_model(m: Any, weights: Any = None, *, year_set: Any = None) -> LinearProgram:
    """Compile a Pyomo model into arrays.

    Rules of array components are evaluated by numpy over whole index sets; ordinary Pyomo
    constraints, and rules that need their index as a number, are compiled row by row. Columns and
    rows stand in the order in which the model declares them, block by block. Fixed array variables
    stay columns, with equal bounds; row-wise rows take fixed variables as constants, as Pyomo does.

    Parameters
    ----------
    m : Pyomo model
        Array components and ordinary ones, also in nested blocks. The objective is the weighted
        sum of all active `CostTerm`; or the one active `pyomo.Objective`, if there is one.
    weights : array_like, shape (years,), optional
        Weight of each year's cost, the discount factors; one by default.
    year_set : Pyomo set, optional
        The years; ``m.Y`` by default, if the model has it.

    Returns
    -------
    LinearProgram
    """
    check_pyomo_version()
    years = getattr(m, "Y", None) if year_set is None else year_set
    _refuse_other_components(m)
    columns, blocks, bounds = _compile_columns(m, years)
    writer = RowWriter(columns, len(bounds["lower"]))
    rows, row_blocks, declared = _compile_rows(m, writer, years)
    column_year = _concatenate([block.years() for block in blocks.values()], np.int32)
    objective = _compile_objective(m, writer, weights, years)
    return LinearProgram(
        matrix=rows.matrix,
        row_lower=rows.lower,
        row_upper=rows.upper,
        columns=blocks,
        rows=row_blocks,
        column_year=column_year,
        row_year=_concatenate([block.years() for block in row_blocks.values()], np.int32),
        couples_years=declared | _several_years(rows.matrix, column_year),
        **bounds,
        **objective,
    )


def _refuse_other_components(m: Any) -> None:
    for ctype in _NOT_LINEAR:
        for component in m.component_objects(ctype, active=True):
            msg = f"{component.name}: a {ctype.__name__} has no place in a linear program"
            raise FormulationError(msg)


# ---- columns --------------------------------------------------------------------------------


def _compile_columns(m: Any, years: Any) -> tuple[Columns, dict[str, ColumnBlock], dict[str, Any]]:
    columns, blocks, at = Columns(), {}, 0
    parts: dict[str, list[np.ndarray]] = {"lower": [], "upper": [], "integer": []}
    for variable in m.component_objects(pyo.Var):
        if variable.is_reference():
            continue  # another name of variables that stand elsewhere
        layout = _layout(variable, years)
        if isinstance(variable, ArrayVar):
            columns.start[id(variable)] = at
            stop = at + variable.size
            lower, upper, integer = _array_bounds(variable)
        else:
            elements = list(variable.values())
            columns.start.update({id(e): at + k for k, e in enumerate(elements)})
            stop = at + len(elements)
            lower, upper, integer = _element_bounds(elements)
        operational = getattr(variable, "operational", False)
        blocks[variable.name] = ColumnBlock(
            variable.name, at, stop, **layout, operational=operational
        )
        for name, part in (("lower", lower), ("upper", upper), ("integer", integer)):
            parts[name].append(part)
        at = stop
    bounds = {
        "lower": _concatenate(parts["lower"], np.float64),
        "upper": _concatenate(parts["upper"], np.float64),
        "integer": _concatenate(parts["integer"], np.bool_),
    }
    return columns, blocks, bounds


def _array_bounds(variable: ArrayVar) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    lower, upper, fixed = variable.lower_bound, variable.upper_bound, variable.fixed_mask
    if fixed.any():
        if np.isnan(variable.array[fixed]).any():
            msg = f"{variable.name}: a variable is fixed and has no value"
            raise FormulationError(msg)
        lower = np.where(fixed, variable.array, lower)
        upper = np.where(fixed, variable.array, upper)
    if (lower > upper).any():
        where = np.argwhere(lower > upper)[0].tolist()
        msg = f"{variable.name}: lower bound above upper bound at {where}"
        raise FormulationError(msg)
    integer = np.full(variable.size, variable.integer)
    return lower.reshape(-1), upper.reshape(-1), integer


def _element_bounds(elements: Sequence[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    pairs = [(e.value, e.value) if e.fixed else e.bounds for e in elements]
    for element in elements:
        if element.fixed and element.value is None:
            msg = f"{element.name}: the variable is fixed and has no value"
            raise FormulationError(msg)
    lower = np.array([-np.inf if low is None else low for low, _ in pairs])
    upper = np.array([np.inf if high is None else high for _, high in pairs])
    return lower, upper, np.array([not e.is_continuous() for e in elements], dtype=bool)


def _layout(component: Any, years: Any, mask: np.ndarray | None = None) -> dict[str, Any]:
    """Return shape, labels and year axis of a component for its block."""
    doc = component.doc or ""
    if hasattr(component, "axes"):
        labels = tuple(axis.labels for axis in component.axes)
        axis = next((k for k, one in enumerate(component.sets) if one is years), None)
        positions = None if mask is None else np.flatnonzero(mask)
        return {
            "shape": component.shape,
            "labels": labels,
            "positions": positions,
            "year_axis": axis,
            "doc": doc,
        }
    if component.index_set() is UnindexedComponent_set:
        return {"shape": (), "labels": (), "doc": doc}
    return _ordinary_layout(component, years, list(component.keys()), doc)


def _ordinary_layout(component: Any, years: Any, keys: list[Any], doc: str) -> dict[str, Any]:
    """Return the layout of an ordinary component: dense over plain sets, else a list of keys."""
    index_set = component.index_set()
    sets = (index_set,) if index_set.dimen == 1 else tuple(index_set.subsets())
    plain = all(one.dimen == 1 and one.isfinite() for one in sets)
    axis = next((k for k, one in enumerate(sets) if one is years), None)
    if plain and axis is not None:
        labels = tuple(tuple(one.data()) for one in sets)
        shape = tuple(len(one) for one in labels)
        finders = [{label: k for k, label in enumerate(one)} for one in labels]
        at = [tuple(f[p] for f, p in zip(finders, _parts(key), strict=True)) for key in keys]
        positions = np.array([np.ravel_multi_index(a, shape) for a in at], dtype=np.intp)
        return {
            "shape": shape,
            "labels": labels,
            "positions": positions,
            "year_axis": axis,
            "doc": doc,
        }
    return {"shape": (len(keys),), "labels": (tuple(keys),), "doc": doc}


def _parts(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


# ---- rows -----------------------------------------------------------------------------------


def _compile_rows(
    m: Any, writer: RowWriter, years: Any
) -> tuple[Rows, dict[str, RowBlock], np.ndarray]:
    parts: list[Rows] = []
    blocks: dict[str, RowBlock] = {}
    coupling: list[np.ndarray] = []
    at = 0
    for constraint in m.component_objects(pyo.Constraint, active=True):
        if constraint.is_reference():
            continue
        rows, layout, templated = _constraint_rows(constraint, writer, years)
        stop = at + len(rows.lower)
        elastic = getattr(constraint, "elastic", False)
        blocks[constraint.name] = RowBlock(
            constraint.name, at, stop, templated=templated, elastic=elastic, **layout
        )
        parts.append(rows)
        coupling.append(np.full(stop - at, getattr(constraint, "couples_years", False)))
        at = stop
    return _stack(parts, writer.n_columns), blocks, _concatenate(coupling, np.bool_)


def _constraint_rows(
    constraint: Any, writer: RowWriter, years: Any
) -> tuple[Rows, dict[str, Any], bool]:
    if not isinstance(constraint, ArrayConstraint):
        active = [row for row in constraint.values() if row.active]
        layout = _layout(constraint, years)
        if constraint.is_indexed():
            keys = [row.index() for row in active]
            layout = _ordinary_layout(constraint, years, keys, constraint.doc or "")
        return writer.one_by_one(active), layout, False
    mask = constraint.active_mask()
    if constraint.template is not None:
        try:
            layout = _layout(constraint, years, mask)
            return writer.templated(constraint, mask), layout, True
        except NotTemplatableError as error:
            constraint.reason = str(error)
            _logger.info("%s is compiled row by row: %s", constraint.name, error)
    rows = [row for row in constraint.values() if row.active]
    mask = np.zeros(constraint.shape, dtype=bool)
    for row in rows:
        mask.reshape(-1)[constraint.position(row.index())] = True
    return writer.one_by_one(rows), _layout(constraint, years, mask), False


def _stack(parts: Sequence[Rows], n_columns: int) -> Rows:
    """Put rows below one another, without the checks and copies of scipy's own function."""
    if not parts:
        return Rows(sp.csr_array((0, n_columns)), np.zeros(0), np.zeros(0))
    entries = sum(part.matrix.nnz for part in parts)
    kind = np.int32 if entries < np.iinfo(np.int32).max else np.int64
    counts = [np.diff(part.matrix.indptr) for part in parts]
    indptr = np.zeros(1 + sum(len(one) for one in counts), dtype=kind)
    np.cumsum(np.concatenate(counts), out=indptr[1:])
    matrix = sp.csr_array(
        (
            np.concatenate([part.matrix.data for part in parts]),
            np.concatenate([part.matrix.indices for part in parts]).astype(kind, copy=False),
            indptr,
        ),
        shape=(len(indptr) - 1, n_columns),
    )
    matrix.has_canonical_format = True
    lower = np.concatenate([part.lower for part in parts])
    return Rows(matrix, lower, np.concatenate([part.upper for part in parts]))


def _several_years(matrix: sp.csr_array, column_year: np.ndarray) -> np.ndarray:
    """Return the rows whose columns belong to more than one year."""
    several = np.zeros(matrix.shape[0], dtype=bool)
    row = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
    year = column_year.astype(np.int16)[matrix.indices]
    dated = year >= 0
    if not dated.all():
        row, year = row[dated], year[dated]
    several[row[1:][(row[1:] == row[:-1]) & (year[1:] != year[:-1])]] = True
    return several


def _concatenate(parts: Sequence[np.ndarray], dtype: Any) -> np.ndarray:
    return np.concatenate(parts).astype(dtype, copy=False) if parts else np.zeros(0, dtype)


# ---- objective ------------------------------------------------------------------------------


def _compile_objective(m: Any, writer: RowWriter, weights: Any, years: Any) -> dict[str, Any]:
    terms = [e for e in m.component_objects(pyo.Expression, active=True) if isinstance(e, CostTerm)]
    for term in terms:
        if years is None or term.sets[0] is not years:
            msg = f"{term.name}: a cost term is indexed by the model's set of years"
            raise FormulationError(msg)
    found = [writer.expression(term) for term in terms]
    n_years = terms[0].size if terms else 0 if years is None else len(years)
    weights = np.ones(n_years) if weights is None else np.asarray(weights, dtype=float)
    if weights.shape != (n_years,):
        msg = f"weights have shape {weights.shape}, the model has {n_years} years"
        raise FormulationError(msg)
    stacked = _stack([Rows(a, c, c) for c, a in found], writer.n_columns)
    repeated = np.tile(weights, len(terms))
    objective = {
        "terms": stacked.matrix,
        "term_offset": stacked.lower,
        "term_names": tuple(term.name for term in terms),
        "term_categories": tuple(term.category for term in terms),
        "weights": weights,
        "cost": stacked.matrix.T @ repeated,
        "offset": float(stacked.lower @ repeated),
    }
    return objective | _ordinary_objective(m, writer)


def _ordinary_objective(m: Any, writer: RowWriter) -> dict[str, Any]:
    """Return what an active Pyomo objective puts in place of the cost terms, if there is one."""
    found = list(m.component_data_objects(pyo.Objective, active=True))
    if not found:
        return {}
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        msg = f"the model has several active objectives: {names}"
        raise FormulationError(msg)
    if found[0].sense != pyo.minimize:
        msg = f"{found[0].name}: write it as a cost to be minimised"
        raise FormulationError(msg)
    constant, matrix = writer.scalar(found[0].name, found[0].expr)
    cost = matrix.toarray().reshape(-1)
    return {"cost": cost, "offset": float(constant[0]), "objective_name": found[0].name}
