"""A result whose every figure can be computed by hand.

24 steps a year: each local month has one of 300 h and one of 430 h (730 h, twelve times). In the
short step the battery charges, in the long one it discharges; 2026 has twice the IT of 2025.

=================  =====  =====  =====  =====
power [MW]         2025          2026
step               short  long   short  long
=================  =====  =====  =====  =====
IT                 10     20     20     40
facility           12     30     24     60
battery            -2.5   2      -2.5   2
grid import        14.5   28     26.5   58
PPA solar          20     0      20     0
PPA wind           0      7      0      7
purchase           0      21     6.5    51
surplus            -5.5   0      0      0
=================  =====  =====  =====  =====
"""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

SHORT, LONG, MONTHS = 300.0, 430.0, 12
TIME = ("year", "time")


def hourly(*by_year):
    """Repeat (short, long) of each year over the months."""
    return np.array([np.tile(pair, MONTHS) for pair in by_year], dtype=float)


def costs():
    """Term -> category, optimum and reference of both years [1000 USD]."""
    return {
        "building.capital": ("building", (4000, 4000), (4000, 4000)),
        "spot_energy.purchase": ("energy", (1000, 2000), (3000, 6000)),
        "ppa_solar.energy_paid": ("contracts", (500, 500), (0, 0)),
        "spot_energy.resale": ("resale", (-900, -100), (0, 0)),
    }


def sizes():
    """Size -> unit, optimum and reference of both years."""
    return {
        "grid_connection.contracted": ("MW", (30, 60), (30, 65)),
        "grid_connection.contracted_built": ("MW", (30, 30), (30, 35)),
        "ppa_solar.capacity": ("MW", (40, 40), (0, 0)),
        "ppa_solar.signed": ("MW", (40, 0), (0, 0)),
        "battery.power": ("MW", (2.5, 2.5), (0, 0)),
        "battery.energy": ("MWh", (0, 0), (0, 0)),
        "diesel.capacity_mw": ("MW", (40, 70), (40, 70)),
    }


def make_result(site="dallas", scenario="base", cost_scale=1.0):
    duration = np.tile([SHORT, LONG], MONTHS)
    begin = np.concatenate([[0.0], np.cumsum(duration)[:-1]])
    time = np.datetime64("2025-01-01T00", "ns") + begin.astype("timedelta64[h]")
    result = xr.Dataset(
        coords={
            "year": [2025, 2026],
            "time": time,
            "duration": ("time", duration),
            "month": ("time", np.repeat(np.arange(MONTHS), 2)),
        },
        attrs={
            "case": f"{site}/{scenario}",
            "site": site,
            "site_title": site.title(),
            "scenario": scenario,
            "case_hash": f"hash{site}{scenario}",
            "currency_year": 2025,
            "calendar_year": 2025,
            "time_zone": "America/Chicago",
            "solver": "highs",
            "status": "optimal",
            "certified_gap": 0.001,
        },
    )
    _add_hourly(result)
    _add_sizes(result)
    _add_costs(result, cost_scale)
    _add_contracts(result, cost_scale)
    _add_yearly(result)
    return result


def _add_hourly(result):
    price = hourly((50, 100), (50, 100))
    price[1, -1] = 500
    for name, values, units in (
        ("it_power", hourly((10, 20), (20, 40)), "MW"),
        ("facility_power", hourly((12, 30), (24, 60)), "MW"),
        ("grid_import", hourly((14.5, 28), (26.5, 58)), "MW"),
        ("work_arrived", hourly((8, 16), (16, 30)), "MW"),
        ("work_served", hourly((9, 15), (17, 29)), "MW"),
        ("price_energy", price, "USD MWh-1"),
    ):
        result[name] = (TIME, values, {"units": units})
    supply = {
        "grid_import": hourly((14.5, 28), (26.5, 58)),
        "battery": hourly((-2.5, 2), (-2.5, 2)),
        "diesel": hourly((0, 0), (0, 0)),
    }
    delivery = {
        "purchase": hourly((0, 21), (6.5, 51)),
        "ppa_solar": hourly((20, 0), (20, 0)),
        "ppa_wind": hourly((0, 7), (0, 7)),
        "surplus": hourly((-5.5, 0), (0, 0)),
    }
    for name, dim, parts in (("supply", "component", supply), ("delivery", "contract", delivery)):
        result.coords[dim] = list(parts)
        result[name] = ((dim, *TIME), np.stack(list(parts.values())), {"units": "MW"})


def _add_sizes(result):
    table = sizes()
    result.coords["size"] = list(table)
    result.coords["size_units"] = ("size", [row[0] for row in table.values()])
    result.coords["size_title"] = ("size", [f"Title of {name}" for name in table])
    for position, name in ((1, "capacity"), (2, "reference_capacity")):
        values = np.array([row[position] for row in table.values()], dtype=float)
        result[name] = (("size", "year"), values, {"units": "1"})


def _add_costs(result, scale):
    table = costs()
    result.coords["cost_term"] = list(table)
    result.coords["cost_component"] = ("cost_term", [name.split(".")[0] for name in table])
    result.coords["cost_category"] = ("cost_term", [row[0] for row in table.values()])
    for position, name in ((1, "cost"), (2, "reference_cost")):
        values = 1000.0 * scale * np.array([row[position] for row in table.values()], dtype=float)
        result[name] = (("cost_term", "year"), values, {"units": "USD"})
    # discount factors 1 and 0.5, discounted IT energy 139,200 + 278,400 / 2 = 278,400 MWh
    for prefix, present in (("", 7.8e6), ("reference_", 12e6)):
        result[f"{prefix}net_present_cost"] = ((), scale * present, {"units": "USD"})
        levelised = scale * present / 278_400
        result[f"{prefix}levelised_cost"] = ((), levelised, {"units": "USD MWh-1"})


def _add_contracts(result, scale):
    """The surplus is all of the solar contract's: nothing blows in the short step."""
    result.coords["supply_contract"] = ["ppa_solar"]
    for name, values, units in (
        ("gross_payment", (500e3 * scale, 500e3 * scale), "USD"),
        ("resale", (-900e3 * scale, -100e3 * scale), "USD"),
        ("net", (-400e3 * scale, 400e3 * scale), "USD"),
        ("delivered", (72_000, 72_000), "MWh"),
        ("sold", (19_800, 0), "MWh"),
    ):
        told = np.array([values], dtype=float)
        result[f"contract_{name}"] = (("supply_contract", "year"), told, {"units": units})


def _add_yearly(result):
    for name, values, units in (
        ("it_capacity", (25, 50), "MW"),
        ("it_energy", (139_200, 278_400), "MWh"),
        ("it_energy_promised", (139_200, 278_400), "MWh"),
        ("facility_energy", (198_000, 396_000), "MWh"),
        ("grid_energy", (196_680, 394_680), "MWh"),
        ("water", (100, 200), "m3"),
        ("emissions", (1000, 2000), "t"),
        ("emissions_market", (500, 600), "t"),
        ("pue", (198 / 139.2, 396 / 278.4), "1"),
        ("wue", (100 / 139_200, 200 / 278_400), "L kWh-1"),
        ("peak_import", (28, 58), "MW"),
        ("discount_factor", (1.0, 0.5), "1"),
    ):
        result[name] = ("year", np.array(values, dtype=float), {"units": units})


def without_it(result, years):
    """Return the result with no IT in some years; the facility still draws its standing losses."""
    result = result.copy(deep=True)
    idle = result["year"].isin(years)
    for name in (
        "it_power",
        "it_energy",
        "it_energy_promised",
        "it_capacity",
        "work_arrived",
        "work_served",
    ):
        result[name] = result[name].where(~idle, 0.0)
    for name in ("pue", "wue"):
        result[name] = result[name].where(~idle)
    if idle.all():
        for prefix in ("", "reference_"):
            result[f"{prefix}levelised_cost"] = np.nan
    return result


@pytest.fixture
def result():
    return make_result()


@pytest.fixture
def pair():
    """Two cases; the second costs half as much and is therefore ranked first."""
    return {
        "dallas/base": make_result(),
        "stockholm/base": make_result("stockholm", cost_scale=0.5),
    }


@pytest.fixture
def build():
    return make_result


@pytest.fixture
def idle():
    return without_it
