import numpy as np
import pytest
import xarray as xr

from dcmodel.base.errors import DataError
from dcmodel.facility import FacilityWeather


def dataset(**changes):
    values = {
        "temp_air": np.array([40.0, 10.0, -5.0]),
        "relative_humidity": np.array([14.1, 100.0, 60.0]),
        "pressure": np.full(3, 101_325.0),
    }
    values.update(changes)
    kept = {name: ("time", value) for name, value in values.items() if value is not None}
    return xr.Dataset(kept, attrs={"source": "made.epw"})


def test_from_dataset():
    weather = FacilityWeather.from_dataset(dataset())
    # 40 degC and 14 % is the handbook's example of a 20 degC wet bulb; saturated air is its own.
    assert weather.temp_wet_bulb[0] == pytest.approx(20.0, abs=0.1)
    assert weather.temp_wet_bulb[1] == pytest.approx(10.0, abs=1e-3)
    assert weather.density[0] < weather.density[1] < weather.density[2]


def test_faults_are_listed_together():
    broken = dataset(pressure=None, temp_air=np.array([1.0, np.nan, 2.0]))
    with pytest.raises(DataError) as caught:
        FacilityWeather.from_dataset(broken)
    text = str(caught.value)
    assert len(caught.value.faults) == 2
    assert "made.epw" in text
    assert "'pressure' is missing" in text
    assert "'temp_air' has 1 empty" in text


def test_more_water_than_saturation_is_brought_down_to_it():
    weather = FacilityWeather.from_humidity_ratio(20.0, 0.5, 101_325.0)
    assert weather.humidity_ratio[0] == pytest.approx(0.0147, rel=0.01)
    assert weather.temp_wet_bulb[0] == pytest.approx(20.0, abs=1e-6)
