"""Outages in the sizing: optima by hand, the check of all starts, impossible requirements."""

import numpy as np
import pytest
from support.cases import make_case, optimum

from dcmodel.components.base import Workload
from dcmodel.components.outage_screen import screened_starts, spread_starts

FREE_ENGINE = {
    "unit_rating": 1.0, "loading_max": 1.0, "capex": 1.0, "fixed_operation": 0.0,
    "variable_operation": 0.0, "fuel_price": 0.0, "fuel_idle": 0.0, "fuel_slope": 2.0,
    "start_fuel": 0.0, "test_hours": 0.0, "min_load": 0.0, "availability": 1.0, "lead_time": 0.0,
    "derate_per_kelvin": 0.0, "derate_per_metre": 0.0, "start_time": 0.0, "lifetime": 1.0,
}  # fmt: skip
FREE_DIESEL = FREE_ENGINE | {
    "fuel_autonomy": 48.0, "fuel_autonomy_included": 48.0, "resupply_after": 24.0,
    "resupply_rate": 0.0, "fuel_slope": 0.25,
}  # fmt: skip
CHEAP_BATTERY = {
    "capex_power": 0.0, "capex_energy": 1.0, "fixed_operation_share_of_capex": 0.0,
    "variable_operation": 0.0, "state_of_charge_min": 0.0, "roundtrip_efficiency": 1.0,
    "lifetime": 1.0,
}  # fmt: skip


def day(load, **options):
    """A day of 24 hours on a grid that costs nothing."""
    return make_case(price=np.zeros((1, 24)), load=load, **options)


def settings(**kinds):
    return {"kinds": tuple(kinds), "settings": kinds}


def peaky():
    """4 MW, but 10 MW at 18 and 19 o'clock."""
    load = np.full((1, 24), 4.0)
    load[0, 18:20] = 10.0
    return load


class TestSizesByHand:
    def test_engines_alone_carry_the_peak(self):
        case = day(peaky(), **settings(
            gas_engine={"parameters": FREE_ENGINE}, outage={"duration_h": 6},
        ))  # fmt: skip
        m, _, _ = optimum(case)
        assert m.asset["gas_engine"].capacity_mw.array == pytest.approx([10.0], abs=1e-5)

    def test_a_cheap_battery_carries_the_peak_over_the_base(self):
        """Engines cost 1000 USD per MW, cells 1 USD/kWh: 12 MWh above 4 MW of engines pay."""
        case = day(peaky(), **settings(
            gas_engine={"parameters": FREE_ENGINE | {"capex": 10.0}},
            battery={"parameters": CHEAP_BATTERY},
            outage={"duration_h": 6},
        ))  # fmt: skip
        m, _, solution = optimum(case)
        # a MW of engine is 10,000; a MWh of cells 1,000: going from 10 MW to 4 MW saves 60,000
        # and takes 12,000 of cells; below 4 MW every MW takes 6 MWh more, 6,000 against 10,000,
        # and recharging is never possible at 4 MW, so the battery carries all: 6 x 4 + 12 = 36 MWh
        assert m.asset["battery"].reserve.array == pytest.approx([36.0], abs=1e-4)
        assert m.asset["gas_engine"].capacity_mw.array == pytest.approx([0.0], abs=1e-5)
        assert solution.objective == pytest.approx(36_000, rel=1e-6)

    def test_a_longer_outage_makes_the_engines_pay_and_the_battery_recharges(self):
        """12 h: a MW of engine (10,000) spares 12 MWh of cells up to the base, and 2 h above it.

        With 4 MW of engines 12 MWh are missing at the peak; every MW more spares 2 MWh and no
        more, for a start just before the peak cannot recharge.
        """
        case = day(peaky(), **settings(
            gas_engine={"parameters": FREE_ENGINE | {"capex": 10.0}},
            battery={"parameters": CHEAP_BATTERY},
            outage={"duration_h": 12, "starts": 24},
        ))  # fmt: skip
        m, _, solution = optimum(case)
        assert m.asset["gas_engine"].capacity_mw.array == pytest.approx([4.0], abs=1e-5)
        assert m.asset["battery"].reserve.array == pytest.approx([12.0], abs=1e-4)
        assert solution.objective == pytest.approx(40_000 + 12_000, rel=1e-6)

    def test_the_reserve_is_kept_in_every_ordinary_hour(self):
        """Arbitrage would empty the battery every evening; the reserve stays."""
        price = np.full((1, 24), 10.0)
        price[0, 18:20] = 500.0
        case = make_case(
            price=price, load=4.0,
            **settings(
                battery={
                    "parameters": CHEAP_BATTERY | {"capex_energy": 0.1}, "energy_max_mwh": 20.0
                },
                outage={"duration_h": 3},
            ),
        )  # fmt: skip
        m, _, _ = optimum(case)
        battery = m.asset["battery"]
        assert battery.reserve.array == pytest.approx([12.0], abs=1e-4)
        assert battery.stored.array.min() == pytest.approx(12.0, abs=1e-4)
        # what lies above the reserve works: 8 MWh are moved out of the two dear hours
        assert battery.discharge.array[0, 18:20].sum() == pytest.approx(8.0, abs=1e-3)

    def test_deferrable_work_is_shed_first(self):
        arrivals = np.array([np.full((1, 24), 6.0), np.full((1, 24), 4.0)])
        work = Workload(("chat", "batch"), arrivals, (0.0, 24.0), np.zeros_like(arrivals))
        sizes = {}
        for share in (0.0, 0.5, 1.0):
            case = day(10.0, workload=work, it_capacity=[10.0], **settings(
                gas_engine={"parameters": FREE_ENGINE},
                outage={"duration_h": 4, "critical": {"batch": share}},
            ))  # fmt: skip
            m, _, _ = optimum(case)
            sizes[share] = float(m.asset["gas_engine"].capacity_mw.array[0])
        assert sizes == pytest.approx({0.0: 6.0, 0.5: 8.0, 1.0: 10.0}, abs=1e-5)

    def test_the_load_is_raised_to_design_weather(self):
        """The year's hottest hour takes 1.2 MW per MW, the design hour 1.5: a quarter more."""
        from dataclasses import replace

        for wanted, size in ((True, 15.0), (False, 12.0)):
            case = day(10.0, slope=1.2, **settings(
                gas_engine={"parameters": FREE_ENGINE},
                outage={"duration_h": 4, "design_weather": wanted},
            ))  # fmt: skip
            case = replace(case, facility_design_peak=np.array([1.5]))
            m, _, _ = optimum(case)
            assert m.asset["gas_engine"].capacity_mw.array == pytest.approx([size], abs=1e-5)

    def test_spare_units_do_not_count(self):
        case = day(10.0, **settings(
            gas_engine={"parameters": FREE_ENGINE, "redundancy": "N+2", "whole_units": True},
            outage={"duration_h": 4},
        ))  # fmt: skip
        m, _, _ = optimum(case)
        assert m.asset["gas_engine"].units.array == pytest.approx([12.0], abs=1e-6)

    def test_slow_units_need_something_for_their_start(self):
        """A start of 35 min, 5 of them bridged by the building: half an hour is missing."""
        case = day(10.0, **settings(
            gas_engine={"parameters": FREE_ENGINE | {"start_time": 35 * 60.0, "fuel_idle": 1.0,
                                                     "fuel_price": 1e3}},
            ups={"parameters": {"capex_energy": 1.0, "discharge_efficiency": 1.0,
                                "fixed_operation_share_of_capex": 0.0, "lifetime": 1.0}},
            outage={"duration_h": 4},
        ))  # fmt: skip
        m, _, _ = optimum(case)
        assert m.asset["ups"].energy.array == pytest.approx([5.0], abs=1e-5)

    def test_units_that_run_before_need_no_start(self):
        """A fuel cell of 10 MW at 1 h start runs all year on free fuel: nothing is missing."""
        case = make_case(
            price=np.full((1, 24), 10.0), load=10.0,
            **settings(
                fuel_cell={"parameters": FREE_ENGINE | {"start_time": 3600.0 * 8}},
                outage={"duration_h": 4},
            ),
        )  # fmt: skip
        m, _, _ = optimum(case)
        assert m.asset["fuel_cell"].capacity_mw.array == pytest.approx([10.0], abs=1e-5)
        assert m.asset["fuel_cell"].online.array.min() == pytest.approx(10.0, abs=1e-5)

    def test_fuel_on_site_makes_more_units_stand(self):
        """12 h of fuel for 24 h of 10 MW: 20 units' tanks, at 1 h of full load each hour."""
        case = day(10.0, **settings(
            diesel={"parameters": FREE_DIESEL | {"fuel_autonomy": 12.0}, "sizing": "optimised",
                    "critical_share": 0.0, "redundancy": "N"},
            outage={"duration_h": 24},
        ))  # fmt: skip
        m, _, _ = optimum(case)
        assert m.asset["diesel"].capacity_mw.array == pytest.approx([20.0], abs=1e-4)

    def test_resupply_replaces_tanks(self):
        """First delivery after 6 h, as fast as half of full load: 12 h tank + 0.5 x 18 h = 21 h.

        Units U with tanks of 12 h at full load: 12 U + 9 U >= 240 MWh, U = 11.43 MW.
        """
        parameters = FREE_DIESEL | {
            "fuel_autonomy": 12.0,
            "resupply_after": 6.0,
            "resupply_rate": 0.5,
        }
        case = day(10.0, **settings(
            diesel={"parameters": parameters, "sizing": "optimised", "critical_share": 0.0,
                    "redundancy": "N"},
            outage={"duration_h": 24},
        ))  # fmt: skip
        m, _, _ = optimum(case)
        assert m.asset["diesel"].capacity_mw.array == pytest.approx([240 / 21], abs=1e-4)

    def test_an_outage_wraps_the_end_of_the_year(self):
        """The peak lies in the first hour of the year; an outage from the last hour meets it."""
        load = np.full((1, 24), 2.0)
        load[0, 0] = 8.0
        case = day(load, **settings(
            gas_engine={"parameters": FREE_ENGINE},
            outage={"duration_h": 3, "starts": 1, "start_hours": (23,)},
        ))  # fmt: skip
        m, _, _ = optimum(case)
        assert m.asset["outage"].load.array[0, -1] == pytest.approx([2.0, 8.0, 2.0])

    def test_cold_storage_spares_the_compressors(self):
        """IT 10 MW, all heat by compressors at 0.3 MW/MW: engines carry 13 MW, with a tank 10."""
        series = {
            "mechanical_share": np.ones((1, 24)),
            "compressor_power_per_heat": np.full((1, 24), 0.3),
        }
        tank = {"capex_energy": 0.001, "capex_power": 0.0, "loss_per_hour": 0.0,
                "unusable_share": 0.0}  # fmt: skip
        case = day(10.0, slope=1.3, series=series, it_capacity=[20.0], **settings(
            gas_engine={"parameters": FREE_ENGINE},
            thermal_storage={"parameters": tank},
            outage={"duration_h": 4, "design_weather": False},
        ))  # fmt: skip
        m, _, _ = optimum(case)
        assert m.asset["gas_engine"].capacity_mw.array == pytest.approx([10.0], abs=1e-4)
        assert m.asset["thermal_storage"].reserve.array == pytest.approx([40.0], abs=1e-3)


class TestScenarios:
    @pytest.mark.parametrize(("value", "size"), [(990.0, 0.0), (1010.0, 10.0)])
    def test_backup_is_built_where_expected_loss_exceeds_it(self, value, size):
        """0.25 outages a year of 4 h: a MW saves a MWh a year; it costs 1000 USD."""
        case = day(10.0, **settings(
            gas_engine={"parameters": FREE_ENGINE},
            outage={
                "scenarios": {"storm": {"duration_h": 4, "per_year": 0.25, "starts": 3}},
                "value_of_lost_load_usd_per_mwh": value,
            },
        ))  # fmt: skip
        m, _, solution = optimum(case)
        assert m.asset["gas_engine"].capacity_mw.array == pytest.approx([size], abs=1e-4)
        assert solution.objective == pytest.approx(min(10 * value, 10_000), rel=1e-6)

    def test_the_requirement_and_the_scenario_stand_together(self):
        """Deep outages of 2 h must be survived; of 6 h a share is lost at a low value."""
        case = day(10.0, **settings(
            battery={"parameters": CHEAP_BATTERY},
            outage={
                "duration_h": 2,
                "scenarios": {"long": {"duration_h": 6, "per_year": 0.1, "starts": 2}},
                "value_of_lost_load_usd_per_mwh": 100.0,
            },
        ))  # fmt: skip
        m, _, solution = optimum(case)
        assert m.asset["battery"].energy.array == pytest.approx([20.0], abs=1e-4)
        assert solution.objective == pytest.approx(20_000 + 0.1 * 100 * 40, rel=1e-6)


class TestAllStarts:
    def test_screening_finds_the_peak_the_window_and_the_dark(self):
        need = np.full((1, 240), 5.0)
        need[0, 100] = 9.0
        need[0, 180:190] = 6.0
        sun = np.where(np.arange(240) < 120, 0.0, 0.9)[None]
        starts = screened_starts(need, sun, 10, 4)
        # most energy over the outage; the single peak; the dark before noon of day five
        assert 180 in starts
        assert any(start <= 100 < start + 10 for start in starts)
        assert sum(start < 120 for start in starts) >= 2

    def test_starts_spread_over_year_and_day(self):
        starts = spread_starts(12, 8760)
        assert len(starts) == 12
        assert max(np.diff(starts)) < 900
        assert len({start % 24 for start in starts}) >= 8

    def test_a_start_that_fails_is_added_and_the_next_solution_survives(self):
        """Screening with one start sees the longest plateau; a single high hour lies elsewhere."""
        load = np.full((1, 48), 4.0)
        load[0, 10:14] = 5.0
        load[0, 40] = 8.0
        case = make_case(price=np.zeros((1, 48)), load=load, **settings(
            gas_engine={"parameters": FREE_ENGINE}, outage={"duration_h": 4, "starts": 1},
        ))  # fmt: skip
        m, _, _ = optimum(case)
        outage = case.components[1]
        assert m.asset["gas_engine"].capacity_mw.array == pytest.approx([5.0], abs=1e-5)
        again = outage.revised(m, case)
        # the four starts whose outage meets hour 40
        assert set(again.start_hours) == {37, 38, 39, 40}

        from dataclasses import replace

        case = replace(case, components=(case.components[0], again))
        m, _, _ = optimum(case)
        assert m.asset["gas_engine"].capacity_mw.array == pytest.approx([8.0], abs=1e-5)
        assert again.revised(m, case) is None

    @pytest.mark.parametrize("seed", range(6))
    def test_no_start_of_a_solution_by_all_starts_fails(self, seed):
        """With every start in the model, the check by replay finds nothing to add."""
        random = np.random.default_rng(seed)
        case = make_case(
            price=random.uniform(10, 90, (1, 36)), load=random.uniform(2, 10, (1, 36)),
            series={"solar_fixed": random.uniform(0, 1, (1, 36))},
            **settings(
                gas_engine={"parameters": FREE_ENGINE | {"capex": 6.0, "start_time": 1200.0}},
                battery={"parameters": CHEAP_BATTERY},
                solar_onsite={"parameters": {"capex": 2.0}},
                outage={"duration_h": 5, "start_hours": tuple(range(36))},
            ),
        )  # fmt: skip
        m, _, _ = optimum(case)
        from dcmodel.components.outage_screen import failing_starts

        means = [part.outage_means(m.asset[part.kind], case, 5) for part in case.components[:3]]
        outage = case.components[3]
        assert failing_starts(outage.need(case), means, 5) == []

    def test_segments_are_taken_hour_by_hour(self):
        case = make_case(price=[[1.0, 1.0]], load=[[3.0, 7.0]], duration=[6.0, 6.0], **settings(
            gas_engine={"parameters": FREE_ENGINE}, outage={"duration_h": 4, "starts": 2},
        ))  # fmt: skip
        m, _, _ = optimum(case)
        assert m.asset["gas_engine"].capacity_mw.array == pytest.approx([7.0], abs=1e-5)


class TestImpossible:
    def fault(self, load=10.0, **kinds):
        case = day(load, **settings(**kinds))
        [text] = next(c for c in case.components if c.kind == "outage").check(case)
        return text

    def test_critical_load_above_any_possible_backup(self):
        text = self.fault(
            gas_engine={"parameters": FREE_ENGINE, "capacity_max_mw": 6.0},
            battery={"power_max_mw": 3.0},
            outage={"duration_h": 4},
        )
        assert "10 MW must go on, all backup at its largest gives 9 MW" in text
        assert "gas_engine 6 MW, battery 3 MW" in text

    def test_fuel_that_cannot_last(self):
        text = self.fault(
            diesel={"parameters": FREE_DIESEL | {"fuel_autonomy": 12.0}, "capacity_max_mw": 11.0,
                    "sizing": "optimised", "redundancy": "N"},
            outage={"duration_h": 24},
        )  # fmt: skip
        assert "24 h of IT alone take 240 MWh" in text
        assert "gives 132 MWh (diesel 132 MWh)" in text

    def test_a_class_that_is_not_there(self):
        text = self.fault(outage={"duration_h": 4, "critical": {"chatt": 1.0}})
        assert "'chatt', which is no workload (known: all)" in text

    def test_nothing_at_all(self):
        assert "there is none" in self.fault(outage={"duration_h": 4})
