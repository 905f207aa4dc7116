"""Chilled-water plant with cooling towers and an integrated water-side economizer.

Hall air is cooled by coils (fan walls or CRAHs); the coil's return and supply temperatures set the
chilled-water temperatures; tower water cools the loop through a plate exchanger in series before
the chillers, which take what is left.
"""

from __future__ import annotations

from dataclasses import replace

from dcmodel.facility.chiller import ChillerPlant
from dcmodel.facility.cooling import CoolingState, Fan, Pump, pump_power
from dcmodel.facility.design import Architecture, Design, architectures
from dcmodel.facility.loops import COIL_SCALARS, TOWER_SCALARS, chilled_reuse, coil_hall, tower_loop
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.tower import Tower
from dcmodel.facility.weather import FacilityWeather


def cooling(design: Design, weather: FacilityWeather, load: Array) -> CoolingState:
    """Cooling of a hall behind a chilled-water plant with a water-side economizer.

    Parameters
    ----------
    design : Design
    weather : FacilityWeather
        Arrays of shape (T,).
    load : ndarray, shape (..., T)
        IT power per installed IT [1].

    Returns
    -------
    CoolingState
        Per MW of installed IT.
    """
    hall = coil_hall(design, weather, load)
    loop = tower_loop(design, weather, hall.heat, hall.heat_design, hall.temp_supply, "chilled")
    pumps = pump_power(design.group(Pump, "chilled_pump"), hall.heat, hall.heat_design)
    return replace(
        loop.state,
        fan=hall.fan,
        on_ups=design["fan_on_ups"] * hall.fan + design["chilled_pump_on_ups"] * pumps,
        water=loop.state.water + hall.humidification,
    )


architectures.register("water_economizer")(
    Architecture(
        title="Water-cooled chillers with water-side economizer",
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
    )
)
