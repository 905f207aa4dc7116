"""Stores in an outage: their reserve at its beginning, recharged by what is spare."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint
from dcmodel.components.base import SiteCase
from dcmodel.components.outages import FloatArray, Means, Outages, by_hour


def declare_store(
    b: pyo.Block,
    outages: Outages,
    *,
    power: str,
    energy: str,
    reserve: str,
    usable: float,
    efficiency: float = 1.0,
    keep: float = 1.0,
    discharge_max: FloatArray | None = None,
) -> None:
    """Declare charge, discharge and content of a store in every hour of every outage.

    Adds ``outage_charge``, ``outage_discharge`` and ``outage_stored`` to the block.

    Parameters
    ----------
    power, energy, reserve : str
        Names of the block's sizes by year: power [MW], energy [MWh], and the energy that every
        ordinary hour keeps [MWh].
    usable : float
        Share of the energy that may be filled [1].
    efficiency : float
        Of charging and of discharging, each [1].
    keep : float
        Share of the content left after an hour [1].
    discharge_max : array of shape (years, starts, hours), optional
        Further limit on discharge [MW].
    """
    m = b.model()
    sets = (m.Y, outages.starts, outages.hours)
    limit, size, kept = (b.component(name) for name in (power, energy, reserve))
    upper = limit.upper_bound[:, None, None]
    b.outage_charge = ArrayVar(*sets, lower=0, upper=upper, doc="Charging in an outage [MW]")
    b.outage_discharge = ArrayVar(*sets, lower=0, upper=upper, doc="Discharge in an outage [MW]")
    b.outage_stored = ArrayVar(
        *sets,
        lower=0,
        upper=usable * size.upper_bound[:, None, None],
        doc="Energy after an hour of an outage [MWh]",
    )

    @array_constraint(
        b, *sets, couples_years=True, doc="Stored energy follows charge and discharge in an outage"
    )
    def outage_balance(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
        flow = efficiency * b.outage_charge[y, s, h] - b.outage_discharge[y, s, h] / efficiency
        before = (
            outages.later[h] * b.outage_stored[y, s, outages.earlier[h]]
            + outages.first[h] * kept[y]
        )
        return b.outage_stored[y, s, h] == keep * before + flow

    @array_constraint(
        b, *sets, couples_years=True, doc="Charge and discharge within the power in an outage"
    )
    def outage_power(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
        return b.outage_charge[y, s, h] + b.outage_discharge[y, s, h] <= limit[y]

    @array_constraint(
        b, *sets, couples_years=True, doc="Stored energy within the size in an outage"
    )
    def outage_energy(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
        return b.outage_stored[y, s, h] <= usable * size[y]

    if discharge_max is not None:
        b.outage_discharge_max = ArrayParam(*sets, values=discharge_max)

        @array_constraint(
            b, *sets, couples_years=True, doc="Discharge within what can be used in an outage"
        )
        def outage_use(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
            return b.outage_discharge[y, s, h] <= b.outage_discharge_max[y, s, h]


def outage_flows(b: pyo.Block) -> list[ArrayVar]:
    """Return the flows of a store in outages, where any were declared."""
    return _declared(b, "outage_charge", "outage_discharge")


def outage_contents(b: pyo.Block) -> list[ArrayVar]:
    """Return reserve and content of a store in outages, where any were declared."""
    return _declared(b, "reserve", "outage_stored")


def _declared(b: pyo.Block, *names: str) -> list[ArrayVar]:
    return [part for name in names if (part := b.component(name)) is not None]


def store_means(
    b: pyo.Block,
    case: SiteCase,
    *,
    usable: float,
    efficiency: float = 1.0,
    keep: float = 1.0,
    **more: FloatArray,
) -> Means:
    """Return what a solved store gives from its own state of charge, for the check of all starts.

    The parameters are those of `declare_store`; `more` are further fields of `Means`.
    """
    # within a step of several hours the content moves straight between those of its ends
    before = np.roll(np.asarray(b.stored.array), 1, axis=1)
    least = before if np.all(case.duration == 1.0) else np.minimum(before, b.stored.array)
    stored = by_hour(least, case.duration)
    return Means(
        power=np.broadcast_to(np.asarray(b.power.array)[:, None], stored.shape),
        energy=usable * np.asarray(b.energy.array),
        stored=stored,
        efficiency=efficiency,
        keep=keep,
        **more,
    )
