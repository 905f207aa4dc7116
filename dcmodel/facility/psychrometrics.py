"""Moist air: the relations of the ASHRAE Handbook of Fundamentals, vectorised over numpy arrays.

All functions broadcast, take and return plain arrays, and pass NaN through. Temperatures are in
degC, pressures in Pa, humidity ratios in kg of water per kg of dry air, enthalpies in J per kg of
dry air. Saturation is over ice below the triple point, as in the ASHRAE tables. Always use the
*station* pressure: altitude moves the wet bulb and the fan power.

References
----------
.. [1] ASHRAE Handbook of Fundamentals (2017), chapter 1, Psychrometrics.
.. [2] A. L. Buck, New equations for computing vapor pressure and enhancement factor, J. Appl.
   Meteorol. 20 (1981) 1527-1532, with the coefficients of the 1996 revision.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Numeric = float | Array

ZERO_CELSIUS = 273.15
TRIPLE_POINT = 0.01
MOLAR_MASS_RATIO = 0.621945
"""Molar mass of water over that of dry air."""
GAS_CONSTANT_DRY_AIR = 287.042
"""[J kg-1 K-1]"""
SPECIFIC_HEAT_DRY_AIR = 1006.0
SPECIFIC_HEAT_VAPOUR = 1860.0
"""[J kg-1 K-1]"""
LATENT_HEAT_ZERO = 2.501e6
"""Heat of vaporisation of water at 0 degC [J kg-1]"""

# Buck (1996): p = a exp((b - T/d) T / (c + T))
_WATER = (611.21, 18.678, 257.14, 234.5)
_ICE = (611.15, 23.036, 279.82, 333.7)
_BISECTION_STEPS = 40


def _buck(temp: Array, coefficients: tuple[float, float, float, float]) -> Array:
    a, b, c, d = coefficients
    return np.asarray(a * np.exp((b - temp / d) * temp / (c + temp)))


def _buck_inverse(pressure: Array, coefficients: tuple[float, float, float, float]) -> Array:
    """Solve the Buck form for temperature: a quadratic once the logarithm is taken."""
    a, b, c, d = coefficients
    log = np.log(pressure / a)
    half = 0.5 * d * (b - log)
    return np.asarray(half - np.sqrt(half**2 - c * d * log))


def saturation_pressure(temp: Numeric) -> Array:
    """Saturation pressure of water vapour, over ice below the triple point.

    Parameters
    ----------
    temp : float or ndarray
        Temperature [degC], -40 to 60.

    Returns
    -------
    ndarray
        Saturation pressure [Pa].
    """
    temp = np.asarray(temp, dtype=float)
    return np.where(temp < TRIPLE_POINT, _buck(temp, _ICE), _buck(temp, _WATER))


def humidity_ratio_of_vapour(pressure_vapour: Numeric, pressure: Numeric) -> Array:
    """Humidity ratio [kg kg-1] of air with a given partial pressure of water vapour [Pa]."""
    pressure_vapour = np.asarray(pressure_vapour, dtype=float)
    return np.asarray(MOLAR_MASS_RATIO * pressure_vapour / (pressure - pressure_vapour))


def vapour_pressure(humidity_ratio: Numeric, pressure: Numeric) -> Array:
    """Partial pressure of water vapour [Pa] in air of a given humidity ratio [kg kg-1]."""
    humidity_ratio = np.asarray(humidity_ratio, dtype=float)
    return np.asarray(pressure * humidity_ratio / (MOLAR_MASS_RATIO + humidity_ratio))


def saturation_humidity_ratio(temp: Numeric, pressure: Numeric) -> Array:
    """Humidity ratio of saturated air [kg kg-1] at temperature [degC] and pressure [Pa]."""
    return humidity_ratio_of_vapour(saturation_pressure(temp), np.asarray(pressure, dtype=float))


def humidity_ratio(temp: Numeric, relative_humidity: Numeric, pressure: Numeric) -> Array:
    """Humidity ratio from relative humidity.

    Parameters
    ----------
    temp : float or ndarray
        Dry-bulb temperature [degC].
    relative_humidity : float or ndarray
        Relative humidity [%].
    pressure : float or ndarray
        Station pressure [Pa].

    Returns
    -------
    ndarray
        Humidity ratio [kg kg-1].
    """
    share = np.asarray(relative_humidity, dtype=float) / 100.0
    return humidity_ratio_of_vapour(
        share * saturation_pressure(temp), np.asarray(pressure, dtype=float)
    )


def relative_humidity(temp: Numeric, humidity_ratio: Numeric, pressure: Numeric) -> Array:
    """Relative humidity [%] of air at a temperature [degC], humidity ratio and pressure [Pa]."""
    return np.asarray(100.0 * vapour_pressure(humidity_ratio, pressure) / saturation_pressure(temp))


def dew_point(humidity_ratio: Numeric, pressure: Numeric) -> Array:
    """Dew point, or frost point below the triple point.

    Parameters
    ----------
    humidity_ratio : float or ndarray
        Humidity ratio, above zero [kg kg-1].
    pressure : float or ndarray
        Station pressure [Pa].

    Returns
    -------
    ndarray
        Dew or frost point [degC].
    """
    vapour = vapour_pressure(humidity_ratio, pressure)
    over_ice = vapour < saturation_pressure(TRIPLE_POINT)
    return np.where(over_ice, _buck_inverse(vapour, _ICE), _buck_inverse(vapour, _WATER))


def humidity_ratio_at_wet_bulb(temp: Numeric, temp_wet_bulb: Numeric, pressure: Numeric) -> Array:
    """Humidity ratio from dry and wet bulb: the ASHRAE psychrometric equation.

    Parameters
    ----------
    temp, temp_wet_bulb : float or ndarray
        Dry- and wet-bulb temperature [degC].
    pressure : float or ndarray
        Station pressure [Pa].

    Returns
    -------
    ndarray
        Humidity ratio [kg kg-1]; negative where no air has such a pair.

    Notes
    -----
    Equations 33 (over water) and 35 (over ice) of chapter 1 of the handbook.
    """
    temp = np.asarray(temp, dtype=float)
    temp_wet_bulb = np.asarray(temp_wet_bulb, dtype=float)
    saturated = saturation_humidity_ratio(temp_wet_bulb, pressure)
    depression = temp - temp_wet_bulb
    over_water = ((2501.0 - 2.326 * temp_wet_bulb) * saturated - 1.006 * depression) / (
        2501.0 + 1.86 * temp - 4.186 * temp_wet_bulb
    )
    over_ice = ((2830.0 - 0.24 * temp_wet_bulb) * saturated - 1.006 * depression) / (
        2830.0 + 1.86 * temp - 2.1 * temp_wet_bulb
    )
    return np.where(temp_wet_bulb < TRIPLE_POINT, over_ice, over_water)


def wet_bulb(temp: Numeric, humidity_ratio: Numeric, pressure: Numeric) -> Array:
    """Thermodynamic wet-bulb temperature from the ASHRAE psychrometric equation.

    Parameters
    ----------
    temp : float or ndarray
        Dry-bulb temperature [degC].
    humidity_ratio : float or ndarray
        Humidity ratio [kg kg-1]; above saturation the wet bulb is the dry bulb.
    pressure : float or ndarray
        Station pressure [Pa].

    Returns
    -------
    ndarray
        Wet-bulb temperature [degC].

    Notes
    -----
    Bisection between 60 K below the dry bulb and the dry bulb itself, all hours at once; 40
    halvings leave 6e-11 K. Equal enthalpy is *not* used in place of the equation: it errs in hot
    dry air.
    """
    temp, ratio, pressure = np.broadcast_arrays(
        *(np.asarray(a, dtype=float) for a in (temp, humidity_ratio, pressure))
    )
    low, high = temp - 60.0, temp.copy()
    for _ in range(_BISECTION_STEPS):
        middle = 0.5 * (low + high)
        too_dry = humidity_ratio_at_wet_bulb(temp, middle, pressure) < ratio
        low = np.where(too_dry, middle, low)
        high = np.where(too_dry, high, middle)
    return np.where(np.isnan(ratio + pressure), np.nan, 0.5 * (low + high))


def enthalpy(temp: Numeric, humidity_ratio: Numeric) -> Array:
    """Enthalpy of moist air [J per kg of dry air] at temperature [degC] and humidity ratio."""
    temp = np.asarray(temp, dtype=float)
    return np.asarray(
        SPECIFIC_HEAT_DRY_AIR * temp
        + humidity_ratio * (LATENT_HEAT_ZERO + SPECIFIC_HEAT_VAPOUR * temp)
    )


def density(temp: Numeric, humidity_ratio: Numeric, pressure: Numeric) -> Array:
    """Density of moist air [kg m-3] at temperature [degC], humidity ratio and pressure [Pa]."""
    ratio = np.asarray(humidity_ratio, dtype=float)
    absolute = np.asarray(temp, dtype=float) + ZERO_CELSIUS
    volume = GAS_CONSTANT_DRY_AIR * absolute * (1.0 + ratio / MOLAR_MASS_RATIO) / pressure
    return np.asarray((1.0 + ratio) / volume)


def heat_capacity(humidity_ratio: Numeric) -> Array:
    """Heat capacity of moist air [J K-1 per kg of dry air]."""
    return np.asarray(
        SPECIFIC_HEAT_DRY_AIR + SPECIFIC_HEAT_VAPOUR * np.asarray(humidity_ratio, dtype=float)
    )
