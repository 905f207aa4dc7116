"""The program: names, cheap copies, ranges of coefficients."""

import pickle

import numpy as np
import pyomo.environ as pyo
import pytest

from dcmodel.arrays import ArrayConstraint, ArrayVar, CostTerm, FormulationError, compile_model

YEARS = (2025, 2026)


@pytest.fixture
def lp():
    m = pyo.ConcreteModel()
    m.Y, m.Z = pyo.RangeSet(2025, 2026), pyo.Set(initialize=["a", "b"])
    m.pairs = pyo.Set(initialize=[(1, 2), (3, 4)], dimen=2)
    m.x = ArrayVar(m.Z, m.Y, upper=100, doc="Power [MW]")
    m.size = ArrayVar()
    m.odd = pyo.Var(m.pairs, bounds=(0, 1))
    m.flows = pyo.Var(m.Z, m.Y, within=pyo.NonNegativeIntegers)
    m.limit = ArrayConstraint(m.Z, m.Y, rule=lambda m, z, y: 4 * m.x[z, y] <= m.size + 0.01)
    m.cost = CostTerm(m.Y, category="all", rule=lambda m, y: 5 * m.x["b", y] + m.size)
    return compile_model(m, weights=[1, 0.5])


def test_names_of_elements(lp):
    names = [lp.column_name(j) for j in range(lp.n_columns)]
    assert names[:5] == ["x[a,2025]", "x[a,2026]", "x[b,2025]", "x[b,2026]", "size"]
    assert names[5:] == ["odd[1,2]", "odd[3,4]", *(f"flows[{z},{y}]" for z in "ab" for y in YEARS)]
    assert [lp.row_name(i) for i in range(2)] == ["limit[a,2025]", "limit[a,2026]"]
    with pytest.raises(IndexError):
        lp.column_name(11)


def test_blocks(lp):
    assert lp.column("x") == slice(0, 4)
    assert lp.columns["x"].doc == "Power [MW]"
    assert lp.columns["x"].has_year_axis
    assert not lp.columns["size"].has_year_axis
    assert lp.column_year.tolist() == [0, 1, 0, 1, -1, -1, -1, 0, 1, 0, 1]
    with pytest.raises(
        KeyError, match="'y' is not in the linear program; there are: x, size, odd, flows"
    ):
        lp.column("y")


def test_values_and_duals_in_the_shape_of_the_component(lp):
    assert lp.values("x", np.arange(11.0)).tolist() == [[0, 1], [2, 3]]
    assert lp.duals("limit", np.arange(4.0)).tolist() == [[0, 1], [2, 3]]


def test_copies_share_what_does_not_change(lp):
    fixed = lp.with_fixed(lp.column("size"), 3)
    assert (fixed.lower[4], fixed.upper[4]) == (3, 3)
    assert (lp.lower[4], lp.upper[4]) == (0, np.inf)
    assert fixed.matrix is lp.matrix
    other = lp.replace(cost=np.ones(11))
    assert other.objective(np.ones(11)) == 11
    with pytest.raises(FormulationError, match=r"cost has shape \(3,\)"):
        lp.replace(cost=np.ones(3))


def test_other_weights(lp):
    assert lp.cost.tolist() == [0, 0, 5, 2.5, 1.5] + [0] * 6
    assert lp.with_weights([0, 2]).cost.tolist() == [0, 0, 0, 10, 2] + [0] * 6
    with pytest.raises(FormulationError, match="weights have shape"):
        lp.with_weights([1])


def test_ranges_of_coefficients(lp):
    assert lp.coefficient_range() == {
        "matrix": (1, 4),
        "cost": (1.5, 5),
        "bounds": (1, 100),
        "right_hand_side": (0.01, 0.01),
    }


def test_ranges_of_units_pass_over_small_values_of_a_series(lp):
    # costs: x 5 and 2.5, size 1.5; a price near zero in one year says nothing of the unit
    cost = lp.cost.copy()
    cost[3] = 1e-9
    shown = lp.replace(cost=cost)
    assert shown.coefficient_range()["cost"] == (1e-9, 5)
    assert shown.unit_range()["cost"] == (1.5, 5)
    # one component in another unit does
    cost[lp.column("size")] *= 1e9
    assert lp.replace(cost=cost).unit_range()["cost"] == (5, 1.5e9)


def test_ranges_of_units_of_a_program(lp):
    # rows: 4 x - size; bounds: x up to 100, odd up to 1; right-hand side 0.01
    assert lp.unit_range() == {
        "matrix": (4, 4),
        "cost": (1.5, 5),
        "bounds": (1, 100),
        "right_hand_side": (0.01, 0.01),
    }


def test_a_program_travels_to_a_worker(lp):
    twin = pickle.loads(pickle.dumps(lp))
    assert twin.column_name(3) == "x[b,2026]"
    assert (twin.matrix != lp.matrix).nnz == 0
    assert twin.rows.keys() == lp.rows.keys()
