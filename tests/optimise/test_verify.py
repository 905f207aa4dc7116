"""A solution that breaks a law is refused, whatever the solver said of it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.cases import StubMarket, make_case, optimum

from dcmodel.base.errors import SolverError
from dcmodel.components.base import Workload
from dcmodel.optimise.extract import site_dataset
from dcmodel.optimise.verify import bill_error, verify

HOURS = pd.date_range("2025-01-01", periods=4, freq="h")


@pytest.fixture
def solved():
    """Four hours with a contract, a deferrable class and a demand charge; fee, losses, adder."""
    arrivals = np.array([[5.0, 5.0, 6.0, 4.0], [2.0, 0.0, 0.0, 0.0]])[:, None, :]
    limit = np.array([[0.0] * 4, [2.0, 2.0, 0.0, 0.0]])[:, None, :]
    case = make_case(
        price=[[50.0, 20.0, 60.0, -5.0]],
        workload=Workload(("chat", "batch"), arrivals, (0.0, 2.0), limit),
        it_capacity=[10.0],
        slope=1.2,
        adder=7.0,
        loss_fraction=0.02,
        resale_fee=2.0,
        demand_rate=30.0,
        series={
            "wind_onshore": np.array([[1.0, 0.5, 0.2, 1.0]]),
            "emission_factor": np.full((1, 4), 100.0),
        },
        kinds=("ppa_wind", "shiftable_load", "unserved_energy"),
        market=StubMarket(contracts={"ppa_wind": (25.0, 9.0)}),
    )
    m, lp, solution = optimum(case)
    return site_dataset(m, lp, case, solution.x, HOURS), case, solution.objective


def test_a_right_solution_passes(solved):
    result, case, objective = solved
    assert float(result["capacity"].sel(size="ppa_wind.capacity").item()) > 1
    found = verify(result, case, objective)
    assert found.balance_mw < 1e-6
    assert found.bill_relative < 1e-6


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("supply", "power balance"),
        ("cost", "cost terms"),
        ("backlog", "deadline"),
        ("work_served", "deadline"),
    ],
)
def test_one_perturbed_value_is_refused(solved, variable, message):
    result, case, objective = solved
    values = result[variable].values.copy()
    values[(0,) * values.ndim] += 0.01 if variable != "backlog" else 3.0
    result[variable] = (result[variable].dims, values)
    with pytest.raises(SolverError, match=message):
        verify(result, case, objective)


def test_a_charge_that_differs_from_the_bill_is_refused(solved):
    result, case, objective = solved
    cost = result["cost"].copy(deep=True)
    at = (result["cost_component"] == "demand_charge").values.argmax()
    cost.values[at, 0] *= 1.001
    result["cost"] = cost
    assert bill_error(result, case) == pytest.approx(0.001, rel=0.01)
    with pytest.raises(SolverError, match="bill"):
        verify(result, case, objective)


@pytest.mark.parametrize(("amount", "found"), [(0.005, 0.0), (0.05, 0.05)])
def test_a_bill_of_no_energy_may_differ_by_less_than_a_cent(solved, amount, found):
    """A year without load has rounding for charges; a cent is what a bill can show."""
    result, case, _ = solved
    charged = (result["cost_component"] == "demand_charge").values
    cost = result["cost"].copy(deep=True)
    cost.values[charged, 0] = 0.0
    cost.values[charged.argmax(), 0] = amount
    idle = result["grid_import"].copy(deep=True)
    idle.values[0] = 0.0
    still = result.assign(cost=cost, grid_import=idle)
    demand = [form for form in case.tariffs if form.label == "demand_charge"]
    assert bill_error(still, replace(case, tariffs=tuple(demand))) == pytest.approx(found)


def test_bill_by_hand(solved):
    """Energy on what the tariff sold, losses and adder on all metered, surplus less the fee."""
    result, _, _ = solved
    price = np.array([50.0, 20.0, 60.0, -5.0])
    meter = result["grid_import"].values[0]
    sold = -result["delivery"].sel(contract="surplus").values[0]
    bought = result["delivery"].sel(contract="purchase").values[0]
    by_hand = price @ bought + 0.02 * price @ meter + 7 * meter.sum()
    by_hand -= np.maximum(price - 2, 0) @ sold
    charged = result["cost"].where(result["cost_component"] == "spot_energy", drop=True).sum()
    assert float(charged) == pytest.approx(by_hand, rel=1e-9)
    demand = result["cost"].where(result["cost_component"] == "demand_charge", drop=True).sum()
    assert float(demand) == pytest.approx(30 * meter.max(), rel=1e-6)
