"""Direct-expansion units of small rooms: compressor and evaporator coil in one, condenser outside.

No water loop; the evaporator is cold, so it dries the air and the humidifier runs. The unit's
efficiency follows the curves of an air-cooled screw machine at the evaporator's temperature, scaled
to the smaller compressors.
"""

from __future__ import annotations

import numpy as np

from dcmodel.facility.chiller import ChillerPlant, chiller_power, load_curves
from dcmodel.facility.cooling import CoolingState, Fan
from dcmodel.facility.design import Architecture, Design, architectures
from dcmodel.facility.loops import COIL_SCALARS, coil_hall
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.weather import FacilityWeather


def cooling(design: Design, weather: FacilityWeather, load: Array) -> CoolingState:
    """Cooling of a room by direct-expansion units; see `dcmodel.facility.loops`."""
    hall = coil_hall(design, weather, load)
    compressors = chiller_power(
        load_curves(design.text("chiller_curves")),
        design.group(ChillerPlant, "chiller"),
        hall.heat,
        hall.heat_design,
        hall.temp_supply,
        weather.temp_air,
    )
    zero = np.zeros_like(compressors)
    return CoolingState(
        fan=hall.fan,
        pump=zero,
        chiller=compressors,
        heat_rejection=zero,
        auxiliary=zero,
        on_ups=design["fan_on_ups"] * hall.fan,
        water=hall.humidification,
        mechanical_fraction=np.ones_like(compressors),
    )


architectures.register("direct_expansion")(
    Architecture(
        title="Direct-expansion units for small rooms",
        groups={"fan": Fan, "chiller": ChillerPlant},
        scalars=(*COIL_SCALARS, "chiller_curves"),
        cooling=cooling,
        reach="reach_room_unit",
    )
)
