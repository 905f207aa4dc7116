"""Replay of an outage from every hour of the year, with units that neither fail nor come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import Fault, StudyError
from dcmodel.reliability.dispatch import need_of, serve, steps_of
from dcmodel.reliability.system import BackupSystem

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Replay:
    """Outages of one length, one from each hour of the year."""

    survived: FloatArray
    """Time until load is first lost, the whole outage where it never is [h], shape (hours,)."""
    outage: int
    """Length of the outages [h]."""
    fuel_used: dict[str, FloatArray]
    """Fuel burnt until load is lost or the outage ends, by group, shape (hours,)."""
    run_hours: dict[str, FloatArray]
    """Hours in which a group gives power until then, shape (hours,)."""
    shortage: FloatArray
    """Energy not served over the whole outage by what is left [MWh], shape (hours,)."""
    lowest_energy: FloatArray
    """Least energy in the battery until load is lost [MWh], shape (hours,)."""

    @property
    def curve(self) -> FloatArray:
        """Share of start hours that survive an outage of 0, 1, 2 .. hours, shape (outage + 1,)."""
        lengths = np.arange(self.outage + 1)
        return np.asarray((self.survived[None, :] >= lengths[:, None] - 1e-9).mean(axis=1))

    @property
    def worst_start(self) -> int:
        """Hour of the year from which load is lost soonest."""
        return int(np.argmin(self.survived))


def replay(
    system: BackupSystem, outage: int, unavailable: Mapping[str, int] | None = None
) -> Replay:
    """Replay an outage from every hour of the year.

    Parameters
    ----------
    system : BackupSystem
    outage : int
        Length of the outages [h].
    unavailable : mapping, optional
        Units that are out for the whole outage, by group: N-1, or maintenance.

    Returns
    -------
    Replay
    """
    starts = np.arange(system.hours)
    out = unavailable or {}
    ones = np.ones(system.hours)
    groups = system.generators
    units = [ones * max(0, group.units - out.get(group.name, 0)) for group in groups]
    fuel = [ones * group.fuel_stock for group in groups]
    energy = ones * (0.0 if system.battery is None else system.battery.stored)
    survived = ones * outage
    alive = np.ones(system.hours, dtype=bool)
    used = [np.zeros(system.hours) for _ in groups]
    ran = [np.zeros(system.hours) for _ in groups]
    shortage, lowest = np.zeros(system.hours), energy.copy()
    for step in steps_of(system, outage):
        hour = (starts + step.hour) % system.hours
        need = need_of(system, step)[hour]
        served = serve(system, step, hour, need, units, fuel, energy)
        lost = alive & (served.shortage > 0)
        survived[lost] = step.begin
        alive &= ~lost
        for g, group in enumerate(groups):
            rate = group.fuel_rate(units[g], served.power[g])
            used[g] += np.where(alive, step.length * rate, 0.0)
            ran[g] += np.where(alive & (served.power[g] > 0), step.length, 0.0)
        fuel, energy = served.fuel, served.energy
        shortage += step.length * served.shortage
        lowest = np.where(alive, np.minimum(lowest, energy), lowest)
    names = [group.name for group in groups]
    return Replay(
        survived=survived,
        outage=outage,
        fuel_used=dict(zip(names, used, strict=True)),
        run_hours=dict(zip(names, ran, strict=True)),
        shortage=shortage,
        lowest_energy=lowest,
    )


def require_survival(system: BackupSystem, outage: int, where: str = "survive_outage_h") -> None:
    """Refuse a system that does not survive an outage from every hour with all its units.

    Raises
    ------
    StudyError
        Saying from which hour, when it is lost, and whether power or fuel is missing, with amounts.
    """
    message = outage_lost(system, replay(system, outage))
    if message:
        raise StudyError(Fault(where, message))


def outage_lost(system: BackupSystem, result: Replay) -> str:
    """Return which replayed outages are lost and why, in words; empty where none is."""
    worst, outage = result.worst_start, result.outage
    if result.survived[worst] >= outage:
        return ""
    lost = int((result.survived < outage).sum())
    text = (
        f"an outage of {outage} h is not survived from {lost} of {system.hours} start hours; the "
        f"worst, from hour {worst}, ends after {result.survived[worst]:g} h"
    )
    return f"{text}: {_cause(system, outage, worst)}"


def _cause(system: BackupSystem, outage: int, start: int) -> str:
    """Say what is missing in the outage from one hour, with the amount that would do."""
    plenty = system
    for group in system.generators:
        plenty = plenty.with_group(replace(group, fuel_stock=np.inf))
    unlimited = replay(plenty, outage)
    if unlimited.survived[start] < outage:
        missing = unlimited.shortage[start]
        return (
            f"power is missing, {missing:.0f} MWh in all even with endless fuel; add units, "
            "battery or deferrable load"
        )
    limited = [group for group in system.generators if np.isfinite(group.fuel_stock)]
    return "; ".join(
        f"the fuel of {group.name} is {group.fuel_stock:,.0f} {group.fuel_unit} and the outage "
        f"takes {unlimited.fuel_used[group.name][start]:,.0f} {group.fuel_unit}; hold more, or "
        "have it delivered sooner"
        for group in limited
    )
