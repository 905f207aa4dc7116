"""Sizes that mean nothing are none, and what is told was dispatched."""

from dataclasses import replace

import numpy as np
import pytest
from support.cases import make_case

from dcmodel.optimise.build import compile_site
from dcmodel.optimise.certify import check
from dcmodel.optimise.crumbs import cleared
from dcmodel.optimise.pathway import solve_pathway
from dcmodel.optimise.solvers.problem import Problem

HOURS = 24


@pytest.fixture(scope="module")
def solved():
    """A site whose price never moves: a battery is worth nothing, the optimum builds none."""
    case = make_case(
        price=np.full(HOURS, 40.0),
        load=10.0,
        years=(2025, 2026),
        kinds=("grid_connection", "battery"),
        discount_rate=0.08,
    )
    _, lp = compile_site(case)
    return lp, solve_pathway(lp, gap=1e-6)


def sizes(lp, x, name):
    return x[lp.columns[f"asset[{name}"].slice]


def crumbed(lp, solution, amount, use):
    """Build a little battery in the first year, and use it in one hour of each, by hand."""
    x = solution.x.copy()
    for name in ("power", "power_built", "energy", "energy_built"):
        part = lp.columns[f"asset[battery].{name}"].slice
        x[part] = [amount, 0.0] if name.endswith("built") else amount
    for name, sign in (("charge", 1.0), ("discharge", 0.0)):
        block = lp.columns[f"asset[battery].{name}"]
        x[block.start] += sign * use
    x[lp.columns["grid_import"].start] += use
    return replace(solution, x=x, objective=float(lp.objective(x)))


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("amount", [1e-8, 5e-4])
def test_a_size_below_a_kilowatt_is_none(solved, amount, at_once):
    lp, solution = solved
    found = cleared(
        lp, crumbed(lp, solution, amount, 0.0), gap=0.005, at_once=at_once, tolerance=1e-8
    )
    for name in ("power", "power_built", "energy", "energy_built"):
        assert sizes(lp, found.x, f"battery].{name}").tolist() == [0.0, 0.0]
    assert check(Problem.of(lp), found.x).accepts(np.inf)
    assert found.objective == pytest.approx(solution.objective, rel=1e-6)
    assert found.objective == pytest.approx(float(lp.objective(found.x)), rel=1e-12)
    assert found.lower_bound == solution.lower_bound


def test_what_used_the_size_is_dispatched_anew(solved):
    """Half a kilowatt is charged in the first hour: without the battery nothing is."""
    lp, solution = solved
    found = cleared(lp, crumbed(lp, solution, 5e-4, 5e-4), gap=0.005, at_once=True, tolerance=1e-8)
    assert np.abs(sizes(lp, found.x, "battery].charge")).max() < 1e-6
    assert sizes(lp, found.x, "battery].power").tolist() == [0.0, 0.0]


def test_a_size_worth_telling_is_kept(solved):
    lp, solution = solved
    before = crumbed(lp, solution, 0.002, 0.0)
    assert cleared(lp, before, gap=0.005, at_once=True, tolerance=1e-8) is before
