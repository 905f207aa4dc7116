"""Mixes of contracts settled on a load that is held: by hand."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm
from support.cases import StubMarket, make_case

from dcmodel.inputs.markets import load_market
from dcmodel.study.mixes import block_mixes, metered, price_levels, settled_cost

FIRM = {"settlement_fee_usd_per_mwh": 1.0, "clean_share_yearly": 1.0, "clean_share_hourly": 0.6}
PRICE = np.tile([20.0, 60.0], 12)[None]
LOAD = np.tile([10.0, 20.0], 12)[None]


def case_of(kinds=("ppa_baseload",)):
    return make_case(
        price=PRICE,
        load=LOAD,
        adder=5.0,
        kinds=kinds,
        market=StubMarket(contracts={"ppa_baseload": (40.0, 50.0, {"parameters": FIRM})}),
    )


def test_spot_alone_costs_price_and_adder():
    cost = settled_cost(case_of(), {}, LOAD, {"price_energy": PRICE}, 24)
    assert cost == pytest.approx([12 * (10 * 25 + 20 * 65)])


def test_a_block_is_settled_on_the_load_that_is_held():
    """12 MW at 40: in a cheap hour 2 MW go back at 20 - 1, in a dear one 8 MW come at 60."""
    mix = {"ppa_baseload": np.array([12.0])}
    cost = settled_cost(case_of(), mix, LOAD, {"price_energy": PRICE}, 24)
    hours = 2 * 12 * 40 - 2 * 19 + 8 * 60 + 5 * 30
    assert cost == pytest.approx([12 * hours], rel=1e-6)


def test_a_block_hedges_the_level_of_prices():
    """A block of the mean load: of a rise of the price, only the shape is left."""
    case, dearer = case_of(), {"price_energy": PRICE + 30.0}
    mix = block_mixes(case, LOAD)["ppa_baseload block"]
    assert mix["ppa_baseload"] == pytest.approx([15.0])

    def rise(held):
        costs = [
            settled_cost(case, held, LOAD, s, 24)[0] for s in ({"price_energy": PRICE}, dearer)
        ]
        return costs[1] - costs[0]

    assert rise({}) == pytest.approx(12 * 30 * 30)
    assert rise(mix) == pytest.approx(0.0, abs=1e-3)


def test_years_without_load_cost_nothing():
    case = make_case(
        price=np.vstack([PRICE, PRICE]), load=np.vstack([0 * LOAD, LOAD]), years=(2025, 2026)
    )
    series = {"price_energy": np.vstack([PRICE, PRICE])}
    cost = settled_cost(case, {}, np.vstack([0 * LOAD, LOAD]), series, 24)
    assert cost == pytest.approx([0.0, 12 * (10 * 20 + 20 * 60)])


def test_metered_hours_of_segments():
    result = xr.Dataset(
        {"grid_import": (("year", "time"), [[3.0, 5.0]])}, {"duration": ("time", [2.0, 3.0])}
    )
    assert metered(result).tolist() == [[3.0, 3.0, 5.0, 5.0, 5.0]]


def test_price_levels_span_the_range_of_the_market():
    case = replace(case_of(), market=load_market("dallas"), years=(2025, 2030))
    levels = price_levels(case, 2001, seed=3)
    low, value, high = load_market("dallas").wholesale_price_range((2025, 2030), 2025)
    assert np.array([low, value, high]) == pytest.approx(np.array([[32, 35], [42, 50], [56, 70]]))
    assert np.quantile(levels, 0.1, axis=0) == pytest.approx(low / value, rel=0.01)
    assert np.quantile(levels, 0.9, axis=0) == pytest.approx(high / value, rel=0.01)
    # one draw holds in all years
    spread = np.log(high / low) / (2 * norm.ppf(0.9))
    z = (np.log(levels) - np.log(np.sqrt(low * high) / value)) / spread
    assert z[:, 0] == pytest.approx(z[:, 1])
    assert price_levels(case, 5, seed=3).tolist() == price_levels(case, 5, seed=3).tolist()
