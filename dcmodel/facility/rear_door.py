"""Rear-door heat exchangers: the coil is the rack's own door, fed above the dew point of the room.

A door is a coil of short air path: its fans overcome the door alone, and its water stays at least
two kelvin above the room's dew point, so nothing condenses. Behind it stands the plant of
`dcmodel.facility.water_economizer`.
"""

from __future__ import annotations

from dcmodel.facility.chiller import ChillerPlant
from dcmodel.facility.cooling import Fan, Pump
from dcmodel.facility.design import Architecture, architectures
from dcmodel.facility.loops import COIL_SCALARS, TOWER_SCALARS, chilled_reuse
from dcmodel.facility.tower import Tower
from dcmodel.facility.water_economizer import cooling

architectures.register("rear_door")(
    Architecture(
        title="Rear-door heat exchangers with water-side economizer",
        groups={
            "fan": Fan,
            "chilled_pump": Pump,
            "condenser_pump": Pump,
            "tower": Tower,
            "chiller": ChillerPlant,
        },
        scalars=(*COIL_SCALARS, *TOWER_SCALARS, "chiller_curves", "chilled_pump_on_ups"),
        cooling=cooling,
        reuse=chilled_reuse,
        reach="reach_rear_door",
    )
)
