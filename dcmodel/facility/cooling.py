"""Parts of a cooling plant as pure functions, per MW of installed IT.

Powers and heats are in MW per MW of installed IT, water in m3 h-1 per MW. Plant is sized in
proportion to the heat at full load, so every function is homogeneous of degree one in load and
size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.facility import psychrometrics
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.weather import FacilityWeather

WATER_DENSITY = 1000.0
WATER_HEAT_CAPACITY = 4186.0
"""[kg m-3], [J kg-1 K-1]"""
LATENT_HEAT_30 = 2.43e6
"""Heat of vaporisation of water near 30 degC [J kg-1]"""
JOULES_PER_MWH = 3.6e9

SHUTTING_SHARE = 0.2
"""Free share below which dry coolers are shut in turn: their fans save less than they draw [1]"""
EVAPORATION_PER_HEAT = JOULES_PER_MWH / LATENT_HEAT_30 / WATER_DENSITY
"""Water evaporated when all heat leaves as vapour, 1.48: the bound of a tower [m3 MWh-1]"""


@dataclass(frozen=True, eq=False)
class CoolingState:
    """What a cooling architecture draws, per MW of installed IT.

    Parameters
    ----------
    fan, pump, chiller, heat_rejection, auxiliary : ndarray
        Power of air movement in the halls, of pumps, compressors, towers or dry coolers, and of the
        rest [MW MW-1].
    on_ups : ndarray
        Share of the above, in the same unit, that is fed behind the UPS.
    water : ndarray
        Make-up water [m3 h-1 MW-1].
    mechanical_fraction : ndarray
        Share of the heat carried by compressors [1].
    """

    fan: Array
    pump: Array
    chiller: Array
    heat_rejection: Array
    auxiliary: Array
    on_ups: Array
    water: Array
    mechanical_fraction: Array

    @property
    def power(self) -> Array:
        """Total power of cooling [MW MW-1]."""
        return np.asarray(
            self.fan + self.pump + self.chiller + self.heat_rejection + self.auxiliary
        )


@dataclass(frozen=True)
class Fan:
    """Fans of a hall.

    Parameters
    ----------
    pressure : float
        Total pressure [Pa].
    efficiency : float
        Of fan, motor and drive together [1].
    temperature_rise : float
        Of the air through the hall [K].
    minimum_flow : float
        Lowest flow of a unit [1].
    exponent : float
        Of the affinity law [1].
    redundancy : float
        Installed over needed units, all running [1].
    """

    pressure: float
    efficiency: float
    temperature_rise: float
    minimum_flow: float
    exponent: float
    redundancy: float


@dataclass(frozen=True)
class Pump:
    """Pumps of a loop.

    Parameters
    ----------
    pressure : float
        Head of the loop [Pa].
    efficiency : float
        Of pump, motor and drive together [1].
    temperature_rise : float
        Range of the water [K].
    minimum_flow : float
        Lowest flow [1].
    exponent : float
        Of the affinity law [1].
    """

    pressure: float
    efficiency: float
    temperature_rise: float
    minimum_flow: float
    exponent: float


@dataclass(frozen=True)
class DryCooler:
    """Dry cooler with an optional adiabatic section.

    Parameters
    ----------
    approach, range : float
        Approach of the water to the entering air, and water range, at design [K].
    air_temperature_rise : float
        Of the air through the coil [K].
    fan_ratio : float
        Fan power per heat at full speed [MW MW-1].
    minimum_flow, exponent : float
        Lowest fan speed, and exponent of the affinity law [1].
    adiabatic_effectiveness : float
        Of the wetted pad; 0 is dry [1].
    bleed_ratio : float
        Bleed per evaporation [1].
    """

    approach: float
    range: float
    air_temperature_rise: float
    fan_ratio: float
    minimum_flow: float
    exponent: float
    adiabatic_effectiveness: float
    bleed_ratio: float


def affinity(flow: npt.ArrayLike, minimum_flow: float, exponent: float) -> Array:
    """Power over nominal power of a fan or pump: ``max(flow, minimum_flow) ** exponent`` [1].

    Exponent 3 is the ideal law; fixed pressure set points bring it to 2.5-2.8 in practice.
    """
    return np.asarray(np.maximum(flow, minimum_flow) ** exponent)


def fan_power(fan: Fan, heat: Array, heat_design: float, weather: FacilityWeather) -> Array:
    """Power of hall fans that carry `heat` of a design heat, at the hour's air density [MW MW-1].

    All units run together, the spare ones too: each moves ``1 / redundancy`` of its share.
    """
    heat_capacity = psychrometrics.heat_capacity(weather.humidity_ratio)
    volumetric = weather.density * heat_capacity / (1.0 + weather.humidity_ratio)
    nominal = heat_design * fan.pressure / (volumetric * fan.temperature_rise * fan.efficiency)
    flow = heat / heat_design / fan.redundancy
    return np.asarray(nominal * fan.redundancy * affinity(flow, fan.minimum_flow, fan.exponent))


def pump_power(pump: Pump, heat: Array, heat_design: float) -> Array:
    """Power of pumps that carry `heat` of a design heat; a loop without heat rests [MW MW-1]."""
    volumetric = WATER_DENSITY * WATER_HEAT_CAPACITY
    nominal = heat_design * pump.pressure / (volumetric * pump.temperature_rise * pump.efficiency)
    running = nominal * affinity(heat / heat_design, pump.minimum_flow, pump.exponent)
    return np.where(heat > 0, running, 0.0)


def coil_water_temperature(
    temp_supply: float, temperature_rise: float, effectiveness: float
) -> float:
    """Water temperature a coil needs to bring return air down to the supply temperature [degC]."""
    return temp_supply + temperature_rise - temperature_rise / effectiveness


def economizer_share(
    temp_return: npt.ArrayLike, temp_supply: npt.ArrayLike, temp_available: npt.ArrayLike
) -> Array:
    """Share of the heat that free cooling takes from a water loop [1].

    Water returns at `temp_return`, is wanted at `temp_supply`, and free cooling could bring it to
    `temp_available` [degC]; what is left goes to the chiller in series behind it.
    """
    span = np.asarray(temp_return, dtype=float) - temp_supply
    return np.clip((temp_return - np.asarray(temp_available, dtype=float)) / span, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class DryCoolerState:
    """Free share of the heat [1], fan power [MW MW-1] and water [m3 h-1 MW-1] of a dry cooler."""

    share: Array
    fan: Array
    water: Array


def dry_cooler(
    cooler: DryCooler,
    heat: Array,
    heat_design: float,
    temp_supply: float,
    weather: FacilityWeather,
) -> DryCoolerState:
    """Dry or adiabatic cooler that brings a loop down to `temp_supply` as far as the air allows.

    The pad is wetted only as much as the supply temperature asks for. Air flow follows the heat
    that the cooler takes over the difference between the returning water and the entering air, with
    the design's ``approach + range`` at full speed; spare units carry what hall fans and pumps add
    to the design heat. Where the air could take next to nothing, coolers are shut one after the
    other, so that power is continuous in the weather.
    """
    depression = np.maximum(weather.temp_air - weather.temp_wet_bulb, 1e-9)
    excess = weather.temp_air + cooler.approach - temp_supply
    wetted = np.clip(excess / depression, 0.0, cooler.adiabatic_effectiveness)
    temp_in = weather.temp_air - wetted * depression
    temp_return = temp_supply + cooler.range
    share = economizer_share(temp_return, temp_supply, temp_in + cooler.approach)
    design_difference = cooler.approach + cooler.range
    difference = np.maximum(temp_return - temp_in, cooler.approach)
    flow = share * heat / heat_design * design_difference / difference
    running = heat_design * cooler.fan_ratio * affinity(flow, cooler.minimum_flow, cooler.exponent)
    open_coolers = np.clip(share / SHUTTING_SHARE, 0.0, 1.0)
    share = share * open_coolers
    running = running * open_coolers
    active = (share > 0) & (heat > 0)
    air_flow = (
        flow
        * heat_design
        / (psychrometrics.heat_capacity(weather.humidity_ratio) * cooler.air_temperature_rise)
    )
    evaporation = air_flow * evaporated(wetted, weather)
    water = evaporation * JOULES_PER_MWH / WATER_DENSITY * (1.0 + cooler.bleed_ratio)
    return DryCoolerState(
        share=share,
        fan=np.where(active, running, 0.0),
        water=np.where(active, water * open_coolers, 0.0),
    )


def evaporated(effectiveness_used: Array, weather: FacilityWeather) -> Array:
    """Water taken up by air on a wetted pad [kg per kg of dry air], along the wet-bulb line."""
    saturated = psychrometrics.saturation_humidity_ratio(weather.temp_wet_bulb, weather.pressure)
    return np.asarray(effectiveness_used * np.maximum(saturated - weather.humidity_ratio, 0.0))
