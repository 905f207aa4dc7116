import math

import numpy as np
import pytest

from dcmodel.reliability.chain import survival
from dcmodel.reliability.expected import expected
from dcmodel.reliability.intervals import wilson
from dcmodel.reliability.montecarlo import play, simulate
from dcmodel.reliability.outages import Duration, GridOutages, OutageCause
from dcmodel.reliability.system import (
    BackupSystem,
    BatteryReserve,
    DeferrableLoad,
    GeneratorGroup,
)

HOURS = 336
T = np.arange(HOURS)
LOAD = 10 * (0.85 + 0.12 * np.sin(2 * np.pi * T / 24) + 0.03 * np.cos(2 * np.pi * T / HOURS))


def diesel(units, **changes):
    values = {
        "derating": 0.98, "availability": 0.98, "failure_to_start": 0.03,
        "mean_time_to_failure": 150.0, "fuel_idle": 15, "fuel_slope": 249,
    }  # fmt: skip
    return GeneratorGroup("diesel", units, 2.5, **(values | changes))


def battery(power, energy, **changes):
    stored = energy * (0.6 + 0.4 * np.sin(2 * np.pi * (T - 5) / 24))
    return BatteryReserve(power, energy, stored, 0.95, 0.95, **changes)


DESIGNS = {
    "n_plus_1": BackupSystem(LOAD, (diesel(5),)),
    "repair": BackupSystem(LOAD, (diesel(5, mean_time_to_repair=12.0),)),
    "battery": BackupSystem(LOAD, (diesel(4),), battery(5.0, 12.0, availability=0.97)),
    "fuel": BackupSystem(
        LOAD, (diesel(5, fuel_stock=4.3e4, resupply_after=16, resupply_rate=2000),),
        battery(4.0, 10.0),
    ),
    "gas_and_shedding": BackupSystem(
        0.8 * LOAD,
        (
            diesel(2, common_start_failure=0.01),
            GeneratorGroup(
                "gas", 2, 3.0, availability=0.95, failure_to_start=0.02,
                mean_time_to_failure=200, start_time=0.25,
            ),
        ),
        battery(7.0, 14.0),
        (DeferrableLoad("batch", 0.2 * LOAD, window=6.0),),
        on_site=1.5 * np.maximum(0, np.sin(2 * np.pi * (T - 6) / 24)),
        ride_through=0.1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DESIGNS)
def test_markov_and_monte_carlo_agree(name):
    """Outages of 24 h from hours drawn alike: the chain lies in the interval at each length.

    99.9 % intervals, so that five designs by five lengths fail by chance once in forty runs; the
    seed is fixed.
    """
    system, count = DESIGNS[name], 20_000
    rng = np.random.default_rng(7)
    played = play(system, rng.integers(0, HOURS, count), np.full(count, 24.0), rng)

    by_chain = survival(system, 24, levels=60).curve

    for hours in (1, 4, 8, 16, 24):
        low, high = wilson(int((played.survived >= hours).sum()), count, 0.999)
        assert low <= by_chain[hours] <= high, f"{hours} h"
    assert 0.3 < by_chain[24] < 0.99, "the design decides nothing"


def test_availability_of_one_unit_by_hand():
    """Two-hour outages, once a year: lost when the unit does not start.

    The unit never fails in running, so that hours lost are 0.1 x (2 + restart) a year.
    """
    system = BackupSystem(np.ones(24), (GeneratorGroup("g", 1, 1.0, failure_to_start=0.1),))
    outages = GridOutages((OutageCause("grid", 1.0, Duration(2.0, "fixed")),))

    by_chain = expected(system, outages, restart=1.5)
    played = simulate(system, outages, years=40_000, seed=3, restart=1.5)

    assert by_chain.hours == pytest.approx(0.1 * 3.5, rel=1e-9)
    low, high = played.interval(0.999)
    assert low < by_chain.value < high
    assert played.energy_not_served.mean() == pytest.approx(0.2, rel=0.05)
    assert played.run_hours["g"] == pytest.approx(1.8, rel=0.05)


def test_exponential_outages_and_exponential_life_by_hand():
    """An outage of rate a ends or the unit of rate b fails first, in continuous time.

    Hours lost an outage are b / (a + b) / a; counting failures by whole hours brings them forward
    by half an hour at most.
    """
    mean, life = 20.0, 100.0
    system = BackupSystem(np.ones(24), (GeneratorGroup("g", 1, 1.0, mean_time_to_failure=life),))
    outages = GridOutages((OutageCause("grid", 1.0, Duration(mean)),))
    a, b = 1 / mean, 1 / life
    exact = b / (a + b) / a

    found = expected(system, outages).hours

    assert exact < found < exact * math.exp(0.5 * (a + b)) * 1.03


def test_outages_of_several_causes_add_up():
    system = BackupSystem(np.ones(24), (GeneratorGroup("g", 1, 1.0, failure_to_start=0.1),))
    often = OutageCause("often", 0.5, Duration(1.0, "fixed"))
    seldom = OutageCause(
        "freeze", 0.1, Duration(10.0, "fixed"), start_failure_factor=3.0,
        weight=(np.arange(24) < 2).astype(float),
    )  # fmt: skip

    result = expected(system, GridOutages((often, seldom)), restart=1.0)
    played = simulate(system, GridOutages((often, seldom)), years=20_000, restart=1.0)

    assert result.hours_lost == pytest.approx({"often": 0.5 * 0.1 * 2, "freeze": 0.1 * 0.3 * 11})
    low, high = played.interval(0.999)
    assert low < result.value < high


def test_without_a_loss_the_interval_still_has_a_lower_end():
    """Nothing lost in 1,000 years: Garwood's bound on the number, times the longest outage."""
    system = BackupSystem(np.ones(24), (GeneratorGroup("g", 1, 1.0),))
    outages = GridOutages((OutageCause("grid", 1.0, Duration(2.0, "fixed")),))

    played = simulate(system, outages, years=1000, seed=0)
    low, high = played.interval()

    assert played.outages_lost == 0
    assert high == 1.0
    bound = -np.log(0.025) * 2.0 / 1000
    assert low == pytest.approx(1 - bound / 8760, rel=1e-12)


def test_the_same_seed_gives_the_same_years():
    system = DESIGNS["battery"]
    outages = GridOutages((OutageCause("grid", 0.5, Duration(6.0)),))

    first, again = (simulate(system, outages, years=500, seed=9) for _ in range(2))

    np.testing.assert_array_equal(first.hours_lost, again.hours_lost)


def test_the_grid_may_come_back_within_an_hour():
    """A battery of one hour and a half at full load carries outages up to that and no longer."""
    system = BackupSystem(np.ones(24), battery=BatteryReserve(1.0, 1.5, 1.5))
    rng = np.random.default_rng(0)

    played = play(system, np.zeros(3, dtype=int), np.array([1.2, 1.5, 1.6]), rng)

    np.testing.assert_array_equal(played.lost, [False, False, True])
    assert played.survived[2] == 1.0
    assert played.not_served[2] == pytest.approx(0.1)
