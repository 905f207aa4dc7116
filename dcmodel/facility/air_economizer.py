"""Outside-air cooling with direct evaporative pads and water-cooled trim chillers.

Below the lowest supply temperature outside air is mixed with return air; up to the highest it is
used as it is; above, it is wetted as far as needed, as far as the pad can and as far as the limits
of dew point and relative humidity allow; a coil on a chiller with cooling towers, the plant of
large sites, trims the rest. Air too moist from the outset shuts the dampers: the hall recirculates
and the chillers carry all. The
dampers close over a few per cent of humidity, in which the cold coil still dries the mixture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dcmodel.facility import psychrometrics
from dcmodel.facility.chiller import ChillerPlant
from dcmodel.facility.cooling import (
    JOULES_PER_MWH,
    WATER_DENSITY,
    CoolingState,
    Fan,
    Pump,
    evaporated,
    fan_power,
)
from dcmodel.facility.design import Architecture, Design, architectures
from dcmodel.facility.electrical import hall_losses
from dcmodel.facility.loops import TOWER_SCALARS, tower_loop
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.tower import Tower
from dcmodel.facility.weather import FacilityWeather

CLOSING_SPAN = 0.05
"""Humidity above the limit over which the dampers close, as a share of the limit [1]"""


@dataclass(frozen=True, eq=False)
class AirState:
    """How outside air serves the hall, hour by hour.

    Parameters
    ----------
    trim_share : ndarray, shape (T,)
        Share of the heat left to the trim chiller [1].
    water_per_air : ndarray, shape (T,)
        Water added to the supply air, by pad or humidifier [kg per kg of dry air].
    """

    trim_share: Array
    water_per_air: Array


def humidity_ratio_limit(design: Design, pressure: Array) -> Array:
    """Highest humidity ratio of supply air [kg kg-1] under the dew-point and humidity limits."""
    by_dew_point = psychrometrics.saturation_humidity_ratio(design["dew_point_maximum"], pressure)
    by_humidity = psychrometrics.humidity_ratio(
        design["supply_air_temperature_maximum"],
        100 * design["humidity_maximum_fraction"],
        pressure,
    )
    return np.minimum(by_dew_point, by_humidity)


def air_state(design: Design, weather: FacilityWeather) -> AirState:
    """Mode of the outside-air system in every hour; it depends on the weather alone."""
    rise = design.group(Fan, "fan").temperature_rise
    temp_max = design["supply_air_temperature_maximum"]
    limit = humidity_ratio_limit(design, weather.pressure)
    closed = np.clip((weather.humidity_ratio / limit - 1.0) / CLOSING_SPAN, 0.0, 1.0)

    depression = np.maximum(weather.temp_air - weather.temp_wet_bulb, 1e-9)
    needed = (weather.temp_air - temp_max) / depression
    full_uptake = evaporated(np.ones_like(needed), weather)
    allowed = (limit - weather.humidity_ratio) / np.maximum(full_uptake, 1e-12)
    most = np.clip(allowed, 0.0, design["evaporative_effectiveness"])
    used = np.clip(needed, 0.0, most)

    supply = weather.temp_air - used * depression
    trim = np.clip((supply - temp_max) / rise, 0.0, 1.0)
    trim = trim + closed * (1.0 - trim)

    # Without sources of moisture, recirculated air settles at the outdoor ratio: only the outside
    # air drawn in has to be humidified.
    temp_return = design["supply_air_temperature_minimum"] + rise
    outside_share = np.clip(rise / np.maximum(temp_return - weather.temp_air, rise), 0.0, 1.0)
    driest = psychrometrics.saturation_humidity_ratio(design["dew_point_minimum"], weather.pressure)
    humidified = outside_share * np.maximum(driest - weather.humidity_ratio, 0.0)
    # Air hotter than the return is not drawn in: trim 1 means recirculation, without pads.
    used = np.where(trim >= 1.0, 0.0, used)
    added = np.where(trim >= 1.0, 0.0, evaporated(used, weather) + (1.0 - closed) * humidified)
    return AirState(trim_share=trim, water_per_air=added)


def cooling(design: Design, weather: FacilityWeather, load: Array) -> CoolingState:
    """Cooling of a hall by outside air, evaporative pads and a trim chiller.

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
    state = air_state(design, weather)

    heat_design = float(1.0 + hall_losses(design, np.asarray(1.0)))
    hall_heat = load + hall_losses(design, load)
    fans = fan_power(fan, hall_heat, heat_design, weather)
    heat = hall_heat + fans
    trim = tower_loop(
        design,
        weather,
        state.trim_share * heat,
        heat_design,
        design["chilled_water_temperature"],
        "trim",
    ).state
    # Air flow is in 1e6 kg of dry air per second and MW of IT, as heat is in MW.
    air_flow = heat / (psychrometrics.heat_capacity(weather.humidity_ratio) * fan.temperature_rise)
    water = air_flow * state.water_per_air * JOULES_PER_MWH / WATER_DENSITY
    wet = state.water_per_air > 0
    pads = np.where(wet, design["evaporative_pump_ratio"] * heat_design, 0.0)
    return replace(
        trim,
        fan=fans,
        auxiliary=np.broadcast_to(pads, heat.shape),
        on_ups=design["fan_on_ups"] * fans,
        water=trim.water + water * (1.0 + design["bleed_ratio"]),
        mechanical_fraction=trim.mechanical_fraction * state.trim_share,
    )


architectures.register("air_economizer")(
    Architecture(
        title="Outside air with direct evaporative cooling and trim chillers",
        groups={
            "fan": Fan,
            "trim_pump": Pump,
            "condenser_pump": Pump,
            "tower": Tower,
            "chiller": ChillerPlant,
        },
        scalars=(
            "supply_air_temperature_minimum",
            "supply_air_temperature_maximum",
            "dew_point_minimum",
            "dew_point_maximum",
            "humidity_maximum_fraction",
            "evaporative_effectiveness",
            "evaporative_pump_ratio",
            "bleed_ratio",
            "chilled_water_temperature",
            *TOWER_SCALARS,
            "chiller_curves",
            "fan_on_ups",
        ),
        cooling=cooling,
    )
)
