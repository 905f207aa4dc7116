"""Solutions put into the model, and expressions evaluated at a solution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays.constraints import ArrayConstraint
from dcmodel.arrays.declare import ArrayVar
from dcmodel.arrays.errors import FormulationError
from dcmodel.arrays.evaluator import Evaluator
from dcmodel.arrays.expressions import ArrayExpression
from dcmodel.arrays.linear import Values, flat
from dcmodel.arrays.program import LinearProgram


def load_solution(program: LinearProgram, m: Any, x: Any, row_dual: Any = None) -> None:
    """Put a solution into the model; see `LinearProgram.load_solution`."""
    x = np.asarray(x, dtype=float)
    if x.shape != (program.n_columns,):
        msg = f"the solution has shape {x.shape}, the program {program.n_columns} columns"
        raise FormulationError(msg)
    for variable in m.component_objects(pyo.Var):
        if variable.is_reference():
            continue
        block = program.columns[variable.name]
        if isinstance(variable, ArrayVar):
            variable.array = block.spread(x)
            continue
        for element, number in zip(variable.values(), x[block.slice].tolist(), strict=True):
            element.set_value(number, skip_validation=True)
    if row_dual is not None:
        _load_duals(program, m, np.asarray(row_dual, dtype=float))


def _load_duals(program: LinearProgram, m: Any, row_dual: np.ndarray) -> None:
    if row_dual.shape != (program.n_rows,):
        msg = f"the duals have shape {row_dual.shape}, the program {program.n_rows} rows"
        raise FormulationError(msg)
    suffix = m.component("dual")
    for constraint in m.component_objects(pyo.Constraint, active=True):
        if constraint.is_reference():
            continue
        block = program.rows[constraint.name]
        if isinstance(constraint, ArrayConstraint):
            constraint.dual = block.spread(row_dual)
        elif isinstance(suffix, pyo.Suffix):
            rows = [row for row in constraint.values() if row.active]
            for row, number in zip(rows, row_dual[block.slice].tolist(), strict=True):
                suffix[row] = number


def evaluate(component: ArrayExpression, program: LinearProgram, x: Any) -> np.ndarray:
    """Return the values of an array expression at a solution that is not loaded.

    Parameters
    ----------
    component : ArrayExpression or CostTerm
        Expression of the model from which `program` was compiled.
    program : LinearProgram
        Where the variables stand.
    x : array_like, shape (n,)
        Values of the columns.

    Returns
    -------
    ndarray
        In the shape of the expression's sets.
    """
    x = np.asarray(x, dtype=float)
    positions: dict[int, float] = {}

    def array(variable: Any) -> np.ndarray:
        return program.values(variable, x)

    def element(one: Any) -> float:
        owner = one.parent_component()
        if isinstance(owner, ArrayVar):
            return float(array(owner).reshape(-1)[one._position])
        if not positions:
            positions.update(_element_columns(owner.model(), program))
        return float(x[positions[id(one)]])

    return values_of(component, Values(array, element))


def _element_columns(m: Any, program: LinearProgram) -> Iterator[tuple[int, int]]:
    for variable in m.component_objects(pyo.Var):
        if not isinstance(variable, ArrayVar) and not variable.is_reference():
            start = program.columns[variable.name].start
            for k, one in enumerate(variable.values()):
                yield id(one), start + k


def values_of(component: Any, variables: Values | None = None) -> np.ndarray:
    """Return the values of an array expression in the shape of its sets.

    Parameters
    ----------
    component : ArrayExpression
        Also a `CostTerm`.
    variables : Values, optional
        Where variables get their values; by default from the model itself.
    """
    if variables is None:
        variables = Values(lambda v: v.array, pyo.value)
    evaluator = Evaluator(variables)
    if component.template is None:
        found = [evaluator.evaluate(element.args[0]) for element in component.values()]
        return np.array(found, dtype=float).reshape(component.shape)
    evaluator.place_rows(component.template, component, None)
    found = evaluator.evaluate(component.template.expression)
    return flat(found, component.shape).reshape(component.shape).copy()
