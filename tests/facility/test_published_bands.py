"""Presets on real typical years against published figures, untuned.

Bands: 5th to 95th percentile of Lei & Masanet, Resour. Conserv. Recycl. 182 (2022) 106323, large
scale, for the climate zone of each city. Magnitudes of direct-to-chip, and of best and generic
chiller plants: ranges of the project's physics notes, from the same weather family.
"""

import csv
from pathlib import Path

import numpy as np
import pvlib
import pytest

from dcmodel.facility import FacilityWeather, design_peak, evaluate, load_design, yearly
from dcmodel.inputs.weather import read_weather

pytestmark = pytest.mark.real

CITIES = {
    "Phoenix": "USA_AZ_Phoenix-Sky.Harbor_TMYx.2007-2021",
    "Dallas": "USA_TX_Dallas-Fort.Worth_TMYx.2007-2021",
    "Dulles": "USA_VA_Sterling-Washington.Dulles.Intl.AP.724030_TMY3",
    "Seattle": "USA_WA_Seattle-Tacoma_TMYx.2007-2021",
    "Chicago": "USA_IL_Chicago.OHare_TMYx.2007-2021",
}
# PUE 5th and 95th percentile, WUE 5th and 95th percentile [L/kWh]
BANDS = {
    ("water_economizer", "Phoenix"): (1.084, 1.201, 1.749, 2.617),
    ("water_economizer", "Dallas"): (1.087, 1.215, 1.748, 2.616),
    ("water_economizer", "Dulles"): (1.084, 1.202, 1.743, 2.612),
    ("water_economizer", "Seattle"): (1.075, 1.183, 1.742, 2.610),
    ("water_economizer", "Chicago"): (1.083, 1.196, 1.740, 2.608),
    ("air_economizer", "Phoenix"): (1.125, 1.253, 0.468, 1.123),
    ("air_economizer", "Dallas"): (1.132, 1.251, 0.408, 1.147),
    ("air_economizer", "Dulles"): (1.109, 1.223, 0.272, 0.833),
    ("air_economizer", "Seattle"): (1.086, 1.202, 0.003, 0.552),
    ("air_economizer", "Chicago"): (1.100, 1.213, 0.203, 0.712),
}
LOAD = 0.7
TARGETS = Path(__file__).resolve().parents[1] / "real" / "facility_targets.csv"
ZONES = {"2B": "Phoenix", "3A": "Dallas", "4A": "Dulles", "4C": "Seattle", "5A": "Chicago"}
# design and load: large fleets run fuller than mid-sized halls, and those than small rooms
SYSTEMS = {
    "Airside economizer& adiabatic cooling": ("air_economizer", 0.7),
    "Water-cooled chiller (waterside economizer)": ("water_economizer", 0.7),
    "Air-cooled chiller": ("air_cooled_chiller", 0.5),
    "Direct expansion system": ("direct_expansion", 0.4),
}


@pytest.fixture(scope="module")
def cities(real_data):
    found = {}
    for city, name in CITIES.items():
        table, _ = pvlib.iotools.read_epw(real_data.file(f"weather/epw/{name}.epw"))
        found[city] = FacilityWeather.from_relative_humidity(
            table["temp_air"].to_numpy(float),
            table["relative_humidity"].to_numpy(float),
            table["atmospheric_pressure"].to_numpy(float),
        )
    return found


def rows():
    """Yield city, design, load and published bands of every row of the source."""
    with TARGETS.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            key, load = SYSTEMS[row["cooling_system"]]
            pue = float(row["pue_p05"]), float(row["pue_p95"])
            wue = float(row["wue_p05_l_per_kwh"]), float(row["wue_p95_l_per_kwh"])
            yield ZONES[row["climate_zone"]], key, load, pue, wue


def test_pue_is_in_four_bands_of_five(cities):
    outside = {}
    for city, key, load, (low, high), _ in rows():
        pue = float(yearly(load_design(key), cities[city], load).pue)
        if not low <= pue <= high:
            outside[city, key] = (round(pue, 3), low, high)
    assert len(outside) <= 4, outside


def test_water_is_in_three_bands_of_five(cities):
    outside = {}
    for city, key, load, _, (low, high) in rows():
        wue = float(yearly(load_design(key), cities[city], load).wue)
        if not low <= wue <= high:
            outside[city, key] = (round(wue, 3), low, high)
    assert len(outside) <= 8, outside


def test_average_legacy_rooms(cities):
    # Uptime Institute's surveys: mean PUE of reported sites 1.54-1.58
    found = [float(yearly(load_design("water_economizer", "legacy"), w, 0.7).pue) for w in
             cities.values()]  # fmt: skip
    assert 1.54 - 0.04 <= np.mean(found) <= 1.58 + 0.04


def test_water_of_generic_chiller_plants_is_near_the_bands(cities):
    # The source rejects all heat as vapour; the balance here credits cold air: within 25 % below.
    for city, weather in cities.items():
        *_, low, high = BANDS["water_economizer", city]
        wue = yearly(load_design("water_economizer"), weather, LOAD).wue
        assert 0.75 * low <= wue <= high, city


def test_presets_stand_in_order(cities):
    for key in ("water_economizer", "air_economizer", "direct_to_chip"):
        for weather in cities.values():
            best, generic, legacy = (
                yearly(load_design(key, variant), weather, LOAD).pue
                for variant in ("best", "generic", "legacy")
            )
            assert 1.03 < best < generic < legacy < 1.75


def test_magnitudes_of_best_chiller_plants(cities):
    # Best practice, 4C to 2A: 1.055 to 1.091, against 1.04-1.11 measured at hyperscale campuses.
    for weather in cities.values():
        assert 1.04 <= yearly(load_design("water_economizer", "best"), weather, LOAD).pue <= 1.11


def test_magnitudes_of_direct_to_chip(cities):
    # Liquid share 0.85, facility water at 40 degC, dry coolers: 1.068-1.107 over the year, give or
    # take the 0.03 of a known design; peak hour 1.11-1.34.
    own = {"technology_supply_temperature": 43.5, "liquid_cooler_adiabatic_effectiveness": 0}
    design = load_design("direct_to_chip", overrides=own)
    for city, weather in cities.items():
        state = evaluate(design, weather, LOAD)
        assert 1.038 <= yearly(design, weather, LOAD).pue <= 1.137, city
        assert 1.10 <= state.facility_power.max() / LOAD <= 1.37, city


def test_chicago_is_cheaper_to_cool_than_dallas(cities):
    for key in ("water_economizer", "air_economizer", "direct_to_chip"):
        chicago, dallas = (yearly(load_design(key), cities[c], LOAD) for c in ("Chicago", "Dallas"))
        assert chicago.pue < dallas.pue
        assert chicago.mechanical_fraction < dallas.mechanical_fraction


def test_design_peak_exceeds_the_typical_year(cities):
    for weather in cities.values():
        for key in ("water_economizer", "air_economizer", "direct_to_chip"):
            design = load_design(key)
            typical = evaluate(design, weather, 1.0).facility_power.max()
            assert typical <= design_peak(design, weather) <= 1.25 * typical


def test_wet_bulb_of_a_humid_summer(cities):
    # ASHRAE 0.4 % design wet bulbs, from the header of each file.
    for city, design_wet_bulb in {"Dulles": 25.4, "Chicago": 25.2, "Dallas": 25.9}.items():
        found = np.percentile(cities[city].temp_wet_bulb, 99.6)
        assert found == pytest.approx(design_wet_bulb, abs=1.0), city


def weather_of(path):
    return FacilityWeather.from_dataset(read_weather(path))


@pytest.mark.parametrize(
    ("place", "low", "high"),
    [
        # published by operators of the best fleets on water-side economizers
        ("epw/USA_OH_Columbus-Port.Columbus.Intl.AP.724280_TMY3.epw", 1.04, 1.11),
        ("epw/USA_OR_The.Dalles.Muni.AP.726988_TMY3.epw", 1.07, 1.10),
        ("epw/USA_IL_Chicago.OHare_TMYx.2007-2021.epw", 1.04, 1.11),
        ("openmeteo/SG/2023.json", 1.13, 1.15),
    ],
)
def test_operators_figures_are_met_within_four_hundredths(real_data, place, low, high):
    weather = weather_of(real_data.file(f"weather/{place}"))
    pue = float(yearly(load_design("water_economizer", "best"), weather, LOAD).pue)
    assert low - 0.04 <= pue <= high + 0.04
