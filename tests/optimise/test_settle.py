"""Peaks and sizes are drawn in to what a dispatch needs, and the dispatch stays as it is."""

from dataclasses import replace

import numpy as np
import pytest
from support.cases import StubSite, make_case, optimum

from dcmodel.optimise.pathway import solve_pathway
from dcmodel.optimise.settle import settled

STEPS = 60


def test_a_peak_that_stands_too_high_is_lowered_to_the_largest_import():
    load = np.full((1, STEPS), 6.0)
    load[0, 7] = 9.0
    case = make_case(
        price=[[50.0] * STEPS],
        load=load,
        demand_rate=1000.0,
        kinds=("grid_connection",),
        site=StubSite(connection_cost=500.0),
    )
    _, lp, _ = optimum(case)
    best = solve_pathway(lp)
    x = best.x.copy()
    peak, size = lp.columns["monthly_peak"].start, lp.columns["asset[grid_connection].contracted"]
    built = lp.columns["asset[grid_connection].contracted_built"]
    x[[peak, size.start, built.start]] += 3.0
    loose = replace(best, x=x, objective=lp.objective(x), gap=1.0, status="gap_not_reached")
    found = settled(lp, loose, gap=0.005)
    assert found.objective == pytest.approx(best.objective)
    assert found.x[peak] == pytest.approx(9.0)
    assert found.x[size.start] == pytest.approx(9.0)
    assert found.status == "optimal"
    start = lp.columns["grid_import"].start
    assert np.array_equal(found.x[start : start + STEPS], x[start : start + STEPS])


def test_an_optimum_is_left_as_it_is():
    case = make_case(price=[[50.0] * STEPS], demand_rate=1000.0)
    _, lp, _ = optimum(case)
    best = solve_pathway(lp)
    assert settled(lp, best, 0.005).objective == pytest.approx(best.objective, rel=1e-12)
