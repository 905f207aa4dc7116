"""The battery for the verification of backup: what it holds by hour, and what more costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dcmodel.components.base import FloatArray, SiteCase
from dcmodel.components.outages import Found
from dcmodel.finance.annuity import capital_recovery_factor
from dcmodel.inputs.assumptions import Technology
from dcmodel.reliability.parts import BackupPart
from dcmodel.reliability.sizing import Added, Addition
from dcmodel.reliability.system import BackupSystem, BatteryReserve

if TYPE_CHECKING:
    from dcmodel.components.battery import Battery

_STEP = 0.05
"""One addition as a share of the site's design power [1]."""


def part(
    p: Technology,
    case: SiteCase,
    found: Found,
    y: int,
    usable: float,
    efficiency: tuple[float, float],
) -> BackupPart:
    """Return the battery that stands in a year.

    Parameters
    ----------
    p : Technology
    case : SiteCase
    found : Found
    y : int
        Position of the year.
    usable : float
        Share of the rated energy between the lowest and the highest permitted state [1].
    efficiency : tuple of float
        Of charging and of discharging [1].
    """
    energy = usable * found.sizes["energy"]
    held = np.zeros(1) if found.stored is None else np.clip(np.roll(found.stored, 1), 0.0, energy)
    battery = BatteryReserve(
        power=found.sizes["power"],
        energy=energy,
        stored=held if found.stored is not None else 0.0,
        charge_efficiency=efficiency[0],
        discharge_efficiency=efficiency[1],
        availability=p.value("availability"),
    )
    return BackupPart(battery=battery, additions=_additions(p, case, battery, y, usable))


def larger(
    battery: Battery, case: SiteCase, found: Found, year: int, added: Sequence[Added]
) -> Battery:
    """Return the settings by which a year keeps what verification asks for, beyond what was kept.

    The reserve starts from the least that the battery held, which no hour may go below from now on.
    """
    held = 0.0 if found.stored is None else float(found.stored.min())
    reserve = held + sum(count * one.energy for one, count in added)
    power = found.sizes["power"] + sum(count * one.power for one, count in added)
    return battery.model_copy(
        update={
            "reserve_mwh": _raised(battery.reserve(case), case, year, reserve),
            "power_min_mw": _raised(battery.least_power(case), case, year, power),
        }
    )


def _raised(values: FloatArray, case: SiteCase, year: int, least: float) -> dict[int, float]:
    """Return values by year, those from a year on no less than a value."""
    pairs = zip(case.years, values, strict=True)
    return {y: float(max(value, least) if y >= year else value) for y, value in pairs}


def _additions(
    p: Technology, case: SiteCase, battery: BatteryReserve, y: int, usable: float
) -> tuple[Addition, ...]:
    """Return converter with an hour of energy, and an hour of energy alone, kept for outages."""
    years = np.asarray(case.years)
    step = max(1.0, round(_STEP * float(case.facility_design_peak[y] * case.it_capacity[y]), 1))
    crf = capital_recovery_factor(case.discount_rate, p.value("lifetime"))
    yearly = crf + p.at("fixed_operation_share_of_capex", years)[y]
    rated = step / (usable * battery.discharge_efficiency)
    power = step * float(p.at("capex_power", years)[y] * yearly)
    energy = rated * float(p.at("capex_energy", years)[y] * yearly)

    def grown(system: BackupSystem, converter: float) -> BackupSystem:
        old = system.battery or replace(battery, power=0.0, energy=0.0, stored=0.0)
        more = usable * rated
        new = replace(
            old,
            power=old.power + converter,
            energy=old.energy + more,
            stored=np.asarray(old.stored) + more,
        )
        return replace(system, battery=new)

    kept = usable * rated
    return (
        Addition(
            f"battery of {step:g} MW for 1 h", power + energy, lambda s: grown(s, step),
            p.kind, power=step, energy=kept,
        ),
        Addition(
            f"battery energy of {step:g} MWh", energy, lambda s: grown(s, 0.0),
            p.kind, energy=kept,
        ),
    )  # fmt: skip
