"""Air-cooled chillers with a free-cooling coil: cold air first, compressors for the rest."""

from __future__ import annotations

from dataclasses import replace

from dcmodel.facility.chiller import ChillerPlant
from dcmodel.facility.cooling import CoolingState, DryCooler, Fan, Pump
from dcmodel.facility.design import Architecture, Design, architectures
from dcmodel.facility.loops import COIL_SCALARS, chilled_reuse, coil_hall, dry_loop
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.weather import FacilityWeather


def cooling(design: Design, weather: FacilityWeather, load: Array) -> CoolingState:
    """Cooling of a hall by free-cooling chillers; see `dcmodel.facility.loops`."""
    hall = coil_hall(design, weather, load)
    loop = dry_loop(design, weather, hall.heat, hall.heat_design, hall.temp_supply, "chilled")
    return replace(
        loop.state,
        fan=hall.fan,
        on_ups=design["fan_on_ups"] * hall.fan,
        water=loop.state.water + hall.humidification,
    )


architectures.register("free_cooling_chiller")(
    Architecture(
        title="Air-cooled chillers with free-cooling coils",
        groups={
            "fan": Fan,
            "chilled_pump": Pump,
            "chilled_cooler": DryCooler,
            "chiller": ChillerPlant,
        },
        scalars=(*COIL_SCALARS, "chiller_curves"),
        cooling=cooling,
        reuse=chilled_reuse,
    )
)
