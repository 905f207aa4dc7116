"""Profiles against real files: shipped statistics are those of the files, shapes as measured."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dcmodel.base.paths import data_dir
from dcmodel.base.timeindex import model_hours
from dcmodel.inputs.climate import load_climate
from dcmodel.profiles import solar, wind
from dcmodel.profiles.synthetic import typical_weather

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def derivation(real_data):
    path = Path(__file__).with_name("derive_climate.py")
    spec = importlib.util.spec_from_file_location("derive_climate", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["derive_climate"] = module
    spec.loader.exec_module(module)
    module.REAL = real_data.folder
    return module


def same_as_shipped(folder, key):
    columns = ["variable", "statistic", "month", "hour", "probability"]
    new, old = (pd.read_csv(f / f"{key}.csv") for f in (folder, data_dir() / "climate"))
    pd.testing.assert_frame_equal(new[columns], old[columns])
    np.testing.assert_allclose(new["value"], old["value"], atol=2e-4)


def test_shipped_statistics_of_dallas_are_those_of_the_file(derivation, real_data, tmp_path):
    name = "USA_TX_Dallas-Fort.Worth_TMYx.2007-2021.epw"
    real_data.file(f"weather/epw/{name}")
    derivation.epw_place(tmp_path, "dallas", name)
    same_as_shipped(tmp_path, "dallas")


@pytest.mark.slow
def test_all_shipped_statistics_are_those_of_the_files(derivation, real_data, tmp_path):
    with real_data.reading():
        derivation.main(tmp_path)
    for path in sorted(tmp_path.glob("*.csv")):
        same_as_shipped(tmp_path, path.stem)


def test_power_curves_are_those_of_the_open_energy_data_base(real_data):
    table = pd.read_csv(real_data.file("turbines/power_curves.csv")).set_index("turbine_type")
    for key, kind in (
        ("onshore_4200_low_wind", "E-141/4200"),
        ("onshore_4200_medium_wind", "E-126/4200"),
    ):
        curve = table.loc[kind].dropna()
        turbine = wind.load_turbine(key)
        np.testing.assert_allclose(turbine.wind_speed, curve.index.astype(float))
        np.testing.assert_allclose(turbine.power * 4.2e6, curve.to_numpy(float), atol=50)


@pytest.fixture(scope="module")
def texas(real_data):
    """Measured ERCOT generation of 2022 [MW] by hour beginning, and a typical year of Dallas.

    The file names hours by their end: as labelled, the farms would start an hour after sunrise.
    """
    mix = pd.read_csv(real_data.file("genmix/eia2022/ERCO_NG_avgCI.csv"))
    mix = mix.set_index(pd.to_datetime(mix["timestamp"]) - pd.Timedelta(hours=1))
    place = ("dallas", 32.9, -97.02, 171.0, "America/Chicago")
    return mix, typical_weather(load_climate(place[0]), *place[1:])


def test_daily_shape_of_solar_power_is_that_of_texas(texas):
    mix, weather = texas
    factor = solar.capacity_factor(weather, latitude=32.9, longitude=-97.02, elevation=171.0)
    drawn = pd.Series(factor).groupby(model_hours(2025).hour).mean()
    measured = mix["SUN"].groupby(mix.index.hour).mean()
    assert np.corrcoef(drawn, measured)[0, 1] > 0.98


def test_spread_and_persistence_of_wind_power_are_those_of_texas(texas):
    mix, weather = texas
    drawn = wind.regional_capacity_factor(weather, load_climate("ercot_north"), "America/Chicago")
    measured = mix["WND"].to_numpy() / mix["WND"].quantile(0.999)
    assert drawn.std() == pytest.approx(measured.std(), rel=0.15)
    for lag, tolerance in ((1, 0.03), (24, 0.15)):
        own, real = (np.corrcoef(x[:-lag], x[lag:])[0, 1] for x in (drawn, measured))
        assert own == pytest.approx(real, abs=tolerance)
