"""Solutions of the compiled program are those of Pyomo's own way to the solver."""

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
    compile_model,
    evaluate,
)
from dcmodel.optimise import solve as solving


@pytest.fixture
def m():
    """Two years of a battery, bought power and ordinary components beside the arrays."""
    rng = np.random.default_rng(5)
    m = pyo.ConcreteModel()
    m.Y, m.T = pyo.RangeSet(0, 1), pyo.RangeSet(0, 11)
    m.price = ArrayParam(m.Y, m.T, values=rng.uniform(10, 90, (2, 12)))
    m.demand = ArrayParam(m.T, values=rng.uniform(3, 6, 12))
    m.previous = ArrayParam(m.T, values=np.roll(np.arange(12), 1))
    m.buy = ArrayVar(m.Y, m.T)
    m.flow, m.energy = ArrayVar(m.Y, m.T, lower=-2, upper=2), ArrayVar(m.Y, m.T, upper=5)
    m.peak = ArrayVar(m.Y)
    m.size = pyo.Var(bounds=(0, 8))
    m.balance = ArrayConstraint(
        m.Y, m.T, rule=lambda m, y, t: m.buy[y, t] == m.demand[t] + m.flow[y, t]
    )
    m.storage = ArrayConstraint(
        m.Y,
        m.T,
        rule=lambda m, y, t: m.energy[y, t] == m.energy[y, m.previous[t]] * 0.97 + m.flow[y, t],
    )
    m.limit = ArrayConstraint(
        m.Y, m.T, where=np.arange(12) > 5, rule=lambda m, y, t: m.energy[y, t] <= m.size
    )
    m.peak_limit = ArrayConstraint(m.Y, m.T, rule=lambda m, y, t: m.buy[y, t] <= m.peak[y])
    m.floor = pyo.Constraint(m.Y, rule=lambda m, y: m.peak[y] + m.size >= 6 + y)
    m.bill = ArrayExpression(m.Y, rule=lambda m, y: sum(m.price[y, t] * m.buy[y, t] for t in m.T))
    m.energy_cost = CostTerm(m.Y, category="energy", rule=lambda m, y: m.bill[y] + 3)
    m.peak_cost = CostTerm(m.Y, category="power", rule=lambda m, y: 120 * m.peak[y] + 9 * m.size)
    return m


WEIGHTS = [1.0, 0.9]


def solve(lp):
    """Return solution and duals."""
    solution = solving.solve(lp, solver="highs", tolerance=1e-9)
    return solution.x, solution.row_dual


def test_optimum_and_duals_are_those_of_pyomo(m):
    lp = compile_model(m, WEIGHTS)
    x, row_dual = solve(lp)
    cost = sum(WEIGHTS[y] * (m.energy_cost[y] + m.peak_cost[y]) for y in m.Y)
    m.objective = pyo.Objective(expr=cost)
    m.dual = pyo.Suffix(direction=pyo.Suffix.IMPORT)
    pyo.SolverFactory("appsi_highs").solve(m)
    assert lp.objective(x) == pytest.approx(pyo.value(m.objective), rel=1e-9)
    bought = m.buy.array.copy()
    theirs = {name: _duals(m, name) for name in ("balance", "peak_limit", "floor")}
    lp.load_solution(m, x, row_dual)
    assert pyo.value(m.objective) == pytest.approx(lp.objective(x))
    assert m.buy.array == pytest.approx(bought, abs=1e-7)
    assert m.balance.dual.ravel() == pytest.approx(theirs["balance"], abs=1e-6)
    assert m.peak_limit.dual.ravel() == pytest.approx(theirs["peak_limit"], abs=1e-6)
    assert [m.dual[m.floor[y]] for y in m.Y] == pytest.approx(theirs["floor"], abs=1e-6)


def _duals(m, name):
    return [m.dual[row] for row in m.component(name).values()]


def test_loaded_values_are_seen_everywhere(m):
    lp = compile_model(m, WEIGHTS)
    element = m.buy[1, 3]
    x, row_dual = solve(lp)
    lp.load_solution(m, x, row_dual)
    assert element.value == m.buy.array[1, 3] == x[lp.column("buy")][15]
    assert not element.stale
    assert m.size.value == pytest.approx(x[lp.column("size")][0])
    assert m.bill.array == pytest.approx((m.price.array * m.buy.array).sum(1))
    assert m.energy_cost.array + m.peak_cost.array == pytest.approx(lp.term_values(x).sum(0))
    assert pyo.value(m.balance[1, 3].body) == pytest.approx(pyo.value(m.balance[1, 3].upper))
    assert np.isnan(m.limit.dual[:, :6]).all()
    assert np.isfinite(m.limit.dual[:, 6:]).all()


def test_expressions_at_a_solution_that_is_not_loaded(m):
    m.mixed = ArrayExpression(m.T, rule=lambda m, t: m.buy[1, t] + 2 * m.size + m.peak[0])
    lp = compile_model(m, WEIGHTS)
    x = np.random.default_rng(1).random(lp.n_columns)
    expected = x[lp.column("buy")][12:] + 2 * x[lp.column("size")] + x[lp.column("peak")][0]
    assert evaluate(m.mixed, lp, x) == pytest.approx(expected)
    assert np.isnan(m.buy.array).all()


def test_a_loaded_solution_does_not_follow_the_vector(m):
    lp = compile_model(m, WEIGHTS)
    x = np.ones(lp.n_columns)
    lp.load_solution(m, x)
    x[:] = 2
    assert (m.buy.array == 1).all()


def test_vectors_must_fit(m):
    lp = compile_model(m, WEIGHTS)
    with pytest.raises(FormulationError, match=r"the solution has shape \(3,\)"):
        lp.load_solution(m, np.zeros(3))
    with pytest.raises(FormulationError, match=r"the duals have shape \(3,\)"):
        lp.load_solution(m, np.zeros(lp.n_columns), np.zeros(3))


def test_a_fixed_variable_costs_what_it_saves_elsewhere(m):
    lp = compile_model(m, WEIGHTS)
    free, _ = solve(lp)
    fixed, _ = solve(lp.with_fixed(lp.column("size"), 0))
    m.size.fix(0)
    again, _ = solve(compile_model(m, WEIGHTS))
    assert lp.objective(fixed) == pytest.approx(lp.objective(again))
    assert lp.objective(fixed) > lp.objective(free) + 1e-3
