"""What compressors carry, against the physics they are read from."""

import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.components.base import components
from dcmodel.facility.design import load_design
from dcmodel.facility.mechanical import mechanical_cooling
from dcmodel.facility.model import evaluate
from dcmodel.facility.weather import FacilityWeather


@pytest.fixture(scope="module")
def weather():
    hours = 48
    return FacilityWeather.from_humidity_ratio(
        np.linspace(-5.0, 38.0, hours), np.full(hours, 0.006), np.full(hours, 101325.0)
    )


def test_power_per_heat_times_heat_is_the_compressors_power(weather):
    design = load_design("water_economizer")
    load = np.full((1, 48), 0.7)
    found = mechanical_cooling(design, weather, load)
    state = evaluate(design, weather, load)
    runs = found["mechanical_share"] > 0
    assert runs.any()
    assert not runs.all()
    carried = found["compressor_power_per_heat"] * found["mechanical_share"] * load
    np.testing.assert_allclose(carried[runs], state.chiller[runs], rtol=1e-9)
    # a compressor's coefficient of performance between 3 and 15
    assert (
        (found["compressor_power_per_heat"] > 0.06) & (found["compressor_power_per_heat"] < 0.35)
    ).all()


def test_a_plant_without_water_has_nothing_to_store(weather):
    design = load_design("direct_expansion")
    load = np.full((1, 48), 0.7)
    assert not mechanical_cooling(design, weather, load)["mechanical_share"].any()
    with pytest.raises(StudyError, match="no compressors on chilled water"):
        components["thermal_storage"]().facility_series(design, weather, load)
