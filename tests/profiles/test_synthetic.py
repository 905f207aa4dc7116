"""Typical years against measured years.

Expected figures are those of the files behind the statistics (calibration tables of the real data):
EPW Dulles TMY3, EPW Dallas-Fort Worth TMYx 2007-2021, ERA5 Frankfurt and London 2021-2023 (means of
three years; irradiance of the ASHRAE IWEC years), ASHRAE IWEC Stockholm Arlanda.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from dcmodel.inputs.climate import load_climate
from dcmodel.profiles.synthetic import typical_carbon, typical_price, typical_weather

PLACES = {
    "northern_virginia": (38.95, -77.45, 82.0, "America/New_York"),
    "dallas": (32.90, -97.02, 171.0, "America/Chicago"),
    "frankfurt": (50.09, 8.65, 111.0, "Europe/Berlin"),
    "stockholm": (59.65, 17.95, 61.0, "Europe/Stockholm"),
    "london": (51.49, -0.16, 29.0, "Europe/London"),
}
# mean, std, p5, p95 [degC]; acf 1 h, 24 h; humidity [%]; wind [m s-1]; GHI, DNI [kWh m-2]; dry and
# wet bulb exceeded in 0.4 % of the hours [degC]; hours below 18 degC
MEASURED = {
    "northern_virginia": (12.67, 10.44, -4.4, 28.9, 0.9905, 0.881, 69.0, 3.281, 1481, 1378,
                          33.9, 25.1, 5581),
    "dallas": (19.81, 9.63, 3.9, 34.4, 0.9887, 0.900, 60.7, 4.896, 1770, 2019, 38.3, 26.9, 3647),
    "frankfurt": (11.54, 8.05, -0.4, 25.2, 0.9920, 0.938, 74.4, 3.091, 1035, 723, 31.7, 21.0,
                  6722),
    "stockholm": (6.49, 8.26, -6.7, 20.0, 0.9965, 0.916, 78.4, 3.354, 922, 779, 25.5, 17.6, 7993),
    "london": (11.42, 6.37, 0.8, 21.8, 0.9900, 0.905, 79.0, 4.061, 1010, 743, 28.7, 20.0, 7382),
}  # fmt: skip
MONTHS = {
    "dallas": (8.39, 9.41, 16.14, 18.96, 23.48, 28.44, 30.67, 30.59, 26.77, 20.76, 14.40, 9.05),
    "stockholm": (-3.55, -0.80, 0.30, 4.45, 11.69, 14.47, 17.02, 15.96, 11.33, 6.74, 1.61, -1.91),
}
ZONES = {
    "pjm_dominion": "northern_virginia",
    "ercot_north": "dallas",
    "de_lu": "frankfurt",
    "se3": "stockholm",
    "gb": "london",
}
# lowest and highest of the years behind the statistics, over the yearly mean: p5, p50, p95, p99;
# share below zero; autocorrelation at 1 h
PRICES = {
    "pjm_dominion": ((0.37, 0.43), (0.70, 0.80), (2.12, 2.51), (4.39, 4.59), (0, 0.0003),
                     (0.62, 0.86)),
    "ercot_north": ((0.19, 0.27), (0.40, 0.75), (2.20, 2.32), (6.1, 13.5), (0, 0.0001),
                    (0.87, 0.89)),
    "de_lu": ((0.01, 0.23), (0.78, 1.03), (1.75, 2.57), (2.2, 3.8), (0.008, 0.034),
              (0.937, 0.980)),
    "se3": ((0.0, 0.21), (0.73, 0.77), (2.69, 3.13), (3.66, 4.89), (0.0014, 0.049),
            (0.952, 0.966)),
    "gb": ((0.35, 0.35), (0.89, 0.97), (1.64, 2.02), (1.97, 2.77), (0.0008, 0.0098),
           (0.950, 0.953)),
}  # fmt: skip
# lowest and highest of the years, over the yearly mean: standard deviation, p5, p95
CARBON = {
    "pjm_dominion": ((0.093, 0.127), (0.812, 0.863), (1.17, 1.23)),
    "ercot_north": ((0.203, 0.233), (0.595, 0.648), (1.30, 1.36)),
    "de_lu": ((0.300, 0.418), (0.417, 0.460), (1.45, 1.77)),
    "se3": ((0.142, 0.185), (0.747, 0.786), (1.25, 1.33)),
    "gb": ((0.354, 0.458), (0.345, 0.399), (1.55, 1.78)),
}


@cache
def year(place, seed=0):
    latitude, longitude, elevation, zone = PLACES[place]
    return typical_weather(load_climate(place), latitude, longitude, elevation, zone, seed)


@cache
def signal(function, zone, seed=0):
    place = ZONES[zone]
    return function(load_climate(zone), year(place, seed), PLACES[place][3], seed)


def correlation(values, lag):
    return np.corrcoef(values[:-lag], values[lag:])[0, 1]


def wet_bulb(temp, humidity, pressure):
    """Psychrometer equation by bisection (0.000665 K-1), Magnus vapour pressure."""

    def saturated(t):
        return 610.94 * np.exp(17.625 * t / (t + 243.04))

    low, high = temp - 60, temp.copy()
    for _ in range(40):
        middle = (low + high) / 2
        excess = saturated(middle) - 0.000665 * pressure * (temp - middle)
        drier = excess < saturated(temp) * humidity / 100
        low, high = np.where(drier, middle, low), np.where(drier, high, middle)
    return low


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("place", PLACES)
def test_weather_has_the_measured_statistics(place, seed):
    weather = year(place, seed)
    mean, std, p5, p95, acf1, acf24, humid, wind, ghi, dni, dry, wet, cool = MEASURED[place]
    temp = weather["temp_air"].to_numpy()
    assert temp.mean() == pytest.approx(mean, abs=0.15)
    assert temp.std() == pytest.approx(std, abs=0.2)
    assert np.quantile(temp, 0.05) == pytest.approx(p5, abs=0.7)
    assert np.quantile(temp, 0.95) == pytest.approx(p95, abs=0.7)
    assert correlation(temp, 1) == pytest.approx(acf1, abs=0.012)
    assert correlation(temp, 24) == pytest.approx(acf24, abs=0.06)
    assert (temp < 18).sum() == pytest.approx(cool, rel=0.02)
    assert np.quantile(temp, 0.996) == pytest.approx(dry, abs=1.0)
    bulb = wet_bulb(temp, *(weather[n].to_numpy() for n in ("relative_humidity", "pressure")))
    assert np.quantile(bulb, 0.996) == pytest.approx(wet, abs=1.5)
    assert float(weather["relative_humidity"].mean()) == pytest.approx(humid, abs=4)
    assert float(weather["wind_speed"].mean()) == pytest.approx(wind, rel=0.005)
    assert float(weather["ghi"].sum()) / 1000 == pytest.approx(ghi, rel=0.01)
    assert float(weather["dni"].sum()) / 1000 == pytest.approx(dni, rel=0.20)


@pytest.mark.parametrize("place", MONTHS)
def test_monthly_mean_temperatures(place):
    weather = year(place)
    local = pd.DatetimeIndex(weather["time"].to_numpy()).tz_localize("UTC")
    month = local.tz_convert(PLACES[place][3]).month
    drawn = weather["temp_air"].to_series().groupby(np.asarray(month)).mean()
    np.testing.assert_allclose(drawn, MONTHS[place], atol=0.4)


@pytest.mark.parametrize("place", PLACES)
def test_weather_is_physical_and_canonical(place):
    weather = year(place)
    assert weather.sizes == {"time": 8760}
    assert all({"units", "long_name"} <= set(v.attrs) for v in weather.data_vars.values())
    assert not any(np.isnan(v).any() for v in weather.data_vars.values())
    humidity = weather["relative_humidity"].to_numpy()
    assert humidity.min() > 0
    assert humidity.max() <= 100
    assert (weather["wind_speed"] >= 0).all()
    for name in ("ghi", "dni", "dhi"):
        assert (weather[name] >= 0).all()
    assert (weather["dhi"] <= weather["ghi"] + 1e-6).all()
    assert weather.attrs["calendar_year"] == 2025


def test_pressure_falls_with_height():
    # ISO 2533 standard atmosphere: 89,875 Pa at 1,000 m
    climate = load_climate("dallas")
    high = typical_weather(climate, 32.9, -97.0, 1000.0, "America/Chicago")
    assert float(high["pressure"].mean()) == pytest.approx(89875, rel=1e-3)


def test_warmest_hour_is_in_the_local_afternoon():
    weather = year("dallas")
    local = pd.DatetimeIndex(weather["time"].to_numpy()).tz_localize("UTC").tz_convert("Etc/GMT+6")
    cycle = weather["temp_air"].to_series().groupby(np.asarray(local.hour)).mean()
    assert 13 <= cycle.idxmax() <= 16
    assert 4 <= cycle.idxmin() <= 7


def test_cloudy_days_are_flatter():
    weather = year("frankfurt")
    temp, cover = (weather[n].to_numpy().reshape(-1, 24) for n in ("temp_air", "cloud_cover"))
    assert np.corrcoef(np.ptp(temp, axis=1), cover.mean(axis=1))[0, 1] < -0.3


def test_the_same_seed_gives_the_same_year_and_another_seed_another():
    place = ("dallas", 32.9, -97.02, 171.0, "America/Chicago")
    climate = load_climate(place[0])
    first, again = (typical_weather(climate, *place[1:], seed=5) for _ in range(2))
    other = typical_weather(climate, *place[1:], seed=6)
    assert first.identical(again)
    assert abs(float((first["temp_air"] - other["temp_air"]).std())) > 3


def test_places_do_not_share_their_weather():
    dallas, london = (year(p)["temp_air"].to_series() for p in ("dallas", "london"))
    anomalies = [s - s.rolling(24 * 30, center=True).mean() for s in (dallas, london)]
    daily = [a.resample("D").mean().dropna() for a in anomalies]
    assert abs(np.corrcoef(*daily)[0, 1]) < 0.25


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("zone", ZONES)
def test_prices_have_the_measured_tails(zone, seed):
    price = signal(typical_price, zone, seed).to_numpy()
    drawn = [*np.quantile(price, [0.05, 0.5, 0.95, 0.99]), (price < 0).mean()]
    assert price.mean() == pytest.approx(1)
    for value, (low, high) in zip(drawn[:4], PRICES[zone][:4], strict=True):
        slack = max(0.12, 0.18 * high)
        assert low - slack <= value <= high + slack
    low, high = PRICES[zone][4]
    assert low / 2 <= drawn[4] <= high * 1.5 + 0.0005
    low, high = PRICES[zone][5]
    assert low - 0.13 <= correlation(price, 1) <= high + 0.02


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("zone", ZONES)
def test_carbon_has_the_measured_spread(zone, seed):
    factor = signal(typical_carbon, zone, seed).to_numpy()
    drawn = [factor.std(), *np.quantile(factor, [0.05, 0.95])]
    assert factor.mean() == pytest.approx(1)
    assert factor.min() > 0
    for value, (low, high) in zip(drawn, CARBON[zone], strict=True):
        assert low - 0.05 <= value <= high + 0.05


def by_local_hour(series, time_zone):
    local = pd.DatetimeIndex(series["time"].to_numpy()).tz_localize("UTC").tz_convert(time_zone)
    return series.to_series().groupby(np.asarray(local.hour)).mean()


def test_daily_cycle_of_prices():
    # day-ahead DE-LU 2023: 69 EUR at 13 h, 135 EUR at 19 h; ERCOT: peak between 16 h and 20 h
    german = by_local_hour(signal(typical_price, "de_lu"), "Europe/Berlin")
    assert 1.3 < german[19] / german[13] < 2.2
    texan = by_local_hour(signal(typical_price, "ercot_north"), "America/Chicago")
    assert 15 <= texan.idxmax() <= 20
    assert texan.max() > 1.6


def test_weekends_are_cheaper_in_germany():
    # DE-LU day-ahead, weekend over weekday: 0.75 in 2021, 0.72 in 2022, 0.73 in 2023
    price = signal(typical_price, "de_lu").to_series()
    weekend = price.index.day_of_week >= 5
    assert price[weekend].mean() / price[~weekend].mean() == pytest.approx(0.73, abs=0.07)


@pytest.mark.parametrize(
    ("function", "zone"), [(typical_price, "de_lu"), (typical_carbon, "ercot_north")]
)
def test_wind_makes_power_cheap_and_clean(function, zone):
    wind = year(ZONES[zone])["wind_speed"].to_numpy().reshape(-1, 24).mean(axis=1)
    daily = signal(function, zone).to_numpy().reshape(-1, 24).mean(axis=1)
    assert np.corrcoef(wind, daily)[0, 1] < -0.2


def test_level_scales_the_shape_and_sets_the_unit():
    weather, zone = year("dallas"), load_climate("ercot_north")
    priced = typical_price(zone, weather, "America/Chicago", 0, level=40.0)
    assert float(priced.mean()) == pytest.approx(40.0)
    assert priced.attrs["units"] == "USD MWh-1"
    np.testing.assert_allclose(priced, 40.0 * signal(typical_price, "ercot_north"))
    assert typical_carbon(zone, weather, "America/Chicago", 0, 300.0).attrs["units"] == "kg MWh-1"
    assert signal(typical_carbon, "ercot_north").attrs["units"] == "1"


def test_weather_without_cloud_cover_will_do():
    weather = year("frankfurt")
    zone = load_climate("de_lu")
    price = typical_price(zone, weather.drop_vars("cloud_cover"), "Europe/Berlin")
    known = signal(typical_price, "de_lu")
    assert np.corrcoef(price, known)[0, 1] > 0.95
