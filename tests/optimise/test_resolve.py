"""Programs solved again from the last basis have the optimum of a fresh start."""

import numpy as np
import pytest
from support.programs import pathway, program

from dcmodel.base.errors import InfeasibleError, SolverError
from dcmodel.optimise.resolve import Resolver
from dcmodel.optimise.solve import solve


@pytest.fixture
def lp():
    return pathway(3, 96, seed=7)


def dearer(lp):
    return lp.replace(cost=lp.cost * np.linspace(1.0, 1.4, lp.n_columns))


def larger_load(lp):
    rows = lp.row("balance")
    lower, upper = lp.row_lower.copy(), lp.row_upper.copy()
    lower[rows] *= 1.05
    upper[rows] *= 1.05
    return lp.replace(row_lower=lower, row_upper=upper)


def tighter(lp):
    upper = lp.upper.copy()
    upper[lp.column("cap_battery")] = 20.0
    return lp.replace(upper=upper)


def other_efficiency(lp):
    matrix = lp.matrix.copy()
    matrix.data = np.where(matrix.data == -0.95, -0.9, matrix.data)
    return lp.replace(matrix=matrix)


@pytest.mark.parametrize("change", [dearer, larger_load, tighter, other_efficiency])
def test_changed_program_has_its_own_optimum(lp, change):
    resolver = Resolver()
    assert resolver.solve(lp).objective == pytest.approx(solve(lp).objective, rel=1e-7)
    changed = change(lp)
    again = resolver.solve(changed)
    assert again.objective == pytest.approx(solve(changed).objective, rel=1e-7)
    assert again.gap <= 1e-5
    # and back
    assert resolver.solve(lp).objective == pytest.approx(solve(lp).objective, rel=1e-7)


def test_few_iterations_from_the_last_basis(lp):
    resolver = Resolver()
    resolver.solve(lp)
    cold = resolver.iterations
    resolver.solve(dearer(lp))
    assert resolver.iterations < cold / 3


def test_a_program_of_another_shape_starts_anew(lp):
    resolver = Resolver()
    resolver.solve(lp)
    other = pathway(2, 48)
    assert resolver.solve(other).objective == pytest.approx(solve(other).objective, rel=1e-7)


def test_after_an_infeasible_program_the_next_is_solved(lp):
    resolver = Resolver()
    resolver.solve(lp)
    shape = lp.replace(upper=np.where(lp.upper > 0, 0.0, lp.upper), lower=np.zeros(lp.n_columns))
    with pytest.raises(InfeasibleError):
        resolver.solve(shape)
    assert resolver.solve(lp).objective == pytest.approx(solve(lp).objective, rel=1e-7)


def test_whole_numbers_are_refused():
    with pytest.raises(SolverError, match="whole numbers"):
        Resolver().solve(program([1], [[2]], 3, 3, upper=5, integer=True))
