"""How fine a figure of each unit is told, by hand."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from dcmodel.base.resolution import (
    DIGITS,
    csv_text,
    json_text,
    meant,
    meant_table,
    number_text,
    resolution,
    unit_of,
    without_crumbs,
)


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (1.2e-08, "MW", 0.0),
        (-2.88e-12, "USD", 0.0),
        (-0.0, "", 0.0),
        (347.8463971606114, "USD MWh-1", 347.8464),
        (499_732_108.5462717, "USD", 499_732_109.0),
        (75.01936631311176, "MW", 75.019),
        (1.2e-7, "1", 1.2e-7),
        (-16_888_184.4245, "USD", -16_888_184.4),
        (0.0004, "MWh", 0.0),
        (0.0006, "MWh", 0.001),
    ],
)
def test_a_figure_as_it_is_told(value, unit, told):
    assert meant(value, unit) == told
    assert math.copysign(1.0, meant(value, unit)) == (1.0 if told >= 0 else -1.0)


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("levelised_cost_usd_per_mwh", "usd_per_mwh"),
        ("cost_usd", "usd"),
        ("grid_connection.contracted_mw", "mw"),
        ("import (kW)", "kw"),
        ("emissions_per_it_energy_kg_per_mwh", "kg_per_mwh"),
        ("clean_share_hourly_own", "share"),
        ("emissions_market_t", "t"),
        ("difference", "relative"),
    ],
)
def test_the_unit_of_a_column_ends_its_name(column, unit):
    assert unit_of(column) == unit


def test_a_row_tells_the_unit_of_its_figures():
    table = pd.DataFrame({"unit": ["MW", "USD"], "quantity": [1.23456, 1.23456]})
    assert meant_table(table)["quantity"].tolist() == [1.235, 1.23]


def test_inputs_are_told_as_they_were_given():
    table = pd.DataFrame({"value": [1.16e-12], "low": [0.0], "high": [1.0], "unit": ["MW"]})
    assert meant_table(table)["value"].item() == 1.16e-12


def test_cells_hold_few_digits_and_no_negative_zero():
    table = pd.DataFrame({"a_mw": [-1e-9, 12.0, math.nan], "b_usd": [123456789012.0, -0.004, 0.1]})
    assert csv_text(table) == "a_mw,b_usd\n0,123456789000\n12,0\n,0.1\n"


def test_json_takes_units_from_keys_and_neighbours():
    tree = {
        "cost_usd": -1e-9,
        "sizes": {"battery": {"value": 12.3456789, "unit": "kW"}},
        "found": [{"peak_mw": [1e-8, 2.0]}],
        "nothing": math.nan,
        "count": 3,
        "yes": True,
        "single": np.float32(0.5),
    }
    assert json.loads(json_text(tree)) == {
        "cost_usd": 0.0,
        "sizes": {"battery": {"value": 12.346, "unit": "kW"}},
        "found": [{"peak_mw": [0.0, 2.0]}],
        "nothing": None,
        "count": 3,
        "yes": True,
        "single": 0.5,
    }


@pytest.mark.parametrize("unit", ["MW", "MWh", "USD", "t", "m3", "USD MWh-1"])
def test_rounded_rows_sum_to_the_rounded_sum(unit):
    rows = np.random.default_rng(3).normal(0.0, 1e4, 200)
    apart = abs(sum(meant(x, unit) for x in rows) - meant(rows.sum(), unit))
    smallest = resolution(unit)
    coarsest = max(smallest, 10.0 ** (math.floor(math.log10(abs(rows).max())) - DIGITS + 1))
    assert apart <= (len(rows) + 1) / 2 * coarsest


def test_sizes_below_the_resolution_are_exactly_zero():
    found = without_crumbs([1.8e-5, -2e-9, 0.0005, 0.001, 40.0], "MW")
    assert found.tolist() == [0.0, 0.0, 0.0, 0.001, 40.0]
    assert not np.signbit(found).any()


@pytest.mark.parametrize("value", [1e-9, 0.25, 1_234_567_890.0, -3.5e-5, 1e16, 100.0])
def test_text_reads_back_the_same(value):
    assert float(number_text(value)) == value
