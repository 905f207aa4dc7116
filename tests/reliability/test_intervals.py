import math

import numpy as np
import pytest
from scipy import stats

from dcmodel.reliability.intervals import availability_of, compound_poisson, nines, wilson


@pytest.mark.parametrize(("successes", "trials"), [(0, 20), (3, 20), (20, 20), (970, 1000)])
def test_wilson_against_scipy(successes, trials):
    expected = stats.binomtest(successes, trials).proportion_ci(method="wilson")

    np.testing.assert_allclose(wilson(successes, trials), expected, atol=1e-12)


@pytest.mark.parametrize("count", [1, 4, 50])
def test_equal_amounts_have_the_exact_interval_of_a_poisson_mean(count):
    """Garwood's interval, times the amount."""
    expected = 3.0 * stats.chi2.ppf([0.025, 0.975], [2 * count, 2 * count + 2]) / 2

    np.testing.assert_allclose(compound_poisson(np.full(count, 3.0), 9.0), expected, rtol=1e-9)


def test_many_amounts_have_the_interval_of_the_normal_law():
    """The variance of a compound Poisson sum is the number times the mean square."""
    amounts = np.random.default_rng(0).exponential(2.0, 200_000)
    half = stats.norm.ppf(0.975) * np.sqrt((amounts**2).sum())
    expected = amounts.sum() + np.array([-half, half])

    np.testing.assert_allclose(compound_poisson(amounts, 9.0), expected, rtol=2e-4)


@pytest.mark.parametrize(("number", "least"), [(10, 0.92), (30, 0.94), (300, 0.94)])
def test_the_interval_covers_the_truth_as_often_as_asked(number, least):
    """Amounts by the exponential law: of few the longest are yet to come, so ten cover less."""
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(2000):
        low, high = compound_poisson(rng.exponential(1.0, rng.poisson(number)), 3.0)
        covered += low <= number <= high

    assert covered / 2000 >= least


def test_no_trial_tells_nothing_and_no_outage_costs_nothing():
    assert wilson(0, 0) == (0.0, 1.0)
    assert compound_poisson(np.zeros(0), 0.0) == (0.0, 0.0)


def test_nines_of_the_hours_lost():
    """8.76 hours a year are three nines."""
    assert nines(availability_of(8.76)) == pytest.approx(3)
    assert nines(availability_of(0.0)) == math.inf
