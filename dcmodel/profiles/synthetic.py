"""Typical years of weather, price and carbon, drawn from stored climate statistics.

The same statistics, seed and calendar year give the same year on every machine. Months have the
stored distributions; the order of the days is one draw of many. See `dcmodel.profiles.process` for
the method and `dcmodel.inputs.climate` for the statistics.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pvlib
import xarray as xr
from numpy.typing import NDArray
from scipy.special import gamma, ndtr

from dcmodel.base.timeindex import TYPICAL_YEAR, model_hours
from dcmodel.inputs.climate import ClimateStatistics, load_climate
from dcmodel.inputs.sites import Site
from dcmodel.profiles.cycles import (
    LATENT_ORDER,
    TIES,
    between_days,
    cloud_anomaly,
    seasonal_base,
    weather_ties,
)
from dcmodel.profiles.process import (
    Array,
    Memory,
    match_quantiles,
    normal_scores,
    uniform_scores,
)
from dcmodel.profiles.sky import clear_sky_ghi, clouded_ghi, sun_position

_WEATHER_NAMES = {
    "temp_air": ("degC", "Dry-bulb temperature at 2 m"),
    "relative_humidity": ("%", "Relative humidity at 2 m"),
    "pressure": ("Pa", "Station pressure"),
    "wind_speed": ("m s-1", "Wind speed at 10 m"),
    "ghi": ("W m-2", "Global horizontal irradiance"),
    "dni": ("W m-2", "Direct normal irradiance"),
    "dhi": ("W m-2", "Diffuse horizontal irradiance"),
    "cloud_cover": ("1", "Covered share of the sky"),
}


@dataclass(frozen=True, eq=False)
class _Clock:
    """Local month, hour, day and weekend of the hours of a model year."""

    month: NDArray[np.int64]
    hour: NDArray[np.int64]
    day: Array
    weekend: NDArray[np.bool_]

    @classmethod
    def of(cls, hours: pd.DatetimeIndex, time_zone: str, *, standard: bool) -> _Clock:
        """Read a time zone's clock, or its standard time all year (the sun knows no DST)."""
        local = hours.tz_localize("UTC").tz_convert(time_zone).tz_localize(None)
        if standard:
            local = hours + (local - hours).min()
        month, hour = np.asarray(local.month) - 1, np.asarray(local.hour)
        day = np.arange(len(hours)) / 24.0 + (local[0] - hours[0]) / pd.Timedelta(days=1)
        return cls(month, hour, (day + 0.5 / 24) % 365, np.asarray(local.day_of_week) >= 5)


def _generator(seed: int, *words: str) -> np.random.Generator:
    """Return a random generator of its own for each place and variable."""
    return np.random.Generator(np.random.PCG64([seed, *(zlib.crc32(w.encode()) for w in words)]))


def _memory(climate: ClimateStatistics, variable: str) -> Memory:
    return Memory(
        climate.scalar(variable, "time_scale_fast"),
        climate.scalar(variable, "time_scale_slow"),
        climate.scalar(variable, "weight_slow"),
        int(climate.scalar(variable, "smoothing")),
    )


def _latent(climate: ClimateStatistics, seed: int, n: int) -> dict[str, Array]:
    """Return Gaussian series with the stored memories and correlations, shape (n,) each."""
    correlation = np.eye(len(LATENT_ORDER))
    independent = np.empty((len(LATENT_ORDER), n))
    for i, variable in enumerate(LATENT_ORDER):
        rng = _generator(seed, climate.key, variable)
        independent[i] = _memory(climate, variable).noise(rng, n)
        for j, other in enumerate(LATENT_ORDER[:i]):
            value = climate.scalar(variable, f"correlation_{other}")
            correlation[i, j] = correlation[j, i] = value
    together = np.linalg.cholesky(correlation) @ independent
    return dict(zip(LATENT_ORDER, together, strict=True))


def _cloud_cover(climate: ClimateStatistics, clock: _Clock, noise: Array) -> Array:
    cover = match_quantiles(noise, clock.month, *climate.quantiles("cloud_cover"))
    return np.clip(cover, 0.0, 1.0)


def _temperature(
    climate: ClimateStatistics, clock: _Clock, noise: Array, days: Array, clouds: Array
) -> Array:
    """Season, daily cycle (flatter under clouds) and weather, then the monthly distributions."""
    cycle = climate.month_hour("temp_air", "daily_cycle")[clock.month, clock.hour]
    effect = climate.scalar("temp_air", "cloud_effect")
    amplitude = 1.0 + effect * cloud_anomaly(clouds, clock.month)
    spread_of_days = climate.scalar("temp_air", "amplitude_std")
    amplitude += spread_of_days * between_days(days, len(noise))
    spread = climate.monthly("temp_air", "anomaly_std")[clock.month]
    temp = seasonal_base(climate.monthly("temp_air", "mean"), clock.day)
    temp = temp + cycle * amplitude + spread * noise
    return match_quantiles(temp, clock.month, *climate.quantiles("temp_air"))


def _dew_point(climate: ClimateStatistics, clock: _Clock, noise: Array, temp: Array) -> Array:
    spread = climate.monthly("dew_point", "anomaly_std")[clock.month]
    dew = seasonal_base(climate.monthly("dew_point", "mean"), clock.day)
    dew = dew + climate.hourly("dew_point", "daily_cycle")[clock.hour] + spread * noise
    dew = match_quantiles(dew, clock.month, *climate.quantiles("dew_point"))
    return np.minimum(dew, temp)


def _wind_speed(climate: ClimateStatistics, clock: _Clock, noise: Array) -> Array:
    """Weibull distribution of each month, times the daily cycle."""
    mean = climate.monthly("wind_speed", "mean")
    shape = climate.monthly("wind_speed", "weibull_shape")
    level = uniform_scores(noise, clock.month)
    scale = (mean / gamma(1.0 + 1.0 / shape))[clock.month]
    wind = scale * (-np.log1p(-level)) ** (1.0 / shape[clock.month])
    wind *= climate.hourly("wind_speed", "daily_cycle")[clock.hour]
    drawn = np.bincount(clock.month, wind) / np.bincount(clock.month)
    return wind * (mean / drawn)[clock.month]


def typical_year(site: Site, seed: int, calendar_year: int = TYPICAL_YEAR) -> xr.Dataset:
    """Draw a typical year of weather at a site of the library; see `typical_weather`."""
    return typical_weather(
        load_climate(site.weather_climate),
        site.latitude,
        site.longitude,
        site.elevation,
        site.time_zone,
        seed,
        calendar_year,
    )


def typical_weather(
    climate: ClimateStatistics,
    latitude: float,
    longitude: float,
    elevation: float,
    time_zone: str,
    seed: int = 0,
    calendar_year: int = TYPICAL_YEAR,
) -> xr.Dataset:
    """Draw a typical year of weather.

    Parameters
    ----------
    climate : ClimateStatistics
        Statistics of the place (`dcmodel.inputs.climate.load_climate`).
    latitude, longitude : float
        Degrees north and east. [degree]
    elevation : float
        Height above sea level. [m]
    time_zone : str
        Name of the IANA data base, for example ``"America/Chicago"``.
    seed : int
        Which draw, not negative.
    calendar_year : int
        Calendar of the result.

    Returns
    -------
    xarray.Dataset
        Canonical hourly weather, dim ``time`` (8760), with ``cloud_cover``.
    """
    hours = model_hours(calendar_year)
    clock = _Clock.of(hours, time_zone, standard=True)
    noise = _latent(climate, seed, len(hours))
    clouds = _cloud_cover(climate, clock, noise["cloud_cover"])
    days = _generator(seed, climate.key, "daily amplitude").standard_normal(len(hours) // 24 + 1)
    temp = _temperature(climate, clock, noise["temp_air"], days, clouds)
    dew_point = _dew_point(climate, clock, noise["dew_point"], temp)
    sun = sun_position(hours, latitude, longitude, elevation)
    clear = clear_sky_ghi(sun, latitude, longitude, elevation)
    overcast = climate.scalar("cloud_cover", "overcast_loss")
    ghi = clouded_ghi(clear, clouds, clock.month, climate.monthly("ghi", "mean"), overcast)
    parts = pvlib.irradiance.erbs(ghi, sun.zenith, sun.times)
    humidity = np.clip(pvlib.atmosphere.rh_from_tdew(temp, dew_point), 0.0, 100.0)
    series = {
        "temp_air": temp,
        "relative_humidity": humidity,
        "pressure": np.full(len(hours), pvlib.atmosphere.alt2pres(elevation)),
        "wind_speed": _wind_speed(climate, clock, noise["wind_speed"]),
        "ghi": ghi,
        "dni": np.asarray(parts["dni"]),
        "dhi": np.asarray(parts["dhi"]),
        "cloud_cover": clouds,
    }
    data = {
        name: ("time", series[name], {"units": units, "long_name": long_name})
        for name, (units, long_name) in _WEATHER_NAMES.items()
    }
    source = f"typical year from climate statistics '{climate.key}', seed {seed}"
    return xr.Dataset(
        data,
        {"time": hours},
        {
            "latitude": latitude,
            "longitude": longitude,
            "elevation": elevation,
            "source": source,
            "calendar_year": calendar_year,
            "repairs": "",
        },
    )


def _ties(weather: xr.Dataset, clock: _Clock) -> Array:
    """Return the weather that moves price and carbon, shape (3, T)."""
    hours = pd.DatetimeIndex(weather["time"].to_numpy())
    sun = sun_position(hours, weather.attrs["latitude"], weather.attrs["longitude"])
    temp = weather["temp_air"].to_numpy()
    if "cloud_cover" in weather:
        clouds = weather["cloud_cover"].to_numpy()
    else:
        elevation = weather.attrs["elevation"]
        clear = clear_sky_ghi(sun, weather.attrs["latitude"], weather.attrs["longitude"], elevation)
        daily_clear = np.maximum(clear.reshape(-1, 24).sum(axis=1), 1.0)
        clearness = weather["ghi"].to_numpy().reshape(-1, 24).sum(axis=1) / daily_clear
        clouds = np.repeat(1.0 - np.minimum(clearness, 1.0), 24)
    return weather_ties(
        weather["wind_speed"].to_numpy(),
        clouds,
        temp,
        clock.month,
        clock.hour,
        np.cos(np.radians(sun.zenith)),
    )


def _signal(
    climate: ClimateStatistics,
    variable: str,
    weather: xr.Dataset,
    time_zone: str,
    seed: int,
) -> Array:
    """Return price or emission factor over its yearly mean, shape (T,) [1]."""
    hours = pd.DatetimeIndex(weather["time"].to_numpy())
    clock = _Clock.of(hours, time_zone, standard=False)
    score = climate.month_hour(variable, "score_weekday")[clock.month, clock.hour]
    shift = climate.hourly(variable, "score_weekend_shift")[clock.hour]
    rng = _generator(seed, climate.key, variable)
    remainder = _memory(climate, variable).noise(rng, len(hours))
    remainder *= climate.scalar(variable, "remainder_std")
    slopes = np.array([climate.scalar(variable, f"tie_{name}") for name in TIES])
    noise = slopes @ _ties(weather, _Clock.of(hours, time_zone, standard=True)) + remainder
    spread = climate.hourly(variable, "score_std")[clock.hour]
    score = score + np.where(clock.weekend, shift, 0.0) + spread * noise
    levels, quantiles = climate.quantiles(variable)
    ratio = np.empty_like(score)
    for m, rows in ((m, clock.month == m) for m in range(12)):
        ratio[rows] = np.interp(ndtr(normal_scores(score[rows])), levels, quantiles[m])
    wanted = climate.monthly(variable, "monthly_shape")
    drawn = np.bincount(clock.month, ratio) / np.bincount(clock.month)
    values = ratio * (wanted / drawn)[clock.month]
    return values / values.mean()


def _series(
    values: Array, name: str, units: str, long_name: str, weather: xr.Dataset, source: str
) -> xr.DataArray:
    attrs = {
        "units": units,
        "long_name": long_name,
        "source": source,
        "calendar_year": weather.attrs["calendar_year"],
        "repairs": "",
    }
    return xr.DataArray(values, {"time": weather["time"]}, ["time"], name, attrs)


def typical_price(
    zone: ClimateStatistics,
    weather: xr.Dataset,
    time_zone: str,
    seed: int = 0,
    level: float | None = None,
) -> xr.DataArray:
    """Draw a typical year of wholesale prices that goes with a year of weather.

    Parameters
    ----------
    zone : ClimateStatistics
        Statistics of the price zone, for example ``load_climate("ercot_north")``.
    weather : xarray.Dataset
        Canonical hourly weather of the site: wind, clouds and temperature move the price.
    time_zone : str
        Clock of the market (IANA name).
    seed : int
        Which draw, not negative.
    level : float, optional
        Yearly mean price; without it the series is a shape of mean 1. [USD MWh-1]

    Returns
    -------
    xarray.DataArray
        ``price_energy``, dim ``time`` (8760). [USD MWh-1], or [1] without `level`
    """
    shape = _signal(zone, "price_energy", weather, time_zone, seed)
    units = "1" if level is None else "USD MWh-1"
    scaled = shape if level is None else shape * level
    source = f"typical year from price statistics '{zone.key}', seed {seed}"
    return _series(scaled, "price_energy", units, "Wholesale energy price", weather, source)


def typical_carbon(
    zone: ClimateStatistics,
    weather: xr.Dataset,
    time_zone: str,
    seed: int = 0,
    level: float | None = None,
) -> xr.DataArray:
    """Draw a typical year of the grid's average emission factor.

    The statistics hold relative shapes only. Levels of all sites of a ranking must come from one
    family of sources, and are applied here or by `dcmodel.profiles.paths`.

    Parameters
    ----------
    zone : ClimateStatistics
        Statistics of the grid zone.
    weather : xarray.Dataset
        Canonical hourly weather of the site.
    time_zone : str
        Clock of the zone (IANA name).
    seed : int
        Which draw, not negative.
    level : float, optional
        Yearly mean emission factor; without it the series is a shape of mean 1. [kg MWh-1]

    Returns
    -------
    xarray.DataArray
        ``emission_factor``, dim ``time`` (8760). [kg MWh-1], or [1] without `level`
    """
    shape = _signal(zone, "emission_factor", weather, time_zone, seed)
    units = "1" if level is None else "kg MWh-1"
    scaled = shape if level is None else shape * level
    source = f"typical year from carbon statistics '{zone.key}', seed {seed}"
    return _series(scaled, "emission_factor", units, "Grid emission factor", weather, source)
