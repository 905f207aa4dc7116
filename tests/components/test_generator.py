"""Generators: optima and rules worked out by hand, and settings that cannot hold together."""

import numpy as np
import pytest
from support.cases import StubSite, make_case, optimum

from dcmodel.components.base import components
from dcmodel.finance.annuity import capital_recovery_factor

PLAIN = {
    "unit_rating": 2.0,
    "loading_max": 1.0,
    "capex": 0.0,
    "fixed_operation": 0.0,
    "variable_operation": 0.0,
    "fuel_price": 0.0,
    "fuel_idle": 0.0,
    "fuel_slope": 2.0,
    "start_fuel": 0.0,
    "test_hours": 0.0,
    "min_load": 0.0,
    "availability": 1.0,
    "lead_time": 0.0,
    "permit_hours_non_emergency": 8760.0,
    "derate_per_kelvin": 0.0,
    "derate_per_metre": 0.0,
}
"""A free engine without any of the effects; each test brings in the one it is about."""
MMBTU_PER_MWH = 1 / 0.29307107


def engine(case_options, parameters=None, kind="gas_engine", others=(), **settings):
    fields = {**settings, "parameters": {**PLAIN, **(parameters or {})}}
    all_settings = {kind: fields, **case_options.pop("settings", {})}
    return make_case(kinds=(kind, *others), settings=all_settings, **case_options)


def objective(solution):
    return pytest.approx(solution.objective, rel=1e-7, abs=1e-4)


class TestScreeningCurve:
    """Grid at 100 USD/MWh against an engine whose fuel is 10 USD/MWh, at 2 MWh fuel per MWh."""

    # 1000 hours of 100 against 20 USD/MWh: a MW saves 80,000 USD a year
    @pytest.mark.parametrize(("capex", "built"), [(799.0, 10.0), (801.0, 0.0)])
    def test_it_is_built_where_fuel_saves_its_annuity(self, capex, built):
        parameters = {"capex": capex, "lifetime": 10.0, "fuel_price": 10 / MMBTU_PER_MWH}
        case = engine({"price": [[100.0]], "duration": [1000.0], "load": 10.0}, parameters)
        m, _, solution = optimum(case)
        annuity = capital_recovery_factor(0.0, 10.0) * capex * 1000
        by_hand = 10 * min(annuity + 1000 * 20, 1000 * 100)
        assert objective(solution) == by_hand
        assert m.asset["gas_engine"].capacity_mw.array == pytest.approx([built], abs=1e-5)

    def test_part_load_idling_and_start(self):
        """5 MW of 10: 2 h on. Idle 0.5 MWh per MW and h, slope 2, start 1 MWh per MW."""
        parameters = {"fuel_price": 1 / MMBTU_PER_MWH, "fuel_idle": 0.5, "min_load": 0.5,
                      "start_fuel": 1.0}  # fmt: skip
        case = engine({"price": [[0.0, 99.0, 99.0]], "load": [[5.0, 5.0, 8.0]]}, parameters)
        m, _, solution = optimum(case)
        # units follow the load: 5 MW run, then 8 MW; 3 MW more are started in the last hour
        fuel = 0.5 * (5 + 8) + 2 * (5 + 8) + 1.0 * 8
        assert objective(solution) == fuel
        assert 2.0 * m.asset["gas_engine"].online.array[0] == pytest.approx([0, 5, 8], abs=1e-5)


class TestMinimumLoad:
    def test_output_below_the_minimum_of_what_must_run_is_impossible(self):
        """A start costs more than idling: 10 MW run through a dip of the load to 2 MW.

        At minimum load 0.5 they would give 5 MW; nothing takes the surplus, so 6 MW are stopped.
        """
        parameters = {"fuel_price": 1 / MMBTU_PER_MWH, "start_fuel": 50.0, "min_load": 0.5}
        case = engine({"price": np.full((1, 3), 1e4), "load": [[10.0, 2.0, 10.0]]}, parameters)
        m, _, solution = optimum(case)
        online = 2.0 * m.asset["gas_engine"].online.array[0]
        assert online[1] == pytest.approx(4.0, abs=1e-5)
        assert objective(solution) == 2 * 22 + 50 * 6


class TestDerating:
    def test_heat_and_height_by_hand(self):
        case = engine(
            {"price": [[1.0, 1.0]], "temp_air": [[20.0, 45.0]], "site": StubSite(elevation=1500.0)},
            {
                "derate_temperature_from": 35.0,
                "derate_per_kelvin": 0.01,
                "derate_altitude_from": 1000.0,
                "derate_per_metre": 0.0001,
            },
        )
        generator = case.components[0]
        derated = generator.derating(case, case.series["temp_air"])
        assert derated[0] == pytest.approx([0.95, 0.9 * 0.95])

    def test_a_hot_hour_needs_more_units(self):
        """Off the grid: 9 MW at 45 degC with 0.9 of the rating take 10 MW of units."""
        options = {"price": [[1.0, 1.0]], "load": 9.0, "temp_air": [[20.0, 45.0]]}
        case = engine(
            {**options, "grid_available": 0.0},
            {"capex": 100.0, "derate_temperature_from": 35.0, "derate_per_kelvin": 0.01},
        )
        m, _, _ = optimum(case)
        assert m.asset["gas_engine"].capacity_mw.array == pytest.approx([10.0], abs=1e-5)

    def test_turbines_lose_at_iso_slope_from_15_degrees(self):
        case = make_case(price=[[1.0]], temp_air=35.0, kinds=("gas_turbine", "gas_engine"))
        turbine, gas_engine = case.components
        assert turbine.derating(case, 35.0) == pytest.approx(1 - 20 * 0.007)
        assert gas_engine.derating(case, 35.0) == pytest.approx(1.0)

    def test_pressure_of_the_standard_atmosphere_stands_behind_the_turbine_slope(self):
        pressure_ratio = (1 - 2.25577e-5 * 1000.0) ** 5.25588
        slope = components["gas_turbine"]().technology(make_case(price=[[1.0]]))
        assert 1 - 1000 * slope.value("derate_per_metre") == pytest.approx(
            pressure_ratio, abs=0.005
        )


class TestPermitHours:
    def test_hours_after_tests_go_to_the_dearest_hours(self):
        """12 h permitted, 10 h of tests: 2 h of 4 may be run, and the dearest save most."""
        case = engine(
            {"price": [[10.0, 40.0, 30.0, 20.0]], "load": 6.0},
            {"test_hours": 10.0, "test_load": 0.0},
            permit_h=12.0,
            capacity_max_mw=6.0,
        )
        m, _, solution = optimum(case)
        assert m.asset["gas_engine"].output.array[0] == pytest.approx([0, 6, 6, 0], abs=1e-5)
        assert objective(solution) == 6 * (10 + 20)

    def test_each_unit_has_its_own_hours_so_a_larger_fleet_runs_longer(self):
        """8 MW of units with 2 h each give 16 MWh; 12 MW give all 24 MWh of 4 hours."""
        for most, energy in ((8.0, 16.0), (12.0, 24.0)):
            case = engine(
                {"price": np.full((1, 4), 30.0), "load": 6.0}, permit_h=2.0, capacity_max_mw=most
            )
            m, _, _ = optimum(case)
            assert m.asset["gas_engine"].output.array.sum() == pytest.approx(energy, abs=1e-4)

    def test_an_emergency_permit_keeps_units_off_the_market(self):
        case = make_case(price=[[1e6]], kinds=("diesel",))
        m, _, _ = optimum(case)
        assert m.asset["diesel"].component("output") is None

    def test_nitrogen_oxides_limit_the_running(self):
        """1 lb/MMBtu at 2 MWh of fuel per MWh: 3.0952 kg per MWh; 31 kg allow 10.0 MWh."""
        case = engine(
            {"price": [[50.0, 40.0]], "load": 10.0}, {"nox_per_fuel": 1.0}, nox_max_t=0.0309522
        )
        m, _, solution = optimum(case)
        assert m.asset["gas_engine"].nox.array == pytest.approx([0.0309522])
        assert objective(solution) == pytest.approx(10 * 40, rel=1e-4)


class TestWholeUnits:
    def test_units_are_whole_and_spare(self):
        """Off the grid with 5 MW: 3 units of 2 MW carry it."""
        for redundancy, total in (("N", 3), ("N+1", 4), ("2N", 6), ("2(N+1)", 8), ("3N/2", 6)):
            case = engine(
                {"price": [[1.0]], "load": 5.0},
                {"capex": 1.0},
                whole_units=True,
                critical_share=1.0,
                redundancy=redundancy,
            )
            m, _, _ = optimum(case)
            units = m.asset["gas_engine"].units.array
            assert units == pytest.approx([total], abs=1e-6), redundancy
            assert case.components[0].units(case) == pytest.approx([total]), redundancy

    def test_without_whole_units_the_size_is_the_load_and_the_spare_a_unit(self):
        case = engine(
            {"price": [[1.0]], "load": 5.0}, {"capex": 1.0}, critical_share=1.0, redundancy="N+1"
        )
        m, _, _ = optimum(case)
        assert m.asset["gas_engine"].capacity_mw.array == pytest.approx([5.0 + 2.0], abs=1e-5)

    def test_a_tier_is_its_class_of_redundancy(self):
        case = make_case(
            price=[[1.0]], load=20.0, slope=1.3, kinds=("diesel",),
            settings={"diesel": {"redundancy": "tier_4"}},
        )  # fmt: skip
        # 26 MW of 2.25 MW each take 12 units; two systems of 12
        assert case.components[0].units(case) == pytest.approx([24.0])

    def test_a_spare_is_owed_only_where_any_stand(self):
        """No backup is asked for: a dear grid is worth 3 units, a cheap one neither 3 nor 1."""
        for price, count in ((1e6, 3), (0.0, 0)):
            case = engine(
                {"price": [[price]], "load": 5.0}, {"capex": 1.0}, whole_units=True,
                redundancy="N+1",
            )  # fmt: skip
            m, _, _ = optimum(case)
            block = m.asset["gas_engine"]
            assert block.units.array == pytest.approx([count], abs=1e-6)
            assert block.firm_units.array[0] <= max(count - 1, 0) + 1e-6


class TestDelivery:
    def test_nothing_stands_before_the_lead_time_has_run(self):
        case = engine(
            {
                "price": np.full((4, 1), 50.0), "load": 10.0,
                "years": (2025, 2026, 2027, 2028),
            },
            {"lead_time": 1.5},
        )  # fmt: skip
        m, _, solution = optimum(case)
        capacity = m.asset["gas_engine"].capacity_mw.array
        assert capacity[:2] == pytest.approx([0.0, 0.0], abs=1e-6)
        assert (capacity[2:] >= 10.0 - 1e-5).all()
        assert objective(solution) == 2 * 500

    def test_an_earlier_order_is_delivered_earlier(self):
        case = engine(
            {"price": np.full((2, 1), 50.0), "load": 10.0, "years": (2025, 2026)},
            {"lead_time": 1.5},
            order_year=2023,
        )
        _, _, solution = optimum(case)
        assert objective(solution) == 0.0


class TestBridge:
    def test_engines_carry_the_site_until_its_connection_comes_and_shave_peaks_after(self):
        """2025 off the grid: 8 MW of engines. In 2026 the grid costs 10, a peak MW 100, fuel 20."""
        case = engine(
            {
                "price": np.full((2, 2), 10.0), "load": [[8.0, 2.0], [8.0, 2.0]],
                "years": (2025, 2026), "grid_available": [[0.0, 20.0]], "demand_rate": 100.0,
                "month": [0, 0],
            },
            {"fuel_price": 10 / MMBTU_PER_MWH, "capex": 1.0},
        )  # fmt: skip
        m, _, _ = optimum(case)
        output = m.asset["gas_engine"].output.array
        assert output[0] == pytest.approx([8.0, 2.0], abs=1e-5)
        # of the second year the peak above the other hour is shaved: 6 MWh at +10 save 600
        assert output[1, 0] >= 6.0 - 1e-5
        assert m.monthly_peak.array[1, 0] == pytest.approx(0.0, abs=1e-5)


class TestReference:
    def test_an_ordinary_site_buys_diesel_by_rule_for_the_whole_load(self):
        """26 MW in the design hour, 2.25 MW a unit: 12 and a spare, whatever the study sizes."""
        case = make_case(
            price=[[1.0]], load=20.0, slope=1.3, kinds=("diesel", "battery", "outage"),
            settings={
                "diesel": {"sizing": "optimised", "critical_share": 0.0},
                "outage": {"duration_h": 4},
            },
        )  # fmt: skip
        [diesel] = case.reference().components
        assert diesel.units(case.reference()) == pytest.approx([13.0])

    def test_costs_by_rule_and_sized_stand_under_the_same_names(self):
        """A reference by rule stands beside the sized case term by term: none may be lost."""
        names = []
        for sizing in ("rule", "optimised"):
            case = make_case(
                price=[[1.0]], load=20.0, kinds=("diesel",),
                settings={"diesel": {"sizing": sizing, "order_year": 2020}},
            )  # fmt: skip
            _, lp, _ = optimum(case)
            names.append(set(lp.term_names))
        assert names[0] <= names[1]

    def test_diesel_by_rule_adds_nothing_to_the_program(self):
        shapes = []
        for kinds in ((), ("diesel",)):
            case = make_case(price=[[1.0, 2.0]], load=20.0, kinds=kinds)
            _, lp, _ = optimum(case)
            shapes.append(lp.matrix.shape)
        assert shapes[0] == shapes[1]


class TestTechnologies:
    @pytest.mark.parametrize(
        ("kind", "efficiency"),
        [("gas_engine", 0.4054), ("gas_turbine", 0.3155), ("fuel_cell", 0.413)],
    )
    def test_full_load_fuel_is_the_published_efficiency(self, kind, efficiency):
        parameters = components[kind]().technology(make_case(price=[[1.0]]))
        fuel = parameters.value("fuel_idle") + parameters.value("fuel_slope")
        assert 1 / fuel == pytest.approx(efficiency, rel=2e-3)

    def test_gas_power_lies_by_the_published_benchmark(self):
        """A year at full load in 2025: below the 175 USD/MWh of speed-first gas (BNP Paribas)."""
        cost = {}
        for kind in ("gas_engine", "gas_turbine", "fuel_cell"):
            case = make_case(price=[[0.0]], duration=[8760.0], load=45.0, grid_available=0.0,
                             discount_rate=0.08, kinds=(kind,),
                             settings={kind: {"order_year": 2020}})  # fmt: skip
            _, _, solution = optimum(case)
            cost[kind] = solution.objective / (45.0 * 8760)
        assert all(60 < value < 175 for value in cost.values()), cost
        assert cost["gas_engine"] < cost["fuel_cell"]

    def test_fuel_follows_the_jurisdiction_unless_the_study_says_its_own(self):
        at = {}
        for jurisdiction in ("US", "EU", "UK", "SG"):
            case = make_case(price=[[1.0]], site=StubSite(jurisdiction=jurisdiction))
            at[jurisdiction] = components["gas_engine"]().fuel_price(case)[0]
        assert at["US"] == pytest.approx(4.5 * MMBTU_PER_MWH)
        assert at["EU"] == at["UK"] > at["US"] == at["SG"]
        own = components["gas_engine"](parameters={"fuel_price": 8.0})
        case = make_case(price=[[1.0]], site=StubSite(jurisdiction="EU"))
        assert own.fuel_price(case)[0] == pytest.approx(8.0 * MMBTU_PER_MWH)

    def test_longer_tanks_are_paid(self):
        """24 h more than the 48 h included, 0.264 L per kWh at full load, 3 USD per gallon."""
        case = make_case(price=[[1.0]])
        plain, longer = (
            components["diesel"](parameters=parameters).capital_per_mw(case)[0]
            for parameters in ({}, {"fuel_autonomy": 72.0})
        )
        assert longer - plain == pytest.approx(24 * 264 * 3 / 3.785411784)


class TestImpossibleSettings:
    def fault(self, kind="gas_engine", load=20.0, **settings):
        case = make_case(price=[[1.0]], load=load, kinds=(kind,), settings={kind: settings})
        [text] = case.components[0].check(case)
        return text

    def test_critical_load_above_what_may_be_built(self):
        text = self.fault(
            order_year=2020, critical_share=1.0, capacity_max_mw=18.0, redundancy="N+1"
        )
        # 18 MW are 4 units of 4.5 MW; 3 count, each to 0.9: 12.15 MW. 20 MW take 5 + 1 units
        assert "20 MW in 2025 is above the 12.15 MW that 18 MW of units carry" in text
        assert "27 MW would do" in text

    def test_permit_hours_below_test_hours(self):
        text = self.fault(kind="diesel", permit_h=6.0)
        assert "takes 9 h a year" in text
        assert "allows 6 h" in text

    def test_delivery_after_the_load(self):
        text = self.fault(critical_share=0.5)
        assert "10 MW is to be carried in 2025" in text
        assert "stand from 2027 on (lead time 1.25 years); set order_year to 2023" in text

    def test_fuel_below_the_class(self):
        text = self.fault(kind="diesel", redundancy="tier_2", parameters={"fuel_autonomy": 8.0})
        assert "asks for fuel of 12 h" in text
        assert "found 8 h" in text

    def test_an_unknown_class_names_those_known(self):
        with pytest.raises(ValueError, match=r"found 'N\+9'; allowed: N, N\+1"):
            components["diesel"](redundancy="N+9")


class TestFewestUnits:
    """Units that verification of backup asks for beyond the rule or the cost."""

    def test_rule_takes_the_larger_number(self):
        # 10 MW of load and 2 MW units: five by rule; six asked for from 2026 on
        options = {"price": [[50.0]], "load": 10.0, "years": (2025, 2026, 2027)}
        case = engine(options, sizing="rule", critical_share=1.0, units_min={2026: 6})
        assert case.components[0].units(case).tolist() == [5, 6, 6]
        m, _, _ = optimum(case)
        assert m.asset["gas_engine"].capacity_mw.array == pytest.approx([10, 12, 12])

    def test_optimum_stands_on_them(self):
        # nothing pays, yet three units must stand
        case = engine({"price": [[0.0]], "load": 10.0}, {"capex": 100.0}, units_min={2025: 3})
        m, _, _ = optimum(case)
        assert m.asset["gas_engine"].capacity_mw.array == pytest.approx([6.0], abs=1e-6)
