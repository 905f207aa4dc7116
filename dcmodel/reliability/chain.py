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
from dcmodel.reliability.states import Configurations
from dcmodel.reliability.system import BackupSystem, BatteryReserve

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_CELLS = 80000
"""States treated at once: arrays of this size stay in the cache of a core."""


_TINY = 1e-300
"""Keeps a quotient of two zeros from being taken."""


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


@dataclass(frozen=True)
class _Flows:
    """Power of a step by start and state [MW]; `need` and `allowed` by start."""

    need: FloatArray
    total: FloatArray
    deficit: FloatArray
    allowed: FloatArray
    """Shortage that is rounding."""


class _Chain:
    """The chain of one system: its states, and the steps of the longest outage."""

    def __init__(self, system: BackupSystem, outage: int, levels: int) -> None:
        self.system, self.outage, self.levels = system, outage, levels
        self.steps = steps_of(system, outage)
        self.states = Configurations.reached(
            system.generators, [step.length for step in self.steps]
        )
        self.units = self.states.units
        self.needs = [need_of(system, step) for step in self.steps]
        self.limited = any(np.isfinite(group.fuel_stock) for group in system.generators)

    def run(self, starts: IntArray) -> FloatArray:
        """Return survival by start hour and length, shape (starts, outage + 1)."""
        size = max(1, _CELLS // (self.levels * len(self.units)))
        parts = [self._run(starts[i : i + size]) for i in range(0, len(starts), size)]
        return np.concatenate(parts)

    def _run(self, starts: IntArray) -> FloatArray:
        shape = (len(starts), self.levels, len(self.units))
        battery = self.system.battery
        mass, stored = np.zeros(shape), np.zeros(shape)
        energy = np.zeros(len(starts))
        if battery is not None:
            energy = np.broadcast_to(battery.stored, (self.system.hours,))[starts]
        level = self._level(energy)
        mass[np.arange(len(starts)), level, :] = self.states.first
        stored += mass * energy[:, None, None]
        fuel = [
            np.full((len(starts), len(self.units)), group.fuel_stock)
            for group in self.system.generators
        ]
        result = np.zeros((len(starts), self.outage + 1))
        result[:, 0] = 1.0
        before = 0.0
        for step, needs in zip(self.steps, self.needs, strict=True):
            matrix = self.states.transition(before, step.length)
            mass, stored, fuel = self._change(matrix, mass, stored, fuel)
            hour = (starts + step.hour) % self.system.hours
            mass, stored, fuel = self._carry(step, hour, needs[hour], mass, stored, fuel)
            before = step.length
            if float(step.end).is_integer():
                result[:, int(step.end)] = mass.sum(axis=(1, 2))
        return result

    def _change(
        self, matrix: FloatArray, mass: FloatArray, stored: FloatArray, fuel: list[FloatArray]
    ) -> tuple[FloatArray, FloatArray, list[FloatArray]]:
        """Let units fail and come back; energy and fuel go with the probability."""
        if self.limited:
            weight = mass.sum(axis=1)
            after = weight @ matrix
            kept = np.maximum(after, _TINY)
            fuel = [
                np.where(after > 0, ((weight * stock) @ matrix) / kept, 0.0)
                if np.isfinite(group.fuel_stock)
                else stock
                for group, stock in zip(self.system.generators, fuel, strict=True)
            ]
        shape = mass.shape
        mass = (mass.reshape(-1, shape[2]) @ matrix).reshape(shape)
        if self.levels > 1:
            stored = (stored.reshape(-1, shape[2]) @ matrix).reshape(shape)
        return mass, stored, fuel

    def _carry(
        self,
        step: Step,
        hour: IntArray,
        need: FloatArray,
        mass: FloatArray,
        stored: FloatArray,
        fuel: list[FloatArray],
    ) -> tuple[FloatArray, FloatArray, list[FloatArray]]:
        """Carry the load for one step and leave the states in which it is lost."""
        units = [self.units[None, :, g] for g in range(self.units.shape[1])]
        need, hour = need[:, None], hour[:, None]
        possible = possible_power(self.system, step, hour, need, units, fuel)
        total = sum(possible, np.zeros((len(need), len(self.units))))
        deficit = np.maximum(need - total, 0.0)
        allowed = TOLERANCE * (1 + np.abs(need))
        battery = self.system.battery
        if battery is None:
            mass = mass * (deficit <= allowed)[:, None, :]
            charge = np.zeros_like(total)
        else:
            flows = _Flows(need, total, deficit, allowed)
            mass, stored, charge = self._store(battery, step, flows, mass, stored)
        if self.limited:
            generated = np.minimum(total, np.maximum(need + charge, 0.0))
            _, fuel = burn(self.system, step, generated, possible, units, fuel)
        return mass, stored, fuel

    def _store(
        self,
        battery: BatteryReserve,
        step: Step,
        flows: _Flows,
        mass: FloatArray,
        stored: FloatArray,
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Discharge or charge every level; also return the mean charge of each state [MW].

        What charges or discharges does so alike in all levels of a state, so that one change of
        energy serves them all but for the limits.
        """
        spare = flows.total - flows.need if self.system.recharge else -flows.need
        gain = battery.charge_efficiency * np.clip(spare, 0.0, battery.power)
        change = step.length * (gain - flows.deficit / battery.discharge_efficiency)
        before = stored / np.maximum(mass, _TINY)
        energy = before + change[:, None, :]
        able = (flows.deficit <= battery.power + flows.allowed)[:, None, :]
        short = (step.length / battery.discharge_efficiency) * flows.allowed[:, None, :]
        mass = mass * (able & (energy >= -short))
        energy = np.clip(energy, 0.0, battery.energy)
        charge = np.zeros_like(flows.total)
        if self.limited:
            weight = np.maximum(mass.sum(axis=1), _TINY) * battery.charge_efficiency * step.length
            gained = (mass * np.maximum(energy - before, 0.0)).sum(axis=1)
            charge = np.where(flows.deficit > 0, 0.0, gained / weight)
        return *self._sort(mass, energy), charge

    def _level(self, energy: FloatArray) -> IntArray:
        """Return the level of an energy: the full battery has one to itself."""
        battery = self.system.battery
        if battery is None or self.levels == 1:
            return np.zeros(energy.shape, dtype=np.int64)
        share = energy * ((self.levels - 1) / battery.energy)
        return np.minimum((share + TOLERANCE).astype(np.int64), self.levels - 1)

    def _sort(self, mass: FloatArray, energy: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mass and energy times mass, by the level that the energy is in."""
        starts, levels, states = mass.shape
        base = (np.arange(starts) * (levels * states))[:, None, None] + np.arange(states)
        place = (base + self._level(energy) * states).ravel()
        count = mass.size
        moved = np.asarray(np.bincount(place, mass.ravel(), count), dtype=float)
        carried = np.asarray(np.bincount(place, (mass * energy).ravel(), count), dtype=float)
        return np.reshape(moved, mass.shape), np.reshape(carried, mass.shape)
