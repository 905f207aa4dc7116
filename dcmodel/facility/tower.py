"""Cooling towers: approach to the wet bulb, fans, evaporation, blow-down and drift.

Powers are in MW per MW of installed IT, water in m3 h-1 per MW. A tower approaches a warm wet bulb
more closely than a cold one, because warm air takes up more water: the published York correlation
(`york_approach`) gives the shape, a design's own approach at the design wet bulb the scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.paths import data_dir
from dcmodel.facility import psychrometrics
from dcmodel.facility.cooling import (
    EVAPORATION_PER_HEAT,
    JOULES_PER_MWH,
    LATENT_HEAT_30,
    WATER_DENSITY,
    WATER_HEAT_CAPACITY,
    affinity,
)
from dcmodel.facility.psychrometrics import Array
from dcmodel.facility.weather import FacilityWeather
from dcmodel.inputs.library import parameter_values

_COLUMNS = ("parameter", "value", "unit", "source", "provenance", "note")
TERMS = 27
"""Products of powers 0 to 2 of wet bulb, range, and liquid over gas."""


@dataclass(frozen=True)
class Tower:
    """Cooling tower.

    Parameters
    ----------
    approach, range : float
        Approach of the water to the wet bulb at the design wet bulb, and cooling range [K].
    minimum_temperature : float
        Lowest water temperature, against frost [degC].
    fan_ratio : float
        Fan power per heat rejected at design [MW MW-1].
    minimum_flow, exponent : float
        Lowest fan speed, and exponent of the affinity law [1].
    cycles : float
        Cycles of concentration [1].
    drift_fraction : float
        Drift per water flow [1].
    """

    approach: float
    range: float
    minimum_temperature: float
    fan_ratio: float
    minimum_flow: float
    exponent: float
    cycles: float
    drift_fraction: float


@dataclass(frozen=True)
class YorkCurve:
    """The correlation of ``data/cooling/tower_york.csv``.

    Parameters
    ----------
    coefficients : tuple of 27 floats
        Powers 0 to 2 of wet bulb (fastest), range, and liquid over gas (slowest).
    wet_bulb_design, range_design : float
        Design point [degC], [K].
    wet_bulb_min, wet_bulb_max, range_min, range_max : float
        Validity [degC], [K].
    """

    coefficients: tuple[float, ...]
    wet_bulb_design: float
    range_design: float
    wet_bulb_min: float
    wet_bulb_max: float
    range_min: float
    range_max: float


@cache
def _york(path: Path) -> YorkCurve:
    values = parameter_values(path, _COLUMNS)
    names = [f"c{i + 1}" for i in range(TERMS)]
    scalars = [name for name in YorkCurve.__dataclass_fields__ if name != "coefficients"]
    missing = [name for name in names + scalars if name not in values]
    if missing:
        raise DataError(Fault(str(path), f"lacks {', '.join(missing)}"))
    return YorkCurve(tuple(values[n] for n in names), *(values[name] for name in scalars))


def york_curve() -> YorkCurve:
    """Return the library's correlation."""
    return _york(data_dir() / "cooling" / "tower_york.csv")


def york_approach(
    temp_wet_bulb: npt.ArrayLike, temp_range: float, liquid_to_gas: float = 1.0
) -> Array:
    """Approach of the correlation's tower to the wet bulb [K].

    Parameters
    ----------
    temp_wet_bulb : array_like
        Entering air [degC]; held at the ends of the correlation.
    temp_range : float
        Cooling range of the water [K]; held likewise.
    liquid_to_gas : float
        Water flow over air flow, each relative to design [1].
    """
    curve = york_curve()
    t = np.clip(temp_wet_bulb, curve.wet_bulb_min, curve.wet_bulb_max)
    r = np.clip(temp_range, curve.range_min, curve.range_max)
    by_power = np.array(curve.coefficients).reshape(3, 3, 3)
    # of liquid over gas, range and wet bulb in turn: a parabola of the wet bulb is left
    c0, c1, c2 = liquid_to_gas ** np.arange(3) @ (by_power.transpose(0, 2, 1) @ r ** np.arange(3))
    return np.asarray(c0 + c1 * t + c2 * t**2)


def tower_approach(tower: Tower, temp_wet_bulb: npt.ArrayLike) -> Array:
    """Approach of a tower at full fan speed [K]: its design approach, shaped by the wet bulb."""
    shape = york_approach(temp_wet_bulb, tower.range)
    design = york_approach(york_curve().wet_bulb_design, tower.range)
    return np.asarray(tower.approach * shape / design)


def tower_temperature(tower: Tower, temp_wet_bulb: Array) -> Array:
    """Temperature of the water that leaves the tower [degC], frost-limited."""
    reached = temp_wet_bulb + tower_approach(tower, temp_wet_bulb)
    return np.maximum(reached, tower.minimum_temperature)


def tower_fan_power(
    tower: Tower, heat: Array, heat_design: float, temp_water: Array, temp_wet_bulb: Array
) -> Array:
    """Power of the tower fans [MW MW-1].

    Where the water is held above what the tower could reach, the wider approach saves air.
    """
    widening = tower_approach(tower, temp_wet_bulb) / (temp_water - temp_wet_bulb)
    flow = heat / heat_design * widening
    running = heat_design * tower.fan_ratio * affinity(flow, tower.minimum_flow, tower.exponent)
    return np.where(heat > 0, running, 0.0)


def latent_fraction(temp_air_out: Array, weather: FacilityWeather) -> Array:
    r"""Share of the heat a tower rejects as vapour [1].

    Air leaves saturated near the mean water temperature :math:`T`:
    :math:`f = h_{fg} (w_s(T) - w) / (h_s(T) - h)`, between 0 and 1. In hot dry air, where the air
    itself is cooled, the balance would exceed 1 by a few per cent; it is held at 1.
    """
    saturated = psychrometrics.saturation_humidity_ratio(temp_air_out, weather.pressure)
    gain = psychrometrics.enthalpy(temp_air_out, saturated) - psychrometrics.enthalpy(
        weather.temp_air, weather.humidity_ratio
    )
    latent = LATENT_HEAT_30 * (saturated - weather.humidity_ratio)
    # Water stays above the wet bulb, so the air gains heat; the floor guards against rounding.
    return np.clip(latent / np.maximum(gain, 1.0), 0.0, 1.0)


def tower_water(tower: Tower, heat: Array, temp_water: Array, weather: FacilityWeather) -> Array:
    """Make-up water of a tower: evaporation and the larger of blow-down and drift [m3 h-1 MW-1]."""
    temp_mean = temp_water + 0.5 * tower.range
    evaporation = EVAPORATION_PER_HEAT * latent_fraction(temp_mean, weather) * heat
    flow = heat * JOULES_PER_MWH / (WATER_DENSITY * WATER_HEAT_CAPACITY * tower.range)
    bleed = np.maximum(evaporation / (tower.cycles - 1.0), tower.drift_fraction * flow)
    return np.asarray(evaporation + bleed)
