"""Random small models: the compiled program equals Pyomo's own, whatever the rules say."""

import numpy as np
import pyomo.environ as pyo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcmodel.arrays import (
    ArrayConstraint,
    ArrayExpression,
    ArrayParam,
    ArrayVar,
    CostTerm,
    compile_model,
    evaluate,
)

LEAVES = {
    "hourly": lambda m, y, t: m.hourly[y, t],
    "mapped": lambda m, y, t: m.hourly[y, m.previous[t]],
    "shifted": lambda m, y, t: m.hourly[y, t - 1],
    "swapped": lambda m, y, t: m.by_zone["b", t, y],
    "yearly": lambda m, y, t: m.yearly[y],
    "scalar": lambda m, y, t: m.scalar,
    "fixed_index": lambda m, y, t: m.hourly[0, t] - m.yearly[1],
    "ordinary": lambda m, y, t: m.ordinary[t],
    "expression": lambda m, y, t: m.expression[y, t],
    "expression_mapped": lambda m, y, t: m.expression[1, m.previous[t]],
    "sum_hours": lambda m, y, t: sum(m.price[y, s] * m.hourly[y, s] for s in m.T),
    "sum_years": lambda m, y, t: sum(m.hourly[v, t] + m.yearly[v] - 2 for v in m.Y),
    "nested": lambda m, y, t: sum(m.price[v, 1] * sum(m.hourly[v, s] for s in m.T) for v in m.Y),
    "sum_alone": lambda m, y, t: sum(m.yearly[y] for s in m.T),
    "sum_zones": lambda m, y, t: sum(m.share[z] * m.by_zone[z, t, y] for z in m.Z),
    "price": lambda m, y, t: m.price[y, t],
    "index": lambda m, y, t: 2 * y - t,
    "sum_constant": lambda m, y, t: sum(m.price[v, t] for v in m.Y),
}  # fmt: skip
FACTORS = {
    "number": lambda m, y, t: -1.5,
    "zero": lambda m, y, t: 0,
    "price": lambda m, y, t: m.price[y, t],
    "share": lambda m, y, t: m.share["a"],
    "index": lambda m, y, t: y + 1,
    "total": lambda m, y, t: sum(m.price[y, s] for s in m.T),
    "rate": lambda m, y, t: m.rate,
}


def grow(children):
    factor = st.sampled_from(sorted(FACTORS))
    return st.one_of(
        st.tuples(st.just("add"), children, children),
        st.tuples(st.just("subtract"), children, children),
        st.tuples(st.just("negate"), children),
        st.tuples(st.just("times"), factor, children),
        st.tuples(st.just("over"), st.sampled_from(["number", "price", "index"]), children),
    )


EXPRESSIONS = st.recursive(st.tuples(st.just("leaf"), st.sampled_from(sorted(LEAVES))), grow)


def write(tree, m, y, t):
    match tree:
        case ("leaf", name):
            return LEAVES[name](m, y, t)
        case ("add", left, right):
            return write(left, m, y, t) + write(right, m, y, t)
        case ("subtract", left, right):
            return write(left, m, y, t) - write(right, m, y, t)
        case ("negate", one):
            return -write(one, m, y, t)
        case ("times", name, one):
            return FACTORS[name](m, y, t) * write(one, m, y, t)
        case ("over", name, one):
            return write(one, m, y, t) / FACTORS[name](m, y, t)
    raise AssertionError(tree)


def base_model(years, hours, seed):
    rng = np.random.default_rng(seed)
    m = pyo.ConcreteModel()
    m.Y, m.T = pyo.RangeSet(0, years - 1), pyo.RangeSet(0, hours - 1)
    m.Z = pyo.Set(initialize=["a", "b"])
    m.price = ArrayParam(m.Y, m.T, values=rng.uniform(0.5, 2, (years, hours)))
    m.previous = ArrayParam(m.T, values=np.roll(np.arange(hours), 1))
    m.share = ArrayParam(m.Z, values=[0.5, 2])
    m.rate = ArrayParam(values=0.25)
    m.hourly = ArrayVar(m.Y, m.T, upper=rng.uniform(1, 9, (years, hours)))
    m.by_zone = ArrayVar(m.Z, m.T, m.Y, lower=None)
    m.yearly = ArrayVar(m.Y, integer=True, upper=20)
    m.scalar = ArrayVar(lower=-3)
    m.anchor = ArrayVar(m.Y, m.T)
    m.ordinary = pyo.Var(m.T, bounds=(-1, 4))
    m.expression = ArrayExpression(m.Y, m.T, rule=_expression)
    return m


def _expression(m, y, t):
    return m.hourly[y, t] * m.price[y, t] - sum(m.by_zone[z, t, y] for z in m.Z) + 3


def constraint(m, tree, right, sense, where):
    def law(m, y, t):
        left = write(tree, m, y, t)
        end = write(right, m, y, t)
        if sense == "equal":
            return left + m.anchor[y, t] == end
        if sense == "range":
            return (-1, left + m.anchor[y, t], 1 + m.price[y, t])
        left = left + m.anchor[y, t]  # so that no row is empty
        return left <= end if sense == "below" else left >= end

    m.law = ArrayConstraint(m.Y, m.T, rule=law, where=where)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    tree=EXPRESSIONS,
    right=EXPRESSIONS,
    sense=st.sampled_from(["equal", "below", "above", "range"]),
    years=st.integers(2, 3),
    hours=st.integers(2, 4),
    seed=st.integers(0, 99),
)
def test_random_rules_equal_pyomo(same_as_pyomo, tree, right, sense, years, hours, seed):
    m = base_model(years, hours, seed)
    where = np.random.default_rng(seed).random((years, hours)) < 0.7
    where[:, 0] = False  # the shifted index has no hour before the first
    constraint(m, tree, right, sense, where)
    m.cost = CostTerm(m.Y, category="all", rule=lambda m, y: write(tree, m, y, hours - 1))
    lp = same_as_pyomo(m, weights=np.arange(1, years + 1))
    assert lp.rows["law"].templated


@settings(max_examples=40, deadline=None)
@given(tree=EXPRESSIONS, seed=st.integers(0, 99))
def test_random_expressions_have_the_same_value_however_they_are_read(tree, seed):
    m = base_model(2, 3, seed)
    m.found = ArrayExpression(m.Y, rule=lambda m, y: write(tree, m, y, 2))
    found = m.found
    lp = compile_model(m)
    x = np.random.default_rng(seed).uniform(-1, 2, lp.n_columns)
    before = evaluate(found, lp, x)
    lp.load_solution(m, x)
    one_by_one = [pyo.value(found[y]) for y in m.Y]
    np.testing.assert_allclose(found.array, one_by_one, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(before, one_by_one, rtol=1e-9, atol=1e-9)
