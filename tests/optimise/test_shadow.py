"""Shadow prices equal what a solution gains when the limit is really moved."""

from dataclasses import replace

import numpy as np
import pytest
from support.cases import StubSite, make_case, optimum

from dcmodel.components.base import Workload
from dcmodel.optimise.shadow import shadow_prices

FREE_BATTERY = {
    "capex_power": 0.0,
    "capex_energy": 0.0,
    "variable_operation": 0.0,
    "state_of_charge_min": 0.0,
    "roundtrip_efficiency": 0.81,
    "lifetime": 10.0,
}


def prices(case):
    m, lp, solution = optimum(case)
    table = shadow_prices(m, lp, case, solution.row_dual)
    return table, solution.objective


def deferral_case(hours=1.0):
    """Return six hours, dear ones first, in which one class may wait so long."""
    own = np.array([3.0, 1.0, 2.0, 4.0, 1.0, 2.0])
    before = [np.concatenate([np.zeros(i), own[: own.size - i]]) for i in range(3)]
    share = np.clip(hours - np.arange(3), 0.0, 1.0)
    waiting = share @ before
    waiting[-1] = 0.0
    arrivals = np.stack([np.full((1, 6), 2.0), own[None]])
    backlog = np.stack([np.zeros((1, 6)), waiting[None]])
    return make_case(
        price=[[60.0, 50.0, 40.0, 30.0, 20.0, 10.0]],
        workload=Workload(("chat", "batch"), arrivals, (0.0, 1.0), backlog),
        it_capacity=[20.0],
        kinds=("shiftable_load",),
    )


def test_a_megawatt_of_connection_saves_the_load_that_was_lost():
    lost = 5000.0
    case = make_case(
        price=[[20.0, 70.0, 40.0]],
        load=[[10.0, 10.0, 6.0]],
        grid_available=8.0,
        kinds=("grid_connection", "unserved_energy"),
        settings={"unserved_energy": {"parameters": {"value_of_lost_load": lost / 1000}}},
        asked={"unserved_energy": 100.0},
    )
    # the connection carries the design hour, so no IT stays dark
    case = replace(case, facility_design_peak=np.array([0.8]))
    table, _ = prices(case)
    by_hand = (lost - 20) + (lost - 70)
    assert float(table["shadow_price"].sel(limit="sites.connection", year=2025)) == pytest.approx(
        by_hand
    )
    assert str(table["limit_title"].sel(limit="sites.connection").values) == "Grid connection"


def test_a_limit_that_does_not_bind_is_worth_nothing():
    case = make_case(price=[[20.0, 70.0]], load=10.0, grid_available=80, kinds=("grid_connection",))
    table, _ = prices(case)
    assert float(table["shadow_price"].sel(limit="sites.connection", year=2025)) == pytest.approx(
        0.0, abs=1e-9
    )


def test_years_are_told_apart_and_discounted():
    def with_limits(limits):
        return make_case(
            price=np.full((2, 4), 50.0),
            load=[[10.0, 6.0, 6.0, 6.0], [20.0, 6.0, 6.0, 6.0]],
            years=(2025, 2026),
            grid_available=np.array(limits),
            discount_rate=0.25,
            kinds=("grid_connection", "unserved_energy"),
            asked={"unserved_energy": 100.0},
            settings={"grid_connection": {"parameters": {"fixed_operation_share_of_capex": 0.0}}},
            site=StubSite(connection_cost=100.0),
        )

    table, base = prices(with_limits([8.0, 15.0]))
    for year, moved in ((2025, [8.1, 15.0]), (2026, [8.0, 15.1])):
        gained = (base - prices(with_limits(moved))[1]) / 0.1
        assert float(
            table["shadow_price"].sel(limit="sites.connection", year=year)
        ) == pytest.approx(gained)


def test_battery_energy_is_worth_its_arbitrage():
    case = make_case(
        price=[[20.0, 70.0]],
        load=50.0,
        kinds=("battery",),
        settings={"battery": {"energy_max_mwh": 5.0, "parameters": FREE_BATTERY}},
    )
    table, _ = prices(case)
    # a MWh stored takes 1 / 0.9 at 20 and gives 0.9 at 70
    by_hand = 0.9 * 70 - 20 / 0.9
    energy = table["shadow_price"].sel(limit="components.battery.energy_max_mwh", year=2025)
    assert float(energy) == pytest.approx(by_hand)
    assert str(energy["limit_units"].values) == "MWh"


def test_an_hour_of_deferral():
    table, base = prices(deferral_case(1.0))
    gained = (base - prices(deferral_case(1.01))[1]) / 0.01
    assert gained > 0
    assert float(
        table["shadow_price"].sel(limit="workloads.batch.deferral_h", year=2025)
    ) == pytest.approx(gained)
