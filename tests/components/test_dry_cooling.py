"""Wet or dry, hour by hour: small cases by hand, and a year of a real design."""

from dataclasses import replace

import numpy as np
import pytest
from support.cases import StubSite, make_case, optimum

from dcmodel.components.base import components
from dcmodel.facility import FacilityWeather, evaluate, load_design
from dcmodel.facility.linearise import AffineFacility
from dcmodel.facility.preset import twin

POWER = np.array([[-0.02, 0.05, 0.20]])
"""Power added per IT power cooled dry: a cold, a mild and a hot hour."""
WATER = np.array([[1.0, 1.5, 2.0]])
FREE = {"capex": 0.0, "fixed_operation_share_of_capex": 0.0}


def case_of(water_price, parameters=FREE, limit=None):
    base = make_case(
        price=[[50.0, 50.0, 50.0]],
        load=10.0,
        slope=1.2,
        kinds=("dry_cooling", "water_supply"),
        settings={"dry_cooling": {"parameters": parameters, "capacity_max_mw": limit}},
        series={"dry_cooling_power": POWER, "dry_cooling_water": WATER},
        site=StubSite(water_price=water_price),
    )
    lines = base.facility
    zero = np.zeros((1, 3))
    wet = AffineFacility(lines.power_slope, lines.power_fixed, WATER.copy(), zero)
    return replace(base, facility=wet)


@pytest.mark.parametrize(
    ("water_price", "dry"),
    [
        # an hour turns dry where 50 USD/MWh x power added is below price x water saved:
        # break-even at 50 x 0.05 / 1.5 = 1.67 and 50 x 0.2 / 2 = 5 USD/m3; the cold hour always
        (0.0, [10, 0, 0]),
        (1.6, [10, 0, 0]),
        (1.8, [10, 10, 0]),
        (4.9, [10, 10, 0]),
        (5.1, [10, 10, 10]),
    ],
)
def test_an_hour_turns_dry_at_its_break_even_price(water_price, dry):
    case = case_of(water_price)
    m, _, solution = optimum(case)
    assert m.asset["dry_cooling"].dry.array[0] == pytest.approx(dry, abs=1e-5)
    power = 12.0 + POWER[0] * dry
    water = WATER[0] * (10 - np.array(dry))
    assert solution.objective == pytest.approx(50 * power.sum() + water_price * water.sum())
    assert m.facility_power.array[0] == pytest.approx(power)
    assert m.water_use.array[0] == pytest.approx(water, abs=1e-5)


def test_coolers_are_built_only_as_far_as_they_pay():
    # saves 1 USD + 5 x 1 a MW in the cold hour, 5 x 1.5 - 2.5 = 5 in the mild one: 11 USD/MW a year
    for capex, built in ((0.010, 4.0), (0.012, 0.0)):
        dear = {"capex": capex, "fixed_operation_share_of_capex": 0.0, "lifetime": 1.0}
        case = case_of(5.0 - 1e-6, dear, limit=4.0)
        m, _, _ = optimum(case)
        assert m.asset["dry_cooling"].capacity.array[0] == pytest.approx(built, abs=1e-4)


def test_series_are_the_difference_of_two_plants():
    temp = np.linspace(-15.0, 42.0, 115)
    year = FacilityWeather.from_relative_humidity(temp, 45.0, 100_000.0)
    design = load_design("water_economizer")
    component = components["dry_cooling"]()
    load = np.full((2, 115), 0.7)
    series = component.facility_series(design, year, load)
    dry = twin(design, "free_cooling_chiller")
    assert dry["fan_pressure"] == design["fan_pressure"]
    expected = evaluate(dry, year, 0.7).facility_power - evaluate(design, year, 0.7).facility_power
    assert series["dry_cooling_power"][0] * 0.7 == pytest.approx(expected)
    # towers gain most over dry coolers when it is hot
    hot, cold = year.temp_air > 30, year.temp_air < 0
    power = series["dry_cooling_power"][1]
    assert power[hot].mean() > 0.1 > 0.02 > power[cold].mean()
    assert (series["dry_cooling_water"] >= 0).all()
