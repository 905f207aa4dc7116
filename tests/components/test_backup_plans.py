"""Two sites, two answers: diesel alone as N+1, or fewer units with battery and deferrable load.

Both stand on a free grid, so backup is all they pay, at the library's own costs. What every plan
costs is worked out beside the model: units at their annuity, cells for the energy above the units.
"""

import numpy as np
import pytest
from support.cases import make_case, optimum

from dcmodel.components.base import Workload
from dcmodel.finance.annuity import capital_recovery_factor

RATE, HOURS, PUE = 0.08, 24, 1.3
RATING = 2.5
EVENING = slice(18, 21)


def work(interactive, deferrable):
    arrivals = np.array([interactive, np.full(24, deferrable)])[:, None, :]
    return Workload(("chat", "batch"), arrivals, (0.0, 24.0), np.zeros_like(arrivals))


def peaky():
    """4 MW of chat, 8 in three evening hours, and 2 MW of batch all day."""
    interactive = np.full(24, 4.0)
    interactive[EVENING] = 8.0
    return work(interactive, 2.0)


def flat():
    """10 MW of chat all day and all night."""
    return work(np.full(24, 10.0), 0.0)


def plan(workload, outage_h, *, battery, shed=True, **diesel):
    """Return the model of the optimal plan and its yearly cost."""
    sized = {"sizing": "optimised", "whole_units": True, "critical_share": 0.0, "order_year": 2020}
    case = make_case(
        price=np.zeros((1, 24)), workload=workload, it_capacity=[10.0], slope=PUE,
        discount_rate=RATE,
        kinds=("diesel", *(("battery",) if battery else ()), "outage"),
        settings={
            "diesel": {**sized, **diesel},
            "outage": {"duration_h": outage_h, "critical": {"batch": 0.0 if shed else 1.0}},
        },
    )  # fmt: skip
    m, _, solution = optimum(case)
    return m, solution.objective, case


@pytest.fixture(scope="module")
def per_unit():
    """Yearly cost of a diesel unit, worked out from the library's figures [USD]."""
    case = make_case(price=[[0.0]], kinds=("diesel",))
    p = case.components[0].technology(case)
    fixed = p.value("capex") * capital_recovery_factor(RATE, p.value("lifetime"))
    tests = p.value("test_hours") * (
        p.value("fuel_idle") + p.value("fuel_slope") * p.value("test_load")
    )
    fuel = tests * p.value("fuel_price")
    return RATING * (fixed + p.value("fixed_operation") + fuel)


@pytest.fixture(scope="module")
def cells():
    """Yearly cost of a battery [USD MW-1] and [USD MWh-1 of energy given in an outage]."""
    case = make_case(price=[[0.0]], kinds=("battery",))
    p = case.components[0].technology(case)
    yearly = capital_recovery_factor(RATE, p.value("lifetime"))
    yearly += p.value("fixed_operation_share_of_capex")
    held = (1 - p.value("state_of_charge_min")) * np.sqrt(p.value("roundtrip_efficiency"))
    power, energy = (p.at(f"capex_{name}", [2025])[0] for name in ("power", "energy"))
    return yearly * power, yearly * energy / held


def by_hand(load, outage_h, per_unit, cells, spare=1):
    """Return yearly cost by number of units that count, and the power and energy of the battery.

    The battery gives what the load is above the units, over the worst outage; what the units have
    to spare between peaks is not counted, for peaks here come once in an outage.
    """
    found = {}
    for firm in range(int(np.ceil(load.max() / RATING)) + 1):
        above = np.maximum(load - firm * RATING, 0.0)
        around = np.concatenate([above, above])
        energy = max(around[s : s + outage_h].sum() for s in range(24))
        units = firm + (spare if firm else 0)
        cost = units * per_unit + cells[0] * above.max() + cells[1] * energy
        found[firm] = (cost, above.max(), energy)
    return found


class TestPeakyInference:
    """Outages of 12 h; the critical load is 5.2 MW by day and 10.4 MW in three evening hours."""

    LOAD = PUE * peaky().arrivals[0, 0]

    def test_fewer_units_with_battery_and_shed_load_beat_the_cheapest_diesel_plan(
        self, per_unit, cells
    ):
        _, diesel, _ = plan(peaky(), 12, battery=False)
        m, mixed, _ = plan(peaky(), 12, battery=True)
        # diesel alone: 10.4 MW take 5 units of 2.5 MW and the spare
        assert diesel == pytest.approx(6 * per_unit, rel=1e-6)
        # with a battery 4 units and the spare, and 0.4 MW for the three evening hours
        plans = by_hand(self.LOAD, 12, per_unit, cells)
        cost, power, energy = plans[4]
        assert (power, energy) == pytest.approx((0.4, 1.2))
        assert cost == min(c for c, _, _ in plans.values())
        assert mixed == pytest.approx(cost, rel=1e-4)
        assert m.asset["diesel"].units.array == pytest.approx([5.0], abs=1e-6)
        # the unit less is worth more than the battery that takes its place
        saved, spent = per_unit, cells[0] * power + cells[1] * energy
        assert (saved, spent) == pytest.approx((287_000, 50_600), rel=0.01)
        assert diesel - mixed == pytest.approx(saved - spent, rel=1e-3)

    def test_shedding_is_part_of_it(self, per_unit):
        """Were batch critical too, diesel would need 13 MW: another unit."""
        _, kept, _ = plan(peaky(), 12, battery=False, shed=False)
        assert kept == pytest.approx(7 * per_unit, rel=1e-6)

    def test_the_rule_of_thumb_costs_most(self, per_unit):
        """By rule for the whole load in the design hour at 0.9 of the rating: 6 + 1 units."""
        m, rule, _ = plan(peaky(), 12, battery=False, sizing="rule", critical_share=1.0)
        assert m.asset["diesel"].units.array == pytest.approx([7.0])
        assert rule == pytest.approx(7 * per_unit, rel=1e-6)


class TestFlatInference:
    """Outages of a day; 13 MW without end: a MW of battery would carry 24 MWh."""

    LOAD = PUE * flat().arrivals[0, 0]

    def test_diesel_as_n_plus_1_stays_cheapest(self, per_unit, cells):
        _, diesel, _ = plan(flat(), HOURS, battery=False)
        m, mixed, _ = plan(flat(), HOURS, battery=True)
        # 13 MW take 6 units of 2.5 MW and the spare
        assert diesel == pytest.approx(7 * per_unit, rel=1e-6)
        assert mixed == pytest.approx(diesel, rel=1e-6)
        assert m.asset["diesel"].units.array == pytest.approx([7.0], abs=1e-6)
        assert m.asset["battery"].energy.array == pytest.approx([0.0], abs=1e-4)
        # the half megawatt that a unit less leaves over lasts all day: 12 MWh dearer than the unit
        cost, power, energy = by_hand(self.LOAD, HOURS, per_unit, cells)[5]
        assert (power, energy) == pytest.approx((0.5, 12.0))
        assert cells[0] * power + cells[1] * energy > per_unit
        assert cost > diesel

    def test_a_short_outage_turns_it_round(self, per_unit, cells):
        """For an hour 13 MWh of cells do, without any unit or its spare."""
        m, mixed, _ = plan(flat(), 1, battery=True)
        assert m.asset["diesel"].units.array == pytest.approx([0.0], abs=1e-6)
        assert mixed == pytest.approx(13 * (cells[0] + cells[1]), rel=1e-4)
        assert mixed < 7 * per_unit
