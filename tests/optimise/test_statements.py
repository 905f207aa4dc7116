"""Every form of contract on one site: statements equal the model's costs, and would tell if not."""

from functools import cache

import numpy as np
import pytest
from support.cases import StubMarket, make_case, optimum

from dcmodel.components.base import components
from dcmodel.components.contract import Contract
from dcmodel.optimise.extract import site_dataset
from dcmodel.optimise.verify import contract_error

FIRM = {"settlement_fee_usd_per_mwh": 1.0, "clean_share_yearly": 1.0, "clean_share_hourly": 0.6}
KINDS = sorted(kind for kind in components if issubclass(components[kind], Contract))


@cache
def solved(resolution):
    """All forms with some MW signed in two of three years, on rough prices below zero too."""
    steps = 48
    rng = np.random.default_rng(1)
    price = rng.normal(40.0, 60.0, (3, steps))
    terms = {"cfd": {"hub_basis_usd_per_mwh": 2.0}, "fix": {**FIRM, "swing_share": 0.2}}
    offers = {}
    for kind in KINDS:
        parameters = terms["cfd"] if kind.startswith("cfd") else FIRM
        parameters = terms["fix"] if kind == "supply_fixed" else parameters
        fields = {"parameters": parameters, "growth": 1.03, "term_years": 2.0}
        fields = {} if kind.startswith("ppa_") and kind != "ppa_baseload" else fields
        offers[kind] = (np.array([50.0, 45.0, 55.0]), 20.0, fields)
    settings = {kind: {"contracted_mw": {2025: 2.0, 2027: 3.0}} for kind in KINDS}
    settings["cfd_wind"]["negative_prices"] = "floored"
    settings["cfd_solar"]["negative_prices"] = "suspended"
    case = make_case(
        price=price,
        load=rng.uniform(5.0, 20.0, (3, steps)),
        years=(2025, 2026, 2027),
        duration=np.full(steps, resolution),
        kinds=KINDS,
        settings=settings,
        resale_fee=2.0,
        series={
            "wind_onshore": rng.uniform(0.0, 1.0, (3, steps)),
            "solar_single_axis": rng.uniform(0.0, 1.0, (3, steps)),
            "emission_factor": np.full((3, steps), 300.0),
        },
        market=StubMarket(contracts=offers),
    )
    m, lp, solution = optimum(case)
    time = np.arange(steps).astype("datetime64[h]").astype("datetime64[ns]")
    return case, site_dataset(m, lp, case, solution.x, time)


@pytest.mark.parametrize("resolution", [1.0, 3.0])
def test_statements_equal_the_costs_of_the_model(resolution):
    case, result = solved(resolution)
    assert contract_error(result, case) < 1e-6
    sizes = result["capacity"].sel(size=[f"{kind}.capacity" for kind in KINDS]).to_numpy()
    assert sizes == pytest.approx(np.tile([2.0, 2.0, 3.0], (len(KINDS), 1)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_cost_that_is_wrong_is_found(kind):
    case, result = solved(1.0)
    wrong = result["cost"].where(result["cost_component"] != kind, result["cost"] * 1.001)
    assert contract_error(result.assign(cost=wrong), case) > 1e-5
