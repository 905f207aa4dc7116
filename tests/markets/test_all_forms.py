"""All tariff forms on one site: the model charges what the bill says, hourly and on segments."""

import pandas as pd
import pytest
from support.tariff_site import DAY, a_site, segmented, solved

from dcmodel.finance.bill import BillItem
from dcmodel.markets.base import Price, TariffForm, by_year, of_year, tariffs
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.extract import site_dataset
from dcmodel.optimise.pathway import solve_pathway
from dcmodel.optimise.settle import settled
from dcmodel.optimise.verify import bill_error

PEAKS = {"series": "system_load", "count": 4, "months": [6, 7, 8, 9], "candidates": 2}
FIELDS = {
    "capacity_obligation": {
        "price_usd_per_mw_day": (270.0, 330.0, 333.0),
        "reserve_factor": 1.2,
        "peaks": {"series": "system_load", "count": 5, "choose": "day"},
    },
    "coincident_peak": {"rate_usd_per_mw_year": 70e3, "peaks": PEAKS, "first_year": "steady"},
    "contracted_demand": {
        "rate_usd_per_mw_month": (900.0, 950.0, 990.0),
        "excess_rate_usd_per_mw_month": 4000.0,
        "minimum_share": 0.85,
        "band": 1.05,
    },
    "demand_charge": {"rate_usd_per_mw_month": 1500.0},
    "fixed_charge": {"charge_usd_per_month": (700.0, 710.0, 720.0)},
    "flat_energy": {"price_usd_per_mwh": 3.0, "on": "metered"},
    "hedged_blocks": {
        "base_mw": (10.0, 11.0, 12.0),
        "base_price_usd_per_mwh": 48.0,
        "peak_mw": 5.0,
        "peak_price_usd_per_mwh": 60.0,
    },
    "tiered_demand": {
        "limits_mw": [15.0, 25.0],
        "rates_usd_per_mw_month": [(500.0, 510.0, 520.0), 900.0, 1500.0],
    },
    "tiered_energy": {
        "limits_mwh": [800.0, 1800.0],
        "prices_usd_per_mwh": [2.0, 4.0, (5.0, 5.5, 6.0)],
        "on": "metered",
    },
    "network_de": {
        "capacity_usd_per_mw_year": [9000.0],
        "energy_usd_per_mwh": [(2.0, 2.1, 2.2)],
    },
    "network_gb": {
        "bands": DAY,
        "unit_usd_per_mwh": {"day": (4.0, 4.1, 4.2), "night": 0.5},
        "capacity_usd_per_mw_day": 60.0,
        "excess_usd_per_mw_day": (90.0, 91.0, 92.0),
        "fixed_usd_per_day": 300.0,
        "balancing_usd_per_mwh": 1.2,
        "triad_usd_per_mw_year": 4000.0,
        "triad": {
            "series": "system_load",
            "count": 3,
            "choose": "day",
            "months": [11, 12, 1, 2],
            "days_apart": 10,
        },
    },
    "network_nordic": {
        "subscription_usd_per_mw_year": (9e3, 9.1e3, 9.2e3),
        "excess_usd_per_mw_year": 40e3,
        "subscribed_mw": 22.0,
        "energy_usd_per_mwh": 0.3,
        "marginal_loss": 0.04,
        "fixed_usd_per_month": 100.0,
    },
    "minimum_take": {
        "rate_usd_per_mw_month": 800.0,
        "minimum_share": 0.85,
        "term_years": 2,
        "ramp": [0.8],
        "exit_year": 2026,
        "exit_fee_months": 3,
    },
    "ratchet_demand": {"rate_usd_per_mw_month": 1800.0, "share": 0.8},
    "seasonal_demand": {
        "seasons": {"summer": [6, 7, 8]},
        "rate_usd_per_mw_month": {"summer": (900.0, 920.0, 940.0)},
    },
    "time_of_use_demand": {
        "calendar": DAY,
        "rate_usd_per_mw_month": {"day": 2500.0, "night": 0.0},
    },
    "time_of_use_energy": {"calendar": DAY, "price_usd_per_mwh": {"day": 12.0, "night": 2.0}},
}


def every_form():
    return [tariffs[kind](**FIELDS[kind]) for kind in tariffs if kind != "spot_energy"]


@pytest.mark.parametrize("segments", [None, 200])
def test_all_forms_stand_together_and_every_charge_is_its_bill(segments):
    case = a_site(every_form())
    case = case if segments is None else segmented(case, segments)
    result = solved(case)
    assert bill_error(result, case) < 1e-6
    charged = result["cost"].groupby("cost_component").sum("cost_term").sum("year")
    # each form charges something here, so none is compared with nothing
    assert all(abs(float(charged.sel(cost_component=f.label))) > 1e3 for f in case.tariffs)
    assert float(result["capacity"].sel(size="ppa_wind.capacity").max()) > 1
    assert float(result["capacity"].sel(size="battery.power").max()) > 0.1


def test_years_apart_agree_with_all_at_once_and_with_their_bills():
    """Ratchets and lagged peaks link years: the blocks of years still find the optimum."""
    case = a_site(every_form())
    m, lp = compile_site(case)
    whole = solve_pathway(lp, whole_below=10**9)
    apart = settled(lp, solve_pathway(lp, whole_below=0, gap=0.002), 0.002)
    assert apart.status == "optimal"
    assert len(apart.history) > 1  # it was indeed taken apart
    assert whole.lower_bound <= apart.objective * (1 + 1e-9) <= whole.objective * 1.002
    lp.load_solution(m, apart.x, apart.row_dual)
    time = pd.date_range("2025-01-01", periods=len(case.duration), freq="h")
    assert bill_error(site_dataset(m, lp, case, apart.x, time), case) < 1e-6


def test_every_form_has_a_case_here():
    assert set(FIELDS) | {"spot_energy"} == set(tariffs)


def test_a_form_from_outside_the_package_takes_one_class():
    """Registered here, it is charged in the model and billed like any other."""
    from typing import ClassVar

    from dcmodel.arrays import ArrayParam, cost_term

    class NightLevy(TariffForm):
        kind: ClassVar[str] = "night_levy"
        levy_usd_per_mwh: Price

        def items(self, meter):
            night = meter.time.hour.to_numpy() < 6
            rate = of_year(self.levy_usd_per_mwh, meter.position)
            for month, energy in meter.by_month(meter.energy(), night).items():
                yield BillItem.priced("night levy", month, energy, "MWh", rate)

        def charge(self, b, case):
            m = b.model()
            share = case.clock.mean(case.clock.time.hour.to_numpy() < 6)
            price = share * by_year(self.levy_usd_per_mwh, len(case.years))[:, None]
            b.price = ArrayParam(m.Y, m.T, values=price)

            @cost_term(b, m.Y, category="energy", doc="Night levy [USD]")
            def levy(b, y):
                return sum(m.duration[t] * b.price[y, t] * m.grid_import[y, t] for t in m.T)

    tariffs.register("night_levy")(NightLevy)
    try:
        form = tariffs["night_levy"](levy_usd_per_mwh=30.0)
        case = a_site([form])
        for one in (case, segmented(case, 200)):
            result = solved(one)
            assert bill_error(result, one) < 1e-6
            paid = result["cost"].where(result["cost_component"] == "night_levy", drop=True)
            assert float(paid.sum()) > 1e4
    finally:
        del tariffs._entries["night_levy"]


def test_a_form_can_stand_twice_under_two_names():
    forms = [
        tariffs["demand_charge"](name="transmission", rate_usd_per_mw_month=2000.0),
        tariffs["demand_charge"](name="delivery", rate_usd_per_mw_month=3000.0),
    ]
    case = a_site(forms)
    result = solved(case)
    assert bill_error(result, case) < 1e-6
    cost = result["cost"].sum("year").groupby("cost_component").sum()
    ratio = cost.sel(cost_component="delivery") / cost.sel(cost_component="transmission")
    assert float(ratio) == pytest.approx(1.5)


def test_years_that_do_not_fit_are_said():
    form = tariffs["flat_energy"](price_usd_per_mwh=(50.0, 51.0))
    assert form.check(a_site([])) == [
        "flat_energy.price_usd_per_mwh: found 2 values; give one, or one a year (3)"
    ]
