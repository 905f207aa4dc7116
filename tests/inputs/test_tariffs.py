"""Tariffs of users: read, put in MW and MWh, and refused with the line at fault."""

import json

import pytest
from support.meters import monthly

from dcmodel.base.errors import DataError
from dcmodel.finance.bill import itemise
from dcmodel.inputs.tariffs import canonical, read_tariff
from dcmodel.markets.base import make_forms

TARIFF = """\
schema: dcmodel/tariff-1
name: Example
currency: EUR
charges:
  - form: time_of_use_energy
    calendar:
      rules:
        - {period: day, hours: 8-20}
        - {period: night, hours: 20-8}
    price_eur_per_kwh: {day: 0.2, night: 0.1}
  - form: demand_charge
    rate_eur_per_kw_month: 7
  - form: tiered_energy
    limits_kwh: [1000, 5000]
    prices_eur_per_mwh: [10, 20, 30]
"""


def write(tmp_path, text, name="tariff.yaml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def faults(path):
    with pytest.raises(DataError) as caught:
        make_forms(read_tariff(path), [2025])
    return [(f.where.removeprefix(str(path)), f.message) for f in caught.value.faults]


def test_units_of_the_file_become_those_of_the_forms(tmp_path):
    tariff = read_tariff(write(tmp_path, TARIFF))
    assert (tariff.name, tariff.currency) == ("Example", "EUR")
    energy, demand, tiers = make_forms(tariff)
    assert energy.price_usd_per_mwh == {"day": 200.0, "night": 100.0}
    assert demand.rate_usd_per_mw_month == 7000.0
    assert tiers.limits_mwh == (1.0, 5.0)


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("price_usd_per_mwh", ("price_usd_per_mwh", 1.0, "USD")),
        ("rate_gbp_per_kw_month", ("rate_usd_per_mw_month", 1000.0, "GBP")),
        ("price_usd_per_kw_day", ("price_usd_per_mw_day", 1000.0, "USD")),
        ("contracted_kw", ("contracted_mw", 0.001, None)),
        ("lookback_months", ("lookback_months", 1.0, None)),
    ],
)
def test_keys(key, found):
    assert canonical(key) == found


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("rate_eur_per_kw", "rate_usd_per_kw", ":12:", "is in USD, but the file states currency"),
        ("currency: EUR", "currency: euro", ":3:", "currency"),
        ("[1000, 5000]", "[5000, 1000]", ":14:", "found 1 after 5; limits of tiers rise"),
        ("20-8}", "19-8}", ":9:", "hours 19-20 of weekdays lie in period 'night' and"),
        ("20-8}", "21-8}", ":7:", "hours 20-21 of weekdays lie in no period"),
        ("night: 0.1}", "nigt: 0.1}", ":10:", "no period 'nigt'; did you mean 'night'?"),
        ("demand_charge", "demand_charges", ":11:", "no form 'demand_charges'; did you mean"),
        ("kw_month: 7", "kw_month: -7", ":12:", "greater than or equal to 0"),
        ("kw_month: 7", "kw_month: .inf", ":12:", "found .inf; a finite number is required"),
        ("kw_month: 7", "kw_month: 1e308", ":12:", "found 1e308; at most 1e+15 in size"),
        ("kw_month: 7", "kw_month: seven", ":12:", "found 'seven'; give a number, or {by_month:"),
        ("kw_month: 7", "kw_month: [7, 8]", ":12:", "found 2 values; a list holds one value, or"),
        ("day: 0.2, night", "day: {jne: 1}, night", ":10:", "no month 'jne'; did you mean 'june'"),
        ("[10, 20, 30]", "[10, 20, {jan-may: 1}]", ":15:", "no rate for jun, jul, aug"),
        ("      rules:", "      holidays: ['2023-02-29']\n      rules:", ":7:", "'2023-02-29'"),
        ("  - form: demand_charge\n", "  - fom: demand_charge\n", ":11:", "'form' names the kind"),
    ],
)  # fmt: skip
def test_faults_name_the_line(tmp_path, old, new, line, message):
    assert old in TARIFF
    found = faults(write(tmp_path, TARIFF.replace(old, new)))
    assert any(where.startswith(line) and message in text for where, text in found), found


def test_numbers_in_quotes_get_the_units_of_the_file(tmp_path):
    quoted = TARIFF.replace("kw_month: 7", "kw_month: '7'").replace("[1000,", "['1000',")
    _, demand, tiers = make_forms(read_tariff(write(tmp_path, quoted)))
    assert demand.rate_usd_per_mw_month == 7000.0
    assert tiers.limits_mwh == (1.0, 5.0)


def test_a_negative_minimum_take_is_refused_at_its_line(tmp_path):
    text = TARIFF + (
        "  - form: minimum_take\n    rate_eur_per_mw_month: 9000\n    minimum_share: -0.85\n"
        "    term_years: 12\n    contract_mw: 50\n"
    )
    [(where, message)] = faults(write(tmp_path, text))
    assert where.startswith(":18:")
    assert "found -0.85" in message
    assert "greater than or equal to 0" in message


def test_another_currency_than_the_files_is_refused(tmp_path):
    path = write(tmp_path, TARIFF)
    with pytest.raises(DataError, match=r":3:.*the tariff is in EUR, a bill in USD"):
        read_tariff(path, "USD")


def test_two_charges_of_a_form_need_names(tmp_path):
    again = "  - form: demand_charge\n    rate_eur_per_mw_month: 1\n"
    [(_, message)] = faults(write(tmp_path, TARIFF + again))
    assert "give each a 'name'" in message


TABLE = """\
Billing Period,Start Month,End Month,Start Time,End Time,Excluding Start Time,Excluding End Time,\
Weekday?,Value,Charge,Name
1,10,5,1,24,,,2,0.05,Energy,Winter
2,6,9,1,24,13,18,1,0.06,Energy,Off
3,6,9,13,18,,,1,0.25,Energy,Peak
4,6,9,1,24,,,0,0.06,Energy,Off
5,1,12,1,24,,,2,7.5,Demand,Any time
6,6,9,13,18,,,1,11,Demand,Summer peak
"""


def test_a_table_of_periods_over_the_new_year_with_hours_left_out(tmp_path):
    tariff = read_tariff(write(tmp_path, TABLE, "table.csv"))
    energy, demand, peak = make_forms(tariff)
    assert energy.price_usd_per_mwh == {"Winter": 50.0, "Off": 60.0, "Peak": 250.0}
    assert demand.kind == "demand_charge"
    assert demand.rate_usd_per_mw_month == 7500.0
    assert peak.kind == "time_of_use_demand"
    assert peak.rate_usd_per_mw_month["Summer peak"] == 11_000.0
    assert "USD is assumed" in tariff.notes[0]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("3,6,9,13,18", "3,6,9,12,18", ":4", "'Peak' overlaps 'Off' of row 3 in hours 12 (ending)"),
        ("3,6,9,13,18", "3,6,9,14,18", "", "no row covers hours 13 (ending) of weekdays in"),
        ("1,10,5,1,24,,,2", "1,10,5,1,25,,,2", ":2", "End Time: found 25"),
        ("0.25,Energy", "0.25,Engery", ":4", "Charge: found 'Engery'"),
        ("0.25,Energy", ",Energy", ":4", "Value: found nothing"),
        ("0.25,Energy", "1e308,Energy", ":4", "Value: found 1e+308; should be a finite number"),
        ("24,13,18,1", "24,99,99,1", ":3", "Excluding Start Time: found 99; allowed are whole"),
        ("24,13,18,1", "24,1e30,1e30,1", ":3", "Excluding End Time: found 1e+30; allowed are"),
        ("24,13,18,1", "24,13,,1", ":3", "Excluding End Time: found nothing; give both ends"),
    ],
)  # fmt: skip
def test_a_table_with_wrong_rows_is_refused_with_the_row(tmp_path, old, new, line, message):
    found = faults(write(tmp_path, TABLE.replace(old, new), "table.csv"))
    assert any(where == line and message in text for where, text in found), found


def rate(**changes):
    """A rate of the database: two periods of energy, seasonal and period demand, a fixed charge."""
    day = [0] * 8 + [1] * 12 + [0] * 4
    return {
        "utility": "Example Co",
        "name": "GS-3",
        "energyratestructure": [[{"rate": 0.05, "adj": 0.01}], [{"rate": 0.2}]],
        "energyweekdayschedule": [day] * 12,
        "energyweekendschedule": [[0] * 24] * 12,
        "flatdemandstructure": [[{"rate": 4.0}], [{"rate": 9.0}]],
        "flatdemandmonths": [0] * 5 + [1] * 4 + [0] * 3,
        "demandratestructure": [[{"rate": 0.0}], [{"rate": 12.0}]],
        "demandweekdayschedule": [day] * 12,
        "demandweekendschedule": [[0] * 24] * 12,
        "fixedchargefirstmeter": 3.0,
        "fixedchargeunits": "$/day",
    } | changes


def write_rate(tmp_path, **changes):
    return write(tmp_path, json.dumps(rate(**changes), indent=1), "rate.json")


def test_a_rate_of_the_database(tmp_path):
    tariff = read_tariff(write_rate(tmp_path))
    assert tariff.name == "Example Co GS-3"
    fixed, energy, flat, period = make_forms(tariff)
    assert fixed.charge_usd_per_day == 3.0
    assert energy.price_usd_per_mwh == pytest.approx({"period 0": 60.0, "period 1": 200.0})
    assert flat.seasons["period 1"] == (6, 7, 8, 9)
    assert flat.rate_usd_per_mw_month == {"period 0": 4000.0, "period 1": 9000.0}
    assert period.rate_usd_per_mw_month == {"period 0": 0.0, "period 1": 12_000.0}


def test_tiers_and_look_back_of_a_rate(tmp_path):
    tiers = [[{"rate": 0.1, "max": 500, "unit": "kWh"}, {"rate": 0.08, "unit": "kWh"}]]
    path = write_rate(
        tmp_path,
        energyratestructure=tiers,
        energyweekdayschedule=[[0] * 24] * 12,
        flatdemandstructure=[[{"rate": 5.0}]],
        flatdemandmonths=[0] * 12,
        demandratestructure=None,
        lookbackPercent=60,
        lookbackMonths=[0] * 5 + [1] * 4 + [0] * 3,
    )
    _, energy, ratchet = make_forms(read_tariff(path))
    assert energy.limits_mwh == (0.5,)
    assert energy.prices_usd_per_mwh == (100.0, 80.0)
    assert (ratchet.share, ratchet.months, ratchet.lookback_months) == (0.6, (6, 7, 8, 9), 11)


FLAT = {
    "flatdemandstructure": [[{"rate": 10.5}], [{"rate": 11.5}]],
    "flatdemandmonths": [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0],
    "demandratestructure": None,
}


def test_a_ratchet_of_the_database_has_the_rate_of_each_month(tmp_path):
    months = [False, False, True, False, False, False, True, *[False] * 5]
    path = write_rate(tmp_path, **FLAT, lookbackPercent=0.8, lookbackMonths=months)
    *_, ratchet = make_forms(read_tariff(path), [2022])
    peak = [100.0, 40, 90, 20, 40, 40, 160, 40, 40, 40, 40, 40]
    bill = itemise([ratchet], monthly(peak))
    # nothing is known of the year before; 0.8 x 90 of March binds to June, 0.8 x 160 of July after
    billed = [100, 40, 90, 72, 72, 72, 160, *[128] * 5]
    rates = [10_500.0] * 4 + [11_500.0] * 6 + [10_500.0] * 2
    expected = [power * rate for power, rate in zip(billed, rates, strict=True)]
    assert bill["amount"].to_numpy() == pytest.approx(expected)


@pytest.mark.parametrize("spell", [str, str.lower, str.upper])
def test_fields_of_the_database_are_found_in_any_spelling(tmp_path, spell):
    found = {spell(key): value for key, value in (rate() | FLAT).items()}
    found |= {spell("lookbackPercent"): 0.8, spell("lookbackRange"): 3}
    *_, ratchet = make_forms(read_tariff(write(tmp_path, json.dumps(found), "rate.json")))
    assert (ratchet.kind, ratchet.share, ratchet.lookback_months) == ("ratchet_demand", 0.8, 3)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"lookbackPercent": 80, "lookbackRange": 11}, "taken as 0.8 of the peak"),
        ({"lookbackPercent": 0.8}, "names no months; those of the 11 months before count"),
        ({"demandWindow": 60}, "demandwindow is 60 minutes"),
        ({"energyratestructure": [[{"rate": 1, "sell": 0.1}]] * 2}, "prices of sale are left out"),
        ({"energyratestructure": [[{"rate": 1, "max": 9}]] * 2}, "the last tier ends at 9 kWh"),
        ({"energyratestructure": [[{"rate": 1, "max": 9}, {"rate": 2, "max": 9.9e37}]] * 2},
         "count the energy of each period by itself"),
    ],
)  # fmt: skip
def test_what_was_taken_for_granted_is_said(tmp_path, changes, note):
    notes = read_tariff(write_rate(tmp_path, **FLAT | changes)).notes
    assert len(notes) == 1
    assert note in notes[0]


def test_a_monthly_charge_of_earlier_versions_is_billed(tmp_path):
    path = write_rate(tmp_path, fixedchargefirstmeter=None, fixedmonthlycharge=500.0)
    fixed, *_ = make_forms(read_tariff(path))
    assert fixed.charge_usd_per_month == 500.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lookbackpercent": 150}, "lookbackpercent: found 150; give a fraction from 0 to 1"),
        ({"lookbackPercent": 1.5}, "lookbackPercent: found 1.5; give a fraction from 0 to 1"),
        ({"lookbackPercent": -0.5}, "found -0.5; give a fraction"),
        ({"lookbackPercent": "x"}, "lookbackPercent: found 'x'; give a number"),
        ({"lookbackPercent": 0.8, "lookbackpercent": 0.5}, "one field with two values"),
        ({"lookbackPercent": 0.8, "lookbackMonths": [1] * 11}, "true or false for each of 12"),
        ({"lookbackPercent": 0.8, "lookbackMonths": ["no"] * 12}, "true or false for each of 12"),
        ({"lookbackPercent": 0.8, "lookbackRange": 13}, "found 13; give whole months, 0 to 12"),
        ({"lookbackPercent": 0.8, "lookbackRange": 3, "lookbackMonths": [1] + [0] * 11},
         "months beside lookbackRange"),
        ({"lookbackRange": 11}, "a look-back needs its share, lookbackPercent"),
        ({"lookbackPercent": 0.8, "flatdemandstructure":
          [[{"rate": 1, "max": 9}, {"rate": 2}], [{"rate": 3}]]}, "a look-back beside tiers"),
        ({"demandratchetpercentage": [0.8] * 12}, "a ratchet by month cannot be billed"),
        ({"flatdemandunit": "kVA"}, "found 'kVA'; a load in kW can be billed per kW alone"),
        ({"fixedmonthlycharge": 5.0}, "stands beside fixedchargefirstmeter; keep one"),
        ({"fixedchargefirstmeter": [1]}, "fixedchargefirstmeter: found [1]; give a number"),
        ({"energyratestructure": [1, 2]}, "found 1; a period is a list of tiers"),
        ({"energyratestructure": [[], []]}, "found []; a period is a list of tiers"),
        ({"energyratestructure": [[3], [{"rate": 1}]]}, "found 3; a tier is {rate: ...}"),
        ({"energyratestructure": [[{"rate": None}]] * 2}, "rate: found nothing; give a number"),
        ({"energyratestructure": [[{"rate": 1e308}]] * 2}, "rate: found 1e+308; give a number"),
        ({"energyratestructure": [[{"rate": True}]] * 2}, "rate: found True; give a number"),
        ({"mincharge": 50.0}, "a least bill cannot be billed"),
        ({"flatdemandmonths": [0] * 11}, "of 12 months"),
        ({"energyweekdayschedule": [[2] * 24] * 12}, "0 to 1, of 12 months by 24 hours"),
        ({"fixedchargeunits": "$/fortnight"}, "found '$/fortnight'"),
        (
            {"energyratestructure": [[{"rate": 1, "max": 9, "unit": "kWh/kW"}, {"rate": 2}]] * 2},
            "tiers counted in kWh/kW cannot be billed",
        ),
        (
            {"energyratestructure": [
                [{"rate": 1, "max": 9}, {"rate": 1, "max": 9}, {"rate": 2}]] * 2},
            "limits of tiers rise",
        ),
    ],
)  # fmt: skip
def test_what_a_bill_cannot_express_is_refused_with_its_line(tmp_path, changes, message):
    found = faults(write_rate(tmp_path, **changes))
    assert any(message in text and where.count(":") == 2 for where, text in found), found
