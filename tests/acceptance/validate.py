"""What `validate` calls sound can be built; what is broken is told, and nothing is written."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dcmodel.base.paths import studies_dir
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study
from dcmodel.study.ready import case_findings
from tests.acceptance.board import Shown, show

TINY = """\
schema: dcmodel/study-1
name: tiny
years: [2026]
discount_rate: 0.08
resolution: {segments: 24}
it_capacity_mw: {2026: 20}
cooling: water_economizer
workloads: {chat: {share: 1.0, shape: conversation}}
sites: [dallas]
components: [grid_connection, battery, unserved_energy]
"""
PRICES = """\
kind: price_energy
file: prices.csv
time_column: time
value_column: price
time_zone: UTC
unit: USD/MWh
"""
RAW = ("Traceback", "pydantic", "validation error", "did not foresee", "cannot be built")
BROKEN = {
    "text for a number": TINY.replace("2026: 20", "2026: '20'"),
    "infinite price": TINY + "markets: {price_scale: .inf}\n",
    "a scenario within itself": TINY + "scenarios: &s {base: *s}\n",
    "a name outside": TINY.replace("name: tiny", "name: ../up"),
    "matched by what has no size": TINY
    + "requirements: {onsite_match: {share: 0.1, derating: {unserved_energy: 0.5}}}\n",
    "a partial offer": TINY.replace(
        "unserved_energy]", "unserved_energy, ppa_solar: {offer: {first_year: 2026}}]"
    ),
    "unknown key of a descriptor": TINY + "prices: {series: wrong.yaml, calendar_year: 2023}\n",
    "no column": TINY + "prices: {series: prices.yaml, calendar_year: 2023}\n",
    "unreadable weather": TINY + "weather: {epw: prices.csv}\n",
    "a limit after the last year": TINY + "requirements: {water_limit: {2040: 5}}\n",
}


def _dcmodel(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dcmodel", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )


def _broken(folder: Path, text: str) -> str:
    """Return what is wrong with the answers of both commands to a broken study."""
    (folder / "wrong.yaml").write_text(PRICES + "unti: EUR/MWh\n")
    (folder / "prices.yaml").write_text(PRICES)
    (folder / "prices.csv").write_text("time,cost\n2023-01-01 00:00,1\n")
    (folder / "s.yaml").write_text(text)
    before = sorted(folder.rglob("*"))
    said = [_dcmodel(folder, *w) for w in (("validate", "s.yaml"), ("study", "s.yaml", "-q"))]
    if any(answer.returncode not in (2, 3) for answer in said):
        return "exit code"
    if said[0].stderr != said[1].stderr:
        return "the commands differ"
    if "s.yaml:" not in said[0].stderr or any(sign in said[0].stderr for sign in RAW):
        return "place or raw text"
    return "written" if sorted(folder.rglob("*")) != before else ""


@show("Broken studies are refused alike by validate and study", target="10 of 10", cost="dear")
def refused() -> Shown:
    wrong = {}
    for name, text in BROKEN.items():
        with tempfile.TemporaryDirectory() as folder:
            if fault := _broken(Path(folder), text):
                wrong[name] = fault
    return Shown(f"{len(BROKEN) - len(wrong)} of {len(BROKEN)} {wrong or ''}", holds=not wrong)


@show("Every case of every shipped study is built by the check", target="no finding", cost="dear")
def shipped() -> Shown:
    found = [
        finding
        for path in sorted(studies_dir().glob("*.yaml"))
        for case in cases(load_study(path))
        for finding in case_findings(case)
    ]
    return Shown(f"{len(found)} findings", holds=not found)


@show("The check of quickstart takes bounded time", target="under 15 s of processor", cost="dear")
def seconds() -> Shown:
    begun = time.process_time()
    found = [one for case in cases(load_study("quickstart")) for one in case_findings(case)]
    spent = time.process_time() - begun
    return Shown(f"{spent:.1f} s", holds=not found and spent < 15)
