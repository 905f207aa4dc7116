"""Weather as the facility sees it: arrays of dry bulb, wet bulb, humidity and density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from dcmodel.base.errors import DataError, Fault
from dcmodel.facility import psychrometrics
from dcmodel.facility.psychrometrics import Array

_REQUIRED = ("temp_air", "relative_humidity", "pressure")
_LIMITS = {
    "temp_air": (-90.0, 60.0, "it is in degC: a value in kelvin or fahrenheit has slipped in"),
    "relative_humidity": (0.0, 105.0, "it is in per cent"),
    "pressure": (5e4, 1.1e5, "it is in Pa at the station: 101.3 kPa are 101300"),
}
"""What outdoor air may be, a little beyond the records: humidity sensors read above 100 %."""


@dataclass(frozen=True, eq=False)
class FacilityWeather:
    """Outdoor air, hour by hour.

    Parameters
    ----------
    temp_air, temp_wet_bulb : ndarray, shape (T,)
        Dry- and wet-bulb temperature [degC].
    humidity_ratio : ndarray, shape (T,)
        Water per dry air [kg kg-1].
    pressure : ndarray, shape (T,)
        Station pressure [Pa].
    density : ndarray, shape (T,)
        Density of the moist outdoor air [kg m-3].
    """

    temp_air: Array
    temp_wet_bulb: Array
    humidity_ratio: Array
    pressure: Array
    density: Array

    @classmethod
    def from_humidity_ratio(
        cls, temp_air: npt.ArrayLike, humidity_ratio: npt.ArrayLike, pressure: npt.ArrayLike
    ) -> FacilityWeather:
        """Build from dry bulb [degC], humidity ratio [kg kg-1] and station pressure [Pa].

        Air cannot hold more than saturation: a higher ratio is brought down to it.
        """
        temp, ratio, pressure = np.broadcast_arrays(
            *(np.atleast_1d(np.asarray(a, float)) for a in (temp_air, humidity_ratio, pressure))
        )
        ratio = np.minimum(ratio, psychrometrics.saturation_humidity_ratio(temp, pressure))
        return cls(
            temp_air=temp,
            temp_wet_bulb=psychrometrics.wet_bulb(temp, ratio, pressure),
            humidity_ratio=ratio,
            pressure=pressure,
            density=psychrometrics.density(temp, ratio, pressure),
        )

    @classmethod
    def from_relative_humidity(
        cls, temp_air: npt.ArrayLike, relative_humidity: npt.ArrayLike, pressure: npt.ArrayLike
    ) -> FacilityWeather:
        """Build from dry bulb [degC], relative humidity [%] and station pressure [Pa]."""
        temp, humidity, station = (
            np.asarray(a, dtype=float) for a in (temp_air, relative_humidity, pressure)
        )
        ratio = psychrometrics.humidity_ratio(temp, humidity, station)
        return cls.from_humidity_ratio(temp, ratio, station)

    @classmethod
    def from_dataset(cls, dataset: xr.Dataset) -> FacilityWeather:
        """Build from the canonical hourly weather Dataset.

        Parameters
        ----------
        dataset : xarray.Dataset
            With `temp_air` [degC], `relative_humidity` [%] and `pressure` [Pa] over ``time``.

        Raises
        ------
        DataError
            When a variable is missing or has gaps; all faults are listed together.
        """
        source = str(dataset.attrs.get("source", "weather"))
        faults = []
        for name in _REQUIRED:
            if name not in dataset:
                faults.append(Fault(source, f"variable '{name}' is missing; the facility needs it"))
                continue
            gaps = int(np.isnan(dataset[name].to_numpy()).sum())
            if gaps:
                faults.append(Fault(source, f"'{name}' has {gaps} empty hours; fill them first"))
                continue
            faults += _implausible(source, dataset[name])
        if faults:
            raise DataError(faults)
        temp, humidity, pressure = (dataset[name].to_numpy().astype(float) for name in _REQUIRED)
        return cls.from_relative_humidity(temp, humidity, pressure)


def _implausible(source: str, series: xr.DataArray) -> list[Fault]:
    """Name the first hour of a variable that no outdoor air can have."""
    low, high, hint = _LIMITS[str(series.name)]
    values = series.to_numpy().astype(float)
    outside = np.flatnonzero((values < low) | (values > high))
    if not outside.size:
        return []
    first = int(outside[0])
    stamp = ""
    if "time" in series.coords:
        stamp = f" {np.datetime_as_string(series['time'].values[first], unit='m')}"
    message = (
        f"'{series.name}' is {values[first]:g}, allowed {low:g} to {high:g}; {hint} "
        f"({outside.size} such hours)"
    )
    return [Fault(f"{source}{stamp}", message)]
