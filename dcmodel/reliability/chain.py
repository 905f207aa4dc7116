"""Survival of an outage by a Markov chain over available generators and energy in the battery.

For each hour of the year in which an outage may begin, the chain starts from the units that are
ready and start, and from the state of charge of that hour. In each step units fail, the load is
carried (`dcmodel.reliability.dispatch`), and failed units may be repaired. A state in which load is
lost is left for good.

Energy is counted by level. A level keeps the mean energy of what is in it, not its middle, so that
a battery that can only run down in one way runs down exactly, however few the levels. Fuel is kept
as the mean of each number of units, for all must burn nearly the same to carry the same load.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.reliability.dispatch import (
    TOLERANCE,
    Step,
    burn,
    need_of,
    possible_power,
    steps_of,
)
from dcmodel.reliability.states import NEGLIGIBLE, Configurations
from dcmodel.reliability.system import BackupSystem, BatteryReserve

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_CELLS = 120_000
"""States treated at once: arrays of this size stay in the cache."""


_TINY = 1e-300
"""Keeps a quotient of two zeros from being taken."""


_SPARSE = 1e-13
"""Probability of a level that is left out [1]."""
_HUGE = 1e9
"""Energy that no battery holds [MWh]."""


@dataclass(frozen=True)
class Survival:
    """Probability of carrying the load through the first hours of an outage."""

    by_start: FloatArray
    """Probability by start hour and length of 0, 1, 2 .. hours, shape (starts, outage + 1)."""
    starts: IntArray
    """Hours of the year in which the outages begin, shape (starts,)."""

    @property
    def curve(self) -> FloatArray:
        """Mean over the start hours, shape (outage + 1,)."""
        return np.asarray(self.by_start.mean(axis=0))

    @property
    def worst(self) -> FloatArray:
        """Least over the start hours, shape (outage + 1,)."""
        return np.asarray(self.by_start.min(axis=0))


def survival(
    system: BackupSystem,
    outage: int,
    *,
    levels: int = 8,
    starts: IntArray | None = None,
) -> Survival:
    """Return the probability of surviving outages of up to `outage` hours.

    Parameters
    ----------
    system : BackupSystem
    outage : int
        Longest outage [h].
    levels : int
        Levels by which the battery's energy is counted.
    starts : array of int, optional
        Hours of the year in which outages begin; every hour when left out.

    Returns
    -------
    Survival
    """
    begin = np.arange(system.hours) if starts is None else np.asarray(starts)
    battery = system.battery
    if battery is None or battery.power * battery.energy <= 0:
        return Survival(_Chain(system.without_battery(), outage, 1).run(begin), begin)
    works = battery.availability
    result = np.zeros((len(begin), outage + 1))
    if works > 0:
        result += works * _Chain(system, outage, levels).run(begin)
    if works < 1:
        result += (1 - works) * _Chain(system.without_battery(), outage, 1).run(begin)
    return Survival(result, begin)


@dataclass(frozen=True)
class _Held:
    """Where the probability is: by state, by level of the battery's energy, by start.

    Most of it has a full battery, or none is needed; levels are kept only while others are there.
    """

    full: FloatArray
    """Probability with a full battery, shape (states, starts)."""
    mass: FloatArray | None = None
    """Probability below that, by level; the first and the last place are empty, shape
    (states, levels + 1, starts)."""
    stored: FloatArray | None = None
    """Energy times that probability, in widths of a level."""
    below: FloatArray | float = 0.0
    """Sum of `mass` over the levels, shape (states, starts)."""

    @property
    def weight(self) -> FloatArray:
        """Probability of each state, shape (states, starts)."""
        return self.full + self.below

    def energy(self, levels: int) -> FloatArray:
        """Return energy times probability of each state, shape (states, starts)."""
        full = self.full * (levels - 1)
        return full if self.stored is None else full + self.stored.sum(axis=1)

    def parts(self, levels: int) -> tuple[FloatArray, FloatArray]:
        """Return the probability and energy below full, made anew where there is none."""
        if self.mass is None or self.stored is None:
            shape = (self.full.shape[0], levels + 1, self.full.shape[1])
            return np.zeros(shape), np.zeros(shape)
        return self.mass, self.stored

    def changed(self, matrix: FloatArray) -> _Held:
        """Return the probabilities after units have failed and come back."""
        full = matrix @ self.full
        if self.mass is None or self.stored is None:
            return _Held(full)
        mass, stored = (np.tensordot(matrix, part, 1) for part in (self.mass, self.stored))
        return _Held(full, mass, stored, matrix @ self.below)


class _Chain:
    """The chain of one system: its states, and the steps of the longest outage."""

    def __init__(self, system: BackupSystem, outage: int, levels: int) -> None:
        self.system, self.outage, self.levels = system, outage, levels
        self.steps = steps_of(system, outage)
        self.lengths = [float(step.length) for step in self.steps]
        self.states = Configurations.reached(system.generators, self.lengths)
        self.units = self.states.units
        self.needs = [need_of(system, step) for step in self.steps]
        self.limited = any(np.isfinite(group.fuel_stock) for group in system.generators)
        # levels per MWh: the full battery has a level to itself
        self.scale = 0.0 if system.battery is None else (levels - 1) / system.battery.energy

    def run(self, starts: IntArray) -> FloatArray:
        """Return survival by start hour and length, shape (starts, outage + 1)."""
        size = max(1, _CELLS // (self.levels * len(self.units)))
        parts = [self._run(starts[i : i + size]) for i in range(0, len(starts), size)]
        return np.concatenate(parts)

    def _run(self, starts: IntArray) -> FloatArray:
        """Run the chain for some starts."""
        system = self.system
        live = np.arange(len(self.units))
        held = self._begin(starts)
        fuel = [np.full(held.full.shape, group.fuel_stock) for group in system.generators]
        result = np.zeros((len(starts), self.outage + 1))
        result[:, 0] = 1.0
        before = 0.0
        for step, length, needs in zip(self.steps, self.lengths, self.needs, strict=True):
            weight = held.weight
            matrix = self.states.transition(before, length)[live]
            reached = weight.max(axis=1) @ matrix > NEGLIGIBLE
            if not reached.any():
                break
            live, matrix = np.flatnonzero(reached), matrix[:, reached].T
            if self.limited:
                fuel = _mixed(fuel, weight, matrix)
            hour = (starts + step.hour) % system.hours
            held, fuel = self._carry(step, hour, needs[hour], live, held.changed(matrix), fuel)
            before = length
            if float(step.end).is_integer():
                result[:, int(step.end)] = held.weight.sum(axis=0)
        return result

    def _begin(self, starts: IntArray) -> _Held:
        """Return where the probability is as the generators have started."""
        battery, first = self.system.battery, self.states.first[:, None]
        full = np.broadcast_to(first, (len(first), len(starts))).copy()
        if battery is None:
            return _Held(full)
        energy = np.broadcast_to(battery.stored, (self.system.hours,))[starts] * self.scale
        level = (energy + 1.0 + TOLERANCE).astype(np.int64)
        mass = np.zeros((len(first), self.levels + 1, len(starts)))
        mass[:, level, np.arange(len(starts))] = first
        full[:] = 0.0
        return _emptied(full, mass, mass * energy)

    def _carry(
        self,
        step: Step,
        hour: IntArray,
        need: FloatArray,
        live: IntArray,
        held: _Held,
        fuel: list[FloatArray],
    ) -> tuple[_Held, list[FloatArray]]:
        """Carry the load for one step and leave the states in which it is lost."""
        units = [self.units[live, g, None] for g in range(self.units.shape[1])]
        possible = possible_power(self.system, step, hour, need, units, fuel)
        total = sum(possible, np.zeros((len(live), len(need))))
        charge = np.zeros(total.shape)
        short = need - total > TOLERANCE * (1 + np.abs(need))
        battery = self.system.battery
        if battery is None:
            held = _Held(np.where(short, 0.0, held.full))
        elif held.mass is not None or (held.full[short] > 0).any():
            before = held.energy(self.levels)
            held = self._store(battery, step, need, total, short, held)
            if self.limited:
                weight = np.maximum(held.weight, _TINY)
                gained = held.energy(self.levels) - before
                mean = gained / (weight * self.scale * step.length * battery.charge_efficiency)
                charge = np.where(short, 0.0, np.maximum(mean, 0.0))
        if self.limited:
            generated = np.minimum(total, np.maximum(need + charge, 0.0))
            _, fuel = burn(self.system, step, generated, possible, units, fuel)
        return held, fuel

    def _store(
        self,
        battery: BatteryReserve,
        step: Step,
        need: FloatArray,
        total: FloatArray,
        short: npt.NDArray[np.bool_],
        held: _Held,
    ) -> _Held:
        """Discharge or charge every level.

        What charges or discharges does so alike in all levels of a state, so that one change of
        energy serves them all but for the limits. What would take more than is there is lost.
        """
        deficit = np.maximum(need - total, 0.0)
        spare = total - need if self.system.recharge else np.broadcast_to(-need, total.shape)
        gain = battery.charge_efficiency * np.clip(spare, 0.0, battery.power)
        change = gain - deficit / battery.discharge_efficiency
        rounding = TOLERANCE * (1 + np.abs(need))
        change[deficit > battery.power + rounding] = -_HUGE
        change += rounding
        change *= step.length * self.scale
        full = np.where(short, 0.0, held.full)
        leaving = held.full - full
        rows = (held.below + leaving).max(axis=1) > _SPARSE
        mass, stored = held.parts(self.levels)
        mass[:, -1] = leaving
        stored[:, -1] = leaving * (self.levels - 1)
        if rows.all():
            stored += mass * change[:, None, :]
            return _emptied(full, *_sorted(mass, stored))
        moved, energy = mass[rows], stored[rows]
        energy += moved * change[rows, None, :]
        mass[~rows] = stored[~rows] = 0.0
        mass[rows], stored[rows] = _sorted(moved, energy)
        return _emptied(full, mass, stored)


def _emptied(full: FloatArray, mass: FloatArray, stored: FloatArray) -> _Held:
    """Return the probabilities with what has filled its battery counted as full."""
    full = full + mass[:, -1]
    mass[:, -1] = stored[:, -1] = 0.0
    below = mass.sum(axis=1)
    if below.max(initial=0.0) <= _SPARSE:
        return _Held(full)
    return _Held(full, mass, stored, below)


def _sorted(mass: FloatArray, stored: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Put probability, and energy times probability, into the levels of their energy.

    The first place takes what has negative energy and is emptied; the last is the full battery.
    """
    states, places, starts = mass.shape
    share = mass + _TINY
    np.divide(stored, share, out=share)
    share += 1.0 + TOLERANCE
    place = share.astype(np.int64)
    np.clip(place, 0, places - 1, out=place)
    place *= starts
    place += (np.arange(states) * (places * starts))[:, None, None] + np.arange(starts)
    flat = place.ravel()
    moved = np.asarray(np.bincount(flat, mass.ravel(), mass.size), dtype=float)
    carried = np.asarray(np.bincount(flat, stored.ravel(), mass.size), dtype=float)
    mass, stored = moved.reshape(place.shape), carried.reshape(place.shape)
    mass[:, 0] = stored[:, 0] = 0.0
    return mass, stored


def _mixed(fuel: list[FloatArray], weight: FloatArray, matrix: FloatArray) -> list[FloatArray]:
    """Return the mean fuel of each state after a change of states."""
    after = np.maximum(matrix @ weight, _TINY)
    return [
        (matrix @ (weight * stock)) / after
        if np.isfinite(stock).all()
        else np.full(after.shape, np.inf)
        for stock in fuel
    ]
