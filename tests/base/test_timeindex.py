from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dcmodel.base import timeindex


def stamps(*texts):
    return pd.DatetimeIndex(texts).as_unit("ns")


@pytest.mark.parametrize("year", [2023, 2024])
def test_every_year_has_8760_hours_without_29_february(year):
    hours = timeindex.model_hours(year)
    assert len(hours) == 8760
    assert hours.dtype == "datetime64[ns]"
    assert hours.tz is None
    assert hours[0] == pd.Timestamp(year, 1, 1)
    assert hours[-1] == pd.Timestamp(year, 12, 31, 23)
    assert not timeindex.is_leap_day(hours).any()


def test_month_index_counts_the_hours_of_the_months():
    days = np.bincount(timeindex.month_index(2024)) / 24
    assert days.tolist() == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def test_positions_leave_out_leap_days_other_years_and_nat():
    found = timeindex.position_in_year(
        stamps("2024-01-01 05:00", "2024-02-29 05:00", "2024-03-01 00:00", "2023-12-31", "NaT"),
        2024,
    )
    assert found.tolist() == [5, -1, 59 * 24, -1, -1]


def test_fixed_offsets_shift_all_year():
    utc = timeindex.to_utc(stamps("2025-01-01 10:00", "2025-07-01 10:00"), "+10:00")
    assert utc.stamps.equals(stamps("2025-01-01 00:00", "2025-07-01 00:00"))
    assert timeindex.to_utc(stamps("2025-01-01"), "-3:30").stamps[0] == pd.Timestamp(
        "2025-01-01 03:30"
    )


def test_zone_with_summer_time_follows_the_clock():
    utc = timeindex.to_utc(stamps("2025-01-01 12:00", "2025-07-01 12:00"), "America/New_York")
    assert utc.stamps.equals(stamps("2025-01-01 17:00", "2025-07-01 16:00"))


def test_spring_hour_that_does_not_exist_is_left_out():
    utc = timeindex.to_utc(
        stamps("2021-03-28 01:00", "2021-03-28 02:00", "2021-03-28 03:00"), "Europe/Berlin"
    )
    assert utc.stamps.equals(stamps("2021-03-28 00:00", "NaT", "2021-03-28 01:00"))
    assert (utc.nonexistent, utc.repeated) == (1, 0)


def test_autumn_hour_given_twice_becomes_two_hours():
    local = stamps("2021-10-31 01:00", "2021-10-31 02:00", "2021-10-31 02:00", "2021-10-31 03:00")
    expected = stamps(
        "2021-10-30 23:00", "2021-10-31 00:00", "2021-10-31 01:00", "2021-10-31 02:00"
    )
    utc = timeindex.to_utc(local, "Europe/Berlin")
    assert utc.stamps.equals(expected)
    assert (utc.nonexistent, utc.repeated) == (0, 1)
    newest_first = timeindex.to_utc(local[::-1], "Europe/Berlin")
    assert newest_first.stamps.equals(expected[::-1])


def test_autumn_hour_given_once_is_the_first():
    local = stamps("2021-10-31 01:00", "2021-10-31 02:00", "2021-10-31 03:00")
    utc = timeindex.to_utc(local, "Europe/Berlin")
    assert utc.stamps.equals(stamps("2021-10-30 23:00", "2021-10-31 00:00", "2021-10-31 02:00"))


def test_autumn_quarter_hours_are_told_apart():
    local = pd.date_range("2021-10-31 02:00", periods=4, freq="15min")
    utc = timeindex.to_utc(local.append(local), "Europe/Berlin", interval_minutes=15)
    assert utc.stamps.equals(pd.date_range("2021-10-31 00:00", periods=8, freq="15min", unit="ns"))


def test_stray_row_out_of_order_is_no_second_reading():
    local = stamps("2021-10-31 02:00", "2021-10-31 00:00", "2021-10-31 01:00", "2021-10-31 02:00")
    utc = timeindex.to_utc(local, "Europe/Berlin")
    assert utc.repeated == 0
    assert utc.stamps[0] == utc.stamps[3]


def test_aware_stamps_use_their_own_offset():
    aware = pd.to_datetime(
        pd.Series(["2021-01-01 00:00-06:00", "2021-07-01 00:00-05:00"]), utc=True
    )
    utc = timeindex.to_utc(pd.DatetimeIndex(aware), "aware")
    assert utc.stamps.equals(stamps("2021-01-01 06:00", "2021-07-01 05:00"))


def test_hour_ending_becomes_hour_beginning():
    found = timeindex.hour_beginning(stamps("2025-01-01 01:00", "2025-01-02 00:00"), "ending")
    assert found.equals(stamps("2025-01-01 00:00", "2025-01-01 23:00"))
    quarter = timeindex.hour_beginning(stamps("2025-01-01 00:15"), "ending", 15)
    assert quarter[0] == pd.Timestamp("2025-01-01")
    same = stamps("2025-01-01 01:00")
    assert timeindex.hour_beginning(same, "beginning") is same


def test_relabelling_drops_the_leap_day_and_keeps_the_clock():
    found = timeindex.relabel(stamps("2020-02-29 05:00", "2019-12-31 23:30", "2004-02-28"), 2025)
    assert found.equals(stamps("NaT", "2025-12-31 23:30", "2025-02-28"))


def test_local_hours_of_a_zone_with_summer_time():
    local = timeindex.local_hours(2025, "America/New_York")
    assert (local.month[0], local.day[0], local.hour[0]) == (12, 31, 19)
    noon_utc_in_july = timeindex.position_in_year(stamps("2025-07-01 12:00"), 2025)[0]
    assert local.hour[noon_utc_in_july] == 8
    assert local.weekday[noon_utc_in_july] == 1  # 1 July 2025 was a Tuesday
    assert set(local.utc_offset) == {-5.0, -4.0}


def test_local_hours_of_a_half_hour_zone():
    local = timeindex.local_hours(2025, "Asia/Kolkata")
    assert local.hour[0] == 5
    assert set(local.utc_offset) == {5.5}


@pytest.mark.parametrize(
    ("zone", "words"),
    [("Europe/Berln", "did you mean 'Europe/Berlin'"), ("+15:00", "more than 14 h"), ("", "zone")],
)
def test_unknown_zones_are_refused(zone, words):
    with pytest.raises(ValueError, match=words):
        timeindex.parse_zone(zone)
