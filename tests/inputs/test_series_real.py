"""Series reader on the real files: each trap of their README, and independent statistics."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from dcmodel.base.errors import DataError
from dcmodel.inputs.series import read_series

pytestmark = pytest.mark.real

CALIBRATION = Path(__file__).resolve().parents[1] / "real" / "calibration.csv"
DESCRIPTIONS = Path(__file__).resolve().parents[1] / "real" / "series"


YEARS = (2021, 2022, 2023)
"""Years of the yearly files that are read; those of other years change the hours at their ends."""


@pytest.fixture
def read(real_data, tmp_path):
    """Read a year of a series from the files of its year and its neighbours among `YEARS`."""

    def read_described(name, year):
        description = DESCRIPTIONS / f"{name}.yaml"
        pattern = YAML(typ="safe").load(description)["file"]
        files = {pattern.replace("{year}", str(y)) for y in YEARS if abs(y - year) <= 1}
        beside = [file for file in files if real_data.has(file)]
        own = pattern.replace("{year}", str(year))
        folder = real_data.laid_out([own, *beside], tmp_path / name)
        return read_series(description, year, folder=folder)

    return read_described


@pytest.fixture(scope="module")
def statistics():
    with CALIBRATION.open(encoding="utf-8") as file:
        return {(r["kind"], r["zone"], r["year"]): r for r in csv.DictReader(file)}


def raw(real_data, path, **options):
    return pd.read_csv(real_data.file(path), **options)


# The statistics are of the file's own clock year and leave gaps out; ours are of the UTC year and
# fill them: a share of a percent apart, nothing where neither differs.
EXACT, GAPLESS, FILLED = 1e-6, 2e-3, 6e-3


@pytest.mark.parametrize(
    ("name", "kind", "zone", "year", "tolerance", "factor"),
    [
        ("ie", "price", "IE", 2021, EXACT, 1),
        ("ie", "price", "IE", 2023, EXACT, 1),
        ("se1", "price", "SE1", 2023, EXACT, 1),
        ("se3", "price", "SE3", 2022, GAPLESS, 1),
        ("us_ercot", "price", "US-TEX-ERCO", 2021, EXACT, 1),
        ("us_ercot", "price", "US-TEX-ERCO", 2022, GAPLESS, 1),
        ("us_caiso", "price", "US-CAL-CISO", 2022, GAPLESS, 1),
        ("us_pjm", "price", "US-MIDA-PJM", 2023, FILLED, 1),
        ("de", "price", "DE-LU", 2022, FILLED, 1),
        ("de", "price", "DE-LU", 2023, GAPLESS, 1),
        ("es", "price", "ES", 2023, GAPLESS, 1),
        ("fr", "price", "FR", 2021, GAPLESS, 1),
        ("nl", "price", "NL", 2021, FILLED, 1),
        ("gb", "price", "GB", 2023, GAPLESS, 1),
        ("in", "price", "IN", 2023, GAPLESS, 1),
        ("au_nsw", "price", "AU-NSW", 2023, GAPLESS, 1),
        ("cl", "price", "CL-SIC", 2023, GAPLESS, 1000),
        ("jp_tokyo", "price", "JP-TK", 2023, EXACT, 1),
        ("sg", "price", "SG", 2023, EXACT, 1),
        ("eia_ercot", "ci_avg_eia", "ERCO", 2022, EXACT, 1),
        ("eia_azps", "ci_avg_eia", "AZPS", 2022, EXACT, 1),
        ("eia_bpat", "ci_avg_eia", "BPAT", 2022, EXACT, 1),
        ("eia_ciso", "ci_avg_eia", "CISO", 2022, GAPLESS, 1),
        ("eia_miso", "ci_avg_eia", "MISO", 2022, GAPLESS, 1),
        ("eia_pjm", "ci_avg_eia", "PJM", 2022, GAPLESS, 1),
        ("carboncast_de", "ci_direct_ccast", "DE", 2021, GAPLESS, 1),
        ("carboncast_nl", "ci_direct_ccast", "NL", 2021, GAPLESS, 1),
        ("carboncast_pjm", "ci_direct_ccast", "PJM", 2021, GAPLESS, 1),
    ],
)
def test_mean_equals_independent_statistics(
    read, statistics, name, kind, zone, year, tolerance, factor
):
    series = read(name, year)
    assert series.sizes == {"time": 8760}
    assert not np.isnan(series).any()
    expected = float(statistics[kind, zone, str(year)]["mean"]) * factor
    # Statistics are rounded to four decimals.
    assert float(series.mean()) == pytest.approx(expected, rel=tolerance, abs=6e-5 * factor)


def test_trap_1_pjm_and_caiso_are_naive_utc(read, real_data):
    path = "price/sustaincluster/US-CAL-CISO/US-CAL-CISO_electricity_prices_2023.csv"
    table = raw(real_data, path, parse_dates=["Datetime"]).set_index("Datetime")
    series = read("us_caiso", 2023)
    column = table.iloc[:, 0]
    assert series.sel(time="2023-07-04 20:00").item() == column["2023-07-04 20:00"]
    assert series.sel(time="2023-01-01 00:00").item() == column["2023-01-01 00:00"]
    # Evening peak of the Californian clock, 19:00 PDT = 02:00 UTC.
    summer = series.sel(time=slice("2023-07-01", "2023-08-31"))
    assert int(np.argmax(summer.groupby("time.hour").mean().values)) in {1, 2, 3}


def test_trap_1_ercot_stamps_carry_their_offset(read, real_data):
    path = "price/sustaincluster/US-TEX-ERCO/US-TEX-ERCO_electricity_prices_2022.csv"
    table = raw(real_data, path).set_index("Datetime").iloc[:, 0]
    series = read("us_ercot", 2022)
    assert series.sel(time="2022-07-04 20:00").item() == table["2022-07-04 15:00:00-05:00"]
    assert series.sel(time="2022-12-04 20:00").item() == table["2022-12-04 14:00:00-06:00"]
    # The first UTC hours of 2022 are the last local ones of 2021, from that year's file.
    before = raw(real_data, path.replace("2022.csv", "2021.csv")).set_index("Datetime").iloc[:, 0]
    assert series.values[0] == before["2021-12-31 18:00:00-06:00"]


def test_trap_1_european_files_are_local_with_24_rows_and_missing_days(read, real_data):
    path = "price/sustaincluster/DE-LU/DE-LU_electricity_prices_2022.csv"
    table = raw(real_data, path).set_index("Datetime").iloc[:, 0]
    series = read("de", 2022)
    assert series.sel(time="2022-07-04 10:00").item() == table["2022-07-04 12:00:00"]
    assert series.sel(time="2022-12-04 10:00").item() == table["2022-12-04 11:00:00"]
    repairs = series.attrs["repairs"]
    assert "1 row of an hour skipped by summer time left out" in repairs
    assert "interpolated: 2022-10-30 01:00 UTC" in repairs
    assert "2022-09-02 22:00 to 2022-09-03 21:00 UTC (24 h)" in repairs
    # The missing 3 September is the mean of the days around it.
    expected = (table["2022-09-02 12:00:00"] + table["2022-09-04 12:00:00"]) / 2
    assert series.sel(time="2022-09-03 10:00").item() == pytest.approx(expected)


def test_trap_1_new_south_wales_has_no_summer_time(read, real_data):
    path = "price/sustaincluster/AU-NSW/AU-NSW_electricity_prices_2022.csv"
    table = raw(real_data, path).set_index("Datetime").iloc[:, 0]
    series = read("au_nsw", 2022)
    for day in ("2022-01-15", "2022-07-15"):
        assert series.sel(time=f"{day} 02:00").item() == table[f"{day} 12:00:00"]


def test_trap_2_pjm_lacks_the_last_local_day(read):
    series = read("us_pjm", 2023)
    assert series.attrs["hours_repaired"] == 24
    assert (
        "2023-12-31 05:00 to the end and the beginning to 2023-01-01 04:00"
        in (series.attrs["repairs"])
    )


def test_trap_3_chile_carries_a_markup_and_two_duplicates(read, real_data):
    path = "price/sustaincluster/CL-SIC/CL_electricity_prices_2022.csv"
    table = raw(real_data, path).set_index("Datetime").iloc[:, 0]
    series = read("cl", 2022)
    expected = table["2022-06-15 12:00:00"] / 1.19 - 18000  # winter clock UTC-4
    assert series.sel(time="2022-06-15 16:00").item() == pytest.approx(expected)
    assert "2 repeated rows replaced by the mean" in series.attrs["repairs"]
    assert float(series.min()) == pytest.approx(0.0, abs=1e-6)


def test_trap_3_australia_is_in_aud_with_eleven_duplicates(read, real_data):
    series = read("au_nsw", 2022)
    assert series.attrs["currency"] == "AUD"
    assert series.attrs["units"] == "AUD MWh-1"
    assert "11 repeated rows replaced by the mean" in series.attrs["repairs"]
    path = "price/sustaincluster/AU-NSW/AU-NSW_electricity_prices_2022.csv"
    table = raw(real_data, path).set_index("Datetime").iloc[:, 0]
    twice = table["2022-02-01 00:00:00"]
    assert len(twice) == 2
    assert series.sel(time="2022-01-31 14:00").item() == pytest.approx(twice.mean())


@pytest.mark.parametrize(("name", "currency"), [("jp_tokyo", "JPY"), ("sg", "SGD")])
def test_trap_3_japan_and_singapore_are_hourly(read, name, currency):
    series = read(name, 2022)
    assert series.attrs["units"] == f"{currency} MWh-1"
    assert series.attrs["hours_repaired"] == 0


def test_trap_3_great_britain_2022_begins_on_21_january(read):
    with pytest.raises(DataError, match=r"to 2022-01-20 22:00 UTC \(465 h\)"):
        read("gb", 2022)
    assert read("gb", 2023).attrs["currency"] == "EUR"


def test_stray_row_of_germany_2021_is_replaced(read, real_data):
    path = "price/sustaincluster/DE-LU/DE-LU_electricity_prices_2021.csv"
    table = raw(real_data, path).set_index("Datetime").iloc[:, 0]
    assert table["2021-10-31 02:00:00"].tolist() == [0.0, 66.76]
    assert read("de", 2021).sel(time="2021-10-31 00:00").item() == 66.76


def test_sweden_has_an_empty_spring_hour_and_a_doubled_autumn_hour(read):
    series = read("se1", 2021)
    assert series.sel(time="2021-10-31 00:00").item() == 13.67
    assert series.sel(time="2021-10-31 01:00").item() == 13.09
    assert series.attrs["hours_repaired"] == 0


def test_trap_5_quarter_hour_sums_leave_the_intensity_alone(read):
    for name in ("carboncast_de", "carboncast_nl"):
        series = read(name, 2021)
        assert series.attrs["units"] == "kg MWh-1"
        assert 50 < float(series.min()) < float(series.max()) < 600


def test_trap_6_eia_has_empty_and_glitch_hours(read):
    pjm = read("eia_pjm", 2022)
    assert pjm.attrs["hours_repaired"] == 28
    assert "5 unreadable or impossible values counted as missing" in pjm.attrs["repairs"]
    assert float(pjm.min()) > 200
    for name in ("eia_ciso", "eia_miso"):
        assert read(name, 2022).attrs["hours_repaired"] == 3


def test_marginal_emissions_in_pounds(read, real_data):
    series = read("avert_mida", 2023)
    table = raw(real_data, "carbon/avert/AVERT_2023_CO2_lb_per_kwh.csv", encoding="utf-8-sig")
    assert float(series.mean()) == pytest.approx(table["MIDA"].mean() * 453.59237)
    assert series.values[5] == pytest.approx(table["MIDA"][0] * 453.59237)


@pytest.mark.parametrize(("name", "year"), [("eia_pjm", 2023), ("ie", 2018)])
def test_a_year_that_a_file_does_not_cover_is_refused(read, name, year):
    with pytest.raises(DataError, match=r"no value in|gap from"):
        read(name, year)
