import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmodel.base.errors import StudyError
from dcmodel.workload.deferral import backlog_max, served_first_in_first_out, window_hours

HOURS = 60


def test_bound_by_hand():
    arrivals = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert backlog_max(arrivals, 0).tolist() == [0, 0, 0, 0, 0]
    assert backlog_max(arrivals, 1).tolist() == [1, 2, 3, 4, 0]
    assert backlog_max(arrivals, 2).tolist() == [1, 3, 5, 7, 0]
    assert backlog_max(arrivals, 100).tolist() == [1, 3, 6, 10, 0]


def test_bound_keeps_classes_and_years_apart():
    arrivals = np.arange(24.0).reshape(2, 3, 4)
    limit = backlog_max(arrivals, 2)
    for k in range(2):
        for y in range(3):
            assert limit[k, y] == pytest.approx(backlog_max(arrivals[k, y], 2))


@pytest.mark.parametrize("deferral_h", [-1, 0.5, 23.9])
def test_windows_are_whole_hours(deferral_h):
    with pytest.raises(StudyError, match="a whole number of hours"):
        window_hours(deferral_h)


def test_replay_by_hand():
    arrivals = np.array([4.0, 0.0, 2.0, 0.0])
    served = np.array([1.0, 1.0, 3.0, 1.0])
    replay = served_first_in_first_out(arrivals, served, 1)
    # hour 0: 1 at once, 1 after 1 h, 2 after 2 h (late); hour 2: 1 at once, 1 after 1 h
    assert replay.delay_max_h == 2
    assert replay.delay_mean_h == pytest.approx((1 * 1 + 2 * 2 + 1 * 1) / 6)
    assert (replay.late, replay.unserved, replay.early) == (2.0, 0.0, 0.0)


def test_replay_shows_unserved_and_early_service():
    replay = served_first_in_first_out(np.array([0.0, 5.0]), np.array([2.0, 1.0]), 24)
    assert (replay.unserved, replay.early) == (4.0, 2.0)


def test_serving_on_arrival_never_waits():
    arrivals = np.linspace(1, 2, 50)
    replay = served_first_in_first_out(arrivals, arrivals, 0)
    assert (replay.delay_max_h, replay.delay_mean_h, replay.late, replay.unserved) == (0, 0, 0, 0)


def series(low, high):
    return st.lists(st.floats(low, high), min_size=HOURS, max_size=HOURS).map(np.array)


@settings(max_examples=60, deadline=None)
@given(arrivals=series(0, 10), urge=series(0, 1), window=st.integers(0, 30))
def test_any_backlog_within_the_bound_keeps_its_deadline(arrivals, urge, window):
    limit = backlog_max(arrivals, window)
    backlog, served = np.zeros(HOURS), np.zeros(HOURS)
    before = 0.0
    for t in range(HOURS):
        backlog[t] = urge[t] * min(limit[t], before + arrivals[t])
        served[t] = before + arrivals[t] - backlog[t]
        before = backlog[t]
    replay = served_first_in_first_out(arrivals, served, window)
    assert replay.late == pytest.approx(0.0, abs=1e-9)
    assert replay.unserved == pytest.approx(0.0, abs=1e-9)
    assert replay.early == pytest.approx(0.0, abs=1e-9)
    assert replay.delay_max_h <= window
    # Little's law: work times wait is the backlog summed over the hours
    waited = replay.delay_mean_h * arrivals.sum()
    assert waited == pytest.approx(backlog.sum(), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(arrivals=series(0.1, 10), window=st.integers(0, 20))
def test_the_bound_is_tight(arrivals, window):
    """Waiting the whole window fills the bound; one hour more breaks it and the deadline."""
    for delay in (window, window + 1):
        work = np.concatenate([arrivals[: HOURS - delay], np.zeros(delay)])
        served = np.roll(work, delay)
        backlog = np.cumsum(work - served)
        replay = served_first_in_first_out(work, served, window)
        excess = (backlog - backlog_max(work, window)).max()
        if delay == window:
            assert excess == pytest.approx(0.0, abs=1e-9)
            assert (replay.delay_max_h, replay.late) == (window, 0.0)
        else:
            assert excess > 0.05
            assert replay.late == pytest.approx(work.sum())
