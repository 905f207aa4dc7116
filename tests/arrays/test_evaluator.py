"""Numpy evaluation of templates: every kind of node, and what it refuses."""

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.core.expr.numeric_expr import MaxExpression, MinExpression

from dcmodel.arrays import (
    ArrayConstraint,
    ArrayParam,
    ArrayVar,
    FormulationError,
    compile_model,
)

T = 4


@pytest.fixture
def m():
    m = pyo.ConcreteModel()
    m.T = pyo.RangeSet(0, T - 1)
    m.p = ArrayParam(m.T, values=[1.0, 2.0, 3.0, 4.0])
    m.x = ArrayVar(m.T)
    return m


def coefficients(m, rule):
    """Return the coefficient of x[t] in row t of ``rule(m, t) * x[t] <= 1``."""
    m.law = ArrayConstraint(m.T, rule=lambda m, t: rule(m, t) * m.x[t] <= 1)
    lp = compile_model(m)
    assert lp.rows["law"].templated
    return lp.matrix.toarray().diagonal()


t = np.arange(T)
p = t + 1.0


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (lambda m, t: m.p[t] ** 2, p**2),
        (lambda m, t: 2 ** (-m.p[t]), 0.5**p),
        (lambda m, t: pyo.exp(m.p[t]), np.exp(p)),
        (lambda m, t: pyo.sqrt(m.p[t]) + pyo.log(m.p[t]), np.sqrt(p) + np.log(p)),
        (lambda m, t: abs(t - 2) + 1, abs(t - 2) + 1),
        (lambda m, t: MaxExpression((m.p[t], 2.5)), np.maximum(p, 2.5)),
        (lambda m, t: MinExpression((m.p[t], 2.5, t + 0.5)), np.minimum(t + 0.5, 2.5)),
        (lambda m, t: -(m.p[t] - 9) / (1 + t), (9 - p) / (1 + t)),
        (lambda m, t: sum(m.p[s] for s in m.T) / m.p[t], 10 / p),
        (lambda m, t: sum(m.p[s] * m.p[t] + 1 for s in m.T), 10 * p + 4),
        (lambda m, t: sum(sum(m.p[s] * m.p[r] for r in m.T) for s in m.T), np.full(T, 100)),
        (lambda m, t: sum(m.p[t] for s in m.T), 4 * p),
        (lambda m, t: m.p[3 - t], p[::-1]),
        (lambda m, t: m.p[0] + m.p[t], 1 + p),
    ],
)  # fmt: skip
def test_constants(m, rule, expected):
    assert coefficients(m, rule) == pytest.approx(expected, rel=1e-14)


def test_a_sum_over_pairs_of_a_set(m):
    m.pairs = pyo.Set(initialize=[(0, 1), (2, 3), (0, 3)], dimen=2)
    m.law = ArrayConstraint(
        m.T, rule=lambda m, t: sum(m.p[i] * m.x[j] for i, j in m.pairs) + m.x[t] >= 0
    )
    lp = compile_model(m)
    assert lp.rows["law"].templated
    assert lp.matrix.toarray().tolist() == np.add(np.eye(T), [0, 1, 0, 4]).tolist()


def test_a_sum_over_an_empty_set(m):
    m.none = pyo.Set(initialize=[])
    m.law = ArrayConstraint(m.T, rule=lambda m, t: m.x[t] + sum(m.x[s] for s in m.none) <= 1)
    assert compile_model(m).matrix.toarray().tolist() == np.eye(T).tolist()


def test_a_sum_of_a_term_that_does_not_depend_on_it_is_one_entry(m):
    m.law = ArrayConstraint(m.T, rule=lambda m, t: sum(2 * m.x[t] for s in m.T) <= 1)
    lp = compile_model(m)
    assert lp.matrix.nnz == T
    assert lp.matrix.data.tolist() == [8] * T


def test_terms_that_cancel_leave_no_entry(m):
    m.law = ArrayConstraint(m.T, rule=lambda m, t: m.x[t] + m.x[0] - m.x[t] <= 1)
    assert compile_model(m).matrix.nnz == T


def test_ordinary_components_inside_array_rules(m):
    m.q = pyo.Param(m.T, initialize={k: k + 1 for k in range(T)}, mutable=True)
    m.v = pyo.Var(m.T)
    m.s = pyo.Var()
    m.law = ArrayConstraint(m.T, rule=lambda m, t: m.q[t] * m.v[3 - t] + m.s <= m.q[0])
    lp = compile_model(m)
    assert lp.rows["law"].templated
    assert lp.matrix[:, lp.column("v")].toarray().tolist() == np.fliplr(np.diag(p)).tolist()
    m.q[2] = 8
    assert compile_model(m).matrix.data.max() == 8


def test_an_ordinary_parameter_may_name_members_of_a_set(m):
    m.zones = pyo.Set(initialize=["a", "b"])
    m.zone_of = pyo.Param(m.T, initialize=dict(enumerate("abba")), within=pyo.Any)
    m.flow = ArrayVar(m.zones)
    m.law = ArrayConstraint(m.T, rule=lambda m, t: m.flow[m.zone_of[t]] >= m.x[t])
    lp = compile_model(m)
    columns = lp.matrix[:, lp.column("flow")].toarray()
    assert abs(columns).tolist() == [[1, 0], [0, 1], [0, 1], [1, 0]]


def test_ordinary_variables_that_do_not_exist(m):
    m.v = pyo.Var(m.T, dense=False)
    m.v[1].setub(3)
    m.law = ArrayConstraint(m.T, rule=lambda m, t: m.v[t] <= 1)
    with pytest.raises(FormulationError, match="law: v has no element for some of the indices"):
        compile_model(m)


def test_ordinary_expressions_are_taken_row_by_row(m):
    m.e = pyo.Expression(m.T, rule=lambda m, t: m.p[t] * m.x[t])
    m.law = ArrayConstraint(m.T, rule=lambda m, t: m.e[t] <= 1)
    lp = compile_model(m)
    assert not lp.rows["law"].templated
    assert lp.matrix.toarray().diagonal().tolist() == [1, 2, 3, 4]


def test_blocks_of_different_contents_in_a_sum(m):
    m.kinds = pyo.Set(initialize=["a", "b"])
    m.unit = pyo.Block(m.kinds)
    m.unit["a"].power = ArrayVar(m.T)
    m.unit["b"].power = pyo.Expression(m.T, rule=lambda b, t: 3 * m.x[t])
    m.unit["a"].units = ArrayVar(upper=2)
    m.unit["b"].units = ArrayVar(upper=3)
    m.mixed = ArrayConstraint(m.T, rule=lambda m, t: sum(m.unit[k].power[t] for k in m.kinds) <= 1)
    m.sizes = ArrayConstraint(
        m.T, rule=lambda m, t: sum(m.unit[k].units for k in m.kinds) <= m.x[t]
    )
    m.each = ArrayConstraint(m.kinds, rule=lambda m, k: m.unit[k].units >= 1)
    lp = compile_model(m)
    assert lp.matrix[lp.row("mixed")].toarray()[1].nonzero()[0].tolist() == [1, 5]
    assert lp.rows["sizes"].templated
    assert lp.matrix[lp.row("sizes"), lp.column("unit[b].units")].toarray().tolist() == [[1]] * T
    assert not lp.rows["each"].templated
    assert lp.matrix[lp.row("each")].nonzero()[1].tolist() == [8, 9]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda m, t: m.x[t] * m.x[0] <= 1, r"law: x\[\S+\]\*x\[0\] is not linear"),
        (lambda m, t: 1 / m.x[t] <= 1, "law: .* is not linear"),
        (lambda m, t: m.x[t] ** 2 <= 1, "law: .* is not linear"),
        (lambda m, t: abs(m.x[t]) <= 1, "law: .* is not linear"),
        (lambda m, t: m.x[t] / (t - 1) <= 1, "law: division by zero"),
        (lambda m, t: pyo.log(t) * m.x[t] <= 1, "law: a coefficient of row 0 is not a finite"),
        (lambda m, t: m.x[t] <= pyo.log(t - 1), "law: a right-hand side is not a number"),
        (lambda m, t: (m.x[0], m.x[t], 1), "law: the ends of a range must be constant"),
        (lambda m, t: m.x[m.p[t] + 0.5] <= 1, r"law: index .*: 1.5 is not in set T \(0 to 3\)"),
    ],
)
def test_what_is_refused_is_named(m, rule, message):
    m.law = ArrayConstraint(m.T, rule=rule)
    with pytest.raises(FormulationError, match=message):
        compile_model(m)


def test_memory_follows_the_result():
    import tracemalloc

    m = pyo.ConcreteModel()
    m.Y, m.T = pyo.RangeSet(0, 9), pyo.RangeSet(0, 9999)
    m.p = ArrayParam(m.T, values=np.arange(1.0, 10001))
    m.x, m.size = ArrayVar(m.Y, m.T), ArrayVar(m.Y)
    m.law = ArrayConstraint(
        m.Y, rule=lambda m, y: sum(m.p[t] * m.x[y, t] for t in m.T) <= sum(m.size[v] for v in m.Y)
    )
    tracemalloc.start()
    lp = compile_model(m)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lp.matrix.nnz == 100_100
    assert peak < 12 * 12 * lp.matrix.nnz  # twelve times the entries of 12 bytes; 100 if broadcast
