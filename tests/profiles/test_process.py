"""Random processes: closed forms of their autocorrelation and distribution."""

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from dcmodel.profiles.process import (
    Memory,
    fit_memory,
    match_quantiles,
    moving_mean,
    normal_scores,
    uniform_scores,
)

MONTH = np.repeat(np.arange(12), 730)


def correlation(values, lag):
    return np.corrcoef(values[:-lag], values[lag:])[0, 1]


def test_normal_scores_are_quantiles_of_mean_ranks():
    values = np.array([3.0, 1.0, 3.0, 7.0, 2.0])
    expected = norm.ppf((rankdata(values) - 0.5) / 5)
    np.testing.assert_allclose(normal_scores(values), expected)


def test_noise_without_smoothing_decays_as_two_exponentials():
    memory = Memory(fast=4, slow=80, weight_slow=0.3)
    lags = np.array([1.0, 6.0, 24.0])
    expected = 0.7 * np.exp(-lags / 4) + 0.3 * np.exp(-lags / 80)
    np.testing.assert_allclose(memory.autocorrelation(lags), expected)


@pytest.mark.parametrize("smoothing", [1, 5])
def test_drawn_noise_has_the_stated_variance_and_autocorrelation(smoothing):
    memory = Memory(3, 50, 0.4, smoothing)
    noise = memory.noise(np.random.default_rng(1), 400_000)
    assert noise.std() == pytest.approx(1, abs=0.02)
    for lag in (1, 5, 24):
        expected = memory.autocorrelation(np.array([lag]))[0]
        assert correlation(noise, lag) == pytest.approx(expected, abs=0.02)


def test_fit_finds_a_process_of_the_same_autocorrelation():
    true = Memory(3, 100, 0.5, 5)
    found = fit_memory(true.noise(np.random.default_rng(2), 200_000))
    lags = np.array([1.0, 3.0, 6.0, 24.0, 48.0])
    np.testing.assert_allclose(found.autocorrelation(lags), true.autocorrelation(lags), atol=0.02)


def test_matched_quantiles_in_every_month():
    levels = np.array([0, 0.1, 0.5, 0.9, 1])
    targets = np.sort(np.random.default_rng(3).normal(10, 5, (12, 5)), axis=1)
    values = np.random.default_rng(4).normal(size=8760)
    matched = match_quantiles(values, MONTH, levels, targets)
    middle = np.tile(np.abs(np.arange(730) - 365) < 290, 12)
    for m in range(12):
        rows = (m == MONTH) & middle
        order = np.argsort(values[rows])
        assert (np.diff(matched[rows][order]) >= 0).all()
        assert np.quantile(matched[rows], 0.5) == pytest.approx(targets[m, 2], abs=0.6)


def test_matched_series_does_not_jump_between_months():
    targets = np.array([[0.0, 10.0] if m % 2 else [20.0, 30.0] for m in range(12)])
    values = np.tile(np.linspace(0, 1, 73), 120)
    matched = match_quantiles(values, MONTH, np.array([0.0, 1.0]), targets)
    constant = np.full(8760, 0.5)
    constant[::73] = 0.0
    constant[72::73] = 1.0
    border = match_quantiles(constant, MONTH, np.array([0.0, 1.0]), targets)[700:760]
    steps = np.abs(np.diff(border[(constant[700:760] == 0.5)]))
    assert matched.min() >= 0
    assert matched.max() <= 30
    assert steps.max() < 1.0


def test_uniform_scores_are_even_in_every_month():
    noise = Memory(5, 200, 0.8).noise(np.random.default_rng(5), 8760)
    levels = uniform_scores(noise, MONTH)
    means = [levels[m == MONTH].mean() for m in range(12)]
    np.testing.assert_allclose(means, 0.5, atol=0.03)


@pytest.mark.parametrize("hours", [1, 2, 5, 12])
def test_moving_mean_keeps_the_mean_and_is_a_mean(hours):
    values = np.random.default_rng(6).normal(size=240)
    smooth = moving_mean(values, hours)
    assert smooth.mean() == pytest.approx(values.mean())
    before = hours // 2
    assert smooth[100] == pytest.approx(values[100 - before : 100 - before + hours].mean())
