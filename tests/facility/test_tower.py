import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmodel.facility import FacilityWeather
from dcmodel.facility.tower import (
    Tower,
    latent_fraction,
    tower_approach,
    tower_fan_power,
    tower_temperature,
    tower_water,
    york_approach,
)

STANDARD = 101_325.0
TOWER = Tower(
    approach=4.0,
    range=5.0,
    minimum_temperature=8.0,
    fan_ratio=0.0125,
    minimum_flow=0.2,
    exponent=3.0,
    cycles=5.0,
    drift_fraction=1e-5,
)


def air(temp, humidity=50.0, pressure=STANDARD):
    return FacilityWeather.from_relative_humidity(temp, humidity, pressure)


def test_york_correlation_at_its_design_point():
    # 78 F wet bulb, 10 F range: the published design approach is 7 F.
    assert york_approach(25.56, 5.56) == pytest.approx(3.89, abs=0.06)


def test_york_correlation_term_by_term():
    # at 0 degC only the terms without wet bulb are left: c1 + c4 r + c7 r2 and so on
    r = 5.0
    by_hand = -0.359741205 + 0.173926877 * r - 0.005589849456 * r**2
    by_hand += 2.84765801111111 + 1.680428651 * r - 0.025485194448 * r**2
    by_hand += -0.0653766255555556 - 0.0910565458 * r - 0.0034285382352 * r**2
    assert york_approach(0.0, r) == pytest.approx(by_hand)


def test_approach_widens_as_the_wet_bulb_falls_and_as_air_is_saved():
    wet_bulbs = np.linspace(-20, 26, 24)
    assert (np.diff(tower_approach(TOWER, wet_bulbs)) < 0).all()
    assert tower_approach(TOWER, np.array(25.56)) == pytest.approx(TOWER.approach)
    assert york_approach(15.0, 5.0, 1.5) > york_approach(15.0, 5.0, 1.0)


def test_fans_slow_down_where_frost_limits_the_water():
    wet_bulb = np.array([-15.0, 20.0])
    water = tower_temperature(TOWER, wet_bulb)
    assert water[0] == TOWER.minimum_temperature
    fans = tower_fan_power(TOWER, np.array([1.0, 1.0]), 1.0, water, wet_bulb)
    saved = tower_approach(TOWER, wet_bulb)[0] / (TOWER.minimum_temperature + 15.0)
    assert fans[1] == pytest.approx(TOWER.fan_ratio)
    assert fans[0] == pytest.approx(TOWER.fan_ratio * max(saved, TOWER.minimum_flow) ** 3)


@given(
    temp=st.floats(-25, 48),
    humidity=st.floats(3, 100),
    cycles=st.floats(5, 15),
    heat=st.floats(0.01, 2),
)
def test_tower_water_stays_within_the_latent_bound(temp, humidity, cycles, heat):
    weather = air(temp, humidity)
    plant = Tower(4.0, 5.0, 8.0, 0.0125, 0.2, 3.0, cycles, 1e-6)
    temp_water = tower_temperature(plant, weather.temp_wet_bulb)
    water = tower_water(plant, np.array(heat), temp_water, weather)[0] / heat
    evaporation = water * (1 - 1 / cycles)
    assert 0.0 < evaporation <= 1.4815
    assert water <= 1.852


def test_cold_air_takes_heat_without_water():
    hot, cold = (air(temp, 50.0) for temp in (35.0, 0.0))
    water = [
        tower_water(TOWER, np.array(1.0), tower_temperature(TOWER, w.temp_wet_bulb), w)[0]
        for w in (hot, cold)
    ]
    assert water[1] < 0.65 * water[0]


def test_latent_fraction_against_a_hand_balance():
    # Air in at 20 degC and 8 g/kg (40.5 kJ/kg), out saturated at 25 degC (20.1 g/kg, 76.3 kJ/kg):
    # 2430 * 0.0121 / 35.8 = 0.82.
    weather = FacilityWeather.from_humidity_ratio(20.0, 0.008, STANDARD)
    assert latent_fraction(np.array(25.0), weather)[0] == pytest.approx(0.82, abs=0.01)


def test_drift_replaces_blow_down_where_larger():
    wet = Tower(4.0, 5.0, 8.0, 0.0125, 0.2, 3.0, 1000.0, 5e-3)
    weather = air(25.0)
    temp_water = tower_temperature(wet, weather.temp_wet_bulb)
    water = tower_water(wet, np.array(1.0), temp_water, weather)
    dry = Tower(4.0, 5.0, 8.0, 0.0125, 0.2, 3.0, 1000.0, 0.0)
    without = tower_water(dry, np.array(1.0), temp_water, weather) / (1 + 1 / 999)
    # 1 MW over 5 K is 172 m3/h of water; half a per cent of it drifts.
    assert (water - without)[0] == pytest.approx(172.0 * 5e-3, rel=1e-3)
