"""Weather readers on synthetic files: clocks, damage, derived quantities."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pandas as pd
import pytest

from dcmodel.base.errors import DataError
from dcmodel.inputs.weather import REQUIRED, noon_error, read_weather
from dcmodel.inputs.weather_formats import Site

HOURS = pd.date_range("2023-01-01", periods=8760, freq="h")
SUN = np.maximum(0.0, np.cos((np.arange(24) + 0.5 - 12) / 12 * np.pi)) * 800


def epw(offset=-5.0, longitude=-75.0, hours=HOURS, temperature=None, header=None):
    """An EPW file whose temperature is the local hour of the year."""
    temperature = np.arange(len(hours)) % 40 if temperature is None else temperature
    top = [
        header or f"LOCATION,Testville,XX,USA,TMY,123,40.0,{longitude},{offset},100.0",
        *["DESIGN CONDITIONS,0", "TYPICAL/EXTREME PERIODS,0", "GROUND TEMPERATURES,0"],
        *["HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0", "COMMENTS 1,", "COMMENTS 2,"],
        "DATA PERIODS,1,1,Data,Sunday,1/1,12/31",
    ]
    rows = [
        f"{2002 + t.month},{t.month},{t.day},{t.hour + 1},0,?9,{value},1.0,50,99000,0,0,300,"
        f"{SUN[t.hour]:.1f},0,0,0,0,0,0,180,3.5,5,5,9999,77777,9,999999999,10,0.1,0,88,0.2,0,0"
        for t, value in zip(hours, temperature, strict=True)
    ]
    return "\n".join([*top, *rows]) + "\n"


def open_meteo(offset_hours=0, unit="km/h", **hourly):
    columns = {
        "time": [f"{t:%Y-%m-%dT%H:%M}" for t in HOURS],
        "temperature_2m": [20.0] * 8760,
        "relative_humidity_2m": [50] * 8760,
        "cloudcover": [0] * 8760,
        "windspeed_10m": [36.0] * 8760,
    } | hourly
    answer = {
        "latitude": 40.0,
        "longitude": 15.0 * offset_hours,
        "elevation": 1000.0,
        "utc_offset_seconds": offset_hours * 3600,
        "hourly_units": {
            "temperature_2m": "°C",
            "relative_humidity_2m": "%",
            "cloudcover": "%",
            "windspeed_10m": unit,
            "surface_pressure": "hPa",
            "shortwave_radiation": "W/m²",
            "direct_normal_irradiance": "W/m²",
            "diffuse_radiation": "W/m²",
        },
        "hourly": columns,
    }
    return json.dumps(answer, ensure_ascii=False)


@pytest.fixture
def write(tmp_path):
    def write_file(text, name="weather.epw"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def test_canonical_variables_units_and_attributes(write):
    weather = read_weather(write(epw()))
    assert list(weather.data_vars) == list(REQUIRED)
    assert weather.sizes == {"time": 8760}
    assert weather["time"].dtype == "datetime64[ns]"
    assert all(weather[name].attrs["units"] for name in REQUIRED)
    assert weather["wind_speed"].attrs["units"] == "m s-1"
    assert weather.attrs["latitude"] == 40.0
    assert weather.attrs["elevation"] == 100.0
    assert weather.attrs["calendar_year"] == 2025
    assert float(weather["pressure"][0]) == 99000.0


def test_hour_one_of_an_epw_is_the_hour_from_midnight_local_standard_time(write):
    weather = read_weather(write(epw(offset=-5)))
    # Local 00:00 of 1 January is 05:00 UTC; the first UTC hours are the last local ones.
    assert float(weather["temp_air"].sel(time="2025-01-01 05:00")) == 0.0
    assert float(weather["temp_air"].sel(time="2025-01-01 00:00")) == (8760 - 5) % 40
    assert "5 hours at New Year (UTC) taken from the other end" in weather.attrs["repairs"]
    assert weather.attrs["hours_repaired"] == 0


@pytest.mark.parametrize("year", [2023, 2024, 2028])
def test_typical_years_take_the_calendar_year_asked_for(write, year):
    weather = read_weather(write(epw()), calendar_year=year)
    assert weather["time"].dt.year.values.tolist() == [year] * 8760
    assert not ((weather["time"].dt.month == 2) & (weather["time"].dt.day == 29)).any()
    assert np.array_equal(weather["temp_air"], read_weather(write(epw()))["temp_air"])


def test_leap_day_of_a_file_is_left_out(write):
    hours = pd.date_range("2024-01-01", periods=8784, freq="h")
    leap = (hours.month == 2) & (hours.day == 29)
    weather = read_weather(write(epw(hours=hours, temperature=np.where(leap, 50, 10))))
    assert float(weather["temp_air"].max()) == 10.0
    assert "24 rows of 29 February left out" in weather.attrs["repairs"]


def test_gzip_is_unpacked_whatever_the_name(write, tmp_path):
    packed = tmp_path / "packed.epw"
    packed.write_bytes(gzip.compress(epw().encode()))
    assert read_weather(packed).equals(read_weather(write(epw())))
    packed.write_bytes(packed.read_bytes()[:2000])
    with pytest.raises(DataError, match="damaged gzip"):
        read_weather(packed)


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        (6, "abc", "temp_air: found 'abc'; a number is required"),
        (6, "85.0", "temp_air: found 85 degC; possible: -90 to 60"),
        (8, "250", "relative_humidity: found 250 %"),
        (9, "990", "pressure: found 990 Pa; possible: 45000"),
        (13, "-400", "ghi: found -400 W m-2"),
        (21, "inf", "wind_speed: found 'inf'"),
        (3, "25", "hour: found '25'; allowed: 1 to 24"),
        (1, "13", "no date can be read"),
    ],
)
def test_a_damaged_cell_is_refused_with_its_row(write, column, cell, words):
    lines = epw().splitlines()
    cells = lines[107].split(",")
    cells[column] = cell
    lines[107] = ",".join(cells)
    path = write("\n".join(lines))
    with pytest.raises(DataError) as caught:
        read_weather(path)
    assert caught.value.faults[0].where == f"{path}:108"
    assert words in caught.value.faults[0].message


def test_all_damage_of_a_file_is_reported_at_once_and_capped(write):
    lines = epw().splitlines()
    lines[100] = lines[100][:40]
    for row in range(200, 230):
        lines[row] = lines[row].replace(",99000,", ",x,")
    with pytest.raises(DataError) as caught:
        read_weather(write("\n".join(lines)))
    assert len(caught.value.faults) == 11
    assert "35 required" in str(caught.value)
    assert "and 21 more" in caught.value.faults[-1].message


def test_missing_value_codes_are_gaps_and_not_damage(write):
    temperature = np.full(8760, 10.0)
    temperature[[500, 501]] = 99.9
    weather = read_weather(write(epw(temperature=temperature)))
    assert np.allclose(weather["temp_air"], 10.0)
    assert weather.attrs["hours_repaired"] == 2
    temperature[500:600] = 99.9
    with pytest.raises(DataError, match=r"temp_air: gap .*\(100 h\)"):
        read_weather(write(epw(temperature=temperature)))


def test_truncated_file_is_refused(write):
    with pytest.raises(DataError, match="up to 24 h are filled"):
        read_weather(write(epw()[:500_000].rsplit("\n", 1)[0]))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("LOCATION,A,B,C,D,1,95.0,-75.0,-5.0,100.0", "latitude: found '95.0'"),
        ("LOCATION,A,B,C,D,1,40.0,-75.0,x,100.0", "time zone: found 'x'"),
        ("LOCATION,A,B", "LOCATION row of 10 fields"),
        ("LOCATION,A,B,C,D,1,40.0,75.0,-5.0,100.0", "from solar noon; check longitude"),
        ("LOCATION,A,B,C,D,1,40.0,-75.0,-6.0,100.0", "irradiance is centred"),
    ],
)
def test_a_damaged_header_is_refused(write, header, words):
    with pytest.raises(DataError, match=words):
        read_weather(write(epw(header=header)))


def test_noon_error_measures_hours_after_solar_noon():
    year = np.tile(SUN, 365)
    assert noon_error(year, 0.0) == pytest.approx(0.0, abs=1e-9)
    assert noon_error(np.roll(year, 6), -90.0) == pytest.approx(0.0, abs=1e-9)
    assert noon_error(np.roll(year, 1), 0.0) == pytest.approx(1.0)
    assert noon_error(np.zeros(8760), 0.0) == 0.0


def test_unknown_content_and_missing_file(write, tmp_path):
    with pytest.raises(DataError, match="no known kind"):
        read_weather(write("a,b\n1,2\n"))
    with pytest.raises(DataError, match=r"no format 'epv'; did you mean 'epw'"):
        read_weather(write(epw()), "epv")
    with pytest.raises(DataError, match=r"did you mean 'weather\.epw'"):
        read_weather(tmp_path / "wether.epw")


def test_open_meteo_units_and_fixed_offset(write):
    humid = [float(t.hour) for t in HOURS]
    weather = read_weather(write(open_meteo(-4, relative_humidity_2m=humid), "w.json"))
    assert np.allclose(weather["wind_speed"], 10.0)  # 36 km/h
    assert weather.attrs["calendar_year"] == 2023
    local_hour = (weather["time"].dt.hour.values - 4) % 24
    # Summer as winter: the offset is the same all year.
    assert np.array_equal(weather["relative_humidity"], local_hour)


def test_pressure_follows_the_standard_atmosphere(write):
    weather = read_weather(write(open_meteo(), "w.json"))
    # U.S. Standard Atmosphere 1976 at 1,000 m: 898.76 hPa.
    assert float(weather["pressure"][0]) == pytest.approx(89876, rel=1e-3)
    assert "pressure from elevation" in weather.attrs["derived"]


def test_full_cloud_leaves_a_quarter_of_clear_sky_irradiance(write):
    clear = read_weather(write(open_meteo(), "w.json"))
    overcast = read_weather(write(open_meteo(cloudcover=[100] * 8760), "w.json"))
    assert float(overcast["ghi"].sum() / clear["ghi"].sum()) == pytest.approx(0.25)
    assert float(overcast["dni"].sum()) < 0.05 * float(clear["dni"].sum())
    assert "Kasten" in clear.attrs["derived"]
    night = clear["ghi"].sel(time="2023-06-21 00:00")
    assert float(night) == 0.0


def test_open_meteo_radiation_belongs_to_the_hour_before_the_stamp(write):
    sun = [float(SUN[(t.hour - 1) % 24]) for t in HOURS]
    columns = dict.fromkeys(("shortwave_radiation", "diffuse_radiation"), sun)
    columns |= {"direct_normal_irradiance": [0.0] * 8760, "surface_pressure": [900.0] * 8760}
    weather = read_weather(write(open_meteo(**columns), "w.json"))
    assert np.allclose(weather["ghi"], np.tile(SUN, 365))
    assert np.allclose(weather["pressure"], 90_000)
    assert weather.attrs["derived"] == "none"


def test_an_impossible_value_of_an_observed_year_counts_as_missing(write):
    temperature = [20.0] * 8760
    temperature[10] = 200.0
    weather = read_weather(write(open_meteo(temperature_2m=temperature), "w.json"))
    assert np.allclose(weather["temp_air"], 20.0)
    assert "1 unreadable or impossible value counted as missing" in weather.attrs["repairs"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not an Open-Meteo answer"),
        ('{"hourly": []}', "not an Open-Meteo answer"),
        (open_meteo(unit="furlong/h"), "found unit 'furlong/h'; allowed: km/h"),
        (open_meteo(temperature_2m=[1.0]), "8760 values are required"),
    ],
)
def test_damaged_open_meteo_is_refused(write, text, words):
    with pytest.raises(DataError, match=words):
        read_weather(write(text, "w.json"))


def test_an_observed_year_keeps_its_year_unless_made_typical(write):
    path = write(open_meteo(), "w.json")
    with pytest.raises(DataError, match="holds 2023, not 2025"):
        read_weather(path, calendar_year=2025)
    typical = read_weather(path, calendar_year=2025, typical=True)
    assert typical["time"].dt.year.values[0] == 2025


def test_neighbouring_years_give_the_edge_hours(write):
    path = write(open_meteo(2), "w.json")
    earlier = json.loads(open_meteo(2, temperature_2m=[5.0] * 8760))
    earlier["hourly"]["time"] = [t.replace("2023", "2022") for t in earlier["hourly"]["time"]]
    later = json.loads(json.dumps(earlier))
    later["hourly"]["time"] = [t.replace("2022", "2024") for t in later["hourly"]["time"]]
    files = [write(json.dumps(y), f"{i}.json") for i, y in enumerate((earlier, later))]
    weather = read_weather(path, neighbours=files)
    # Two hours east, the last UTC hours of 2023 are the first local ones of 2024.
    assert weather["temp_air"].values[-3:].tolist() == [20.0, 5.0, 5.0]
    assert weather["temp_air"].values[:2].tolist() == [20.0, 20.0]
    assert "New Year" not in weather.attrs["repairs"]
    assert "New Year" in read_weather(path).attrs["repairs"]


def test_a_bare_table_needs_its_site(write):
    rows = [
        f"{i},{2000 + t.month},{t.month},{t.day},{t.hour},30,10,10,{SUN[t.hour]:.0f},0,0,900,2"
        for i, t in enumerate(HOURS)
    ]
    head = ",Year,Month,Day,Hour,Minute,Temperature,Dew Point,GHI,DNI,DHI,Pressure,Wind Speed"
    path = write("\n".join([head, *rows]), "psm.csv")
    with pytest.raises(DataError, match="no header with latitude, longitude, elevation"):
        read_weather(path)
    weather = read_weather(path, site=Site(40.0, 0.0, 900.0, 0.0))
    assert np.allclose(weather["relative_humidity"], 100.0)  # dew point equals dry bulb
    assert np.allclose(weather["pressure"], 90_000)
