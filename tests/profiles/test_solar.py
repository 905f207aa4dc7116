"""Photovoltaics: published irradiation, limits, laws."""

from functools import cache

import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.inputs.climate import load_climate
from dcmodel.profiles import solar
from dcmodel.profiles.synthetic import typical_weather

PLACES = {
    "dallas": (32.90, -97.02, 171.0, "America/Chicago"),
    "frankfurt": (50.09, 8.65, 111.0, "Europe/Berlin"),
    "stockholm": (59.65, 17.95, 61.0, "Europe/Stockholm"),
}
PERFECT = {
    "system_losses": 0.0,
    "temperature_coefficient_per_kelvin": 0.0,
    "inverter_efficiency": 1.0,
    "dc_ac_ratio": 1.0,
    "fixed_tilt_share_of_latitude": 1.0,
    "fixed_tilt_offset_degree": 0.0,
}


@cache
def weather(place):
    return typical_weather(load_climate(place), *PLACES[place])


def factor(place, **options):
    latitude, longitude, elevation, _ = PLACES[place]
    return solar.capacity_factor(
        weather(place), latitude=latitude, longitude=longitude, elevation=elevation, **options
    )


def test_irradiation_on_a_plane_at_latitude_tilt_in_fort_worth():
    # PVWatts 1 (NREL, TMY2 1961-1990), Fort Worth TX, fixed at latitude tilt: 5.46 kWh m-2 a day
    perfect = factor("dallas", mounting="fixed", parameters=PERFECT)
    assert perfect.mean() * 24 == pytest.approx(5.46, rel=0.08)


@pytest.mark.parametrize(
    ("place", "low", "high"), [("dallas", 1400, 1600), ("frankfurt", 880, 1050)]
)
def test_specific_yield_of_fixed_modules(place, low, high):
    # kWh per kW of DC rating as usual at these sites (PVWatts Dallas, PVGIS Frankfurt)
    ratio = solar.pv_parameters()["dc_ac_ratio"]
    assert low < factor(place, mounting="fixed").sum() / ratio < high


@pytest.mark.parametrize(
    ("place", "mounting", "low", "high"),
    [
        ("dallas", "single_axis", 0.24, 0.30),
        ("frankfurt", "fixed", 0.11, 0.15),
        ("stockholm", "fixed", 0.10, 0.14),
    ],
)
def test_magnitudes(place, mounting, low, high):
    assert low < factor(place, mounting=mounting).mean() < high


def test_output_stays_between_zero_and_rating_and_nights_are_dark():
    power = factor("dallas")
    assert power.shape == (8760,)
    assert power.min() == 0
    assert power.max() == pytest.approx(1, abs=1e-9)  # clipped at 1.34 MW of modules per MW
    assert (power[weather("dallas")["ghi"].to_numpy() == 0] == 0).all()


def test_a_tracker_yields_more_than_fixed_modules():
    assert factor("dallas").sum() > 1.08 * factor("dallas", mounting="fixed").sum()


def test_losses_reduce_output_in_proportion_below_clipping():
    half = {"dc_ac_ratio": 0.5, "inverter_efficiency": 1.0}
    none = factor("dallas", parameters=half | {"system_losses": 0.0})
    some = factor("dallas", parameters=half | {"system_losses": 0.2})
    bright = none > 0.25  # part-load inverter loss is nearly constant there
    np.testing.assert_allclose(some[bright] / none[bright], 0.8, rtol=0.01)


def test_hot_modules_yield_less():
    cold = weather("dallas").copy()
    cold["temp_air"] = cold["temp_air"] - 10
    place = {"latitude": 32.9, "longitude": -97.02, "elevation": 171.0}
    few = {"dc_ac_ratio": 0.8}
    gain = (
        solar.capacity_factor(cold, parameters=few, **place).sum()
        / factor("dallas", parameters=few).sum()
    )
    assert gain == pytest.approx(1 + 10 * 0.0035, rel=0.006)


def test_wrong_words_are_refused_with_a_suggestion():
    with pytest.raises(StudyError, match="did you mean 'single_axis'"):
        factor("dallas", mounting="single-axis")
    with pytest.raises(StudyError, match="did you mean 'system_losses'"):
        factor("dallas", parameters={"system_loss": 0.1})
