import numpy as np
import pandas as pd
import pytest

from dcmodel.base.timeindex import model_hours
from dcmodel.finance.bill import demand_charge_bill, spot_energy_bill

CALENDAR = pd.DatetimeIndex(["2025-01-01", "2025-01-02", "2025-03-01"])
IMPORT = np.array([10.0, 20.0, 5.0])
PRICE = np.array([50.0, -10.0, 100.0])


def test_spot_bill_by_hand():
    bill = spot_energy_bill(IMPORT, PRICE, CALENDAR, adder=7.0, loss_fraction=0.02)
    assert bill.index.tolist() == [1, 3]
    assert bill["energy"].tolist() == [500 - 200, 500]
    assert bill["losses"].tolist() == pytest.approx([6.0, 10.0])
    assert bill["adder"].tolist() == [210.0, 35.0]
    assert bill["resale"].tolist() == [0.0, 0.0]
    assert bill["total"].tolist() == pytest.approx([516.0, 545.0])


def test_contract_energy_is_not_bought_but_pays_network_and_losses():
    bill = spot_energy_bill(
        IMPORT, PRICE, CALENDAR, adder=7.0, loss_fraction=0.02, contract_use=np.array([4.0, 0, 5])
    )
    assert bill["energy"].tolist() == [6 * 50 - 200, 0]
    assert bill["losses"].tolist() == pytest.approx([6.0, 10.0])
    assert bill["adder"].tolist() == [210.0, 35.0]


def test_surplus_earns_the_price_less_the_fee_and_never_costs():
    surplus = np.array([3.0, 8.0, 1.0])
    bill = spot_energy_bill(IMPORT, PRICE, CALENDAR, adder=0.0, surplus=surplus, resale_fee=2.0)
    assert bill["resale"].tolist() == [-3 * 48, -1 * 98]


def test_durations_count():
    hours = np.array([1.0, 2.0, 3.0])
    bill = spot_energy_bill(IMPORT, PRICE, CALENDAR, adder=1.0, duration=hours)
    assert bill["energy"].tolist() == [500 - 400, 1500]
    assert bill["adder"].tolist() == [50.0, 15.0]


def test_demand_bill_takes_the_largest_reading_of_each_month():
    bill = demand_charge_bill(IMPORT, CALENDAR, 9000.0)
    assert bill["peak"].tolist() == [20.0, 5.0]
    assert bill["total"].tolist() == [180e3, 45e3]


def test_a_flat_year_pays_twelve_equal_demand_charges():
    hours = model_hours(2025)
    flat = np.full(8760, 50.0)
    demand = demand_charge_bill(flat, hours, 9000.0)
    assert demand.index.tolist() == list(range(1, 13))
    assert demand["total"].sum() == pytest.approx(12 * 50 * 9000)
    energy = spot_energy_bill(flat, np.full(8760, 46.0), hours, adder=22.75, loss_fraction=0.02)
    # 46 + 0.92 + 22.75 USD/MWh on 438,000 MWh
    assert energy["total"].sum() == pytest.approx(69.67 * 438_000)


def test_months_are_those_of_the_clock_given():
    hours = model_hours(2025)[740:748]  # 31 January 20 UTC to 1 February 04 UTC
    local = hours.tz_localize("UTC").tz_convert("America/Chicago").tz_localize(None)
    readings = np.arange(8.0)
    assert demand_charge_bill(readings, hours, 1.0)["peak"].tolist() == [3.0, 7.0]
    assert demand_charge_bill(readings, local, 1.0)["peak"].tolist() == [7.0]
