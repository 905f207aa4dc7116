"""Array constraints as Pyomo components: rows on demand, masks, switching off, falling back."""

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.common.errors import PyomoException

from dcmodel.arrays import (
    ArrayConstraint,
    ArrayParam,
    ArrayVar,
    FormulationError,
    array_constraint,
    compile_model,
)


@pytest.fixture
def m():
    m = pyo.ConcreteModel()
    m.Y, m.T = pyo.RangeSet(0, 1), pyo.RangeSet(0, 3)
    m.price = ArrayParam(m.T, values=[1.0, 2.0, 3.0, 4.0])
    m.previous = ArrayParam(m.T, values=[3, 0, 1, 2])
    m.x = ArrayVar(m.Y, m.T)
    m.size = ArrayVar(m.Y)
    return m


def test_the_rule_is_called_once(m):
    calls = []

    @array_constraint(m, m.Y, m.T, doc="Power stays below the size.")
    def law(m, y, t):
        calls.append((y, t))
        return m.x[y, t] <= m.size[y]

    assert len(calls) == 1
    assert compile_model(m).n_rows == 8
    assert len(calls) == 1
    assert m.law is law
    assert law.doc == "Power stays below the size."


def test_a_row_is_an_ordinary_pyomo_constraint(m):
    @array_constraint(m, m.Y, m.T)
    def law(m, y, t):
        return m.x[y, t] == m.price[t] * m.x[y, m.previous[t]] - m.size[y] / 2

    row = m.law[1, 0]
    assert str(row.expr) == "x[1,0]  ==  x[1,3] - 0.5*size[1]"
    assert row.name == "law[1,0]"
    m.x.array = np.arange(8).reshape(2, 4)
    m.size.array = 10
    assert pyo.value(row.body) == 4 - (7 - 5)
    assert m.law[1, 0] is row
    with pytest.raises(KeyError):
        m.law[2, 0]


def test_a_row_of_sums_is_an_ordinary_pyomo_constraint(m):
    def rule(m, y):
        return sum(m.price[t] * m.x[y, t] for t in m.T) <= sum(m.price[t] for t in m.T)

    m.law = ArrayConstraint(m.Y, rule=rule)
    assert m.law[0].ub == 10
    assert m.law[0].body.nargs() == 4


@pytest.mark.parametrize(
    ("rule", "low", "high"),
    [
        (lambda m, y: m.size[y] == 3, 3, 3),
        (lambda m, y: m.size[y] <= 3, -np.inf, 3),
        (lambda m, y: m.size[y] >= 3, 3, np.inf),
        (lambda m, y: m.size[y] + 2 <= 3, -np.inf, 1),
        (lambda m, y: (2, m.size[y], 3), 2, 3),
        (lambda m, y: (None, m.size[y], 3 + y), -np.inf, [3, 4]),
        (lambda m, y: pyo.inequality(2, m.size[y] + 1, m.price[y]), 1, [0, 1]),
        (lambda m, y: (m.size[y], 3), 3, 3),
        (lambda m, y: m.size[y] <= np.inf, -np.inf, np.inf),
    ],
)
def test_forms_of_a_row(m, rule, low, high):
    m.law = ArrayConstraint(m.Y, rule=rule)
    lp = compile_model(m)
    assert m.law.template is not None
    assert lp.row_lower.tolist() == np.broadcast_to(low, 2).tolist()
    assert lp.row_upper.tolist() == np.broadcast_to(high, 2).tolist()
    assert lp.matrix[:, lp.column("size")].toarray().tolist() == [[1, 0], [0, 1]]


def test_rows_exist_only_where_the_mask_is_true(m):
    mask = np.array([[True, False, True, True], [False, False, True, False]])
    m.law = ArrayConstraint(m.Y, m.T, where=mask, rule=lambda m, y, t: m.x[y, t] >= m.price[t] + y)
    lp = compile_model(m)
    assert [lp.row_name(i) for i in range(4)] == ["law[0,0]", "law[0,2]", "law[0,3]", "law[1,2]"]
    assert lp.row_lower.tolist() == [1, 3, 4, 4]
    assert lp.row_year.tolist() == [0, 0, 0, 1]
    assert lp.matrix.indices.tolist() == [0, 2, 3, 6]
    assert (len(m.law), (0, 1) in m.law, (1, 2) in m.law) == (4, False, True)
    assert list(m.law.keys()) == [(0, 0), (0, 2), (0, 3), (1, 2)]
    with pytest.raises(KeyError):
        m.law[0, 1]


def test_the_mask_must_fit(m):
    with pytest.raises(FormulationError, match="law: where have shape"):
        m.law = ArrayConstraint(m.Y, where=[True] * 3, rule=lambda m, y: m.size[y] >= 0)


def test_an_index_outside_the_set_is_named(m):
    m.law = ArrayConstraint(m.Y, m.T, rule=lambda m, y, t: m.x[y, t] >= m.x[y, t - 1])
    with pytest.raises(FormulationError, match=r"law: index .*: -1 is not in set T.*where="):
        compile_model(m)
    m.del_component("law")
    where = np.arange(4) > 0
    m.law = ArrayConstraint(m.Y, m.T, where=where, rule=lambda m, y, t: m.x[y, t] >= m.x[y, t - 1])
    assert compile_model(m).n_rows == 6


def test_rows_and_components_can_be_switched_off(m):
    m.law = ArrayConstraint(m.Y, m.T, rule=lambda m, y, t: m.x[y, t] <= m.size[y])
    m.law[1, 1].deactivate()
    lp = compile_model(m)
    assert lp.n_rows == 7
    assert "law[1,1]" not in [lp.row_name(i) for i in range(7)]
    m.law.deactivate()
    assert compile_model(m).n_rows == 0
    m.law.activate()
    assert compile_model(m).n_rows == 8
    assert m.law[1, 1].active


def test_a_single_row(m):
    m.law = ArrayConstraint(rule=lambda m: sum(m.x[y, t] for y in m.Y for t in m.T) <= m.size[0])
    assert isinstance(m.law, ArrayConstraint)
    lp = compile_model(m)
    assert (lp.n_rows, lp.matrix.nnz, lp.row_name(0)) == (1, 9, "law")
    assert lp.rows["law"].templated
    assert m.law.body.nargs() == 9
    m.law.deactivate()
    assert compile_model(m).n_rows == 0
    m.law.activate()
    assert compile_model(m).n_rows == 1


@pytest.mark.parametrize(
    "rule",
    [
        lambda m, y, t: m.x[y, t] <= (1 if t == 0 else 2),
        lambda m, y, t: m.x[y, t] <= (1 if t in (0, 7) else 2),
        lambda m, y, t: m.x[y, t] <= (2 if t in m.T and t else 1),
        lambda m, y, t: m.x[y, t] <= {0: 1}.get(t, 2),
        lambda m, y, t: m.x[y, t] <= [1, 2, 2, 2][t],
        lambda m, y, t: m.x[y, t] <= np.array([1, 2, 2, 2])[t],
        lambda m, y, t: m.x[y, t] <= min(1 + t, 2),
        lambda m, y, t: m.x[y, t] <= 2 - (t % 4 == 0),
        lambda m, y, t: m.x[y, t] <= 1 + (t != m.T.first()),
        lambda m, y, t: sum(m.x[y, s] for s in m.T if s == t) <= (2 if t > 0 else 1),
        lambda m, y, t: sum(m.x[y, t] / 2 for v in m.Y for k in (1,)) <= (2 if t > 0 else 1),
        lambda m, y, t: pyo.quicksum(m.x[y, t] / 2 for v in m.Y) <= (2 if t > 0 else 1),
    ],
)
def test_rules_that_need_numbers_are_compiled_row_by_row(m, rule):
    m.law = ArrayConstraint(m.Y, m.T, rule=rule)
    lp = compile_model(m)
    assert not lp.rows["law"].templated
    assert m.law.reason
    assert lp.row_upper.tolist() == [1, 2, 2, 2] * 2
    assert lp.matrix[:, lp.column("x")].toarray().tolist() == np.eye(8).tolist()


def test_a_sum_of_a_set_and_a_sequence_is_not_cut_short(m):
    m.law = ArrayConstraint(rule=lambda m: sum(k * m.size[y] for y in m.Y for k in (1, 2)) <= 1)
    assert compile_model(m).matrix.data.tolist() == [3, 3]


def test_rows_that_are_skipped_do_not_exist(m):
    def rule(m, y, t):
        return m.x[y, t] <= 1 if t > 1 else pyo.Constraint.Skip

    m.law = ArrayConstraint(m.Y, m.T, rule=rule)
    lp = compile_model(m)
    assert [lp.row_name(i) for i in range(lp.n_rows)] == [
        f"law[{y},{t}]" for y in (0, 1) for t in (2, 3)
    ]
    assert len(m.law) == 4
    m.none = ArrayConstraint(m.Y, rule=lambda m, y: pyo.Constraint.Skip)
    assert compile_model(m).n_rows == 4


def test_a_wrong_rule_fails_where_it_is_declared(m):
    with pytest.raises(AttributeError, match="nowhere"):
        m.law = ArrayConstraint(m.Y, rule=lambda m, y: m.nowhere[y] >= 0)
    with pytest.raises(ValueError, match="rule returned None"):
        m.other = ArrayConstraint(m.Y, rule=lambda m, y: None)
    with pytest.raises(PyomoException, match="Cannot convert non-constant"):
        m.chained = ArrayConstraint(m.Y, rule=lambda m, y: 0 <= m.size[y] <= 1)


def test_an_unknown_index_of_a_rule_is_an_error(m):
    m.law = ArrayConstraint(m.Y, rule=lambda m, y: m.x[y] >= 0)
    with pytest.raises((FormulationError, KeyError)):
        compile_model(m)


def test_strict_inequalities_are_refused(m):
    m.law = ArrayConstraint(m.Y, rule=lambda m, y: m.size[y] < 1)
    with pytest.raises(FormulationError, match="law: write <= or >="):
        compile_model(m)


def test_rows_cannot_be_replaced_one_by_one(m):
    m.law = ArrayConstraint(m.Y, rule=lambda m, y: m.size[y] <= 1)
    with pytest.raises(FormulationError, match="cannot be replaced"):
        m.law[0].set_value(m.size[0] <= 2)
    with pytest.raises(FormulationError, match="cannot be replaced"):
        m.law[0] = m.size[0] <= 2


def test_pyomo_walks_over_all_rows_and_variables(m):
    m.law = ArrayConstraint(m.Y, m.T, rule=lambda m, y, t: m.x[y, t] <= m.size[y])
    assert sum(1 for _ in m.component_data_objects(pyo.Constraint, active=True)) == 8
    assert sum(1 for _ in m.component_data_objects(pyo.Var)) == 10
    m.law.deactivate()
    assert sum(1 for _ in m.component_data_objects(pyo.Constraint, active=True)) == 0
