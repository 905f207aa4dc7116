"""The table of mixes by hand."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from dcmodel.report.contracts import contract_table, mix_table, obligations, risk_figure


@pytest.fixture
def mixes():
    """Two mixes, four drawn years, two years of 100 and 300 MWh, the second worth a half."""
    spot = np.array([[1000.0, 3000.0], [2000.0, 6000.0], [3000.0, 9000.0], [4000.0, 12000.0]])
    return xr.Dataset(
        {
            "cost": (("mix", "sample", "year"), np.stack([np.full((4, 2), 2000.0), spot])),
            "typical_cost": (("mix", "year"), [[1900.0, 1900.0], [2400.0, 7200.0]]),
            "contracted": (("contract", "mix", "year"), [[[10.0, 20.0], [0.0, 0.0]]]),
            "energy": (("year",), [100.0, 300.0]),
            "discount_factor": (("year",), [1.0, 0.5]),
        },
        {"mix": ["optimum", "spot"], "contract": ["ppa_wind"], "year": [2027, 2028]},
        {"case": "dallas/base"},
    )


def row(table, mix, year):
    return table[(table["mix"] == mix) & (table["year"] == year)].iloc[0]


def test_a_year_of_a_mix(mixes):
    spot = row(mix_table(mixes), "spot", 2028)
    assert spot["mean_usd_per_mwh"] == pytest.approx(7500 / 300)
    assert spot["typical_usd_per_mwh"] == pytest.approx(24.0)
    assert spot["spread_usd_per_mwh"] == pytest.approx(np.std([10, 20, 30, 40], ddof=1))
    # the 95th percentile of 10, 20, 30, 40 is 38.5, 13.5 above the mean
    assert spot["value_at_risk_usd_per_mwh"] == pytest.approx(13.5)
    assert spot["tail_mean_usd_per_mwh"] == pytest.approx(40.0)
    assert spot["against_optimum_usd_per_mwh"] == pytest.approx((7500 - 2000) / 300)
    assert spot["ppa_wind_mw"] == 0.0


def test_all_years_are_weighted_by_discount(mixes):
    optimum = row(mix_table(mixes), "optimum", 0)
    assert optimum["mean_usd_per_mwh"] == pytest.approx((2000 + 0.5 * 2000) / (100 + 0.5 * 300))
    assert optimum["spread_usd_per_mwh"] == pytest.approx(0.0)
    assert optimum["against_optimum_usd_per_mwh"] == 0.0
    assert optimum["ppa_wind_mw"] == pytest.approx(15.0)


def test_the_figure_draws_every_mix(mixes):
    sheet = Figure()
    axes = risk_figure(mixes, sheet)
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["Contracts of the optimum", "No contract"]
    line = axes.get_lines()[2]
    drawn = [(c1 + 0.5 * c2) / 250 for c1, c2 in [(1e3, 3e3), (2e3, 6e3), (3e3, 9e3), (4e3, 12e3)]]
    assert line.get_ydata() == pytest.approx(np.array(drawn))


@pytest.fixture
def signed():
    """10 MW give 20 MWh in two hours, of which 4 are sold; 6 MW settled in money alone."""
    pair = ("supply_contract", "year")
    return xr.Dataset(
        {
            "capacity": (("size", "year"), [[10.0], [6.0]]),
            "contract_gross_payment": (pair, [[1000.0], [90.0], [0.0]]),
            "contract_resale": (pair, [[-200.0], [-30.0], [0.0]]),
            "contract_net": (pair, [[800.0], [60.0], [0.0]]),
            "contract_delivered": (pair, [[20.0], [0.0], [0.0]]),
            "contract_sold": (pair, [[4.0], [0.0], [0.0]]),
            "obligation_contract": ("obligation", ["ppa_baseload"]),
            "obligation_year_signed": ("obligation", [2027]),
            "obligation_contracted": ("obligation", [10.0]),
            "obligation_price": ("obligation", [50.0]),
            "obligation_price_unit": ("obligation", ["USD/MWh"]),
            "obligation_term_end": ("obligation", [2029]),
            "obligation_years_left": ("obligation", [2]),
            "obligation_yearly_payment": ("obligation", [1000.0]),
            "obligation_yearly_delivery": ("obligation", [20.0]),
            "obligation_owed": ("obligation", [2000.0]),
            "obligation_owed_present_value": ("obligation", [1500.0]),
        },
        {
            "size": ["ppa_baseload.capacity", "cfd_wind.capacity"],
            "supply_contract": ["ppa_baseload", "cfd_wind", "ppa_solar"],
            "year": [2027],
        },
        {"site": "dallas", "scenario": "base"},
    )


def test_contracts_of_a_result(signed):
    """What is never signed is left out."""
    baseload, difference = contract_table(signed).to_dict("records")
    assert baseload["contracted_mw"] == 10.0
    assert (baseload["delivered_mwh"], baseload["sold_mwh"]) == (20.0, 4.0)
    told = [baseload[name] for name in ("gross_payment_usd", "resale_usd", "net_usd")]
    assert told == [1000.0, -200.0, 800.0]
    assert baseload["usd_per_mwh"] == pytest.approx(800 / 16)
    assert difference["net_usd"] == 60.0
    assert np.isnan(difference["usd_per_mwh"])


def test_obligations_of_a_result(signed):
    [row] = obligations(signed).to_dict("records")
    assert row == {
        "case": "dallas/base", "contract": "ppa_baseload", "year_signed": 2027,
        "contracted_mw": 10.0, "price": 50.0, "price_unit": "USD/MWh", "term_end": 2029,
        "years_left": 2, "yearly_payment_usd": 1000.0, "yearly_delivery_mwh": 20.0,
        "owed_usd": 2000.0, "owed_present_value_usd": 1500.0,
    }  # fmt: skip
    assert obligations(signed.drop_dims("obligation")).empty
