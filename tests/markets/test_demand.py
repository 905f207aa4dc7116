"""Demand charges billed by hand: peaks in MW, rates in USD per MW and month."""

import pandas as pd
import pytest
from support.meters import amounts, hours, monthly

from dcmodel.base.timeindex import model_hours
from dcmodel.finance.bill import Meter, chained, itemise
from dcmodel.markets.base import tariffs


def form(kind, **fields):
    return tariffs[kind](rate_usd_per_mw_month=fields.pop("rate", 10.0), **fields)


def test_monthly_demand_is_the_largest_reading_of_each_month():
    meter = hours("2025-01-31 22:00", [7.0, 9.0, 5.0, 3.0])
    assert amounts(form("demand_charge"), meter) == [90.0, 50.0]


def test_months_are_those_of_the_local_clock():
    utc = model_hours(2025)[740:748]  # 31 January 20:00 UTC to 1 February 04:00 UTC
    local = utc.tz_localize("UTC").tz_convert("America/Chicago").tz_localize(None)
    readings, ones = pd.Series(range(8)).to_numpy(float), pd.Series([1.0] * 8).to_numpy()
    assert amounts(form("demand_charge"), Meter(utc, readings, ones)) == [30.0, 70.0]
    assert amounts(form("demand_charge"), Meter(local, readings, ones)) == [70.0]


def test_seasonal_demand():
    seasonal = tariffs["seasonal_demand"](
        seasons={"summer": [6, 7], "winter": [12, 1]},
        rate_usd_per_mw_month={"summer": 20.0, "winter": 5.0},
    )
    bill = itemise([seasonal], monthly([4.0] * 12))
    assert bill["month"].tolist() == [1, 6, 7, 12]
    assert bill["amount"].tolist() == [20.0, 80.0, 80.0, 20.0]


def test_time_of_use_demand_has_a_peak_for_each_period():
    calendar = {
        "rules": [
            {"period": "on", "days": "weekdays", "hours": "8-20"},
            {"period": "off", "days": "weekdays", "hours": "20-8"},
            {"period": "off", "days": "weekends"},
        ]
    }
    charge = tariffs["time_of_use_demand"](
        calendar=calendar, rate_usd_per_mw_month={"on": 10.0, "off": 1.0}
    )
    # Friday 10 January 2025 from 18:00: two hours on, then off over the weekend
    meter = hours("2025-01-10 18:00", [6.0, 8.0, 9.0, 3.0] + [4.0] * 30)
    assert amounts(charge, meter) == [10 * 8 + 1 * 9]


PEAKS = [10.0, 4.0, 4.0, 20.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0]


def test_ratchet_by_percent_over_eleven_months():
    # 0.8 x 10 binds February and March; 0.8 x 20 binds from May to December
    billed = [10, 8, 8, 20] + [16] * 8
    assert amounts(form("ratchet_demand", share=0.8), monthly(PEAKS)) == [10 * d for d in billed]


def test_ratchet_looks_back_over_some_months_only():
    billed = [10, 8, 8, 20, 16, 16, 16, 4, 4, 4, 4, 4]
    ratchet = form("ratchet_demand", share=0.8, lookback_months=3)
    assert amounts(ratchet, monthly(PEAKS)) == [10 * d for d in billed]


def test_ratchet_on_named_months():
    # only the summer counts: the peak of April does not, July's 12 MW does from August on
    peaks = [4.0, 4, 4, 20, 4, 4, 12, 4, 4, 4, 4, 4]
    billed = [4, 4, 4, 20, 4, 4, 12, 6, 6, 6, 6, 6]
    ratchet = form("ratchet_demand", share=0.5, months=[6, 7, 8])
    assert amounts(ratchet, monthly(peaks)) == [10 * d for d in billed]


def test_ratchet_wraps_from_the_year_before():
    first = monthly([4.0] * 9 + [30.0, 4.0, 4.0])
    second = monthly([4.0] * 12)
    _, meter = chained([first, second])
    # 0.5 x 30 of last October binds until September, its eleventh month
    billed = [15.0] * 9 + [4.0] * 3
    assert amounts(form("ratchet_demand", share=0.5), meter) == [10 * d for d in billed]


def test_a_steady_first_year_wraps_from_itself():
    steady = form("ratchet_demand", share=0.8, first_year="steady")
    # April's 20 MW of the year before binds January to March (0.8 x 20)
    assert amounts(steady, monthly(PEAKS))[:4] == [160.0, 160.0, 160.0, 200.0]


def contracted(**fields):
    return form(
        "contracted_demand",
        excess_rate_usd_per_mw_month=20.0,
        contracted_mw=10.0,
        minimum_share=0.85,
        band=1.05,
        **fields,
    )


@pytest.mark.parametrize(
    ("peak", "amount"),
    [
        (5.0, 85.0),  # below 85 %: 8.5 MW billed
        (9.0, 90.0),  # inside the band: as metered
        (10.5, 105.0),  # at its upper end: no penalty yet
        (12.0, 120.0 + 20 * 1.5),  # 1.5 MW above 10.5 MW
    ],
)
def test_contracted_power_inside_and_outside_the_band(peak, amount):
    assert amounts(contracted(), monthly([peak])) == pytest.approx([amount])


def test_a_chosen_contract_is_billed_from_what_was_chosen():
    charge = form("contracted_demand", excess_rate_usd_per_mw_month=30.0)
    meter = monthly([12.0], sizes={"contracted_demand.contracted": 10.0})
    assert amounts(charge, meter) == [10 * 12 + 30 * 2]


def aep(**fields):
    return form(
        "minimum_take",
        minimum_share=0.85,
        term_years=12,
        ramp=[0.25, 0.5, 0.75],
        start_year=2026,
        contract_mw=100.0,
        **fields,
    )


@pytest.mark.parametrize(
    ("year", "billed"),
    [
        (2025, 10.0),  # before the term: as metered
        (2026, 0.85 * 25),  # first year of the ramp
        (2028, 0.85 * 75),  # third
        (2029, 85.0),  # the ramp is over
        (2037, 85.0),  # the twelfth year
        (2038, 10.0),  # after the term
    ],
)
def test_minimum_take_over_ramp_and_term(year, billed):
    assert amounts(aep(), monthly([10.0], year=year)) == pytest.approx([10 * billed])


def test_minimum_take_leaves_a_higher_peak_as_metered():
    assert amounts(aep(), monthly([97.0], year=2030)) == [970.0]


def test_leaving_early_costs_months_of_the_floor_and_ends_it():
    leaving = aep(exit_year=2030, exit_fee_months=36)
    assert amounts(leaving, monthly([0.0, 0.0], year=2029)) == pytest.approx([850.0, 850.0])
    # 36 months x 85 MW x 10 USD at once, and nothing more
    assert amounts(leaving, monthly([0.0, 0.0], year=2030)) == pytest.approx([36 * 850.0, 0.0])
    assert amounts(leaving, monthly([0.0, 0.0], year=2031)) == [0.0, 0.0]


def test_delivery_and_generation_of_gs5_are_two_charges():
    terms = {"term_years": 14, "contract_mw": 100.0, "start_year": 2027}
    delivery = form("minimum_take", name="delivery", minimum_share=0.85, rate=8.0, **terms)
    generation = form("minimum_take", name="generation", minimum_share=0.6, rate=12.0, **terms)
    bill = itemise([delivery, generation], monthly([70.0], year=2027))
    assert bill.set_index("form")["amount"].to_dict() == {"delivery": 680.0, "generation": 840.0}
