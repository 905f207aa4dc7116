"""Perimeter units or fan walls on air-cooled chillers, without free cooling.

The plain plant of mid-sized halls: coils on a chilled-water loop, screw chillers on the roof all
year round.
"""

from __future__ import annotations

from dataclasses import replace

from dcmodel.facility.chiller import ChillerPlant
from dcmodel.facility.cooling import CoolingState, Fan, Pump
from dcmodel.facility.design import Architecture, Design, architectures
from dcmodel.facility.loops import COIL_SCALARS, chilled_reuse, coil_hall, dry_loop
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.weather import FacilityWeather


def cooling(design: Design, weather: FacilityWeather, load: Array) -> CoolingState:
    """Cooling of a hall by air-cooled chillers; see `dcmodel.facility.loops`."""
    hall = coil_hall(design, weather, load)
    loop = dry_loop(
        design,
        weather,
        hall.heat,
        hall.heat_design,
        hall.temp_supply,
        "chilled",
        free_cooling=False,
    )
    return replace(
        loop.state,
        fan=hall.fan,
        on_ups=design["fan_on_ups"] * hall.fan,
        water=loop.state.water + hall.humidification,
    )


architectures.register("air_cooled_chiller")(
    Architecture(
        title="Air-cooled chillers without free cooling",
        groups={"fan": Fan, "chilled_pump": Pump, "chiller": ChillerPlant},
        scalars=(*COIL_SCALARS, "chiller_curves"),
        cooling=cooling,
        reuse=chilled_reuse,
    )
)
