"""Rows of the linear program: from evaluated templates, or one by one from ordinary expressions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from pyomo.core.expr import relational_expr as relational
from pyomo.repn.linear import LinearRepnVisitor

from dcmodel.arrays.errors import FormulationError, NotTemplatableError
from dcmodel.arrays.evaluator import Evaluator
from dcmodel.arrays.linear import Columns, Linear, add, flat, scaled


@dataclass(frozen=True)
class Rows:
    """Some rows ``lower <= matrix @ x <= upper``.

    Parameters
    ----------
    matrix : csr_array, shape (rows, columns)
        Coefficients, canonical: sorted, without duplicates and explicit zeros.
    lower, upper : ndarray, shape (rows,)
        Row bounds.
    """

    matrix: sp.csr_array
    lower: np.ndarray
    upper: np.ndarray


class RowWriter:
    """Turns constraints into rows.

    Parameters
    ----------
    columns : Columns
        Where the variables of the model stand.
    n_columns : int
        Number of columns of the program.
    """

    def __init__(self, columns: Columns, n_columns: int) -> None:
        self.n_columns = n_columns
        self._columns = columns
        self._evaluator = Evaluator(columns)
        self._recorder = _Recorder()

    # ---- all rows at once -------------------------------------------------------------------

    def templated(self, constraint: Any, mask: np.ndarray | None) -> Rows:
        """Return the rows of an array constraint, evaluated by numpy.

        Raises
        ------
        NotTemplatableError
            If the template holds something that numpy cannot evaluate.
        """
        template = constraint.template
        shape = self._evaluator.place_rows(template, constraint, mask)
        low, body, high = self._split(template.expression, constraint.name)
        constant, matrix = self._assemble(body, shape, constraint.name)
        count = matrix.shape[0]
        with np.errstate(invalid="ignore"):  # inf - inf is reported as what it is, just below
            lower = np.full(count, -np.inf) if low is None else flat(low, shape) - constant
            upper = np.full(count, np.inf) if high is None else flat(high, shape) - constant
        if np.isnan(lower).any() or np.isnan(upper).any():
            msg = f"{constraint.name}: a right-hand side is not a number"
            raise FormulationError(msg)
        return Rows(matrix, lower, upper)

    def expression(self, component: Any) -> tuple[np.ndarray, sp.csr_array]:
        """Return constants and coefficients of an array expression, one row an element."""
        try:
            if component.template is None:
                raise NotTemplatableError(component.reason)
            shape = self._evaluator.place_rows(component.template, component, None)
            found = self._evaluator.evaluate(component.template.expression)
            return self._assemble(found, shape, component.name)
        except NotTemplatableError:
            return self.bodies([(e.name, e.expr) for e in component.values()])

    def scalar(self, name: str, expression: Any) -> tuple[np.ndarray, sp.csr_array]:
        """Return constant and coefficients of one expression without free indices, as one row."""
        self._evaluator.owner = name
        try:
            return self._assemble(self._evaluator.evaluate(expression), (1,), name)
        except NotTemplatableError:
            return self.bodies([(name, expression)])

    def _split(self, expression: Any, name: str) -> tuple[Any, Any, Any]:
        """Return low end, body and high end; the end is the side without variables, or zero.

        Pyomo divides its expressions in the same way, so duals have the sign that it gives them.
        """
        evaluate = self._evaluator.evaluate
        if isinstance(expression, relational.RangedExpression):
            low, body, high = (evaluate(argument) for argument in expression.args)
            if isinstance(low, Linear) or isinstance(high, Linear):
                msg = f"{name}: the ends of a range must be constant"
                raise FormulationError(msg)
            return low, body, high
        equality = isinstance(expression, relational.EqualityExpression)
        if not equality and not isinstance(expression, relational.InequalityExpression):
            msg = f"the rule returned {type(expression).__name__}"
            raise NotTemplatableError(msg)
        if getattr(expression, "strict", False):
            msg = f"{name}: write <= or >= instead of < or >"
            raise FormulationError(msg)
        left, right = (evaluate(argument) for argument in expression.args)
        if not isinstance(right, Linear):
            return (right if equality else None), left, right
        if not isinstance(left, Linear):
            return left, right, (left if equality else None)
        body = Linear()
        add(body, left)
        add(body, scaled(right, -1.0))
        return (0.0 if equality else None), body, 0.0

    def _assemble(
        self, body: Any, shape: tuple[int, ...], name: str
    ) -> tuple[np.ndarray, sp.csr_array]:
        """Lay out the terms of an expression as canonical rows, without sorting where possible."""
        linear = body if isinstance(body, Linear) else Linear(body)
        count = int(np.prod(shape, dtype=np.int64))
        parts = []
        for columns, coefficients in linear.terms:
            whole = np.broadcast_shapes(np.shape(columns), np.shape(coefficients), shape)
            parts.append((columns, coefficients, whole[: len(whole) - len(shape)]))
        parts = [part for part in parts if 0 not in part[2]] if count else []
        parts.sort(key=lambda part: int(np.min(part[0])))
        widths = [int(np.prod(part[2], dtype=np.int64)) for part in parts]
        width = sum(widths)
        indices = np.empty((count, width), dtype=np.int32)
        data = np.empty((count, width))
        at = 0
        for (columns, coefficients, sums), one in zip(parts, widths, strict=True):
            for target, source in ((indices, columns), (data, coefficients)):
                _fill(target[:, at : at + one], source, shape, sums)
            at += one
        if not np.isfinite(data).all():
            row = int(np.flatnonzero(~np.isfinite(data).all(axis=1))[0])
            msg = f"{name}: a coefficient of row {row} is not a finite number"
            raise FormulationError(msg)
        indptr = np.arange(count + 1, dtype=np.int64) * width
        matrix = _canonical(data.ravel(), indices.ravel(), indptr, self.n_columns)
        return flat(linear.constant, shape), matrix

    # ---- row by row -------------------------------------------------------------------------

    def one_by_one(self, rows: Sequence[Any]) -> Rows:
        """Return the rows of ordinary Pyomo constraint elements through Pyomo's own walker."""
        lower, upper, bodies = [], [], []
        for row in rows:
            low, body, high = row.to_bounded_expression(evaluate_bounds=True)
            lower.append(-np.inf if low is None else low)
            upper.append(np.inf if high is None else high)
            bodies.append((row.name, body))
        constant, matrix = self.bodies(bodies)
        return Rows(matrix, np.array(lower) - constant, np.array(upper) - constant)

    def bodies(self, named: Iterable[tuple[str, Any]]) -> tuple[np.ndarray, sp.csr_array]:
        """Return constants and coefficients of ordinary Pyomo expressions, one row each."""
        visitor = LinearRepnVisitor({}, var_recorder=self._recorder)
        constants, data, indices, indptr = [], [], [], [0]
        for name, expression in named:
            found = visitor.walk_expression(expression)
            if found.nonlinear is not None:
                msg = f"{name}: {found.nonlinear} is not linear in the variables"
                raise FormulationError(msg)
            constants.append(found.constant)
            data += found.linear.values()
            indices += [self._column(key, name) for key in found.linear]
            indptr.append(len(indices))
        columns = np.array(indices, dtype=np.int32)
        matrix = _canonical(np.array(data, dtype=float), columns, np.array(indptr), self.n_columns)
        return np.array(constants, dtype=float), matrix

    def _column(self, key: int, name: str) -> int:
        try:
            return int(self._columns.of_element(self._recorder.var_map[key]).terms[0][0])
        except KeyError:
            variable = self._recorder.var_map[key].name
            msg = f"{name}: variable {variable} is not part of the model that is compiled"
            raise FormulationError(msg) from None


class _Recorder:
    """Remembers the variables that Pyomo's walker meets, and no others."""

    def __init__(self) -> None:
        self.var_map: dict[int, Any] = {}

    def add(self, variable: Any) -> None:
        self.var_map[id(variable)] = variable


def _fill(target: np.ndarray, source: Any, shape: tuple[int, ...], sums: tuple[int, ...]) -> None:
    """Write ``source``, shape (sums..., rows...), into rows of ``target``, shape (rows, entries).

    Splitting the axes of a slice is a view, so the numbers are copied once.
    """
    view = target.reshape(shape + sums)
    whole = np.broadcast_to(source, sums + shape)
    order = tuple(range(len(sums), len(sums) + len(shape))) + tuple(range(len(sums)))
    view[...] = whole.transpose(order)


def _canonical(
    data: np.ndarray, indices: np.ndarray, indptr: np.ndarray, n_columns: int
) -> sp.csr_array:
    """Return rows with sorted columns, duplicates added up and zeros left out."""
    if len(data) < np.iinfo(np.int32).max:
        indptr = indptr.astype(np.int32)
    matrix = sp.csr_array((data, indices, indptr), shape=(len(indptr) - 1, n_columns))
    matrix.sum_duplicates()
    if not matrix.data.all():
        matrix.eliminate_zeros()
    return matrix
