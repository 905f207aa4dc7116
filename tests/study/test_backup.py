"""The backup of a case, from a coarse result: sizes, charge and load as they stand in it."""

import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.reliability.replay import replay
from dcmodel.study.available import run_case
from dcmodel.study.backup import backup_of
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study

CHANGES = {
    "resolution": {"segments": 60},
    "years": [2027],
    "it_capacity_mw": {2027: 60},
    "sites": ["dallas"],
    "components": {
        "grid_connection": {},
        "battery": {"reserve_mwh": 20.0},
        "diesel": {},
        "gas_engine": {"capacity_max_mw": 9.0},
        "shiftable_load": {},
        "unserved_energy": {},
    },
}


@pytest.fixture(scope="module")
def case():
    [found] = cases(load_study("quickstart").with_changes(CHANGES))
    return found


@pytest.fixture(scope="module")
def result(case):
    return run_case(case)


@pytest.fixture(scope="module")
def backup(case, result):
    return backup_of(case, result)


def size(result, name):
    return float(result["capacity"].sel(size=name).squeeze())


def test_units_are_those_of_the_result(backup, result):
    diesel = backup.system.group("diesel")

    assert diesel.units * 2.5 == pytest.approx(size(result, "diesel.capacity_mw"))
    assert diesel.units >= 20
    assert backup.system.generators[0].name == "gas_engine", "fuel on site is spared"


def test_reliability_figures_are_those_of_the_library(backup):
    """NREL: 0.0094 fail to start, 1,100 h to failure, 0.995 available; 2 % of the first shared."""
    diesel = backup.system.group("diesel")

    assert diesel.failure_to_start + diesel.common_start_failure == pytest.approx(0.0094)
    assert diesel.common_start_failure == pytest.approx(0.02 * 0.0094)
    assert (diesel.mean_time_to_failure, diesel.availability) == (1100, 0.995)
    assert diesel.start_time == pytest.approx(10 / 3600)
    assert backup.system.ride_through == pytest.approx(5 / 60)


def test_fuel_is_the_autonomy_at_full_load(backup):
    """48 h x 2.5 MW x (15 + 249) L/MWh for each set."""
    diesel = backup.system.group("diesel")

    assert diesel.fuel_stock == pytest.approx(48 * 2.5 * 264 * diesel.units)
    assert diesel.fuel_unit == "L"


def test_the_battery_keeps_its_reserve(backup, result):
    """0.8 of the rated energy can be used; the reserve is there as every hour begins."""
    battery = backup.system.battery

    assert battery.power == pytest.approx(size(result, "battery.power"))
    assert battery.energy == pytest.approx(0.8 * size(result, "battery.energy"))
    assert battery.stored.shape == (8760,)
    assert battery.stored.min() >= 20.0 - 1e-3


def test_load_is_that_of_the_result_less_what_may_wait(backup, result):
    """Batch is 30 % of the work; with it the load is the facility's power in every hour."""
    system = backup.system
    [batch] = system.deferrable
    hours = np.repeat(
        result["facility_power"].squeeze().to_numpy(), result["duration"].to_numpy().astype(int)
    )

    assert (batch.name, batch.window) == ("batch", 24)
    np.testing.assert_allclose(system.critical_load + batch.power, hours, rtol=1e-6)
    assert 0.1 < batch.power.sum() / hours.sum() < 0.3
    assert hours.max() < 100, "sixty MW of servers"


def test_outages_are_those_of_the_market(backup):
    usual, storm = backup.outages.causes

    assert (usual.rate, usual.duration.mean) == (0.2, 2)
    assert (storm.name, storm.rate, storm.duration.mean) == ("winter_storm", 0.03, 24)
    assert np.count_nonzero(storm.weight) == round(0.02 * 8760)
    assert storm.groups_lost == ("gas_engine",)
    assert not storm.resupply


def test_additions_cost_what_the_annuity_says(backup):
    """A set of 2.5 MW: 1,000 USD/kW over 25 years at 8 % is 93.7 USD/kW a year, and 20 to 25 more.

    Maintenance is 20 USD/kW in money of 2024; tests burn 9 h x (0.015 + 0.3 x 0.249) L/kW at about
    0.85 USD/L.
    """
    by_name = {addition.name: addition for addition in backup.additions}
    unit = by_name["diesel unit of 2.5 MW"]
    annuity = 1000 * 0.08 / (1 - 1.08**-25)

    assert unit.cost / 2500 == pytest.approx(annuity + 20.5 + 9 * 0.0897 * 0.845, rel=0.01)
    more = unit.apply(backup.system).group("diesel")
    assert more.units == backup.system.group("diesel").units + 1
    assert more.fuel_stock / more.units == pytest.approx(48 * 2.5 * 264)
    assert {"diesel fuel for 12 h", "gas_engine unit of 4.5 MW"} < set(by_name)


def test_more_battery_is_kept_for_outages(backup):
    [longer] = [a for a in backup.additions if a.name.startswith("battery energy")]
    old, new = backup.system.battery, longer.apply(backup.system).battery

    given = (new.stored - old.stored) * new.discharge_efficiency
    np.testing.assert_allclose(given, float(longer.name.split()[-2]), rtol=1e-9)
    assert new.power == old.power


def test_a_site_of_n_plus_one_sets_survives_a_day(backup):
    assert replay(backup.system, 24).curve[24] == 1.0


def test_a_year_that_the_case_has_not_is_refused(case, result):
    with pytest.raises(StudyError, match="found 2030; the case has 2027"):
        backup_of(case, result, 2030)
