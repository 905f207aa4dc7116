"""What reaches from one year into the next is coupling too: a ratchet, a contract with a term."""

from typing import ClassVar

import numpy as np
import pytest
from support.cases import make_case

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, cost_term
from dcmodel.components.base import Component
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.pathway import solve_pathway
from dcmodel.optimise.solve import solve

RATCHET = 0.8
RATE = 3000.0
TERM = 2
FEE = 40.0


class Ratchet(Component):
    """Billed demand of a year: its own peak, or 80 % of what was billed the year before."""

    kind: ClassVar[str] = "ratchet"

    def charge(self, b, case):
        m = b.model()
        b.billed = ArrayVar(m.Y, lower=0, upper=1000.0, doc="Billed demand [MW]")

        @array_constraint(b, m.Y, m.M, doc="Billed demand at least the peak")
        def own_peak(b, y, month):
            return b.billed[y] >= m.monthly_peak[y, month]

        b.before = ArrayParam(m.Y, values=np.maximum(np.arange(len(case.years)) - 1, 0))
        later = np.arange(len(case.years)) > 0

        @array_constraint(b, m.Y, where=later, couples_years=True, doc="Ratchet of the year before")
        def ratchet(b, y):
            return b.billed[y] >= RATCHET * b.billed[b.before[y]]

        @cost_term(b, m.Y, category="network", doc="Billed demand [USD]")
        def demand(b, y):
            return RATE * b.billed[y]


class Block(Component):
    """A firm block bought for two years at a fixed price."""

    kind: ClassVar[str] = "firm_block"

    def build(self, b, case):
        m = b.model()
        years = np.arange(len(case.years))
        stands = (years[:, None] >= years) & (years[:, None] < years + TERM)
        b.stands = ArrayParam(m.Y, m.Y, values=stands.astype(float))
        b.signed = ArrayVar(m.Y, lower=0, upper=50.0, doc="Block signed [MW]")
        b.held = ArrayVar(m.Y, lower=0, upper=100.0, doc="Block held [MW]")

        @array_constraint(b, m.Y, couples_years=True, doc="Blocks stand for their term")
        def term(b, y):
            return b.held[y] == sum(b.stands[y, v] * b.signed[v] for v in m.Y)

        b.supply = ArrayVar(m.Y, m.T, lower=0, upper=100.0, doc="Power of the block [MW]")

        @array_constraint(b, m.Y, m.T, doc="Block within what is held")
        def within(b, y, t):
            return b.supply[y, t] <= b.held[y]

        @cost_term(b, m.Y, category="contracts", doc="Block paid whether used or not [USD]")
        def paid(b, y):
            return FEE * sum(m.duration[t] for t in m.T) * b.held[y]


def hours_of(years, hours=240, seed=3):
    rng = np.random.default_rng(seed)
    price = 50 + 30 * np.sin(np.arange(hours) / 24 * 2 * np.pi) + rng.normal(0, 10, (years, hours))
    load = 20 + 6 * np.sin(np.arange(hours) / 24 * 2 * np.pi + 1) * np.ones((years, 1))
    return price, load * np.linspace(1.0, 0.6, years)[:, None]


@pytest.mark.parametrize("part", [Ratchet, Block])
@pytest.mark.parametrize("discount_rate", [0.0, 0.1])
def test_years_solved_apart_have_the_optimum_of_the_whole(part, discount_rate):
    price, load = hours_of(4)
    case = make_case(
        price=price,
        load=load,
        years=(2025, 2026, 2027, 2028),
        discount_rate=discount_rate,
        kinds=("battery",),
        settings={"battery": {"power_max_mw": 10.0, "energy_max_mwh": 40.0}},
    )
    case = type(case)(**{**case.__dict__, "components": (*case.components, part())})
    _, lp = compile_site(case)
    whole = solve(lp, tolerance=1e-8)
    apart = solve_pathway(lp, gap=1e-4, whole_below=0, max_rounds=30)
    assert apart.status == "optimal"
    assert apart.history[0].step == "design 1"
    assert apart.lower_bound <= whole.objective * (1 + 1e-7)
    assert whole.objective <= apart.objective * (1 + 1e-7)


def test_the_ratchet_binds_and_is_paid():
    price, load = hours_of(3)
    case = make_case(price=price, load=load, years=(2025, 2026, 2027))
    case = type(case)(**{**case.__dict__, "components": (Ratchet(),)})
    m, lp = compile_site(case)
    answer = solve_pathway(lp, gap=1e-6, whole_below=0, max_rounds=30)
    lp.load_solution(m, answer.x)
    peak = load.max(axis=1)
    expected = [peak[0], max(peak[1], RATCHET * peak[0]), 0.0]
    expected[2] = max(peak[2], RATCHET * expected[1])
    np.testing.assert_allclose(m.asset["ratchet"].billed.array, expected, rtol=1e-6)
    assert expected[2] > peak[2]  # the ratchet, not the peak
