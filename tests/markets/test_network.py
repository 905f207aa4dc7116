"""Network charges of Britain, Germany and the Nordics billed by hand."""

import numpy as np
import pandas as pd
import pytest
from support.cases import make_case, optimum
from support.meters import amounts, hours, monthly

from dcmodel.base.timeindex import model_hours
from dcmodel.finance.bill import Meter, itemise
from dcmodel.markets.base import tariffs
from dcmodel.optimise.extract import site_dataset
from dcmodel.optimise.verify import bill_error

TIME = model_hours(2025)
ONES = np.ones(8760)


def test_britain_by_band_capacity_day_and_triad():
    form = tariffs["network_gb"](
        bands={
            "rules": [
                {"period": "red", "days": "weekdays", "hours": "16-19"},
                {"period": "green", "days": "weekdays", "hours": "19-16"},
                {"period": "green", "days": "weekends"},
            ]
        },
        unit_usd_per_mwh={"red": 80.0, "green": 2.0},
        capacity_usd_per_mw_day=60.0,
        excess_usd_per_mw_day=100.0,
        fixed_usd_per_day=300.0,
        balancing_usd_per_mwh=12.0,
        triad_usd_per_mw_year=4000.0,
        triad={"named": ["01-15 17", "11-25 17", "12-10 17"]},
        agreed_mw=20.0,
    )
    load = np.full(8760, 20.0)
    load[np.flatnonzero(pd.Timestamp("2025-01-15 17:00") == TIME)] = 26.0
    bill = itemise([form], Meter(TIME, load, ONES)).groupby("charge")["amount"].sum()
    weekdays = 261
    assert bill["unit rates: energy"] == pytest.approx(
        80 * (weekdays * 3 * 20 + 6) + 2 * (8760 - weekdays * 3) * 20
    )
    # 20 MW agreed all year; 6 MW above it for the month, at 100 in place of nothing
    month = 365 / 12
    assert bill["capacity: demand"] == pytest.approx(60 * month * (12 * 20 + 6))
    assert bill["capacity: excess demand"] == pytest.approx(40 * month * 6)
    assert bill["fixed: fixed"] == pytest.approx(365 * 300)
    assert bill["balancing: energy"] == pytest.approx(12 * (8760 * 20 + 6))
    assert bill["triad: load at peaks"] == pytest.approx(4000 * (26 + 20 + 20) / 3)


def german(**fields):
    return tariffs["network_de"](
        use_hours=(2500.0, 7000.0),
        capacity_usd_per_mw_year=(20e3, 90e3, 18e3),
        energy_usd_per_mwh=(40.0, 12.0, 2.4),
        **fields,
    )


@pytest.mark.parametrize(
    ("base", "hours_of_use", "rate", "price"),
    [(2.0, 1759.8, 20e3, 40.0), (6.0, 5259.6, 90e3, 12.0), (9.0, 7885, 18e3, 2.4)],
)
def test_germany_by_hours_of_use(base, hours_of_use, rate, price):
    load = np.full(8760, base)
    load[4000:4008] = 10.0  # eight hours at the peak of 10 MW
    energy = 8752 * base + 80
    assert energy / 10 == pytest.approx(hours_of_use, rel=1e-3)
    bill = itemise([german()], Meter(TIME, load, ONES))
    assert bill["amount"].tolist() == pytest.approx([rate * 10, price * energy])


def test_a_battery_cuts_the_peak_to_reach_the_cheaper_band():
    """Seven equal hours and one above: at 7.8 hours of use the band of 7.5 is far cheaper."""
    form = tariffs["network_de"](
        use_hours=(7.5,), capacity_usd_per_mw_year=(5000.0, 900.0), energy_usd_per_mwh=(1.0, 1.0)
    )
    load = np.full((1, 8), 10.0)
    load[0, 3] = 12.0
    case = make_case(
        price=[[30.0] * 8],
        load=load,
        kinds=("battery",),
        settings={"battery": {"power_max_mw": 3.0, "energy_max_mwh": 6.0}},
        tariff_forms=(form,),
        series={"emission_factor": np.zeros((1, 8))},
        grid_available=30.0,
    )
    m, lp, solution = optimum(case)
    result = site_dataset(m, lp, case, solution.x, pd.date_range("2025-01-01", periods=8, freq="h"))
    peak, energy = float(result["grid_import"].max()), float(result["grid_import"].sum())
    # without the battery 82 / 12 = 6.83 hours of use
    assert energy / peak >= 7.5 * (1 - 1e-9)
    assert bill_error(result, case) < 1e-6


def test_the_nordics_by_subscription_excess_energy_and_losses():
    form = tariffs["network_nordic"](
        subscription_usd_per_mw_year=36_000.0,
        excess_usd_per_mw_year=12_000.0,
        subscribed_mw=10.0,
        energy_usd_per_mwh=3.0,
        marginal_loss=-0.05,
        fixed_usd_per_month=100.0,
    )
    meter = monthly([8.0, 12.0], series={"price_energy": np.array([40.0, -20.0])})
    january = 3000 * 10 + 100 + 3 * 8 - 0.05 * 8 * 40
    february = 3000 * 12 + 1000 * 2 + 100 + 3 * 12 + 0.05 * 12 * 20
    assert amounts(form, meter) == pytest.approx([january, february])


def test_parts_of_a_composite_are_checked_and_listed():
    form = tariffs["network_nordic"](subscription_usd_per_mw_year=1.0, excess_usd_per_mw_year=1.0)
    assert form.sizes_chosen == ("contracted_mw",)
    assert form.series_needed == {"price_energy"}
    chosen = hours("2025-01-01", [5.0], sizes={"network_nordic.part[subscription].contracted": 6.0})
    bill = itemise([form], Meter(**{**chosen.__dict__, "series": {"price_energy": np.zeros(1)}}))
    assert bill["quantity"][0] == 6.0


def test_capacity_above_the_agreed_cannot_be_cheaper():
    with pytest.raises(ValueError, match="at least as much"):
        tariffs["network_gb"](
            bands={"rules": [{"period": "all"}]},
            unit_usd_per_mwh={"all": 1.0},
            capacity_usd_per_mw_day=60.0,
            excess_usd_per_mw_day=50.0,
            fixed_usd_per_day=0.0,
            balancing_usd_per_mwh=0.0,
            triad_usd_per_mw_year=0.0,
            triad={"named": ["01-15 17"]},
        )


def test_unit_rates_are_of_the_bands():
    with pytest.raises(ValueError, match="no price for green; every period needs one"):
        tariffs["network_gb"](
            bands={"rules": [{"period": "red", "hours": "16-19"},
                             {"period": "green", "hours": "19-16"}]},
            unit_usd_per_mwh={"red": 5.0},
            capacity_usd_per_mw_day=60.0,
            excess_usd_per_mw_day=70.0,
            fixed_usd_per_day=1.0,
            balancing_usd_per_mwh=1.0,
            triad_usd_per_mw_year=1.0,
            triad={"named": ["01-07 17"]},
        )  # fmt: skip
