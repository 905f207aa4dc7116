"""Hours in which the grid calls: by hand."""

import numpy as np
import pytest

from dcmodel.profiles.calls import called

PRICE = np.array([[10.0, 90.0, 20.0, 80.0, 70.0, 30.0]])
MONTH = np.array([0, 0, 0, 1, 1, 1])
ONES = np.ones(6)


def test_the_dearest_hours():
    found = called(PRICE, ONES, MONTH, hours=2)
    assert found.tolist() == [[0, 1, 0, 1, 0, 0]]


def test_events_of_two_hours_by_their_mean():
    """Means of two hours: 50, 55, 50, 75, 50: hours 4 and 5 first, then 2 and 3."""
    found = called(PRICE, ONES, MONTH, hours=4, event_h=2)
    assert found.tolist() == [[0, 1, 1, 1, 1, 0]]


def test_events_do_not_overlap_and_the_last_may_be_shorter():
    found = called(PRICE, ONES, MONTH, hours=3, event_h=2)
    assert found.tolist() == [[0, 1, 0, 1, 1, 0]]


def test_a_season():
    assert called(PRICE, ONES, MONTH, hours=2, months=[2]).tolist() == [[0, 0, 0, 1, 1, 0]]


def test_each_year_by_its_own_price():
    price = np.vstack([PRICE, PRICE[:, ::-1]])
    assert called(price, ONES, MONTH, hours=1).tolist() == [[0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0]]


@pytest.mark.parametrize("hours", [1.0, 3.5, 6.0])
def test_segments_use_up_the_hours_exactly(hours):
    duration = np.array([2.0, 1.0, 3.0, 2.0, 1.0, 4.0])
    found = called(PRICE, duration, MONTH, hours=hours, event_h=3)
    assert float(found[0] @ duration) == pytest.approx(hours)


def test_no_hours_no_call():
    assert called(PRICE, ONES, MONTH, hours=0).sum() == 0
