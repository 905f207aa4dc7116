"""Bills whose rates differ by month: demand, ratchets, the utility database."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from typer.testing import CliRunner

from dcmodel.cli import app
from tests.acceptance.board import Shown, show

RATES = [10, 10, 20, 50, 20, 10, 20, 20, 20, 20, 20, 5]
PEAKS_KW = [100, 100, 100, 300, 100, 100, 100, 100, 100, 100, 100, 100]
SPIKE_KW = [100, 100, 100, 100, 100, 100, 1000, 100, 100, 100, 100, 100]
DEMAND = "  - form: demand_charge\n    rate_usd_per_kw_month: {rates}\n"
RATCHET = (
    "  - form: ratchet_demand\n    share: 0.75\n    months: [1, 4, 12]\n    first_year: steady\n"
    "    rate_usd_per_kw_month: {rates}\n"
)
HEAD = "schema: dcmodel/tariff-1\nname: t\ncurrency: USD\ncharges:\n"


def _bill(tariff: str, peaks: list[int], name: str = "tariff.yaml") -> Any:
    """Return what ``dcmodel bill`` answers on a load of 100 kW with one higher hour a month."""
    time = pd.date_range("2022-01-01", "2022-12-31 23:00", freq="h")
    load = pd.DataFrame({"time": time, "load (kW)": 100.0})
    for month, peak in enumerate(peaks, 1):
        load.loc[time == pd.Timestamp(2022, month, 15, 12), "load (kW)"] = peak
    with tempfile.TemporaryDirectory() as folder:
        path, readings = Path(folder, name), Path(folder, "load.csv")
        path.write_text(tariff, encoding="utf-8")
        load.to_csv(readings, index=False)
        return CliRunner().invoke(app, ["bill", str(path), str(readings), "--json"])


def _total(tariff: str, peaks: list[int], target: float, name: str = "tariff.yaml") -> Shown:
    answer = _bill(tariff, peaks, name)
    if answer.exit_code:
        return Shown(answer.stderr.splitlines()[0][:100], holds=False)
    total = json.loads(answer.stdout)["total"]
    return Shown(f"{total:,.2f} USD", holds=abs(total - target) < 1e-6)


@show("Twelve monthly rates are billed month by month", target="by hand, 32,500 USD")
def twelve_rates() -> Shown:
    # 300 kW at 50 in April, 100 kW at the sum of the eleven other rates
    target = 300 * 50 + 100 * (sum(RATES) - 50)
    return _total(HEAD + DEMAND.format(rates=RATES), PEAKS_KW, target)


@show("A ratchet over named months pays the rate of the billed month", target="by hand, 54,375 USD")
def ratchet_by_month() -> Shown:
    # 0.75 x 300 kW of April is billed in every month but April
    target = 300 * 50 + 225 * (sum(RATES) - 50)
    return _total(HEAD + RATCHET.format(rates=RATES), PEAKS_KW, target)


def _rate(**fields: Any) -> str:
    rate = {
        "name": "r",
        "flatdemandstructure": [[{"rate": 10}], [{"rate": 12}]],
        "flatdemandmonths": [0] * 12,
    }
    return json.dumps(rate | fields)


@show("A look-back of the database in lower case and as a fraction", target="by hand, 56,000 USD")
def database_fraction() -> Shown:
    # six months at 100 kW, July at 1000 kW, five at 0.8 x 1000 kW
    rate = _rate(lookbackpercent=0.8, lookbackrange=11, lookbackmonths=[False] * 12)
    return _total(rate, SPIKE_KW, 10 * (600 + 1000 + 5 * 800), "rate.json")


@show("A look-back of the database over rates by month", target="by hand, 66,000 USD")
def database_by_month() -> Shown:
    months = [0] * 6 + [1] * 6
    rate = _rate(lookbackPercent=0.8, lookbackMonths=[True] * 12, flatdemandmonths=months)
    return _total(rate, SPIKE_KW, 10 * 600 + 12 * (1000 + 5 * 800), "rate.json")


@show("A list of another length, and text, are refused with their line", target="4 of 4, exit 3")
def refused() -> Shown:
    found = 0
    for wrong in ("[1, 2, 3]", "{summer: 1, winter: 2}", ".inf", "ten"):
        answer = _bill(HEAD + DEMAND.format(rates=wrong), PEAKS_KW)
        found += answer.exit_code == 3 and "tariff.yaml:6:" in answer.stderr
    return Shown(f"{found} of 4, exit 3", holds=found == 4)
