"""Series reader on synthetic files: clocks, units, damage, descriptions."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from dcmodel.base.errors import DataError
from dcmodel.base.timeindex import model_hours
from dcmodel.inputs.series import read_series

HOURS = pd.date_range("2023-01-01", periods=8760, freq="h")
DAY = np.arange(8760) % 24
BASE = {
    "kind": "price_energy",
    "file": "prices.csv",
    "time_column": "time",
    "value_column": "price",
    "time_zone": "UTC",
    "unit": "EUR/MWh",
}


def rows(values, stamps=HOURS, form="%Y-%m-%d %H:%M:%S"):
    return [f"{t.strftime(form)},{v}" for t, v in zip(stamps, values, strict=True)]


@pytest.fixture
def read(tmp_path):
    def read_lines(lines, calendar_year=2023, head="time,price", name="prices.csv", **keys):
        if lines is not None:
            (tmp_path / name).write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        spec = {k: v for k, v in (BASE | keys).items() if v is not None}
        text = "".join(f"{key}: {value!r}\n" for key, value in spec.items())
        (tmp_path / "series.yaml").write_text(text, encoding="utf-8")
        return read_series(tmp_path / "series.yaml", calendar_year)

    return read_lines


def test_canonical_array_and_attributes(read):
    series = read(rows(DAY), title="Day ahead", source="exchange", note="beware")
    assert series.name == "price_energy"
    assert series.dims == ("time",)
    assert pd.DatetimeIndex(series["time"].values).equals(model_hours(2023))
    assert np.array_equal(series, DAY)
    assert series.attrs["units"] == "EUR MWh-1"
    assert series.attrs["currency"] == "EUR"
    assert series.attrs["long_name"] == "Day ahead"
    assert series.attrs["source"].startswith("exchange; ")
    assert series.attrs["comment"] == "beware"
    assert series.attrs["repairs"] == "none"


@pytest.mark.parametrize(
    ("kind", "unit", "factor", "units"),
    [
        ("price_energy", "USD/kWh", 1000.0, "USD MWh-1"),
        ("price_energy", "EUR/MWhe", 1.0, "EUR MWh-1"),
        ("price_energy", "CLP/GWh", 0.001, "CLP MWh-1"),
        ("emission_factor", "gCO2/kWh", 1.0, "kg MWh-1"),
        ("emission_factor", "gCO2eq/kWh", 1.0, "kg MWh-1"),
        ("emission_factor", "kg/MWh", 1.0, "kg MWh-1"),
        ("emission_factor", "t/MWh", 1000.0, "kg MWh-1"),
        ("emission_factor", "lb/kWh", 453.59237, "kg MWh-1"),
        ("emission_factor", "lb CO2/MWh", 0.45359237, "kg MWh-1"),
    ],
)
def test_units(read, kind, unit, factor, units):
    series = read(rows(np.full(8760, 2.0)), kind=kind, unit=unit)
    assert np.allclose(series, 2.0 * factor, rtol=1e-12)
    assert series.attrs["units"] == units
    assert ("currency" in series.attrs) == (kind == "price_energy")


def test_scale_and_offset_undo_a_markup(read):
    marked_up = (DAY * 1000.0 + 18000) * 1.19
    series = read(rows(marked_up), unit="CLP/MWh", scale=1 / 1.19, offset=-18000)
    assert np.allclose(series, DAY * 1000.0)


def test_local_hour_ending_and_date_with_hour_column(read):
    lines = [f"{t:%m/%d/%Y},{t.hour + 1},{v}" for t, v in zip(HOURS, DAY, strict=True)]
    series = read(
        lines,
        head="date,HE,price",
        time_column="date",
        hour_column="HE",
        time_format="%m/%d/%Y",
        label="ending",
        time_zone="-05:00",
    )
    assert series.sel(time="2023-03-01 05:00").item() == 0.0
    assert np.array_equal(series, (np.arange(8760) - 5) % 24)


def test_european_clock_with_ranges_and_real_summer_time_days(read):
    """A 23-hour and a 25-hour day in a real clock: every UTC hour has its value."""
    utc = pd.date_range("2022-12-31 23:00", periods=8760, freq="h", tz="UTC")
    local = utc.tz_convert("Europe/Berlin")
    lines = [
        f"{t:%d.%m.%Y %H:%M} - {t + pd.Timedelta('1h'):%H:%M};{v},5"
        for t, v in zip(local, utc.hour, strict=True)
    ]
    series = read(
        lines,
        head="time;price",
        time_zone="Europe/Berlin",
        time_format="%d.%m.%Y %H:%M",
        range_separator=" - ",
        separator=";",
        decimal=",",
    )
    assert np.array_equal(series, DAY + 0.5)
    assert series.attrs["hours_repaired"] == 0
    assert "1 row read as the second of a repeated autumn hour" in series.attrs["repairs"]


def test_local_file_with_24_rows_every_day(read):
    series = read(rows(DAY), time_zone="Europe/Berlin")
    repairs = series.attrs["repairs"]
    assert "1 row of an hour skipped by summer time left out" in repairs
    assert "interpolated: 2023-10-29 01:00 UTC" in repairs
    assert series.sel(time="2023-07-01 10:00").item() == 12.0
    assert series.sel(time="2023-12-01 10:00").item() == 11.0


def test_aware_stamps(read):
    lines = [f"{t}-06:00,{v}" for t, v in zip(HOURS, DAY, strict=True)]
    series = read(lines, time_zone="aware")
    assert np.array_equal(series, (np.arange(8760) - 6) % 24)
    with pytest.raises(DataError, match=r"prices\.csv:2  time: .* carries an offset"):
        read(lines)
    with pytest.raises(DataError, match="has no offset"):
        read(rows(DAY), time_zone="aware")


def test_quarter_hours(read):
    stamps = pd.date_range("2023-01-01", periods=4 * 8760, freq="15min")
    series = read(rows(np.tile([1.0, 2.0, 3.0, 6.0], 8760), stamps), interval_minutes=15)
    assert np.allclose(series, 3.0)


def test_hour_of_year(read):
    lines = [f"{i},{v}" for i, v in enumerate(DAY)]
    series = read(lines, time_format="hour_of_year", time_zone="-05:00", year=2023)
    assert np.array_equal(series, (np.arange(8760) - 5) % 24)


def test_files_of_the_years_around_give_the_edge_hours(read, tmp_path):
    for year, value in [(2022, 22), (2023, 23), (2024, 24)]:
        stamps = pd.date_range(f"{year}-01-01", f"{year}-12-31 23:00", freq="h")
        text = "\n".join(["time,price", *rows(np.full(len(stamps), value), stamps)])
        (tmp_path / f"p{year}.csv.gz").write_bytes(gzip.compress(text.encode()))
    series = read(None, file="p{year}.csv", time_zone="-05:00")
    assert series.values[:6].tolist() == [22] * 5 + [23]
    assert series.attrs["repairs"] == "none"
    leap = read(None, 2024, file="p{year}.csv")
    assert np.array_equal(leap, np.full(8760, 24))
    assert "24 rows of 29 February left out" in leap.attrs["repairs"]


def test_several_files_follow_one_another(read, tmp_path):
    half = 4000
    for name, part in [("a.csv", slice(None, half)), ("b.csv", slice(half, None))]:
        text = "\n".join(["time,price", *rows(DAY[part], HOURS[part])])
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert np.array_equal(read(None, file=["a.csv", "b.csv"]), DAY)


def test_unreadable_and_invalid_values_count_as_missing(read):
    values = list(map(str, np.full(8760, 100.0)))
    values[10], values[11], values[500], values[600] = "n/a", "", "5", "inf"
    series = read(rows(values), valid_min=50)
    assert np.array_equal(series, np.full(8760, 100.0))
    assert "3 unreadable or impossible values counted as missing" in series.attrs["repairs"]
    assert series.attrs["hours_repaired"] == 4


def test_refusal_names_gaps_and_rows(read):
    values = list(map(str, DAY))
    values[100:130] = ["n/a"] * 30
    with pytest.raises(DataError) as caught:
        read(rows(values))
    message = str(caught.value)
    assert "2023-01-05 04:00 to 2023-01-06 09:00 UTC (30 h)" in message
    assert "prices.csv:102  price: found 'n/a'" in message
    assert "and " in caught.value.faults[-1].message


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda lines: lines.__setitem__(7, "when,1"), r"prices\.csv:9  time: 'when' no time"),
        (lambda lines: lines.__setitem__(7, "2023-01-01"), r"prices\.csv:9  found 1 fields"),
        (lambda lines: lines.clear(), "holds no rows"),
        (lambda lines: lines.__delitem__(slice(0, 2000)), r"\(2000 h\)"),
        (lambda lines: lines.__setitem__(9, lines[9].replace(":00:", ":07:")), "60 minutes apart"),
    ],
)
def test_damaged_files_are_refused(read, damage, words):
    lines = rows(DAY)
    damage(lines)
    with pytest.raises(DataError, match=words):
        read(lines)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"value_colum": "price"}, r"yaml:7:1  value_colum: unknown key; did you mean 'value_col"),
        ({"time_column": "tme"}, r"no column 'tme'; did you mean 'time'"),
        ({"unit": "EUR"}, r"unit: found 'EUR'; a price is in EUR/MWh"),
        ({"unit": "gCO2/kWh"}, r"a price is in EUR/MWh"),
        ({"unit": "USD/MWh", "currency": "EUR"}, r"currency: found 'EUR', but the unit"),
        ({"time_zone": "Europe/Berln"}, r"yaml:5:1  time_zone: .*did you mean 'Europe/Berlin'"),
        ({"kind": "price"}, r"yaml:1:1  kind: found 'price'"),
        ({"interval_minutes": 7}, r"interval_minutes: found 7; allowed: 5, 10"),
        ({"time_format": "hour_of_year"}, r"year: needed with time_format"),
        ({"file": "price.csv"}, r"cannot be opened .*did you mean 'prices\.csv'"),
        ({"time_zone": None}, r"time_zone: is missing"),
    ],
)
def test_wrong_descriptions_are_refused_with_their_place(read, keys, words):
    with pytest.raises(DataError, match=words):
        read(rows(DAY), **keys)
