"""A metered load with a battery: the optimum by enumeration, its bill by `dcmodel bill`."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog
from typer.testing import CliRunner

from dcmodel.base.errors import DataError, StudyError
from dcmodel.cli import app
from dcmodel.study.metered import load_metered, run_metered

STUDY = """\
schema: dcmodel/metered-1
name: works
load: {file: load.csv}
tariff: tariff.yaml
components:
  battery:
    parameters:
      capex_power: 20
      capex_energy: 8
      fixed_operation_share_of_capex: 0
      variable_operation: 0
      state_of_charge_min: 0
    efficiency_charge: 0.9
    efficiency_discharge: 0.8
    state_of_charge_first: 0.5
    state_of_charge_last: 0.5
    annuity_factor: 0.1
    whole_units_kw: 50
    whole_units_kwh: 100
    power_max_mw: 0.3
    energy_max_mwh: 0.6
"""
TARIFF = """\
schema: dcmodel/tariff-1
name: Works tariff
currency: USD
charges:
  - form: time_of_use_energy
    name: unit
    calendar:
      rules: [{period: day, hours: 8-20}, {period: night, hours: 20-8}]
    price_usd_per_kwh: {day: 0.4, night: 0.1}
  - form: demand_charge
    name: demand
    rate_usd_per_kw_month: 9
"""
RNG = np.random.default_rng(5)
LOAD = 400 + 300 * np.exp(-(((np.arange(48) % 24 - 15) / 3) ** 2)) + RNG.uniform(0, 40, 48)


@pytest.fixture
def folder(tmp_path):
    time = pd.date_range("2025-03-04", periods=48, freq="h")
    pd.DataFrame({"time": time, "load (kW)": LOAD}).to_csv(tmp_path / "load.csv", index=False)
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "tariff.yaml").write_text(TARIFF, encoding="utf-8")
    return tmp_path


def cost_of(power, energy):
    """Return the least bill and annuity of a battery [kW, kWh], by a program written apart."""
    n = len(LOAD)
    hour = np.arange(n) % 24
    price = np.where((hour >= 8) & (hour < 20), 0.4, 0.1)
    # columns: charge, discharge, stored, peak
    cost = np.concatenate([price, -price, np.zeros(n), [9.0]])
    same, before = np.eye(n), np.eye(n, k=-1)
    balance = np.hstack([-0.9 * same, same / 0.8, same - before, np.zeros((n, 1))])
    start = np.concatenate([[0.5 * energy], np.zeros(n - 1)])
    peak = np.hstack([same, -same, np.zeros((n, n)), -np.ones((n, 1))])
    shared = np.hstack([same, same, np.zeros((n, n + 1))])
    bounds = [(0, power)] * (2 * n) + [(0, energy)] * n + [(0, None)]
    bounds[3 * n - 1] = (0.5 * energy, 0.5 * energy)
    # no export: import stays above zero
    rows = np.vstack([peak, shared, np.hstack([-same, same, np.zeros((n, n + 1))])])
    limits = np.concatenate([-LOAD, np.full(n, power), LOAD])
    found = linprog(cost, rows, limits, balance, start, bounds)
    if not found.success:
        return np.inf
    return found.fun + price @ LOAD + 0.1 * (20 * power + 8 * energy)


def test_whole_sizes_are_those_of_enumeration(folder):
    result = run_metered(load_metered(folder / "study.yaml"))
    grid = itertools.product(range(0, 301, 50), range(0, 601, 100))
    best = min((cost_of(power, energy), power, energy) for power, energy in grid)
    summary = result.summary
    assert summary["sizes"]["battery.power"]["value"] == pytest.approx(best[1], abs=1e-6)
    assert summary["sizes"]["battery.energy"]["value"] == pytest.approx(best[2], abs=1e-6)
    assert best[1] > 0  # a battery pays here
    assert summary["total"] == pytest.approx(best[0], rel=1e-7)
    assert summary["status"] == "optimal"
    stored = result.dispatch["battery stored (kWh)"].to_numpy()
    assert stored[-1] == pytest.approx(0.5 * best[2])
    flow = 0.9 * result.dispatch["battery charge (kW)"][0]
    flow -= result.dispatch["battery discharge (kW)"][0] / 0.8
    assert stored[0] == pytest.approx(0.5 * best[2] + flow)


def test_the_optimum_is_billed_the_same_by_the_command(folder):
    runner = CliRunner()
    answer = runner.invoke(app, ["study", str(folder / "study.yaml"), "-o", str(folder / "out")])
    assert answer.exit_code == 0, answer.output
    assert "battery.power" in answer.stdout
    summary = json.loads((folder / "out" / "summary.json").read_text())
    files = [str(folder / "tariff.yaml"), str(folder / "out" / "meter.csv")]
    bill = json.loads(runner.invoke(app, ["bill", *files, "--json"]).stdout)
    assert bill["total"] == pytest.approx(summary["bill"], abs=0.005)
    assert summary["bill_of_model"] == pytest.approx(summary["bill"], abs=0.005)
    lines = pd.read_csv(folder / "out" / "bill_before.csv")
    assert lines["amount"].sum() == pytest.approx(summary["bill_before"])
    hour = np.arange(48) % 24
    by_hand = np.where((hour >= 8) & (hour < 20), 0.4, 0.1) @ LOAD + 9 * LOAD.max()
    assert summary["bill_before"] == pytest.approx(by_hand)


def test_sizes_of_any_fraction_cost_no_more(folder):
    whole = run_metered(load_metered(folder / "study.yaml")).summary["total"]
    text = STUDY.replace("    whole_units_kw: 50\n    whole_units_kwh: 100\n", "")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    summary = run_metered(load_metered(folder / "study.yaml")).summary
    assert summary["total"] <= whole + 1e-6
    assert summary["certified_gap"] < 1e-6


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        ("  battery:\n", "  batery:\n", ":6:", "no option 'batery' behind a meter; did you mean"),
        ("    annuity_factor: 0.1\n", "", ":6:", "give 'discount_rate' in the study"),
        ("efficiency_charge: 0.9", "efficiency_charge: 90", ":13:", "efficiency_charge"),
        ("    state_of_charge_first: 0.5\n", "", ":6:", "state_of_charge_last needs"),
        ("charge_last: 0.5", "charge_last: 0.25", ":6:", "energy that nobody pays for"),
        ("charge_last: 0.5", "charge_last: 0.75", ":6:", "give both the same value"),
        ("state_of_charge_min: 0", "state_of_charge_min: 0.6", ":6:", "below the lowest permitted"),
        ("tariff: tariff.yaml", "tarif: tariff.yaml", ":4:", "unknown key; did you mean 'tariff'?"),
        ("name: works", "name: works\nconnection_mw: 0.1", ":3:", "below the largest reading"),
    ],
)
def test_faults_of_a_study_name_their_line(folder, old, new, where, message):
    (folder / "study.yaml").write_text(STUDY.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_metered(folder / "study.yaml")
    faults = [(fault.where, fault.message) for fault in caught.value.faults]
    assert any(where in place and message in text for place, text in faults), faults


def test_another_currency_and_several_years_are_refused(folder):
    (folder / "tariff.yaml").write_text(
        TARIFF.replace("currency: USD", "currency: EUR").replace("_usd_", "_eur_"), encoding="utf-8"
    )
    with pytest.raises(StudyError, match="the tariff is in EUR; a study counts in USD"):
        load_metered(folder / "study.yaml")
    (folder / "tariff.yaml").write_text(TARIFF, encoding="utf-8")
    time = pd.date_range("2025-12-31", periods=48, freq="h")
    pd.DataFrame({"time": time, "kW": LOAD}).to_csv(folder / "load.csv", index=False)
    with pytest.raises(DataError, match="holds 2 calendar years"):
        load_metered(folder / "study.yaml")


def test_validate_knows_both_kinds_of_study(folder):
    answer = CliRunner().invoke(app, ["validate", str(folder / "study.yaml")])
    assert answer.exit_code == 0
    assert "48 intervals of 'load (kW)'" in answer.stdout


@pytest.mark.real
@pytest.mark.slow
def test_customer_2017_with_a_battery_reconciles_to_the_cent(real_data, tmp_path):
    load = real_data.file("testcases/customer_2017/timeseries.csv")
    tariff = real_data.file("testcases/customer_2017/tariff.csv")
    text = STUDY
    for old, new in (
        ("{file: load.csv}", f"{{file: {load}, column: Site Load (kW)}}"),
        ("tariff.yaml", str(tariff)),
        ("capex_power: 20", "capex_power: 300"),
        ("capex_energy: 8", "capex_energy: 200"),
        ("charge: 0.9", "charge: 0.95"),
        ("discharge: 0.8", "discharge: 0.95"),
        ("units_kw: 50", "units_kw: 1"),
        ("units_kwh: 100", "units_kwh: 1"),
        ("power_max_mw: 0.3", "power_max_mw: 20"),
        ("energy_max_mwh: 0.6", "energy_max_mwh: 80"),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    runner = CliRunner()
    answer = runner.invoke(
        app, ["study", str(tmp_path / "study.yaml"), "-o", str(tmp_path / "out")]
    )
    assert answer.exit_code == 0, answer.output
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    files = [str(tariff), str(tmp_path / "out" / "meter.csv")]
    bill = json.loads(runner.invoke(app, ["bill", *files, "--json"]).stdout)
    assert bill["total"] == pytest.approx(summary["bill"], abs=0.005)
    for size in summary["sizes"].values():
        assert size["value"] == pytest.approx(round(size["value"]), abs=1e-6)
        assert size["value"] > 1000
