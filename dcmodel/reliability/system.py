"""What stands behind a site when the grid is gone: generators, battery, fuel and the load.

Plain arrays and numbers: nothing here knows where they come from. Hourly arrays hold one value for
each hour of a year; an outage that begins late in the year goes on in its first hours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import Fault, StudyError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GeneratorGroup:
    """Like units that share a fuel stock: diesel sets, gas engines, turbines, fuel cells."""

    name: str
    units: int
    """Units that stand on the site [1]."""
    rating: float
    """Power of one unit before derating [MW]."""
    derating: FloatArray | float = 1.0
    """Share of the rating that heat and altitude leave, by hour [1], shape (hours,) or a number."""
    availability: float = 1.0
    """Probability that a unit is not under maintenance when the grid fails [1]."""
    failure_to_start: float = 0.0
    """Probability that a ready unit does not start [1]."""
    common_start_failure: float = 0.0
    """Probability that one cause keeps every unit from starting [1]."""
    mean_time_to_failure: float = math.inf
    """Of a running unit; lives are exponential [h]."""
    mean_time_to_repair: float = math.inf
    """Of a failed unit while the outage lasts; infinite where nobody repairs [h]."""
    start_time: float = 0.0
    """From the loss of the grid to the acceptance of load [h]."""
    minimum_load: float = 0.0
    """Lowest load of a running unit, as a share of its rating [1]."""
    fuel_stock: float = math.inf
    """Fuel on site when an outage begins, in `fuel_unit`; infinite for a pipeline."""
    fuel_unit: str = "L"
    fuel_idle: float = 0.0
    """Fuel of a running unit at no load, per hour and MW of rating."""
    fuel_slope: float = 0.0
    """Fuel per MWh generated."""
    resupply_after: float = math.inf
    """Hours from the beginning of an outage to the first delivery of fuel [h]."""
    resupply_rate: float = 0.0
    """Fuel delivered per hour from then on."""
    test_hours: float = 0.0
    """Hours of test running of each unit a year [h]."""
    permit_hours: float = math.inf
    """Hours a year that the permit allows outside emergencies, tests included [h]."""

    def unit_power(self, hour: npt.NDArray[np.int64] | slice) -> FloatArray | float:
        """Return the power of one unit in the hours given [MW]."""
        if isinstance(self.derating, np.ndarray):
            return self.rating * self.derating[hour]
        return self.rating * self.derating

    def power(self, hours: int) -> FloatArray:
        """Return the power of all units in each hour [MW], shape (hours,)."""
        return self.units * np.broadcast_to(self.unit_power(slice(None)), (hours,))

    def running(self, units: FloatArray, power: FloatArray) -> FloatArray:
        """Return how many units run: all that are available, fewer where load is too low for all.

        Parameters
        ----------
        units : array
            Units available [1].
        power : array
            Power asked of them [MW].
        """
        if self.minimum_load <= 0:
            return np.where(power > 0, units, 0.0)
        most = np.floor(power / (self.minimum_load * self.rating) + 1e-9)
        return np.where(power > 0, np.minimum(np.maximum(most, 1.0), units), 0.0)

    def fuel_rate(self, units: FloatArray, power: FloatArray) -> FloatArray:
        """Return the fuel burnt per hour at a total power, below the minimum load as at it.

        Parameters
        ----------
        units : array
            Units available [1].
        power : array
            Power generated [MW].
        """
        running = self.running(units, power)
        carried = np.maximum(power, self.minimum_load * self.rating * running)
        return self.fuel_idle * self.rating * running + self.fuel_slope * carried


@dataclass(frozen=True)
class BatteryReserve:
    """A battery that carries what the generators cannot."""

    power: float
    """Largest charge and discharge [MW]."""
    energy: float
    """Energy between the lowest and the highest permitted state [MWh]."""
    stored: FloatArray | float
    """Energy above the lowest permitted state as each hour begins [MWh], shape (hours,)."""
    charge_efficiency: float = 1.0
    discharge_efficiency: float = 1.0
    availability: float = 1.0
    """Probability that it works when the grid fails [1]."""


@dataclass(frozen=True)
class DeferrableLoad:
    """Load that is shed as an outage begins and must be carried once its window has passed."""

    name: str
    power: FloatArray
    """Facility power of the work by hour [MW], shape (hours,)."""
    window: float
    """How long the work may wait [h]."""


@dataclass(frozen=True)
class BackupSystem:
    """A site without its grid."""

    critical_load: FloatArray
    """Load that must be carried in every hour, deferrable load left out [MW], shape (hours,)."""
    generators: tuple[GeneratorGroup, ...] = ()
    """In the order in which they take load."""
    battery: BatteryReserve | None = None
    deferrable: tuple[DeferrableLoad, ...] = ()
    on_site: FloatArray | None = field(default=None)
    """Solar or wind power behind the meter [MW], shape (hours,)."""
    ride_through: float = 0.0
    """How long the uninterruptible supply carries the whole load by itself [h]."""
    recharge: bool = True
    """Whether spare generator power charges the battery during an outage."""

    @property
    def hours(self) -> int:
        """Hours of the year."""
        return len(self.critical_load)

    def need(self, elapsed: float) -> FloatArray:
        """Return what is to be carried after `elapsed` hours of outage, for each hour of the year.

        Returns
        -------
        array of shape (hours,)
            Critical load and deferrable load that cannot wait longer, less on-site power; negative
            where on-site power exceeds the load [MW].
        """
        load = self.critical_load.astype(float)
        for part in self.deferrable:
            if elapsed >= part.window:
                load = load + part.power
        return load if self.on_site is None else load - self.on_site

    def group(self, name: str) -> GeneratorGroup:
        """Return a generator group by name."""
        for group in self.generators:
            if group.name == name:
                return group
        known = ", ".join(group.name for group in self.generators) or "none"
        msg = f"no generator group '{name}' (groups: {known})"
        raise KeyError(msg)

    def with_group(self, group: GeneratorGroup) -> BackupSystem:
        """Return the system with a generator group in place of the one of its name."""
        self.group(group.name)
        groups = tuple(group if old.name == group.name else old for old in self.generators)
        return replace(self, generators=groups)

    def with_units(self, name: str, units: int) -> BackupSystem:
        """Return the system with another number of units in one group, as under maintenance."""
        return self.with_group(replace(self.group(name), units=units))

    def without_battery(self) -> BackupSystem:
        """Return the system as it is when the battery does not work."""
        return replace(self, battery=None)


def check(system: BackupSystem) -> None:
    """Refuse a system that is wrong in itself, all faults at once.

    Raises
    ------
    StudyError
    """
    faults = [*_load_faults(system), *_battery_faults(system)]
    for group in system.generators:
        faults += _group_faults(group, system.hours)
    if faults:
        raise StudyError(faults)


def check_power(system: BackupSystem) -> None:
    """Refuse a critical load above all that the backup could ever carry.

    Raises
    ------
    StudyError
        Naming the hour at which most is missing, and the amounts.
    """
    message = power_missing(system)
    if message:
        raise StudyError(Fault("backup", message))


def power_missing(system: BackupSystem) -> str:
    """Return where the load is above all backup together, in words; empty where it never is."""
    load = system.need(math.inf)
    generators = sum((g.power(system.hours) for g in system.generators), np.zeros(system.hours))
    battery = 0.0 if system.battery is None else system.battery.power
    missing = load - generators - battery
    worst = int(np.argmax(missing))
    if missing[worst] <= 1e-6 * max(1.0, load[worst]):
        return ""
    parts = [
        f"{g.name} {g.power(system.hours)[worst]:.1f} MW ({g.units} x {g.rating:g} MW, derated)"
        for g in system.generators
    ]
    if battery:
        parts.append(f"battery {battery:.1f} MW")
    return (
        f"critical load of {load[worst]:.1f} MW in hour {worst} of the year is above all backup: "
        f"{' and '.join(parts) or 'none'}; {missing[worst]:.1f} MW are missing: add units or "
        "battery power, or lower the critical share"
    )


def _load_faults(system: BackupSystem) -> list[Fault]:
    faults = []
    arrays = {"critical_load": system.critical_load, "on_site": system.on_site}
    arrays |= {f"deferrable.{part.name}": part.power for part in system.deferrable}
    for name, values in arrays.items():
        if values is None:
            continue
        if values.shape != system.critical_load.shape or values.ndim != 1:
            text = f"has shape {values.shape}; needed is {system.critical_load.shape}"
            faults.append(Fault(name, text))
        elif not np.all(np.isfinite(values)) or values.min() < 0:
            hour = int(np.argmin(np.where(np.isfinite(values), values, -np.inf)))
            text = f"is {values[hour]} MW in hour {hour}; a number from 0 is needed"
            faults.append(Fault(name, text))
    names = [group.name for group in system.generators]
    for name in sorted({name for name in names if names.count(name) > 1}):
        faults.append(Fault(name, "two generator groups bear this name; give each its own"))
    return faults


def _battery_faults(system: BackupSystem) -> list[Fault]:
    battery = system.battery
    if battery is None:
        return []
    faults = [
        Fault(f"battery.{name}", f"found {value:g}; allowed is {words}")
        for name, value, good, words in (
            ("power", battery.power, battery.power >= 0, "0 MW or more"),
            ("energy", battery.energy, battery.energy >= 0, "0 MWh or more"),
            *(
                (name, value, 0 < value <= 1, "above 0 to 1")
                for name, value in (
                    ("charge_efficiency", battery.charge_efficiency),
                    ("discharge_efficiency", battery.discharge_efficiency),
                )
            ),
            ("availability", battery.availability, 0 <= battery.availability <= 1, "0 to 1"),
        )
        if not good
    ]
    stored = np.asarray(battery.stored, dtype=float)
    if stored.ndim == 1 and stored.shape != (system.hours,):
        text = f"has {len(stored)} hours; the load has {system.hours}"
        faults.append(Fault("battery.stored", text))
    elif stored.min() < -1e-6 or stored.max() > battery.energy * (1 + 1e-6) + 1e-6:
        text = f"runs from {stored.min():g} to {stored.max():g} MWh; allowed is 0 to "
        faults.append(Fault("battery.stored", f"{text}{battery.energy:g} MWh, its energy"))
    return faults


def _group_faults(group: GeneratorGroup, hours: int) -> list[Fault]:
    derating = np.asarray(group.derating, dtype=float)
    shares = ("availability", "failure_to_start", "common_start_failure", "minimum_load")
    tests = [
        (name, getattr(group, name), 0 <= getattr(group, name) <= 1, "0 to 1") for name in shares
    ]
    tests += [
        ("units", group.units, group.units >= 0 and int(group.units) == group.units, "0, 1, 2 .."),
        ("rating", group.rating, group.rating > 0, "above 0 MW"),
        ("start_time", group.start_time, group.start_time >= 0, "0 h or more"),
        ("fuel_stock", group.fuel_stock, group.fuel_stock >= 0, "0 or more"),
        ("mean_time_to_failure", group.mean_time_to_failure, group.mean_time_to_failure > 0,
         "above 0 h"),
        ("mean_time_to_repair", group.mean_time_to_repair, group.mean_time_to_repair > 0,
         "above 0 h"),
        ("derating", float(derating.min()), derating.min() >= 0, "0 or more"),
    ]  # fmt: skip
    faults = [
        Fault(f"{group.name}.{name}", f"found {value:g}; allowed is {words}")
        for name, value, good, words in tests
        if not good
    ]
    if derating.ndim and derating.shape != (hours,):
        text = f"has {derating.size} hours; the load has {hours}"
        faults.append(Fault(f"{group.name}.derating", text))
    if group.test_hours > group.permit_hours:
        text = (
            f"tests run each unit {group.test_hours:g} h a year and the permit allows "
            f"{group.permit_hours:g} h outside emergencies; test less, or ask for "
            f"{group.test_hours - group.permit_hours:g} h more"
        )
        faults.append(Fault(f"{group.name}.permit_hours", text))
    return faults
