"""Portfolios whose optimum can be worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cases import StubMarket, make_case
from support.portfolios import fixed, optimum, portfolio, routed, site

from dcmodel.base.errors import StudyError
from dcmodel.components.base import Workload
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.portfolio import compile_portfolio
from dcmodel.optimise.portfolio_case import SiteOption
from dcmodel.optimise.solve import solve
from dcmodel.workload.routing import Stream


def test_free_work_goes_where_power_is_cheap_and_bound_work_stays():
    # 4 MW bound to the east, 6 MW that both may serve, each site carries 8 MW.
    # hour 1: east 50, west 20: all 6 go west; hour 2: east 10, west 40: east has room for 4
    sites = [site("east", [50.0, 10.0]), site("west", [20.0, 40.0])]
    bound = Stream("bound", "here", np.full((1, 2), 4.0), latency_ms=20.0)
    free = Stream("free", "here", np.full((1, 2), 6.0))
    case = portfolio(
        sites, [fixed(8), fixed(8)], [bound, free],
        round_trip={"east": {"here": 10.0}, "west": {"here": 60.0}},
    )  # fmt: skip
    program, answer = optimum(case)
    assert routed(program, answer, "bound@here", "east") == pytest.approx(np.full((1, 2), 4.0))
    assert routed(program, answer, "free@here", "west") == pytest.approx(np.array([[6.0, 2.0]]))
    assert answer.objective == pytest.approx((4 * 50 + 6 * 20) + (8 * 10 + 2 * 40), rel=1e-6)


def test_work_waits_for_a_cheap_hour_and_chooses_its_site_then():
    # 2 MW arrive in the first hour and may wait two: the cheapest of six prices within reach is 5
    prices = {"east": [50.0, 30.0, 9.0, 1.0], "west": [40.0, 20.0, 5.0, 2.0]}
    sites = [site(name, price) for name, price in prices.items()]
    work = Stream("batch", "here", np.array([[2.0, 0.0, 0.0, 0.0]]), window_h=2)
    case = portfolio(sites, [fixed(8), fixed(8)], [work], delay_cost=0.5)
    program, answer = optimum(case)
    # the last hour lies outside the window; waiting two hours costs half a dollar each
    assert answer.objective == pytest.approx(2 * 5 + 2 * 2 * 0.5, rel=1e-6)
    expected = np.array([[0.0, 0.0, 2.0, 0.0]])
    assert routed(program, answer, "batch@here", "west") == pytest.approx(expected, abs=1e-6)


def test_moving_data_is_paid_on_routed_work():
    sites = [site("east", [30.0]), site("west", [20.0])]
    cost = {"west": 15.0}
    work = Stream("index", "here", np.array([[4.0]]), transfer_cost=cost)
    case = portfolio(sites, [fixed(8), fixed(8)], [work])
    assert optimum(case)[1].objective == pytest.approx(4 * 30)
    cheaper = portfolio(sites, [fixed(8), fixed(8)], [replace(work, transfer_cost={"west": 6.0})])
    assert optimum(cheaper)[1].objective == pytest.approx(4 * 26)


def test_work_is_dropped_only_where_no_room_is_left():
    work = Stream("batch", "here", np.array([[10.0]]), value=1000.0)
    program, answer = optimum(portfolio([site("east", [30.0])], [fixed(8)], [work]))
    assert answer.objective == pytest.approx(8 * 30 + 2 * 1000)
    dropped = program.lp.values(program.m.group["batch@here"].dropped, answer.x)
    assert dropped == pytest.approx(np.array([[2.0]]))


def test_a_site_is_opened_only_when_it_saves_more_than_it_costs():
    # 10 MW for one hour: the west saves 30 USD/MWh, all in all 300 USD
    sites = [site("east", [50.0]), site("west", [20.0])]
    work = Stream("free", "here", np.array([[10.0]]))
    for cost, stands in ((299.0, 1.0), (301.0, 0.0)):
        west = SiteOption(1.0, np.array([20.0]), annuity=cost - 100.0, operation=100.0)
        case = portfolio(sites, [fixed(10), west], [work])
        program, answer = optimum(case)
        chosen = program.lp.values(program.m.site["west"].stands, answer.x)
        assert chosen == pytest.approx(stands, abs=1e-6)
        assert answer.objective == pytest.approx(min(500.0, 200.0 + cost), rel=1e-6)


def test_sizes_are_staged_with_the_work_and_paid_from_their_year():
    # building at 0 % over 20 years: a twentieth of the capital each year
    east = replace(
        make_case(
            price=[[0.0], [0.0]],
            load=0.0,
            years=(2025, 2026),
            it_capacity=[1.0, 1.0],
            kinds=("building",),
            market=StubMarket(build_cost=2e6),
        ),
        name="east",
    )
    work = Stream("free", "here", np.array([[4.0], [9.0]]))
    case = portfolio([east], [SiteOption(2.0, np.array([20.0, 20.0]))], [work])
    program, answer = optimum(case)
    size = program.lp.values(program.m.site["east"].it_capacity, answer.x)
    assert size == pytest.approx(np.array([4.0, 9.0]))
    alone = replace(east, it_capacity=size, workload=bound_work([4.0, 9.0]))
    assert answer.objective == pytest.approx(solve(compile_site(alone)[1]).objective, rel=1e-6)


def test_a_smallest_size_is_kept_or_the_site_left_out():
    sites = [site("east", [50.0]), site("west", [20.0])]
    work = Stream("free", "here", np.array([[3.0]]))
    west = SiteOption(6.0, np.array([20.0]))
    program, answer = optimum(portfolio(sites, [fixed(3), west], [work]))
    size = program.lp.values(program.m.site["west"].it_capacity, answer.x)
    assert size >= 6.0 - 1e-6
    assert answer.objective == pytest.approx(3 * 20)


def bound_work(power, steps=1):
    arrivals = np.repeat(np.asarray(power, dtype=float)[None, :, None], steps, axis=2)
    return Workload(("all",), arrivals, (0.0,), np.zeros_like(arrivals))


EQUIPPED = (
    "grid_connection", "building", "diesel", "battery", "ppa_solar", "water_supply",
    "unserved_energy",
)  # fmt: skip


def equipped(name, price, sun, kinds):
    """Return a site with everything, of cubic plant and two years in two months of two steps."""
    return replace(
        make_case(
            price=price, load=0.0, years=(2025, 2026), it_capacity=[1.0, 1.0], slope=1.2,
            fixed=0.1, demand_rate=9.0, adder=3.0, duration=[3.0, 3.0, 2.0, 2.0],
            month=[0, 0, 1, 1], discount_rate=0.08, kinds=kinds,
            market=StubMarket(contracts={"ppa_solar": (9.0, 30.0)}, build_cost=1e6),
            series={"solar_single_axis": np.tile(sun, (2, 1))},
        ),
        name=name, idle_fraction=0.2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("later", "kinds"), [(20.0, EQUIPPED), (24.0, tuple(k for k in EQUIPPED if k != "diesel"))]
)
def test_without_flexibility_the_portfolio_is_its_sites_apart(later, kinds):
    # standby plant is bought in whole units: exact at the largest size, a line between
    price = [[20.0, 70.0, 10.0, 90.0], [30.0, 60.0, 5.0, 80.0]]
    sites = [
        equipped("east", price, [0.0, 0.8, 0.0, 0.6], kinds),
        equipped("west", price[::-1], [0.5, 0.0, 0.9, 0.0], kinds),
    ]
    sizes = {"east": np.array([20.0, later]), "west": np.array([8.0, 8.0])}
    reach = {"east": {"here": 5.0, "there": 80.0}, "west": {"here": 80.0, "there": 5.0}}
    streams, apart = [], 0.0
    for region, alone in zip(("here", "there"), sites, strict=True):
        size = sizes[alone.name]
        arrivals = np.repeat(0.5 * size[:, None], 4, axis=1)
        streams.append(Stream("chat", region, arrivals, latency_ms=20.0))
        own = Workload(("chat",), arrivals[None], (0.0,), np.zeros((1, 2, 4)))
        apart += solve(compile_site(replace(alone, it_capacity=size, workload=own))[1]).objective
    options = [SiteOption(size[0], size, must_stand=True) for size in sizes.values()]
    program = compile_portfolio(portfolio(sites, options, streams, round_trip=reach))
    lower = program.lp.lower.copy()
    for name, size in sizes.items():
        lower[program.lp.column(program.m.site[name].it_capacity)] = size
    answer = solve(program.lp.replace(lower=lower))
    assert answer.objective == pytest.approx(apart, rel=1e-6)


def test_no_slack_of_latency_is_no_routing():
    sites = [site("east", [50.0, 10.0]), site("west", [20.0, 40.0])]
    reach = {"east": {"here": 5.0, "there": 80.0}, "west": {"here": 80.0, "there": 5.0}}
    streams = [
        Stream("chat", "here", np.array([[3.0, 5.0]]), latency_ms=5.0),
        Stream("chat", "there", np.array([[2.0, 4.0]]), latency_ms=5.0),
    ]
    case = portfolio(sites, [fixed(8), fixed(8)], streams, round_trip=reach)
    answer = optimum(case)[1]
    assert answer.objective == pytest.approx(3 * 50 + 5 * 10 + 2 * 20 + 4 * 40)


PRICE = st.floats(1.0, 100.0)


@settings(max_examples=2, deadline=None)
@given(st.lists(PRICE, min_size=12, max_size=12), st.integers(1, 4))
def test_cost_falls_and_is_convex_in_the_flexible_share(prices, window):
    sites = [site("east", prices[:6]), site("west", prices[6:])]
    arrivals = np.array([[6.0, 5.0, 2.0, 1.0, 4.0, 3.0]])
    costs = []
    for share in (0.0, 0.3, 0.6, 0.9):
        streams = [
            Stream("bound", "here", (1 - share) * arrivals, latency_ms=20.0),
            Stream("free", "here", share * arrivals, window_h=window),
        ]
        case = portfolio(
            sites, [fixed(8), fixed(8)], streams,
            round_trip={"east": {"here": 5.0}, "west": {"here": 90.0}},
        )  # fmt: skip
        costs.append(optimum(case)[1].objective)
    steps = np.diff(costs)
    assert np.all(steps <= 1e-6 * costs[0])
    assert np.all(np.diff(steps) >= -1e-6 * costs[0])


def test_any_one_of_three_sites_may_be_lost():
    # peak of both regions together 10 at hour 2; 'here' alone peaks at 8 and reaches a and b only.
    # lost a: b >= 8 and b + c >= 10; lost b: a >= 8, a + c >= 10; lost c: a + b >= 10
    sites = [site(name, [10.0, 10.0]) for name in ("a", "b", "c")]
    reach = {
        "a": {"here": 5.0, "there": 30.0},
        "b": {"here": 5.0, "there": 30.0},
        "c": {"here": 90.0, "there": 30.0},
    }
    streams = [
        Stream("chat", "here", np.array([[8.0, 4.0]]), latency_ms=20.0),
        Stream("chat", "there", np.array([[1.0, 6.0]]), latency_ms=50.0),
    ]
    options = [SiteOption(0.0, np.array([20.0])) for _ in sites]
    case = portfolio(sites, options, streams, round_trip=reach, survive_site_loss=True)
    need = {cut.sites: float(cut.need[0]) for cut in case.capacity_cuts if cut.after_loss[0]}
    assert need == {
        ("b",): 8.0, ("a",): 8.0, ("a", "b"): 10.0, ("b", "c"): 10.0, ("a", "c"): 10.0,
    }  # fmt: skip
    whole = {cut.sites: float(cut.need[0]) for cut in case.capacity_cuts if not cut.after_loss[0]}
    assert whole == {("a", "b", "c"): 10.0}


def test_deferral_spares_as_much_of_a_peak_as_its_hours_spread_over():
    # 64 MWh arrive in 8 hours; with W hours to wait they are done in 8 + W hours
    arrivals = np.zeros((1, 48))
    arrivals[0, 10:18] = 8.0
    sites = [site("east", np.full(48, 30.0))]
    for window, need in ((0, 64 / 8), (1, 64 / 9), (8, 64 / 16)):
        work = Stream("chat", "here", arrivals, window_h=window)
        [cut] = portfolio(sites, [fixed(9)], [work]).capacity_cuts
        assert cut.need == pytest.approx([need])


def test_the_loss_of_a_site_doubles_the_capacity_of_two():
    sites = []
    for name in ("a", "b"):
        one = make_case(
            price=[[10.0]], load=0.0, it_capacity=[1.0], kinds=("building",),
            market=StubMarket(build_cost=1e6),
        )  # fmt: skip
        sites.append(replace(one, name=name, utilisation_max=0.8))
    work = Stream("chat", "here", np.array([[8.0]]))
    options = [SiteOption(0.0, np.array([50.0])) for _ in sites]
    for survives, total in ((False, 10.0), (True, 20.0)):
        case = portfolio(sites, options, [work], survive_site_loss=survives)
        program, answer = optimum(case)
        sizes = [program.lp.values(program.m.site[n].it_capacity, answer.x)[0] for n in "ab"]
        assert sum(sizes) == pytest.approx(total, rel=1e-6)


def test_interactive_work_with_one_site_cannot_survive_its_loss():
    sites = [site("east", [30.0]), site("west", [30.0])]
    work = Stream("chat", "here", np.array([[4.0]]), latency_ms=20.0)
    case = portfolio(
        sites, [fixed(8), fixed(8)], [work], survive_site_loss=True,
        round_trip={"east": {"here": 5.0}, "west": {"here": 90.0}},
    )  # fmt: skip
    with pytest.raises(StudyError, match=r"chat@here.*east alone.*west at 90\.0 ms"):
        compile_portfolio(case)


def test_too_little_room_after_a_loss_is_refused_with_the_year():
    sites = [site("east", [30.0]), site("west", [30.0])]
    work = Stream("chat", "here", np.array([[9.0]]))
    case = portfolio(sites, [fixed(8), fixed(12)], [work], survive_site_loss=True)
    with pytest.raises(
        StudyError,
        match=r"2025: 9 MW .* fit into east when another site is lost, which may serve 8 MW",
    ):
        compile_portfolio(case)
