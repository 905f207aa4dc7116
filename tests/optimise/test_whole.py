"""Whole-number sizes to the last unit, against every whole number tried in turn."""

import numpy as np
import pytest
from support.cases import make_case

from dcmodel.optimise.build import compile_site
from dcmodel.optimise.solve import solve
from dcmodel.optimise.whole import solve_whole_sizes

BATTERY = {
    "parameters": {
        "capex_power": 150.0,
        "capex_energy": 30.0,
        "fixed_operation_share_of_capex": 0.0,
        "variable_operation": 0.0,
        "state_of_charge_min": 0.0,
        "roundtrip_efficiency": 0.81,
    },
    "annuity_factor": 0.001,
    "power_max_mw": 5.0,
    "energy_max_mwh": 9.0,
}


def case(**battery):
    price = np.array([[10.0, 12.0, 60.0, 90.0, 15.0, 11.0, 70.0, 95.0]])
    return make_case(
        price=price,
        load=np.array([[4.0, 5.0, 9.0, 11.3, 5.0, 4.0, 8.0, 10.7]]),
        demand_rate=40.0,
        kinds=("battery",),
        settings={"battery": BATTERY | battery},
    )


def test_the_optimum_is_that_of_all_whole_sizes_tried():
    _, lp = compile_site(case(whole_units_kw=700.0, whole_units_kwh=1100.0))
    found = solve_whole_sizes(lp, gap=1e-9)
    units = [lp.columns[f"asset[battery].{name}_units"].start for name in ("power", "energy")]
    best = np.inf
    for power in range(8):
        for energy in range(9):
            lower, upper = lp.lower.copy(), lp.upper.copy()
            lower[units] = upper[units] = [power, energy]
            fixed = lp.replace(lower=lower, upper=upper, integer=np.zeros(lp.n_columns, dtype=bool))
            best = min(best, solve(fixed).objective)
    assert found.objective == pytest.approx(best, rel=1e-9)
    assert found.lower_bound <= best * (1 + 1e-9)
    assert found.status == "optimal"
    assert 0 < found.x[units[0]] < 7
    assert np.allclose(found.x[units], np.round(found.x[units]))


def test_branch_and_bound_of_the_whole_program_says_the_same():
    _, lp = compile_site(case(whole_units_kw=700.0, whole_units_kwh=1100.0))
    whole = solve(lp, mip_gap=1e-9)
    assert solve_whole_sizes(lp).objective == pytest.approx(whole.objective, rel=1e-8)
