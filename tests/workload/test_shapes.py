import numpy as np
import pytest

from dcmodel.base.errors import DataError, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.timeindex import model_hours
from dcmodel.workload.shapes import (
    hourly_shape,
    region_names,
    region_time_zone,
    shape_names,
    weekly_shape,
)

WEEKDAYS, WEEKEND = slice(0, 120), slice(120, 168)


def at(stamp):
    return model_hours(2025).get_loc(stamp)


def test_names():
    assert shape_names() == ["coding", "conversation", "flat"]
    assert {"us_east", "europe_central", "india"} <= set(region_names())


@pytest.mark.parametrize(
    ("name", "load_factor", "weekend_over_weekday", "peak_hour_utc"),
    [("coding", 0.33, 0.32, 19), ("conversation", 0.60, 0.57, 14)],
)
def test_shapes_reproduce_the_published_statistics(
    name, load_factor, weekend_over_weekday, peak_hour_utc
):
    # Azure LLM inference trace, 10-19 May 2024, as published
    values = weekly_shape(name).values
    assert values.shape == (168,)
    assert values.mean() == pytest.approx(1.0)
    assert values.mean() / values.max() == pytest.approx(load_factor, abs=0.01)
    ratio = values[WEEKEND].mean() / values[WEEKDAYS].mean()
    assert ratio == pytest.approx(weekend_over_weekday, abs=0.01)
    by_hour = values[WEEKDAYS].reshape(5, 24).mean(axis=0)
    assert by_hour.argmax() == peak_hour_utc


def test_flat_is_constant():
    assert (hourly_shape("flat", 2025, "Asia/Tokyo") == 1).all()


@pytest.mark.parametrize("name", ["coding", "conversation"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", None])
def test_a_year_of_a_shape_has_mean_one(name, zone):
    values = hourly_shape(name, 2025, zone)
    assert values.shape == (8760,)
    assert values.mean() == pytest.approx(1.0)
    assert (values > 0).all()


@pytest.mark.parametrize("name", ["coding", "conversation"])
def test_as_measured_keeps_the_utc_clock(name):
    monday = at("2025-06-02 00:00")
    week = hourly_shape(name, 2025, None)[monday : monday + 168]
    assert week / week.mean() == pytest.approx(weekly_shape(name).values)


def test_users_in_the_reference_zone_keep_the_measured_clock_in_summer():
    monday = at("2025-06-02 00:00")
    shape = weekly_shape("coding")
    week = hourly_shape("coding", 2025, shape.reference_time_zone)[monday : monday + 168]
    assert week / week.mean() == pytest.approx(shape.values)


def test_winter_time_moves_the_shape_by_an_hour_in_utc():
    values = hourly_shape("coding", 2025, "America/New_York")
    # Tuesdays: 19 UTC in summer is 15 h in New York, which is 20 UTC in winter
    summer, winter = at("2025-07-01 19:00"), at("2025-01-07 20:00")
    assert values[winter] == pytest.approx(values[summer])
    assert values[winter - 5] == pytest.approx(values[summer - 5])


def test_the_same_local_hours_apply_to_users_elsewhere():
    here = hourly_shape("coding", 2025, "America/New_York")
    there = hourly_shape("coding", 2025, "Asia/Tokyo")
    utc = model_hours(2025).tz_localize("UTC")
    clocks = [utc.tz_convert(zone) for zone in ("America/New_York", "Asia/Tokyo")]
    for weekday, hour in ((0, 9), (2, 15), (6, 3)):
        values = [
            series[(clock.day_of_week == weekday) & (clock.hour == hour)]
            for series, clock in zip((here, there), clocks, strict=True)
        ]
        assert np.ptp(values[0]) < 1e-12
        assert values[0][0] == pytest.approx(values[1][0], rel=2e-3)


def test_half_hour_zones_take_the_mean_of_the_two_hours_they_span():
    # Kolkata is 5.5 h ahead of UTC: 09 UTC is 14:30 to 15:30 there
    kolkata = hourly_shape("coding", 2025, "Asia/Kolkata")
    dubai = hourly_shape("coding", 2025, "Asia/Dubai")  # 4 h ahead, full hours
    tuesday = at("2025-03-04 00:00")
    expected = (dubai[tuesday + 10] + dubai[tuesday + 11]) / 2  # 14 h and 15 h local
    assert kolkata[tuesday + 9] == pytest.approx(expected, rel=2e-3)


def test_regions_resolve_to_time_zones():
    assert region_time_zone(None, "Europe/London") == "Europe/London"
    assert region_time_zone("local", "Europe/London") == "Europe/London"
    assert region_time_zone("us_east", "Europe/London") == "America/New_York"
    assert region_time_zone("Asia/Tokyo", "Europe/London") == "Asia/Tokyo"
    assert region_time_zone("as_measured", "Europe/London") is None


@pytest.mark.parametrize("region", region_names())
def test_every_region_of_the_library_has_a_clock(region):
    assert hourly_shape("coding", 2025, region_time_zone(region, "UTC")).shape == (8760,)


def test_unknown_names_come_with_the_nearest():
    with pytest.raises(StudyError, match=r"unknown shape 'codin'; did you mean 'coding'\?"):
        weekly_shape("codin")
    with pytest.raises(StudyError, match=r"unknown region 'us_eastt'; did you mean 'us_east'\?"):
        region_time_zone("us_eastt", "UTC")


def test_a_shape_with_a_missing_hour_is_refused(tmp_path, monkeypatch):
    lines = (data_dir() / "weekly_shapes.csv").read_text().splitlines()
    (tmp_path / "weekly_shapes.csv").write_text("\n".join([lines[0], *lines[2:]]) + "\n")
    monkeypatch.setenv("DCMODEL_DATA", str(tmp_path))
    with pytest.raises(DataError, match="shape 'coding' needs 168 hours"):
        weekly_shape("coding")
    assert weekly_shape("conversation").values.shape == (168,)
