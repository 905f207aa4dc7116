"""``dcmodel bill`` from a cold start: figures by hand, faults with their place."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from dcmodel.base.errors import DataError
from dcmodel.cli import app
from dcmodel.inputs.loads import read_load
from dcmodel.inputs.tariffs import read_tariff
from dcmodel.markets.base import make_forms
from dcmodel.markets.statement import statement

TARIFF = """\
schema: dcmodel/tariff-1
name: Works tariff
currency: GBP
charges:
  - form: time_of_use_energy
    name: unit
    calendar:
      rules:
        - {period: day, days: weekdays, hours: 8-20}
        - {period: night, days: weekdays, hours: 20-8}
        - {period: night, days: weekends}
    price_gbp_per_kwh: {day: 0.3, night: 0.1}
  - form: ratchet_demand
    name: capacity
    share: 0.8
    rate_gbp_per_kw_month: 5
"""


def run(*words):
    return CliRunner().invoke(app, ["bill", *map(str, words)])


@pytest.fixture
def files(tmp_path):
    tariff, load = tmp_path / "tariff.yaml", tmp_path / "load.csv"
    tariff.write_text(TARIFF, encoding="utf-8")
    time = pd.date_range("2025-01-01", "2025-02-28 23:00", freq="h")
    # 1000 kW in January, 500 kW in February
    power = [1000 if month == 1 else 500 for month in time.month]
    pd.DataFrame({"time": time, "load_kw": power}).to_csv(load, index=False)
    return tariff, load


def test_a_bill_by_hand(files):
    answer = run(*files, "--json")
    assert answer.exit_code == 0, answer.output
    bill = json.loads(answer.stdout)
    # January 2025 has 23 weekdays and February 20, of 12 hours by day each
    january = 23 * 12 * 1000 * 0.3 + (744 - 276) * 1000 * 0.1 + 1000 * 5
    february = 20 * 12 * 500 * 0.3 + (672 - 240) * 500 * 0.1 + 800 * 5
    assert [month["amount"] for month in bill["months"]] == pytest.approx([january, february])
    assert bill["total"] == pytest.approx(january + february)
    assert bill["currency"] == "GBP"
    assert {item["unit"] for item in bill["items"]} == {"kWh", "kW"}
    assert any("--before" in note for note in bill["notes"])


def test_a_list_of_twelve_is_of_months_and_any_other_is_refused(files):
    tariff, load = files
    twelve = TARIFF.replace("kw_month: 5", f"kw_month: [5, 7{', 1' * 10}]")
    tariff.write_text(twelve, encoding="utf-8")
    items = json.loads(run(tariff, load, "--json").stdout)["items"]
    capacity = [item["amount"] for item in items if item["form"] == "capacity"]
    assert capacity == pytest.approx([1000 * 5, 800 * 7])
    tariff.write_text(TARIFF.replace("kw_month: 5", "kw_month: [5, 7]"), encoding="utf-8")
    answer = run(tariff, load)
    assert answer.exit_code == 3
    assert "tariff.yaml:16:" in answer.stderr
    assert "found 2 values" in answer.stderr
    assert "{2025: 20, 2026: 21} by calendar year" in answer.stderr


def test_rates_by_calendar_year_are_those_of_the_load(files):
    tariff, load = files
    text = TARIFF.replace("kw_month: 5", "kw_month: {2024: 5, 2025: {jan: 6, feb-dec: 8}}")
    tariff.write_text(text, encoding="utf-8")
    items = json.loads(run(tariff, load, "--json").stdout)["items"]
    capacity = [item["amount"] for item in items if item["form"] == "capacity"]
    assert capacity == pytest.approx([1000 * 6, 800 * 8])


def test_rates_for_other_years_are_refused_from_python_too(files):
    """Forms that were made without the years of the bill are checked against its load."""
    tariff, load = files
    tariff.write_text(TARIFF.replace("kw_month: 5", "kw_month: [5, 7]"), encoding="utf-8")
    forms = make_forms(read_tariff(tariff))
    with pytest.raises(DataError, match=r"found 2 values; give one, or one a year \(1\)"):
        statement(forms, read_load(load))


def test_the_printed_bill_and_its_csv_say_the_same(files, tmp_path):
    out = tmp_path / "lines.csv"
    answer = run(*files, "--csv", out)
    lines = pd.read_csv(out)
    assert f"{lines['amount'].sum():,.2f}" in answer.stdout
    assert "capacity, demand, ratchet" in answer.stdout
    assert "Feb 2025" in answer.stdout


def test_a_load_of_the_year_before_moves_the_ratchet(files, tmp_path):
    earlier = tmp_path / "earlier.csv"
    time = pd.date_range("2024-01-01", "2024-12-31 23:00", freq="h")
    power = [2000.0 if stamp == pd.Timestamp("2024-06-01 12:00") else 100.0 for stamp in time]
    pd.DataFrame({"time": time, "load_kw": power}).to_csv(earlier, index=False)
    answer = run(*files, "--before", earlier, "--json")
    items = json.loads(answer.stdout)["items"]
    assert [i["quantity"] for i in items if i["form"] == "capacity"] == pytest.approx([1600, 1600])


def test_a_series_that_a_charge_needs_is_asked_for(files, tmp_path):
    tariff, load = files
    spot = "  - form: spot_energy\n    adder_gbp_per_mwh: 0\n    loss_fraction: 0\n"
    tariff.write_text(TARIFF + spot + "    resale_fee_gbp_per_mwh: 0\n", encoding="utf-8")
    answer = run(*files)
    assert answer.exit_code == 3
    assert "--series price_energy=COLUMN" in answer.stderr
    table = pd.read_csv(load)
    table["spot"] = 40.0
    table.to_csv(load, index=False)
    answer = run(*files, "--series", "price_energy=spot", "--json")
    items = json.loads(answer.stdout)["items"]
    bought = sum(
        item["amount"] for item in items if item["charge"] == "energy" and not item["period"]
    )
    assert bought == pytest.approx(40 * (744 * 1.0 + 672 * 0.5))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "price_gbp_per_kwh",
            "price_eur_per_kwh",
            "tariff.yaml:12:5  price_eur_per_kwh: is in EUR",
        ),
        ("hours: 20-8}", "hours: 19-8}", "tariff.yaml:10:11"),
    ],
)
def test_faults_of_the_tariff_come_with_their_place(files, old, new, message):
    tariff, load = files
    tariff.write_text(TARIFF.replace(old, new), encoding="utf-8")
    answer = run(tariff, load)
    assert answer.exit_code == 3
    assert message in answer.stderr
    assert "1 error" in answer.stderr


def test_help_names_the_formats():
    assert "URDB" in run("--help").stdout


@pytest.mark.real
def test_customer_2017_by_month_and_period(real_data):
    """The same bill from the raw rows, hour by hour: hours ending, weekday flag, months."""
    tariff = real_data.file("testcases/customer_2017/tariff.csv")
    series = real_data.file("testcases/customer_2017/timeseries.csv")
    answer = run(tariff, series, "--column", "Site Load (kW)", "--json")
    assert answer.exit_code == 0, answer.output
    bill = json.loads(answer.stdout)
    load = pd.read_csv(series)
    stamp = pd.to_datetime(load["Datetime (he)"], format="%m/%d/%Y %H:%M") - pd.Timedelta(hours=1)
    frame = pd.DataFrame(
        {
            "month": stamp.dt.month,
            "ending": stamp.dt.hour + 1,
            "weekday": (stamp.dt.day_of_week < 5).astype(int),
            "kw": load["Site Load (kW)"],
        }
    )
    amounts = {}
    for row in pd.read_csv(tariff).itertuples(index=False):
        _, first, last, start, end, _, _, flag, value, charge, _ = row
        here = frame["month"].between(first, last) & frame["ending"].between(start, end)
        if flag != 2:
            here &= frame["weekday"] == flag
        by_month = frame[here].groupby("month")["kw"]
        money = value * (by_month.sum() if charge == "Energy" else by_month.max())
        for month, amount in money.items():
            amounts[month] = amounts.get(month, 0.0) + amount
    found = {month["month"]: month["amount"] for month in bill["months"]}
    assert found == pytest.approx(amounts, abs=0.00501)  # to the cent
    assert len([i for i in bill["items"] if i["month"] == 7]) == 5
