"""Energy charges billed by hand."""

import numpy as np
import pytest
from support.meters import amounts, hours, monthly

from dcmodel.base.timeindex import model_hours
from dcmodel.finance.bill import Meter, itemise
from dcmodel.markets.base import tariffs

PEAK = {
    "seasons": {"summer": {"months": [6, 7, 8, 9]}, "winter": {"first": "10-01", "last": "05-31"}},
    "holidays": ["07-04"],
    "rules": [
        {"period": "peak", "season": "summer", "days": "weekdays", "hours": "12-18"},
        {"period": "off", "season": "summer", "days": "weekdays", "hours": "18-12"},
        {"period": "off", "season": "summer", "days": "weekends"},
        {"period": "winter", "season": "winter"},
    ],
}


def spot(**numbers):
    fields = {"adder_usd_per_mwh": 0.0, "loss_fraction": 0.0, "resale_fee_usd_per_mwh": 0.0}
    return tariffs["spot_energy"](**fields | numbers)


def spot_meter(**options):
    price = np.array([50.0, -10.0, 100.0])
    return monthly([10.0, 20.0, 5.0], series={"price_energy": price}, **options)


def test_spot_by_hand():
    bill = itemise([spot(adder_usd_per_mwh=7.0, loss_fraction=0.02)], spot_meter())
    table = bill.pivot_table("amount", "month", "charge")
    assert table["energy"].tolist() == [500.0, -200.0, 500.0]
    assert table["losses"].tolist() == pytest.approx([10.0, -4.0, 10.0])
    assert table["adder"].tolist() == [70.0, 140.0, 35.0]


def test_contract_energy_is_not_bought_but_pays_network_and_losses():
    form = spot(adder_usd_per_mwh=7.0, loss_fraction=0.02)
    meter = spot_meter(contract_use=np.array([4.0, 0, 5]))
    table = itemise([form], meter).pivot_table("amount", "month", "charge")
    assert table["energy"].tolist() == [6 * 50, -200, 0]
    assert table["losses"].tolist() == pytest.approx([10.0, -4.0, 10.0])


def test_surplus_earns_the_price_less_the_fee_and_never_costs():
    meter = spot_meter(contract_use=np.zeros(3), surplus=np.array([3.0, 8.0, 1.0]))
    bill = itemise([spot(resale_fee_usd_per_mwh=2.0)], meter)
    assert bill[bill["charge"] == "resale"]["amount"].tolist() == [-3 * 48, 0, -98]


def test_each_year_has_its_own_adder():
    form = spot(adder_usd_per_mwh=(1.0, 9.0))
    flat = {"series": {"price_energy": np.zeros(3)}}
    assert amounts(form, monthly([1.0, 1.0, 1.0], **flat)) == [1.0, 1.0, 1.0]
    assert amounts(form, monthly([1.0, 1.0, 1.0], position=1, **flat)) == [9.0, 9.0, 9.0]


def test_flat_price_on_what_is_bought_or_on_all_that_is_metered():
    meter = monthly([10.0, 20.0], contract_use=np.array([4.0, 20.0]))
    flat = tariffs["flat_energy"]
    assert amounts(flat(price_usd_per_mwh=60.0), meter) == [360.0, 0.0]
    assert amounts(flat(price_usd_per_mwh=60.0, on="metered"), meter) == [600.0, 1200.0]


def test_time_of_use_by_season_weekday_holiday_and_hour():
    form = tariffs["time_of_use_energy"](
        calendar=PEAK, price_usd_per_mwh={"peak": 100.0, "off": 40.0, "winter": 50.0}
    )
    # Thursday 3 July 2025, 10:00 to 20:00 at 2 MW: six hours of peak, four beside it
    assert amounts(form, hours("2025-07-03 10:00", [2.0] * 10)) == [6 * 200 + 4 * 80]
    # Friday 4 July is a holiday, and 5 July a Saturday
    assert amounts(form, hours("2025-07-04 00:00", [2.0] * 48)) == [48 * 80]
    # the season turns at midnight of 1 October
    assert amounts(form, hours("2025-09-30 22:00", [1.0] * 4)) == [80.0, 100.0]


def test_fixed_charge_is_paid_in_every_month():
    assert (
        amounts(tariffs["fixed_charge"](charge_usd_per_month=250.0), monthly([0.0] * 12))
        == [250.0] * 12
    )


def test_a_flat_year_by_the_price_list():
    time = model_hours(2025)
    meter = Meter(
        time, np.full(8760, 50.0), np.ones(8760), series={"price_energy": np.full(8760, 46.0)}
    )
    bill = itemise([spot(adder_usd_per_mwh=22.75, loss_fraction=0.02)], meter)
    # 46 + 0.92 + 22.75 USD/MWh on 438,000 MWh
    assert bill["amount"].sum() == pytest.approx(69.67 * 438_000)
