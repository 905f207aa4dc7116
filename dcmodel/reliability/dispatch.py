"""One step of an outage: who carries the load, what fuel it takes and what the battery does.

The replay, the Markov chain and the Monte Carlo all take their steps here, so that they differ in
what they do with chance and in nothing else.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dcmodel.reliability.system import BackupSystem, GeneratorGroup

FloatArray = npt.NDArray[np.float64]

TOLERANCE = 1e-9
"""Shortage that is rounding, as a share of the load or of the battery [1]."""


@dataclass(frozen=True)
class Step:
    """A part of an outage within one hour, counted from its beginning."""

    begin: float
    """Hours from the loss of the grid [h]."""
    end: float | FloatArray
    """An array where outages end within the step [h]."""

    @property
    def length(self) -> float | FloatArray:
        """Length [h]."""
        return self.end - self.begin

    @property
    def hour(self) -> int:
        """Whole hours from the loss of the grid: which hour of the load holds."""
        return int(self.begin)


def steps_of(system: BackupSystem, hours: int) -> tuple[Step, ...]:
    """Return the steps of an outage: hours, the first parted where generators start late.

    Parameters
    ----------
    system : BackupSystem
    hours : int
        Length of the outage [h].
    """
    late = {start_of(system, group) for group in system.generators} - {0.0}
    edges = {float(hour) for hour in range(hours + 1)} | {t for t in late if t < hours}
    if late and system.ride_through > 0:
        edges.add(system.ride_through)
    ordered = sorted(edge for edge in edges if edge <= hours)
    return tuple(Step(begin, end) for begin, end in pairwise(ordered))


def start_of(system: BackupSystem, group: GeneratorGroup) -> float:
    """Return when a group takes load: 0 where the uninterruptible supply bridges its start [h]."""
    return 0.0 if group.start_time <= system.ride_through else group.start_time


def need_of(system: BackupSystem, step: Step) -> FloatArray:
    """Return what generators and battery must carry in a step, for each hour of the year [MW].

    Nothing while the uninterruptible supply bridges a late start.
    """
    late = any(start_of(system, group) > 0 for group in system.generators)
    if late and step.begin < system.ride_through:
        return np.zeros(system.hours)
    return system.need(step.begin)


def possible_power(
    system: BackupSystem,
    step: Step,
    hour: npt.NDArray[np.int64],
    need: FloatArray,
    units: Sequence[FloatArray],
    fuel: Sequence[FloatArray],
) -> list[FloatArray]:
    """Return the most that each group can give over the step, with the fuel it has [MW].

    Parameters
    ----------
    hour : array
        Hour of the year, shape as the states.
    need : array
        Power asked for [MW].
    units, fuel : sequence of array
        Units available and fuel left, by group.
    """
    result = []
    left = np.maximum(need, 0.0)
    for group, count, stock in zip(system.generators, units, fuel, strict=True):
        on = start_of(system, group) <= step.begin + TOLERANCE
        most = count * group.unit_power(hour) * float(on)
        if np.min(stock, initial=np.inf) < _full_load(group, step) and group.fuel_slope > 0:
            wanted = np.minimum(left, most)
            idle = group.fuel_idle * group.rating * group.running(count, wanted)
            most = np.clip((stock / step.length - idle) / group.fuel_slope, 0.0, most)
        result.append(most)
        left = np.maximum(left - most, 0.0)
    return result


def _full_load(group: GeneratorGroup, step: Step) -> float:
    """Return the fuel of a step with every unit of a group at its rating: enough is no limit."""
    rate = group.units * group.rating * (group.fuel_idle + group.fuel_slope)
    return float(np.max(step.length, initial=0.0)) * rate


def fuel_ample(system: BackupSystem, step: Step, fuel: Sequence[FloatArray]) -> bool:
    """Return whether no group can want for fuel within a step."""
    return all(
        np.min(stock, initial=np.inf) >= _full_load(group, step)
        for group, stock in zip(system.generators, fuel, strict=True)
    )


def step_kind(system: BackupSystem, step: Step) -> Hashable:
    """Return what a step's need and the power of the groups depend on, besides hour and fuel."""
    begin = step.begin
    return (
        step.length,
        begin < system.ride_through,
        *(start_of(system, group) <= begin + TOLERANCE for group in system.generators),
        *(begin >= part.window for part in system.deferrable),
    )


def shared(generated: FloatArray, possible: Sequence[FloatArray]) -> list[FloatArray]:
    """Return the power of each group [MW]: they take load in their order."""
    power = []
    for most in possible:
        power.append(np.minimum(generated, most))
        generated = generated - power[-1]
    return power


def fuel_used(
    system: BackupSystem, step: Step, power: Sequence[FloatArray], units: Sequence[FloatArray]
) -> list[FloatArray]:
    """Return the fuel each group uses over a step; nothing is counted where there is no limit."""
    return [
        step.length * group.fuel_rate(count, taken)
        if np.isfinite(group.fuel_stock)
        else np.zeros_like(taken)
        for group, count, taken in zip(system.generators, units, power, strict=True)
    ]


def fuel_left(
    system: BackupSystem, step: Step, fuel: Sequence[FloatArray], used: Sequence[FloatArray]
) -> list[FloatArray]:
    """Return the fuel of each group after a step.

    Deliveries fill the stock up to what it held at first.
    """
    after = []
    for group, stock, taken in zip(system.generators, fuel, used, strict=True):
        flowing = np.maximum(step.end - max(group.resupply_after, step.begin), 0.0)
        delivered = group.resupply_rate * flowing
        after.append(np.minimum(np.maximum(stock - taken, 0.0) + delivered, group.fuel_stock))
    return after


@dataclass(frozen=True)
class Served:
    """What a step came to, arrays shaped as the states."""

    shortage: FloatArray
    """Load that nothing carried [MW]."""
    power: list[FloatArray]
    """Power of each generator group [MW]."""
    fuel: list[FloatArray]
    """Fuel left, by group."""
    energy: FloatArray
    """Energy left in the battery [MWh]."""


def serve(
    system: BackupSystem,
    step: Step,
    hour: npt.NDArray[np.int64],
    need: FloatArray,
    units: Sequence[FloatArray],
    fuel: Sequence[FloatArray],
    energy: FloatArray,
    battery_works: npt.NDArray[np.bool_] | bool = True,
) -> Served:
    """Return what becomes of a step: generators first, then the battery, spare power charges it.

    Parameters
    ----------
    hour : array
        Hour of the year.
    need : array
        Power to be carried; negative where on-site power exceeds the load [MW].
    units, fuel : sequence of array
        Units available and fuel left, by group.
    energy : array
        Energy in the battery [MWh].
    battery_works : array of bool
        Where the battery can be used.
    """
    possible = possible_power(system, step, hour, need, units, fuel)
    total = sum(possible, np.zeros_like(need))
    deficit = np.maximum(need - total, 0.0)
    charge, discharge = battery_power(system, step, need, total, energy)
    if system.battery is not None:
        charge = np.where(battery_works, charge, 0.0)
        discharge = np.where(battery_works, discharge, 0.0)
        energy = np.clip(
            energy
            + step.length * system.battery.charge_efficiency * charge
            - step.length / system.battery.discharge_efficiency * discharge,
            0.0,
            system.battery.energy,
        )
    shortage = deficit - discharge
    shortage = np.where(shortage > TOLERANCE * np.abs(need) + TOLERANCE, shortage, 0.0)
    generated = np.minimum(total, np.maximum(need + charge, 0.0))
    power = shared(generated, possible)
    fuel = fuel_left(system, step, fuel, fuel_used(system, step, power, units))
    return Served(shortage, power, fuel, energy)


def battery_power(
    system: BackupSystem,
    step: Step,
    need: FloatArray,
    total: FloatArray,
    energy: FloatArray | float,
) -> tuple[FloatArray, FloatArray]:
    """Return charge and discharge of the battery over a step [MW].

    Parameters
    ----------
    need, total : array
        Power asked for and the most that generators can give [MW].
    energy : array
        Energy in the battery [MWh].
    """
    battery = system.battery
    if battery is None:
        return np.zeros_like(need), np.zeros_like(need)
    spare = total - need if system.recharge else -need
    room = np.maximum(battery.energy - energy, 0.0) / (battery.charge_efficiency * step.length)
    held = energy * battery.discharge_efficiency / step.length
    charge = np.minimum(np.minimum(np.maximum(spare, 0.0), battery.power), room)
    deficit = np.maximum(need - total, 0.0)
    return charge, np.minimum(np.minimum(deficit, battery.power), held)
