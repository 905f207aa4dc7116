"""Yearly figures of a facility, against sums and definitions."""

import numpy as np
import pytest
import xarray as xr

from dcmodel.base.errors import DataError
from dcmodel.facility import FacilityWeather, load_design, yearly
from dcmodel.facility.equipment import server_fan_share
from dcmodel.facility.performance import performance, return_level

TEMP = np.concatenate([np.full(4000, -5.0), np.full(4760, 35.0)])


@pytest.fixture
def weather():
    return FacilityWeather.from_relative_humidity(TEMP, np.full(8760, 40.0), 101325.0)


def test_figures_agree_with_their_definitions(weather):
    design = load_design("water_economizer")
    year = performance(design, weather, 0.7, it_mw=20.0, grid_water=1.5)
    plain = yearly(design, weather, 0.7)
    assert year.pue == pytest.approx(float(plain.pue))
    assert year.wue == pytest.approx(float(plain.wue))
    assert year.wue_source == pytest.approx(year.wue + 1.5 * year.pue)
    assert year.tue == pytest.approx(year.pue / (1 - server_fan_share(0.0)))
    assert year.peak_mw == pytest.approx(20 * float(plain.peak))
    assert sum(year.parts_mwh.values()) == pytest.approx(20 * float(plain.facility_energy))
    assert year.parts_mwh["it"] == pytest.approx(0.7 * 20 * 8760)
    assert year.design_peak_mw > year.peak_mw


def test_hours_of_free_cooling_are_the_cold_ones(weather):
    year = performance(load_design("free_cooling_chiller"), weather, 0.7)
    assert (year.free_cooling_hours, year.mechanical_hours) == (4000, 4760)


def test_heat_for_reuse_is_warm_from_liquid_and_tepid_from_air(weather):
    liquid = performance(load_design("direct_to_chip"), weather, 0.7)
    air = performance(load_design("water_economizer"), weather, 0.7)
    assert liquid.reuse_temperature > 40 > air.reuse_temperature
    assert liquid.reuse_heat_mwh < air.reuse_heat_mwh == pytest.approx(0.7 * 8760)
    assert np.isnan(performance(load_design("air_economizer"), weather, 0.7).reuse_temperature)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("relative_humidity", 130.0, "'relative_humidity' is 130, allowed 0 to 105"),
        ("pressure", 101.3, "101.3 kPa are 101300"),
        ("temp_air", 293.15, "kelvin"),
    ],
)
def test_impossible_air_is_refused_with_its_hour(name, value, words):
    time = np.arange("2025-01-01", "2025-01-02", dtype="datetime64[h]").astype("datetime64[ns]")
    values = {"temp_air": 10.0, "relative_humidity": 50.0, "pressure": 1e5}
    data = xr.Dataset(
        {key: ("time", np.full(24, item)) for key, item in values.items()}, {"time": time}
    )
    data[name][5] = value
    data.attrs["source"] = "station.csv"
    with pytest.raises(DataError) as caught:
        FacilityWeather.from_dataset(data)
    assert "station.csv 2025-01-01T05:00" in str(caught.value)
    assert words in str(caught.value)


def test_return_level_of_a_gumbel_distribution():
    # quantiles of a Gumbel with location 100 and scale 5, as a perfect sample of many years
    share = (np.arange(20_000) + 0.5) / 20_000
    maxima = 100 - 5 * np.log(-np.log(share))
    for years in (2, 20, 50):
        exact = 100 - 5 * np.log(-np.log(1 - 1 / years))
        assert return_level(maxima, years) == pytest.approx(exact, rel=1e-3)
    assert return_level([28.0, 28.0, 28.0], 20) == pytest.approx(28.0)
    with pytest.raises(ValueError, match="two years or more"):
        return_level([28.0], 20)
