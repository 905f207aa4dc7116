r"""Indirect evaporative cooling: outside air cools the hall's air across a plate, dry or wetted.

The hall's air recirculates, so neither dust nor humidity of the outside reach it. Dry, the plate
brings return air :math:`T_r` to :math:`T_r - \varepsilon_{db} (T_r - T_{db})`; wetted, to
:math:`T_r - \varepsilon_{wb} (T_r - T_{wb})`. It is wetted when dry does not suffice, and a coil on
an air-cooled chiller trims the rest.
"""

from __future__ import annotations

import numpy as np

from dcmodel.facility.chiller import ChillerPlant, chiller_power, load_curves
from dcmodel.facility.cooling import (
    EVAPORATION_PER_HEAT,
    CoolingState,
    Fan,
    Pump,
    affinity,
    fan_power,
    pump_power,
)
from dcmodel.facility.design import Architecture, Design, architectures
from dcmodel.facility.electrical import hall_losses
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.tower import latent_fraction
from dcmodel.facility.weather import FacilityWeather


def plate_shares(design: Design, weather: FacilityWeather) -> tuple[Array, Array]:
    """Return the share of the heat the plate takes, and how much of it needs water [1].

    Between dry and fully wetted the pads run in part, so the shares are continuous in the weather.
    """
    rise = design.group(Fan, "fan").temperature_rise
    temp_return = design["supply_air_temperature"] + rise
    dry = design["plate_dry_effectiveness"] * (temp_return - weather.temp_air) / rise
    wet = design["plate_wet_effectiveness"] * (temp_return - weather.temp_wet_bulb) / rise
    dry, wet = np.clip(dry, 0.0, 1.0), np.clip(wet, 0.0, 1.0)
    share = np.maximum(dry, wet)
    wetted = np.where(share > 0, np.clip((share - dry) / np.maximum(share, 1e-9), 0.0, 1.0), 0.0)
    return share, wetted


def cooling(design: Design, weather: FacilityWeather, load: Array) -> CoolingState:
    """Cooling of a hall by indirect evaporative units with a trim chiller.

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
    fan = design.group(Fan, "fan")
    heat_design = float(1.0 + hall_losses(design, np.asarray(1.0)))
    hall_heat = load + hall_losses(design, load)
    fans = fan_power(fan, hall_heat, heat_design, weather)
    heat = hall_heat + fans
    share, wetted = plate_shares(design, weather)
    trim = (1.0 - share) * heat
    trim_pumps = pump_power(design.group(Pump, "trim_pump"), trim, heat_design)
    chillers = chiller_power(
        load_curves(design.text("chiller_curves")),
        design.group(ChillerPlant, "chiller"),
        trim + trim_pumps,
        heat_design,
        design["chilled_water_temperature"],
        weather.temp_air,
    )
    # the scavenger fan follows the heat it takes away; a full plate is its design
    flow = share * heat / heat_design
    full = design["scavenger_fan_ratio"] * heat_design
    scavenger = full * affinity(flow, fan.minimum_flow, fan.exponent)
    evaporation = EVAPORATION_PER_HEAT * wetted * share * heat
    evaporation = evaporation * latent_fraction(
        np.maximum(weather.temp_wet_bulb, design["supply_air_temperature"]), weather
    )
    zero = np.zeros_like(fans)
    return CoolingState(
        fan=fans,
        pump=trim_pumps,
        chiller=chillers,
        heat_rejection=np.where(share > 0, scavenger, 0.0),
        auxiliary=np.where(wetted > 0, design["evaporative_pump_ratio"] * heat_design, 0.0) + zero,
        on_ups=design["fan_on_ups"] * fans,
        water=evaporation * (1.0 + design["bleed_ratio"]),
        mechanical_fraction=np.broadcast_to(1.0 - share, heat.shape),
    )


architectures.register("indirect_evaporative")(
    Architecture(
        title="Indirect evaporative units with trim chiller",
        groups={"fan": Fan, "trim_pump": Pump, "chiller": ChillerPlant},
        scalars=(
            "supply_air_temperature",
            "plate_dry_effectiveness",
            "plate_wet_effectiveness",
            "scavenger_fan_ratio",
            "evaporative_pump_ratio",
            "bleed_ratio",
            "chilled_water_temperature",
            "chiller_curves",
            "fan_on_ups",
        ),
        cooling=cooling,
    )
)
