"""Segments: laws for any series, and a plain implementation of the same method."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmodel.base.errors import StudyError
from dcmodel.profiles.segment import aggregate, month_starts, segment_hours


@st.composite
def cases(draw):
    hours = draw(st.integers(1, 60))
    seed = draw(st.integers(0, 1000))
    features = np.random.default_rng(seed).normal(size=(draw(st.integers(1, 3)), hours)).round(1)
    borders = sorted({0, *draw(st.lists(st.integers(0, hours - 1), max_size=4))})
    return features, draw(st.integers(len(borders), hours)), np.array(borders)


@given(cases())
@settings(max_examples=200, deadline=None)
def test_laws(case):
    features, n, borders = case
    hours = features.shape[1]
    segments = segment_hours(features, n, borders)
    assert len(segments) == n
    assert segments.duration.sum() == hours
    assert (segments.duration >= 1).all()
    assert set(borders) <= set(segments.start)
    np.testing.assert_array_equal(
        np.flatnonzero(np.diff(segments.label, prepend=-1)), segments.start
    )
    means = aggregate(features, segments)
    np.testing.assert_allclose(means @ segments.duration, features.sum(axis=1), atol=1e-9)
    assert (aggregate(features, segments, "max") >= means - 1e-12).all()
    last = np.append(segments.start[1:], hours) - 1
    np.testing.assert_array_equal(aggregate(features, segments, "last"), features[:, last])
    if n == hours:
        np.testing.assert_array_equal(means, features)


def plain_ward(series, n):
    """Try every pair of neighbours at every step; return the segments as lists of hours."""
    parts = [[i] for i in range(len(series))]

    def error(part):
        values = series[part]
        return ((values - values.mean()) ** 2).sum()

    while len(parts) > n:
        added = [error(a + b) - error(a) - error(b) for a, b in itertools.pairwise(parts)]
        k = int(np.argmin(added))
        parts[k : k + 2] = [parts[k] + parts[k + 1]]
    return [part[0] for part in parts]


@pytest.mark.parametrize("seed", range(5))
def test_same_segments_as_the_plain_method(seed):
    series = np.random.default_rng(seed).normal(size=40).cumsum()
    for n in (1, 5, 17, 39):
        assert list(segment_hours(series, n).start) == plain_ward(series, n)


def test_steps_of_a_series_are_found():
    series = np.repeat([3.0, -1.0, 4.0, 1.5], [5, 7, 2, 6])
    np.testing.assert_array_equal(segment_hours(series, 4).duration, [5, 7, 2, 6])


def test_constant_series_do_not_matter():
    series = np.random.default_rng(0).normal(size=30)
    both = np.stack([series, np.full(30, 7.0)])
    np.testing.assert_array_equal(segment_hours(both, 10).start, segment_hours(series, 10).start)
    assert len(segment_hours(np.zeros(30), 10)) == 10


def test_months_are_not_mixed():
    months = month_starts(2025)
    np.testing.assert_array_equal(np.diff(months)[:3] / 24, [31, 28, 31])
    noise = np.random.default_rng(0).normal(size=8760).cumsum()
    segments = segment_hours(noise, 50, months)
    assert set(months) <= set(segments.start)


def test_years_keep_their_totals():
    values = np.random.default_rng(1).normal(size=(6, 8760))
    segments = segment_hours(values, 2190, month_starts(2025))
    reduced = aggregate(values, segments)
    assert reduced.shape == (6, 2190)
    np.testing.assert_allclose(reduced @ segments.duration, values.sum(axis=1), rtol=1e-9)


def test_a_year_of_thirty_series_is_quick():
    values = np.random.default_rng(2).normal(size=(30, 8760)).cumsum(axis=1)
    begin = time.process_time()
    segment_hours(values, 2190, month_starts(2025))
    assert time.process_time() - begin < 1.5  # 0.2 s on an idle machine


@pytest.mark.parametrize("n", [0, 2, 61])
def test_impossible_numbers_are_refused(n):
    with pytest.raises(StudyError, match="allowed are 3 to 60"):
        segment_hours(np.zeros(60), n, [0, 20, 40])


def test_wrong_arrays_are_refused():
    with pytest.raises(StudyError, match="holds no number"):
        segment_hours([1.0, np.nan, 2.0], 2)
    segments = segment_hours(np.arange(10.0), 3)
    with pytest.raises(StudyError, match="found 9 hours"):
        aggregate(np.zeros(9), segments)
    with pytest.raises(StudyError, match="unknown way 'sum'"):
        aggregate(np.zeros(10), segments, "sum")
