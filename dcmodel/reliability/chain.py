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

_CELLS = 40_000
"""States treated at once: arrays of this size stay in the cache of a core."""


_TINY = 1e-300
"""Keeps a quotient of two zeros from being taken."""


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
    levels: int = 12,
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
        """Run the chain for some starts: arrays of shape (states, levels + 1, starts)."""
        system = self.system
        live = np.arange(len(self.units))
        mass, stored = self._begin(starts)
        weight = mass.sum(axis=1)
        fuel = [np.full(weight.shape, group.fuel_stock) for group in system.generators]
        result = np.zeros((len(starts), self.outage + 1))
        result[:, 0] = 1.0
        before = 0.0
        for step, length, needs in zip(self.steps, self.lengths, self.needs, strict=True):
            matrix = self.states.transition(before, length)[live]
            reached = weight.max(axis=1) @ matrix > NEGLIGIBLE
            if not reached.any():
                break
            live, matrix = np.flatnonzero(reached), matrix[:, reached].T
            if self.limited:
                fuel = _mixed(fuel, weight, matrix)
            mass = np.tensordot(matrix, mass, 1)
            stored = np.tensordot(matrix, stored, 1) if self.levels > 1 else stored
            hour = (starts + step.hour) % system.hours
            mass, stored, fuel = self._carry(step, hour, needs[hour], live, mass, stored, fuel)
            weight = mass.sum(axis=1)
            before = length
            if float(step.end).is_integer():
                result[:, int(step.end)] = weight.sum(axis=0)
        return result

    def _begin(self, starts: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return probability, and energy times probability, as the generators have started.

        Energy is in widths of a level.
        """
        battery = self.system.battery
        energy = np.zeros(len(starts))
        if battery is not None:
            energy = np.broadcast_to(battery.stored, (self.system.hours,))[starts]
        mass = np.zeros((len(self.units), self.levels + 1, len(starts)))
        energy = energy * self.scale
        level = (energy + 1.0 + TOLERANCE).astype(np.int64)
        mass[:, level, np.arange(len(starts))] = self.states.first[:, None]
        return mass, mass * energy

    def _carry(
        self,
        step: Step,
        hour: IntArray,
        need: FloatArray,
        live: IntArray,
        mass: FloatArray,
        stored: FloatArray,
        fuel: list[FloatArray],
    ) -> tuple[FloatArray, FloatArray, list[FloatArray]]:
        """Carry the load for one step and leave the states in which it is lost."""
        units = [self.units[live, g, None] for g in range(self.units.shape[1])]
        possible = possible_power(self.system, step, hour, need, units, fuel)
        total = sum(possible, np.zeros((len(live), len(need))))
        charge = np.zeros(total.shape)
        battery = self.system.battery
        if battery is None:
            mass = mass * (total >= need - TOLERANCE * (1 + np.abs(need)))[:, None, :]
        else:
            mass, stored, charge = self._store(battery, step, need, total, mass, stored)
        if self.limited:
            generated = np.minimum(total, np.maximum(need + charge, 0.0))
            _, fuel = burn(self.system, step, generated, possible, units, fuel)
        return mass, stored, fuel

    def _store(
        self,
        battery: BatteryReserve,
        step: Step,
        need: FloatArray,
        total: FloatArray,
        mass: FloatArray,
        stored: FloatArray,
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Discharge or charge every level; also return the mean charge of each state [MW].

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
        held = stored.sum(axis=1) if self.limited else change
        after = mass * change[:, None, :]
        after += stored
        mass, stored = self._sort(mass, after)
        charge = np.zeros(total.shape)
        if self.limited:
            weight = np.maximum(mass.sum(axis=1), _TINY)
            mean = (stored.sum(axis=1) - held) / (weight * self.scale * step.length)
            charge = np.where(deficit > 0, 0.0, np.maximum(mean, 0.0) / battery.charge_efficiency)
        return mass, stored, charge

    def _sort(self, mass: FloatArray, stored: FloatArray) -> tuple[FloatArray, FloatArray]:
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
        stored[:, -1] = np.minimum(stored[:, -1], mass[:, -1] * (places - 2))
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
