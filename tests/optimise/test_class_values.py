"""Which limits of a class are moved, and what that saves."""

from dataclasses import replace

import numpy as np
import pytest
from support.portfolios import fixed, portfolio, site

from dcmodel.optimise.class_values import moves
from dcmodel.optimise.portfolio import compile_portfolio
from dcmodel.optimise.solve import solve
from dcmodel.workload.routing import Place, Stream, admissible, groups_of

PLACES = (
    Place("east", "US", {"here": 10.0, "there": 95.0}),
    Place("west", "US", {"here": 60.0, "there": 150.0}),
    Place("abroad", "EU", {"here": 90.0, "there": 12.0}),
)
ONE = np.ones((1, 2))


def test_a_latency_is_moved_to_the_next_site_of_any_region():
    streams = [
        Stream("chat", "here", ONE, latency_ms=20.0),
        Stream("chat", "there", ONE, latency_ms=20.0),
    ]
    latency, deferral = moves(streams, PLACES)
    assert (latency.limit, latency.unit) == ("latency_ms", "ms")
    # east answers 'here' within 10 ms; the next of all is west, 40 ms beyond the limit
    assert latency.amount == pytest.approx(40.0)
    assert latency.change == "60.0 ms, not 20: west for users in here"
    assert admissible(latency.streams(streams[0]), PLACES) == ("east", "west")
    assert (deferral.limit, deferral.amount) == ("deferral_h", 1.0)
    longer = deferral.streams(streams[0])
    assert longer.window_h == 1.0
    # an hour of waiting does not release it from serving after the loss of a site
    assert longer.must_survive
    assert not replace(longer, survives=None).must_survive


def test_a_latency_moves_inside_the_jurisdiction_which_moves_apart():
    streams = [Stream("state", "here", ONE, latency_ms=50.0, jurisdictions=("US",))]
    found = {move.limit: move for move in moves(streams, PLACES)}
    assert set(found) == {"latency_ms", "jurisdictions", "deferral_h"}
    assert found["latency_ms"].change == "60.0 ms, not 50: west for users in here"
    freed = found["jurisdictions"].streams(streams[0])
    assert freed.jurisdictions == ()
    assert np.isnan(found["jurisdictions"].amount)


def test_without_a_site_beyond_there_is_nothing_to_move():
    streams = [Stream("batch", "here", ONE, window_h=4.0)]
    [deferral] = moves(streams, PLACES)
    assert deferral.change == "5 h of deferral, not 4"


def test_values_are_differences_of_optima_by_hand():
    # 3 MW bound to the east at 50 USD/MWh for two hours; the west costs 20, then 40
    sites = [site("east", [50.0, 50.0]), site("west", [20.0, 40.0])]
    reach = {"east": {"here": 10.0}, "west": {"here": 60.0}}
    bound = Stream("chat", "here", np.full((1, 2), 3.0), latency_ms=20.0)
    case = portfolio(sites, [fixed(8), fixed(8)], [bound], round_trip=reach)
    [latency, _] = moves([bound], case.places)
    costs = []
    for stream in (bound, latency.streams(bound)):
        groups = groups_of([stream], case.places)
        moved = replace(case, groups=groups, cuts=None)
        costs.append(solve(compile_portfolio(moved).lp).objective)
    assert costs == pytest.approx([300.0, 180.0])
