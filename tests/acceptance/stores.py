"""Stores: one flow an hour, nothing burnt and nothing created."""

from __future__ import annotations

import csv
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from dcmodel.base.errors import StudyError
from dcmodel.study.metered import MeteredResult, load_metered, run_metered
from tests.acceptance.board import Shown, show

WEEK = 168
NEGATIVE = np.tile(np.repeat([-80.0, 20.0], 12), 7)
SPREAD = np.tile(np.repeat([20.0, 80.0], 12), 7)


def solved(
    price: np.ndarray, *, load_kw: float = 2000.0, power: float = 1.0, energy: float = 2.0,
    capex: tuple[float, float] = (0.001, 0.001), more: str = "",
) -> MeteredResult:  # fmt: skip
    """Return the optimum of a battery behind a flat load at hourly prices."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = datetime(2025, 1, 1)
        with (folder / "load.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["time", "load (kW)", "price"])
            for hour, usd in enumerate(price):
                rows.writerow([first + timedelta(hours=hour), load_kw, usd])
        (folder / "tariff.yaml").write_text(
            "schema: dcmodel/tariff-1\nname: spot\ncurrency: USD\ncharges:\n"
            "  - {form: spot_energy, name: spot, adder_usd_per_mwh: 0, loss_fraction: 0, "
            "resale_fee_usd_per_mwh: 0}\n",
            encoding="utf-8",
        )
        (folder / "study.yaml").write_text(
            "schema: dcmodel/metered-1\nname: case\nload: {file: load.csv}\ntariff: tariff.yaml\n"
            "series: {price_energy: price}\ncomponents:\n  battery:\n    parameters: {"
            f"capex_power: {capex[0]}, capex_energy: {capex[1]}, "
            "fixed_operation_share_of_capex: 0, variable_operation: 0, state_of_charge_min: 0}\n"
            "    efficiency_charge: 0.9\n"
            "    efficiency_discharge: 0.9\n    annuity_factor: 0.1\n"
            f"    power_max_mw: {power}\n    energy_max_mwh: {energy}\n{more}",
            encoding="utf-8",
        )
        return run_metered(load_metered(folder / "study.yaml"))


def both_hours(result: MeteredResult) -> int:
    """Return the hours in which the printed dispatch holds both flows above a watt."""
    table = result.dispatch
    flows = table[["battery charge (kW)", "battery discharge (kW)"]].to_numpy()
    return int((flows.min(axis=1) > 1e-3).sum())


@show(
    "A battery at -80 USD/MWh, half of each day, charges or discharges: the saving of the week",
    target="2,021.58 USD by hand (4 hours of 12 give 4 MWh), proven to 1e-8, 0 hours of both",
)
def negative_prices() -> Shown:
    # see tests/optimise/test_exclusive.py for the day by hand; 0.1 USD for each of MW and 2 MWh
    by_hand = 7 * (80 * ((2 + 4 / 0.9) / 0.9 - 4) + 20 * 1.8) - 0.3
    result = solved(NEGATIVE)
    saving, gap = result.summary["saving"], result.summary["certified_gap"]
    hours = both_hours(result)
    holds = abs(saving - by_hand) < 0.005 and gap < 1e-8 and hours == 0
    return Shown(f"{saving:,.2f} USD, gap {gap:.0e}, {hours} hours of both", holds)


@show(
    "At one price a battery saves nothing, and one that begins full may not end empty",
    target="saving 0, size 0; refused",
)
def nothing_created() -> Shown:
    result = solved(np.full(WEEK, 100.0))
    full = solved(np.full(WEEK, 100.0), more="    state_of_charge_first: 1.0\n")
    most = max(one["value"] for one in result.summary["sizes"].values())
    saved = max(result.summary["saving"], full.summary["saving"])
    refused = 0
    for first, last in ((1.0, 0.0), (0.0, 1.0)):
        ends = f"    state_of_charge_first: {first}\n    state_of_charge_last: {last}\n"
        try:
            solved(np.full(WEEK, 100.0), more=ends)
        except StudyError:
            refused += 1
    holds = abs(saved) < 0.005 and most < 1e-6 and refused == 2
    return Shown(f"saving {saved:.2f} USD, {most:.3g} kW, {refused} of 2 refused", holds)


@show(
    "A battery a thousand times smaller or larger saves in proportion",
    target="1e-3 : 1 : 1e3 within 1e-6",
)
def in_proportion() -> Shown:
    found = [
        solved(SPREAD, load_kw=2000.0 * k, power=k, energy=4.0 * k, capex=(0.02, 0.08))
        for k in (1e-3, 1.0, 1e3)
    ]
    unit = found[1].summary
    ratio = [one.summary["saving"] / unit["saving"] for one in found]
    sizes = [
        one.summary["sizes"][name]["value"] / unit["sizes"][name]["value"]
        for one in found
        for name in ("battery.power", "battery.energy")
    ]
    expected = np.repeat([1e-3, 1.0, 1e3], 2)
    worst = max(np.abs(np.array(ratio) / expected[::2] - 1).max(),
                np.abs(np.array(sizes) / expected - 1).max())  # fmt: skip
    return Shown(f"within {worst:.0e}", bool(worst < 1e-6))
