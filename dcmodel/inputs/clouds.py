"""Irradiance where a weather file has cloud cover only."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pvlib import atmosphere, clearsky, irradiance, solarposition

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.paths import data_dir
from dcmodel.inputs.library import number, read_table

METHOD = (
    "global irradiance from cloud cover (Kasten and Czeplak 1980) on the Ineichen clear sky with "
    "climatological turbidity, split by Erbs (1982)"
)

_COLUMNS = "parameter,year,value,low,high,unit,currency_year,source,provenance,note"
_MIDDLE_OF_HOUR = pd.Timedelta(minutes=30)

Floats = npt.NDArray[np.float64]


def irradiance_from_cloud_cover(
    hours: pd.DatetimeIndex,
    cloud_cover: Floats,
    latitude: float,
    longitude: float,
    elevation: float,
) -> dict[str, Floats]:
    r"""Return global, direct normal and diffuse irradiance for the sun at the middle of the hours.

    Parameters
    ----------
    hours : DatetimeIndex, shape (T,)
        Naive UTC, hour beginning.
    cloud_cover : ndarray, shape (T,)
        Fraction of the sky. [1]
    latitude, longitude : float
        Degrees, east positive.
    elevation : float
        Above sea level. [m]

    Returns
    -------
    dict of ndarray, shape (T,)
        ``ghi``, ``dni``, ``dhi``. [W m-2]

    Notes
    -----
    .. math:: G = G_{clear} (1 - a n^b)

    with cloud fraction :math:`n` and :math:`a, b` of ``data/cloud_irradiance.csv`` [1]_. The cloud
    cover of weather models counts thin high cloud in full, so that yearly sums come out low, most
    of all in the tropics: prefer a file with irradiance where solar power matters.

    References
    ----------
    .. [1] Kasten F, Czeplak G (1980) Solar Energy 24:177-189, doi:10.1016/0038-092X(80)90391-6
    """
    attenuation, exponent = _coefficients()
    times = hours.tz_localize("UTC") + _MIDDLE_OF_HOUR
    position = solarposition.get_solarposition(times, latitude, longitude, elevation)
    clear = _clear_sky(times, position, latitude, longitude, elevation)
    ghi = clear * (1.0 - attenuation * np.clip(cloud_cover, 0.0, 1.0) ** exponent)
    split = irradiance.erbs(ghi, position["zenith"].to_numpy(), times)
    return {
        "ghi": ghi,
        "dni": np.asarray(split["dni"], dtype=float),
        "dhi": np.asarray(split["dhi"], dtype=float),
    }


def _clear_sky(
    times: pd.DatetimeIndex,
    position: Any,
    latitude: float,
    longitude: float,
    elevation: float,
) -> Floats:
    turbidity = clearsky.lookup_linke_turbidity(times, latitude, longitude)
    zenith = position["apparent_zenith"]
    airmass = atmosphere.get_absolute_airmass(
        atmosphere.get_relative_airmass(zenith), atmosphere.alt2pres(elevation)
    )
    extra = irradiance.get_extra_radiation(times)
    clear = clearsky.ineichen(zenith, airmass, turbidity, elevation, extra)
    return np.nan_to_num(clear["ghi"].to_numpy(dtype=float))


def _coefficients() -> tuple[float, float]:
    faults: list[Fault] = []
    rows = read_table(data_dir() / "cloud_irradiance.csv", _COLUMNS.split(","))
    values = {row["parameter"]: number(row, "value", faults) for row in rows}
    if faults:
        raise DataError(faults)
    return values["cloud_attenuation"], values["cloud_exponent"]
