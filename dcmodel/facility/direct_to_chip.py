"""Direct-to-chip liquid cooling with warm water, dry or adiabatic coolers, and an air remainder.

The share `liquid_fraction` of the IT power leaves in the technology loop, through coolant
distribution units, to a facility loop warm enough for dry coolers in most climates. The rest of the
IT power and all other hall heat stay on air: fan walls on a colder loop with a free-cooling coil
and an air-cooled chiller. In dense halls it is this remainder that buys compressor hours.
"""

from __future__ import annotations

import numpy as np

from dcmodel.facility.chiller import ChillerPlant, chiller_power, load_curves
from dcmodel.facility.cooling import (
    CoolingState,
    DryCooler,
    Fan,
    Pump,
    coil_water_temperature,
    dry_cooler,
    fan_power,
    pump_power,
)
from dcmodel.facility.design import Architecture, Design, architectures
from dcmodel.facility.electrical import hall_losses
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.weather import FacilityWeather


def _dry_loop(
    design: Design,
    weather: FacilityWeather,
    heat: Array,
    heat_design: float,
    temp_supply: float,
    prefix: str,
) -> tuple[CoolingState, Array]:
    """Return one loop on dry coolers (`prefix`) with a trim chiller, and the heat it carries.

    Serves the warm loop and, with its own cooler, the loop of the air remainder.
    """
    pump = design.group(Pump, f"{prefix}_pump")
    pumps = pump_power(pump, heat, heat_design)
    carried = heat + pumps
    cooler = dry_cooler(
        design.group(DryCooler, f"{prefix}_cooler"), carried, heat_design, temp_supply, weather
    )
    mechanical = (1.0 - cooler.share) * carried
    chillers = chiller_power(
        load_curves(design.text("chiller_curves")),
        design.group(ChillerPlant, "chiller"),
        mechanical,
        heat_design,
        temp_supply,
        weather.temp_air,
    )
    zero = np.zeros_like(carried)
    state = CoolingState(
        fan=zero,
        pump=pumps,
        chiller=chillers,
        heat_rejection=cooler.fan,
        auxiliary=zero,
        on_ups=zero,
        water=cooler.water,
        mechanical_fraction=np.broadcast_to(1.0 - cooler.share, carried.shape),
    )
    return state, carried


def cooling(design: Design, weather: FacilityWeather, load: Array) -> CoolingState:
    """Cooling of a direct-to-chip hall.

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
    # A hall wholly on air keeps a vanishing warm loop, so that sizes stay above zero.
    liquid = max(design["liquid_fraction"], 1e-9)
    fan, cdu_pump = design.group(Fan, "fan"), design.group(Pump, "cdu_pump")
    temp_liquid = design["technology_supply_temperature"] - design["cdu_approach"]
    temp_air_loop = min(
        coil_water_temperature(
            design["supply_air_temperature"], fan.temperature_rise, design["coil_effectiveness"]
        ),
        design["chilled_water_temperature_maximum"],
    )

    cdu_pumps = pump_power(cdu_pump, liquid * load, liquid)
    warm, warm_heat = _dry_loop(
        design, weather, liquid * load + cdu_pumps, liquid, temp_liquid, "liquid"
    )
    air_design = float(1.0 - liquid + hall_losses(design, np.asarray(1.0)))
    air_heat = (1.0 - liquid) * load + hall_losses(design, load)
    fans = fan_power(fan, air_heat, air_design, weather)
    cold, cold_heat = _dry_loop(design, weather, air_heat + fans, air_design, temp_air_loop, "air")

    carried = warm_heat + cold_heat
    mechanical = warm.mechanical_fraction * warm_heat + cold.mechanical_fraction * cold_heat
    return CoolingState(
        fan=fans,
        pump=cdu_pumps + warm.pump + cold.pump,
        chiller=warm.chiller + cold.chiller,
        heat_rejection=warm.heat_rejection + cold.heat_rejection,
        auxiliary=np.zeros_like(carried),
        on_ups=design["cdu_pump_on_ups"] * cdu_pumps + design["fan_on_ups"] * fans,
        water=warm.water + cold.water,
        mechanical_fraction=mechanical / carried,
    )


architectures.register("direct_to_chip")(
    Architecture(
        title="Direct-to-chip liquid on dry or adiabatic coolers, air remainder on chillers",
        groups={
            "fan": Fan,
            "cdu_pump": Pump,
            "liquid_pump": Pump,
            "liquid_cooler": DryCooler,
            "air_pump": Pump,
            "air_cooler": DryCooler,
            "chiller": ChillerPlant,
        },
        scalars=(
            "liquid_fraction",
            "technology_supply_temperature",
            "cdu_approach",
            "supply_air_temperature",
            "coil_effectiveness",
            "chilled_water_temperature_maximum",
            "chiller_curves",
            "cdu_pump_on_ups",
            "fan_on_ups",
        ),
        cooling=cooling,
    )
)
