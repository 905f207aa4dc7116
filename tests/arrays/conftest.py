"""The compiled program against Pyomo's own compiler, matched by names."""

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from dcmodel.arrays import compile_model

ROUNDING = 1e-12  # what is left where terms cancel, depending on the order of additions


def rows_of_program(lp):
    """Return row name -> (coefficients by column name, lower, upper), fixed columns moved right."""
    names = [lp.column_name(j) for j in range(lp.n_columns)]
    fixed = lp.lower == lp.upper
    rows = {}
    for i in range(lp.n_rows):
        part = slice(lp.matrix.indptr[i], lp.matrix.indptr[i + 1])
        pairs = list(zip(lp.matrix.indices[part].tolist(), lp.matrix.data[part], strict=True))
        constant = sum(a * lp.lower[j] for j, a in pairs if fixed[j])
        coefficients = {names[j]: a for j, a in pairs if not fixed[j] and abs(a) > ROUNDING}
        if coefficients:
            bounds = (lp.row_lower[i] - constant, lp.row_upper[i] - constant)
            rows[lp.row_name(i)] = (coefficients, *bounds)
    return rows


def rows_of_pyomo(info):
    """Return the same from Pyomo's standard form; ranged rows come in two parts there."""
    names = [variable.name for variable in info.columns]
    matrix = info.A.tocsr()
    rows = {}
    for i, (constraint, kind) in enumerate(info.rows):
        part = slice(matrix.indptr[i], matrix.indptr[i + 1])
        pairs = zip(matrix.indices[part].tolist(), matrix.data[part], strict=True)
        coefficients = {names[j]: a for j, a in pairs if abs(a) > ROUNDING}
        _, lower, upper = rows.get(constraint.name, ({}, -np.inf, np.inf))
        lower = info.rhs[i] if kind <= 0 else lower
        upper = info.rhs[i] if kind >= 0 else upper
        if coefficients:
            rows[constraint.name] = (coefficients, lower, upper)
    return rows


def _sign(row, coefficients):
    """Return -1 for a row that Pyomo wrote with its sides exchanged.

    Python asks the right side of ``==`` first if its class is a subclass of that of the left side,
    and Pyomo takes a constant expression inside another for a variable one; concrete expressions
    and templates differ in both.
    """
    column, a = next(iter(coefficients.items()))
    return -1 if row[0].get(column, 0) * a < 0 else 1


def assert_program_is(lp, m):
    """Hold rows, columns, bounds and objective of `lp` against Pyomo's compiler on `m`."""
    info = LinearStandardFormCompiler().write(m, mixed_form=True)
    ours, theirs = rows_of_program(lp), rows_of_pyomo(info)
    assert set(ours) == set(theirs)
    for name, (coefficients, lower, upper) in theirs.items():
        sign = _sign(ours[name], coefficients)
        expected = {column: sign * a for column, a in coefficients.items()}
        assert ours[name][0] == pytest.approx(expected, rel=1e-10, abs=1e-12), name
        ends = (lower, upper) if sign > 0 else (-upper, -lower)
        assert ours[name][1:] == pytest.approx(ends, rel=1e-9, abs=1e-9), name
    number = {lp.column_name(j): j for j in range(lp.n_columns)}
    costs = np.asarray(info.c.todense()).reshape(-1)
    free = np.ones(lp.n_columns, dtype=bool)
    for variable, cost in zip(info.columns, costs, strict=True):
        j = number[variable.name]
        free[j] = False
        low, high = variable.bounds
        assert lp.lower[j] == (-np.inf if low is None else low)
        assert lp.upper[j] == (np.inf if high is None else high)
        assert lp.integer[j] == variable.is_integer()
        assert lp.cost[j] == pytest.approx(cost, rel=1e-12, abs=1e-12)
    fixed = lp.lower == lp.upper
    assert (abs(lp.cost[free & ~fixed]) < ROUNDING).all()
    offset = lp.offset + (lp.cost * np.where(fixed, lp.lower, 0))[free].sum()
    assert offset == pytest.approx(info.c_offset[0], rel=1e-12, abs=1e-9)


@pytest.fixture
def same_as_pyomo():
    """Compile a model with weights, hold it against Pyomo, and return the program."""

    def check(m, weights=None):
        lp = compile_model(m, weights)
        if not lp.objective_name:
            terms = [m.find_component(name) for name in lp.term_names]
            cost = sum(w * term[y] for term in terms for w, y in zip(lp.weights, m.Y, strict=True))
            m.objective_of_test = pyo.Objective(expr=cost)
        assert_program_is(lp, m)
        if not lp.objective_name:
            m.del_component("objective_of_test")
        return lp

    return check
