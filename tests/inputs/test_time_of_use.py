"""Calendars hold every hour once, and say which they do not."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from dcmodel.inputs.time_of_use import TimeOfUse, calendar_of, hours_of_day, spans_of

DAYTIME = [{"period": "day", "hours": "8-20"}, {"period": "night", "hours": "20-8"}]


def calendar(**fields):
    return TimeOfUse.model_validate(fields)


def names(found, *times):
    return [found.periods[k] for k in found.position(pd.DatetimeIndex(times))]


def test_spans():
    assert hours_of_day("8-12, 14-18") == [8, 9, 10, 11, 14, 15, 16, 17]
    assert hours_of_day("22-6") == [22, 23, 0, 1, 2, 3, 4, 5]
    assert hours_of_day("0-24") == list(range(24))
    assert spans_of([22, 23, 0, 1], 1) == "0-2, 22-24"
    assert spans_of([1, 2, 3, 9], 0) == "1-3, 9"


@pytest.mark.parametrize("text", ["8-25", "24-3", "8", "8-8", "8-12; 14-18"])
def test_spans_that_cannot_be(text):
    with pytest.raises(ValueError, match="whole hours"):
        hours_of_day(text)


def test_a_season_over_the_new_year():
    found = calendar(
        seasons={
            "winter": {"first": "11-15", "last": "03-14"},
            "summer": {"first": "03-15", "last": "11-14"},
        },
        rules=[{"period": "w", "season": "winter"}, {"period": "s", "season": "summer"}],
    )
    assert names(found, "2025-11-14 23:00", "2025-11-15 00:00") == ["s", "w"]
    assert names(found, "2024-02-29 12:00", "2025-03-14 23:00", "2025-03-15") == ["w", "w", "s"]


def test_holidays_count_as_sundays():
    found = calendar(
        holidays=["01-01", "2025-04-18"],
        rules=[{"period": "work", "days": "weekdays"}, {"period": "rest", "days": "weekends"}],
    )
    # Good Friday 2025 and New Year are rest; the same days of April 2024 (a Thursday) are work
    times = ("2025-04-18 10:00", "2025-01-01 10:00", "2024-04-18 10:00", "2025-04-19 10:00")
    assert names(found, *times) == ["rest", "rest", "work", "rest"]


@pytest.mark.parametrize(
    ("fields", "at", "message"),
    [
        (
            {"rules": [*DAYTIME, {"period": "peak", "days": "weekdays", "hours": "17-19"}]},
            ("rules", 2),
            "hours 17-19 of weekdays lie in period 'peak' and, by an earlier rule, in 'day'",
        ),
        (
            {"rules": [{"period": "day", "hours": "8-20"}]},
            ("rules",),
            "hours 0-8, 20-24 of weekdays lie in no period",
        ),
        (
            {
                "seasons": {"summer": {"months": [6, 7]}, "winter": {"months": [1, 2]}},
                "rules": DAYTIME,
            },
            ("seasons",),
            "03-01 lies in no season",
        ),
        (
            {"rules": [{"period": "all", "season": "sumer"}]},
            ("rules", 0, "season"),
            "no season 'sumer'",
        ),
        ({"rules": DAYTIME, "holidays": ["13-01"]}, ("holidays", 0), "MM-DD or YYYY-MM-DD"),
    ],
)
def test_hours_that_lie_in_none_or_in_two_are_named(fields, at, message):
    with pytest.raises(ValidationError) as caught:
        calendar(**fields)
    [error] = caught.value.errors()
    assert message in error["msg"]
    assert error["ctx"]["at"] == at


def test_a_table_becomes_a_calendar_that_says_the_same():
    rng = np.random.default_rng(1)
    for days_alike in (True, False):
        table = rng.choice(["a", "b", "c"], (12, 3, 24))
        table[5:9] = table[5]
        if days_alike:
            table[:, 2] = table[:, 1]
        found = calendar_of(table)
        time = pd.date_range("2025-01-01", "2025-12-31 23:00", freq="h")
        day = np.clip(time.day_of_week.to_numpy() - 4, 0, 2)
        wanted = table[time.month.to_numpy() - 1, day, time.hour.to_numpy()]
        assert (np.array(found.periods)[found.position(time)] == wanted).all()
