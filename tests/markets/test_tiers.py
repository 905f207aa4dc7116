"""Tiers billed by hand, and chosen by the model as by hand."""

import numpy as np
import pandas as pd
import pytest
from support.cases import make_case, optimum
from support.meters import amounts, hours, monthly

from dcmodel.finance.bill import chained, itemise
from dcmodel.markets.base import tariffs
from dcmodel.optimise.extract import site_dataset
from dcmodel.optimise.verify import bill_error


def energy(**fields):
    return tariffs["tiered_energy"](
        limits_mwh=(100.0, 250.0), prices_usd_per_mwh=(80.0, 60.0, 50.0), **fields
    )


def demand(**fields):
    return tariffs["tiered_demand"](
        limits_mw=(5.0,), rates_usd_per_mw_month=(1000.0, 3000.0), **fields
    )


@pytest.mark.parametrize(
    ("load", "amount"),
    [
        (60.0, 60 * 80),
        (100.0, 100 * 80),
        (180.0, 100 * 80 + 80 * 60),
        (400.0, 100 * 80 + 150 * 60 + 150 * 50),
    ],
)
def test_tiered_energy_by_month(load, amount):
    assert amounts(energy(), monthly([load])) == [amount]


def test_tiers_of_a_year_count_all_months_together():
    # 3 x 60 = 180 MWh: 100 at 80 and 80 at 60, billed with the last month
    bill = itemise([energy(per="year")], monthly([60.0, 60.0, 60.0]))
    assert bill["month"].tolist() == [3, 3]
    assert bill["amount"].tolist() == [8000.0, 4800.0]


def test_tiers_of_one_period():
    calendar = {"rules": [{"period": "on", "hours": "8-20"}, {"period": "off", "hours": "20-8"}]}
    form = energy(calendar=calendar, period="on")
    # 10:00 to 22:00 at 15 MW: 150 MWh in the period, 30 outside
    assert amounts(form, hours("2025-01-10 10:00", [15.0] * 12)) == [100 * 80 + 50 * 60]


def test_tiered_demand():
    assert amounts(demand(), monthly([4.0, 7.0])) == [4000.0, 5000 + 2 * 3000]
    assert amounts(demand(months=(2,)), monthly([4.0, 7.0])) == [11_000.0]


def test_limits_that_do_not_rise_and_prices_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="found 90 after 100; limits of tiers rise"):
        tariffs["tiered_energy"](limits_mwh=(100.0, 90.0), prices_usd_per_mwh=(1.0, 2.0, 3.0))
    with pytest.raises(ValueError, match="found 2 prices for 2 limits"):
        tariffs["tiered_energy"](limits_mwh=(100.0, 190.0), prices_usd_per_mwh=(1.0, 2.0))


@pytest.mark.parametrize("load", [60.0, 180.0, 400.0])
def test_falling_prices_are_charged_in_order(load):
    """A model that could choose would start with the cheapest tier; whole numbers forbid it."""
    case = make_case(price=[[0.0]], load=load, tariff_forms=(energy(),))
    _, lp, solution = optimum(case)
    assert lp.integer.sum() > 0
    by_hand = sum(amounts(energy(), monthly([load])))
    assert solution.objective == pytest.approx(by_hand)


def test_rising_prices_need_no_whole_number():
    form = tariffs["tiered_energy"](limits_mwh=(100.0,), prices_usd_per_mwh=(20.0, 30.0))
    _, lp, solution = optimum(make_case(price=[[0.0]], load=150.0, tariff_forms=(form,)))
    assert not lp.integer.any()
    assert solution.objective == pytest.approx(100 * 20 + 50 * 30)


def test_falling_tiers_stand_with_a_battery_and_match_their_bill():
    load = np.array([[4.0, 4.0, 12.0, 12.0, 4.0, 4.0]])
    forms = (
        tariffs["tiered_energy"](
            name="rebate", limits_mwh=(20.0,), prices_usd_per_mwh=(90.0, 40.0), on="metered"
        ),
        tariffs["tiered_demand"](
            name="steps", limits_mw=(5.0, 9.0), rates_usd_per_mw_month=(900.0, 100.0, 500.0)
        ),
    )
    case = make_case(
        price=[[30.0] * 6],
        load=load,
        kinds=("battery",),
        settings={"battery": {"power_max_mw": 6.0, "energy_max_mwh": 12.0}},
        tariff_forms=forms,
        series={"emission_factor": np.zeros((1, 6))},
        grid_available=30.0,
    )
    m, lp, solution = optimum(case)
    time = pd.date_range("2025-01-01", periods=6, freq="h")
    assert bill_error(site_dataset(m, lp, case, solution.x, time), case) < 1e-6


def test_hedged_blocks_settle_against_spot_and_negative_prices_cost_more():
    form = tariffs["hedged_blocks"](
        base_mw=10.0, base_price_usd_per_mwh=50.0, peak_mw=4.0, peak_price_usd_per_mwh=70.0
    )
    # Friday 10 January 2025, 19:00 to 22:00: one hour of peak, then two without
    meter = hours("2025-01-10 19:00", [0.0] * 3, series={"price_energy": np.array([90.0, 40, -10])})
    # base 10 x (50-90, 50-40, 50+10); peak 4 x (70-90)
    assert amounts(form, meter) == [10 * (-40 + 10 + 60) + 4 * -20]


def test_blocks_with_spot_cost_the_block_price_for_what_the_block_covers():
    spot = tariffs["spot_energy"](
        adder_usd_per_mwh=0.0, loss_fraction=0.0, resale_fee_usd_per_mwh=0.0
    )
    block = tariffs["hedged_blocks"](base_mw=10.0, base_price_usd_per_mwh=50.0)
    price = np.array([500.0, 20.0])
    meter = hours("2025-01-10 00:00", [10.0, 10.0], series={"price_energy": price})
    [meter] = chained([meter])
    assert itemise([spot, block], meter)["amount"].sum() == pytest.approx(2 * 10 * 50)
