import numpy as np
import pytest
import xarray as xr

from dcmodel.report.prices import shadow_prices


@pytest.fixture
def result():
    limits = ["sites.connection", "workloads.batch.deferral_h"]
    return xr.Dataset(
        {"shadow_price": (("limit", "year"), [[0.0, 1234.4], [0.2, 55.0]])},
        {
            "limit": limits,
            "year": [2027, 2028],
            "limit_title": ("limit", ["Grid connection", "Deferral of batch"]),
            "limit_units": ("limit", ["MW", "h"]),
            "limit_falls": ("limit", [False, False]),
            "limit_value": (("limit", "year"), [[60.0, 80.0], [24.0, 24.0]]),
        },
        {"site": "dallas", "scenario": "base"},
    )


def test_limits_that_bind_are_told_in_words(result):
    table = shadow_prices({"dallas/base": result})
    assert list(table["year"]) == [2028, 2028]
    first = table.iloc[0]
    assert (first["limit"], first["value"]) == ("sites.connection", 80.0)
    assert first["sentence"] == (
        "Grid connection: one more MW in 2028 saves up to 1,234 USD of present value"
    )
    np.testing.assert_allclose(table["saves_usd"], [1234.4, 55.0])


def test_results_without_prices_make_an_empty_table(result):
    assert shadow_prices({"dallas/base": result.drop_vars("shadow_price")}).empty
