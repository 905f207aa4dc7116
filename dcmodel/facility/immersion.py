"""Single-phase immersion: tanks in place of racks, nearly all heat in the fluid.

The equations are those of direct-to-chip halls with tank pumps and a tank exchanger for the
distribution units; what differs is the preset: a liquid share near one, viscous fluid, a wider
approach.
"""

from __future__ import annotations

from dcmodel.facility.design import Architecture, architectures
from dcmodel.facility.direct_to_chip import DRY_GROUPS, LIQUID_SCALARS, cooling, liquid_reuse
from dcmodel.facility.loops import COIL_SCALARS

architectures.register("immersion")(
    Architecture(
        title="Single-phase immersion on dry or adiabatic coolers",
        groups=DRY_GROUPS,
        scalars=(*LIQUID_SCALARS, *COIL_SCALARS, "chiller_curves"),
        cooling=cooling,
        reuse=liquid_reuse,
        reach="reach_immersion",
    )
)
