"""Requirements of large-load policies by hand: controllable load, dispatchable power on site."""

import numpy as np
import pytest
from support.cases import StubSite, make_case, optimum

from dcmodel.finance.annuity import capital_recovery_factor
from dcmodel.optimise.explain import explain
from dcmodel.requirements.base import requirements

FREE_BATTERY = {
    "capex_power": 0.0,
    "capex_energy": 0.0,
    "variable_operation": 0.0,
    "state_of_charge_min": 0.0,
    "roundtrip_efficiency": 0.81,
    "lifetime": 10.0,
    "fixed_operation_share_of_capex": 0.0,
}
PRICE = [[20.0, 90.0, 30.0]]

HOURS = np.arange("2025-01-01", "2025-01-02", dtype="datetime64[h]").astype("datetime64[ns]")


def near(value):
    return pytest.approx(value, rel=1e-6, abs=1e-4)


class TestControllableLoad:
    @pytest.mark.parametrize("calls", [{"hours": 1}, {"price_above_usd_per_mwh": 60.0}])
    def test_import_falls_when_called(self, calls):
        case = make_case(
            price=PRICE, load=10.0, kinds=("unserved_energy",),
            settings={"unserved_energy": {"parameters": {"value_of_lost_load": 1.0}}},
            asked={
                "controllable_load": {"low_power_mw": 4.0, **calls}, "unserved_energy": 100.0
            },
        )  # fmt: skip
        m, _, solution = optimum(case)
        assert m.grid_import.array[0] == near([10.0, 4.0, 10.0])
        assert near(solution.objective) == 10 * 50 + 4 * 90 + 6 * 1000

    def test_what_would_do_is_told(self):
        load = np.full(24, 10.0)
        price = np.arange(24.0)[None]
        case = make_case(
            price=price, load=[load], asked={"controllable_load": {"low_power_mw": 4.0, "hours": 2}}
        )  # fmt: skip
        hours = np.arange("2025-01-01", "2025-01-02", dtype="datetime64[h]").astype(
            "datetime64[ns]"
        )
        found = {fault.where: fault.message for fault in explain(case, hours).faults}
        assert found["requirements.controllable_load"] == (
            "Import when called needs 10 MW in 2025 (now 4); this alone does: low_power_mw: 10"
        )

    def test_a_load_that_is_never_called_is_refused(self):
        asked = requirements["controllable_load"].model_validate({"low_power_mw": 4.0})
        [fault] = asked.check(make_case(price=PRICE))
        assert "never called" in fault


class TestOnsiteMatch:
    def case(self, share):
        return make_case(
            price=np.zeros((1, 3)),
            load=10.0,
            kinds=("grid_connection", "battery"),
            settings={
                "grid_connection": {"parameters": {"fixed_operation_share_of_capex": 0.0}},
                "battery": {"parameters": {**FREE_BATTERY, "capex_power": 0.1}},
            },
            site=StubSite(connection_cost=1000.0),
            discount_rate=0.08,
            asked={"onsite_match": {"share": share, "derating": {"battery": 0.5}}},
        )

    def test_derated_power_matches_the_connection(self):
        """10 MW connected, matched to 80 % by 16 MW at a half."""
        case = self.case(0.8)
        m, _, solution = optimum(case)
        assert m.asset["grid_connection"].contracted.array == near([10.0])
        assert m.asset["battery"].power.array == near([16.0])
        life = case.components[0].technology(case).value("lifetime")
        by_hand = 10 * 1000 * capital_recovery_factor(0.08, life)
        by_hand += 16 * 100 * capital_recovery_factor(0.08, 10.0)
        assert near(solution.objective) == by_hand

    def test_a_component_that_the_study_lacks_is_named(self):
        asked = requirements["onsite_match"].model_validate(
            {"share": 0.5, "derating": {"gas_engine": 0.9}}
        )
        faults = asked.check(make_case(price=PRICE))
        assert len(faults) == 2
        assert "needs 'gas_engine' among the components" in faults[0]

    @pytest.mark.parametrize(
        ("kind", "settings", "hours"),
        [
            ("diesel", {}, 0),  # an emergency permit is not for the system
            ("diesel", {"permit": "non_emergency", "permit_h": 500}, 500),
            ("solar_onsite", {}, 0),  # nobody can call the sun
            ("gas_engine", {}, None),
            ("diesel", {"permit": "non_emergency", "permit_h": 8760}, None),
        ],
    )
    def test_power_that_may_not_run_when_called_does_not_count(self, kind, settings, hours):
        case = make_case(price=PRICE, kinds=("grid_connection", kind), settings={kind: settings})
        asked = {"share": 0.5, "derating": {kind: 0.9}}
        faults = requirements["onsite_match"].model_validate(asked).check(case)
        if hours is None:
            assert faults == []
            return
        [fault] = faults
        assert f"'{kind}', which may run for {hours} h a year" in fault
        enough = requirements["onsite_match"].model_validate({**asked, "hours_at_least": hours})
        assert enough.check(case) == []
