"""Contracts, a battery and hourly matching written a second time, as plain matrices for SciPy."""

import numpy as np
import pytest
from scipy.optimize import linprog
from support.cases import StubMarket, make_case, optimum

FEE, BASELOAD, WIND, RESALE, STRIKE = 1.0, 52.0, 55.0, 2.0, 50.0
BATTERY = {
    "capex_power": 0.0,
    "capex_energy": 0.0,
    "variable_operation": 3.0,
    "state_of_charge_min": 0.0,
    "roundtrip_efficiency": 0.81,
    "lifetime": 10.0,
}
T, CLEAN, POWER, ENERGY = 24, 0.6, 6.0, 20.0


def numbers(seed):
    rng = np.random.default_rng(seed)
    return {
        "price": rng.normal(45.0, 25.0, T),
        "load": rng.uniform(5.0, 15.0, T),
        "wind": rng.uniform(0.0, 1.0, T),
        "sun": np.clip(np.sin((np.arange(T) - 6) / 12 * np.pi), 0.0, None),
        "grid": rng.uniform(0.1, 0.5, T),
    }


def by_model(n, share):
    firm = {
        "settlement_fee_usd_per_mwh": FEE, "clean_share_yearly": 1.0, "clean_share_hourly": CLEAN
    }  # fmt: skip
    case = make_case(
        price=[n["price"]],
        load=[n["load"]],
        resale_fee=RESALE,
        kinds=("ppa_wind", "ppa_baseload", "cfd_solar", "battery"),
        settings={
            "battery": {"power_max_mw": POWER, "energy_max_mwh": ENERGY, "parameters": BATTERY}
        },
        series={
            "wind_onshore": n["wind"][None],
            "solar_single_axis": n["sun"][None],
            "grid_clean_share": n["grid"][None],
        },
        market=StubMarket(
            contracts={
                "ppa_wind": (WIND, 100.0),
                "ppa_baseload": (BASELOAD, 100.0, {"parameters": firm}),
                "cfd_solar": (STRIKE, 100.0, {"parameters": {"hub_basis_usd_per_mwh": 0.0}}),
            }
        ),
        asked={"clean_share_hourly": share},
    )
    return optimum(case)[2].objective


def by_matrices(n, share):
    """Columns: sizes of wind, block, sun; then T of each hourly flow."""
    flows = (
        "buy", "use_wind", "sell_wind", "use_block", "sell_block", "charge", "discharge", "store",
        "claim", "of_grid", "put_by", "released", "content",
    )  # fmt: skip
    column = {name: 3 + i * T + np.arange(T) for i, name in enumerate(flows)}
    size = 3 + len(flows) * T
    eye, eta = np.eye(T), 0.9

    def row_block(**parts):
        block = np.zeros((T, size))
        for name, values in parts.items():
            at = {"wind": 0, "block": 1, "sun": 2}.get(name)
            if at is not None:
                block[:, at] += values
            else:
                block[:, column[name]] += values * eye if np.ndim(values) == 0 else values
        return block

    cost = np.zeros(size)
    cost[0], cost[1] = WIND * n["wind"].sum(), BASELOAD * T
    cost[2] = (n["sun"] * (STRIKE - n["price"])).sum()
    cost[column["buy"]] = n["price"]
    cost[column["sell_wind"]] = -np.maximum(n["price"] - RESALE, 0.0)
    cost[column["sell_block"]] = -(n["price"] - FEE)
    cost[column["discharge"]] = BATTERY["variable_operation"]
    back = np.roll(eye, -1, axis=1).T  # the step before, round the day
    equal = [
        # use and sale of each delivery
        (row_block(use_wind=1.0, sell_wind=1.0, wind=-n["wind"]), 0.0),
        (row_block(use_block=1.0, sell_block=1.0, block=-1.0), 0.0),
        # what is bought and used feeds load and battery
        (row_block(buy=1.0, use_wind=1.0, use_block=1.0, charge=-1.0, discharge=1.0), n["load"]),
        (row_block(store=eye - back, charge=-eta, discharge=1 / eta), 0.0),
        (row_block(content=eye - back, put_by=-eta, released=1 / eta), 0.0),
    ]
    imported = {"buy": 1.0, "use_wind": 1.0, "use_block": 1.0}
    of_grid = dict.fromkeys(imported, -n["grid"] * eye)
    less = [
        (row_block(claim=1.0, wind=-n["wind"], block=-CLEAN, sun=-n["sun"]), 0.0),
        (row_block(claim=1.0, **{name: -value for name, value in imported.items()}), 0.0),
        (row_block(of_grid=1.0, claim=n["grid"] * eye, **of_grid), 0.0),
        (row_block(put_by=1.0, claim=-1.0, of_grid=-1.0), 0.0),
        (row_block(claim=1.0, of_grid=1.0, put_by=-1.0, released=1.0), n["load"]),
        (row_block(put_by=1.0, charge=-1.0), 0.0),
        (row_block(released=1.0, discharge=-1.0), 0.0),
        (row_block(charge=1.0, discharge=1.0), POWER),
    ]
    matched = row_block(claim=-1.0, of_grid=-1.0, put_by=1.0, released=-1.0).sum(axis=0)
    volume = np.zeros(size)
    volume[:3] = n["wind"].sum(), T, n["sun"].sum()
    rows = [*less, (matched[None], -share * n["load"].sum()), (volume[None], n["load"].sum())]
    bounds = [(0, 100)] * 3 + [(0, None)] * (size - 3)
    for at in column["store"]:
        bounds[at] = (0, ENERGY)
    answer = linprog(
        cost,
        A_ub=np.vstack([block for block, _ in rows]),
        b_ub=np.concatenate([np.broadcast_to(right, len(block)) for block, right in rows]),
        A_eq=np.vstack([block for block, _ in equal]),
        b_eq=np.concatenate([np.broadcast_to(right, len(block)) for block, right in equal]),
        bounds=bounds,
    )
    assert answer.success, answer.message
    return answer.fun


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("share", [0.0, 0.6, 0.75])
def test_both_ways_agree(seed, share):
    n = numbers(seed)
    assert by_model(n, share) == pytest.approx(by_matrices(n, share), rel=1e-6)
