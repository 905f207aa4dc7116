"""The check refuses wrong answers, and its bound never exceeds the optimum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from support.cases import make_case, optimum
from support.programs import pathway, program

from dcmodel.optimise.certify import check, dual_bound, implied_bounds
from dcmodel.optimise.solve import solve

# minimise x + y with x + 2 y >= 4, 3 x + y >= 3: the rows meet at (0.4, 1.8)
CORNER = program([1, 1], [[1, 2], [3, 1]], [4, 3], np.inf)
CORNER_X, CORNER_DUAL = np.array([0.4, 1.8]), np.array([0.4, 0.2])


def test_exact_optimum_is_proved():
    found = check(CORNER, CORNER_X, CORNER_DUAL)
    assert found.objective == pytest.approx(2.2)
    assert found.dual_bound == pytest.approx(2.2)
    assert found.primal_violation == 0
    assert found.accepts(1e-9)


def test_offset_counts_in_objective_and_bound():
    lp = program([1, 1], [[1, 2], [3, 1]], [4, 3], np.inf, offset=10)
    found = check(lp, CORNER_X, CORNER_DUAL)
    assert (found.objective, found.dual_bound) == pytest.approx((12.2, 12.2))


@pytest.mark.parametrize("shift", [-1e-3, -0.1])
def test_perturbed_solution_is_refused_and_its_row_known(shift):
    found = check(CORNER, CORNER_X + np.array([shift, 0]), CORNER_DUAL)
    assert not found.accepts(1.0)
    assert found.primal_violation == pytest.approx(-3 * shift)
    assert found.worst_row == 1


def test_feasible_but_dear_solution_is_refused():
    found = check(CORNER, np.array([4.0, 4.0]), CORNER_DUAL)
    assert found.primal_violation == 0
    assert found.gap == pytest.approx((8 - 2.2) / 8)
    assert not found.accepts(1e-3)


def test_wrong_multipliers_give_a_lower_bound_only():
    assert check(CORNER, CORNER_X, CORNER_DUAL * 0.5).dual_bound == pytest.approx(1.1)
    assert check(CORNER, CORNER_X, -CORNER_DUAL).dual_bound == pytest.approx(0.0)


def test_multiplier_against_an_absent_side_is_dropped():
    bound = dual_bound(CORNER, np.array([-1.0, 0.2]))
    assert bound.multiplier[0] == 0
    assert bound.violation == 1.0


def test_large_reduced_cost_towards_infinity_proves_nothing():
    assert check(CORNER, CORNER_X, CORNER_DUAL * 2).dual_bound == -np.inf


def test_noise_towards_infinity_is_charged_up_to_the_reach():
    noisy = CORNER_DUAL * (1 + 1e-10)
    found = check(CORNER, CORNER_X, noisy)
    assert found.reach == pytest.approx(180)
    # reduced costs are -1e-10 each: the bound loses 1e-10 times the reach for either column
    assert found.dual_bound == pytest.approx(2.2 * (1 + 1e-10) - 2e-10 * 180, abs=1e-12)


def test_no_multipliers_no_bound():
    found = check(CORNER, CORNER_X)
    assert found.dual_bound == -np.inf
    assert not found.accepts(1.0)


def test_not_a_number_is_refused():
    assert not check(CORNER, np.array([np.nan, 1.0]), CORNER_DUAL).accepts(1.0)


def test_violation_is_judged_against_the_terms_of_its_row():
    # a sum of 1e6 MWh that misses its limit by 1e-4 is a rounding error; a balance of 10 MW is not
    lp = program([1.0], [[1.0]], [1e6], [1e6])
    assert check(lp, np.array([1e6 - 1e-4]), np.array([1.0])).accepts(1e-6)
    lp = program([1.0], [[1.0]], [10.0], [10.0])
    assert not check(lp, np.array([10 - 1e-4]), np.array([1.0])).accepts(1e-3)


def test_column_bounds_are_checked():
    lp = program([1, 1], [[1, 1]], [1], np.inf, upper=0.4)
    assert check(lp, np.array([0.5, 0.5])).primal_violation == pytest.approx(0.1)


def test_rows_imply_column_bounds():
    # x <= p, p <= c, c <= 7: x and p have no bound of their own
    lp = program(
        0, [[1, -1, 0], [0, 1, -1]], -np.inf, 0.0, lower=[0, 0, 0], upper=[np.inf, np.inf, 7]
    )
    lower, upper = implied_bounds(lp)
    np.testing.assert_array_equal(upper, [7, 7, 7])
    np.testing.assert_array_equal(lower, 0)


def test_implied_bounds_from_equalities_and_negative_coefficients():
    # 2 a - 4 b = 8 with b in [-1, 3] puts a into [2, 10]
    lp = program(0, [[2, -4]], 8, 8, lower=[-np.inf, -1], upper=[np.inf, 3])
    lower, upper = implied_bounds(lp)
    assert (lower[0], upper[0]) == (2, 10)


def test_wrong_signed_column_with_an_implied_bound_keeps_the_bound_rigorous():
    lp = program([-1.0, 0.0], [[1, -1]], -np.inf, 0.0, upper=[np.inf, 5])
    found = check(lp, np.array([5.0, 5.0]), np.zeros(1))
    assert found.dual_bound == -5
    assert found.reach == 0


@st.composite
def feasible_programs(draw):
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    matrix = rng.integers(-3, 4, (m, n)).astype(float)
    inside = rng.integers(-3, 4, n).astype(float)
    activity = matrix @ inside
    row_lower = np.where(rng.random(m) < 0.3, -np.inf, activity - rng.integers(0, 3, m))
    row_upper = np.where(rng.random(m) < 0.3, np.inf, activity + rng.integers(0, 3, m))
    lower = np.where(rng.random(n) < 0.2, -np.inf, inside - rng.integers(0, 4, n))
    upper = np.where(rng.random(n) < 0.2, np.inf, inside + rng.integers(0, 4, n))
    cost = rng.integers(-4, 5, n).astype(float)
    dual = rng.normal(size=m) * 10.0 ** rng.integers(-3, 3)
    return program(cost, matrix, row_lower, row_upper, lower, upper), dual, inside


@settings(max_examples=150, deadline=None)
@given(feasible_programs())
def test_bound_of_any_multipliers_never_exceeds_the_optimum(case):
    lp, dual, inside = case
    found = check(lp, inside, dual)
    assert found.primal_violation == 0
    a = lp.matrix.toarray()
    two_sided = np.vstack([a, -a]), np.concatenate([lp.row_upper, -lp.row_lower])
    kept = np.isfinite(two_sided[1])
    answer = linprog(
        lp.cost,
        two_sided[0][kept] if kept.any() else None,
        two_sided[1][kept] if kept.any() else None,
        bounds=list(zip(lp.lower, lp.upper, strict=True)),
    )
    if found.reach > 0:  # the bound holds within the reach only
        return
    if answer.status in (2, 3):  # the program is feasible: presolve means unbounded by both
        assert found.dual_bound == -np.inf
    else:
        assert answer.status == 0
        assert found.dual_bound <= answer.fun + 1e-7 * max(1, abs(answer.fun))


def test_optimal_multipliers_of_a_pathway_close_the_gap():
    lp = pathway(2, 48)
    answer = linprog(
        lp.cost,
        lp.matrix[np.isfinite(lp.row_upper) & ~np.isfinite(lp.row_lower)],
        lp.row_upper[np.isfinite(lp.row_upper) & ~np.isfinite(lp.row_lower)],
        lp.matrix[np.isfinite(lp.row_lower)],
        lp.row_lower[np.isfinite(lp.row_lower)],
        bounds=np.column_stack([lp.lower, lp.upper]),
    )
    equal = np.isfinite(lp.row_lower)
    dual = np.empty(lp.n_rows)
    dual[equal], dual[~equal] = answer.eqlin.marginals, answer.ineqlin.marginals
    found = check(lp, answer.x, dual)
    assert found.objective == pytest.approx(answer.fun + lp.offset)
    assert found.accepts(1e-9)


def solved_pathway():
    lp = pathway(2, 48)
    return lp, solve(lp)


def solved_site():
    """Return a day of a site with every component that a market of its own is not needed for."""
    hour = np.arange(24)
    sun = np.clip(np.sin(np.pi * (hour - 6) / 12), 0, 1)
    case = make_case(
        price=60 + 30 * np.sin(2 * np.pi * (hour - 12) / 24),
        load=20.0,
        slope=1.2,
        series={"solar_fixed": sun[None], "solar_single_axis": sun[None]},
        kinds=("grid_connection", "battery", "solar_onsite", "diesel", "unserved_energy"),
        demand_rate=5000.0,
    )
    _, lp, solution = optimum(case)
    return lp, solution


@pytest.fixture(scope="module", params=[solved_pathway, solved_site])
def believed(request):
    lp, solution = request.param()
    assert check(lp, solution.x, solution.row_dual).accepts(1e-5)
    balanced = np.flatnonzero(lp.row_lower == lp.row_upper)
    return lp, solution, np.unique(lp.matrix[balanced].indices)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_one_perturbed_value_is_refused(believed, data):
    """Any one value of a balance, moved by a tenth of a kilowatt or more, by any multiple."""
    lp, solution, balanced = believed
    j = int(balanced[data.draw(st.integers(0, balanced.size - 1), "column")])
    sign = data.draw(st.sampled_from([-1.0, 1.0]), "sign")
    shift = 10.0 ** data.draw(st.floats(-4, 3), "magnitude")
    x = solution.x.copy()
    x[j] += sign * shift
    found = check(lp, x, solution.row_dual)
    assert not found.accepts(1e-5), lp.column_name(j)
    assert found.primal_violation >= 1e-5


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_one_perturbed_multiplier_never_lifts_the_bound(believed, data):
    lp, solution, _ = believed
    i = data.draw(st.integers(0, lp.n_rows - 1), "row")
    dual = solution.row_dual.copy()
    dual[i] += data.draw(st.floats(-1e4, 1e4), "shift")
    bound = check(lp, solution.x, dual).dual_bound
    assert bound <= solution.objective + 1e-6 * abs(solution.objective)
