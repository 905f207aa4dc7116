"""Rates that differ by month and year: their language, and every form against bills by hand.

The bills by hand are sums over rows of a pandas table, month by month, and know no form.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from support.meters import monthly
from support.tariff_site import DAY, a_site, segmented, solved

from dcmodel.finance.bill import Meter, chained, itemise
from dcmodel.inputs.charges import Charge, UserTariff
from dcmodel.markets.base import make_forms, tariffs
from dcmodel.markets.rates import ByMonth, ByYear, by_month, by_year, mapped, of_month, of_year
from dcmodel.optimise.verify import bill_error

RATE = [10.0, 10.0, 20.0, 50.0, 20.0, 10.0, 20.0, 20.0, 20.0, 20.0, 20.0, 5.0]
OTHER = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, 8.0]
MONTHS = {"by_month": RATE}
OTHERS = {"by_month": OTHER}
DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def read(rate, years=(2022,), kind="demand_charge", field="rate_usd_per_mw_month"):
    """Return a rate as a form of a user's tariff holds it."""
    charge = Charge(kind, {field: rate}, "here")
    [form] = make_forms(UserTariff("t", "USD", (charge,)), years)
    return getattr(form, field)


@pytest.mark.parametrize(
    ("written", "years", "expected"),
    [
        (20, (2022,), [[20] * 12]),
        (RATE, (2022,), [RATE]),
        (MONTHS, (2022,), [RATE]),
        ([7, 9], (2022, 2023), [[7] * 12, [9] * 12]),
        (RATE, (2022, 2023), [RATE, RATE]),
        ({"Jun-Sep": 20, "oct - may": 10}, (2022,), [[10] * 5 + [20] * 4 + [10] * 3]),
        ({"jan, march, nov-dec": 1, "feb, apr-october": 2}, (2022,),
         [[1, 2, 1] + [2] * 7 + [1] * 2]),
        ({2021: 5, 2023: 6}, (2022, 2023, 2024), [[5] * 12, [6] * 12, [6] * 12]),
        ({2022: MONTHS, 2023: 4}, (2022, 2023), [RATE, [4] * 12]),
        ({2022: RATE, 2023: OTHER}, (2022, 2023), [RATE, OTHER]),
        ({"jan-jun": {2022: 1, 2023: 2}, "jul-dec": [3, 4]}, (2022, 2023),
         [[1] * 6 + [3] * 6, [2] * 6 + [4] * 6]),
        ({2010: RATE}, tuple(range(2010, 2022)), [RATE] * 12),
    ],
)  # fmt: skip
def test_the_language_of_rates(written, years, expected):
    found = read(written, years)
    assert by_month(found, len(years)).tolist() == expected
    each = [[of_month(found, y, m) for m in range(1, 13)] for y in range(len(years))]
    assert each == expected


@pytest.mark.parametrize(
    ("written", "years", "message"),
    [
        ([1, 2, 3], (2022,), "found 3 values; a list holds one value, or one for each month (12)"),
        ([1, 2, 3], (2022, 2023), "one value a year billed (2)"),
        (RATE, tuple(range(2010, 2022)), "of 12 months or of 12 years; write {by_month:"),
        ([], (2022,), "found an empty list"),
        ({"by_month": RATE[:11]}, (2022,), "found 11 values; by_month holds 12"),
        ({"by_month": 5}, (2022,), "found 5; by_month holds 12"),
        ({"summer": 2, "winter": 1}, (2022,), "no month 'summer'; name months as in {jun-sep"),
        ({"jun-sep": 2, "oct-apr": 1}, (2022,), "no rate for may; every month needs one"),
        ({"jun-sep": 2, "sep-may": 1}, (2022,), "sep lies in 'jun-sep' and in 'sep-may'"),
        ({2023: 1}, (2022,), "begins in 2023; 2022 is billed too"),
        ({1: 1, 2: 2}, (2022,), "found 1, which is no calendar year"),
        ({2022: [1, 2]}, (2022,), "found 2 values; a list holds one for each month (12)"),
        ({2022: {2022: 1}}, (2022,), "years are told apart twice"),
        ({"jan-dec": {"jan-dec": 1}}, (2022,), "found ['jan-dec']; give a number"),
        ("20", (2022,), "found '20'; give a number, or {by_month: [12 numbers]}"),
        (True, (2022,), "found True; give a number"),
        (None, (2022,), "found None; give a number"),
        ([*RATE[:11], -1], (2022,), "found -1; should be greater than or equal to 0"),
        ([*RATE[:11], float("inf")], (2022,), "found inf; should be a finite number"),
        ({"jan-dec": 1e300}, (2022,), "found 1e+300; should be a finite number, at most 1e+15"),
        ({2022: 1}, None, "need the years that are billed"),
    ],
)  # fmt: skip
def test_what_is_refused_and_how_to_say_it(written, years, message):
    with pytest.raises(Exception, match="here") as caught:
        read(written, years)
    assert message in str(caught.value)


def test_a_rate_of_a_year_is_not_told_by_month():
    message = "one for all months of a year"
    for written in (RATE, [1, 2], {"jan-dec": 3}):
        with pytest.raises(Exception, match=message):
            read({"all": written}, kind="seasonal_demand")
    with pytest.raises(TypeError, match="differs by month"):
        of_year(ByMonth((1.0,) * 12), 0)
    with pytest.raises(TypeError, match="differs by month"):
        by_year(ByMonth((1.0,) * 12), 1)


def test_tiers_of_a_year_have_no_prices_by_month():
    fields = {"limits_mwh": [], "prices_usd_per_mwh": [MONTHS]}
    assert tariffs["tiered_energy"](**fields).per == "month"
    with pytest.raises(ValidationError, match="no prices by month"):
        tariffs["tiered_energy"](per="year", **fields)


def test_rates_are_combined_month_by_month_and_year_by_year():
    more = mapped(lambda a, b: a - b, ByMonth((5.0,) * 11 + (9.0,)), ByYear((1.0, 2.0)))
    assert by_month(more, 2).tolist() == [[4.0] * 11 + [8.0], [3.0] * 11 + [7.0]]
    with pytest.raises(ValueError, match="for 2 and for 3 years"):
        mapped(lambda a, b: a - b, ByYear((1.0, 2.0)), ByYear((1.0, 2.0, 3.0)))


def test_values_for_another_number_of_years_are_found_wherever_they_stand():
    case = a_site([])
    two = (1.0, 2.0)
    nordic = tariffs["network_nordic"](
        subscription_usd_per_mw_year=1.0, excess_usd_per_mw_year=two, marginal_loss=two
    )
    assert [text.partition(":")[0] for text in nordic.check(case)] == [
        "network_nordic.excess_usd_per_mw_year",
        "network_nordic.marginal_loss",
    ]
    tiers = tariffs["tiered_demand"](limits_mw=[5.0], rates_usd_per_mw_month=[1.0, two])
    assert "rates_usd_per_mw_month.2: found 2 values" in tiers.check(case)[0]
    months = tariffs["flat_energy"](price_usd_per_mwh={"jan-may": 1.0, "jun-dec": two})
    assert "price_usd_per_mwh.jun: found 2 values" in months.check(case)[0]
    assert not months.year_faults(2)


YEAR = pd.date_range("2022-01-01", "2022-12-31 23:00", freq="h")


@pytest.fixture(scope="module")
def table():
    """A metered year as rows: month, weekday, hour, MW, spot price."""
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "month": YEAR.month,
            "day": (YEAR.day_of_week < 5) & (YEAR.hour >= 8) & (YEAR.hour < 20),
            "stamp": YEAR,
            "mw": rng.uniform(2, 9, len(YEAR)) + 3 * np.sin(YEAR.month / 2),
            "spot": rng.normal(50, 20, len(YEAR)),
        }
    )


def by_hand(row):
    """Return the series of twelve values of a function of the month's number from 0."""
    return np.array([row(k) for k in range(12)])


def peaks(table, of=None):
    return (table if of is None else table[of]).groupby("month")["mw"].max().to_numpy()


def energy(table, of=None):
    return (table if of is None else table[of]).groupby("month")["mw"].sum().to_numpy()


def ratcheted(p, share, back, counted=range(12)):
    """Return billed demand where the year before was the same."""
    twice = [*p, *p]
    looked = [
        [twice[j] for j in range(12 + k - back, 12 + k) if j % 12 in counted] for k in range(12)
    ]
    return np.array([max(p[k], share * max(looked[k], default=0.0)) for k in range(12)])


def tiers(quantity, limit, low, high):
    return np.minimum(quantity, limit) * low + np.maximum(quantity - limit, 0) * high


A, B = np.array(RATE), np.array(OTHER)
OF_MONTH = {month: (RATE[month - 1], OTHER[month - 1]) for month in range(1, 13)}
FORMS = {
    "demand_charge": ({"rate_usd_per_mw_month": MONTHS}, lambda t: A * peaks(t)),
    "ratchet_demand": (
        {"rate_usd_per_mw_month": MONTHS, "share": 0.9, "first_year": "steady"},
        lambda t: A * ratcheted(peaks(t), 0.9, 11),
    ),
    "contracted_demand": (
        {"rate_usd_per_mw_month": MONTHS, "excess_rate_usd_per_mw_month": OTHERS,
         "contracted_mw": {"jan-jun": 8.0, "jul-dec": 9.0}, "minimum_share": 0.9, "band": 1.1},
        lambda t: by_hand(lambda k: A[k] * max(0.9 * (8 + (k > 5)), peaks(t)[k])
                          + B[k] * max(0, peaks(t)[k] - 1.1 * (8 + (k > 5)))),
    ),
    "minimum_take": (
        {"rate_usd_per_mw_month": MONTHS, "minimum_share": 0.85, "term_years": 5,
         "contract_mw": 12.0, "start_year": 2021},
        lambda t: A * np.maximum(peaks(t), 0.85 * 12.0),
    ),
    "tiered_demand": (
        {"limits_mw": [7.0], "rates_usd_per_mw_month": [OTHERS, MONTHS]},
        lambda t: tiers(peaks(t), 7.0, B, A),
    ),
    "time_of_use_demand": (
        {"calendar": DAY, "rate_usd_per_mw_month": {"day": MONTHS, "night": OTHERS}},
        lambda t: A * peaks(t, t["day"]) + B * peaks(t, ~t["day"]),
    ),
    "seasonal_demand": (
        {"seasons": {"summer": [6, 7], "winter": [1, 12]},
         "rate_usd_per_mw_month": {"summer": 20.0, "winter": 5.0}},
        lambda t: np.array([5.0, 0, 0, 0, 0, 20, 20, 0, 0, 0, 0, 5]) * peaks(t),
    ),
    "flat_energy": ({"price_usd_per_mwh": MONTHS}, lambda t: A * energy(t)),
    "tiered_energy": (
        {"limits_mwh": [3000.0], "prices_usd_per_mwh": [MONTHS, OTHERS]},
        lambda t: tiers(energy(t), 3000.0, A, B),
    ),
    "time_of_use_energy": (
        {"calendar": DAY, "price_usd_per_mwh": {"day": MONTHS, "night": OTHERS}},
        lambda t: A * energy(t, t["day"]) + B * energy(t, ~t["day"]),
    ),
    "fixed_charge": (
        {"charge_usd_per_month": MONTHS, "charge_usd_per_day": OTHERS},
        lambda t: A + B * DAYS,
    ),
    "spot_energy": (
        {"adder_usd_per_mwh": MONTHS, "loss_fraction": 0.02, "resale_fee_usd_per_mwh": 0.0},
        lambda t: 1.02 * energy(t.assign(mw=t["mw"] * t["spot"])) + A * energy(t),
    ),
    "hedged_blocks": (
        {"base_mw": OTHERS, "base_price_usd_per_mwh": MONTHS},
        lambda t: t.groupby("month")["spot"].apply(
            lambda s: (OF_MONTH[s.name][1] * (OF_MONTH[s.name][0] - s)).sum()).to_numpy(),
    ),
    "coincident_peak": (
        {"rate_usd_per_mw_year": MONTHS, "peaks": {"named": ["07-18 16"]}, "billed": "same_year"},
        lambda t: A / 12 * float(t.loc[t["stamp"] == "2022-07-18 16:00", "mw"].iloc[0]),
    ),
    "network_nordic": (
        {"subscription_usd_per_mw_year": MONTHS, "excess_usd_per_mw_year": OTHERS,
         "subscribed_mw": 8.0, "energy_usd_per_mwh": OTHERS, "fixed_usd_per_month": MONTHS,
         "marginal_loss": {"apr-oct": 0.02, "nov-mar": 0.05}},
        lambda t: A / 12 * np.maximum(8, peaks(t)) + B / 12 * np.maximum(0, peaks(t) - 8) + A
        + B * energy(t) + np.where(np.isin(np.arange(12), range(3, 10)), 0.02, 0.05)
        * energy(t.assign(mw=t["mw"] * t["spot"])),
    ),
    "network_gb": (
        {"bands": DAY, "unit_usd_per_mwh": {"day": MONTHS, "night": 1.0},
         "capacity_usd_per_mw_day": OTHERS, "excess_usd_per_mw_day": {"by_month": [9.0] * 12},
         "fixed_usd_per_day": MONTHS, "balancing_usd_per_mwh": OTHERS,
         "triad_usd_per_mw_year": MONTHS, "triad": {"named": ["01-18 16"]}, "agreed_mw": 8.0},
        lambda t: A * energy(t, t["day"]) + energy(t, ~t["day"]) + A * DAYS + B * energy(t)
        + 365 / 12 * (B * np.maximum(8, peaks(t)) + (9 - B) * np.maximum(0, peaks(t) - 8))
        + A / 12 * float(t.loc[t["stamp"] == "2022-01-18 16:00", "mw"].iloc[0]),
    ),
}  # fmt: skip
OF_A_YEAR = {"network_de", "capacity_obligation"}
"""Forms whose rates are of a whole year by their nature."""


def test_every_form_is_billed_here_or_is_of_a_year():
    assert set(FORMS) | OF_A_YEAR == set(tariffs)


def meter_of(table):
    return Meter(
        YEAR,
        table["mw"].to_numpy(),
        np.ones(len(YEAR)),
        series={"price_energy": table["spot"].to_numpy()},
        year=2022,
    )


@pytest.mark.parametrize("kind", FORMS)
def test_a_bill_with_rates_by_month_is_the_bill_by_hand(kind, table):
    fields, hand = FORMS[kind]
    bill = itemise([tariffs[kind](**fields)], meter_of(table))
    found = bill.groupby("month")["amount"].sum().reindex(range(1, 13), fill_value=0.0)
    assert found.to_numpy() == pytest.approx(hand(table), rel=1e-12)


@pytest.mark.parametrize(
    ("fields", "share", "back", "counted"),
    [
        ({"share": 0.75, "months": [1, 4, 12]}, 0.75, 11, (0, 3, 11)),
        ({"share": 0.8, "lookback_months": 3}, 0.8, 3, range(12)),
        ({"share": 1.0, "lookback_months": 12}, 1.0, 12, range(12)),
        ({"share": 0.5, "lookback_months": 2, "months": [6, 7]}, 0.5, 2, (5, 6)),
    ],
)
def test_a_ratchet_pays_the_rate_of_the_billed_month(fields, share, back, counted):
    peak = [100.0, 40, 40, 200, 40, 40, 40, 160, 40, 40, 40, 120]
    ratchet = tariffs["ratchet_demand"](rate_usd_per_mw_month=MONTHS, first_year="steady", **fields)
    bill = itemise([ratchet], monthly(peak))
    expected = A * ratcheted(peak, share, back, counted)
    assert bill["amount"].to_numpy() == pytest.approx(expected, rel=1e-12)


def test_a_ratchet_over_two_years_has_the_rates_of_each():
    first, second = [4.0] * 9 + [30.0, 4.0, 4.0], [4.0] * 12
    ratchet = tariffs["ratchet_demand"](
        rate_usd_per_mw_month={"jan-jun": (1.0, 2.0), "jul-dec": (3.0, 4.0)}, share=0.5
    )
    meters = chained([monthly(first), monthly(second)])
    bills = [itemise([ratchet], meter)["amount"].tolist() for meter in meters]
    # 0.5 x 30 of October binds from November to the next September
    assert bills[0] == [4.0] * 6 + [12.0] * 3 + [90.0, 45.0, 45.0]
    assert bills[1] == [30.0] * 6 + [60.0] * 3 + [16.0] * 3


def test_the_exit_fee_is_of_the_mean_rate():
    leaving = tariffs["minimum_take"](
        rate_usd_per_mw_month=MONTHS, minimum_share=0.5, term_years=9, contract_mw=100.0,
        start_year=2020, exit_year=2022, exit_fee_months=24,
    )  # fmt: skip
    bill = itemise([leaving], replace(monthly([0.0] * 12), year=2022))
    assert bill["amount"].sum() == pytest.approx(24 * 50.0 * sum(RATE) / 12)


def test_the_price_before_is_that_of_the_calendar_year_before():
    charge = {
        "price_usd_per_mw_day": {2020: 50.0, 2022: 100.0},
        "peaks": {"named": ["07-15 12"]},
        "first_year": "steady",
    }
    [form] = make_forms(
        UserTariff("t", "USD", (Charge("capacity_obligation", charge, "x"),)), [2022]
    )
    bill = itemise([form], replace(monthly([2.0] * 12), year=2022))
    days = np.array(DAYS) * 2.0
    # delivery years begin in June
    assert bill["amount"].to_numpy() == pytest.approx([*50 * days[:5], *100 * days[5:]])


MODEL = {kind: fields for kind, (fields, _) in FORMS.items() if kind != "seasonal_demand"}
CHANGED = {
    "contracted_demand": {"contracted_mw": None},
    "minimum_take": {"start_year": 2025, "contract_mw": None, "exit_year": 2026,
                     "exit_fee_months": 3},
    "coincident_peak": {"peaks": {"named": ["07-11 16"]}, "billed": "next_year"},
    "network_gb": {"triad": {"named": ["01-10 17"]}},
    "spot_energy": {"name": "second spot"},  # the site has one without months
}  # fmt: skip


@pytest.mark.parametrize("segments", [None, 200])
def test_every_charge_of_the_model_is_its_bill_with_rates_by_month(segments):
    forms = [
        tariffs[kind](**_grown(fields | CHANGED.get(kind, {}))) for kind, fields in MODEL.items()
    ]
    case = a_site(forms)
    case = case if segments is None else segmented(case, segments)
    assert not [text for form in case.tariffs for text in form.check(case)]
    result = solved(case)
    assert bill_error(result, case) < 1e-6
    charged = result["cost"].groupby("cost_component").sum("cost_term").sum("year")
    assert all(abs(float(charged.sel(cost_component=f.label))) > 10 for f in forms)


def _grown(fields):
    """Return rates by month of which those of the last half grow by the year."""
    return {
        name: {"by_month": [tuple(v * np.array([1.0, 1.1, 1.3])) if k > 5 else v
                            for k, v in enumerate(value["by_month"])]}
        if isinstance(value, dict) and list(value) == ["by_month"]
        else value
        for name, value in fields.items()
    }  # fmt: skip
