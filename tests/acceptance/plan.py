"""No work is lost where power stands idle; what is lost has one value, and every number acts."""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr

from dcmodel.base.errors import StudyError
from dcmodel.study.available import run_case
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study
from dcmodel.study.ready import check_ready
from tests.acceptance.board import Shown, show

HOURS = 8760
SITE = """
schema: dcmodel/study-1
name: plan
currency_year: 2025
cooling: water_economizer
"""
RENT = """
discount_rate: 0.07
fleet: {mean_utilisation: 0.9}
it_capacity_mw: {2025: 26}
workloads: {rent: {share: 1.0, shape: flat}}
sites:
  - {site: dallas, connection: {available_mw: {2025: 0, 2027: 60}}}
components:
  grid_connection:
  unserved_energy:
  building:
  water_supply:
"""
OUTAGE = """
years: [2027]
discount_rate: 0.07
resolution: {segments: 96}
it_capacity_mw: {2027: 26}
workloads: {rent: {share: 1.0, shape: flat}}
sites: [dallas]
components:
  grid_connection:
  outage: {scenarios: {short: {duration_h: 4, per_year: 1}}}
  building:
"""
USERS = """
years: [2029, 2030]
discount_rate: 0.08
it_capacity_mw: {2029: 100}
workloads:
  chat: {share: 0.5, shape: conversation}
  coding: {share: 0.2, shape: coding}
  batch: {share: 0.3, shape: flat, deferral_h: 24}
sites: [dallas]
components: [grid_connection, diesel, shiftable_load, dropped_work, building, water_supply]
scenarios:
  base: {}
  no_drop: {components.dropped_work: null}
"""
MATCH = """
years: [2028]
discount_rate: 0.08
resolution: {segments: 50}
it_capacity_mw: {2028: 60}
workloads: {chat: {share: 1.0, shape: conversation}}
sites: [dallas]
components: [grid_connection, unserved_energy]
requirements: {onsite_match: {share: 0.1, derating: {unserved_energy: 0.5}}}
"""


@cache
def _results(text: str) -> dict[str, xr.Dataset]:
    """Return the results of a study by scenario."""
    study = load_study("plan.yaml", text=SITE + text)
    return {case.name.rpartition("/")[2]: run_case(case) for case in cases(study)}


def _result(text: str) -> xr.Dataset:
    [result] = _results(text).values()
    return result


def _dark(years: int, segments: int, value: float) -> xr.Dataset:
    head = f"years: {{first: 2025, last: {2024 + years}}}\nresolution: {{segments: {segments}}}"
    return _result(f"{head}{RENT}  dropped_work: {{parameters: {{value_of_work: {value}}}}}\n")


def _lost_rent(result: xr.Dataset, prefix: str = "") -> np.ndarray:
    """Return the rent of dark servers by year, whoever of the components charges it [USD]."""
    cost = result[f"{prefix}cost"]
    rows = [str(name).endswith(".lost_rent") for name in cost["cost_term"].to_numpy()]
    return cost.to_numpy()[rows].sum(axis=0)


def _unserved_cost(result: xr.Dataset) -> float:
    names = [str(name) for name in result["cost_term"].to_numpy()]
    rows = [name.endswith(".lost_load_cost") for name in names]
    return float(result["cost"].to_numpy()[rows].sum())


@show("Dark servers lose their rent alone", target="378.432 MUSD a year, 0 USD unserved")
def dark_servers() -> Shown:
    """23.4 of 26 MW are let, 8,760 h, at 1,846.15 USD/MWh; no power in 2025 and 2026."""
    result = _dark(4, 96, 1846.153846)
    rent, unserved = _lost_rent(result), _unserved_cost(result)
    expected = 23.4 * HOURS * 1846.153846
    right = np.allclose(rent, [expected, expected, 0, 0], rtol=1e-6, atol=1.0)
    none = float(np.abs(result["facility_power"].to_numpy()[:2]).max())
    figure = f"{rent[0] / 1e6:.3f} and {rent[1] / 1e6:.3f} MUSD, {unserved:g} USD, {none:.1g} MW"
    return Shown(figure, right and unserved == 0 and none < 1e-3)


@show("The ordinary site beside it loses the same rent", target="same as the design")
def dark_reference() -> Shown:
    result = _dark(4, 96, 1846.153846)
    own, beside = _lost_rent(result), _lost_rent(result, "reference_")
    return Shown(f"{beside[0] / 1e6:.3f} MUSD", bool(np.allclose(own, beside, rtol=1e-6)))


@show("PUE is of the energy that runs", target="1 to 1.5 with two dark years of four")
def dark_pue() -> Shown:
    pue = float(_dark(4, 96, 1846.153846)["pue_mean"])
    return Shown(f"{pue:.4f}", 1.0 < pue < 1.5)


@show("Two values of work differ by 9,899 USD/MWh", target="2,029.137 MUSD a year")
def override_acts() -> Shown:
    low, high = (_dark(3, 24, value) for value in (100, 9999))
    expected = 23.4 * HOURS * (9999 - 100)
    found = (high["cost"] - low["cost"]).sum("cost_term").to_numpy()
    right = np.allclose(found, [expected, expected, 0], rtol=1e-6, atol=1e3)
    return Shown(f"{found[0] / 1e6:.3f} and {found[1] / 1e6:.3f} MUSD", bool(right))


@show("Expected outage loss follows the value of lost load", target="30,000 times")
def outage_value() -> Shown:
    def loss(value: float) -> float:
        unserved = f"  unserved_energy: {{parameters: {{value_of_lost_load: {value}}}}}\n"
        result = _result(OUTAGE + unserved)
        return float(result["cost"].sel(cost_term="outage.expected_loss").sum())

    low, high = loss(0.01), loss(300)
    return Shown(
        f"{high / low:.6g} times, {high / 1e6:.2f} MUSD", bool(np.isclose(high, 3e4 * low))
    )


@show("A value of lost load that nothing reads is refused", target="refused at its place")
def idle_override() -> Shown:
    unserved = "  unserved_energy: {parameters: {value_of_lost_load: 300}}\n"
    text = SITE + OUTAGE.replace(
        "  outage: {scenarios: {short: {duration_h: 4, per_year: 1}}}\n", ""
    )
    try:
        check_ready(load_study("plan.yaml", text=text + unserved))
    except StudyError as error:
        words = str(error)
        return Shown(words[:60], "value_of_lost_load" in words and "plan.yaml:" in words)
    return Shown("accepted", holds=False)


@show("Unserved energy counted as controllable power", target="refused at its line")
def onsite_match() -> Shown:
    try:
        check_ready(load_study("plan.yaml", text=SITE + MATCH))
    except StudyError as error:
        place = str(error).split("  ")[0]
        return Shown(place, place.startswith("plan.yaml:"))
    return Shown("accepted", holds=False)


def _users(resolution: str) -> Shown:
    results = _results(f"resolution: {resolution}{USERS}")
    base, without = results["base"], results["no_drop"]
    names = list(base["work_class"].to_numpy())
    lost = base["work_lost"].sum("year").to_numpy()
    refused = sum(lost[names.index(name)] for name in ("chat", "coding"))
    costs = [float(result["levelised_cost"]) for result in (base, without)]
    worse = costs[0] / costs[1] - 1
    beside = float(base.attrs["check_idle_loss_mw"])
    figure = f"{refused:.3g} MWh, {worse:+.4%}, {beside:.2g} MW beside idle power"
    return Shown(figure, refused < 1e-6 and abs(worse) < 0.005 and beside < 1e-3)


@show("No user is refused to dodge a peak", target="0 MWh; metric within the gap", cost="dear")
def refused_users() -> Shown:
    return _users("{segments: 730}")


@show("The same on every hour", target="0 MWh; metric within the gap", cost="dear")
def refused_users_hourly() -> Shown:
    return _users("hourly")


@show("Batch work that cannot wait is served beside idle power", target="0 MW", cost="dear")
def refused_batch_hourly() -> Shown:
    """Without a queue, to refuse it in the hours of the peaks would save the peak's charge."""
    text = USERS.replace("shiftable_load, ", "").partition("scenarios:")[0]
    result = _result(f"resolution: hourly{text}")
    beside = float(result.attrs["check_idle_loss_mw"])
    lost = float(result["work_lost"].sum())
    return Shown(f"{beside:.2g} MW, {lost:.4g} MWh lost", beside < 1e-3)


@show(
    "Quick start, Dallas on every hour: no load is lost", target="0 MWh, within 0.5 %", cost="dear"
)
def quickstart_dallas() -> Shown:
    study = load_study("quickstart")
    case = next(case for case in cases(study) if case.site.label == "dallas")
    result = run_case(case)
    lost = float(result["work_lost"].sum())
    beside = float(result.attrs["check_idle_loss_mw"])
    gap = float(result.attrs["certified_gap"])
    better = float(result["levelised_cost"]) <= float(result["reference_levelised_cost"])
    figure = f"{lost:.3g} MWh lost, {beside:.2g} MW beside idle power, gap {gap:.3%}"
    return Shown(figure, lost < 1.0 and beside < 1e-3 and gap <= 0.005 and better)
