"""Battery life, reserves, UPS and cold storage: closed forms and optima by hand."""

import numpy as np
import pytest
from support.cases import make_case, optimum

from dcmodel.components.base import components
from dcmodel.components.battery_life import cell_life, faded, replacement_pieces
from dcmodel.components.outages import Found
from dcmodel.finance.annuity import capital_recovery_factor
from dcmodel.inputs.assumptions import technology
from dcmodel.reliability.sizing import Addition


def battery(**parameters):
    return technology("battery", 2025, parameters)


class TestBatteryLife:
    def test_fade_by_age_and_use_by_hand(self):
        # 0.00116 x 3650^0.428 = 0.00116 x 33.45 = 0.0388, and 2.46e-5 x 300 x 10 = 0.0738
        assert faded(battery(), 10.0, 300.0) == pytest.approx(0.0388 + 0.0738, abs=2e-4)

    def test_cells_of_one_cycle_a_day_outlive_the_plant(self):
        assert cell_life(battery(), 365.0) == 15.0

    def test_use_alone_gives_the_number_of_cycles_to_the_end(self):
        cells = battery(degradation_calendar=0.0)
        # 0.2 / 2.46e-5 = 8130 cycles: 8.13 years of 1000
        assert cell_life(cells, 1000.0) == pytest.approx(0.2 / 2.46e-5 / 1000)

    def test_age_alone_gives_the_inverse_power(self):
        cells = battery(degradation_cycle=1e-12, degradation_calendar=0.01, lifetime=40.0)
        assert cell_life(cells, 100.0) == pytest.approx((0.2 / 0.01) ** (1 / 0.428) / 365, rel=1e-4)

    @pytest.mark.parametrize("rate", [0.0, 0.03, 0.08, 0.15])
    def test_the_pieces_lie_within_half_a_percent_of_the_cost_of_replacement(self, rate):
        cells = battery()
        pieces = replacement_pieces(cells, rate)
        assert (np.diff(pieces.slope) > 0).all()
        annuity = capital_recovery_factor(rate, 15.0)
        for cycles in np.linspace(0.0, pieces.cycles_max, 40):
            exact = capital_recovery_factor(rate, cell_life(cells, cycles))
            drawn = annuity + max(float((pieces.fixed + pieces.slope * cycles).max()), 0.0)
            assert 0.995 * exact <= drawn <= 1.0005 * exact

    def test_a_hard_used_battery_pays_its_cells_over_their_own_life(self):
        """1000 cycles of nine tenths of the rated energy: a life of seven years, not of fifteen."""
        parameters = {
            "capex_power": 0.0, "capex_energy": 10.0, "variable_operation": 0.0,
            "state_of_charge_min": 0.0, "roundtrip_efficiency": 1.0,
            "fixed_operation_share_without_augmentation": 0.0,
        }  # fmt: skip
        price = np.tile([0.0, 1000.0], 1000)[None]
        case = make_case(
            price=price, load=9.0, discount_rate=0.08, kinds=("battery",),
            settings={"battery": {"degradation": True, "parameters": parameters}},
        )  # fmt: skip
        m, _, solution = optimum(case)
        block = m.asset["battery"]
        energy = float(block.energy.array[0])
        # cells have lost a tenth on average: 10 MWh for 9 MWh a cycle, 900 full cycles a year
        assert energy == pytest.approx(10.0, rel=1e-5)
        cells = case.components[0].technology(case)
        exact = 10_000 * energy * capital_recovery_factor(0.08, cell_life(cells, 900.0))
        assert solution.objective == pytest.approx(exact, rel=5e-3)

    def test_without_degradation_nothing_changes(self):
        case = make_case(price=[[1.0]], kinds=("battery",))
        m, _, _ = optimum(case)
        assert m.asset["battery"].component("replaced") is None


class TestReserve:
    def test_a_stated_reserve_is_held_and_sizes_the_battery(self):
        """6 MWh above the lowest state of 20 %: 7.5 MWh."""
        case = make_case(
            price=[[50.0, 50.0]], kinds=("battery",), settings={"battery": {"reserve_mwh": 6.0}}
        )
        m, _, _ = optimum(case)
        assert m.asset["battery"].energy.array == pytest.approx([7.5], abs=1e-5)
        assert m.asset["battery"].stored.array.min() >= 6.0 - 1e-6

    def test_a_reserve_and_a_converter_by_year(self):
        """Nothing, then 4 MW, then 6 MWh too: a stage holds until the next."""
        case = make_case(
            price=[[50.0, 50.0]] * 3, years=(2025, 2026, 2027), kinds=("battery",),
            settings={"battery": {"reserve_mwh": {2027: 6.0}, "power_min_mw": {2026: 4.0}}},
        )  # fmt: skip
        m, _, _ = optimum(case)
        block = m.asset["battery"]
        assert block.power.array == pytest.approx([0.0, 4.0, 4.0], abs=1e-5)
        assert block.energy.array == pytest.approx([0.0, 0.0, 7.5], abs=1e-5)

    def test_a_converter_that_may_not_be_built(self):
        case = make_case(
            price=[[1.0]], kinds=("battery",),
            settings={"battery": {"power_min_mw": {2025: 9.0}, "power_max_mw": 5.0}},
        )  # fmt: skip
        [text] = case.components[0].check(case)
        assert "a converter of 9 MW is asked for, 5 MW is the largest" in text

    def test_what_verification_adds_is_kept_from_its_year_on(self):
        """2 MWh is the least the battery held; 3 of 1 MW and 1.5 MWh are added in 2026."""
        case = make_case(
            price=[[50.0, 50.0]] * 3, years=(2025, 2026, 2027), kinds=("battery",),
            settings={"battery": {"reserve_mwh": {2025: 1.0, 2027: 9.0}}},
        )  # fmt: skip
        found = Found({"power": 4.0, "energy": 10.0}, np.array([5.0, 2.0]))
        one = Addition("battery", 0.0, lambda system: system, "battery", power=1.0, energy=1.5)
        kept = case.components[0].larger(case, found, 2026, [(one, 3)])
        assert kept.reserve(case) == pytest.approx([1.0, 6.5, 9.0])
        assert kept.least_power(case) == pytest.approx([0.0, 7.0, 7.0])

    def test_a_reserve_that_no_battery_holds(self):
        case = make_case(
            price=[[1.0]], kinds=("battery",),
            settings={"battery": {"reserve_mwh": 9.0, "energy_max_mwh": 10.0}},
        )  # fmt: skip
        [text] = case.components[0].check(case)
        assert "a reserve of 9 MWh" in text
        assert "holds 8 MWh" in text


class TestUps:
    def test_ride_through_at_design_power(self):
        """13 MW for a quarter of an hour at 0.965: 3.368 MWh."""
        case = make_case(
            price=[[0.0]], load=10.0, slope=1.3, kinds=("ups",), discount_rate=0.08,
            settings={"ups": {"ride_through_h": 0.25}},
        )  # fmt: skip
        m, _, solution = optimum(case)
        energy = 13 * 0.25 / 0.965
        assert m.asset["ups"].energy.array == pytest.approx([energy], abs=1e-5)
        yearly = 400e3 * (capital_recovery_factor(0.08, 12.0) + 0.02)
        assert solution.objective == pytest.approx(energy * yearly, rel=1e-6)

    def test_too_long_a_ride(self):
        case = make_case(price=[[0.0]], kinds=("ups",), settings={"ups": {"ride_through_h": 3.0}})
        [text] = case.components[0].check(case)
        assert "3 h is asked for, at most 1 h" in text


FREE_TANK = {
    "capex_energy": 0.0, "capex_power": 0.0, "loss_per_hour": 0.0, "unusable_share": 0.0
}  # fmt: skip


def chilled(price, per_heat, share=1.0, load=10.0, settings=None, **options):
    steps = len(price)
    series = {
        "mechanical_share": np.broadcast_to(np.asarray(share, float), (1, steps)),
        "compressor_power_per_heat": np.atleast_2d(np.asarray(per_heat, float)),
    }
    tank = {"parameters": FREE_TANK, **(settings or {})}
    return make_case(
        price=[price], load=load, series=series, it_capacity=[20.0],
        kinds=("thermal_storage",), settings={"thermal_storage": tank}, **options,
    )  # fmt: skip


class TestColdStorage:
    def test_cold_is_made_in_the_cheap_cool_hour(self):
        """Night: 20 USD/MWh and 0.1 MW/MW; day: 100 and 0.3. All 10 MW of the day's heat move.

        Compressors of 20 MW carry 10 MW of the night, so 10 MW are free to fill the tank.
        """
        m, _, solution = optimum(chilled([20.0, 100.0], [0.1, 0.3]))
        saved = 100 * 0.3 * 10 - 20 * 0.1 * 10
        assert solution.objective == pytest.approx(10 * 120 - saved, rel=1e-7)
        supply = np.asarray(m.asset["thermal_storage"].supply.array)
        assert supply[0] == pytest.approx([-1.0, 3.0], abs=1e-5)

    def test_only_the_heat_of_compressors_can_be_spared(self):
        _, _, solution = optimum(chilled([20.0, 100.0], [0.1, 0.3], share=[[1.0, 0.4]]))
        assert solution.objective == pytest.approx(1200 - (100 * 0.3 - 20 * 0.1) * 4, rel=1e-7)

    def test_a_cheap_but_hot_hour_is_no_place_to_make_cold(self):
        """80 against 100 USD/MWh, but twice the power per heat: nothing is moved."""
        m, _, solution = optimum(chilled([80.0, 100.0], [0.4, 0.2]))
        block = m.asset["thermal_storage"]
        # it goes the other way: cold of the dear but cool hour serves the cheap hot one
        assert block.charge.array[0] == pytest.approx([0.0, 10.0], abs=1e-5)
        assert solution.objective == pytest.approx(1800 - 10 * (80 * 0.4 - 100 * 0.2), rel=1e-7)

    def test_losses_by_the_hour(self):
        settings = {"parameters": FREE_TANK | {"loss_per_hour": 0.1}, "power_max_mw": 4.0}
        m, _, _ = optimum(chilled([20.0, 20.0, 100.0], [0.1, 0.1, 0.3], settings=settings))
        block = m.asset["thermal_storage"]
        # 4 MWh of cold for the last hour take 4 / 0.9 made an hour before: in two hours then
        assert block.discharge.array[0, 2] == pytest.approx(4.0, abs=1e-5)
        made = block.charge.array[0]
        assert made[1] * 0.9 + made[0] * 0.81 == pytest.approx(4.0, abs=1e-5)

    def test_it_is_built_where_the_spread_pays_its_annuity(self):
        """A MWh of tank saves 28 USD in each of 100 days: 2,800 a year; lifetime 10 at rate 0."""
        for cost, built in ((27.9, 10.0), (28.1, 0.0)):
            parameters = FREE_TANK | {"capex_energy": cost, "lifetime": 10.0,
                                      "fixed_operation_share_of_capex": 0.0}  # fmt: skip
            price, power = [20.0, 100.0] * 100, [[0.1, 0.3] * 100]
            m, _, _ = optimum(chilled(price, power, settings={"parameters": parameters}))
            assert m.asset["thermal_storage"].energy.array == pytest.approx([built], abs=1e-4)

    def test_published_cost_per_volume(self):
        """1.50 USD/gal; a gallon of 3.785 kg warms by 12 degF: 0.0293 kWh."""
        kwh = 3.785411784 * 0.998 * 4.186 * (12 / 1.8) / 3600
        cost = components["thermal_storage"]().technology(make_case(price=[[1.0]]))
        assert cost.value("capex_energy") == pytest.approx(1.5 / kwh * 1e3, rel=0.01)
