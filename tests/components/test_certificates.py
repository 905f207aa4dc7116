"""Certificates by hand: bought where they are cheaper than clean power."""

import numpy as np
import pytest
from support.cases import StubMarket, make_case, optimum


def near(value):
    return pytest.approx(value, rel=1e-6, abs=1e-4)


def case_of(kinds, asked, contracts, **series):
    return make_case(
        price=[[50.0, 50.0]],
        load=[[10.0, 20.0]],
        kinds=kinds,
        series=series,
        market=StubMarket(contracts=contracts),
        asked=asked,
    )


@pytest.mark.parametrize(("price", "bought"), [(9.0, 24.0), (11.0, 0.0)])
def test_certificates_against_wind(price, bought):
    """Wind is 10 dearer than spot; 80 % of 30 MWh are asked for."""
    case = case_of(
        ("certificates", "ppa_wind"),
        {"clean_share_yearly": 0.8},
        {"certificates": (price, 50.0), "ppa_wind": (60.0, 500.0)},
        wind_onshore=np.ones((1, 2)),
    )
    m, _, solution = optimum(case)
    assert m.asset["certificates"].bought.array[0] == near(bought)
    assert near(solution.objective) == 30 * 50 + 24 * min(price, 10.0)


def test_certificates_of_the_hour_are_few_where_the_grid_is_dirty():
    """Volume 4 MW: 4 x 0.2 / 0.4 = 2 and 4 x 0.6 / 0.4 = 6 MWh; the third hour's need is wind's."""
    asked = {"clean_share_hourly": {"share": 0.5, "grid_counts": False}}
    case = case_of(
        ("certificates_hourly", "ppa_wind"),
        asked,
        {"certificates_hourly": (5.0, 4.0), "ppa_wind": (60.0, 500.0)},
        wind_onshore=np.ones((1, 2)),
        grid_clean_share=np.array([[0.2, 0.6]]),
    )
    m, _, solution = optimum(case)
    assert m.asset["certificates_hourly"].bought.array[0] == near([2.0, 6.0])
    # 15 MWh matched: 8 by certificates, 7 by wind over two hours
    assert near(solution.objective) == 30 * 50 + 8 * 5 + 7 * 10


def test_certificates_of_the_year_do_not_count_in_the_hour():
    asked = {"clean_share_hourly": {"share": 0.2, "grid_counts": False}}
    case = case_of(
        ("certificates", "ppa_wind"),
        asked,
        {"certificates": (0.1, 50.0), "ppa_wind": (60.0, 500.0)},
        wind_onshore=np.ones((1, 2)),
        grid_clean_share=np.zeros((1, 2)),
    )
    m, _, _ = optimum(case)
    assert m.asset["ppa_wind"].capacity.array[0] == near(3.0)
