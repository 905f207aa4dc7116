"""Load and work that is lost: none unless a study allows it, none beside idle power, dark IT."""

from dataclasses import replace

import numpy as np
import pytest
from support.cases import make_case, optimum

from dcmodel.components.base import Workload, components
from dcmodel.components.idle import idle_power
from dcmodel.components.values import lost_load, may_be_refused, work_values
from dcmodel.inputs.assumptions import technology
from dcmodel.markets.base import tariffs

RENT = technology("dropped_work", 2025).value("value_of_work")
LOST_LOAD = technology("unserved_energy", 2025).value("value_of_lost_load")
FREE_GRID = {"grid_connection": {"parameters": {"fixed_operation_share_of_capex": 0.0}}}


def workload(arrivals, windows, **options):
    arrivals = np.asarray(arrivals, dtype=float)
    names = tuple("abcdef"[: len(windows)])
    return Workload(names, arrivals, windows, np.zeros_like(arrivals), **options)


class TestValues:
    def test_a_class_has_one_value(self):
        work = workload(
            np.ones((5, 1, 1)), (0.0, 24.0, 24.0, 0.0, 0.0),
            value=(None, None, None, 70.0, None), priority=(1, 1, 3, 1, 2),
        )  # fmt: skip
        case = make_case(price=[[1.0]], workload=work, it_capacity=[5.0])
        rank = technology("dropped_work", 2025).value("rank_factor")
        expected = [LOST_LOAD, RENT, RENT * rank**2, 70.0, LOST_LOAD * rank]
        assert work_values(case) == pytest.approx(expected)
        assert lost_load(case) == LOST_LOAD
        assert may_be_refused(case) == (False, True, True, True, True)

    def test_settings_of_a_component_act_on_the_value(self):
        work = workload(np.ones((2, 1, 1)), (0.0, 24.0))
        case = make_case(
            price=[[1.0]], workload=work, it_capacity=[2.0],
            kinds=("unserved_energy", "dropped_work"),
            settings={
                "unserved_energy": {"parameters": {"value_of_lost_load": 20.0}},
                "dropped_work": {"parameters": {"value_of_work": 500.0}},
            },
        )  # fmt: skip
        assert work_values(case) == pytest.approx([20_000.0, 500.0])

    def test_interactive_work_is_worth_15_usd_a_kwh_or_more(self):
        assert LOST_LOAD >= 15_000


class TestUnserved:
    def options(self, **more):
        return {
            "price": [[20.0, 30.0]],
            "load": [[10.0, 4.0]],
            "kinds": ("grid_connection", "unserved_energy"),
            "settings": FREE_GRID,
            **more,
        }

    def test_none_without_a_requirement(self):
        m, _, _ = optimum(make_case(**self.options()))
        assert m.asset["unserved_energy"].component("unserved") is None

    def test_no_more_than_the_requirement_allows(self):
        """4 of 10 MW do not come through a connection that the study holds to 6."""
        settings = {
            "grid_connection": FREE_GRID["grid_connection"] | {"contracted_max_mw": 6.0},
            "unserved_energy": {"parameters": {"value_of_lost_load": 1.0}},
        }
        options = self.options(settings=settings)
        _, _, solution = optimum(make_case(**options, asked={"unserved_energy": 4.0}))
        assert solution.objective == pytest.approx(20 * 6 + 30 * 4 + 4 * 1000)
        with pytest.raises(Exception, match="no design keeps all limits"):
            optimum(make_case(**options, asked={"unserved_energy": 3.9}))

    def test_a_requirement_without_its_component_is_a_fault(self):
        case = make_case(price=[[1.0]], asked={"unserved_energy": 4.0})
        [fault] = case.requirements[0].check(case)
        assert "add 'unserved_energy'" in fault

    def test_a_peak_charge_above_the_value_of_lost_load_blacks_nothing_out(self):
        """Serving the peak hour costs 250,000 USD a MW, and the other hour needs 10 MW anyway."""
        peak = tariffs["coincident_peak"](
            rate_usd_per_mw_year=3e6, peaks={"named": ["01-01 1"]}, first_year="steady"
        )
        case = make_case(
            **self.options(
                load=[[10.0, 10.0]],
                tariff_forms=(peak,),
                asked={"unserved_energy": 100.0},
                grid_available=10.0,
            )
        )
        m, _, _ = optimum(case)
        assert m.asset["unserved_energy"].unserved.array[0] == pytest.approx([0.0, 10.0])
        assert idle_power(m)[0] == pytest.approx([0.0, 10.0])
        again = case.components[1].revised(m, case)
        m, _, solution = optimum(replace(case, components=(case.components[0], again)))
        assert m.asset["unserved_energy"].unserved.array[0] == pytest.approx([0.0, 0.0])
        # a steady first year pays for itself, and causes what the next one pays
        assert solution.objective == pytest.approx(10 * (20 + 30) + 2 * 10 * 3e6 / 12)

    def test_a_solution_without_loss_is_not_revised(self):
        case = make_case(**self.options(asked={"unserved_energy": 9.0}))
        m, _, _ = optimum(case)
        assert case.components[1].revised(m, case) is None


class TestDark:
    """26 MW of IT, flat work of 0.9 of it, no grid in the first of two years."""

    def case(self, **more):
        arrivals = np.full((1, 2, 3), 23.4)
        options = {
            "price": np.full((2, 3), 40.0),
            "workload": workload(arrivals, (0.0,)),
            "it_capacity": [26.0, 26.0],
            "years": (2025, 2026),
            "grid_available": np.array([0.0, 60.0]),
            "slope": 1.1,
            "fixed": 0.1,
            "kinds": ("grid_connection", "unserved_energy"),
            "settings": FREE_GRID,
            **more,
        }
        return replace(make_case(**options), idle_fraction=0.25, utilisation_max=1.0)

    def test_servers_without_power_lose_their_rent_and_draw_nothing(self):
        m, _, solution = optimum(self.case())
        assert m.it_energised.array == pytest.approx([0.0, 26.0], abs=1e-6)
        assert np.abs(m.facility_power.array[0]).max() < 1e-6
        it = 0.25 * 26 + 0.75 * 23.4
        energy = 3 * 40 * (1.1 * it + 0.1 * 26)
        assert solution.objective == pytest.approx(3 * 23.4 * RENT + energy)

    def test_the_rent_is_that_of_the_study(self):
        costs = []
        for rent in (100.0, 9999.0):
            settings = FREE_GRID | {"dropped_work": {"parameters": {"value_of_work": rent}}}
            case = self.case(kinds=("grid_connection", "dropped_work"), settings=settings)
            costs.append(optimum(case)[2].objective)
        assert costs[1] - costs[0] == pytest.approx(3 * 23.4 * 9899)

    def test_power_for_a_part_energises_a_part(self):
        """12 MW of grid carry 12 / (1.1 (0.25 + 0.75 * 0.9) + 0.1) MW of IT."""
        m, _, _ = optimum(self.case(grid_available=np.array([12.0, 60.0])))
        per_it = 1.1 * (0.25 + 0.75 * 0.9) + 0.1
        assert m.it_energised.array[0] == pytest.approx(12 / per_it)

    def test_none_is_dark_where_the_grid_carries_the_design_hour(self):
        m, _, _ = optimum(self.case(grid_available=np.array([31.2, 60.0])))
        assert m.asset["unserved_energy"].component("dark") is None

    def test_on_site_power_keeps_servers_on_where_it_is_cheaper_than_the_rent(self):
        case = self.case(kinds=("grid_connection", "unserved_energy", "firm_plant"))
        m, _, _ = optimum(case)
        assert m.it_energised.array == pytest.approx([26.0, 26.0], abs=1e-6)

    def test_work_that_waits_is_lost_in_the_hour_it_arrives(self):
        arrivals = np.full((1, 2, 3), 23.4)
        window = np.cumsum(arrivals, axis=-1)
        window[..., -1] = 0.0
        work = Workload(("batch",), arrivals, (24.0,), window)
        case = self.case(workload=work, kinds=("grid_connection", "shiftable_load", "dropped_work"))
        m, _, _ = optimum(case)
        assert m.it_energised.array[0] == pytest.approx(0.0, abs=1e-6)
        assert np.abs(m.work.array[0]).max() < 1e-6
        gone = m.asset["dropped_work"].dark.array[0] * arrivals[0, 0] / 26.0
        assert (gone <= m.asset["shiftable_load"].served.array[0, 0] + 1e-6).all()


class FirmPlant(components["unserved_energy"].__mro__[1]):
    """Power on the site at 500 USD/MWh."""

    kind = "firm_plant"

    def build(self, b, case):
        from dcmodel.arrays import ArrayVar, cost_term

        m = b.model()
        b.supply = ArrayVar(m.Y, m.T, lower=0, upper=100.0, doc="Power [MW]")

        @cost_term(b, m.Y, category="fuel", doc="Fuel [USD]")
        def fuel(b, y):
            return 500.0 * sum(m.duration[t] * b.supply[y, t] for t in m.T)


@pytest.fixture(autouse=True)
def _firm_plant(monkeypatch):
    monkeypatch.setitem(components._entries, "firm_plant", FirmPlant)
