"""Chilled-water plant with cooling towers and an integrated water-side economizer.

Hall air is cooled by coils (fan walls or CRAHs); the coil's return and supply temperatures set the
chilled-water temperatures; tower water cools the loop through a plate exchanger in series before
the chillers, which take what is left.
"""

from __future__ import annotations

import numpy as np

from dcmodel.facility.chiller import ChillerPlant, chiller_power, load_curves
from dcmodel.facility.cooling import (
    CoolingState,
    Fan,
    Pump,
    Tower,
    coil_water_temperature,
    economizer_share,
    fan_power,
    pump_power,
    tower_fan_power,
    tower_temperature,
    tower_water,
)
from dcmodel.facility.design import Architecture, Design, architectures
from dcmodel.facility.electrical import hall_losses
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.weather import FacilityWeather


def chilled_water_temperature(design: Design) -> float:
    """Chilled-water supply [degC]: what the coil needs, at most the plant's set point."""
    coil = coil_water_temperature(
        design["supply_air_temperature"],
        design.group(Fan, "fan").temperature_rise,
        design["coil_effectiveness"],
    )
    return min(coil, design["chilled_water_temperature_maximum"])


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
    fan, pump = design.group(Fan, "fan"), design.group(Pump, "chilled_pump")
    condenser_pump = design.group(Pump, "condenser_pump")
    tower, plant = design.group(Tower, "tower"), design.group(ChillerPlant, "chiller")
    curves = load_curves(design.text("chiller_curves"))

    heat_design = float(1.0 + hall_losses(design, np.asarray(1.0)))
    hall_heat = load + hall_losses(design, load)
    fans = fan_power(fan, hall_heat, heat_design, weather)
    chilled_pumps = pump_power(pump, hall_heat + fans, heat_design)
    heat = hall_heat + fans + chilled_pumps

    temp_supply = chilled_water_temperature(design)
    temp_return = temp_supply + pump.temperature_rise
    temp_tower = tower_temperature(tower, weather.temp_wet_bulb)
    share = economizer_share(temp_return, temp_supply, temp_tower + design["exchanger_approach"])
    if not design["economizer_integrated"]:
        share = np.where(share >= 1.0, 1.0, 0.0)
    temp_condenser = np.maximum(temp_tower, design["condenser_minimum_temperature"])
    chillers = chiller_power(
        curves, plant, (1.0 - share) * heat, heat_design, temp_supply, temp_condenser
    )

    rejected = heat + chillers
    rejected_design = heat_design * (1.0 + 1.0 / (curves.cop_ref * plant.cop_scale))
    condenser_pumps = pump_power(condenser_pump, rejected, rejected_design)
    on_ups = design["fan_on_ups"] * fans + design["chilled_pump_on_ups"] * chilled_pumps
    return CoolingState(
        fan=fans,
        pump=chilled_pumps + condenser_pumps,
        chiller=chillers,
        heat_rejection=tower_fan_power(
            tower, rejected, rejected_design, temp_tower, weather.temp_wet_bulb
        ),
        auxiliary=np.zeros_like(fans),
        on_ups=on_ups,
        water=tower_water(tower, rejected, temp_tower, weather),
        mechanical_fraction=np.broadcast_to(1.0 - share, heat.shape),
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
        scalars=(
            "supply_air_temperature",
            "coil_effectiveness",
            "chilled_water_temperature_maximum",
            "exchanger_approach",
            "economizer_integrated",
            "condenser_minimum_temperature",
            "chiller_curves",
            "fan_on_ups",
            "chilled_pump_on_ups",
        ),
        cooling=cooling,
    )
)
