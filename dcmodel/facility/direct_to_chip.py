"""Direct-to-chip liquid cooling with warm water, dry or adiabatic coolers, and an air remainder.

The share `liquid_fraction` of the IT power leaves in the technology loop, through coolant
distribution units, to a facility loop warm enough for dry coolers in most climates. The rest of the
IT power and all other hall heat stay on air: fan walls on a colder loop with a free-cooling coil
and an air-cooled chiller. In dense halls it is this remainder that buys compressor hours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dcmodel.facility.chiller import ChillerPlant
from dcmodel.facility.cooling import CoolingState, DryCooler, Fan, Pump, pump_power
from dcmodel.facility.design import Architecture, Design, architectures
from dcmodel.facility.loops import COIL_SCALARS, CoilHall, Loop, coil_hall, dry_loop, together
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.weather import FacilityWeather

LIQUID_SCALARS = (
    "liquid_fraction",
    "technology_supply_temperature",
    "cdu_approach",
    "cdu_pump_on_ups",
)
"""Parameters of `liquid_hall`, beside the group ``cdu_pump``."""


@dataclass(frozen=True, eq=False)
class LiquidHall:
    """A hall whose chips are cooled by liquid and whose rest by air, per MW of installed IT.

    Parameters
    ----------
    air : CoilHall
        The air remainder.
    pump : ndarray
        Pumps of the technology loop [MW MW-1].
    heat : ndarray
        Heat into the warm facility loop [MW MW-1].
    heat_design : float
        The same at full load, without pumps [MW MW-1].
    temp_supply : float
        Facility water that the distribution units need [degC].
    """

    air: CoilHall
    pump: Array
    heat: Array
    heat_design: float
    temp_supply: float

    def on_ups(self, design: Design) -> Array:
        """Return what rides through an outage [MW MW-1]."""
        return design["cdu_pump_on_ups"] * self.pump + design["fan_on_ups"] * self.air.fan


def liquid_hall(design: Design, weather: FacilityWeather, load: Array) -> LiquidHall:
    """Split the heat of a hall between the technology loop and the air."""
    # A hall wholly on air keeps a vanishing warm loop, so that sizes stay above zero.
    liquid = min(max(design["liquid_fraction"], 1e-9), 1.0)
    pumps = pump_power(design.group(Pump, "cdu_pump"), liquid * load, liquid)
    return LiquidHall(
        air=coil_hall(design, weather, load, air_share=1.0 - liquid),
        pump=pumps,
        heat=liquid * load + pumps,
        heat_design=liquid,
        temp_supply=design["technology_supply_temperature"] - design["cdu_approach"],
    )


def liquid_reuse(design: Design) -> tuple[float, float]:
    """Return the liquid share, at the return of the warm facility loop [degC]."""
    supply = design["technology_supply_temperature"] - design["cdu_approach"]
    return min(design["liquid_fraction"], 1.0), supply + design["liquid_pump_temperature_rise"]


def joined(design: Design, hall: LiquidHall, warm: Loop, cold: Loop) -> CoolingState:
    """Return the cooling of a hall from its two loops."""
    both = together(warm, cold).state
    return replace(
        both,
        fan=hall.air.fan,
        pump=hall.pump + both.pump,
        on_ups=hall.on_ups(design),
        water=both.water + hall.air.humidification,
    )


def cooling(design: Design, weather: FacilityWeather, load: Array) -> CoolingState:
    """Cooling of a direct-to-chip hall on dry or adiabatic coolers.

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
    hall = liquid_hall(design, weather, load)
    air = hall.air
    warm = dry_loop(design, weather, hall.heat, hall.heat_design, hall.temp_supply, "liquid")
    cold = dry_loop(design, weather, air.heat, air.heat_design, air.temp_supply, "air")
    return joined(design, hall, warm, cold)


DRY_GROUPS = {
    "fan": Fan,
    "cdu_pump": Pump,
    "liquid_pump": Pump,
    "liquid_cooler": DryCooler,
    "air_pump": Pump,
    "air_cooler": DryCooler,
    "chiller": ChillerPlant,
}

architectures.register("direct_to_chip")(
    Architecture(
        title="Direct-to-chip liquid on dry or adiabatic coolers, air remainder on chillers",
        groups=DRY_GROUPS,
        scalars=(*LIQUID_SCALARS, *COIL_SCALARS, "chiller_curves"),
        cooling=cooling,
        reuse=liquid_reuse,
        reach="reach_liquid",
        liquid_by_density=True,
    )
)
