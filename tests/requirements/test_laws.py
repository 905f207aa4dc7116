"""Laws on rough cases: an option never costs more, a requirement never less."""

from itertools import pairwise

import numpy as np
import pytest
from support.cases import StubMarket, make_case, optimum

from dcmodel.components.base import components
from dcmodel.components.contract import Contract
from dcmodel.optimise.clean import clean_account

FIRM = {"settlement_fee_usd_per_mwh": 1.0, "clean_share_yearly": 1.0, "clean_share_hourly": 0.6}
KINDS = sorted(kind for kind in components if issubclass(components[kind], Contract))
STEPS = 24


def case_of(seed, kinds=KINDS, asked=None, scale=1.0):
    rng = np.random.default_rng(seed)
    price = rng.normal(45.0, 30.0, (2, STEPS))
    load = rng.uniform(5.0, 20.0, (2, STEPS))
    offers = {}
    for kind in KINDS:
        parameters = {"hub_basis_usd_per_mwh": 1.0} if kind.startswith("cfd") else FIRM
        parameters = {**FIRM, "swing_share": 0.2} if kind == "supply_fixed" else parameters
        offers[kind] = (scale * float(rng.uniform(35.0, 60.0)), 15.0, {"parameters": parameters})
    return make_case(
        price=price,
        load=load,
        years=(2025, 2026),
        resale_fee=2.0,
        kinds=kinds,
        series={
            "wind_onshore": rng.uniform(0.0, 1.0, (2, STEPS)),
            "solar_single_axis": np.clip(rng.normal(0.2, 0.4, (2, STEPS)), 0.0, 1.0),
            "emission_factor": rng.uniform(100.0, 500.0, (2, STEPS)),
            "grid_clean_share": rng.uniform(0.1, 0.6, (2, STEPS)),
        },
        market=StubMarket(contracts=offers),
        asked=asked,
    )


def cost(case):
    return optimum(case)[2].objective


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_form_of_contract_costs_nothing_to_have(seed):
    bare, every = cost(case_of(seed, ())), cost(case_of(seed))
    for kind in KINDS:
        one = cost(case_of(seed, (kind,)))
        assert every <= one + 1e-4
        assert one <= bare + 1e-4


@pytest.mark.parametrize("seed", [1, 2])
def test_dearer_contracts_never_cost_less(seed):
    costs = [cost(case_of(seed, scale=scale)) for scale in (0.8, 1.0, 1.2)]
    assert costs == sorted(costs)
    assert costs[0] < costs[-1]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_larger_share_costs_more_and_is_held(seed):
    costs = [cost(case_of(seed))]
    for share in (0.4, 0.55, 0.65):
        case = case_of(seed, asked={"clean_share_hourly": share})
        m, _, solution = optimum(case)
        costs.append(solution.objective)
        assert (clean_account(m, case).share_hourly >= share - 1e-6).all()
    assert all(b >= a - 1e-4 for a, b in pairwise(costs))


@pytest.mark.parametrize("basis", ["location", "market", "hourly"])
def test_a_carbon_limit_is_held_by_the_independent_count(basis):
    free = case_of(5, ("ppa_wind", "supply_24_7"))
    m, _, solution = optimum(free)
    before = getattr(clean_account(m, free), basis)
    factor = 1.0 if basis == "location" else 0.6
    limit = float(before.max() * factor)
    case = case_of(
        5, ("ppa_wind", "supply_24_7"), {"carbon_limit": {"limit_t": limit, "basis": basis}}
    )
    m, _, limited = optimum(case)
    assert (getattr(clean_account(m, case), basis) <= limit * (1 + 1e-6)).all()
    assert limited.objective >= solution.objective - 1e-4
