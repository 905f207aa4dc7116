"""Verification of the backup of a finished case: survival, nines, and what the next nine costs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import StudyError
from dcmodel.reliability.chain import Survival, survival
from dcmodel.reliability.expected import Expectation, expected
from dcmodel.reliability.intervals import nines
from dcmodel.reliability.montecarlo import Availability, simulate
from dcmodel.reliability.replay import Replay, outage_lost, replay
from dcmodel.reliability.sizing import Sizing, size_to_availability
from dcmodel.reliability.system import BackupSystem, power_missing
from dcmodel.study.backup import CaseBackup

FloatArray = npt.NDArray[np.float64]

MAINTENANCE = (0, 1, 2)
"""Units of every group out for the whole outage, in the replays [1]."""


@dataclass(frozen=True)
class NextNine:
    """What another nine of availability takes."""

    target: float
    """At the racks where the study names their distribution, else of the supply [1]."""
    sizing: Sizing | None = None
    """None where nothing on offer reaches it."""
    tier: str = ""
    """Tier of power distribution that it takes; empty where the one there is will do."""
    cost: float = math.inf
    """Cost a year of all that is added; infinite where nothing reaches it [USD yr-1]."""
    value: float = 0.0
    """Availability that is reached [1]."""
    reason: str = ""
    """Why nothing is added."""


@dataclass(frozen=True)
class Verification:
    """What the backup of a case is worth."""

    backup: CaseBackup
    replays: dict[int, Replay]
    """Outages from every hour without chance, by the units out of each group."""
    survival: Survival
    """With chance, all units standing as maintenance leaves them."""
    survival_less_one: Survival
    """With chance, one unit of every group out for certain."""
    expectation: Expectation
    availability: Availability
    """By the Monte Carlo."""
    next_nine: NextNine
    findings: tuple[str, ...]
    """What is wrong with the backup, in words."""


def verify_backup(
    backup: CaseBackup,
    *,
    outage: int = 96,
    years: int = 100_000,
    seed: int = 0,
    target: float | None = None,
) -> Verification:
    """Verify a backup.

    Parameters
    ----------
    backup : CaseBackup
    outage : int
        Longest outage of the survival curves [h].
    years : int
        Years of the Monte Carlo.
    seed : int
        Seed of its random numbers.
    target : float, optional
        Availability to size to; the next whole number of nines when left out [1].

    Returns
    -------
    Verification
    """
    system = backup.system
    replays = {
        out: replay(system, outage, {group.name: out for group in system.generators})
        for out in MAINTENANCE
    }
    expectation = expected(system, backup.outages, restart=backup.restart)
    findings = [power_missing(system), outage_lost(system, replays[0])]
    return Verification(
        backup=backup,
        replays=replays,
        survival=survival(system, outage),
        survival_less_one=survival(less_one(system), outage),
        expectation=expectation,
        availability=simulate(
            system, backup.outages, years=years, seed=seed, restart=backup.restart
        ),
        next_nine=_next_nine(backup, expectation.value, target),
        findings=tuple(text for text in findings if text),
    )


def less_one(system: BackupSystem) -> BackupSystem:
    """Return the system with one unit of every generator group out."""
    for group in system.generators:
        system = system.with_units(group.name, max(0, group.units - 1))
    return system


def _next_nine(backup: CaseBackup, supply: float, target: float | None) -> NextNine:
    """Return the cheapest additions on offer that reach a target, else one more nine."""
    value = backup.at_racks(supply)
    if target is None:
        if value >= 1.0:
            return NextNine(1.0, reason="nothing is lost in any outage that the chain follows")
        target = 1.0 - 10.0 ** -(math.floor(nines(value) + 1e-9) + 1)
    elif value >= target:
        return NextNine(target, reason=f"{target:.8g} holds already, nothing is to be added")
    best = _sized(backup, target)
    for position, (paths, cost) in enumerate(backup.distributions[1:], start=1):
        if cost >= best.cost:
            continue
        better = replace(backup, distributions=backup.distributions[position:])
        found = _sized(better, target, cost)
        if found.cost < best.cost:
            best = replace(found, tier=paths.name)
    return best


def _sized(backup: CaseBackup, target: float, cost: float = 0.0) -> NextNine:
    """Return what a backup needs for a target behind the paths it has; these cost so much more."""
    try:
        sizing = size_to_availability(
            backup.system,
            backup.outages,
            backup.of_supply(target),
            backup.additions,
            restart=backup.restart,
        )
    except StudyError as error:
        return NextNine(target, reason=error.faults[0].message)
    value = backup.at_racks(sizing.expectation.value)
    return NextNine(target, sizing, cost=cost + sizing.cost, value=value)
