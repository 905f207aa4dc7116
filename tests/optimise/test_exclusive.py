"""A store charges or discharges in an hour, never both, whatever drawing power pays."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cases import StubMarket, make_case
from support.store import least_cost

from dcmodel.arrays import ArrayVar, FormulationError
from dcmodel.base.errors import SolverError
from dcmodel.components.base import Workload
from dcmodel.components.opposed import opposed_flows
from dcmodel.markets.base import tariffs
from dcmodel.optimise import exclusive, windows
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.exclusive import held_apart
from dcmodel.optimise.extract import site_dataset
from dcmodel.optimise.opposed import Flows, smaller_flow
from dcmodel.optimise.pathway import propose, solve_pathway
from dcmodel.optimise.solve import solve
from dcmodel.optimise.verify import opposed_error, verify

PARAMETERS = {
    "capex_power": 0.01,
    "capex_energy": 0.02,
    "fixed_operation_share_of_capex": 0.0,
    "variable_operation": 0.0,
    "state_of_charge_min": 0.0,
}


def battery(power=1.0, energy=2.0, into=0.9, out=0.9, **more):
    return {
        "parameters": PARAMETERS, "efficiency_charge": into, "efficiency_discharge": out,
        "annuity_factor": 1.0, "power_max_mw": power, "energy_max_mwh": energy, **more,
    }  # fmt: skip


def solved(case, *, gap=1e-8, at_once=True, **options):
    """Return model, arrays, the relaxation's solution and the one held apart."""
    m, lp = compile_site(case)
    whole = lp.matrix.nnz + 1 if at_once else 0
    first = solve_pathway(lp, gap=gap, tolerance=1e-8, whole_below=whole, **options)
    found = held_apart(m, lp, first, gap=gap, at_once=at_once)
    lp.load_solution(m, found.x)
    return m, lp, first, found


def loaded(case, solution):
    """Return the model of a case with another solution."""
    m, lp = compile_site(case)
    lp.load_solution(m, solution.x)
    return m


def both(m):
    """Return the worst step of any store, recomputed from the model's own flows."""
    pairs = [(np.asarray(p.into.array), np.asarray(p.out.array)) for _, p in opposed_flows(m)]
    return max(float(smaller_flow(into, out).max()) for into, out in pairs)


# ---- the right optimum --------------------------------------------------------------------------


def test_a_night_of_negative_prices_by_hand():
    """Twelve hours at -80, twelve at 20, 1 MW and 2 MWh, at 0.9 each way.

    Of the twelve hours k discharge, and give d MWh at most k; the others take (2 + d / 0.9) / 0.9
    within 12 - k. With k = 4, d = 4 is the most: 5 hours find no more than 3.87 MWh to give. What
    is taken less what is given is paid 80; 1.8 MWh are worth 20 afterwards.
    """
    price = np.repeat([-80.0, 20.0], 12)
    case = make_case(price=price, load=2.0, kinds=("battery",), settings={"battery": battery()})
    m, _, first, found = solved(case)
    saved = 80 * ((2 + 4 / 0.9) / 0.9 - 4) + 20 * 1.8 - 0.01e3 - 2 * 0.02e3
    assert price.sum() * 2 - found.objective == pytest.approx(saved, rel=1e-8)
    assert first.objective < found.objective - 1.0  # both at once would save more
    assert both(loaded(case, first)) > 0.1
    assert both(m) < 1e-6
    assert found.gap < 1e-8
    assert found.status == "optimal"


@settings(max_examples=15, deadline=None)
@given(
    price=st.lists(st.integers(-120, 120), min_size=8, max_size=20),
    into=st.sampled_from([0.8, 0.9, 1.0]),
    out=st.sampled_from([0.75, 0.95, 1.0]),
    energy=st.sampled_from([0.5, 1.5, 4.0]),
)
def test_any_prices_have_the_optimum_of_a_program_written_apart(price, into, out, energy):
    price = np.asarray(price, dtype=float)
    rng = np.random.default_rng(len(price))
    load = rng.uniform(0.3, 2.0, price.size)
    options = battery(power=1.0, energy=energy, into=into, out=out)
    case = make_case(price=price, load=[load], kinds=("battery",), settings={"battery": options})
    m, _, first, found = solved(case)
    expected = least_cost(
        load, price, power=1.0, energy=energy, into=into, out=out, cost_power=10.0,
        cost_energy=20.0,
    )  # fmt: skip
    assert found.objective == pytest.approx(expected, rel=1e-6, abs=1e-4)
    assert first.lower_bound <= found.objective + 1e-6
    assert both(m) < 1e-6


def test_a_service_paid_for_load_that_stands_by_burns_nothing():
    """Reserve is paid for import in every hour, here at prices above zero; 0.4 MW is the least.

    Charging raises it, and what was charged must come out in hours of more load.
    """
    load = np.array([2.0, 0.4, 0.4, 2.0, 0.4, 0.4, 0.4, 2.0])
    price = np.full(8, 30.0)
    case = make_case(
        price=price, load=[load], kinds=("battery", "reserve"),
        settings={"battery": battery(), "reserve": {"capacity_max_mw": 3.0}},
        market=StubMarket(services={"reserve": {"revenue": 5000.0, "activation_h": 0.0}}),
    )  # fmt: skip
    m, _, first, found = solved(case)
    assert both(loaded(case, first)) > 0.01
    assert both(m) < 1e-6

    def cost(capacity):
        return (
            least_cost(
                load, price, power=1.0, energy=2.0, into=0.9, out=0.9, cost_power=10.0,
                cost_energy=20.0, least=capacity,
            )
            - 5000.0 * capacity
        )  # fmt: skip

    held = float(m.asset["reserve"].capacity.array[0])
    assert found.objective == pytest.approx(cost(held), rel=1e-6)
    nearby = [held + step for step in (-0.02, 0.02) if held + step <= 1.4]
    assert all(not cost(other) < found.objective - 1e-3 for other in nearby)


def test_hours_of_use_that_make_energy_cheap_burn_nothing():
    """From 18.4 hours of use of the yearly peak all energy is cheap; the load alone has 18.

    A cycle of 0.2 MWh takes 0.2 / 0.9 and gives 0.2 x 0.9: six in twelve low hours draw 0.25 MWh
    more, and 0.18 MWh lower the peak of twelve hours by 0.015 MW. The band asks for 36.5 MWh then,
    and the meter has 36.3: it is out of reach, other than by both flows at once.
    """
    load = np.repeat([2.0, 1.0], 12)
    form = tariffs["network_de"](
        use_hours=(18.4,), capacity_usd_per_mw_year=((0.0,), (0.0,)),
        energy_usd_per_mwh=((100.0,), (10.0,)),
    )  # fmt: skip
    case = make_case(
        price=np.zeros(24), load=[load], kinds=("battery",), tariff_forms=(form,),
        settings={"battery": battery(energy=0.2)},
    )  # fmt: skip
    m, _, first, found = solved(case)
    assert both(loaded(case, first)) > 0.01
    assert first.objective < 500.0
    assert both(m) < 1e-6
    assert found.objective == pytest.approx(36.0 * 100.0)
    assert found.gap < 1e-6


def test_years_keep_their_bound():
    """Sizes stay, years are dispatched again; the lower bound is that of both flows at once."""
    rng = np.random.default_rng(11)
    price = rng.normal(10.0, 60.0, (2, 48))
    options = battery(power=1.5, energy=3.0)
    case = make_case(
        price=price, load=2.0, years=(2025, 2026), kinds=("battery",),
        settings={"battery": options},
    )  # fmt: skip
    m, lp = compile_site(case)
    first = solve_pathway(lp, [propose(lp, solve(lp))], gap=1e-6, tolerance=1e-8, whole_below=0)
    assert Flows.of(m, lp).both(first.x).any()
    found = held_apart(m, lp, first, gap=0.02, at_once=False)
    lp.load_solution(m, found.x)
    assert both(m) < 1e-6
    expected = sum(
        least_cost(
            np.full(48, 2.0), one, power=1.5, energy=3.0, into=0.9, out=0.9, cost_power=0.0,
            cost_energy=0.0,
        )
        for one in price
    ) + 2 * (1.5 * 10 + 3.0 * 20)  # fmt: skip
    assert found.lower_bound <= expected + 1e-6
    assert expected <= found.objective + 1e-6
    assert found.gap <= 0.02
    assert found.gap == pytest.approx(
        (found.objective - found.lower_bound) / max(1.0, abs(found.objective))
    )


def test_a_gap_that_is_not_reached_is_told(monkeypatch):
    monkeypatch.setattr(exclusive, "CHOICE_NONZEROS", 0)
    price = np.repeat([-80.0, 20.0], 12)
    case = make_case(price=price, load=2.0, kinds=("battery",), settings={"battery": battery()})
    m, _, first, found = solved(case)
    assert both(m) < 1e-6
    assert found.status == "gap_not_reached"
    assert found.lower_bound == first.lower_bound
    best = price.sum() * 2 - (80 * ((2 + 4 / 0.9) / 0.9 - 4) + 20 * 1.8 - 0.01e3 - 2 * 0.02e3)
    assert best <= found.objective + 1e-6
    assert found.gap > 1e-4


def test_whole_units_keep_their_number():
    price = np.repeat([-80.0, 20.0], 12)
    options = battery(power=1.1, energy=2.2, whole_units_kw=500.0, whole_units_kwh=1000.0)
    case = make_case(price=price, load=2.0, kinds=("battery",), settings={"battery": options})
    m, lp = compile_site(case)
    first = solve_pathway(lp, gap=1e-7, whole_below=lp.matrix.nnz + 1)
    found = held_apart(m, lp, first, gap=1e-7, at_once=True)
    saved = 80 * ((2 + 4 / 0.9) / 0.9 - 4) + 20 * 1.8 - 0.01e3 - 2 * 0.02e3
    assert price.sum() * 2 - found.objective == pytest.approx(saved, rel=1e-7)


# ---- nothing is created -------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "last"), [(1.0, 0.0), (0.0, 1.0), (0.5, 0.25)])
def test_a_year_ends_with_the_content_it_begins_with(first, last):
    with pytest.raises(ValueError, match="energy that nobody pays for, or that is lost"):
        make_case(
            price=[10.0], kinds=("battery",),
            settings={"battery": battery(state_of_charge_first=first, state_of_charge_last=last)},
        )  # fmt: skip


@pytest.mark.parametrize("state", [{}, {"state_of_charge_first": 1.0}])
def test_at_one_price_a_store_saves_nothing(state):
    case = make_case(
        price=np.full(24, 100.0), load=2.0, kinds=("battery",),
        settings={"battery": battery(**state)},
    )  # fmt: skip
    m, _, _, found = solved(case)
    assert found.objective == pytest.approx(24 * 2 * 100.0)
    assert m.asset["battery"].energy.array == pytest.approx([0.0])


@pytest.mark.parametrize(
    "kinds",
    [
        ("shiftable_load",),
        ("shiftable_load", "dropped_work"),
        ("solar_onsite",),
        ("ppa_wind", "ppa_baseload"),
        ("unserved_energy",),
    ],
)
def test_nothing_else_draws_more_than_the_facility_where_power_is_paid_for(kinds):
    """At -80 in half the hours the meter records no more energy than the work of the day takes."""
    arrivals = np.array([np.full(24, 4.0), np.full(24, 2.0)])[:, None, :]
    waiting = np.zeros((2, 1, 24))
    waiting[1, 0, :-1] = 6.0
    none = StubMarket(contracts={"ppa_wind": (25.0, 9.0), "ppa_baseload": (25.0, 9.0, {
        "parameters": {"settlement_fee_usd_per_mwh": 1.0, "clean_share_yearly": 1.0,
                       "clean_share_hourly": 1.0},
    })})  # fmt: skip
    case = make_case(
        price=np.tile([-80.0, 20.0], 12), it_capacity=[10.0], slope=1.2, fixed=0.1, kinds=kinds,
        workload=Workload(("chat", "batch"), arrivals, (0.0, 3.0), waiting), market=none,
        series={
            "wind_onshore": np.full((1, 24), 0.5), "solar_fixed": np.full((1, 24), 0.3),
        },
    )  # fmt: skip
    m, lp = compile_site(case)
    x = solve(lp).x
    drawn = lp.values(m.grid_import, x).sum()
    assert drawn <= 24 * (1.2 * 6.0 + 0.1 * 10.0) + 1e-6


# ---- the law ------------------------------------------------------------------------------------


def test_results_hold_the_flows_and_one_of_both_in_the_same_hour_is_refused():
    price = np.repeat([-80.0, 20.0], 12)
    case = make_case(
        price=price, load=2.0, kinds=("battery",), settings={"battery": battery()},
        series={"emission_factor": np.zeros((1, 24))},
    )  # fmt: skip
    m, lp, first, found = solved(case)
    hours = pd.date_range("2025-01-01", periods=24, freq="h")
    result = site_dataset(m, lp, case, found.x, hours)
    assert verify(result, case, found.objective).opposed_relative < 1e-6
    net = result["supply"].sel(component="battery")
    flow = (result["discharge"] - result["charge"]).sel(store="battery")
    np.testing.assert_allclose(net.to_numpy(), flow.to_numpy(), atol=1e-9)
    lp.load_solution(m, first.x)
    burning = site_dataset(m, lp, case, first.x, hours)
    assert opposed_error(burning) > 0.1
    with pytest.raises(SolverError, match="charges and discharges in the same step"):
        verify(burning, case, first.objective)


def test_a_store_that_names_no_pair_is_refused():
    m = pyo.ConcreteModel()
    m.Y, m.T = pyo.RangeSet(0, 0), pyo.RangeSet(0, 3)
    m.asset = pyo.Block(["flywheel"])
    block = m.asset["flywheel"]
    block.charge = ArrayVar(m.Y, m.T, lower=0, upper=1, doc="Charging [MW]")
    block.discharge = ArrayVar(m.Y, m.T, lower=0, upper=1, doc="Discharging [MW]")
    with pytest.raises(FormulationError, match=r"'asset\[flywheel\]' declares charge and"):
        list(opposed_flows(m))


def test_a_store_without_losses_is_netted_without_a_further_dispatch(monkeypatch):
    """Both flows of cold storage at once move nothing; taking off the smaller changes no row."""
    price = np.tile([10.0, 50.0], 6)
    case = make_case(
        price=price, load=4.0, it_capacity=[8.0], kinds=("thermal_storage",),
        settings={"thermal_storage": {"parameters": {"capex_power": 0.0, "capex_energy": 0.0}}},
        series={
            "mechanical_share": np.ones((1, 12)),
            "compressor_power_per_heat": np.full((1, 12), 0.2),
        },
    )  # fmt: skip
    m, lp = compile_site(case)
    first = solve_pathway(lp, gap=1e-8, tolerance=1e-8, whole_below=lp.matrix.nnz + 1)
    flows, x = Flows.of(m, lp), first.x.copy()
    power = x[lp.column(m.asset["thermal_storage"].power)][0]
    assert power > 0.1
    room = np.minimum(lp.upper[flows.into] - x[flows.into], lp.upper[flows.out] - x[flows.out])
    more = np.clip(np.minimum(room, (power - x[flows.into] - x[flows.out]) / 2), 0.0, None)
    x[flows.into] += more
    x[flows.out] += more
    assert flows.both(x).any()
    assert lp.objective(x) == pytest.approx(first.objective)
    monkeypatch.setattr(exclusive, "solve_or_none", None)
    found = held_apart(m, lp, replace(first, x=x), gap=1e-8, at_once=True)
    assert not flows.both(found.x).any()
    assert found.objective == pytest.approx(first.objective)


@pytest.mark.parametrize("steps", [6, 10])
def test_windows_lift_the_bound_and_never_above_the_optimum(monkeypatch, steps):
    """Forty-eight hours in windows of any length; those of unlike length cut a night in two."""
    monkeypatch.setattr(windows, "WINDOW_STEPS", steps)
    monkeypatch.setattr(exclusive, "CHOICES_AT_ONCE", 0)
    price = np.tile(np.repeat([-80.0, 20.0], 12), 2)
    case = make_case(
        price=price, load=2.0, kinds=("battery",), settings={"battery": battery(energy=1.5)}
    )
    m, _, first, found = solved(case)
    expected = least_cost(
        np.full(48, 2.0), price, power=1.0, energy=1.5, into=0.9, out=0.9, cost_power=10.0,
        cost_energy=20.0,
    )  # fmt: skip
    assert both(m) < 1e-6
    assert first.lower_bound + 0.1 < found.lower_bound <= expected + 1e-5
    assert expected - 1e-5 <= found.objective
