"""Parts that several architectures share: the air of a hall, and water loops that take its heat.

A loop gets heat at a supply temperature it must hold and answers with pumps, compressors, heat
rejection and water. Loops differ in what free cooling they have; a chiller in series takes the
rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dcmodel.facility.chiller import ChillerPlant, chiller_power, load_curves
from dcmodel.facility.cooling import (
    EVAPORATION_PER_HEAT,
    CoolingState,
    DryCooler,
    Fan,
    Pump,
    coil_water_temperature,
    dry_cooler,
    economizer_share,
    fan_power,
    pump_power,
)
from dcmodel.facility.design import Design
from dcmodel.facility.electrical import hall_losses
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.tower import Tower, tower_fan_power, tower_temperature, tower_water
from dcmodel.facility.weather import FacilityWeather

COIL_SCALARS = (
    "supply_air_temperature",
    "coil_effectiveness",
    "chilled_water_temperature_maximum",
    "sensible_heat_ratio",
    "fan_on_ups",
)
"""Parameters of `coil_hall`, beside the group ``fan``."""


@dataclass(frozen=True, eq=False)
class CoilHall:
    """Air of a hall cooled by coils, per MW of installed IT.

    Parameters
    ----------
    fan : ndarray
        Power of the hall fans [MW MW-1].
    heat : ndarray
        Heat into the water of the coils, moisture taken out included [MW MW-1].
    heat_design : float
        The same, dry and without fans, at full load [MW MW-1].
    temp_supply : float
        Water the coils need [degC].
    humidification : ndarray
        Water given back to the air [m3 h-1 MW-1].
    """

    fan: Array
    heat: Array
    heat_design: float
    temp_supply: float
    humidification: Array


def coil_hall(
    design: Design, weather: FacilityWeather, load: Array, air_share: float = 1.0
) -> CoilHall:
    """Return the air side of a hall with fan walls, air handlers or perimeter units.

    A cold coil dries the air by ``1 - sensible_heat_ratio`` of its heat; humidifiers give that
    moisture back, which the loop has carried as heat.

    Parameters
    ----------
    air_share : float
        Share of the IT heat that leaves by air [1].
    """
    fan = design.group(Fan, "fan")
    heat_design = float(air_share + hall_losses(design, np.asarray(1.0)))
    hall_heat = air_share * load + hall_losses(design, load)
    fans = fan_power(fan, hall_heat, heat_design, weather)
    sensible = hall_heat + fans
    latent = sensible * (1.0 / design["sensible_heat_ratio"] - 1.0)
    coil = coil_water_temperature(
        design["supply_air_temperature"], fan.temperature_rise, design["coil_effectiveness"]
    )
    return CoilHall(
        fan=fans,
        heat=sensible + latent,
        heat_design=heat_design,
        temp_supply=min(coil, design["chilled_water_temperature_maximum"]),
        humidification=EVAPORATION_PER_HEAT * latent,
    )


def chilled_reuse(design: Design) -> tuple[float, float]:
    """Return all IT heat, at the return of the chilled-water loop [degC]."""
    fan = design.group(Fan, "fan")
    coil = coil_water_temperature(
        design["supply_air_temperature"], fan.temperature_rise, design["coil_effectiveness"]
    )
    supply = min(coil, design["chilled_water_temperature_maximum"])
    return 1.0, supply + design["chilled_pump_temperature_rise"]


def resting(like: Array) -> CoolingState:
    """Return a cooling state without any power."""
    zero = np.zeros_like(like)
    return CoolingState(zero, zero, zero, zero, zero, zero, zero, zero)


@dataclass(frozen=True, eq=False)
class Loop:
    """A water loop's powers and water, and the heat it carries [MW MW-1]."""

    state: CoolingState
    heat: Array


def dry_loop(
    design: Design,
    weather: FacilityWeather,
    heat: Array,
    heat_design: float,
    temp_supply: float,
    prefix: str,
    *,
    free_cooling: bool = True,
) -> Loop:
    """Return a loop on dry or adiabatic coolers with an air-cooled trim chiller.

    Parameters
    ----------
    prefix : str
        Of the groups ``<prefix>_pump`` and ``<prefix>_cooler``.
    free_cooling : bool
        Without it the chiller carries all, and its condenser fans are part of its curves.
    """
    pumps = pump_power(design.group(Pump, f"{prefix}_pump"), heat, heat_design)
    carried = heat + pumps
    zero = np.zeros_like(carried)
    share, fans, water = zero, zero, zero
    if free_cooling:
        group = design.group(DryCooler, f"{prefix}_cooler")
        cooler = dry_cooler(group, carried, heat_design, temp_supply, weather)
        share, fans, water = cooler.share, cooler.fan, cooler.water
    chillers = chiller_power(
        load_curves(design.text("chiller_curves")),
        design.group(ChillerPlant, "chiller"),
        (1.0 - share) * carried,
        heat_design,
        temp_supply,
        weather.temp_air,
    )
    state = CoolingState(
        fan=zero,
        pump=pumps,
        chiller=chillers,
        heat_rejection=fans,
        auxiliary=zero,
        on_ups=zero,
        water=water,
        mechanical_fraction=np.broadcast_to(1.0 - share, carried.shape),
    )
    return Loop(state, carried)


TOWER_SCALARS = ("exchanger_approach", "economizer_integrated", "condenser_minimum_temperature")
"""Parameters of `tower_loop`, beside groups of pumps, tower and chiller."""


def tower_loop(
    design: Design,
    weather: FacilityWeather,
    heat: Array,
    heat_design: float,
    temp_supply: float,
    prefix: str,
) -> Loop:
    """Return a loop on cooling towers with a plate exchanger before water-cooled chillers.

    Parameters
    ----------
    prefix : str
        Of the group ``<prefix>_pump``.
    """
    pump, tower = design.group(Pump, f"{prefix}_pump"), design.group(Tower, "tower")
    plant = design.group(ChillerPlant, "chiller")
    curves = load_curves(design.text("chiller_curves"))
    pumps = pump_power(pump, heat, heat_design)
    carried = heat + pumps
    temp_tower = tower_temperature(tower, weather.temp_wet_bulb)
    share = economizer_share(
        temp_supply + pump.temperature_rise, temp_supply, temp_tower + design["exchanger_approach"]
    )
    if not design["economizer_integrated"]:
        share = np.where(share >= 1.0, 1.0, 0.0)
    temp_condenser = np.maximum(temp_tower, design["condenser_minimum_temperature"])
    chillers = chiller_power(
        curves, plant, (1.0 - share) * carried, heat_design, temp_supply, temp_condenser
    )
    rejected = carried + chillers
    rejected_design = heat_design * (1.0 + 1.0 / (curves.cop_ref * plant.cop_scale))
    condenser_pumps = pump_power(design.group(Pump, "condenser_pump"), rejected, rejected_design)
    zero = np.zeros_like(carried)
    state = CoolingState(
        fan=zero,
        pump=pumps + condenser_pumps,
        chiller=chillers,
        heat_rejection=tower_fan_power(
            tower, rejected, rejected_design, temp_tower, weather.temp_wet_bulb
        ),
        auxiliary=zero,
        on_ups=zero,
        water=tower_water(tower, rejected, temp_tower, weather),
        mechanical_fraction=np.broadcast_to(1.0 - share, carried.shape),
    )
    return Loop(state, carried)


def together(*loops: Loop) -> Loop:
    """Return several loops as one: powers and water summed, the mechanical share by heat."""
    heat = np.asarray(sum(loop.heat for loop in loops))
    mechanical = np.asarray(sum(loop.state.mechanical_fraction * loop.heat for loop in loops))

    def total(name: str) -> Array:
        return np.asarray(sum(getattr(loop.state, name) for loop in loops))

    state = CoolingState(
        fan=total("fan"),
        pump=total("pump"),
        chiller=total("chiller"),
        heat_rejection=total("heat_rejection"),
        auxiliary=total("auxiliary"),
        on_ups=total("on_ups"),
        water=total("water"),
        mechanical_fraction=mechanical / heat,
    )
    return Loop(state, heat)
