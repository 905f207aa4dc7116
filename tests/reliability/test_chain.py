import math

import numpy as np
import pytest
from scipy.stats import binom

from dcmodel.reliability.chain import survival
from dcmodel.reliability.replay import replay
from dcmodel.reliability.system import (
    BackupSystem,
    BatteryReserve,
    DeferrableLoad,
    GeneratorGroup,
)

HOURS = 48
"""A short year: an outage wraps its end all the sooner."""


def flat(power, hours=HOURS):
    return np.full(hours, float(power))


@pytest.mark.parametrize(("needed", "units"), [(1, 1), (3, 4), (4, 4), (10, 12), (7, 14)])
def test_k_of_n_with_failure_to_start_and_exponential_life(needed, units):
    """S(h) = P(at least k of n), each available, started and alive with one probability."""
    group = GeneratorGroup(
        "diesel", units, 2.0, availability=0.995, failure_to_start=0.0094,
        mean_time_to_failure=1100,
    )  # fmt: skip
    system = BackupSystem(flat(2.0 * needed), (group,))

    found = survival(system, 96).curve

    hours = np.arange(1, 97)
    alive = 0.995 * (1 - 0.0094) * np.exp(-hours / 1100)
    np.testing.assert_allclose(found[1:], binom.sf(needed - 1, units, alive), rtol=1e-7)
    assert found[0] == 1


def test_a_common_cause_of_start_failure_bounds_survival():
    group = GeneratorGroup("diesel", 5, 1.0, common_start_failure=0.02)
    system = BackupSystem(flat(1.0), (group,))

    np.testing.assert_allclose(survival(system, 8).curve[1:], 0.98, rtol=1e-12)


def test_two_groups_carry_the_load_together():
    """A load of 3 needs the one turbine of 2 and at least one of two engines of 1."""
    turbine = GeneratorGroup("turbine", 1, 2.0, failure_to_start=0.05, mean_time_to_failure=200)
    engines = GeneratorGroup("engine", 2, 1.0, failure_to_start=0.02, mean_time_to_failure=500)
    system = BackupSystem(flat(3.0), (engines, turbine))

    found = survival(system, 12).curve

    one = 0.95 * math.exp(-12 / 200)
    other = 0.98 * math.exp(-12 / 500)
    assert found[12] == pytest.approx(one * (1 - (1 - other) ** 2), rel=1e-9)


@pytest.mark.parametrize("levels", [2, 12, 50])
def test_a_battery_alone_lasts_its_energy_over_the_load(levels):
    """10 MWh at 0.9 discharging give 9 MWh: three hours at 2.9 MW, not four."""
    battery = BatteryReserve(5.0, 10.0, 10.0, discharge_efficiency=0.9)
    system = BackupSystem(flat(2.9), battery=battery)

    found = survival(system, 5, levels=levels).curve

    np.testing.assert_allclose(found, [1, 1, 1, 1, 0, 0], atol=1e-12)


def test_a_battery_that_may_not_work_is_lost_with_its_probability():
    battery = BatteryReserve(5.0, 10.0, 10.0, availability=0.97)
    system = BackupSystem(flat(2.0), battery=battery)

    np.testing.assert_allclose(survival(system, 6).curve, [1, 0.97, 0.97, 0.97, 0.97, 0.97, 0])


def test_one_engine_and_a_battery_against_the_integral_by_hand():
    """The engine carries all; the battery carries three hours after it has failed.

    Lost by hour h exactly when the engine fails in hour h - 3 or before (counted by the hour):
    S(h) = (1 - q) exp(-max(0, h - 3) / M), with q lost at the start and found out after 3 hours.
    """
    group = GeneratorGroup("g", 1, 2.0, failure_to_start=0.1, mean_time_to_failure=50)
    battery = BatteryReserve(2.0, 6.0, 6.0)
    system = BackupSystem(flat(2.0), (group,), battery)

    found = survival(system, 20).curve

    expected = [1.0] * 4 + [0.9 * math.exp(-(h - 3) / 50) for h in range(4, 21)]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_spare_power_recharges_the_battery():
    """Load alternates 3 and 1 MW; one unit of 2 MW fills at night what the day takes."""
    load = np.where(np.arange(HOURS) % 2 == 0, 3.0, 1.0)
    group = GeneratorGroup("g", 1, 2.0)
    battery = BatteryReserve(1.0, 1.0, 1.0)
    with_charging = BackupSystem(load, (group,), battery)
    without = BackupSystem(load, (group,), battery, recharge=False)

    np.testing.assert_allclose(survival(with_charging, 24).curve, 1.0)
    np.testing.assert_allclose(survival(without, 5).curve, [1.0, 1.0, 1.0, 0.5, 0.0, 0.0])


def test_fuel_ends_the_run():
    """1,000 L at 20 L/h idle and 100 L/MWh at 1.5 MW: 170 L/h, five hours and no sixth."""
    group = GeneratorGroup(
        "g", 1, 2.0, failure_to_start=0.25, fuel_stock=1000, fuel_idle=10, fuel_slope=100
    )
    system = BackupSystem(flat(1.5), (group,))

    np.testing.assert_allclose(survival(system, 8).curve, [1] + [0.75] * 5 + [0] * 3)


def test_fuel_then_battery():
    """The battery carries what is left when the fuel is gone: 5.88 h of fuel, then 3 MWh."""
    group = GeneratorGroup("g", 1, 2.0, fuel_stock=1000, fuel_idle=10, fuel_slope=100)
    system = BackupSystem(flat(1.5), (group,), BatteryReserve(2.0, 3.0, 3.0))

    by_chain = survival(system, 12).curve

    np.testing.assert_allclose(by_chain, [1] * 8 + [0] * 5)
    np.testing.assert_allclose(by_chain, replay(system, 12).curve)


def test_resupply_keeps_a_unit_running():
    group = GeneratorGroup(
        "g", 1, 2.0, fuel_stock=1000, fuel_slope=100, resupply_after=8, resupply_rate=100
    )
    system = BackupSystem(flat(1.0), (group,))

    np.testing.assert_allclose(survival(system, 40).curve, 1.0)


def test_repair_lengthens_survival_and_the_limits_hold():
    """Between nobody repairing and repair at once; two of three must run."""
    curves = []
    for repair in (math.inf, 10.0, 1e-3):
        group = GeneratorGroup("g", 3, 1.0, mean_time_to_failure=100, mean_time_to_repair=repair)
        curves.append(survival(BackupSystem(flat(2.0), (group,)), 48).curve)
    a = math.exp(-1 / 100)
    every_hour = a**3 + 3 * a**2 * (1 - a)

    assert curves[0][48] < curves[1][48] < curves[2][48]
    assert curves[2][48] == pytest.approx(every_hour**48, rel=1e-9)


def test_a_late_start_is_bridged_by_the_battery_or_lost():
    """A turbine that takes half an hour needs half the hourly load from the battery."""
    group = GeneratorGroup("turbine", 1, 2.0, start_time=0.5)
    load = flat(2.0)

    def curve(battery, ride_through=0.0):
        system = BackupSystem(load, (group,), battery, ride_through=ride_through)
        return survival(system, 4).curve[4]

    assert curve(None) == 0
    assert curve(BatteryReserve(2.0, 1.0, 1.0)) == 1
    assert curve(BatteryReserve(2.0, 0.98, 0.98)) == 0
    assert curve(BatteryReserve(1.9, 4.0, 4.0)) == 0
    assert curve(BatteryReserve(2.0, 0.5, 0.5), ride_through=0.25) == 1
    assert curve(None, ride_through=0.5) == 1


def test_deferrable_load_is_shed_until_its_window_has_passed():
    """3 MW of 5 may wait four hours; the unit of 2 MW then meets all five and fails."""
    group = GeneratorGroup("g", 1, 2.0)
    batch = DeferrableLoad("batch", flat(3.0), window=4)
    system = BackupSystem(flat(2.0), (group,), deferrable=(batch,))

    np.testing.assert_allclose(survival(system, 6).curve, [1, 1, 1, 1, 1, 0, 0])


def test_few_levels_come_near_many():
    """A battery that carries one or two units for some hours; load and charge by the hour."""
    t = np.arange(168)
    load = 20 * (0.85 + 0.15 * np.sin(2 * np.pi * t / 24))
    group = GeneratorGroup(
        "g", 9, 2.5, 0.98, availability=0.95, failure_to_start=0.05, mean_time_to_failure=200,
        mean_time_to_repair=24,
    )  # fmt: skip
    stored = 20 * (0.5 + 0.5 * np.sin(2 * np.pi * (t - 6) / 24))
    system = BackupSystem(load, (group,), BatteryReserve(8.0, 20.0, stored, 0.95, 0.95))

    starts = np.arange(0, 168, 4)
    few, more, many = (
        survival(system, 48, levels=levels, starts=starts).curve for levels in (8, 48, 200)
    )

    np.testing.assert_allclose(few, many, atol=1.5e-2)
    np.testing.assert_allclose(more, many, atol=2e-3)
    assert 0.2 < many[48] < 0.9
