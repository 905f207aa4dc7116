"""What the parts of a site are in an outage, and the backup that they make together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.reliability.sizing import Addition
from dcmodel.reliability.system import (
    BackupSystem,
    BatteryReserve,
    DeferrableLoad,
    GeneratorGroup,
)

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BackupPart:
    """One part of a site as an outage finds it, and what more of it would cost."""

    generator: GeneratorGroup | None = None
    battery: BatteryReserve | None = None
    on_site: FloatArray | None = None
    """Solar or wind power [MW], shape (hours,)."""
    ride_through: float = 0.0
    """Time that it adds to the uninterruptible supply at full load [h]."""
    critical_share: float = 0.0
    """Share of the site's power that it is bought to carry by itself [1]."""
    additions: tuple[Addition, ...] = ()


def system_of(
    parts: Sequence[BackupPart],
    critical_load: FloatArray,
    deferrable: Sequence[DeferrableLoad] = (),
    ride_through: float = 0.0,
) -> BackupSystem:
    """Return the backup of a site.

    Parameters
    ----------
    parts : sequence of BackupPart
        Generators take load in this order; those with fuel on site go last, to spare it.
    critical_load : array of shape (hours,)
        Load that must be carried [MW].
    deferrable : sequence of DeferrableLoad
        Load that may wait.
    ride_through : float
        Time that the building's own uninterruptible supply carries [h].
    """
    generators = [part.generator for part in parts if part.generator is not None]
    generators.sort(key=lambda group: np.isfinite(group.fuel_stock))
    batteries = [part.battery for part in parts if part.battery is not None]
    suns = [part.on_site for part in parts if part.on_site is not None]
    return BackupSystem(
        critical_load=critical_load,
        generators=tuple(generators),
        battery=batteries[0] if batteries else None,
        deferrable=tuple(deferrable),
        on_site=np.sum(suns, axis=0) if suns else None,
        ride_through=ride_through + sum(part.ride_through for part in parts),
    )
