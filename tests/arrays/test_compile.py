"""A model with every feature, compiled by numpy, equals what Pyomo compiles from the same model."""

import numpy as np
import pyomo.environ as pyo
import pytest

from dcmodel.arrays import (
    ArrayParam,
    ArrayVar,
    FormulationError,
    array_constraint,
    array_expression,
    compile_model,
    cost_term,
)

YEARS, STEPS = 3, 8


@pytest.fixture
def model():
    """Battery, grid and portfolio in nested blocks, with every kind of row."""
    rng = np.random.default_rng(3)
    m = pyo.ConcreteModel()
    m.Y, m.T = pyo.RangeSet(0, YEARS - 1), pyo.RangeSet(0, STEPS - 1)
    m.zones = pyo.Set(initialize=["north", "south"])
    m.price = ArrayParam(m.Y, m.T, values=rng.random((YEARS, STEPS)))
    m.previous = ArrayParam(m.T, values=np.roll(np.arange(STEPS), 1))
    m.half = ArrayParam(m.T, values=np.arange(STEPS) // 4)
    m.share = ArrayParam(m.zones, values=[0.25, 0.75])
    m.rate = ArrayParam(values=0.07)
    m.zero_at_night = ArrayParam(m.T, values=np.arange(STEPS) % 2)
    m.ordinary_factor = pyo.Param(m.T, initialize={t: 1.0 + t for t in range(STEPS)})
    m.mutable_factor = pyo.Param(initialize=3.0, mutable=True)
    m.ordinary = pyo.Var(m.T, bounds=(0, 9))
    m.total = pyo.Var(domain=pyo.NonNegativeIntegers, bounds=(None, 50))
    m.budget = ArrayVar(lower=None, upper=80)
    m.asset = pyo.Block(["battery", "grid"])
    battery, grid = m.asset["battery"], m.asset["grid"]
    battery.charge = ArrayVar(m.Y, m.T, upper=4)
    battery.discharge = ArrayVar(m.Y, m.T, upper=rng.random(STEPS))
    battery.energy = ArrayVar(m.Y, m.T, lower=-1)
    battery.units = ArrayVar(m.Y, integer=True, upper=[[3, 4, 5]][0])
    grid.imports = ArrayVar(m.zones, m.Y, m.T)
    grid.peak = ArrayVar(m.Y, pyo.RangeSet(0, 1))
    _battery_rules(m, battery)
    _grid_rules(m, battery, grid)
    _portfolio_rules(m, battery, grid)
    return m


def _battery_rules(m, b):
    @array_expression(b, m.Y, m.T)
    def supply(b, y, t):
        return b.discharge[y, t] - b.charge[y, t] / 0.9

    @array_constraint(b, m.Y, m.T)
    def energy_balance(b, y, t):
        gained = 0.95 * b.charge[y, t] - b.discharge[y, t] / 0.95
        return b.energy[y, t] == 0.99 * b.energy[y, m.previous[t]] + gained

    @array_constraint(b, m.Y, m.T)
    def energy_limit(b, y, t):
        return b.energy[y, t] <= 4 * b.units[y]

    @array_constraint(b, m.Y, m.T, where=np.arange(STEPS) > 0)
    def ramp(b, y, t):
        return (-0.5, b.energy[y, t] - b.energy[y, t - 1], 0.5 + m.price[y, t])

    @array_constraint(b, m.Y, where=[False, True, True], couples_years=True)
    def growth(b, y):
        return b.units[y] >= b.units[y - 1]


def _grid_rules(m, battery, grid):
    @array_expression(grid, m.Y, m.T)
    def supply(b, y, t):
        return sum(b.imports[z, y, t] for z in m.zones)

    @array_constraint(grid, m.zones, m.Y, m.T)
    def contract(b, z, y, t):
        return 5 - m.share[z] * m.zero_at_night[t] >= b.imports[z, y, t] * m.zero_at_night[t]

    @array_constraint(grid, m.Y, m.T)
    def peak_limit(b, y, t):
        return b.imports["north", y, t] <= b.peak[y, m.half[t]]

    @array_constraint(grid, m.T)
    def branches_on_the_index(b, t):
        if t % 3 == 0:
            return pyo.Constraint.Skip
        return b.imports["south", 0, t] <= t + m.ordinary[t]

    @array_constraint(grid, m.Y)
    def branches_in_a_sum(b, y):
        return sum(battery.units[v] for v in m.Y if v <= y) <= 7 + y


def _portfolio_rules(m, battery, grid):
    m.named = pyo.Expression(expr=2 * m.total + m.rate * m.budget)

    @array_constraint(m, m.Y, m.T)
    def balance(m, y, t):
        supplies = sum(block.supply[y, t] for block in (battery, grid))
        return supplies == 3 + m.price[y, t] * m.rate

    @array_constraint(m, m.Y, m.T)
    def balance_over_a_set_of_blocks(m, y, t):
        return sum(m.asset[a].supply[y, t] for a in m.asset.index_set()) >= -m.total

    @array_constraint(m)
    def single_row(m):
        spent = sum(m.price[y, t] * grid.supply[y, t] + 1 for y in m.Y for t in m.T)
        scale = sum(m.price[y, t] for y in m.Y for t in m.T)
        return spent + scale * m.budget <= m.named + sum(m.total for t in m.T)

    @array_constraint(m, m.T)
    def ordinary_parts(m, t):
        factor = m.ordinary_factor[t] ** 2 - abs(2 - t) + pyo.sqrt(t + 1)
        return m.ordinary_factor[t] * m.ordinary[t] - factor * m.total >= -m.mutable_factor

    @array_constraint(m, m.T)
    def first_year_only(m, t):
        return battery.supply[0, t] + battery.supply[0, 5] <= grid.imports["north", 2, t] + t

    @array_constraint(m, m.Y)
    def same_variable_twice(m, y):
        return battery.units[y] + sum(battery.units[v] for v in m.Y) >= battery.units[2] + 1

    m.ordinary_rows = pyo.Constraint(
        m.T, rule=lambda m, t: (1, m.ordinary[t] + battery.charge[1, t], 6)
    )

    @cost_term(grid, m.Y, category="energy")
    def energy(b, y):
        return sum(m.price[y, t] * b.imports[z, y, t] for z in m.zones for t in m.T) + 5

    @cost_term(battery, m.Y, category="storage")
    def capital(b, y):
        return m.rate * sum(b.units[v] for v in m.Y) + m.ordinary[1] + b.supply[y, 2]

    @cost_term(m, m.Y, category="rest")
    def branches(m, y):
        return 3 * m.budget if y == 0 else m.total


def test_equals_pyomo_with_every_feature(model, same_as_pyomo):
    lp = same_as_pyomo(model, weights=[1.0, 0.9, 0.8])
    row_wise = {name for name, block in lp.rows.items() if not block.templated}
    assert row_wise == {
        "asset[grid].branches_on_the_index",
        "asset[grid].branches_in_a_sum",
        "ordinary_rows",
    }


def test_equals_pyomo_with_variables_fixed_and_rows_off(model, same_as_pyomo):
    battery, grid = model.asset["battery"], model.asset["grid"]
    battery.charge.fix(0.5, where=np.arange(STEPS) < 2)
    battery.units.fix([1, 2, 2])
    model.total.fix(4)
    grid.imports["north", 1, 3].fix(0.25)
    grid.contract["south", 2, 4].deactivate()
    battery.energy_limit.deactivate()
    model.ordinary_rows[3].deactivate()
    grid.branches_on_the_index[4].deactivate()
    lp = same_as_pyomo(model, weights=[1.0, 0.9, 0.8])
    assert "asset[battery].energy_limit" not in lp.rows
    assert lp.rows["asset[grid].contract"].stop - lp.rows["asset[grid].contract"].start == 47


def test_columns_and_rows_stand_in_the_order_of_declaration(model):
    lp = compile_model(model)
    ends = 0
    for block in lp.columns.values():
        assert block.start == ends
        ends = block.stop
    assert ends == lp.n_columns
    assert list(lp.columns)[:3] == ["ordinary", "total", "budget"]
    assert lp.column_name(lp.column("asset[grid].imports").start + YEARS * STEPS) == (
        "asset[grid].imports[south,0,0]"
    )


def test_matrix_is_canonical_and_lean(model):
    lp = compile_model(model)
    matrix = lp.matrix.copy()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    assert matrix.nnz == lp.matrix.nnz
    assert (matrix.indices == lp.matrix.indices).all()
    assert (lp.matrix.dtype, lp.matrix.indices.dtype) == (np.float64, np.int32)


def test_years_of_columns_and_rows(model):
    lp = compile_model(model)
    imports = lp.column_year[lp.column("asset[grid].imports")]
    assert (imports == np.tile(np.repeat(np.arange(YEARS), STEPS), 2)).all()
    assert (lp.column_year[lp.column("ordinary")] == -1).all()
    assert (lp.row_year[lp.row("asset[battery].growth")] == [1, 2]).all()
    assert (lp.row_year[lp.row("single_row")] == -1).all()


def test_rows_that_link_years_are_found_even_if_not_declared(model):
    lp = compile_model(model)
    linking = {name for name, block in lp.rows.items() if lp.couples_years[block.slice].any()}
    assert linking == {
        "asset[battery].growth",
        "asset[grid].branches_in_a_sum",
        "single_row",
        "first_year_only",
        "same_variable_twice",
    }
    first = lp.rows["asset[grid].branches_in_a_sum"].start
    assert lp.couples_years[first : first + 3].tolist() == [False, True, True]


def test_cost_terms_by_year(model):
    lp = compile_model(model, weights=[1.0, 0.5, 0.25])
    x = np.random.default_rng(0).random(lp.n_columns)
    values = lp.term_values(x)
    assert lp.term_names == ("branches", "asset[battery].capital", "asset[grid].energy")
    assert lp.term_categories == ("rest", "storage", "energy")
    assert lp.objective(x) == pytest.approx((values * [1.0, 0.5, 0.25]).sum())
    imports = lp.values("asset[grid].imports", x)
    expected = 5 + (model.price.array * imports.sum(0)).sum(1)
    assert values[2] == pytest.approx(expected)
    assert values[0] == pytest.approx([3 * x[lp.column("budget")][0]] + 2 * [x[8]])


def test_pyomo_objective_in_place_of_cost_terms(model, same_as_pyomo):
    model.objective = pyo.Objective(expr=2 * model.total + model.asset["battery"].supply[1, 1] - 7)
    lp = same_as_pyomo(model)
    assert lp.objective_name == "objective"
    with pytest.raises(FormulationError, match="not the sum of the cost terms"):
        lp.with_weights([1, 1, 1])


def test_refuses_what_is_no_linear_program(model):
    model.largest = pyo.Objective(expr=model.total, sense=pyo.maximize)
    with pytest.raises(FormulationError, match="cost to be minimised"):
        compile_model(model)
    model.largest.deactivate()
    model.sos = pyo.SOSConstraint(var=model.ordinary, sos=1)
    with pytest.raises(FormulationError, match="no place in a linear program"):
        compile_model(model)


def test_weights_must_fit_the_years(model):
    with pytest.raises(FormulationError, match=r"weights have shape \(2,\), the model has 3 years"):
        compile_model(model, weights=[1, 1])


def test_year_set_may_have_another_name():
    m = pyo.ConcreteModel()
    m.horizon = pyo.RangeSet(2025, 2027)
    m.x = ArrayVar(m.horizon)
    cost_term(m, m.horizon, category="all")(lambda m, y: (y - 2024) * m.x[y])
    m.c = pyo.Constraint(m.horizon, rule=lambda m, y: m.x[y] >= 1)
    lp = compile_model(m, [1, 1, 1], year_set=m.horizon)
    assert lp.column_year.tolist() == lp.row_year.tolist() == [0, 1, 2]
    assert lp.cost.tolist() == [1, 2, 3]
    assert lp.column_name(1) == "x[2026]"


def test_cost_term_over_another_set_is_refused():
    m = pyo.ConcreteModel()
    m.Y, m.T = pyo.RangeSet(0, 1), pyo.RangeSet(0, 3)
    m.x = ArrayVar(m.T)
    cost_term(m, m.T, category="all")(lambda m, t: m.x[t])
    with pytest.raises(FormulationError, match="indexed by the model's set of years"):
        compile_model(m)


def test_variables_and_rows_of_deactivated_blocks():
    m = pyo.ConcreteModel()
    m.Y = pyo.RangeSet(0, 1)
    m.inner = pyo.Block()
    m.inner.x = ArrayVar(m.Y)
    array_constraint(m.inner, m.Y)(_at_least_one)
    lp = compile_model(m)
    assert (lp.n_rows, lp.n_columns) == (2, 2)
    m.inner.deactivate()
    lp = compile_model(m)
    assert (lp.n_rows, lp.n_columns) == (0, 2)


def _at_least_one(b, y):
    return b.x[y] >= 1


def test_an_empty_model_is_an_empty_program():
    lp = compile_model(pyo.ConcreteModel())
    assert (lp.n_rows, lp.n_columns, lp.offset) == (0, 0, 0)


def test_bounds_that_cross_are_refused():
    m = pyo.ConcreteModel()
    m.Y = pyo.RangeSet(0, 2)
    m.x = ArrayVar(m.Y, lower=[0, 5, 0], upper=3)
    with pytest.raises(FormulationError, match=r"x: lower bound above upper bound at \[1\]"):
        compile_model(m)


def test_references_are_other_names_and_no_columns():
    m = pyo.ConcreteModel()
    m.Y = pyo.RangeSet(0, 1)
    m.v = pyo.Var(m.Y, bounds=(0, 1))
    m.x = ArrayVar(m.Y)
    m.same, m.also = pyo.Reference(m.v), pyo.Reference(m.x)
    m.law = pyo.Constraint(m.Y, rule=lambda m, y: m.same[y] + m.also[y] >= 1)
    lp = compile_model(m)
    assert list(lp.columns) == ["v", "x"]
    assert lp.matrix.toarray().tolist() == [[1, 0, 1, 0], [0, 1, 0, 1]]
    lp.load_solution(m, [0, 1, 2, 3])
    assert [m.also[y].value for y in m.Y] == [2, 3]
