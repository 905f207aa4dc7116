import numpy as np
import pytest
import xarray as xr

from dcmodel.report.prices import shadow_prices

NONE = np.nan


@pytest.fixture
def result():
    by_limit = ("limit", "year")
    return xr.Dataset(
        {
            "shadow_price": (by_limit, [[0.0, 1234.4], [55.0, NONE], [0.2, 70.0]]),
            "shadow_price_at_most": (by_limit, [[0.0, 1234.4], [56.0, NONE], [0.2, 71.0]]),
        },
        {
            "limit": ["sites.connection", "workloads.batch.deferral_h", "requirements.share"],
            "year": [2027, 2028],
            "limit_title": ("limit", ["Grid connection", "Deferral of batch", "Clean share"]),
            "limit_units": ("limit", ["MW", "h", "percentage point"]),
            "limit_falls": ("limit", [False, False, True]),
            "limit_value": (by_limit, [[60.0, 80.0], [24.0, 24.0], [30.0, 60.0]]),
            "limit_until": (by_limit, [[2027, 2028], [2028, 2028], [2027, 2028]]),
            "limit_solved_again": (by_limit, [[False, False], [True, False], [True, True]]),
        },
        {"site": "dallas", "scenario": "base"},
    )


def test_limits_that_bind_are_told_in_words(result):
    table = shadow_prices({"dallas/base": result}).set_index("limit")
    assert list(table["sentence"]) == [
        "Grid connection: one more MW in 2028 saves up to 1,234 USD of present value",
        "Deferral of batch: one more h in all years saves 55 USD of present value",
        "Clean share: one less percentage point in 2028 saves 70 USD of present value",
    ]
    assert list(table["how"]) == ["multipliers", "solved again", "solved again"]
    assert list(table["year"]) == [2028, 2027, 2028]
    assert list(table["last_year"]) == [2028, 2028, 2028]
    assert table.loc["sites.connection", "value"] == 80.0
    np.testing.assert_allclose(table["saves_usd"], [1234.4, 55.0, 70.0])
    np.testing.assert_allclose(table["at_most_usd"], [1234.4, 56.0, 71.0])


def test_stages_that_stand_on_are_told_with_their_last_year(result):
    three = result.isel(limit=[0], year=[0, 1, 1]).assign_coords(year=[2027, 2028, 2029])
    three["limit_until"] = (("limit", "year"), [[2027, 2029, 2029]])
    table = shadow_prices({"dallas/base": three})
    assert [" in 2028 to 2029 " in one for one in table["sentence"]] == [True, False]


def test_results_without_prices_make_an_empty_table(result):
    assert shadow_prices({"dallas/base": result.drop_vars("shadow_price_at_most")}).empty
