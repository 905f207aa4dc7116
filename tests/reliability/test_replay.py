import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.reliability.chain import survival
from dcmodel.reliability.replay import replay, require_survival
from dcmodel.reliability.system import (
    BackupSystem,
    BatteryReserve,
    DeferrableLoad,
    GeneratorGroup,
    check,
    check_power,
)


def flat(power, hours=48):
    return np.full(hours, float(power))


def brute_force(system, start, outage):
    """Replay one outage hour by hour in plain Python: one group, whole-hour steps."""
    [group] = system.generators
    battery = system.battery
    fuel = group.fuel_stock
    stored = float(np.broadcast_to(battery.stored, (system.hours,))[start])
    derating = np.broadcast_to(group.derating, (system.hours,))
    for k in range(outage):
        t = (start + k) % system.hours
        load = system.critical_load[t] - (0 if system.on_site is None else system.on_site[t])
        load += sum(part.power[t] for part in system.deferrable if k >= part.window)
        most = group.units * group.rating * derating[t]
        idle = group.fuel_idle * group.rating * group.units
        if load > 0:
            most = max(0.0, min(most, (fuel - idle) / group.fuel_slope))
        if load > most:
            give = (load - most) / battery.discharge_efficiency
            if load - most > battery.power + 1e-9 or give > stored + 1e-9:
                return k
            stored = max(0.0, stored - give)
            made = most
        else:
            room = (battery.energy - stored) / battery.charge_efficiency
            charge = min(most - load, battery.power, room)
            stored += battery.charge_efficiency * charge
            made = max(0.0, load + charge)
        if made > 0:
            fuel = max(0.0, fuel - idle - group.fuel_slope * made)
    return outage


def site(seed, hours=600):
    """A site with hourly load, sun, heat derating and charge, all of them tight."""
    rng = np.random.default_rng(seed)
    t = np.arange(hours)
    load = 20 * (0.8 + 0.15 * np.sin(2 * np.pi * t / 24) + 0.05 * rng.random(hours))
    sun = 4 * np.maximum(0, np.sin(2 * np.pi * (t - 6) / 24)) * rng.random(hours)
    group = GeneratorGroup(
        "diesel", 7, 2.5, derating=0.95 - 0.05 * rng.random(hours),
        fuel_stock=1.1e5, fuel_idle=15, fuel_slope=249,
    )  # fmt: skip
    battery = BatteryReserve(6.0, 24.0, 24 * rng.random(hours), 0.95, 0.94)
    batch = DeferrableLoad("batch", 2.5 * rng.random(hours), window=5)
    return BackupSystem(load, (group,), battery, (batch,), on_site=sun)


@pytest.mark.parametrize("seed", range(4))
def test_every_start_equals_a_replay_in_plain_python(seed):
    system = site(seed)

    found = replay(system, 48).survived

    expected = [brute_force(system, start, 48) for start in range(system.hours)]
    assert len(set(expected)) > 10, "the case decides nothing"
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("seed", range(2))
def test_the_chain_without_chance_is_the_replay(seed):
    system = site(seed)

    np.testing.assert_allclose(survival(system, 48).curve, replay(system, 48).curve, atol=1e-12)


def test_an_outage_goes_on_in_the_first_hours_of_the_year():
    """The load is heavy in the first two hours alone: starts in the last hours meet it."""
    load = flat(1.0)
    load[:2] = 3.0
    system = BackupSystem(load, (GeneratorGroup("g", 1, 2.0),))

    survived = replay(system, 4).survived

    np.testing.assert_array_equal(survived[-4:], [4, 3, 2, 1])
    np.testing.assert_array_equal(survived[:3], [0, 0, 4])
    assert survival(system, 4).by_start[-1].tolist() == [1, 1, 0, 0, 0]


def test_a_unit_under_maintenance_is_missing_in_the_whole_outage():
    system = BackupSystem(flat(4.0), (GeneratorGroup("g", 3, 2.0),))

    assert replay(system, 24).curve[24] == 1
    assert replay(system, 24, {"g": 1}).curve[24] == 1
    assert replay(system, 24, {"g": 2}).curve[1] == 0


def test_fuel_and_running_hours_are_counted():
    """Idle 10 L/h and MW of a 2 MW unit, 100 L/MWh at 1.5 MW: 170 L in each of four hours."""
    group = GeneratorGroup("g", 1, 2.0, fuel_stock=1e4, fuel_idle=10, fuel_slope=100)

    result = replay(BackupSystem(flat(1.5), (group,)), 4)

    np.testing.assert_allclose(result.fuel_used["g"], 680)
    np.testing.assert_allclose(result.run_hours["g"], 4)


def test_fewer_units_run_where_the_load_is_too_low_for_all():
    """At 1 MW and at least 30 % of 2.5 MW each, one of three runs: 15 x 2.5 + 249 x 1 L/h."""
    group = GeneratorGroup(
        "g", 3, 2.5, minimum_load=0.3, fuel_stock=1e6, fuel_idle=15, fuel_slope=249
    )

    light = replay(BackupSystem(flat(1.0), (group,)), 1).fuel_used["g"][0]
    lighter = replay(BackupSystem(flat(0.2), (group,)), 1).fuel_used["g"][0]

    assert light == pytest.approx(15 * 2.5 + 249)
    assert lighter == pytest.approx(15 * 2.5 + 249 * 0.75)


def test_energy_not_served_is_the_shortage_of_the_whole_outage():
    system = BackupSystem(flat(5.0), (GeneratorGroup("g", 2, 2.0),), BatteryReserve(1.0, 2.0, 2.0))

    result = replay(system, 6)

    np.testing.assert_allclose(result.survived, 2)
    np.testing.assert_allclose(result.shortage, 4)


def test_fuel_that_cannot_last_is_told_with_both_amounts():
    group = GeneratorGroup("diesel", 1, 2.0, fuel_stock=1000, fuel_idle=10, fuel_slope=100)
    system = BackupSystem(flat(1.5), (group,))

    require_survival(system, 5)
    with pytest.raises(StudyError, match=r"1,000 L and the outage takes 1,360 L") as caught:
        require_survival(system, 8)
    assert "after 5 h" in str(caught.value)
    assert "48 of 48 start hours" in str(caught.value)


def test_power_that_is_missing_is_told_apart_from_fuel():
    group = GeneratorGroup("diesel", 1, 2.0, fuel_stock=1000, fuel_slope=100)

    with pytest.raises(StudyError, match="power is missing, 12 MWh"):
        require_survival(BackupSystem(flat(3.5), (group,)), 8)


def test_a_critical_load_above_all_backup_is_refused_with_the_amounts():
    load = flat(4.0)
    load[7] = 9.0
    system = BackupSystem(load, (GeneratorGroup("diesel", 3, 2.0),), BatteryReserve(1.0, 4.0, 4.0))

    with pytest.raises(StudyError) as caught:
        check_power(system)

    text = str(caught.value)
    assert "9.0 MW in hour 7" in text
    assert "diesel 6.0 MW (3 x 2 MW" in text
    assert "battery 1.0 MW" in text
    assert "2.0 MW are missing" in text


def test_faults_of_a_system_are_told_together():
    group = GeneratorGroup(
        "diesel", 3, 2.0, failure_to_start=1.2, test_hours=120, permit_hours=100,
        derating=np.ones(5),
    )  # fmt: skip
    battery = BatteryReserve(1.0, 4.0, 6.0, charge_efficiency=0.0)

    with pytest.raises(StudyError) as caught:
        check(BackupSystem(flat(1.0), (group,), battery))

    text = str(caught.value)
    assert "diesel.failure_to_start  found 1.2" in text
    assert "tests run each unit 120 h a year and the permit allows 100 h" in text
    assert "diesel.derating  has 5 hours; the load has 48" in text
    assert "battery.charge_efficiency" in text
    assert "battery.stored  runs from 6 to 6 MWh; allowed is 0 to 4 MWh" in text
    assert len(caught.value.faults) == 5


def test_a_sound_system_passes():
    check(site(0))
    check_power(BackupSystem(flat(4.0), (GeneratorGroup("diesel", 2, 2.0),)))
