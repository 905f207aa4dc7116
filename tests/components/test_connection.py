"""Firm and interruptible connection, years before the date, and services sold: by hand."""

import numpy as np
import pytest
from support.cases import StubMarket, StubSite, make_case, optimum

from dcmodel.components.base import Workload, components
from dcmodel.inputs.markets import load_market
from dcmodel.inputs.sites import Connection, FlexibleConnection, load_site
from dcmodel.optimise.explain import explain

FREE_BATTERY = {
    "capex_power": 0.0,
    "capex_energy": 0.0,
    "variable_operation": 0.0,
    "state_of_charge_min": 0.0,
    "roundtrip_efficiency": 0.81,
    "lifetime": 10.0,
}

HOURS = np.arange("2025-01-01", "2025-01-02", dtype="datetime64[h]").astype("datetime64[ns]")


def near(value):
    return pytest.approx(value, rel=1e-6, abs=1e-4)


def flexible_site(hours, cost=0.0, share=0.5, mw=6.0):
    flexible = FlexibleConnection.model_validate(
        {
            "available_mw": {2025: mw}, "hours_per_year": hours, "event_h": 1, "cost_share": share
        }
    )  # fmt: skip
    connection = Connection.model_validate({"available_mw": {2025: 8}, "flexible": flexible})
    return StubSite(connection_cost=cost, connection=connection)


class TestFlexible:
    """Firm 8 MW and interruptible 6 MW for a load of 10; hours 2 and 4 are the dearest."""

    PRICE = [[20.0, 90.0, 30.0, 80.0]]

    def case(self, hours, **options):
        settings = {
            "grid_connection": {
                "flexible": True, "parameters": {"fixed_operation_share_of_capex": 0.0}
            },
            "unserved_energy": {"parameters": {"value_of_lost_load": 1.0}},
            "battery": {"parameters": FREE_BATTERY},
        }  # fmt: skip
        kinds = options.pop("kinds", ("grid_connection", "unserved_energy"))
        if "unserved_energy" in kinds:
            options["asked"] = {"unserved_energy": 100.0}
        return make_case(
            price=self.PRICE, load=10.0, grid_available=14.0, grid_firm=8.0, kinds=kinds,
            settings=settings, **options,
        )  # fmt: skip

    @pytest.mark.parametrize(("hours", "lost"), [(0, 0), (1, 1), (2, 2), (1.5, 1.5)])
    def test_an_hour_of_the_budget_loses_what_is_not_firm(self, hours, lost):
        """2 MW are lost at 1000 in an hour of the budget; half an hour lets half of 6 MW on."""
        _, _, solution = optimum(self.case(hours, site=flexible_site(hours)))
        energy = 10 * sum(self.PRICE[0])
        price_of_lost = {0: 0, 1: 90, 2: 170, 1.5: 90}[hours]
        whole = int(lost)
        assert near(solution.objective) == energy + whole * 2 * 1000 - 2 * price_of_lost

    def test_a_battery_bridges_the_interruption(self):
        m, _, solution = optimum(
            self.case(1, site=flexible_site(1), kinds=("grid_connection", "battery"))
        )
        assert m.grid_import.array[0, 1] <= 8 + 1e-6
        assert m.grid_import.array[0].max() <= 14 + 1e-6
        assert solution.objective < 10 * sum(self.PRICE[0])

    def test_interruptible_power_costs_its_share(self):
        """10 MW needed: half the cost for interruptible 6 MW, and 4 MW firm."""
        case = self.case(
            0, site=flexible_site(0, cost=1000.0), discount_rate=0.08, kinds=("grid_connection",)
        )
        m, _, _ = optimum(case)
        block = m.asset["grid_connection"]
        assert block.interruptible.array == near([6.0])
        assert block.contracted.array == near([4.0])

    def test_a_site_without_it_is_named(self):
        [fault] = components["grid_connection"](flexible=True).check_place(
            load_site("stockholm"), load_market("stockholm"), (2025,)
        )
        assert "site 'stockholm' tells no interruptible power" in fault
        assert not components["grid_connection"](flexible=True).check_place(
            load_site("dallas"), load_market("dallas"), (2025,)
        )


class TestBeforeTheConnection:
    def test_on_site_supply_carries_the_years_before_the_date(self):
        case = make_case(
            price=np.full((2, 2), 50.0),
            load=[[4.0, 2.0], [10.0, 10.0]],
            years=(2025, 2026),
            grid_available=np.array([0.0, 20.0]),
            kinds=("grid_connection", "solar_onsite"),
            settings={
                "solar_onsite": {
                    "capacity_max_mw": 9.0, "parameters": {"capex": 0.0, "fixed_operation": 0.0}
                }
            },
            series={"solar_fixed": np.array([[1.0, 0.5]] * 2)},
        )  # fmt: skip
        m, _, solution = optimum(case)
        assert m.grid_import.array[0] == near([0.0, 0.0])
        assert near(solution.objective) == 50 * (20 - 9 * 1.5)

    def test_without_it_the_year_is_named_and_the_power(self):
        case = make_case(
            price=np.full((2, 24), 50.0), load=4.0, years=(2025, 2026),
            grid_available=np.array([0.0, 20.0]), kinds=("grid_connection",),
        )  # fmt: skip
        hours = np.arange("2025-01-01", "2025-01-02", dtype="datetime64[h]").astype(
            "datetime64[ns]"
        )
        found = {fault.where: fault.message for fault in explain(case, hours).faults}
        assert found["sites.connection"] == (
            "Grid connection needs 4 MW in 2025 (now 0); this alone does: "
            "available_mw: {2025: 4, 2026: 20}"
        )


class TestDemandResponse:
    def case(self, kind="demand_response", **terms):
        """10 MW, of which 4 may wait an hour; called in the dear hour."""
        own = np.array([[6.0, 6.0], [4.0, 4.0]])[:, None, :]
        waiting = np.array([[0.0, 0.0], [4.0, 0.0]])[:, None, :]
        return make_case(
            price=[[90.0, 20.0]],
            workload=Workload(("chat", "batch"), own, (0.0, 1.0), waiting),
            it_capacity=[20.0],
            kinds=(kind, "shiftable_load"),
            settings={"shiftable_load": {"parameters": {"delay_cost": 0.0}}},
            market=StubMarket(services={kind: terms}),
        )

    def test_work_that_waits_is_capacity(self):
        m, _, solution = optimum(self.case(revenue=500.0, energy_payment=30.0))
        assert m.asset["demand_response"].capacity.array == near([4.0])
        assert near(solution.objective) == 6 * 90 + 14 * 20 - 4 * (500 + 30)

    def test_it_is_paid_for_what_falls_below_the_baseline_alone(self):
        """Without work that waits, nothing falls."""
        case = make_case(
            price=[[90.0, 20.0]], load=10.0, kinds=("demand_response",),
            market=StubMarket(services={"demand_response": {"revenue": 500.0}}),
        )  # fmt: skip
        m, _, _ = optimum(case)
        assert m.asset["demand_response"].capacity.array == near([0.0])

    def test_sun_on_the_roof_is_no_response(self):
        case = make_case(
            price=[[90.0, 20.0]], load=10.0, kinds=("demand_response", "solar_onsite"),
            settings={
                "solar_onsite": {
                    "capacity_max_mw": 5.0, "parameters": {"capex": 0.0, "fixed_operation": 0.0}
                }
            },
            series={"solar_fixed": np.ones((1, 2))},
            market=StubMarket(services={"demand_response": {"revenue": 60.0}}),
        )  # fmt: skip
        m, _, solution = optimum(case)
        assert m.asset["demand_response"].capacity.array == near([0.0])
        assert near(solution.objective) == 5 * 110

    def test_reserve_stands_by_in_every_hour(self):
        """Called in the dear hour of a second, light hour: 3 MW of load is all that stands by."""
        own = np.array([[2.0, 3.0], [4.0, 0.0]])[:, None, :]
        waiting = np.array([[0.0, 0.0], [4.0, 0.0]])[:, None, :]
        case = make_case(
            price=[[90.0, 20.0]],
            workload=Workload(("chat", "batch"), own, (0.0, 1.0), waiting),
            it_capacity=[20.0],
            kinds=("reserve", "shiftable_load"),
            settings={
                "reserve": {"capacity_max_mw": 50.0},
                "shiftable_load": {"parameters": {"delay_cost": 200.0}},
            },
            market=StubMarket(services={"reserve": {"revenue": 5000.0}}),
        )
        m, _, _ = optimum(case)
        # 4 MW wait, and then the second hour draws 3 + 4
        assert m.asset["reserve"].capacity.array == near([4.0])
        assert m.grid_import.array[0] == near([2.0, 7.0])

    def test_a_market_that_buys_none_is_named(self):
        [fault] = components["reserve"]().check_place(
            load_site("stockholm"), load_market("stockholm"), (2025,)
        )
        assert "market 'stockholm' buys no reserve (bought: none)" in fault
