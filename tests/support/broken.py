"""A small sound study with its own weather and prices, and ways to break each of its files."""

from __future__ import annotations

import numpy as np
import pandas as pd
from typer.testing import CliRunner

from dcmodel.cli import app

HOURS = pd.date_range("2023-01-01", periods=8760, freq="h")

STUDY = """\
schema: dcmodel/study-1
name: broken
years: [2026]
discount_rate: 0.08
resolution: {segments: 24}
it_capacity_mw: {2026: 20}
cooling: water_economizer
workloads: {chat: {share: 1.0, shape: conversation}}
sites: [dallas]
weather: {epw: weather.epw}
prices: {series: prices.yaml, calendar_year: 2023}
components: {grid_connection: {}, battery: {}, unserved_energy: {}}
"""
PRICES = """\
kind: price_energy
file: prices.csv
time_column: time
value_column: price
time_zone: UTC
unit: USD/MWh
"""


def price_table():
    """Return the prices of a year."""
    day = 40 + 10 * np.sin(2 * np.pi * np.arange(8760) / 24)
    rows = [f"{t:%Y-%m-%d %H:%M},{price:.2f}" for t, price in zip(HOURS, day, strict=True)]
    return "\n".join(["time,price", *rows]) + "\n"


def epw(longitude=-75.0, offset=-5.0):
    """Return a typical year of weather in the EPW format."""
    sun = np.maximum(0.0, np.cos((np.arange(24) + 0.5 - 12) / 12 * np.pi)) * 800
    top = [f"LOCATION,Testville,XX,USA,TMY,123,40.0,{longitude},{offset},100.0"]
    top += [f"{name},0" for name in ("DESIGN CONDITIONS", "TYPICAL/EXTREME PERIODS")]
    top += ["GROUND TEMPERATURES,0", "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0"]
    top += ["COMMENTS 1,", "COMMENTS 2,", "DATA PERIODS,1,1,Data,Sunday,1/1,12/31"]
    rows = [
        f"{2002 + t.month},{t.month},{t.day},{t.hour + 1},0,?9,{15 + t.hour / 2},1.0,50,99000,0,0,"
        f"300,{sun[t.hour]:.1f},0,0,0,0,0,0,180,3.5,5,5,9999,77777,9,999999999,10,0.1,0,88,0.2,0,0"
        for t in HOURS
    ]
    return "\n".join([*top, *rows]) + "\n"


def sound(folder):
    """Write the sound study and its files into a folder; return the texts by name."""
    texts = {
        "study.yaml": STUDY,
        "prices.yaml": PRICES,
        "prices.csv": price_table(),
        "weather.epw": epw(),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return texts


def command(*words):
    """Run a command of dcmodel; return exit code and everything it says."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def is_raw(text):
    """Return whether a text shows what only a programmer reads."""
    signs = ("Traceback", "pydantic", "validation error for", "did not foresee", "cannot be built")
    return any(sign in text for sign in signs)
