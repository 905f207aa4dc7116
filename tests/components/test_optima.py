"""Optima of small cases worked out by hand: what each component must decide."""

import numpy as np
import pytest
from support.cases import StubMarket, StubSite, make_case, optimum

from dcmodel.components.base import Workload, components
from dcmodel.finance.annuity import capital_recovery_factor

FREE_BATTERY = {
    "capex_power": 0.0,
    "capex_energy": 0.0,
    "variable_operation": 0.0,
    "state_of_charge_min": 0.0,
    "roundtrip_efficiency": 0.81,
    "lifetime": 10.0,
}


def objective(solution):
    return pytest.approx(solution.objective, rel=1e-7, abs=1e-4)


class TestSpotEnergy:
    def test_cost_is_price_plus_adder_times_load(self):
        case = make_case(price=[[10.0, 30.0]], load=[[5.0, 20.0]], duration=[3.0, 2.0], adder=4.0)
        _, _, solution = optimum(case)
        by_hand = 3 * 5 * (10 + 4) + 2 * 20 * (30 + 4)
        assert by_hand == objective(solution)

    def test_years_are_discounted(self):
        case = make_case(price=[[10.0]], load=5.0, years=(2025, 2026), discount_rate=0.25)
        _, _, solution = optimum(case)
        assert objective(solution) == 50 * (1 + 1 / 1.25)


class TestDemandCharge:
    def test_each_month_pays_its_own_peak(self):
        case = make_case(
            price=np.zeros((1, 4)),
            load=[[1.0, 7.0, 3.0, 2.0]],
            month=[0, 0, 1, 1],
            demand_rate=100.0,
        )
        m, _, solution = optimum(case)
        assert objective(solution) == 100 * (7 + 3)
        assert m.monthly_peak.array[0, :2] == pytest.approx([7, 3], abs=1e-6)


class TestGridConnection:
    def test_contracted_power_is_the_peak_and_pays_its_annuity(self):
        case = make_case(
            price=np.zeros((1, 3)),
            load=[[1.0, 7.0, 3.0]],
            kinds=("grid_connection",),
            settings={"grid_connection": {"parameters": {"fixed_operation_share_of_capex": 0.1}}},
            site=StubSite(connection_cost=1000.0),
            discount_rate=0.08,
        )
        m, _, solution = optimum(case)
        lifetime = components["grid_connection"]().technology(case).value("lifetime")
        per_mw = 1000 * (capital_recovery_factor(0.08, lifetime) + 0.1)
        assert 7 * per_mw == objective(solution)
        assert m.asset["grid_connection"].contracted.array == pytest.approx([7.0], abs=1e-6)

    def test_what_the_site_cannot_get_is_unserved_at_the_value_of_lost_load(self):
        case = make_case(
            price=np.full((1, 2), 20.0),
            load=[[10.0, 4.0]],
            grid_available=6.0,
            kinds=("grid_connection", "unserved_energy"),
            settings={"unserved_energy": {"parameters": {"value_of_lost_load": 1.0}}},
            asked={"unserved_energy": 5.0},
        )
        _, _, solution = optimum(case)
        # the parameter's unit is USD/kWh: 1000 USD per MWh not served
        assert objective(solution) == 20 * (6 + 4) + 1000 * 4

    def test_capacity_added_once_stands_and_is_paid_in_later_years(self):
        case = make_case(
            price=np.zeros((2, 1)),
            load=[[3.0], [8.0]],
            years=(2025, 2026),
            kinds=("grid_connection",),
            settings={"grid_connection": {"parameters": {"fixed_operation_share_of_capex": 0.0}}},
            site=StubSite(connection_cost=500.0),
            discount_rate=0.1,
        )
        _m, lp, solution = optimum(case)
        lifetime = components["grid_connection"]().technology(case).value("lifetime")
        annuity = 500 * capital_recovery_factor(0.1, lifetime)
        assert annuity * (3 + 8 / 1.1) == objective(solution)
        assert lp.couples_years.sum() == 2


class TestPayAsProduced:
    """A flat contract K against spot: saves the spot price on use, earns spot - fee on surplus.

    Load is 10 MW in cheap hours (spot 20) and 20 MW in dear hours (spot 60), fee 3; the adder of 5
    falls on all metered energy and moves nothing. The value of a MW over the two hours is
    20 + 60 = 80 up to 10 MW, and (20 - 3) + 60 = 77 above. The year's consumption of 30 MWh allows
    15 MW over two hours and no more.
    """

    @pytest.mark.parametrize(("price", "contracted"), [(41.0, 0.0), (39.0, 10.0), (38.0, 15.0)])
    def test_screening_curve_of_contract_against_spot(self, price, contracted):
        case = make_case(
            price=[[20.0, 60.0]],
            load=[[10.0, 20.0]],
            adder=5.0,
            resale_fee=3.0,
            series={"wind_onshore": np.ones((1, 2))},
            kinds=("ppa_wind",),
            market=StubMarket(contracts={"ppa_wind": (price, 50.0)}),
        )
        m, _, solution = optimum(case)
        spot_only = 10 * 25 + 20 * 65
        worth = 80 * min(contracted, 10) + 77 * max(contracted - 10, 0)
        assert objective(solution) == spot_only - worth + 2 * price * contracted
        assert m.asset["ppa_wind"].capacity.array == pytest.approx([contracted], abs=1e-5)

    def test_losses_and_adder_fall_on_contract_energy_too(self):
        case = make_case(
            price=[[50.0]],
            load=12.0,
            adder=5.0,
            loss_fraction=0.1,
            series={"wind_onshore": np.ones((1, 1))},
            kinds=("ppa_wind",),
            market=StubMarket(contracts={"ppa_wind": (20.0, 50.0)}),
        )
        _, _, solution = optimum(case)
        assert objective(solution) == 12 * (20 + 0.1 * 50 + 5)

    def test_energy_below_the_fee_is_curtailed_and_still_paid(self):
        case = make_case(
            price=[[-50.0]],
            load=0.0,
            it_capacity=[1.0],
            resale_fee=3.0,
            series={"wind_onshore": np.ones((1, 1))},
            kinds=("ppa_wind",),
            market=StubMarket(contracts={"ppa_wind": (10.0, 50.0)}),
        )
        _, _, solution = optimum(case)
        assert objective(solution) == 0.0

    def test_contract_energy_does_not_lower_the_metered_import(self):
        case = make_case(
            price=[[50.0, 50.0]],
            load=12.0,
            series={"wind_onshore": np.ones((1, 2))},
            kinds=("ppa_wind",),
            demand_rate=10.0,
            market=StubMarket(contracts={"ppa_wind": (20.0, 12.0)}),
        )
        m, _, _ = optimum(case)
        assert m.grid_import.array == pytest.approx(np.full((1, 2), 12.0), abs=1e-5)
        assert m.monthly_peak.array[0, 0] == pytest.approx(12.0, abs=1e-5)


class TestBattery:
    def test_two_price_arbitrage(self):
        """One way efficiency 0.9: a MWh at 100 needs 1/0.81 MWh at 20; load 10 MW is the limit."""
        case = make_case(
            price=[[20.0, 100.0]],
            load=10.0,
            kinds=("battery",),
            settings={"battery": {"parameters": FREE_BATTERY}},
        )
        m, _, solution = optimum(case)
        assert objective(solution) == 10 * 20 + (10 / 0.81) * 20
        assert m.asset["battery"].discharge.array[0] == pytest.approx([0, 10], abs=1e-5)

    def test_it_is_left_out_where_its_cost_exceeds_the_spread(self):
        """Spread of one cycle: 100 - 20/0.81 = 75.3; wear of 80 USD/MWh eats it."""
        case = make_case(
            price=[[20.0, 100.0]],
            load=10.0,
            kinds=("battery",),
            settings={"battery": {"parameters": {**FREE_BATTERY, "variable_operation": 80.0}}},
        )
        _, _, solution = optimum(case)
        assert objective(solution) == 10 * 120

    def test_energy_size_is_paid_over_its_usable_share(self):
        """Discharging 10 MWh leaves 10/0.9 in store, of which the size holds 1 - 0.2."""
        parameters = {
            **FREE_BATTERY,
            "state_of_charge_min": 0.2,
            "capex_energy": 0.01,
            "fixed_operation_share_of_capex": 0.0,
        }
        case = make_case(
            price=[[20.0, 100.0]],
            load=10.0,
            kinds=("battery",),
            settings={"battery": {"parameters": parameters}},
            discount_rate=0.08,
        )
        m, _, solution = optimum(case)
        energy = 10 / 0.9 / 0.8
        # 0.01 USD/kWh is 10 USD per MWh of size
        size_cost = 10 * capital_recovery_factor(0.08, 10.0) * energy
        assert 10 * 20 + (10 / 0.81) * 20 + size_cost == objective(solution)
        assert m.asset["battery"].energy.array == pytest.approx([energy], abs=1e-5)


class TestSolarOnsite:
    def test_covers_load_and_curtails_the_rest(self):
        case = make_case(
            price=[[50.0, 50.0]],
            load=[[10.0, 2.0]],
            series={"solar_fixed": np.array([[0.5, 1.0]])},
            kinds=("solar_onsite",),
            settings={
                "solar_onsite": {
                    "capacity_max_mw": 20.0,
                    "parameters": {"capex": 0.0, "fixed_operation": 0.0},
                }
            },
        )
        m, _, solution = optimum(case)
        assert objective(solution) == 0.0
        assert m.asset["solar_onsite"].output.array[0] == pytest.approx([10.0, 2.0], abs=1e-5)
        assert m.asset["solar_onsite"].capacity.array[0] >= 20.0 - 1e-5


class TestDiesel:
    def test_units_cover_the_design_hour_with_one_spare(self):
        """Design 1.3 x 20 MW = 26 MW; units of 2.5 MW used to 0.9: 26/2.25 = 11.6 -> 12 + 1."""
        case = make_case(price=[[1.0]], load=20.0, slope=1.3, kinds=("diesel",))
        diesel = case.components[0]
        assert diesel.technology(case).value("unit_rating") == pytest.approx(2.5)
        assert diesel.units(case) == pytest.approx([13.0])

    def test_no_load_needs_no_unit(self):
        case = make_case(price=[[1.0]], load=0.0, it_capacity=[0.0], kinds=("diesel",))
        assert case.components[0].units(case) == pytest.approx([0.0])

    def test_cost_by_hand(self):
        parameters = {
            "capex": 1000.0,
            "fixed_operation": 20.0,
            "fuel_price": 0.0,
            "lifetime": 25.0,
        }
        case = make_case(
            price=[[0.0]],
            load=20.0,
            slope=1.3,
            kinds=("diesel",),
            settings={"diesel": {"parameters": parameters}},
            discount_rate=0.08,
        )
        _, _, solution = optimum(case)
        capacity_kw = 13 * 2500
        by_hand = capacity_kw * (1000 * capital_recovery_factor(0.08, 25.0) + 20)
        assert by_hand == objective(solution)


class TestShiftableLoad:
    def workload(self, arrivals, window, backlog_max):
        return Workload(
            ("interactive", "batch"),
            np.array(arrivals, dtype=float)[:, None, :],
            (0.0, window),
            np.array([np.zeros(len(backlog_max)), backlog_max], dtype=float)[:, None, :],
        )

    def test_work_moves_to_the_cheapest_hour_by_the_marginal_coefficient(self):
        """Hour 1: price 50, marginal 1.4, no fixed part. Hour 2: price 60, marginal 1.1, fixed 0.5.

        A MWh of work costs 70 in hour 1 and 66 in hour 2. Price alone (50 < 60) and price times
        mean PUE (70 against 60 x (1.1 + 0.5 x 20 / 10) = 126) would both choose hour 1.
        """
        work = self.workload([[5.0, 5.0], [4.0, 0.0]], 24.0, [4.0, 0.0])
        case = make_case(
            price=[[50.0, 60.0]],
            workload=work,
            it_capacity=[20.0],
            slope=[[1.4, 1.1]],
            fixed=[[0.0, 0.5]],
            kinds=("shiftable_load",),
            settings={"shiftable_load": {"parameters": {"delay_cost": 0.0}}},
        )
        m, _, solution = optimum(case)
        served = m.asset["shiftable_load"].served.array
        assert served[0, 0] == pytest.approx([0.0, 4.0], abs=1e-6)
        by_hand = 50 * 1.4 * 5 + 60 * (1.1 * (5 + 4) + 0.5 * 20)
        assert by_hand == objective(solution)

    def test_the_fleet_limits_what_can_be_moved(self):
        work = self.workload([[5.0, 5.0], [4.0, 0.0]], 24.0, [4.0, 0.0])
        case = make_case(
            price=[[50.0, 10.0]],
            workload=work,
            it_capacity=[8.0],
            kinds=("shiftable_load",),
            settings={"shiftable_load": {"parameters": {"delay_cost": 0.0}}},
        )
        m, _, _ = optimum(case)
        served = m.asset["shiftable_load"].served.array
        assert served[0, 0] == pytest.approx([1.0, 3.0], abs=1e-6)

    def test_the_deadline_binds(self):
        """Work of hour 1 may wait one hour: the cheap hour 3 is out of reach."""
        work = self.workload([[0.0, 0.0, 0.0], [4.0, 0.0, 0.0]], 1.0, [4.0, 0.0, 0.0])
        case = make_case(
            price=[[50.0, 40.0, 10.0]],
            workload=work,
            it_capacity=[8.0],
            kinds=("shiftable_load",),
            settings={"shiftable_load": {"parameters": {"delay_cost": 0.0}}},
        )
        m, _, _ = optimum(case)
        served = m.asset["shiftable_load"].served.array
        assert served[0, 0] == pytest.approx([0.0, 4.0, 0.0], abs=1e-6)

    def test_without_deferrable_work_nothing_is_declared(self):
        case = make_case(price=[[50.0]], kinds=("shiftable_load",))
        m, _, solution = optimum(case)
        assert m.asset["shiftable_load"].component("it_shift") is None
        assert objective(solution) == 500.0


class TestBuildingAndWater:
    def test_building_pays_each_stage_from_its_year(self):
        case = make_case(
            price=np.zeros((2, 1)),
            load=[[2.0], [5.0]],
            years=(2025, 2026),
            kinds=("building",),
            settings={
                "building": {
                    "parameters": {
                        "standby_power_share": 0.0,
                        "fixed_operation_share_of_capex": 0.03,
                        "lifetime": 20.0,
                    }
                }
            },
            market=StubMarket(build_cost=1e6),
            discount_rate=0.08,
        )
        _, _, solution = optimum(case)
        per_mw = 1e6 * (capital_recovery_factor(0.08, 20.0) + 0.03)
        assert per_mw * (2 + 5 / 1.08) == objective(solution)

    @pytest.mark.parametrize(("tier", "extra"), [("tier_1", -0.15), ("tier_3", 0), ("tier_4", 0.1)])
    def test_tiers_of_distribution_are_dearer_or_cheaper_than_the_market_builds(self, tier, extra):
        case = make_case(
            price=np.zeros((2, 1)),
            load=[[2.0], [5.0]],
            years=(2025, 2026),
            kinds=("power_distribution",),
            settings={
                "power_distribution": {
                    "tier": tier,
                    "parameters": {"fixed_operation_share_of_capex": 0.03, "lifetime": 20.0},
                }
            },
            market=StubMarket(build_cost=1e6),
            discount_rate=0.08,
        )
        _, _, solution = optimum(case)
        per_mw = extra * 1e6 * (capital_recovery_factor(0.08, 20.0) + 0.03)
        assert per_mw * (2 + 5 / 1.08) == objective(solution)
        # a better tier costs what lies between, on all MW that stand
        better = {offer.paths.name: offer.cost for offer in case.distributions}
        assert next(iter(better)) == tier
        between = (0.1 - extra) * 1e6 * (capital_recovery_factor(0.08, 20.0) + 0.03)
        np.testing.assert_allclose(better["tier_4"], [2 * between, 5 * between], rtol=1e-12)

    def test_water_is_volume_times_price(self):
        from dataclasses import replace

        case = make_case(
            price=np.zeros((1, 2)),
            load=10.0,
            duration=[3.0, 1.0],
            kinds=("water_supply",),
            site=StubSite(water_price=2.0),
        )
        ones = np.ones((1, 2))
        facility = replace(case.facility, water_slope=1.5 * ones, water_fixed=0.1 * ones)
        case = replace(case, facility=facility)
        _, _, solution = optimum(case)
        assert objective(solution) == 2.0 * 4 * (1.5 * 10 + 0.1 * 10)


class TestReference:
    def test_reference_drops_what_an_ordinary_buyer_leaves_out(self):
        kinds = ("grid_connection", "ppa_wind", "battery", "shiftable_load", "diesel")
        case = make_case(price=[[1.0]], kinds=kinds)
        kept = [component.kind for component in case.reference().components]
        assert kept == ["grid_connection", "diesel"]
