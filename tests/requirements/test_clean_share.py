"""Clean shares by hand: what the least-cost site does to hold them, and when it cannot."""

import numpy as np
import pytest
from support.cases import StubMarket, make_case, optimum

from dcmodel.base.errors import InfeasibleError
from dcmodel.optimise.explain import explain
from dcmodel.optimise.shadow import shadow_prices

FREE_BATTERY = {
    "capex_power": 0.0,
    "capex_energy": 0.0,
    "variable_operation": 0.0,
    "state_of_charge_min": 0.0,
    "roundtrip_efficiency": 0.81,
    "lifetime": 10.0,
}
SPOT, WIND = 50.0, 60.0
"""Wind costs 10 more than it saves, so that no more of it is signed than is asked for."""


def case_of(load, wind, asked, *, battery=False, grid=None, **options):
    wind = np.atleast_2d(np.asarray(wind, dtype=float))
    kinds = ("ppa_wind", "battery") if battery else ("ppa_wind",)
    series = {"wind_onshore": wind}
    if grid is not None:
        series["grid_clean_share"] = np.atleast_2d(np.asarray(grid, dtype=float))
    return make_case(
        price=np.full(wind.shape, SPOT),
        load=[load],
        kinds=kinds,
        settings={"battery": {"parameters": FREE_BATTERY}},
        series=series,
        market=StubMarket(contracts={"ppa_wind": (WIND, 500.0)}),
        asked=asked,
        **options,
    )


def near(value):
    return pytest.approx(value, rel=1e-6, abs=1e-4)


def contracted(m):
    return m.asset["ppa_wind"].capacity.array[0]


class TestYearly:
    def test_certificates_of_the_year_cover_the_share(self):
        """Half of 30 MWh from wind of 1.5 MWh a MW: 10 MW, each MWh 10 dearer than spot."""
        case = case_of([10.0, 20.0], [1.0, 0.5], {"clean_share_yearly": 0.5})
        m, _, solution = optimum(case)
        assert contracted(m) == near(10.0)
        assert near(solution.objective) == 30 * SPOT + 15 * 10

    def test_it_counts_whenever_it_was_produced(self):
        """All wind in the first hour: 15 MW against 10 of load; the surplus earns spot."""
        case = case_of([10.0, 20.0], [1.0, 0.0], {"clean_share_yearly": 0.5})
        m, _, solution = optimum(case)
        assert contracted(m) == near(15.0)
        assert near(solution.objective) == 30 * SPOT + 15 * 10

    def test_a_share_of_each_year(self):
        case = make_case(
            price=np.full((3, 1), SPOT),
            load=10.0,
            years=(2025, 2026, 2027),
            kinds=("ppa_wind",),
            series={"wind_onshore": np.ones((3, 1))},
            market=StubMarket(contracts={"ppa_wind": (WIND, 500.0)}),
            asked={"clean_share_yearly": {2026: 0.4, 2027: 0.7}},
        )
        m, _, _ = optimum(case)
        assert m.asset["ppa_wind"].capacity.array == near([0.0, 4.0, 7.0])

    def test_on_site_plants_count(self):
        case = make_case(
            price=[[SPOT, SPOT]],
            load=10.0,
            series={"solar_fixed": np.array([[1.0, 0.0]])},
            kinds=("solar_onsite",),
            settings={"solar_onsite": {"capacity_max_mw": 9.0}},
            asked={"clean_share_yearly": 0.4},
        )
        m, _, _ = optimum(case)
        assert m.asset["solar_onsite"].output.array[0, 0] == near(8.0)

    def test_a_percent_less_saves_its_energy_times_its_premium(self):
        case = case_of([10.0, 20.0], [1.0, 0.5], {"clean_share_yearly": 0.5})
        m, lp, solution = optimum(case)
        table = shadow_prices(m, lp, case, solution.row_dual, x=solution.x)
        price = table["shadow_price"].sel(limit="requirements.clean_share_yearly", year=2025)
        assert float(price) == near(0.01 * 30 * 10)
        assert bool(table["limit_falls"].sel(limit="requirements.clean_share_yearly"))


class TestHourly:
    def test_wind_counts_in_its_hour_alone(self):
        case = case_of([10.0, 20.0], [1.0, 0.0], {"clean_share_hourly": 1 / 3}, grid=[0.0, 0.0])
        m, _, solution = optimum(case)
        assert contracted(m) == near(10.0)
        assert near(solution.objective) == 30 * SPOT + 10 * 10

    def test_the_grid_counts_for_what_no_contract_covers(self):
        """15 = c + 0.2 (10 - c) + 0.4 x 20, so c = 6.25."""
        case = case_of([10.0, 20.0], [1.0, 0.0], {"clean_share_hourly": 0.5}, grid=[0.2, 0.4])
        m, _, solution = optimum(case)
        assert contracted(m) == near(6.25)
        assert near(solution.objective) == 30 * SPOT + 6.25 * 10

    def test_the_grid_may_be_left_out(self):
        asked = {"clean_share_hourly": {"share": 0.25, "grid_counts": False}}
        m, _, _ = optimum(case_of([10.0, 20.0], [1.0, 0.0], asked, grid=[0.2, 0.4]))
        assert contracted(m) == near(7.5)

    def test_the_share_of_the_grid_is_limited(self):
        """Half of 30 MWh, at most 9 of it from the grid: 6 MWh of wind."""
        asked = {"clean_share_hourly": {"share": 0.5, "grid_share_max": 0.3}}
        m, _, _ = optimum(case_of([10.0, 20.0], [1.0, 0.0], asked, grid=[0.5, 0.5]))
        assert contracted(m) == near(6.0)

    def test_a_battery_carries_clean_energy_and_loses_some(self):
        """16 of 20 MWh: 10 at once and 6 through a store of 0.81, all charged from wind."""
        asked = {"clean_share_hourly": 0.8}
        case = case_of([10.0, 10.0], [1.0, 0.0], asked, battery=True, grid=[0.0, 0.0])
        m, _, solution = optimum(case)
        assert contracted(m) == near(10 + 6 / 0.81)
        assert near(solution.objective) == WIND * (10 + 6 / 0.81) + 4 * SPOT

    def test_dirty_charging_is_allowed_and_not_claimed(self):
        """The battery saves 30 by charging at 20 for 50; what it gives back then is not clean."""
        case = make_case(
            price=[[20.0, 50.0]],
            load=10.0,
            kinds=("battery", "ppa_wind"),
            settings={"battery": {"energy_max_mwh": 0.9, "parameters": FREE_BATTERY}},
            series={
                "wind_onshore": np.array([[0.0, 1.0]]), "grid_clean_share": np.zeros((1, 2))
            },
            market=StubMarket(contracts={"ppa_wind": (WIND, 500.0)}),
            asked={"clean_share_hourly": 0.25},
        )  # fmt: skip
        m, _, solution = optimum(case)
        assert m.asset["battery"].charge.array[0, 0] == near(1.0)
        # 1 MWh at 20 gives 0.81 MWh at 50; 5 MWh of wind at 10 above spot
        assert near(solution.objective) == 11 * 20 + (10 - 0.81) * 50 + 5 * 10

    def test_excess_is_limited(self):
        """8.5 of 10 in the second hour asks 11.67 MW: 1.67 MWh, 8.3 % of 20, are in excess."""

        def asked(excess):
            return {"clean_share_hourly": {"share": 0.85, "excess_share_max": excess}}

        wind = [1.0, 0.6]
        m, _, _ = optimum(case_of([10.0, 10.0], wind, asked(0.084), grid=[0.0, 0.0]))
        assert contracted(m) == near(7 / 0.6)
        with pytest.raises(InfeasibleError):
            optimum(case_of([10.0, 10.0], wind, asked(0.05), grid=[0.0, 0.0]))


HOURS = np.arange("2025-01-01", "2025-01-02", dtype="datetime64[h]").astype("datetime64[ns]")


class TestInWords:
    def test_an_hourly_share_beyond_reach_names_the_share_that_would_do(self):
        """Wind blows half the day, and there is no battery: half can be matched."""
        wind = np.repeat([1.0, 0.0], 12)
        case = case_of(
            np.full(24, 10.0), wind, {"clean_share_hourly": 0.9}, grid=np.zeros(24)
        )  # fmt: skip
        error = explain(case, HOURS)
        [change] = [f for f in error.faults if f.where == "requirements.clean_share_hourly"]
        assert change.message == (
            "Clean share hour by hour can be no more than 0.5 in 2025 (now 0.9); this alone does: "
            "share: 0.5"
        )
        assert "Clean share hour by hour of at least 90 %" in error.faults[1].message

    def test_a_yearly_share_without_anything_clean(self):
        case = make_case(price=np.full((1, 24), SPOT), load=10.0, asked={"clean_share_yearly": 0.5})
        error = explain(case, HOURS)
        [change] = [f for f in error.faults if f.where == "requirements.clean_share_yearly"]
        assert change.message == (
            "Clean share of the year can be no more than 0 in 2025 (now 0.5); this alone does: "
            "share: 0"
        )
