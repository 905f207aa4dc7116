"""Every row of the table of shadow prices is what the study gains when that setting is moved."""

from __future__ import annotations

import copy
import re
from typing import Any

import xarray as xr
import yaml

from dcmodel.report.prices import shadow_prices
from dcmodel.study.available import run_case
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study
from tests.acceptance.board import Shown, show

BASE: dict[str, Any] = {
    "schema": "dcmodel/study-1",
    "name": "shadow",
    "years": {"first": 2025, "last": 2028},
    "currency_year": 2025,
    "discount_rate": 0.08,
    "resolution": {"segments": 365},
    "it_capacity_mw": {2025: 20, 2027: 60},
    "cooling": {"architecture": "water_economizer", "variant": "generic"},
    "workloads": {
        "chat": {"share": 0.7, "shape": "conversation"},
        "batch": {"share": 0.3, "shape": "flat", "deferral_h": 24},
    },
    "components": {
        "grid_connection": {},
        "ppa_solar": {},
        "diesel": {},
        "shiftable_load": {},
        "unserved_energy": {},
        "building": {},
        "water_supply": {},
    },
    "requirements": {},
}
YEARS = range(2025, 2029)
UNIT = {"percentage point": 0.01}
CLOSE = 0.02
"""A price of a unit and the gain by a move of another size differ by the bend of the cost. [1]"""
SMALL = 0.002
"""Moves of a setting, as a share of it, where a unit is less: beyond what a solver leaves open."""


def _study(site: dict[str, Any], **parts: dict[str, Any]) -> dict[str, Any]:
    """Return a study of one site with other components, requirements or workloads."""
    study = copy.deepcopy(BASE)
    study["sites"] = [site]
    for part, values in parts.items():
        study[part] |= values
    return study


def _solved(study: dict[str, Any]) -> xr.Dataset:
    (case,) = cases(load_study("shadow.yaml", text=yaml.safe_dump(study)))
    return run_case(case)


def _by_year(value: Any) -> dict[int, float]:
    """Return a setting by year: a stage holds until the next; none before the first."""
    if not isinstance(value, dict):
        return dict.fromkeys(YEARS, float(value))
    stages = sorted(value)
    return {y: float(value[max(s for s in stages if s <= y)]) for y in YEARS if y >= stages[0]}


def _moved(study: dict[str, Any], row: Any, units: float) -> dict[str, Any]:
    """Return the study with the setting of a row written otherwise, as its sentence says."""
    sign = -1 if " one less " in row.sentence else 1
    step = sign * units * UNIT.get(row.units, 1.0)
    other = copy.deepcopy(study)
    keys = row.limit.split(".")
    if keys[0] == "sites":
        keys = ["sites", 0, "connection", "available_mw"]
    place = other
    for key in keys[:-1]:
        place = place[key]
    now = place[keys[-1]]
    if keys[0] in ("sites", "requirements"):
        years = range(row.year, row.last_year + 1)
        place[keys[-1]] = {y: v + step * (y in years) for y, v in _by_year(now).items()}
    else:
        assert (row.year, row.last_year) == (YEARS[0], YEARS[-1])
        place[keys[-1]] = now + step
    return other


def _compared(study: dict[str, Any], worst: list[tuple[float, str]]) -> int:
    """Compare every row of a study with the gain when it is moved; return how many rows."""
    base = _solved(study)
    table = shadow_prices({"site/base": base})
    cost = float(base["net_present_cost"])
    for row in table.itertuples():
        value = row.value
        units = 1.0 if row.units == "h" else max(1.0, SMALL * value)
        after = _solved(_moved(study, row, units))
        gained = (cost - float(after["net_present_cost"])) / units
        told = float(re.sub(r"[^\d.]", "", row.sentence.partition(" saves ")[2].split(" USD")[0]))
        assert abs(told - row.saves_usd) <= 0.5
        off = abs(row.saves_usd - gained)
        # a solver leaves its own certified gap open in each of the two costs
        noise = (base.attrs["segments_gap"] + after.attrs["segments_gap"]) * cost / units
        worst.append((max(off - noise, 0.0) / row.saves_usd, f"{row.sentence} / {gained:,.0f}"))
    return len(table)


OFFER = {"price_usd_per_mwh": 30, "first_year": 2026, "term_years": 15, "volume_max_mw": 20}
STORE = {"battery": {"power_max_mw": 5, "energy_max_mwh": 10}}
STUDIES = {
    "contracts, battery and clean share": lambda site: _study(
        {"site": site},
        components={"ppa_solar": {"capacity_max_mw": 60}, "ppa_wind": {}, **STORE},
        requirements={"clean_share_yearly": {2027: 0.3, 2028: 0.6}},
    ),
    "own offer, lost load and water": lambda site: _study(
        {"site": site, "connection": {"available_mw": {2025: 21, 2027: 64}}},
        components={"ppa_solar": {"offer": OFFER}, **STORE},
        requirements={"unserved_energy": {2027: 40}, "water_limit": 400000},
    ),
}


@show(
    "Every row of shadow_prices.csv against the study solved again with that setting moved, on "
    "Dallas and Northern Virginia: contract, offer, battery, deferral, clean share, water",
    target="each within 2 % and the certified gaps of the two solutions; 12 rows or more",
    cost="dear",
)
def every_row() -> Shown:
    worst: list[tuple[float, str]] = []
    count = sum(
        _compared(study(site), worst)
        for site in ("dallas", "northern_virginia")
        for study in STUDIES.values()
    )
    most, sentence = max(worst)
    return Shown(
        f"{count} rows, worst {most:.2%} ({sentence})", holds=most <= CLOSE and count >= 12
    )


@show(
    "Solar that is offered from 2027 has no price in 2025, and offered from 2025 none is signed",
    target="no row of the contract; 0 MW",
    cost="dear",
)
def before_the_first_year() -> Shown:
    late = _study({"site": "northern_virginia"})
    rows = shadow_prices({"site/base": _solved(late)})
    rows = rows[rows["limit"].str.contains("ppa_solar")]
    terms = {
        "price_usd_per_mwh": 78, "first_year": 2025, "term_years": 15, "volume_max_mw": 300
    }  # fmt: skip
    early = _solved(
        _study({"site": "northern_virginia"}, components={"ppa_solar": {"offer": terms}})
    )
    signed = float(early["capacity"].sel(size="ppa_solar.capacity").sum())
    return Shown(f"{len(rows)} rows; {signed:g} MW", holds=rows.empty and signed == 0)
