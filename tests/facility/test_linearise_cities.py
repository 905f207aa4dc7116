"""Affine and three-piece facilities against the physics, every preset in ten cities."""

import numpy as np
import pytest

from dcmodel.facility import FacilityWeather, architectures, evaluate, load_design, variants
from dcmodel.facility.linearise import linearise_convex
from dcmodel.inputs.weather import read_weather

pytestmark = [pytest.mark.real, pytest.mark.slow]

CITIES = (
    "USA_AZ_Phoenix-Sky.Harbor_TMYx.2007-2021",
    "USA_CA_San.Jose-Mineta_TMYx.2007-2021",
    "USA_IL_Chicago.OHare_TMYx.2007-2021",
    "USA_OH_Columbus-Port.Columbus.Intl.AP.724280_TMY3",
    "USA_OR_Portland.Intl.AP.726980_TMY3",
    "USA_OR_The.Dalles.Muni.AP.726988_TMY3",
    "USA_TX_Dallas-Fort.Worth_TMYx.2007-2021",
    "USA_VA_Leesburg.Exec_TMYx.2007-2021",
    "USA_VA_Sterling-Washington.Dulles.Intl.AP.724030_TMY3",
    "USA_WA_Seattle-Tacoma_TMYx.2007-2021",
)
LOADS = np.linspace(0.4, 1.0, 13)


@pytest.fixture(scope="module")
def ten_cities(real_data):
    files = [real_data.file(f"weather/epw/{name}.epw") for name in CITIES]
    return [FacilityWeather.from_dataset(read_weather(file)) for file in files]


@pytest.mark.parametrize("key", architectures.names())
def test_pieces_and_lines_in_ten_cities(key, ten_cities):
    lines = np.column_stack([LOADS, np.ones_like(LOADS)])
    affine = []
    for variant in variants(key):
        design = load_design(key, variant)
        for weather in ten_cities:
            power = np.stack([evaluate(design, weather, load).facility_power for load in LOADS])
            pieces = linearise_convex(design, weather)
            for load, physics in zip(LOADS, power, strict=True):
                assert np.abs(pieces.power(load) / physics - 1).max() <= 0.008, variant
            fitted = lines @ np.linalg.lstsq(lines, power, rcond=None)[0]
            affine.append(np.abs(fitted / power - 1).mean())
    # the best straight line of each hour; steep fan laws with a floor reach 0.75 %
    assert np.mean(affine) <= 0.006
    assert np.max(affine) <= 0.0080
