"""The battery for the verification of backup: what it holds by hour, and what more costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dcmodel.components.base import SiteCase
from dcmodel.components.outages import Found
from dcmodel.finance.annuity import capital_recovery_factor
from dcmodel.inputs.assumptions import Technology
from dcmodel.reliability.parts import BackupPart
from dcmodel.reliability.sizing import Addition
from dcmodel.reliability.system import BackupSystem, BatteryReserve

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

    def larger(system: BackupSystem, converter: float) -> BackupSystem:
        old = system.battery or replace(battery, power=0.0, energy=0.0, stored=0.0)
        more = usable * rated
        new = replace(
            old,
            power=old.power + converter,
            energy=old.energy + more,
            stored=np.asarray(old.stored) + more,
        )
        return replace(system, battery=new)

    return (
        Addition(f"battery of {step:g} MW for 1 h", power + energy, lambda s: larger(s, step)),
        Addition(f"battery energy of {step:g} MWh", energy, lambda s: larger(s, 0.0)),
    )
