"""Charges on the system's peaks billed by hand."""

import numpy as np
import pandas as pd
import pytest
from support.meters import amounts, hours

from dcmodel.base.timeindex import model_hours
from dcmodel.finance.bill import Meter, chained, itemise
from dcmodel.markets.base import tariffs
from dcmodel.markets.peak_hours import PeakHours

TIME = model_hours(2025)


def year(load, **options):
    return Meter(TIME, np.full(8760, load), np.ones(8760), **options)


def at(text):
    return int(np.flatnonzero(pd.Timestamp(f"2025-{text}") == TIME)[0])


NAMED = {"named": ["06-18 16", "07-18 16", "08-12 17", "09-03 16"]}


def test_four_coincident_peaks_are_paid_a_year_later():
    form = tariffs["coincident_peak"](rate_usd_per_mw_year=70_000.0, peaks=NAMED)
    load = np.full(8760, 50.0)
    # shut in two of the four hours: 25 MW on the mean
    load[[at("06-18 16:00"), at("07-18 16:00")]] = 0.0
    first, second = chained([year(0.0) for _ in range(2)])
    first = Meter(TIME, load, np.ones(8760), years_after=1)
    second = Meter(TIME, load, np.ones(8760), position=1, before=first)
    assert sum(amounts(form, first)) == 0.0
    assert sum(amounts(form, second)) == pytest.approx(25 * 70_000)
    assert amounts(form, second)[0] == pytest.approx(25 * 70_000 / 12)


def test_what_the_last_year_causes_is_due_discounted():
    form = tariffs["coincident_peak"](rate_usd_per_mw_year=60_000.0, peaks=NAMED)
    bill = itemise([form], year(10.0, years_after=0, discount=0.9))
    assert bill[bill["period"] == "due later"]["amount"].tolist() == pytest.approx(
        [0.9 * 10 * 60_000]
    )
    assert bill["amount"].sum() == pytest.approx(0.9 * 600_000)


def test_a_steady_first_year_pays_for_itself():
    form = tariffs["coincident_peak"](
        rate_usd_per_mw_year=60_000.0, peaks=NAMED, first_year="steady"
    )
    assert sum(amounts(form, year(10.0))) == pytest.approx(600_000)


def test_capacity_by_delivery_year_from_june():
    """Peaks of 2025 pay from June 2026 to May 2027, at the price of that delivery year."""
    form = tariffs["capacity_obligation"](
        price_usd_per_mw_day=(269.92, 329.17, 333.44), reserve_factor=1.2, peaks=NAMED
    )
    first, second, third = chained([year(10.0), year(20.0), year(40.0)])
    bills = [itemise([form], meter) for meter in (second, third)]
    before, paid = (bill[bill["period"] == ""].set_index("month")["amount"] for bill in bills)
    assert before[5:].sum() + paid[:5].sum() == pytest.approx(1.2 * 10 * 329.17 * 365)
    assert before[:5].tolist() == [0.0] * 5
    bill = bills[1]
    assert paid[6] == pytest.approx(1.2 * 20 * 333.44 * 30)
    # 2026's peaks are paid until May 2028; of 2027's nothing is paid yet; no discounting here
    due = bill[bill["period"] == "due later"]["amount"].sum()
    assert due == pytest.approx(1.2 * 40 * 333.44 * 365)
    assert sum(amounts(form, first)) == 0.0
    later = itemise([form], second).query("period == 'due later'")["amount"].sum()
    assert later == pytest.approx(1.2 * 20 * 333.44 * 151)


def test_the_highest_hour_of_each_month_and_of_each_day():
    load = np.zeros(8760)
    for text, level in (("06-10 15:00", 9), ("06-11 15:00", 8), ("07-01 16:00", 5)):
        load[at(text)] = level
    by_month = PeakHours(series="system_load", count=2, months=(6, 7))
    found = by_month.positions(TIME, {"system_load": load})
    assert found.tolist() == [at("06-10 15:00"), at("07-01 16:00")]
    by_day = PeakHours(series="system_load", count=2, choose="day", months=(6, 7))
    found = by_day.positions(TIME, {"system_load": load})
    assert found.tolist() == [at("06-10 15:00"), at("06-11 15:00")]
    apart = PeakHours(series="system_load", count=2, choose="day", months=(6, 7), days_apart=10)
    found = apart.positions(TIME, {"system_load": load})
    assert found.tolist() == [at("06-10 15:00"), at("07-01 16:00")]


def test_peaks_are_looked_for_on_weekdays_and_in_some_hours():
    load = np.zeros(8760)
    load[at("06-14 16:00")] = 9  # a Saturday
    load[at("06-16 09:00")] = 8  # outside the afternoon
    load[at("06-17 16:00")] = 7
    peaks = PeakHours(series="system_load", count=1, months=(6,), hours="14-19", weekdays_only=True)
    assert peaks.positions(TIME, {"system_load": load}).tolist() == [at("06-17 16:00")]


def test_candidates_share_a_peak():
    """Nobody knows the hour: shedding one of two likely hours saves half the charge."""
    load = np.zeros(8760)
    load[at("07-18 15:00")], load[at("07-18 16:00")] = 8, 9
    peaks = {"series": "system_load", "count": 1, "months": [7], "candidates": 2}
    form = tariffs["coincident_peak"](rate_usd_per_mw_year=1200.0, peaks=peaks, first_year="steady")
    own = np.full(8760, 10.0)
    own[at("07-18 16:00")] = 0.0
    meter = Meter(TIME, own, np.ones(8760), series={"system_load": load})
    assert sum(amounts(form, meter)) == pytest.approx(5 * 1200)


def test_hours_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="MM-DD HH"):
        PeakHours(named=["07-32 16"])
    with pytest.raises(ValueError, match="either named hours"):
        PeakHours()
    with pytest.raises(ValueError, match="one a month"):
        PeakHours(series="system_load", count=5, months=(6, 7, 8, 9))
    form = tariffs["coincident_peak"](rate_usd_per_mw_year=1.0, peaks=NAMED)
    meter = hours("2025-01-01", [1.0] * 24, before=hours("2025-01-01", [1.0]))
    with pytest.raises(ValueError, match="not among the readings"):
        itemise([form], meter)
