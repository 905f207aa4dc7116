r"""Sea or lake water through a plate exchanger, with a water-cooled trim chiller.

Deep water swings little: its temperature is taken as
:math:`T_{sea} = \bar T + s\,(T_{db} - \bar T)` with a mean :math:`\bar T` and a swing :math:`s` of
the place. Nothing evaporates; the water returns warmer by the range of the intake pumps.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dcmodel.facility.chiller import ChillerPlant, chiller_power, load_curves
from dcmodel.facility.cooling import CoolingState, Fan, Pump, economizer_share, pump_power
from dcmodel.facility.design import Architecture, Design, architectures
from dcmodel.facility.loops import COIL_SCALARS, chilled_reuse, coil_hall, resting
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.weather import FacilityWeather


def sea_temperature(design: Design, weather: FacilityWeather) -> Array:
    """Return the temperature of the water at the intake [degC]."""
    mean = design["sea_temperature_mean"]
    swung = mean + design["sea_temperature_swing"] * (weather.temp_air - mean)
    return np.maximum(swung, design["sea_temperature_minimum"])


def cooling(design: Design, weather: FacilityWeather, load: Array) -> CoolingState:
    """Cooling of a hall by sea or lake water.

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
    pump, intake = design.group(Pump, "chilled_pump"), design.group(Pump, "intake_pump")
    curves, plant = (
        load_curves(design.text("chiller_curves")),
        design.group(ChillerPlant, "chiller"),
    )
    pumps = pump_power(pump, hall.heat, hall.heat_design)
    heat = hall.heat + pumps
    temp_sea = sea_temperature(design, weather)
    share = economizer_share(
        hall.temp_supply + pump.temperature_rise,
        hall.temp_supply,
        temp_sea + design["exchanger_approach"],
    )
    temp_condenser = np.maximum(temp_sea, design["condenser_minimum_temperature"])
    chillers = chiller_power(
        curves, plant, (1.0 - share) * heat, hall.heat_design, hall.temp_supply, temp_condenser
    )
    rejected_design = hall.heat_design * (1.0 + 1.0 / (curves.cop_ref * plant.cop_scale))
    intake_pumps = pump_power(intake, heat + chillers, rejected_design)
    return replace(
        resting(heat),
        fan=hall.fan,
        pump=pumps + intake_pumps,
        chiller=chillers,
        on_ups=design["fan_on_ups"] * hall.fan,
        water=hall.humidification,
        mechanical_fraction=np.broadcast_to(1.0 - share, heat.shape),
    )


architectures.register("sea_water")(
    Architecture(
        title="Sea or lake water with trim chillers",
        groups={"fan": Fan, "chilled_pump": Pump, "intake_pump": Pump, "chiller": ChillerPlant},
        scalars=(
            *COIL_SCALARS,
            "exchanger_approach",
            "condenser_minimum_temperature",
            "sea_temperature_mean",
            "sea_temperature_swing",
            "sea_temperature_minimum",
            "chiller_curves",
        ),
        cooling=cooling,
        reuse=chilled_reuse,
    )
)
