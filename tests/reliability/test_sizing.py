from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from dcmodel.base.errors import StudyError
from dcmodel.reliability.outages import Duration, GridOutages, OutageCause
from dcmodel.reliability.sizing import Addition, size_to_availability
from dcmodel.reliability.system import BackupSystem, BatteryReserve, GeneratorGroup

OUTAGES = GridOutages((OutageCause("grid", 1.0, Duration(4.0, "fixed")),))


def unit(cost=100.0):
    return Addition("unit", cost, lambda s: s.with_units("g", s.group("g").units + 1))


def site(units, **changes):
    group = GeneratorGroup("g", units, 1.0, failure_to_start=0.05, **changes)
    return BackupSystem(np.full(24, 3.0), (group,))


@pytest.mark.parametrize("target", [0.9999, 0.99999, 0.9999999])
def test_the_least_number_of_units_by_the_binomial(target):
    """Hours lost are 4 x P(fewer than three of n start); n by direct trial."""
    enough = next(n for n in range(3, 20) if 4 * binom.cdf(2, n, 0.95) / 8760 <= 1 - target)

    found = size_to_availability(site(3), OUTAGES, target, [unit()])

    assert found.system.group("g").units == enough
    assert found.added == ({"unit": enough - 3} if enough > 3 else {})
    assert found.cost == 100.0 * (enough - 3)
    assert found.expectation.value >= target
    assert found.expectation.hours == pytest.approx(4 * binom.cdf(2, enough, 0.95), rel=1e-6)


def test_nothing_is_added_to_what_holds():
    assert size_to_availability(site(6), OUTAGES, 0.999, [unit()]).added == {}


def test_the_cheaper_of_two_ways_is_taken():
    """Four hours of load in a battery do what any number of units does; the price decides."""

    def more(system):
        old = system.battery or BatteryReserve(0.0, 0.0, 0.0)
        new = BatteryReserve(old.power + 3.0, old.energy + 12.0, old.energy + 12.0)
        return replace(system, battery=new)

    for battery_cost, chosen in ((150.0, {"battery": 1}), (1000.0, {"unit": 3})):
        ways = [unit(), Addition("battery", battery_cost, more)]
        assert size_to_availability(site(3), OUTAGES, 0.9999999, ways).added == chosen


def test_one_alone_may_not_help_where_two_do():
    """Each unit added is half of what is missing: the search looks at pairs."""
    small = GeneratorGroup("g", 0, 1.5)
    system = BackupSystem(np.full(24, 3.0), (small,))

    assert size_to_availability(system, OUTAGES, 0.9999, [unit()]).added == {"unit": 2}


def test_a_fuel_limit_is_met_with_fuel_and_not_with_units():
    group = {"fuel_stock": 900.0, "fuel_slope": 100.0}
    fuel = Addition(
        "fuel", 1.0,
        lambda s: s.with_group(replace(s.group("g"), fuel_stock=s.group("g").fuel_stock + 300)),
    )  # fmt: skip

    found = size_to_availability(site(9, **group), OUTAGES, 0.9999999, [unit(), fuel])

    assert found.added == {"fuel": 1}


def test_a_common_cause_that_no_unit_helps_is_told():
    system = site(4, common_start_failure=0.01)

    told = r"99\.999900% is not reached: 99\.999\d+% with 32 more .*unit"
    with pytest.raises(StudyError, match=told):
        size_to_availability(system, OUTAGES, 0.999999, [unit()])


def test_an_availability_that_cannot_be_is_refused():
    with pytest.raises(StudyError, match="above 0 and below 1"):
        size_to_availability(site(3), OUTAGES, 99.995, [unit()])
