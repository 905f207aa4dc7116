"""Plans on segments, routed by the hour."""

from dataclasses import replace

import numpy as np
import pytest
from support.cases import StubMarket, make_case
from support.portfolios import portfolio

from dcmodel.optimise.placement import (
    route_by_segments,
    route_hourly,
    shared_segments,
    solve_plan,
    work_error,
)
from dcmodel.optimise.portfolio_case import SiteOption
from dcmodel.workload.routing import Stream

HOURS = 48


def building_site(name, price):
    return replace(
        make_case(
            price=[price], load=0.0, it_capacity=[1.0], kinds=("building", "unserved_energy"),
            market=StubMarket(build_cost=1000.0),
        ),
        name=name,
    )  # fmt: skip


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(7)
    sites = [building_site(name, rng.uniform(10.0, 90.0, HOURS)) for name in ("east", "west")]
    day = 4.0 + 3.0 * np.sin(np.arange(HOURS) * np.pi / 12)
    streams = [
        Stream("chat", "here", day[None], latency_ms=20.0),
        Stream("batch", "here", np.full((1, HOURS), 2.0), window_h=6),
        Stream("batch", "there", np.full((1, HOURS), 1.0), window_h=6),
    ]
    options = [SiteOption(0.0, np.array([30.0])) for _ in sites]
    reach = {"east": {"here": 5.0, "there": 5.0}, "west": {"here": 50.0, "there": 50.0}}
    return portfolio(
        sites, options, streams, round_trip=reach, delay_cost=0.01, lost_work=1e4
    )  # fmt: skip


@pytest.fixture(scope="module")
def plan(case):
    return solve_plan(case, segments=24, gap=1e-3, jobs=1)


def test_sizes_carry_the_peaks_that_segments_hide(case):
    # chat peaks at 7 MW and reaches the east alone; segments of many hours mean less
    plan = solve_plan(case, segments=6, gap=1e-3, jobs=1)
    assert plan.case.groups[0].arrivals.max() < 6.9
    assert plan.size["east"][0] >= 7.0 - 1e-6
    assert plan.solution.gap <= 1e-3


def test_every_hour_is_served_with_the_sizes_of_the_plan(case, plan):
    routing = route_hourly(case, plan, jobs=1)
    assert routing.work_error < 1e-2
    chat, batch = case.groups
    assert routing.served[chat.name].sum(axis=0) == pytest.approx(chat.arrivals, abs=1e-6)
    at_east = routing.served[chat.name][0] + routing.served[batch.name][0]
    assert (at_east <= plan.size["east"][0] + 1e-6).all()
    assert routing.served[batch.name].sum() == pytest.approx(3.0 * HOURS, rel=1e-6)
    # hourly prices are followed: work is no dearer than what waits for nothing
    price = np.stack([s.series["price_energy"] for s in case.sites])
    paid = sum((routing.served[batch.name][i] * price[i]).sum() for i in range(2))
    assert paid < (3.0 * price.min(axis=0)).sum()


def test_whose_work_is_served_adds_up_by_stream_and_site(case, plan):
    routing = route_hourly(case, plan, jobs=1)
    for group in case.groups:
        for i, name in enumerate(group.sites):
            parts = sum(routing.by_stream[stream.name, name] for stream in group.streams)
            assert parts == pytest.approx(routing.served[group.name][i], abs=1e-6)
    here = sum(routing.by_stream["batch@here", place].sum() for place in ("east", "west", ""))
    assert here == pytest.approx(2.0 * HOURS, rel=1e-6)


def test_the_routing_of_the_plan_stays_on_its_segments(plan):
    routing = route_by_segments(plan)
    assert len(routing.segments) == 24
    assert routing.work_error < 1e-2


def test_late_work_is_found(case):
    chat, batch = case.groups
    dropped = {group.name: np.zeros_like(group.arrivals) for group in case.groups}
    served = {chat.name: chat.arrivals[None], batch.name: batch.arrivals[None]}
    assert work_error(case, served, dropped) == 0
    late = np.roll(batch.arrivals, 7, axis=-1)
    late[:, :7] = 0.0
    late[:, -1] += batch.arrivals[:, :7].sum()
    found = work_error(case, {**served, batch.name: late[None]}, dropped)
    # all but the work of the last hours comes seven hours late, one more than allowed
    assert found > 0.8 * batch.arrivals.sum()


def test_segments_follow_the_prices_of_every_site(case):
    steps = np.where(np.arange(HOURS) < 31, 10.0, 80.0)
    sites = tuple(
        replace(site, series={**site.series, "price_energy": (20.0 + 0 * steps)[None]})
        for site in case.sites
    )
    sites = (sites[0], replace(sites[1], series={"price_energy": steps[None]}))
    groups = tuple(
        replace(g, arrivals=np.ones((1, HOURS)), stream_arrivals=np.ones((1, 1, HOURS)))
        for g in case.groups
    )
    found = shared_segments(replace(case, sites=sites, groups=groups), 2)
    assert found.start.tolist() == [0, 31]
