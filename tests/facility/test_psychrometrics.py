import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmodel.facility import psychrometrics as psy

STANDARD = 101_325.0

# ASHRAE Handbook of Fundamentals (2009), chapter 1, table 2: moist air at 101.325 kPa.
# temperature [degC], humidity ratio at saturation [kg kg-1], enthalpy at saturation [kJ kg-1]
MOIST_AIR = [
    (-10.0, 0.0016062, -6.072),
    (0.0, 0.003790, 9.475),
    (10.0, 0.007663, 29.353),
    (20.0, 0.014761, 57.558),
    (30.0, 0.027333, 99.983),
    (40.0, 0.049142, 166.683),
]
# The same, table 3: saturation pressure of water [Pa] (ice at -10 and -20 degC).
SATURATION = [
    (-20.0, 103.24),
    (-10.0, 259.87),
    (0.01, 611.7),
    (10.0, 1228.2),
    (20.0, 2339.3),
    (30.0, 4247.0),
    (40.0, 7384.9),
    (50.0, 12352.7),
]


@pytest.mark.parametrize(("temp", "pressure"), SATURATION)
def test_saturation_pressure_of_the_ashrae_table(temp, pressure):
    assert psy.saturation_pressure(temp) == pytest.approx(pressure, rel=1e-3)


@pytest.mark.parametrize(("temp", "ratio", "enthalpy"), MOIST_AIR)
def test_saturated_air_of_the_ashrae_table(temp, ratio, enthalpy):
    # The handbook gives 0.7 % as the error of perfect-gas relations.
    found = psy.saturation_humidity_ratio(temp, STANDARD)
    assert found == pytest.approx(ratio, rel=7e-3)
    # From the table's own ratio: its enthalpies are of the real gas, within 0.2 kJ/kg.
    assert psy.enthalpy(temp, ratio) / 1000 == pytest.approx(enthalpy, abs=0.25)


def test_ashrae_chart_example():
    # Handbook, chapter 1, example 1: 40 degC dry bulb, 20 degC wet bulb, 101.325 kPa gives
    # W = 6.5 g/kg, h = 56.7 kJ/kg, dew point 7 degC, relative humidity 14 %, v = 0.896 m3/kg, read
    # from the chart. The perfect gas errs by 0.7 % of the 14.8 g/kg at the wet bulb: 0.1 g/kg.
    ratio = psy.humidity_ratio_at_wet_bulb(40.0, 20.0, STANDARD)
    assert 1000 * ratio == pytest.approx(6.5, abs=0.11)
    assert psy.enthalpy(40.0, ratio) / 1000 == pytest.approx(56.7, abs=0.4)
    assert psy.dew_point(ratio, STANDARD) == pytest.approx(7.0, abs=0.6)
    assert psy.relative_humidity(40.0, ratio, STANDARD) == pytest.approx(14.0, abs=0.5)
    specific_volume = (1 + ratio) / psy.density(40.0, ratio, STANDARD)
    assert specific_volume == pytest.approx(0.896, abs=0.001)
    assert psy.wet_bulb(40.0, ratio, STANDARD) == pytest.approx(20.0, abs=1e-6)


def test_wet_bulb_over_ice():
    # PsychroLib's published check value: -1 degC dry, -5 degC wet bulb, 95461 Pa gives 0.0012040.
    assert psy.humidity_ratio_at_wet_bulb(-1.0, -5.0, 95_461.0) == pytest.approx(
        1.2040e-3, rel=3e-3
    )
    assert psy.humidity_ratio_at_wet_bulb(30.0, 25.0, 95_461.0) == pytest.approx(
        0.0192281, rel=3e-3
    )
    assert psy.wet_bulb(-1.0, 1.2040e-3, 95_461.0) == pytest.approx(-5.0, abs=0.02)


@given(temp=st.floats(5, 32), humidity=st.floats(20, 99))
def test_wet_bulb_against_stull(temp, humidity):
    # R. Stull, J. Appl. Meteorol. Climatol. 50 (2011) 2267: empirical, errors -1.0 to +0.65 K;
    # 0.05 K more for the perfect gas.
    stull = (
        temp * np.arctan(0.151977 * np.sqrt(humidity + 8.313659))
        + np.arctan(temp + humidity)
        - np.arctan(humidity - 1.676331)
        + 0.00391838 * humidity**1.5 * np.arctan(0.023101 * humidity)
        - 4.686035
    )
    ratio = psy.humidity_ratio(temp, humidity, STANDARD)
    assert -1.05 <= stull - psy.wet_bulb(temp, ratio, STANDARD) <= 0.70


@given(temp=st.floats(2, 50), humidity=st.floats(2, 100), pressure=st.floats(70_000, 106_000))
def test_wet_bulb_is_the_temperature_of_adiabatic_saturation(temp, humidity, pressure):
    # Independent of the psychrometric equation: h + (w_s - w) h_water = h_s, with water at the wet
    # bulb; 0.1 kJ/kg is less than 0.05 K.
    ratio = psy.humidity_ratio(temp, humidity, pressure)
    wet_bulb = psy.wet_bulb(temp, ratio, pressure)
    if wet_bulb < 0.1:
        return
    saturated = psy.saturation_humidity_ratio(wet_bulb, pressure)
    added = (saturated - ratio) * 4186.0 * wet_bulb
    balance = psy.enthalpy(temp, ratio) + added - psy.enthalpy(wet_bulb, saturated)
    assert abs(balance) < 100.0


@given(
    temp=st.floats(-30, 50),
    humidity=st.floats(1, 100),
    pressure=st.floats(65_000, 106_000),
)
def test_wet_bulb_lies_between_dew_point_and_dry_bulb(temp, humidity, pressure):
    ratio = psy.humidity_ratio(temp, humidity, pressure)
    wet_bulb = psy.wet_bulb(temp, ratio, pressure)
    # The step from ice to water at the triple point moves the wet bulb by less than 0.5 K.
    assert psy.dew_point(ratio, pressure) - 0.5 <= wet_bulb <= temp + 1e-9


@given(temp=st.floats(-40, 55), pressure=st.floats(65_000, 106_000))
def test_dew_point_inverts_saturation(temp, pressure):
    ratio = psy.saturation_humidity_ratio(temp, pressure)
    assert psy.dew_point(ratio, pressure) == pytest.approx(temp, abs=0.02)


def test_altitude_lowers_the_wet_bulb_of_the_same_relative_humidity():
    def at(pressure):
        return psy.wet_bulb(35.0, psy.humidity_ratio(35.0, 20.0, pressure), pressure)

    assert at(83_000.0) < at(STANDARD) - 0.3


def test_density_of_dry_air():
    # ISO standard atmosphere at sea level: 15 degC, 101325 Pa, 1.225 kg/m3.
    assert psy.density(15.0, 0.0, STANDARD) == pytest.approx(1.225, rel=1e-3)


def test_nan_passes_through_and_stays_where_it_was():
    temp = np.array([20.0, np.nan, 30.0])
    ratio = psy.humidity_ratio(temp, 50.0, STANDARD)
    for values in (
        ratio,
        psy.wet_bulb(temp, ratio, STANDARD),
        psy.dew_point(ratio, STANDARD),
        psy.enthalpy(temp, ratio),
        psy.density(temp, ratio, STANDARD),
    ):
        assert np.isnan(values).tolist() == [False, True, False]
    wet_bulb = psy.wet_bulb(20.0, np.array([0.005, np.nan]), np.array([STANDARD, STANDARD]))
    assert np.isnan(wet_bulb).tolist() == [False, True]
