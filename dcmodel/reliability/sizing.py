"""Backup sized until it is available enough: verify, add what pays most, verify again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from dcmodel.base.errors import Fault, StudyError
from dcmodel.reliability.expected import Expectation, expected
from dcmodel.reliability.outages import GridOutages
from dcmodel.reliability.system import BackupSystem

_STRIDE = 29
"""Hours between the starts by which candidates are compared; it meets every hour of the day."""
_MULTIPLES = (1, 2, 4, 8, 16)
"""How many of one addition are tried where fewer do not help."""
_PLENTY = 32
"""How many of every addition are held to be all that could ever be added."""
_HELP = 1e-2
"""Share of what is lost that an addition must save to count as help [1]."""
_STEPS = 40
"""Steps after which a search goes no further."""


@dataclass(frozen=True)
class Addition:
    """Something that may be added to a backup, as often as wanted."""

    name: str
    cost: float
    """Cost a year [USD yr-1]."""
    apply: Callable[[BackupSystem], BackupSystem]
    """Returns the system with one of it added."""
    part: str = ""
    """Part of the site that can be bought so much larger; empty where none can be."""
    units: float = 0.0
    """Units that one of it is."""
    fuel_h: float = 0.0
    """Hours of fuel at full load that one of it is [h]."""
    power: float = 0.0
    """Converter power that one of it is [MW]."""
    energy: float = 0.0
    """Energy kept for outages that one of it is [MWh]."""

    def times(self, system: BackupSystem, count: int) -> BackupSystem:
        """Return the system with `count` of it added."""
        for _ in range(count):
            system = self.apply(system)
        return system


Added = tuple[Addition, int]
"""An addition, and how many of it."""


@dataclass(frozen=True)
class Choice:
    """One step of a search."""

    name: str
    count: int
    availability: float
    """After the step [1]."""


@dataclass(frozen=True)
class Sizing:
    """A backup that is available enough."""

    system: BackupSystem
    expectation: Expectation
    """Of the system, over every start hour."""
    added: dict[str, int]
    """How many of each addition."""
    cost: float
    """Cost a year of what is added [USD yr-1]."""
    steps: tuple[Choice, ...] = field(default=())
    """What was chosen, in turn, before it was pruned."""


def size_to_availability(
    system: BackupSystem,
    outages: GridOutages,
    target: float,
    additions: Sequence[Addition],
    *,
    restart: float = 0.0,
    levels: int = 8,
) -> Sizing:
    """Return the backup with what must be added for an availability.

    Each step takes the addition that saves most hours a USD, until the cheapest set that reaches
    the target is known; whatever turns out not to be needed is left out again. The search compares
    outages from some hundred start hours; what it finds is verified from all of them.

    Parameters
    ----------
    system : BackupSystem
    outages : GridOutages
    target : float
        Availability wanted, as 0.99995 [1].
    additions : sequence of Addition
        What may be added.
    restart : float
        Hours from the return of power until a site that was lost serves again [h].
    levels : int
        Levels by which the battery's energy is counted.

    Returns
    -------
    Sizing

    Raises
    ------
    StudyError
        When nothing that may be added reaches the target; with the availability that is reached.
    """
    if not 0 < target < 1:
        message = f"found {target:g}; an availability above 0 and below 1 is needed"
        raise StudyError(Fault("availability", message))
    search = _Search(system, outages, target, tuple(additions), restart, levels)
    for starts in (np.arange(0, system.hours, _STRIDE), None):
        search.improve(starts)
    return search.result()


@dataclass(frozen=True)
class _Trial:
    counts: list[int]
    value: float
    gain: float
    """Availability gained a USD [yr USD-1]."""
    choice: Choice


class _Search:
    """What has been added so far."""

    def __init__(
        self,
        system: BackupSystem,
        outages: GridOutages,
        target: float,
        additions: tuple[Addition, ...],
        restart: float,
        levels: int,
    ) -> None:
        self.base, self.outages, self.target = system, outages, target
        self.additions, self.restart, self.levels = additions, restart, levels
        self.counts = [0] * len(additions)
        self.steps: list[Choice] = []

    def improve(self, starts: np.ndarray | None) -> None:
        """Add until the target is reached over the start hours, then leave out what is spare.

        What saves most a USD is added step by step; whatever would reach the target at once is
        kept in mind, and taken where the steps come to more.
        """
        value = self._value(self.counts, starts)
        if value >= self.target:
            return
        plenty = [count + _PLENTY for count in self.counts]
        reached = self._value(plenty, starts)
        if reached < self.target:
            raise StudyError(self._failure(reached))
        counts, cheapest = list(self.counts), math.inf
        steps: list[Choice] = []
        while self._cost(counts) < cheapest:
            trials = self._trials(counts, value, starts)
            for trial in trials:
                cost = self._cost(trial.counts)
                if trial.value >= self.target and cost < cheapest:
                    cheapest, self.counts = cost, trial.counts
                    self.steps = [*steps, trial.choice]
            onward = [trial for trial in trials if trial.value < self.target]
            if not onward or len(steps) > _STEPS:
                break
            best = max(onward, key=lambda trial: trial.gain)
            counts, value = best.counts, best.value
            steps.append(best.choice)
        if math.isinf(cheapest):
            self.counts = plenty  # no way up by single steps: prune from above
        self._prune(starts)

    def _trials(self, counts: list[int], value: float, starts: np.ndarray | None) -> list[_Trial]:
        """Return what one more of each addition comes to, or more where one is no help."""
        for number in _MULTIPLES:
            trials = []
            for position, addition in enumerate(self.additions):
                tried = list(counts)
                tried[position] += number
                reached = self._value(tried, starts)
                gain = (reached - value) / max(addition.cost * number, 1e-9)
                # less than a hundredth of what is lost is no help: more of it may be
                if reached - value > _HELP * (1 - value):
                    choice = Choice(addition.name, number, reached)
                    trials.append(_Trial(tried, reached, gain, choice))
            if trials:
                return trials
        return []

    def result(self) -> Sizing:
        """Return what was found."""
        pairs = zip(self.additions, self.counts, strict=True)
        system = self._system(self.counts)
        return Sizing(
            system=system,
            expectation=self._expect(system, None),
            added={addition.name: count for addition, count in pairs if count},
            cost=self._cost(self.counts),
            steps=tuple(self.steps),
        )

    def _prune(self, starts: np.ndarray | None) -> None:
        """Leave out additions without which the target still holds, dearest first."""
        order = sorted(range(len(self.additions)), key=lambda i: -self.additions[i].cost)
        for position in order:
            while self.counts[position]:
                counts = list(self.counts)
                counts[position] -= 1
                if self._value(counts, starts) < self.target:
                    break
                self.counts = counts

    def _value(self, counts: list[int], starts: np.ndarray | None) -> float:
        return self._expect(self._system(counts), starts).value

    def _expect(self, system: BackupSystem, starts: np.ndarray | None) -> Expectation:
        return expected(
            system, self.outages, restart=self.restart, levels=self.levels, starts=starts
        )

    def _system(self, counts: list[int]) -> BackupSystem:
        system = self.base
        for addition, count in zip(self.additions, counts, strict=True):
            system = addition.times(system, count)
        return system

    def _cost(self, counts: list[int]) -> float:
        pairs = zip(self.additions, counts, strict=True)
        return sum(addition.cost * count for addition, count in pairs)

    def _failure(self, reached: float) -> Fault:
        offered = ", ".join(addition.name for addition in self.additions) or "nothing"
        message = (
            f"{self.target:.6%} is not reached: {reached:.6%} with {_PLENTY} more of everything on "
            f"offer ({offered}); what takes all units at once, or outages longer than they last, "
            "set the limit"
        )
        return Fault("availability", message)
