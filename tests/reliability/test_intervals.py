import math

import numpy as np
import pytest
from scipy import stats

from dcmodel.reliability.intervals import availability_of, nines, student, wilson


@pytest.mark.parametrize(("successes", "trials"), [(0, 20), (3, 20), (20, 20), (970, 1000)])
def test_wilson_against_scipy(successes, trials):
    expected = stats.binomtest(successes, trials).proportion_ci(method="wilson")

    np.testing.assert_allclose(wilson(successes, trials), expected, atol=1e-12)


def test_student_against_scipy():
    values = np.random.default_rng(0).exponential(1.0, 40)
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.9)

    np.testing.assert_allclose(student(values, 0.9), expected, rtol=1e-12)


def test_nothing_is_known_from_no_trial():
    assert wilson(0, 0) == (0.0, 1.0)
    assert student(np.array([1.0])) == (-math.inf, math.inf)


def test_nines_of_the_hours_lost():
    """8.76 hours a year are three nines."""
    assert nines(availability_of(8.76)) == pytest.approx(3)
    assert nines(availability_of(0.0)) == math.inf
