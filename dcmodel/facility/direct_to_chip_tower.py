"""Direct-to-chip liquid cooling on cooling towers, the air remainder on the same plant.

Towers bring the warm loop to its supply temperature without compressors wherever wet bulb, tower
and exchanger approach allow (facility water of 30-32 degC nearly everywhere); colder classes (W17,
W27) and the air remainder call on water-cooled chillers in series.
"""

from __future__ import annotations

from dcmodel.facility.chiller import ChillerPlant
from dcmodel.facility.cooling import CoolingState, Fan, Pump
from dcmodel.facility.design import Architecture, Design, architectures
from dcmodel.facility.direct_to_chip import LIQUID_SCALARS, joined, liquid_hall, liquid_reuse
from dcmodel.facility.loops import COIL_SCALARS, TOWER_SCALARS, tower_loop
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.tower import Tower
from dcmodel.facility.weather import FacilityWeather


def cooling(design: Design, weather: FacilityWeather, load: Array) -> CoolingState:
    """Cooling of a direct-to-chip hall on towers; see `dcmodel.facility.loops`."""
    hall = liquid_hall(design, weather, load)
    air = hall.air
    warm = tower_loop(design, weather, hall.heat, hall.heat_design, hall.temp_supply, "liquid")
    cold = tower_loop(design, weather, air.heat, air.heat_design, air.temp_supply, "air")
    return joined(design, hall, warm, cold)


architectures.register("direct_to_chip_tower")(
    Architecture(
        title="Direct-to-chip liquid on cooling towers, air remainder on chillers",
        groups={
            "fan": Fan,
            "cdu_pump": Pump,
            "liquid_pump": Pump,
            "air_pump": Pump,
            "condenser_pump": Pump,
            "tower": Tower,
            "chiller": ChillerPlant,
        },
        scalars=(*LIQUID_SCALARS, *COIL_SCALARS, *TOWER_SCALARS, "chiller_curves"),
        cooling=cooling,
        reuse=liquid_reuse,
        reach="reach_liquid",
        liquid_by_density=True,
    )
)
