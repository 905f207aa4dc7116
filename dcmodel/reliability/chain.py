"""Survival of an outage by a Markov chain over available generators and energy in the battery.

For each hour of the year in which an outage may begin, the chain starts from the units that are
ready and start, and from the state of charge of that hour. In each step units fail, the load is
carried (`dcmodel.reliability.dispatch`), and failed units may be repaired. A state in which load is
lost is left for good.

Energy is counted by level (`dcmodel.reliability.levels`). Fuel is kept as the mean of each number
of units, for all must burn nearly the same to carry the same load.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.reliability.dispatch import (
    TOLERANCE,
    Step,
    fuel_ample,
    fuel_left,
    fuel_used,
    need_of,
    possible_power,
    shared,
    step_kind,
    steps_of,
)
from dcmodel.reliability.levels import Change, Held, placed
from dcmodel.reliability.states import NEGLIGIBLE, Configurations
from dcmodel.reliability.system import BackupSystem, BatteryReserve

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_CELLS = 120_000
"""States treated at once: arrays of this size stay in the cache."""
_TINY = 1e-300
"""Keeps a quotient of two zeros from being taken."""
_UNSEEN = 1e-12
"""Mean charging power that changes no fuel, as a share of the battery's [1]."""
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
class _Power:
    """What a step asks of the backup and what the generators can give, by state and hour."""

    need: FloatArray
    """Power to be carried [MW]."""
    units: list[FloatArray]
    """Units available, by group."""
    possible: list[FloatArray]
    """Most power of each group [MW]."""
    total: FloatArray
    """Most power of all groups [MW]."""
    short: npt.NDArray[np.bool_]
    """Where the generators alone cannot carry the load."""
    change: Change
    """Change of the battery's energy."""
    used: list[FloatArray]
    """Fuel used where the battery takes no charge, by group."""

    def at(self, live: IntArray, hours: slice) -> _Power:
        """Return the rows of some states and the columns of some hours."""

        def cut(parts: list[FloatArray]) -> list[FloatArray]:
            return [part[live, hours] for part in parts]

        need, total = cut([self.need, self.total])
        units, possible, used = (cut(parts) for parts in (self.units, self.possible, self.used))
        short, change = self.short[live, hours], self.change.at(live, hours)
        return _Power(need, units, possible, total, short, change, used)


class _Chain:
    """The chain of one system: its states, and the steps of the longest outage."""

    def __init__(self, system: BackupSystem, outage: int, levels: int) -> None:
        self.system, self.outage, self.levels = system, outage, levels
        self.steps = steps_of(system, outage)
        self.lengths = [float(step.length) for step in self.steps]
        self.states = Configurations.reached(system.generators, self.lengths)
        self.units = self.states.units
        self.limited = any(np.isfinite(group.fuel_stock) for group in system.generators)
        # levels per MWh: the full battery has a level to itself
        self.scale = 0.0 if system.battery is None else (levels - 1) / system.battery.energy

    def run(self, starts: IntArray) -> FloatArray:
        """Return survival by start hour and length, shape (starts, outage + 1)."""
        jobs = os.cpu_count() or 1
        parts = max(1, -(-len(starts) * self.levels * len(self.units) // _CELLS))
        if parts > 1:
            # as many for one core as for another
            parts = jobs * -(-parts // jobs)
        size = -(-len(starts) // parts)
        work = [_Part(self, starts[i : i + size]) for i in range(0, len(starts), size)]
        with ThreadPoolExecutor(jobs) as pool:
            return np.concatenate(list(pool.map(lambda part: part.run(self.outage), work)))

    def power(
        self, step: Step, hour: IntArray, live: IntArray, fuel: Sequence[FloatArray]
    ) -> _Power:
        """Return what a step asks and what some states can give.

        Parameters
        ----------
        hour : array of shape (hours,)
            Hours of the year.
        live : array of shape (states,)
            Numbers of the states.
        fuel : sequence of array
            Fuel at hand, by group.
        """
        system = self.system
        units = [self.units[live, g, None] for g in range(self.units.shape[1])]
        need = need_of(system, step)[hour]
        shape = (len(live), len(hour))
        possible = possible_power(system, step, hour, need, units, fuel)
        total = sum(possible, np.zeros(shape))
        short = need - total > TOLERANCE * (1 + np.abs(need))
        widths = np.zeros(shape)
        if system.battery is not None:
            widths = self._change(system.battery, step, need, total)
        used = []
        if self.limited:
            generated = np.minimum(total, np.maximum(need, 0.0))
            used = fuel_used(system, step, shared(generated, possible), units)
        change = Change.of(widths, self.levels - 1)
        units, possible = ([np.broadcast_to(p, shape) for p in row] for row in (units, possible))
        need = np.broadcast_to(need, shape)
        return _Power(need, units, possible, total, short, change, used)

    def _change(
        self, battery: BatteryReserve, step: Step, need: FloatArray, total: FloatArray
    ) -> FloatArray:
        """Return the change of the battery's energy, in widths of a level."""
        deficit = np.maximum(need - total, 0.0)
        spare = total - need if self.system.recharge else np.broadcast_to(-need, total.shape)
        gain = battery.charge_efficiency * np.clip(spare, 0.0, battery.power)
        change = gain - deficit / battery.discharge_efficiency
        rounding = TOLERANCE * (1 + np.abs(need))
        change[deficit > battery.power + rounding] = -_HUGE
        change += rounding
        return np.asarray(change * step.length * self.scale)


class _Part:
    """Some starts of a chain, followed together."""

    def __init__(self, chain: _Chain, starts: IntArray) -> None:
        self.chain, self.starts = chain, starts
        self.system = chain.system
        # of starts that follow each other, the same hours come again in each step
        self._follow = bool((np.diff(starts) == 1).all())
        self._tables: dict[Hashable, _Power] = {}

    def run(self, outage: int) -> FloatArray:
        """Return survival by start hour and length, shape (starts, outage + 1)."""
        chain = self.chain
        live = np.arange(len(chain.units))
        held = self._begin()
        fuel = [np.full(held.full.shape, group.fuel_stock) for group in self.system.generators]
        energy = held.energy
        result = np.zeros((len(self.starts), outage + 1))
        result[:, 0] = 1.0
        before = 0.0
        for step, length in zip(chain.steps, chain.lengths, strict=True):
            weight = held.weight
            matrix = chain.states.transition(before, length)[live]
            reached = weight.max(axis=1) @ matrix > NEGLIGIBLE
            if not reached.any():
                break
            live, matrix = np.flatnonzero(reached), matrix[:, reached].T
            held = held.mixed(matrix)
            if not chain.limited:
                held, _ = self._carry(step, live, held, fuel)
            else:
                fuel, energy = _mixed(fuel, weight, matrix), matrix @ energy
                held, power = self._carry(step, live, held, fuel)
                stored = held.energy
                used = self._used(step, power, held, stored - energy)
                fuel, energy = fuel_left(self.system, step, fuel, used), stored
            before = length
            if float(step.end).is_integer():
                result[:, int(step.end)] = held.weight.sum(axis=0)
        return result

    def _begin(self) -> Held:
        """Return where the probability is as the generators have started."""
        chain, battery = self.chain, self.system.battery
        energy = np.zeros(len(self.starts))
        if battery is not None:
            stored = np.broadcast_to(battery.stored, (self.system.hours,))
            energy = stored[self.starts] * chain.scale
        return placed(chain.states.first, energy, chain.levels - 1)

    def _carry(
        self, step: Step, live: IntArray, held: Held, fuel: list[FloatArray]
    ) -> tuple[Held, _Power]:
        """Carry the load for one step and leave the states in which it is lost."""
        power = self._power(step, live, fuel)
        if self.system.battery is None:
            return held.lost(power.short), power
        if held.below is not None or (held.full[power.short] > 0).any():
            return held.moved(power.change, power.short), power
        return held, power

    def _power(self, step: Step, live: IntArray, fuel: list[FloatArray]) -> _Power:
        """Return what a step asks and what the states can give.

        Alike for all steps of a kind, whenever their outages began, as long as fuel is no limit.
        """
        if not (self._follow and fuel_ample(self.system, step, fuel)):
            hour = (self.starts + step.hour) % self.system.hours
            return self.chain.power(step, hour, live, fuel)
        kind = step_kind(self.system, step)
        if kind not in self._tables:
            length = len(self.starts) + self.chain.steps[-1].hour
            hour = (self.starts[0] + np.arange(length)) % self.system.hours
            ample = [np.full(1, np.inf) for _ in fuel]
            every = np.arange(len(self.chain.units))
            self._tables[kind] = self.chain.power(step, hour, every, ample)
        return self._tables[kind].at(live, slice(step.hour, step.hour + len(self.starts)))

    def _used(self, step: Step, power: _Power, held: Held, stored: FloatArray) -> list[FloatArray]:
        """Return the fuel used, with what charges the battery.

        Parameters
        ----------
        held : Held
            After the step.
        stored : array of shape (states, starts)
            Energy gained over the step, in widths of a level, times probability.
        """
        battery = self.system.battery
        if battery is None or (held.below is None and not stored.any()):
            return power.used
        widths = np.maximum(stored, 0.0) / np.maximum(held.weight, _TINY)
        charge = widths / (self.chain.scale * step.length * battery.charge_efficiency)
        charge *= ~power.short & (charge > _UNSEEN * battery.power)
        generated = np.minimum(power.total, np.maximum(power.need + charge, 0.0))
        return fuel_used(self.system, step, shared(generated, power.possible), power.units)


def _mixed(fuel: list[FloatArray], weight: FloatArray, matrix: FloatArray) -> list[FloatArray]:
    """Return the mean fuel of each state after a change of states."""
    after = np.maximum(matrix @ weight, _TINY)
    return [
        (matrix @ (weight * stock)) / after
        if np.isfinite(stock.flat[0])
        else np.full(after.shape, np.inf)
        for stock in fuel
    ]
