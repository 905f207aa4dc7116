"""Limits on carbon and water, and a price of carbon, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from support.cases import StubMarket, make_case, optimum

from dcmodel.optimise.explain import explain

FREE_BATTERY = {
    "capex_power": 0.0,
    "capex_energy": 0.0,
    "variable_operation": 0.0,
    "state_of_charge_min": 0.0,
    "roundtrip_efficiency": 0.81,
    "lifetime": 10.0,
}
FACTOR = [[500.0, 100.0]]
"""Emission factors of two hours [kg/MWh]; 10 MW emit 6 t."""


def case_of(asked, kinds=(), wind=None, **options):
    series = {"emission_factor": np.array(FACTOR)}
    if wind is not None:
        series["wind_onshore"] = np.array([wind])
    return make_case(
        price=[[50.0, 50.0]],
        load=10.0,
        kinds=kinds,
        settings={"battery": {"parameters": FREE_BATTERY}},
        series=series,
        market=StubMarket(contracts={"ppa_wind": (60.0, 500.0)}),
        asked=asked,
        **options,
    )


def near(value):
    return pytest.approx(value, rel=1e-6, abs=1e-4)


class TestCarbonLimit:
    def test_location_moves_import_to_the_cleaner_hour(self):
        """6 - 0.5 d + 0.1 d / 0.81 = 4 t."""
        m, _, solution = optimum(case_of({"carbon_limit": 4.0}, ("battery",)))
        moved = 2 / (0.5 - 0.1 / 0.81)
        assert m.asset["battery"].discharge.array[0, 0] == near(moved)
        assert near(solution.objective) == 50 * (20 + moved * (1 / 0.81 - 1))

    def test_market_takes_certificates_of_the_year_at_the_mean_factor(self):
        """3 t at 300 kg/MWh are 10 MWh; the other 10 come from 6.67 MW of wind, 10 dearer."""
        asked = {"carbon_limit": {"limit_t": 3.0, "basis": "market"}}
        m, _, solution = optimum(case_of(asked, ("ppa_wind",), wind=[1.0, 0.5]))
        assert m.asset["ppa_wind"].capacity.array[0] == near(10 / 1.5)
        assert near(solution.objective) == 20 * 50 + 10 * 10

    def test_hourly_takes_wind_where_it_blows(self):
        """2 t less: 0.5 K in the first hour and 0.1 x 0.5 K in the second."""
        asked = {"carbon_limit": {"limit_t": 4.0, "basis": "hourly"}}
        m, _, _ = optimum(case_of(asked, ("ppa_wind",), wind=[1.0, 0.5]))
        assert m.asset["ppa_wind"].capacity.array[0] == near(2 / 0.55)

    def test_beyond_reach_it_names_the_tonnes(self):
        hours = np.array(["2025-01-01T00", "2025-01-01T01"], dtype="datetime64[ns]")
        found = {f.where: f.message for f in explain(case_of({"carbon_limit": 4.0}), hours).faults}
        assert found["requirements.carbon_limit"] == (
            "Carbon emissions needs 6 t in 2025 (now 4); this alone does: limit_t: 6"
        )

    def test_a_limit_of_later_years_leaves_the_first_free(self):
        case = make_case(
            price=np.full((2, 1), 50.0),
            load=10.0,
            years=(2025, 2026),
            kinds=("ppa_wind",),
            series={"emission_factor": np.full((2, 1), 500.0), "wind_onshore": np.ones((2, 1))},
            market=StubMarket(contracts={"ppa_wind": (60.0, 500.0)}),
            asked={"carbon_limit": {"limit_t": {2026: 2.0}, "basis": "hourly"}},
        )
        m, _, _ = optimum(case)
        assert m.asset["ppa_wind"].capacity.array == near([0.0, 6.0])


class TestCarbonPrice:
    def test_it_is_a_cost_of_the_year_and_the_reference_pays_it_too(self):
        case = case_of({"carbon_price": 100.0})
        for one in (case, case.reference()):
            _, lp, solution = optimum(one)
            assert near(solution.objective) == 20 * 50 + 6 * 100
            assert "carbon" in lp.term_categories

    @pytest.mark.parametrize(("price", "signed"), [(19.9, 0.0), (20.1, 10.0)])
    def test_it_pays_for_clean_energy_of_the_hour(self, price, signed):
        """A MWh of wind in the dirty hour costs 10 more and saves half a tonne."""
        asked = {"carbon_price": {"price_usd_per_t": price, "basis": "hourly"}}
        m, _, _ = optimum(case_of(asked, ("ppa_wind",), wind=[1.0, 0.0]))
        assert m.asset["ppa_wind"].capacity.array[0] == near(signed)

    def test_on_site_counts_nothing_of_the_grid(self):
        _, _, solution = optimum(
            case_of({"carbon_price": {"price_usd_per_t": 9, "basis": "on_site"}})
        )
        assert near(solution.objective) == 20 * 50


def test_water_beyond_the_permit_names_the_volume():
    case = case_of({"water_limit": 25.0})
    ones = np.ones((1, 2))
    case = replace(case, facility=replace(case.facility, water_slope=1.5 * ones))
    hours = np.array(["2025-01-01T00", "2025-01-01T01"], dtype="datetime64[ns]")
    found = {fault.where: fault.message for fault in explain(case, hours).faults}
    assert found["requirements.water_limit"] == (
        "Water use needs 30 m3 in 2025 (now 25); this alone does: limit_m3: 30"
    )


def test_reference_keeps_no_limit():
    case = case_of({"carbon_limit": 4.0, "carbon_price": 10.0})
    assert [asked.kind for asked in case.reference().requirements] == ["carbon_price"]
