from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.timeindex import model_hours
from dcmodel.inputs.repair import HourlyTable, repair, runs_on_ring

HOURS = model_hours(2023)
DAY = np.arange(8760) % 24


def table(values, index=HOURS, rejected=()):
    frame = pd.DataFrame({"value": np.asarray(values, dtype=float)}, index=index)
    return HourlyTable("prices.csv", frame, rejected)


def gap(start, length, values=None):
    """A daily ramp with a hole."""
    holed = (DAY if values is None else values).astype(float)
    holed[(start + np.arange(length)) % 8760] = np.nan
    return holed


def test_a_complete_year_passes_unchanged():
    year, report = repair(table(np.arange(8760.0)), 2023)
    assert year.index.equals(HOURS)
    assert np.array_equal(year["value"], np.arange(8760.0))
    assert str(report) == "none"


def test_three_hours_are_interpolated_linearly():
    values = np.arange(8760.0)
    year, report = repair(table(gap(100, 3, values)), 2023)
    assert np.allclose(year["value"], values)
    assert report.hours_filled == 3
    assert "interpolated: 2023-01-05 04:00 to 2023-01-05 06:00 UTC (3 h)" in str(report)


def test_rows_that_are_absent_count_like_empty_ones():
    keep = np.ones(8760, bool)
    keep[100:103] = False
    year, _ = repair(table(np.arange(8760.0)[keep], HOURS[keep]), 2023)
    assert np.allclose(year["value"], np.arange(8760.0))


@pytest.mark.parametrize("start", [0, 100, 8750])
def test_a_day_is_filled_from_the_days_around_it(start):
    year, report = repair(table(gap(start, 24)), 2023)
    assert np.array_equal(year["value"], DAY)
    assert len(report.from_neighbours) == 1
    assert report.hours_filled == 24


def test_a_filled_day_is_the_mean_of_its_neighbours():
    days = np.repeat(np.arange(365.0), 24) ** 2
    year, _ = repair(table(gap(240, 24, days)), 2023)
    assert np.allclose(year["value"][240:264], (9**2 + 11**2) / 2)


def test_neighbouring_days_that_are_empty_too_are_passed_over():
    holed = gap(240, 24)
    holed[240 + 30 : 240 + 34] = np.nan
    year, _ = repair(table(holed), 2023)
    assert np.array_equal(year["value"], DAY)


def test_25_hours_are_refused_with_their_stamps():
    with pytest.raises(DataError) as caught:
        repair(table(gap(100, 25)), 2023)
    message = str(caught.value)
    assert message.startswith("prices.csv  ")
    assert "2023-01-05 04:00 to 2023-01-06 04:00 UTC (25 h)" in message


def test_a_gap_over_new_year_is_one_gap():
    with pytest.raises(DataError, match=r"2023-12-31 10:00 to the end .* 2023-01-01 10:00.*\(25 h"):
        repair(table(gap(8746, 25)), 2023)


def test_a_missing_week_is_refused():
    with pytest.raises(DataError, match=r"\(168 h\)"):
        repair(table(gap(1000, 168)), 2023)


def test_two_percent_in_single_hours_are_refused_without_listing_all():
    holed = DAY.astype(float)
    holed[::50] = np.nan
    with pytest.raises(DataError, match=r"176 hours missing \(2\.0 %\), allowed 1%") as caught:
        repair(table(holed), 2023)
    assert "and 166 more" in str(caught.value)
    assert len(str(caught.value)) < 600


def test_exactly_87_hours_are_repaired_and_88_refused():
    for count, is_refused in [(87, False), (88, True)]:
        holed = np.ones(8760)
        holed[: count * 50 : 50] = np.nan
        if is_refused:
            with pytest.raises(DataError):
                repair(table(holed), 2023)
        else:
            assert repair(table(holed), 2023)[1].hours_filled == 87


def test_a_refusal_names_the_rejected_values():
    rejected = [Fault("prices.csv:7", "found 'n/a'; a number is required")]
    with pytest.raises(DataError, match=r"prices\.csv:7  found 'n/a'"):
        repair(table(gap(100, 30), rejected=rejected), 2023)


def test_faults_are_capped_and_counted():
    rejected = [Fault(f"prices.csv:{row}", "found 'x'") for row in range(100)]
    with pytest.raises(DataError) as caught:
        repair(table(gap(100, 30), rejected=rejected), 2023)
    assert len(caught.value.faults) == 11
    assert "and 91 more faults" in caught.value.faults[-1].message


@pytest.mark.parametrize(("rule", "expected"), [("mean", 15.0), ("first", 10.0), ("last", 20.0)])
def test_duplicates_follow_the_rule(rule, expected):
    values = np.full(8760, 10.0)
    extra = table(np.append(values, 20.0), HOURS.append(HOURS[[500]]))
    year, report = repair(extra, 2023, duplicates=rule)
    assert year["value"].iloc[500] == expected
    assert report.duplicates == 1
    assert f"1 repeated row replaced by the {rule}" in str(report)


def test_the_leap_day_is_left_out_and_counted():
    hours = pd.date_range("2024-01-01", "2024-12-31 23:00", freq="h", unit="ns")
    values = np.where((hours.month == 2) & (hours.day == 29), -1.0, hours.day_of_week)
    year, report = repair(table(values, hours), 2024)
    assert len(year) == 8760
    assert year["value"].min() == 0.0
    assert "24 rows of 29 February left out" in str(report)


@pytest.mark.parametrize("shift", [-11, -5, 5, 14])
def test_edge_hours_come_from_the_other_end_and_do_not_count_as_gaps(shift):
    values = np.arange(8760.0)
    year, report = repair(table(values, HOURS + pd.Timedelta(hours=shift)), 2023)
    assert np.array_equal(year["value"], np.roll(values, shift))
    assert report.edge_hours == abs(shift)
    assert report.hours_filled == 0


def test_the_other_end_gives_no_more_than_fourteen_hours():
    with pytest.raises(DataError, match=r"\(26 h\)"):
        repair(table(np.arange(8760.0), HOURS + pd.Timedelta(hours=40)), 2023)


def test_half_hour_zones_are_rebinned_by_overlap():
    values = np.arange(8760.0)
    year, report = repair(table(values, HOURS - pd.Timedelta(minutes=330)), 2023)
    # UTC hour 1 overlaps the second half of local hour 6 and the first half of local hour 7.
    assert year["value"].iloc[1] == 6.5
    assert report.half_hour_shift
    assert year["value"].mean() == pytest.approx(values.mean(), rel=1e-3)


def test_quarter_hours_are_averaged_and_incomplete_hours_are_gaps():
    stamps = pd.date_range("2023-01-01", periods=4 * 8760, freq="15min", unit="ns")
    values = np.repeat(DAY, 4) + np.tile([0.0, 1.0, 2.0, 3.0], 8760)
    keep = np.ones(len(values), bool)
    keep[41] = False
    year, report = repair(table(values[keep], stamps[keep]), 2023, interval_minutes=15)
    assert np.allclose(year["value"], DAY + 1.5)
    assert report.incomplete_hours == 1


def test_rows_off_the_interval_are_refused():
    stamps = pd.date_range("2023-01-01", periods=2 * 8760, freq="30min", unit="ns")
    with pytest.raises(DataError, match="not 60 minutes apart"):
        repair(table(np.ones(2 * 8760), stamps), 2023)


def test_another_year_holds_nothing():
    with pytest.raises(DataError, match="no value in 2021"):
        repair(table(np.ones(8760)), 2021)


def test_each_column_is_repaired_on_its_own():
    frame = pd.DataFrame({"a": gap(50, 1), "b": gap(80, 2)}, index=HOURS)
    year, report = repair(HourlyTable("w", frame), 2023)
    assert not year.isna().any(axis=None)
    assert report.hours_filled == 3


def test_runs_on_a_ring():
    ring = np.array([1, 0, 0, 1, 1, 0, 1], dtype=bool)
    assert sorted(runs_on_ring(ring)) == [(3, 2), (6, 2)]
    assert runs_on_ring(np.ones(5, bool)) == [(0, 5)]
    assert runs_on_ring(np.zeros(5, bool)) == []
