"""Array expressions: put in anywhere, evaluated by numpy or element by element."""

import numpy as np
import pyomo.environ as pyo
import pytest

from dcmodel.arrays import (
    ArrayConstraint,
    ArrayExpression,
    ArrayParam,
    ArrayVar,
    CostTerm,
    FormulationError,
    array_expression,
    compile_model,
    cost_term,
    evaluate,
)


@pytest.fixture
def m():
    m = pyo.ConcreteModel()
    m.Y, m.T = pyo.RangeSet(0, 1), pyo.RangeSet(0, 3)
    m.price = ArrayParam(m.T, values=[1.0, 2.0, 3.0, 4.0])
    m.previous = ArrayParam(m.T, values=[3, 0, 1, 2])
    m.x = ArrayVar(m.Y, m.T)
    m.size = ArrayVar(m.Y)

    @array_expression(m, m.Y, m.T, doc="Power [MW]")
    def net(m, y, t):
        return 2 * m.x[y, t] - m.size[y] + m.price[t]

    return m


def test_used_with_placeholders_numbers_and_mapped_indices(m):
    m.mapped = ArrayConstraint(m.Y, m.T, rule=lambda m, y, t: m.net[y, m.previous[t]] <= 0)
    m.number = ArrayConstraint(m.T, rule=lambda m, t: m.net[1, t] <= 0)
    m.both = ArrayConstraint(rule=lambda m: m.net[1, 2] <= 0)
    m.ordinary = pyo.Constraint(expr=m.net[1, 2] <= 0)
    lp = compile_model(m)
    x = np.random.default_rng(0).random(lp.n_columns)
    net = 2 * x[:8].reshape(2, 4) - x[8:][:, None] + [1, 2, 3, 4]
    slack = lp.matrix @ x - lp.row_upper
    assert slack[lp.row("mapped")] == pytest.approx(np.roll(net, 1, axis=1).ravel())
    assert slack[lp.row("number")] == pytest.approx(net[1])
    assert slack[lp.row("both")] == pytest.approx(net[1, 2])
    assert slack[lp.row("ordinary")] == pytest.approx(net[1, 2])
    assert [block.templated for block in lp.rows.values()] == [True, True, True, False]


def test_nested_expressions_and_sums(m):
    m.yearly = ArrayExpression(m.Y, rule=lambda m, y: sum(m.net[y, t] * m.price[t] for t in m.T))
    m.total = ArrayExpression(rule=lambda m: sum(m.yearly[y] for y in m.Y))
    m.law = ArrayConstraint(rule=lambda m: m.total / 2 >= m.yearly[0] + 1)
    lp = compile_model(m)
    assert lp.rows["law"].templated
    x = np.random.default_rng(0).random(lp.n_columns)
    net = 2 * x[:8].reshape(2, 4) - x[8:][:, None] + [1, 2, 3, 4]
    yearly = net @ [1, 2, 3, 4]
    body = yearly.sum() / 2 - yearly[0] - 1
    assert lp.row_upper[0] - (lp.matrix @ x)[0] == pytest.approx(body)
    assert evaluate(m.total, lp, x) == pytest.approx(yearly.sum())
    lp.load_solution(m, x)
    assert m.net.array == pytest.approx(net)
    assert m.yearly.array == pytest.approx(yearly)
    assert m.total.array == pytest.approx(yearly.sum())
    assert pyo.value(m.total) == pytest.approx(yearly.sum())
    assert pyo.value(m.yearly[1]) == pytest.approx(yearly[1])


def test_an_element_is_an_ordinary_pyomo_expression(m):
    assert str(m.net[1, 2].expr) == "2*x[1,2] - size[1] + 3.0"
    assert m.net[1, 2].name == "net[1,2]"
    assert m.net.doc == "Power [MW]"
    assert len(m.net) == 8


def test_a_rule_that_branches_is_evaluated_element_by_element(m):
    @array_expression(m, m.T)
    def branch(m, t):
        return m.x[0, t] if t < 2 else m.price[t] * m.size[1]

    m.law = ArrayConstraint(m.T, rule=lambda m, t: m.branch[t] <= m.size[0])
    lp = compile_model(m)
    assert not lp.rows["law"].templated
    assert "branch has no array form" in m.law.reason
    assert lp.matrix.toarray()[3].tolist() == [0] * 8 + [-1, 4]
    x = np.arange(10.0)
    lp.load_solution(m, x)
    assert m.branch.array.tolist() == [0, 1, 27, 36]
    assert evaluate(m.branch, lp, x).tolist() == [0, 1, 27, 36]


def test_a_scalar_expression_that_branches(m):
    m.law = ArrayExpression(rule=lambda m: sum(m.size[y] for y in m.Y if y > 0) + 1)
    m.row = ArrayConstraint(rule=lambda m: 2 * m.law <= 0)
    lp = compile_model(m)
    assert lp.matrix.toarray().tolist() == [[0] * 9 + [2]]
    assert lp.row_upper.tolist() == [-2]
    assert evaluate(m.law, lp, np.arange(10.0)) == 10


def test_new_parameter_values_reach_elements_made_before(m):
    element = m.net[0, 0]
    m.ordinary = pyo.Constraint(expr=element <= 0)
    m.price.set_values(7)
    assert "7" in str(m.net[0, 0].expr)
    assert compile_model(m).row_upper.tolist() == [-7]


def test_a_cost_term_is_over_years_alone(m):
    @cost_term(m, m.Y, category="energy", doc="Energy [USD]")
    def cost(m, y):
        return sum(m.price[t] * m.x[y, t] for t in m.T) + 10 * (y + 1)

    assert isinstance(m.cost, CostTerm)
    assert (m.cost.category, m.cost.doc) == ("energy", "Energy [USD]")
    lp = compile_model(m, weights=[1, 0.5])
    assert lp.offset == 20
    assert lp.cost.tolist() == [1, 2, 3, 4, 0.5, 1, 1.5, 2, 0, 0]
    m.x.array = 1
    assert m.cost.array.tolist() == [20, 30]
    with pytest.raises(TypeError):
        CostTerm(m.Y, m.T, category="energy", rule=lambda m, y, t: m.x[y, t])


def test_an_expression_may_be_a_constant(m):
    m.constant = ArrayExpression(m.Y, rule=lambda m, y: sum(m.price[t] for t in m.T) + y)
    m.law = ArrayConstraint(m.Y, rule=lambda m, y: m.size[y] >= m.constant[y])
    assert compile_model(m).row_lower.tolist() == [10, 11]
    assert m.constant.array.tolist() == [10, 11]


def test_products_of_variables_are_refused_with_the_name_of_the_rule(m):
    m.product = ArrayExpression(m.Y, rule=lambda m, y: m.size[y] * m.net[y, 1])
    m.law = ArrayConstraint(m.Y, rule=lambda m, y: m.product[y] <= 1)
    with pytest.raises(FormulationError, match=r"law: .* is not linear in the variables"):
        compile_model(m)
