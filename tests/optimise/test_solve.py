"""Every solver, every status, every accident has a result or an error of its own."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from support.programs import pathway, program

from dcmodel.base.errors import InfeasibleError, SolverError
from dcmodel.optimise import solve as solving
from dcmodel.optimise.certify import check
from dcmodel.optimise.solve import solve, solve_or_none
from dcmodel.optimise.solvers import reduction, workers
from dcmodel.optimise.solvers.problem import Problem

# minimise x + y with x + 2 y >= 4, 3 x + y >= 3: the rows meet at (0.4, 1.8), multipliers 0.4, 0.2
CORNER = program([1, 1], [[1, 2], [3, 1]], [4, 3], np.inf, offset=1)
CONTINUOUS = ("highs", "highs_ipm", "piqp", "clarabel")
INFEASIBLE = program(
    [1, 1],
    [[1, 1], [1, 1], [1, -1]],
    [8, -np.inf, -9],
    [np.inf, 3, 9],
    columns={"size": (2,)},
    rows={"need": (1,), "limit": (1,), "other": (1,)},
)
UNBOUNDED = program([-1, 1], [[1, -2], [0, 1]], [-4, -np.inf], [np.inf, 3])


@pytest.fixture
def fake(monkeypatch):
    """Register a misbehaving solver; returns its name."""

    def register(kind):
        method = solving._Method("support.fake_solver", kind)
        monkeypatch.setitem(solving.METHODS, kind, method)
        return kind

    return register


@pytest.mark.parametrize("solver", [*CONTINUOUS, "auto"])
def test_known_optimum_and_multipliers(solver):
    answer = solve(CORNER, solver=solver)
    np.testing.assert_allclose(answer.x, [0.4, 1.8], atol=1e-6)
    np.testing.assert_allclose(answer.row_dual, [0.4, 0.2], atol=1e-6)
    assert answer.objective == pytest.approx(3.2, rel=1e-6)
    assert answer.dual_bound <= 3.2 + 1e-12
    assert answer.gap <= 1e-5


@pytest.mark.parametrize("solver", CONTINUOUS)
def test_ranges_free_columns_fixed_columns_and_empty_rows(solver):
    # minimise a - 2 b: a free with -6 <= a + b <= 9, b <= 5 through a row of one column, c fixed at
    # 2 and 1 <= b - c, an empty row; optimum b = 5, a = -11
    matrix = [[1, 1, 0], [0, 1, 0], [0, 1, -1], [0, 0, 0]]
    lp = program(
        [1, -2, 1],
        matrix,
        [-6, -np.inf, 1, -1],
        [9, 5, np.inf, 1],
        [-np.inf, 0, 2],
        [np.inf, np.inf, 2],
    )
    answer = solve(lp, solver=solver)
    np.testing.assert_allclose(answer.x, [-11, 5, 2], atol=1e-5)
    assert answer.objective == pytest.approx(-19, rel=1e-6)
    np.testing.assert_allclose(answer.row_dual, [1, -3, 0, 0], atol=1e-4)


def test_solvers_agree_on_a_pathway():
    lp = pathway(2, 48)
    objectives = [solve(lp, solver=name).objective for name in CONTINUOUS]
    np.testing.assert_allclose(objectives, objectives[0], rtol=1e-5)


@pytest.mark.parametrize("solver", ["piqp", "clarabel"])
def test_interior_point_answers_are_inside_their_bounds(solver):
    lp = pathway(2, 72)
    answer = solve(lp, solver=solver)
    assert (answer.x >= lp.lower).all()
    assert (answer.x <= lp.upper).all()
    assert answer.certificate.primal_violation < 1e-6


def test_program_without_rows():
    lp = program([1, -1], sp.csr_array((0, 2)), [], [], [-2, 0], [5, 3])
    for name in ("auto", "piqp"):
        assert solve(lp, solver=name).objective == -5


# ---- reductions --------------------------------------------------------------------------------


def test_reduction_gives_back_point_and_multipliers():
    lp = pathway(2, 24)
    fixed = lp.with_fixed(lp.column("cap_solar"), 30.0).with_fixed(lp.column("cap_battery"), 20.0)
    fixed = fixed.replace(row_lower=np.where(fixed.couples_years, -np.inf, fixed.row_lower))
    fixed = fixed.replace(row_upper=np.where(fixed.couples_years, np.inf, fixed.row_upper))
    problem = Problem.of(fixed)
    reduced = reduction.reduce(problem)
    assert reduced.problem.shape[0] <= problem.shape[0] / 2
    inner = solve(reduced.problem, solver="highs", tolerance=1e-9)
    x, dual = reduced.restore(inner.x, inner.row_dual)
    found = check(problem, x, dual)
    assert found.accepts(1e-9)


def test_a_row_over_all_hours_is_written_by_partial_sums():
    """Such a row ties the whole band of hours together; point and multipliers come back."""
    n = 2500
    pairs = sp.diags_array([np.ones(n), np.ones(n - 1)], offsets=[0, 1])
    total = np.where(np.arange(n) % 7 == 0, 2.0, 1.0)
    matrix = sp.vstack([sp.csr_array(total[None]), pairs, sp.csr_array(total[None])])
    cost = np.random.default_rng(2).random(n)
    lower = np.concatenate([[400.0], np.full(n, -np.inf), [-np.inf]])
    upper = np.concatenate([[400.0], np.ones(n), [500.0]])
    problem = Problem.of(program(cost, matrix, lower, upper))
    reduced = reduction.reduce(problem)
    assert np.diff(reduced.problem.matrix.indptr).max() < 100
    inner = solve(reduced.problem, solver="highs", tolerance=1e-9)
    x, dual = reduced.restore(inner.x, inner.row_dual)
    found = check(problem, x, dual)
    assert found.accepts(1e-9)
    assert found.objective == pytest.approx(solve(problem, solver="highs").objective, rel=1e-9)


def test_tightest_of_several_single_rows_carries_the_multiplier():
    # x <= 5, 2 x <= 6, -x >= -4 and x + y <= 10: the second binds, minimise -x - y with y <= 1
    lp = program(
        [-1, -1],
        [[1, 0], [2, 0], [-1, 0], [1, 1]],
        [-np.inf, -np.inf, -4, -np.inf],
        [5, 6, np.inf, 10],
        upper=[np.inf, 1],
    )
    answer = solve(lp, solver="clarabel")
    np.testing.assert_allclose(answer.x, [3, 1], atol=1e-6)
    np.testing.assert_allclose(answer.row_dual, [0, -0.5, 0, 0], atol=1e-6)


def test_sizes_fixed_at_zero_leave_nothing_to_the_solver():
    # a store and a plant of no size: their rows force content and output to zero
    lp = pathway(2, 24, seed=1)
    fixed = lp.with_fixed(lp.column("cap_battery"), 0.0).with_fixed(lp.column("cap_solar"), 0.0)
    problem = Problem.of(fixed)
    reduced = reduction.reduce(problem)
    left = np.arange(lp.n_columns)
    for step in reduced.passes:
        left = left[step.columns]
    for name in ("energy", "solar"):
        block = lp.column(name)
        assert not ((left >= block.start) & (left < block.stop)).any()
    inner = solve(reduced.problem, solver="highs", tolerance=1e-9)
    x, dual = reduced.restore(inner.x, inner.row_dual)
    found = check(problem, x, dual)
    assert found.accepts(1e-9)
    assert found.objective == pytest.approx(solve(fixed, solver="highs").objective, rel=1e-9)


def test_forcing_rows_carry_the_multiplier_of_their_columns():
    # x + y >= 3 with x <= 1 and y <= 2 forces both; -x - 2 y: the row must pay for both columns
    lp = program([1, 2], [[1, 1], [1, -1]], [3, -np.inf], [np.inf, 10], upper=[1, 2])
    answer = solve(lp, solver="clarabel")
    np.testing.assert_allclose(answer.x, [1, 2])
    assert answer.objective == pytest.approx(5)
    assert answer.gap <= 1e-9


# ---- integers ----------------------------------------------------------------------------------


def test_integers():
    # knapsack: values 5, 4, 3, weights 2, 3, 1, capacity 5: the first two, 9
    lp = program([-5, -4, -3], [[2, 3, 1]], -np.inf, 5, upper=1, integer=True, offset=2)
    answer = solve(lp)
    np.testing.assert_allclose(answer.x, [1, 1, 0], atol=1e-6)
    assert answer.objective == pytest.approx(-7)
    assert answer.row_dual is None
    assert answer.gap <= 1e-4
    assert answer.status == "optimal"


def test_infeasible_integers():
    lp = program([1], [[2]], 3, 3, upper=5, integer=True)
    with pytest.raises(SolverError):  # feasible without whole numbers: nothing to name
        solve(lp)
    with pytest.raises(InfeasibleError):
        solve(program([1], [[2]], 30, 30, upper=5, integer=True))


# ---- no solution, no optimum -------------------------------------------------------------------


@pytest.mark.parametrize("solver", [*CONTINUOUS, "auto"])
def test_infeasible_names_the_rows(solver):
    with pytest.raises(InfeasibleError) as caught:
        solve(INFEASIBLE, solver=solver)
    text = str(caught.value)
    assert "least total violation is 5" in text
    assert "need[0]" in text or "limit[0]" in text
    assert "other" not in text


def test_crossed_bounds_are_named_before_solving():
    lp = program([1], [[1]], [3], [2], lower=4, upper=1)
    with pytest.raises(InfeasibleError) as caught:
        solve(lp)
    assert [fault.where for fault in caught.value.faults] == ["row", "x"] or {
        fault.where for fault in caught.value.faults
    } == {"row[0]", "x[0]"}


@pytest.mark.parametrize("solver", [*CONTINUOUS, "auto"])
def test_unbounded_names_the_column(solver):
    with pytest.raises(SolverError, match=r"falls without end: x\[0\]"):
        solve(UNBOUNDED, solver=solver)


def test_unknown_solver():
    with pytest.raises(SolverError, match="unknown solver cplex; known: auto, highs"):
        solve(CORNER, solver="cplex")


def test_solve_or_none():
    assert solve_or_none(INFEASIBLE) is None
    assert solve_or_none(CORNER).objective == pytest.approx(3.2)


# ---- accidents ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["crash", "raise", "lie", "suboptimal", "cry_unbounded"])
def test_after_an_accident_the_next_solver_is_tried(fake, kind):
    answer = solve(CORNER, solver=(fake(kind), "highs"))
    assert answer.solver == "highs"
    assert answer.objective == pytest.approx(3.2)
    assert len(answer.attempts) == 1


def test_a_false_claim_of_infeasibility_is_not_believed(fake):
    answer = solve(CORNER, solver=(fake("cry_infeasible"), "highs"))
    assert answer.solver == "highs"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("crash", "ended with code 7"),
        ("raise", "the factorisation is singular"),
        ("lie", "rejected by the check"),
        ("suboptimal", "rejected by the check"),
    ],
)
def test_an_accident_of_the_only_solver_is_told(fake, kind, said):
    with pytest.raises(SolverError, match=said):
        solve(CORNER, solver=fake(kind))


def test_a_solver_that_ignores_its_limit_is_killed(fake, monkeypatch):
    monkeypatch.setattr(solving, "GRACE", 0.0)
    solve(CORNER, solver="piqp")  # a worker that is up
    start = time.perf_counter()
    answer = solve(CORNER, solver=(fake("hang"), "highs"), time_limit=0.3)
    assert answer.solver == "highs"
    assert "no answer within" in answer.attempts[0]
    assert time.perf_counter() - start < 5


def test_time_limit_of_the_only_solver(fake, monkeypatch):
    monkeypatch.setattr(solving, "GRACE", 0.0)
    with pytest.raises(SolverError, match="raise the time limit"):
        solve(CORNER, solver=fake("hang"), time_limit=0.2)


def test_time_limit_that_a_solver_keeps_by_itself():
    lp = pathway(3, 400)
    with pytest.raises(SolverError, match="MaxTime"):
        solve(lp, solver="clarabel", time_limit=1e-4)


def test_printing_does_not_disturb_the_answers(fake):
    assert solve(CORNER, solver=fake("print")).objective == pytest.approx(3.2)


def test_a_worker_is_used_again():
    workers.close_workers()
    for _ in range(3):
        solve(CORNER, solver="piqp")
    assert len(workers._pool().idle) == 1


def test_a_dead_idle_worker_is_replaced():
    solve(CORNER, solver="piqp")
    workers._pool().idle[0].close()
    assert solve(CORNER, solver="piqp").objective == pytest.approx(3.2)


def _solve_in_child(name):
    return solve(CORNER, solver=name).objective


@pytest.mark.slow
def test_inside_a_daemonic_process_pool():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_solve_in_child, ("piqp",)) == pytest.approx(3.2)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal")
def test_workers_end_with_their_parent():
    code = (
        "from support.programs import program\n"
        "from dcmodel.optimise import solve as s\n"
        "from dcmodel.optimise.solvers import workers\n"
        "s.METHODS['hang'] = s._Method('support.fake_solver', 'hang')\n"
        "lp = program([1, 1], [[1, 2], [3, 1]], [4, 3], float('inf'))\n"
        "s.solve(lp, solver='piqp')\n"
        "print(workers._pool().idle[0]._process.pid, flush=True)\n"
        "s.solve(lp, solver='hang')\n"
    )
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(p for p in sys.path if p))
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    )
    worker = int(parent.stdout.readline())
    time.sleep(0.2)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    for _ in range(50):
        if not _running(worker):
            return
        time.sleep(0.1)
    pytest.fail("the worker outlived its parent by five seconds")


def _running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
