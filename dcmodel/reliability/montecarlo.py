"""Monte Carlo of outages over many years: availability, energy not served and hours lost.

An outage is played through as it would happen: units are under maintenance, start or do not, fail
and are repaired, the battery works or does not, fuel burns and is delivered, and the grid comes
back in the middle of an hour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.reliability.dispatch import Step, need_of, serve, steps_of
from dcmodel.reliability.intervals import availability_of, compound_poisson, wilson
from dcmodel.reliability.outages import GridOutages, OutageCause
from dcmodel.reliability.system import BackupSystem, GeneratorGroup

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Outages:
    """Outages played through, arrays of shape (outages,)."""

    start: IntArray
    """Hour of the year in which it begins."""
    length: FloatArray
    """How long the grid is away [h]."""
    survived: FloatArray
    """Time until load is first lost, the whole length where it never is [h]."""
    not_served: FloatArray
    """Energy that nothing carried over the whole outage [MWh]."""
    run_hours: FloatArray
    """Hours in which a group gives power, by group [h], shape (groups, outages)."""
    fuel_used: FloatArray
    """Fuel burnt, by group, shape (groups, outages)."""

    @property
    def lost(self) -> npt.NDArray[np.bool_]:
        """Whether load was lost."""
        return self.survived < self.length


@dataclass(frozen=True)
class Availability:
    """What many years came to."""

    years: int
    outages: int
    """Outages in all years."""
    outages_lost: int
    """Outages in which load was lost."""
    hours_lost: FloatArray
    """Hours in which the site is down, by year, restart included [h], shape (years,)."""
    energy_not_served: FloatArray
    """Energy that nothing carried, by year [MWh], shape (years,)."""
    run_hours: dict[str, float]
    """Hours a year in which a group gives power [h]."""
    fuel_used: dict[str, float]
    """Fuel burnt a year, by group."""
    losses: FloatArray
    """Hours that each outage costs in which load is lost, restart included, shape (losses,)."""
    longest: float
    """Hours that the longest outage would cost if load were lost at its beginning [h]."""

    @property
    def value(self) -> float:
        """Share of the time in which the site has power [1]."""
        return availability_of(float(self.hours_lost.mean()))

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the interval of the availability: of how often load is lost, and for how long."""
        low, high = compound_poisson(self.losses, self.longest, confidence)
        return availability_of(high / self.years), availability_of(low / self.years)

    def survival(self, confidence: float = 0.95) -> tuple[float, float, float]:
        """Return the share of outages survived, with its interval."""
        kept = self.outages - self.outages_lost
        low, high = wilson(kept, self.outages, confidence)
        return kept / max(self.outages, 1), low, high


def simulate(
    system: BackupSystem,
    outages: GridOutages,
    *,
    years: int = 100_000,
    seed: int = 0,
    restart: float = 0.0,
) -> Availability:
    """Play many years of grid outages.

    Parameters
    ----------
    system : BackupSystem
    outages : GridOutages
    years : int
        Years to play.
    seed : int
        Seed of the random numbers.
    restart : float
        Hours from the return of power until a site that was lost serves again [h].

    Returns
    -------
    Availability
    """
    rng = np.random.default_rng(seed)
    hours_lost, not_served = np.zeros(years), np.zeros(years)
    count = lost = 0
    losses: list[FloatArray] = []
    longest = 0.0
    fuel, run_hours = np.zeros(len(system.generators)), np.zeros(len(system.generators))
    for cause in outages.causes:
        number = rng.poisson(cause.rate * years)
        year = rng.integers(0, years, number)
        for part, played in _branches(system, cause, number, rng):
            away = np.where(played.lost, played.length - played.survived + restart, 0.0)
            hours_lost += np.bincount(year[part], away, years)
            not_served += np.bincount(year[part], played.not_served, years)
            lost += int(played.lost.sum())
            losses.append(away[played.lost])
            run_hours += played.run_hours.sum(axis=1)
            fuel += played.fuel_used.sum(axis=1)
            longest = max(longest, float(played.length.max(initial=0.0)))
        count += number
    names = [group.name for group in system.generators]
    return Availability(
        years=years,
        outages=count,
        outages_lost=lost,
        hours_lost=hours_lost,
        energy_not_served=not_served,
        run_hours=dict(zip(names, (float(h) / years for h in run_hours), strict=True)),
        fuel_used=dict(zip(names, (float(used) / years for used in fuel), strict=True)),
        losses=np.concatenate([np.zeros(0), *losses]),
        longest=longest + restart,
    )


def _branches(
    system: BackupSystem, cause: OutageCause, number: int, rng: np.random.Generator
) -> list[tuple[IntArray, Outages]]:
    """Play the outages of one cause, each with the backup that the cause leaves."""
    branches = cause.systems(system)
    which = rng.choice(len(branches), number, p=[p for p, _ in branches])
    start = rng.choice(system.hours, number, p=cause.share(system.hours))
    length = cause.duration.draw(rng, number)
    result = []
    for position, (_, branch) in enumerate(branches):
        part = np.flatnonzero(which == position)
        result.append((part, play(branch, start[part], length[part], rng)))
    return result


def play(
    system: BackupSystem, start: IntArray, length: FloatArray, rng: np.random.Generator
) -> Outages:
    """Play outages that begin in given hours and last given times.

    Parameters
    ----------
    system : BackupSystem
    start : array of int, shape (outages,)
        Hour of the year in which each begins.
    length : array of shape (outages,)
        How long each lasts [h].
    rng : numpy Generator

    Returns
    -------
    Outages
    """
    count, groups = len(start), system.generators
    units = [_started(group, count, rng) for group in groups]
    fuel = [np.full(count, group.fuel_stock) for group in groups]
    battery = system.battery
    energy = np.zeros(count)
    works = np.zeros(count, dtype=bool)
    if battery is not None:
        energy = np.broadcast_to(battery.stored, (system.hours,))[start].astype(float)
        works = rng.random(count) < battery.availability
    survived, not_served = length.copy(), np.zeros(count)
    used, ran = np.zeros((len(groups), count)), np.zeros((len(groups), count))
    alive = np.ones(count, dtype=bool)
    for step in steps_of(system, int(np.ceil(length.max(initial=0.0)))):
        on = np.flatnonzero(length > step.begin)
        part = Step(step.begin, np.minimum(step.end, length[on]))
        for g, group in enumerate(groups):
            lives = np.exp(-part.length / group.mean_time_to_failure)
            units[g][on] = rng.binomial(units[g][on].astype(int), lives)
        hour = (start[on] + step.hour) % system.hours
        need = need_of(system, step)[hour]
        here, stock = [u[on] for u in units], [f[on] for f in fuel]
        served = serve(system, part, hour, need, here, stock, energy[on], works[on])
        short = served.shortage > 0
        fails = on[short & alive[on]]
        survived[fails], alive[fails] = step.begin, False
        not_served[on] += part.length * served.shortage
        energy[on] = served.energy
        for g, group in enumerate(groups):
            rate = group.fuel_rate(here[g], served.power[g])
            used[g][on] += part.length * rate
            ran[g][on] += np.where(served.power[g] > 0, part.length, 0.0)
            fuel[g][on] = served.fuel[g]
            if np.isfinite(group.mean_time_to_repair):
                back = -np.expm1(-part.length / group.mean_time_to_repair)
                away = group.units - units[g][on].astype(int)
                units[g][on] += rng.binomial(away, back)
    return Outages(start, length, survived, not_served, ran, used)


def _started(group: GeneratorGroup, count: int, rng: np.random.Generator) -> FloatArray:
    ready = group.availability * (1.0 - group.failure_to_start)
    begun = rng.binomial(group.units, ready, count).astype(float)
    return np.where(rng.random(count) < group.common_start_failure, 0.0, begun)
