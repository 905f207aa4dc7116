"""Weather readers on real files, against pvlib's readers and independent statistics."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pvlib import iotools, solarposition

from dcmodel.base.errors import DataError
from dcmodel.inputs.weather import read_weather
from dcmodel.inputs.weather_formats import Site

pytestmark = pytest.mark.real

CALIBRATION = Path(__file__).resolve().parents[1] / "real" / "calibration.csv"
LEESBURG = "weather/epw/USA_VA_Leesburg.Exec_TMYx.2007-2021.epw"
TMY3 = "weather/tmy3/AZ-Phoenix_Sky_Harbor_Intl_Ap.tmy3"
TUCSON = "formats/tucson_az_psmv3_60_tmy.csv"
PVGIS = "formats/tmy_45.000_8.000_2005_2023"
PSM_SITE = Site(40.5137, -108.5449, 1800.0, -7.0)
VARIABLES = ["temp_air", "relative_humidity", "pressure", "wind_speed", "ghi", "dni", "dhi"]


@pytest.fixture(scope="module")
def calibration():
    with CALIBRATION.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "weather"]
    return {row["source_file"]: row for row in rows}


def rows_of(calibration, start):
    """Yield the files of which there are independent statistics, and these."""
    rows = [(name, row) for name, row in calibration.items() if name.startswith(start)]
    assert rows
    return rows


def test_means_of_epw_files_equal_independent_statistics(real_data, calibration):
    rows = rows_of(calibration, "weather/epw/")
    assert len(rows) == 10
    for name, row in rows:
        path = real_data.file(name)
        weather = read_weather(path)
        expected = float(row["mean"]), float(row["mean_rh"]), float(row["mean_wind_ms"])
        found = [float(weather[v].mean()) for v in ("temp_air", "relative_humidity", "wind_speed")]
        assert found == pytest.approx(expected, abs=1e-4), path.name
        assert float(weather["ghi"].sum()) / 1000 == pytest.approx(
            float(row["ghi_kwh_m2"]), rel=1e-3
        ), path.name
        # 0.4 % design dry bulb: rank statistics survive the change of clock.
        assert float(np.percentile(weather["temp_air"], 99.6)) == pytest.approx(
            float(row["db_0p4"]), abs=0.11
        ), path.name


@pytest.mark.parametrize("year", [2021, 2023])
def test_means_of_open_meteo_years_equal_independent_statistics(real_data, calibration, year):
    rows = [row for row in rows_of(calibration, "weather/openmeteo/") if f"/{year}." in row[0]]
    assert len(rows) == 10
    for name, row in rows:
        path = real_data.file(name.removesuffix(".gz"))
        weather = read_weather(path)
        # Half-hour zones are re-binned, which moves the mean by less than one hour's weight.
        rel = 1e-3 if "IN-WE" in str(path) else 1e-5
        assert float(weather["temp_air"].mean()) == pytest.approx(float(row["mean"]), rel=rel)
        assert float(weather["wind_speed"].mean()) == pytest.approx(
            float(row["mean_wind_ms"]), rel=max(rel, 1e-4)
        ), path


def test_trap_4_open_meteo_has_km_h_no_irradiance_and_no_pressure(real_data):
    weather = read_weather(real_data.file("weather/openmeteo/US-TEX-ERCO/2023.json"))
    assert weather.attrs["calendar_year"] == 2023
    assert weather.attrs["longitude"] == pytest.approx(-96.8, abs=0.3)  # Dallas
    assert 2.0 < float(weather["wind_speed"].mean()) < 6.0  # m/s, not km/h
    assert "Kasten" in weather.attrs["derived"]
    assert "pressure from elevation" in weather.attrs["derived"]
    dallas = read_weather(real_data.file("weather/epw/USA_TX_Dallas-Fort.Worth_TMYx.2007-2021.epw"))
    # Cloud cover of a reanalysis gives a low estimate of the sunshine; it must stay near it.
    ratio = float(weather["ghi"].sum() / dallas["ghi"].sum())
    assert 0.75 < ratio < 1.05


def test_trap_4_pjm_point_is_philadelphia(real_data):
    path = real_data.file("weather/openmeteo/US-MIDA-PJM/2023.json")
    weather = read_weather(path)
    assert weather.attrs["latitude"] == pytest.approx(39.95, abs=0.1)
    assert weather.attrs["longitude"] == pytest.approx(-75.2, abs=0.2)


def test_fixed_offset_of_open_meteo_follows_the_sun_all_year(real_data):
    """The warmest hour stays put in UTC from winter to summer, which a DST clock would move."""
    weather = read_weather(real_data.file("weather/openmeteo/US-CAL-CISO/2023.json"))
    ghi = weather["ghi"]
    for month in (1, 7):
        part = ghi.sel(time=ghi["time"].dt.month == month)
        profile = part.groupby("time.hour").mean()
        centre = float((profile.roll(hour=-8, roll_coords=False).values * np.arange(24)).sum())
        centre /= float(profile.sum())
        assert centre + 8 + 0.5 == pytest.approx(12 + 121.9 / 15, abs=0.4)


def in_utc(frame, columns):
    """Independent route: a pvlib frame with its own zone, sorted along the UTC year."""
    index = frame.index.tz_convert("UTC")
    keys = index.month * 1_000_000 + index.day * 10_000 + index.hour
    return frame[columns].set_axis(keys).sort_index()


@pytest.mark.parametrize("name", [LEESBURG, "weather/epw/USA_WA_Seattle-Tacoma_TMYx.2007-2021.epw"])
def test_epw_equals_pvlib(real_data, name):
    weather = read_weather(real_data.file(name))
    frame, _ = iotools.read_epw(real_data.file(name), coerce_year=2025)
    frame = frame.rename(columns={"atmospheric_pressure": "pressure"})
    expected = in_utc(frame, VARIABLES)
    for variable in VARIABLES:
        assert np.allclose(weather[variable], expected[variable]), variable


def test_tmy3_equals_pvlib(real_data):
    weather = read_weather(real_data.file(TMY3))
    frame, _ = iotools.read_tmy3(real_data.file(TMY3), coerce_year=2025, map_variables=True)
    frame.index = frame.index - pd.Timedelta(hours=1)  # pvlib keeps the hour-ending label
    frame["pressure"] = frame["pressure"] * 100
    expected = in_utc(frame, VARIABLES)
    for variable in VARIABLES:
        assert np.allclose(weather[variable], expected[variable]), variable
    assert weather.attrs["elevation"] == 337.0


def test_nsrdb_equals_pvlib(real_data):
    weather = read_weather(real_data.file(TUCSON))
    with real_data.file(TUCSON).open(encoding="utf-8") as file:
        frame, _ = iotools.read_nsrdb_psm4(file)
    frame["pressure"] = frame["pressure"] * 100
    columns = ["temp_air", "pressure", "wind_speed", "ghi", "dni", "dhi"]
    expected = in_utc(frame, columns)
    for variable in columns:
        assert np.allclose(weather[variable], expected[variable]), variable
    assert weather.attrs["longitude"] == -110.94
    assert "dew point" in weather.attrs["derived"]


def test_pvgis_csv_equals_pvlib_and_its_epw(real_data):
    table = read_weather(real_data.file(f"{PVGIS}.csv"))
    epw = read_weather(real_data.file(f"{PVGIS}.epw"))
    frame, _ = iotools.read_pvgis_tmy(real_data.file(f"{PVGIS}.csv"), map_variables=True)
    for variable in VARIABLES:
        assert np.allclose(table[variable], frame[variable]), variable
        # The same year of the same place, though the EPW header claims UTC+1; 0.1 m/s rounding.
        assert np.allclose(epw[variable], table[variable], atol=0.051), variable
    assert "rows are in UTC" in epw.attrs["repairs"]


@pytest.mark.parametrize("name", ["test_psm3_tmy-2017.csv", "test_psm4_tmy-2023.csv"])
def test_nsrdb_tables_without_header(real_data, name):
    path = real_data.file(f"formats/{name}")
    with pytest.raises(DataError, match="no header"):
        read_weather(path)
    weather = read_weather(path, site=PSM_SITE)
    raw = pd.read_csv(path)
    assert float(weather["temp_air"].mean()) == pytest.approx(raw["Temperature"].mean())
    assert float(weather["pressure"].mean()) == pytest.approx(raw["Pressure"].mean() * 100)
    # Local hour 0 is 07:00 UTC.
    assert float(weather["temp_air"].sel(time="2025-01-01 07:00")) == raw["Temperature"][0]


def test_humidity_from_dew_point_agrees_with_the_published_one(real_data):
    weather = read_weather(real_data.file("formats/test_psm4_tmy-2023.csv"), site=PSM_SITE)
    raw = pd.read_csv(real_data.file("formats/test_psm4_tmy-2023.csv"))
    assert float(weather["relative_humidity"].mean()) == pytest.approx(
        raw["Relative Humidity"].mean(), abs=0.5
    )


@pytest.mark.parametrize("name", [LEESBURG, TMY3, f"{PVGIS}.csv"])
def test_sun_shines_by_day_only(real_data, name):
    weather = read_weather(real_data.file(name))
    middle = pd.DatetimeIndex(weather["time"].values).tz_localize("UTC") + pd.Timedelta("30min")
    place = weather.attrs["latitude"], weather.attrs["longitude"]
    elevation = solarposition.get_solarposition(middle, *place)["elevation"].to_numpy()
    ghi = weather["ghi"].to_numpy()
    assert ghi[elevation < -12].sum() < 1e-3 * ghi.sum()


def test_a_damaged_row_of_a_real_epw_is_named(real_data, tmp_path):
    lines = real_data.file(LEESBURG).read_text(encoding="utf-8").splitlines()
    lines[4000] = lines[4000].replace(",", ";", 20)
    path = tmp_path / "damaged.epw"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataError, match=r"damaged\.epw:4001  found 15 fields; 35 required"):
        read_weather(path)
