"""Wind power: power curve, air density, hub speed, level of a region."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from dcmodel.base.errors import DataError, StudyError
from dcmodel.base.timeindex import model_hours
from dcmodel.inputs.climate import load_climate
from dcmodel.profiles import wind
from dcmodel.profiles.synthetic import typical_weather

HOURS = model_hours(2025)
STANDARD = {"temp": 15.0, "pressure": 1.225 * 287.05 * 288.15}
REGIONS = {
    "pjm_dominion": ("northern_virginia", 38.95, -77.45, 82.0, "America/New_York", 0.33),
    "ercot_north": ("dallas", 32.90, -97.02, 171.0, "America/Chicago", 0.40),
    "de_lu": ("frankfurt", 50.09, 8.65, 111.0, "Europe/Berlin", 0.25),
}


def steady(speed, temp=15.0, pressure=STANDARD["pressure"]):
    """Weather whose wind is `speed` at 10 m all year."""
    size = len(HOURS)
    data = {
        "wind_speed": np.broadcast_to(speed, size),
        "temp_air": np.full(size, temp),
        "pressure": np.full(size, pressure),
    }
    return xr.Dataset({k: ("time", v) for k, v in data.items()}, {"time": HOURS})


def sharp(**changes):
    """The library's turbine without spread, region or losses."""
    turbine = wind.load_turbine("onshore_4200_low_wind")
    fields = {name: getattr(turbine, name) for name in turbine.__dataclass_fields__}
    return wind.Turbine(**(fields | {"farm_spread": 0, "regional_hours": 1, "losses": 0} | changes))


@cache
def region(zone):
    place, latitude, longitude, elevation, time_zone, _ = REGIONS[zone]
    weather = typical_weather(load_climate(place), latitude, longitude, elevation, time_zone)
    return wind.regional_capacity_factor(weather, load_climate(zone), time_zone)


@pytest.mark.parametrize(
    ("speed", "megawatts"), [(2.0, 0.022), (8.0, 2.151), (12.0, 4.119), (20.0, 4.2), (30.0, 0.0)]
)
def test_steady_wind_at_the_hub_gives_the_makers_power(speed, megawatts):
    # E-141 EP4: maker's table, at 1.225 kg m-3
    factor = wind.capacity_factor(steady(5.0), turbine=sharp(), mean_speed_at_hub=speed)
    np.testing.assert_allclose(factor, megawatts / 4.2, atol=2e-5)


def test_power_law_carries_wind_to_the_hub():
    speed = wind.hub_speed(steady(5.0), wind.load_turbine("onshore_4200_low_wind"))
    np.testing.assert_allclose(speed, 5.0 * 12.9**0.143)


def test_thin_air_counts_as_slower_wind():
    thin = wind.capacity_factor(
        steady(5.0, pressure=0.512 * STANDARD["pressure"]), turbine=sharp(), mean_speed_at_hub=10
    )
    # density 0.512 of the standard: cube root 0.8, so 10 m/s works as 8 m/s
    np.testing.assert_allclose(thin, 2.151 / 4.2, atol=2e-5)


def test_losses_take_their_share():
    lossy = wind.capacity_factor(steady(5.0), turbine=sharp(losses=0.15), mean_speed_at_hub=20)
    np.testing.assert_allclose(lossy, 0.85)


def test_farm_curve_is_smoother_and_keeps_the_plateau():
    speeds, power = wind.farm_curve(sharp(farm_spread=0.15))
    _, single = wind.farm_curve(sharp())
    assert np.abs(np.diff(power, 2)).max() < np.abs(np.diff(single, 2)).max()
    assert power[np.searchsorted(speeds, 17.0)] == pytest.approx(1.0, abs=0.01)
    assert power[0] == 0


def test_region_smooths_in_time_and_keeps_energy():
    gusty = np.where(np.arange(8760) % 10 < 5, 3.0, 7.0)
    one = wind.capacity_factor(steady(gusty), turbine=sharp(), mean_speed_at_hub=8)
    many = wind.capacity_factor(steady(gusty), turbine=sharp(regional_hours=5), mean_speed_at_hub=8)
    assert many.mean() == pytest.approx(one.mean())
    assert many.std() < one.std()


@pytest.mark.parametrize("zone", REGIONS)
def test_regions_meet_their_capacity_factor(zone):
    factor = region(zone)
    assert factor.mean() == pytest.approx(REGIONS[zone][-1], abs=1e-6)
    assert factor.min() >= 0
    assert factor.max() <= 1


def test_texan_wind_blows_by_night_as_measured():
    # EIA-930 ERCO 2022: lowest in late morning to midday, highest at night (local standard time)
    local = pd.DatetimeIndex(HOURS).tz_localize("UTC").tz_convert("Etc/GMT+6")
    cycle = pd.Series(region("ercot_north")).groupby(np.asarray(local.hour)).mean()
    measured = load_climate("ercot_north").hourly("wind_generation", "daily_cycle")
    assert np.corrcoef(cycle, measured)[0, 1] > 0.95
    assert 9 <= cycle.idxmin() <= 14


def test_winters_are_windier_than_summers_in_germany():
    month = np.asarray(pd.DatetimeIndex(HOURS).month)
    factor = region("de_lu")
    assert (
        factor[np.isin(month, (12, 1, 2))].mean() > 1.3 * factor[np.isin(month, (6, 7, 8))].mean()
    )


def test_impossible_level_is_refused():
    with pytest.raises(StudyError, match="out of reach"):
        wind.capacity_factor(steady(5.0), turbine=sharp(losses=0.5), capacity_factor_mean=0.6)


def test_two_levels_at_once_are_refused():
    with pytest.raises(StudyError, match="give one of them"):
        wind.capacity_factor(steady(5.0), mean_speed_at_hub=7, capacity_factor_mean=0.3)


def test_unknown_turbine_names_the_nearest():
    with pytest.raises(DataError, match="did you mean 'onshore_4200_low_wind'"):
        wind.capacity_factor(steady(5.0), turbine="onshore_4200_lowwind")


@pytest.mark.parametrize("key", wind.turbine_keys())
def test_power_of_the_library_stays_below_the_betz_limit(key):
    turbine = wind.load_turbine(key)
    area = np.pi * turbine.rotor_diameter**2 / 4
    in_wind = 0.5 * 1.225 * area * turbine.wind_speed**3 / 1e6
    assert (turbine.power * turbine.rated_power <= 16 / 27 * in_wind).all()
