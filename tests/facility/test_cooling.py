import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmodel.facility import FacilityWeather, cooling, tower
from dcmodel.facility.cooling import DryCooler, Fan, Pump
from dcmodel.facility.tower import Tower

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
FAN = Fan(
    pressure=350.0,
    efficiency=0.65,
    temperature_rise=12.0,
    minimum_flow=0.4,
    exponent=2.7,
    redundancy=1.0,
)
PUMP = Pump(pressure=144e3, efficiency=0.7, temperature_rise=7.0, minimum_flow=0.3, exponent=2.5)
COOLER = DryCooler(
    approach=6.0,
    range=10.0,
    air_temperature_rise=12.0,
    fan_ratio=0.025,
    minimum_flow=0.1,
    exponent=3.0,
    adiabatic_effectiveness=0.75,
    bleed_ratio=0.2,
)


def air(temp, humidity=50.0, pressure=STANDARD):
    return FacilityWeather.from_relative_humidity(temp, humidity, pressure)


def test_fan_power_of_the_worked_example():
    # 350 Pa over 12 K at an efficiency of 0.65 is 0.037 kW per kW of heat: V dp / eta with
    # 0.069 m3/s per kW of heat.
    power = cooling.fan_power(FAN, np.array(1.0), 1.0, air(20.0))
    assert power[0] == pytest.approx(0.037, abs=0.0005)


def test_altitude_costs_fan_power():
    sea, denver = (
        cooling.fan_power(FAN, np.array(0.8), 1.0, air(20, 30, p)) for p in (101e3, 83e3)
    )
    assert denver / sea == pytest.approx(101 / 83, rel=0.01)


def test_spare_fans_save_power():
    # Two units for one, both running: 2 * (1/2)^n of the power of one.
    shared = Fan(350.0, 0.65, 12.0, 0.4, 2.7, redundancy=2.0)
    alone = cooling.fan_power(FAN, np.array(1.0), 1.0, air(20.0))
    both = cooling.fan_power(shared, np.array(1.0), 1.0, air(20.0))
    assert both / alone == pytest.approx(2 * 0.5**2.7)


def test_pump_power_and_floor():
    # 144 kPa over 7 K at 0.7: 144e3 / (4.186e6 * 7 * 0.7) = 0.00702 kW/kW
    power = cooling.pump_power(PUMP, np.array([1.0, 0.1, 0.2, 0.0]), 1.0)
    assert power[0] == pytest.approx(0.00702, rel=1e-3)
    assert power[1] == power[2] == pytest.approx(power[0] * 0.3**2.5)
    assert power[3] == 0


def test_economizer_share_of_temperatures():
    # Return 30, wanted 20: water at 25 does half, at 35 nothing, at 10 all.
    share = cooling.economizer_share(30.0, 20.0, np.array([25.0, 35.0, 10.0]))
    assert share.tolist() == [0.5, 0.0, 1.0]


def test_coil_water_temperature():
    assert cooling.coil_water_temperature(25.0, 12.0, 0.8) == pytest.approx(22.0)


def test_adiabatic_cooler_wets_only_when_it_must():
    weather = air(np.array([10.0, 33.0, 40.0, 48.0]), 20.0)
    state = cooling.dry_cooler(COOLER, np.array(1.0), 1.0, 36.0, weather)
    assert state.water[0] == 0
    assert state.fan[0] < 0.2 * state.fan[1]
    # 33 + 6 > 36: wetting closes the gap and the loop stays free of compressors.
    assert state.water[1] > 0
    assert state.share[:3].tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert state.water[2] > 2 * state.water[1]


def test_dry_cooler_of_a_hot_hour_hands_over_to_compressors():
    dry = DryCooler(6.0, 10.0, 12.0, 0.025, 0.1, 3.0, 0.0, 0.2)
    # Loop 30 to 40 degC; water leaves the cooler 6 K above the air.
    state = cooling.dry_cooler(
        dry, np.array(1.0), 1.0, 30.0, air(np.array([24.0, 29.0, 40.0]), 20.0)
    )
    assert state.share.tolist() == pytest.approx([1.0, 0.5, 0.0])
    # Half the heat over 11 K in place of 16 K asks for 8/11 of the air.
    assert state.fan.tolist() == pytest.approx([0.025, 0.025 * (8 / 11) ** 3, 0.0])
    assert state.water.tolist() == [0.0, 0.0, 0.0]


@given(heat=st.floats(1e-3, 1.0), scale=st.floats(0.1, 300), temp=st.floats(-10, 48))
def test_parts_are_homogeneous_of_degree_one(heat, scale, temp):
    weather = air(temp, 40.0)
    temp_water = tower.tower_temperature(TOWER, weather.temp_wet_bulb)

    def parts(s):
        q = np.array([s * heat])
        cooler = cooling.dry_cooler(COOLER, q, s, 36.0, weather)
        fan = tower.tower_fan_power(TOWER, q, s, temp_water, weather.temp_wet_bulb)
        return np.array(
            [
                cooling.fan_power(FAN, q, s, weather),
                cooling.pump_power(PUMP, q, s),
                fan,
                tower.tower_water(TOWER, q, temp_water, weather),
                cooler.fan,
                cooler.water,
            ]
        )

    assert parts(scale) == pytest.approx(scale * parts(1.0), rel=1e-6, abs=1e-12)
