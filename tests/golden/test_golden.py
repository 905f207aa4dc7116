"""Two hours of every component, tariff form and requirement as text: a change is read as a review.

``pytest tests/golden --refresh-golden`` writes the files anew; read the difference before you
commit it. The numbers are those of the case below, so that a row can be checked by eye.

Components, tariff forms and requirements are found by their registries. One that cannot be made
without settings gets them in `COMPONENTS`, `TARIFFS` or `REQUIREMENTS`; nothing else names any.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.cases import StubMarket, StubSite, make_case
from support.lpfile import written

from dcmodel.components.base import Workload, components
from dcmodel.markets.base import tariffs
from dcmodel.optimise.build import compile_site
from dcmodel.requirements.base import requirements

FOLDER = Path(__file__).resolve().parent
COMPONENTS = {
    "battery": {"parameters": {"roundtrip_efficiency": 0.81, "state_of_charge_min": 0.1}},
    # ordered early enough to stand in the case's only year
    "fuel_cell": {"order_year": 2024, "nox_max_t": 2.0},
    "gas_engine": {"order_year": 2023, "redundancy": "N+1", "whole_units": True},
    "gas_turbine": {"order_year": 2023, "permit_h": 500.0, "critical_share": 0.5},
    "outage": {
        "duration_h": 2,
        "starts": 1,
        "scenarios": {"storm": {"duration_h": 2, "per_year": 0.2, "starts": 1}},
    },
    "ups": {"ride_through_h": 0.25},
}
BESIDE = {"outage": ("battery", "gas_engine", "solar_onsite", "thermal_storage", "ups")}
"""What stands beside a component whose rows show in others'."""
NEEDS = {"unserved_energy": ("unserved_energy",)}
"""Components without which a requirement has nothing to limit."""
ALL_HOURS = {"rules": [{"period": "day", "hours": "1-24"}, {"period": "night", "hours": "0-1"}]}
PEAKS = {"named": ["01-01 1"]}
TARIFFS = {
    "capacity_obligation": {"price_usd_per_mw_day": 300.0, "reserve_factor": 1.2, "peaks": PEAKS},
    "coincident_peak": {"rate_usd_per_mw_year": 60e3, "peaks": PEAKS, "first_year": "steady"},
    "contracted_demand": {
        "rate_usd_per_mw_month": 2000.0, "excess_rate_usd_per_mw_month": 5000.0,
        "minimum_share": 0.85, "band": 1.05,
    },
    "fixed_charge": {"charge_usd_per_month": 700.0},
    "flat_energy": {"price_usd_per_mwh": 55.0},
    "hedged_blocks": {
        "base_mw": 5.0, "base_price_usd_per_mwh": 48.0,
        "peak_mw": 2.0, "peak_price_usd_per_mwh": 60.0, "peak_hours": "1-24",
    },
    "tiered_demand": {
        "limits_mw": [8.0, 12.5], "rates_usd_per_mw_month": [1000.0, 2000.0, 3000.0]
    },
    "tiered_energy": {
        "limits_mwh": [8.0, 20.0], "prices_usd_per_mwh": [80.0, 60.0, 70.0]
    },
    "network_de": {
        "use_hours": [1.8],
        "capacity_usd_per_mw_year": [20e3, 90e3],
        "energy_usd_per_mwh": [50.0, 7.0],
    },
    "network_gb": {
        "bands": ALL_HOURS,
        "unit_usd_per_mwh": {"day": 20.0, "night": 1.0},
        "capacity_usd_per_mw_day": 60.0,
        "excess_usd_per_mw_day": 100.0,
        "fixed_usd_per_day": 300.0,
        "balancing_usd_per_mwh": 12.0,
        "triad_usd_per_mw_year": 4000.0,
        "triad": PEAKS,
    },
    "network_nordic": {
        "subscription_usd_per_mw_year": 36e3,
        "excess_usd_per_mw_year": 50e3,
        "energy_usd_per_mwh": 3.0,
        "marginal_loss": 0.04,
    },
    "minimum_take": {
        "rate_usd_per_mw_month": 9000.0, "minimum_share": 0.85, "term_years": 12, "ramp": [0.5]
    },
    "ratchet_demand": {
        "rate_usd_per_mw_month": 9000.0, "share": 0.8, "first_year": "steady", "lookback_months": 12
    },
    "seasonal_demand": {
        "seasons": {"winter": [1, 2]}, "rate_usd_per_mw_month": {"winter": 9000.0}
    },
    "time_of_use_demand": {
        "calendar": ALL_HOURS, "rate_usd_per_mw_month": {"day": 5000.0, "night": 800.0}
    },
    "time_of_use_energy": {
        "calendar": ALL_HOURS, "price_usd_per_mwh": {"day": 80.0, "night": 30.0}
    },
    "demand_charge": {"rate_usd_per_mw_month": (9000.0,)},
    "spot_energy": {
        "adder_usd_per_mwh": (8.0,), "loss_fraction": 0.02, "resale_fee_usd_per_mwh": 1.0
    },
}  # fmt: skip
FIRM = {"settlement_fee_usd_per_mwh": 1.0, "clean_share_yearly": 1.0, "clean_share_hourly": 0.6}
OFFERS = {
    "ppa_solar": (45.0, 100.0),
    "ppa_wind": (55.0, 80.0),
    "ppa_baseload": (50.0, 9.0, {"parameters": FIRM}),
    "cfd_solar": (46.0, 100.0, {"parameters": {"hub_basis_usd_per_mwh": 2.0}}),
    "cfd_wind": (56.0, 80.0, {"parameters": {"hub_basis_usd_per_mwh": 2.0}}),
    "supply_shaped": (52.0, 9.0, {"parameters": FIRM}),
    "supply_24_7": (65.0, 9.0, {"parameters": {**FIRM, "clean_share_hourly": 0.9}}),
    "certificates": (2.0, 5.0),
    "certificates_hourly": (10.0, 5.0),
    "supply_fixed": (48.0, 9.0, {"parameters": {**FIRM, "swing_share": 0.25}}),
}
SERVICES = {
    "demand_response": {"revenue": 90000.0, "energy_payment": 50.0},
    "reserve": {"revenue": 25000.0},
}
REQUIREMENTS = {
    "availability": 0.9999,
    "clean_share_yearly": 0.6,
    "clean_share_hourly": {"share": 0.5, "grid_share_max": 0.2, "excess_share_max": 0.1},
    "carbon_limit": {"limit_t": 5.0, "basis": "hourly"},
    "carbon_price": {"price_usd_per_t": 80.0, "basis": "market"},
    "water_limit": 30.0,
    "controllable_load": {"low_power_mw": 6.0, "hours": 1.0},
    "onsite_match": {"share": 0.4, "derating": {"battery": 0.5}},
    "unserved_energy": 3.0,
}


def two_hours(kinds, **options):
    """One year of two hours: prices 20 and 70, 10 MW of work of which 4 may wait an hour."""
    arrivals = np.array([[[6.0, 6.0]], [[4.0, 4.0]]])
    waiting = np.array([[[0.0, 0.0]], [[4.0, 4.0]]])
    sun = np.array([[0.5, 0.0]])
    return make_case(
        price=[[20.0, 70.0]],
        slope=[[1.2, 1.3]],
        workload=Workload(("chat", "batch"), arrivals, (0.0, 1.0), waiting),
        it_capacity=[12.0],
        grid_available=40.0,
        kinds=kinds,
        settings=COMPONENTS,
        series={
            "mechanical_share": np.array([[0.5, 1.0]]),
            "compressor_power_per_heat": np.array([[0.15, 0.2]]),
            "solar_fixed": sun, "solar_single_axis": sun, "wind_onshore": np.array([[0.2, 0.4]]),
            "dry_cooling_power": np.array([[-0.01, 0.2]]),
            "dry_cooling_water": np.array([[1.0, 1.5]]),
            "emission_factor": np.array([[400.0, 300.0]]),
            "grid_clean_share": np.array([[0.3, 0.1]]),
        },
        market=StubMarket(contracts=OFFERS, services=SERVICES, build_cost=1e6),
        site=StubSite(connection_cost=1e5, water_price=2.0),
        adder=8.0,
        loss_fraction=0.02,
        resale_fee=1.0,
        **options,
    )  # fmt: skip


def compare(name, case, request):
    text = written(compile_site(case)[1])
    path = FOLDER / f"{name}.lp"
    if request.config.getoption("--refresh-golden"):
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), "new: write it with pytest tests/golden --refresh-golden, and read it"
    assert text == path.read_text(encoding="utf-8"), f"{path.name} differs; see the module's words"


@pytest.mark.parametrize("kind", sorted(components))
def test_component(kind, request):
    compare(kind, two_hours((*BESIDE.get(kind, ()), kind)), request)


@pytest.mark.parametrize("kind", sorted(requirements))
def test_requirement(kind, request):
    value = REQUIREMENTS.get(kind)
    assert value is not None, f"give {kind} a value in REQUIREMENTS of {Path(__file__).name}"
    kinds = ("grid_connection", "ppa_wind", "battery", *NEEDS.get(kind, ()))
    case = two_hours(kinds, asked={kind: value})
    compare(f"requirement_{kind}", case, request)


def test_work_that_waits_is_dropped_or_batched(request):
    case = two_hours(("shiftable_load", "dropped_work"))
    saving = np.array([[0.0], [0.25]])
    work = replace(case.workload, value=(900.0, 300.0), batch_saving=saving)
    compare("batched_work", replace(case, workload=work), request)


def test_bare_site_with_its_tariffs(request):
    compare("site", two_hours((), demand_rate=9000.0), request)


@pytest.mark.parametrize("kind", sorted(tariffs))
def test_tariff_form(kind, request):
    try:
        form = tariffs[kind](**TARIFFS.get(kind, {}))
    except ValueError as error:
        pytest.fail(f"give {kind} its settings in TARIFFS of {Path(__file__).name}: {error}")
    # a contract beside it, so that what a form pays for surplus is seen too
    case = two_hours(("ppa_solar",))
    compare(f"tariff_{kind}", replace(case, tariffs=(form,)), request)


def test_rows_can_be_checked_by_eye():
    text = (FOLDER / "site.lp").read_text(encoding="utf-8")
    # the objective: price plus losses plus adder on import, and the charge on the monthly peak
    assert f"{20 * 1.02 + 8:+.6g} grid_import[0,0]" in text
    assert "+9000 monthly_peak[0,0]" in text


def test_every_file_belongs_to_something():
    forms = {f"tariff_{kind}" for kind in tariffs}
    asked = {f"requirement_{kind}" for kind in requirements}
    found = {path.stem for path in FOLDER.glob("*.lp")}
    assert found == {*components, *forms, *asked, "site", "batched_work"}
