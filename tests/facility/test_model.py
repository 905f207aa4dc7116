import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmodel.facility import (
    FacilityWeather,
    design_peak,
    design_weather,
    evaluate,
    load_design,
    yearly,
)
from dcmodel.facility.cooling import EVAPORATION_PER_HEAT, Pump, pump_power
from dcmodel.facility.design_conditions import DesignConditions, load_design_conditions
from dcmodel.facility.electrical import hall_losses
from dcmodel.facility.tower import Tower, latent_fraction, tower_temperature

ARCHITECTURES = ("air_economizer", "direct_to_chip", "water_economizer")
VARIANTS = ("best", "generic", "legacy")

PARTS = ("it", "electrical_loss", "fan", "pump", "chiller", "heat_rejection", "auxiliary")
ALL = [(key, variant) for key in ARCHITECTURES for variant in VARIANTS]


@pytest.mark.parametrize(("key", "variant"), ALL)
def test_parts_sum_and_signs(key, variant, year, daily_load):
    state = evaluate(load_design(key, variant), year, daily_load)
    total = sum(getattr(state, part) for part in PARTS)
    assert state.facility_power.shape == (6, 8760)
    assert np.allclose(total, state.facility_power, rtol=0, atol=1e-12)
    for part in (*PARTS, "water"):
        assert np.all(getattr(state, part) >= 0), part
    assert np.all((state.mechanical_fraction >= 0) & (state.mechanical_fraction <= 1))


@given(
    design=st.sampled_from(ALL),
    temp=st.floats(-30, 48),
    humidity=st.floats(3, 100),
    pressure=st.floats(75_000, 104_000),
    load=st.floats(0.05, 1.0),
)
@settings(max_examples=200, deadline=None)
def test_facility_power_exceeds_it_power(design, temp, humidity, pressure, load):
    weather = FacilityWeather.from_relative_humidity(temp, humidity, pressure)
    state = evaluate(load_design(*design), weather, load)
    assert state.facility_power[0] > load
    assert np.isfinite(state.water[0])


@given(
    variant=st.sampled_from(VARIANTS),
    temp=st.floats(0, 45),
    humidity=st.floats(5, 90),
    step=st.floats(0.5, 8),
    load=st.floats(0.2, 1.0),
)
@settings(max_examples=150, deadline=None)
def test_chiller_plant_worsens_with_wet_bulb(variant, temp, humidity, step, load):
    design = load_design("water_economizer", variant)
    dry = FacilityWeather.from_relative_humidity(temp, humidity, 100_000.0)
    wet = FacilityWeather.from_relative_humidity(temp, min(humidity + 3 * step, 100), 100_000.0)
    low, high = (evaluate(design, w, load).facility_power[0] for w in (dry, wet))
    # Starting one more chiller can gain a little.
    assert high >= low - 0.02 * low


@pytest.mark.parametrize(("key", "variant"), ALL)
def test_hot_dry_air_never_helps(key, variant):
    temp = np.linspace(-20, 48, 137)
    weather = FacilityWeather.from_humidity_ratio(temp, np.full_like(temp, 5e-4), 100_000.0)
    power = evaluate(load_design(key, variant), weather, 0.8).facility_power
    assert np.all(np.diff(power) > -0.03)
    assert power[-1] > power[0]


@pytest.mark.parametrize(("key", "variant"), ALL)
def test_more_load_takes_more_power(key, variant, year):
    low, high = (
        evaluate(load_design(key, variant), year, load).facility_power for load in (0.6, 0.8)
    )
    assert np.all(high > low)


def test_load_broadcasts_over_years(year):
    design = load_design("direct_to_chip")
    load = np.vstack([np.full(8760, 0.4), np.full(8760, 0.9)])
    both = evaluate(design, year, load).facility_power
    assert np.array_equal(both[1], evaluate(design, year, 0.9).facility_power)


def test_load_outside_its_range_is_refused(year):
    design = load_design("direct_to_chip")
    with pytest.raises(ValueError, match=r"0 to 1.*1\.2"):
        evaluate(design, year, 1.2)
    slightly = evaluate(design, year, 1.0 + 1e-9)
    assert np.array_equal(slightly.facility_power, evaluate(design, year, 1.0).facility_power)


def test_yearly_figures_of_constant_weather():
    # One kind of hour: the year's figures are the hour's.
    weather = FacilityWeather.from_relative_humidity(np.full(100, 28.0), 50.0, 100_000.0)
    design = load_design("water_economizer")
    state, figures = evaluate(design, weather, 0.7), yearly(design, weather, 0.7)
    assert figures.pue == pytest.approx(state.facility_power[0] / 0.7)
    assert figures.wue == pytest.approx(state.water[0] / 0.7)
    assert figures.it_energy == pytest.approx(70.0)
    assert figures.peak == pytest.approx(state.facility_power[0])


def test_yearly_of_steps_and_of_an_idle_year(year, daily_load):
    design = load_design("air_economizer")
    pairs = FacilityWeather(**{name: np.repeat(getattr(year, name), 2) for name in vars(year)})
    load = daily_load[3]
    hourly = yearly(design, year, load)
    halves = yearly(design, pairs, np.repeat(load, 2), duration=0.5)
    assert halves.pue == pytest.approx(hourly.pue)
    assert halves.water == pytest.approx(hourly.water)
    idle = yearly(design, year, np.vstack([np.zeros(8760), load]))
    assert np.isnan(idle.pue[0])
    assert idle.pue[1] == pytest.approx(hourly.pue)


def test_humidity_limits_close_the_dampers():
    design = load_design("air_economizer")
    limit = design["dew_point_maximum"]
    temp = 24.0
    below, above = (
        FacilityWeather.from_relative_humidity(temp, 100 * share, 101_325.0) for share in (0.5, 0.9)
    )
    # 24 degC: dew points 12.9 and 22.3 degC, around the limit; both cool enough to be used as is.
    assert 12.9 < limit < 22.3
    assert evaluate(design, below, 0.7).mechanical_fraction[0] == 0
    assert evaluate(design, above, 0.7).mechanical_fraction[0] == 1
    wide = load_design("air_economizer", overrides={"dew_point_maximum": 24})
    assert evaluate(wide, above, 0.7).mechanical_fraction[0] == 0


def test_evaporative_pad_in_the_desert_and_in_the_tropics():
    design = load_design("air_economizer")
    desert = FacilityWeather.from_relative_humidity(40.0, 12.0, 97_000.0)
    tropics = FacilityWeather.from_relative_humidity(31.0, 75.0, 101_000.0)
    dry, damp = (evaluate(design, w, 0.7) for w in (desert, tropics))
    assert dry.mechanical_fraction[0] == 0
    assert dry.water[0] > 0
    assert damp.mechanical_fraction[0] == 1
    # dampers shut and pads dry: what is used is the towers' make-up, within the latent bound
    rejected = 0.7 + damp.electrical_loss[0] + damp.fan[0] + damp.chiller[0] + damp.pump[0]
    assert 0.5 * rejected < damp.water[0] <= 1.4815 * 5 / 4 * rejected
    assert damp.auxiliary[0] == pytest.approx(design["miscellaneous_ratio"])


def test_evaporated_water_carries_the_sensible_heat():
    # Pads bring 40 degC air to 27, it then warms by 14 K: water carries 13/14 of the heat, at a
    # latent heat of 2.45 MJ/kg near the wet bulb.
    design = load_design("air_economizer", overrides={"bleed_ratio": 0, "fan_pressure": 1})
    desert = FacilityWeather.from_relative_humidity(40.0, 12.0, 97_000.0)
    state = evaluate(design, desert, 0.7)
    hall = 0.7 + state.electrical_loss[0]
    assert state.water[0] == pytest.approx(hall * 13 / 14 * 3.6e9 / 2.45e6 / 1000, rel=0.04)


def test_humidifier_runs_in_dry_frost_only():
    design = load_design("air_economizer")
    frost = FacilityWeather.from_relative_humidity(-25.0, 50.0, 101_000.0)
    mild = FacilityWeather.from_relative_humidity(15.0, 60.0, 101_000.0)
    assert evaluate(design, frost, 0.7).water[0] > 0
    assert evaluate(design, mild, 0.7).water[0] == 0


def test_warm_water_needs_no_compressor_where_cold_water_does():
    # Air at 30 degC: a loop at 36.5 degC is free, the air remainder at 22 degC is not.
    design = load_design("direct_to_chip")
    weather = FacilityWeather.from_relative_humidity(30.0, 40.0, 100_000.0)
    share = evaluate(design, weather, 0.8).mechanical_fraction[0]
    air_share = 1 - design["liquid_fraction"]
    assert air_share < share < air_share + 0.1


@pytest.mark.parametrize("liquid", [0.0, 1.0])
def test_liquid_share_at_its_ends(liquid, year):
    design = load_design("direct_to_chip", overrides={"liquid_fraction": liquid})
    state = evaluate(design, year, 0.7)
    assert np.all(np.isfinite(state.facility_power))
    assert np.all(state.facility_power > 0.7)


def test_design_peak_covers_the_year_and_grows_with_the_allowance(year):
    nothing, more = DesignConditions(0.0, 0.0), DesignConditions(6.0, 3.0)
    for key in ARCHITECTURES:
        design = load_design(key)
        of_year = evaluate(design, year, 1.0).facility_power.max()
        assert design_peak(design, year, nothing) == pytest.approx(of_year, rel=1e-6)
        assert of_year < design_peak(design, year) <= design_peak(design, year, more) + 1e-9


def test_design_weather_raises_dry_and_wet_bulb(year):
    conditions = load_design_conditions()
    weather = design_weather(year)
    hotter, wetter = np.split(weather.temp_air, 2), np.split(weather.temp_wet_bulb, 2)
    assert hotter[0] - year.temp_air == pytest.approx(conditions.temp_air_allowance)
    assert np.split(weather.humidity_ratio, 2)[0] == pytest.approx(year.humidity_ratio)
    raised = wetter[1] - year.temp_wet_bulb
    # Near the triple point the ice and water branches of the equation meet with a small step.
    away = np.abs(wetter[1]) > 0.5
    assert raised[away] == pytest.approx(conditions.temp_wet_bulb_allowance, abs=1e-5)


@pytest.mark.parametrize("key", ARCHITECTURES)
def test_six_years_take_well_under_a_second(key, year, daily_load):
    design = load_design(key)
    start = time.perf_counter()
    evaluate(design, year, daily_load)
    assert time.perf_counter() - start < 1.0


@pytest.mark.parametrize("load", [0.4, 0.7, 1.0])
def test_all_heat_of_a_chiller_plant_leaves_by_its_towers(load, year):
    dry_coil = {"sensible_heat_ratio": 1.0, "tower_drift_fraction": 0.0}
    design = load_design("water_economizer", overrides=dry_coil)
    state = evaluate(design, year, load)
    tower = design.group(Tower, "tower")
    temp_mean = tower_temperature(tower, year.temp_wet_bulb) + 0.5 * tower.range
    per_heat = EVAPORATION_PER_HEAT * latent_fraction(temp_mean, year)
    rejected = state.water * (1 - 1 / tower.cycles) / per_heat
    hall = load + hall_losses(design, np.asarray(load)) + state.fan
    design_heat = float(1 + hall_losses(design, np.asarray(1.0)))
    pumps = pump_power(design.group(Pump, "chilled_pump"), hall, design_heat)
    assert rejected == pytest.approx(hall + pumps + state.chiller, rel=1e-3)


def test_altitude_raises_fan_power_and_lowers_the_wet_bulb():
    sea, denver = (
        FacilityWeather.from_relative_humidity(28.0, 40.0, pressure) for pressure in (1.01e5, 8.3e4)
    )
    design = load_design("water_economizer")
    low, high = evaluate(design, sea, 0.8), evaluate(design, denver, 0.8)
    assert high.fan[0] / low.fan[0] == pytest.approx(1.01e5 / 8.3e4, rel=0.02)
    assert denver.temp_wet_bulb[0] < sea.temp_wet_bulb[0]
    assert high.chiller[0] < low.chiller[0]
