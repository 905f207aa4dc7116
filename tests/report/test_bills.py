"""Lines of bills in a result and in the tables of a study."""

import numpy as np
import pandas as pd
import pytest
from support.cases import make_case, optimum

from dcmodel.optimise.extract import site_dataset
from dcmodel.optimise.verify import attach_bills
from dcmodel.report.bills import COLUMNS, bills


def test_lines_sum_to_the_charges_of_the_model():
    case = make_case(
        price=[[50.0, 20.0, 60.0, -5.0]],
        load=[[5.0, 7.0, 6.0, 4.0]],
        month=[0, 0, 1, 1],
        adder=7.0,
        loss_fraction=0.02,
        demand_rate=30.0,
        series={"emission_factor": np.zeros((1, 4))},
    )
    m, lp, solution = optimum(case)
    hours = pd.date_range("2025-01-01", periods=4, freq="h")
    result = site_dataset(m, lp, case, solution.x, hours)
    attach_bills(result, case)
    result.attrs["case"] = "here/base"
    table = bills({"one": result})
    assert tuple(table.columns) == ("case", *COLUMNS)
    by_form = table.groupby("form")["amount"].sum()
    assert by_form["demand_charge"] == pytest.approx(30 * (7 + 6))
    energy = 50 * 5 + 20 * 7 + 60 * 6 - 5 * 4
    assert by_form["spot_energy"] == pytest.approx(1.02 * energy + 7 * 22)
    charged = result["cost"].isel(year=0).groupby("cost_component").sum()
    for form, amount in by_form.items():
        assert float(charged.sel(cost_component=form)) == pytest.approx(amount)


def test_results_without_bills_make_no_table():
    assert bills({}).empty
