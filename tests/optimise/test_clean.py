"""Carbon and clean energy counted from a dispatch, by hand and against the requirement."""

import numpy as np
import pytest
from support.cases import StubMarket, make_case, optimum

from dcmodel.optimise.clean import clean_account

FREE_BATTERY = {
    "capex_power": 0.0,
    "capex_energy": 0.0,
    "variable_operation": 0.0,
    "state_of_charge_min": 0.0,
    "roundtrip_efficiency": 0.81,
    "lifetime": 10.0,
}
SERIES = {
    "emission_factor": np.array([[500.0, 100.0]]),
    "grid_clean_share": np.array([[0.2, 0.6]]),
    "wind_onshore": np.array([[1.0, 0.25]]),
}


def account(kinds=(), settings=None, **options):
    case = make_case(
        price=[[50.0, 50.0]],
        load=10.0,
        kinds=kinds,
        settings=settings,
        series=SERIES,
        market=StubMarket(contracts={"ppa_wind": (60.0, 500.0)}),
        **options,
    )
    m, _, _ = optimum(case)
    return clean_account(m, case)


def test_a_site_on_the_grid_alone():
    found = account()
    assert found.location == pytest.approx([6.0])
    assert found.market == pytest.approx([6.0])
    assert found.hourly == pytest.approx([6.0])
    assert found.share_yearly == pytest.approx([0.0])
    assert found.share_hourly == pytest.approx([(2 + 6) / 20])
    assert found.share_own == pytest.approx([0.0])


def test_the_three_bases_of_a_wind_contract():
    """12 MW give 12 MWh, of which 10 in use, and 3 MWh."""
    found = account(("ppa_wind",), {"ppa_wind": {"contracted_mw": {2025: 12.0}}})
    assert found.location == pytest.approx([6.0])
    assert found.certificates == pytest.approx([15.0])
    assert found.market == pytest.approx([0.3 * (20 - 15)])
    assert found.hourly == pytest.approx([0.1 * (10 - 3)])
    assert found.share_yearly == pytest.approx([15 / 20])
    assert found.share_own == pytest.approx([(10 + 3) / 20])
    assert found.share_hourly == pytest.approx([(10 + 3 + 0.6 * 7) / 20])


def test_certificates_beyond_the_consumption_make_nothing_negative():
    found = account(("ppa_wind",), {"ppa_wind": {"contracted_mw": {2025: 40.0}}})
    assert found.share_yearly == pytest.approx([1.0])
    assert found.market == pytest.approx([0.0])


@pytest.mark.parametrize("share", [0.7, 0.85])
def test_the_requirement_is_met_by_the_independent_count(share):
    case = make_case(
        price=[[50.0, 60.0, 40.0, 55.0]],
        load=[[10.0, 8.0, 12.0, 9.0]],
        kinds=("ppa_wind", "battery"),
        settings={"battery": {"parameters": FREE_BATTERY}},
        series={
            "emission_factor": np.full((1, 4), 300.0),
            "grid_clean_share": np.array([[0.3, 0.1, 0.2, 0.4]]),
            "wind_onshore": np.array([[0.9, 0.1, 0.8, 0.0]]),
        },
        market=StubMarket(contracts={"ppa_wind": (60.0, 500.0)}),
        asked={"clean_share_hourly": share},
    )
    m, _, _ = optimum(case)
    assert clean_account(m, case).share_hourly[0] == pytest.approx(share, abs=1e-6)
