"""Sun and clear sky at the middle of each hour, and what clouds leave of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pvlib
from numpy.typing import NDArray
from scipy.optimize import brentq

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sun:
    """Position of the sun at the middle of each hour, arrays of shape (T,).

    Parameters
    ----------
    times : pandas.DatetimeIndex
        Mid-hour instants, UTC.
    zenith, apparent_zenith, azimuth : (T,) array
        True and refracted zenith angle, azimuth clockwise from north. [degree]
    """

    times: pd.DatetimeIndex
    zenith: Array
    apparent_zenith: Array
    azimuth: Array


def sun_position(
    hours: pd.DatetimeIndex, latitude: float, longitude: float, elevation: float = 0.0
) -> Sun:
    """Return the sun's position at the middle of each hour.

    Parameters
    ----------
    hours : pandas.DatetimeIndex
        Beginnings of the hours, naive UTC.
    latitude, longitude : float
        Degrees north and east. [degree]
    elevation : float
        Height above sea level. [m]

    Returns
    -------
    Sun
    """
    middle = pd.DatetimeIndex(hours).tz_localize("UTC") + pd.Timedelta(minutes=30)
    position = pvlib.solarposition.get_solarposition(
        middle, latitude, longitude, altitude=elevation
    )
    return Sun(
        middle,
        position["zenith"].to_numpy(),
        position["apparent_zenith"].to_numpy(),
        position["azimuth"].to_numpy(),
    )


def clear_sky_ghi(sun: Sun, latitude: float, longitude: float, elevation: float) -> Array:
    """Return global horizontal irradiance without clouds (Ineichen, Linke turbidity by month).

    Parameters
    ----------
    sun : Sun
        Positions of the sun.
    latitude, longitude : float
        Place. [degree]
    elevation : float
        Height above sea level. [m]

    Returns
    -------
    (T,) array
        Irradiance. [W m-2]
    """
    turbidity = pvlib.clearsky.lookup_linke_turbidity(sun.times, latitude, longitude)
    airmass = pvlib.atmosphere.get_relative_airmass(sun.apparent_zenith)
    absolute = pvlib.atmosphere.get_absolute_airmass(airmass, pvlib.atmosphere.alt2pres(elevation))
    with np.errstate(divide="ignore", invalid="ignore"):  # the sun on the horizon
        sky = pvlib.clearsky.ineichen(
            sun.apparent_zenith, absolute, turbidity.to_numpy(), altitude=elevation
        )
    return np.nan_to_num(np.asarray(sky["ghi"], dtype=float))


def clouded_ghi(
    clear: Array, cloud_cover: Array, month: NDArray[np.int64], mean: Array, overcast_loss: float
) -> Array:
    r"""Return irradiance under clouds with the stated monthly means.

    Parameters
    ----------
    clear : (T,) array
        Irradiance without clouds. [W m-2]
    cloud_cover : (T,) array
        Covered share of the sky. [1]
    month : (T,) array of int
        Month of each hour, 0 to 11.
    mean : (12,) array
        Monthly mean of global horizontal irradiance over all hours. [W m-2]
    overcast_loss : float
        Share of the clear-sky irradiance lost under a covered sky. [1]

    Returns
    -------
    (T,) array
        Global horizontal irradiance. [W m-2]

    Notes
    -----
    Form of Kasten and Czeplak (1980), :math:`G = G_0 (1 - a n^b)`, with their loss :math:`a`. The
    exponent :math:`b`, 3.4 in their fit to Hamburg, is solved for each month so that the monthly
    mean is met. Where no exponent from 0.05 to 50 does (a clearer month than the cover allows),
    the loss gives way.
    """
    result = np.empty_like(clear)
    for m in np.unique(month):
        rows = month == m
        sky, cover = clear[rows], cloud_cover[rows]
        loss = sky.mean() - mean[m]

        def excess(
            log_b: float, sky: Array = sky, cover: Array = cover, loss: float = loss
        ) -> float:
            return float(overcast_loss * np.mean(sky * cover ** np.exp(log_b)) - loss)

        low, high = np.log(0.05), np.log(50.0)
        solvable = excess(low) > 0.0 > excess(high)
        log_b = brentq(excess, low, high) if solvable else (low if excess(low) <= 0.0 else high)
        covered = sky * cover ** np.exp(log_b)
        factor = overcast_loss if solvable else loss / max(covered.mean(), 1e-9)
        result[rows] = sky - np.clip(factor, 0.0, 1.0) * covered
    return result
