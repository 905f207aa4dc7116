"""Random processes of the typical years: persistent Gaussian noise and matched distributions.

A typical year is drawn in two steps. A Gaussian process carries the persistence, the ties between
variables and the cycles; a monotone map then gives it the stored distribution. The draw decides
*when* it is hot, calm or dear; how often and by how much is the statistics' matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]

_BURN_IN = 2000
_BLEND_HOURS = 72.0


def normal_scores(values: Array) -> Array:
    """Return the standard normal quantile of each value's rank; ties share their mean rank.

    Parameters
    ----------
    values : (n,) array
        Any quantity.

    Returns
    -------
    (n,) array
        Normal scores, mean 0 and nearly unit variance. [1]
    """
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean_rank = last - (counts - 1) / 2
    scores: Array = ndtri((mean_rank[inverse] - 0.5) / len(values))
    return scores


def _ar1(rng: np.random.Generator, time_scale: float, n: int) -> Array:
    phi = np.exp(-1.0 / time_scale)
    noise = rng.standard_normal(n + _BURN_IN) * np.sqrt(1.0 - phi**2)
    path: Array = lfilter([1.0], [1.0, -phi], noise)[_BURN_IN:]
    return path


@dataclass(frozen=True)
class Memory:
    """Persistence of a Gaussian process: two exponential memories, then a moving mean.

    Parameters
    ----------
    fast, slow : float
        e-folding times of the two parts. [h]
    weight_slow : float
        Share of the variance in the slow part, before the moving mean. [1]
    smoothing : int
        Width of the moving mean, odd. [h]
    """

    fast: float
    slow: float
    weight_slow: float
    smoothing: int = 1

    def noise(self, rng: np.random.Generator, n: int) -> Array:
        """Return `n` hours of Gaussian noise of this memory, mean 0 and variance 1 [1]."""
        total = n + self.smoothing - 1
        path = np.sqrt(1.0 - self.weight_slow) * _ar1(rng, self.fast, total)
        path += np.sqrt(self.weight_slow) * _ar1(rng, self.slow, total)
        path = np.convolve(path, np.full(self.smoothing, 1.0 / self.smoothing), mode="valid")
        variance = self.weight_slow * _smoothed(np.zeros(1), self.slow, self.smoothing)
        variance += (1.0 - self.weight_slow) * _smoothed(np.zeros(1), self.fast, self.smoothing)
        return path / np.sqrt(variance)

    def autocorrelation(self, lags: Array) -> Array:
        """Return the autocorrelation at lags in hours, shape as `lags` [1]."""
        zero = np.zeros(1)
        fast = _smoothed(lags, self.fast, self.smoothing)
        slow = _smoothed(lags, self.slow, self.smoothing)
        share = self.weight_slow
        variance = (1 - share) * _smoothed(zero, self.fast, self.smoothing)
        variance += share * _smoothed(zero, self.slow, self.smoothing)
        return ((1 - share) * fast + share * slow) / variance


def _smoothed(lags: Array, time_scale: float, width: int) -> Array:
    """Return the autocovariance of the moving mean of a unit AR(1) process, shape as `lags`."""
    shift = np.arange(1 - width, width)
    weight = (width - np.abs(shift)) / width**2
    decay = np.exp(-np.abs(np.asarray(lags)[:, None] + shift) / time_scale)
    covariance: Array = decay @ weight
    return covariance


def match_quantiles(
    values: Array, month: NDArray[np.int64], probabilities: Array, targets: Array
) -> Array:
    """Map values so that each month has the stated quantiles.

    The maps of two adjacent months are blended over three days either side of the border, so that
    the series does not jump there. Beyond the outermost quantiles the map is a constant shift.

    Parameters
    ----------
    values : (n,) array
        Series to map.
    month : (n,) array of int
        Month of each hour, 0 to 11.
    probabilities : (p,) array
        Levels of the quantiles. [1]
    targets : (12, p) array
        Quantiles wanted in each month, unit of the result.

    Returns
    -------
    (n,) array
        Mapped series, same order within each month.
    """
    maps = [
        (np.quantile(values[month == m], probabilities), targets[m]) for m in range(len(targets))
    ]

    def mapped(m: int, x: Array) -> Array:
        origin, target = maps[m]
        return np.interp(x, origin, target) + x - np.clip(x, origin[0], origin[-1])

    result = np.empty_like(values)
    for m in range(len(targets)):
        chosen = np.flatnonzero(month == m)
        result[chosen] = mapped(m, values[chosen])
        for neighbour, distance in (
            ((m - 1) % len(targets), chosen - chosen[0] + 0.5),
            ((m + 1) % len(targets), chosen[-1] - chosen + 0.5),
        ):
            weight = np.clip(0.5 - 0.5 * distance / _BLEND_HOURS, 0.0, None)
            other = mapped(neighbour, values[chosen])
            result[chosen] += weight * (other - mapped(m, values[chosen]))
    return result


def uniform_scores(values: Array, month: NDArray[np.int64]) -> Array:
    """Return the probability level of each value after standardising within its month.

    Parameters
    ----------
    values : (n,) array
        Gaussian series.
    month : (n,) array of int
        Month of each hour, 0 to 11.

    Returns
    -------
    (n,) array
        Levels inside (0, 1), evenly spread in every month. [1]
    """
    standardised = values.copy()
    for m in np.unique(month):
        part = values[month == m]
        standardised[month == m] = (part - part.mean()) / part.std()
    levels: Array = ndtr(standardised)
    return levels


def moving_mean(values: Array, hours: int) -> Array:
    """Return the centred moving mean of a year, taken as a cycle.

    Parameters
    ----------
    values : (n,) array
        Hourly series.
    hours : int
        Width of the window. [h]

    Returns
    -------
    (n,) array
        Smoothed series, same mean, same unit.
    """
    if hours <= 1:
        return values
    before = hours // 2
    extended = np.concatenate(
        [values[len(values) - before :], values, values[: hours - before - 1]]
    )
    total = np.cumsum(np.concatenate([[0.0], extended]))
    return (total[hours:] - total[:-hours]) / hours


_LAGS = np.array([1.0, 3.0, 6.0, 24.0, 48.0, 96.0])
_LAG_WEIGHTS = np.array([20.0, 3.0, 1.0, 1.0, 1.0, 0.5])
"""The first lag weighs most: its distance from 1 sets the ramps from hour to hour."""


def fit_memory(values: Array) -> Memory:
    """Fit a `Memory` to a series' autocorrelation at 1 to 96 hours.

    Parameters
    ----------
    values : (n,) array
        Hourly anomalies without cycles.

    Returns
    -------
    Memory
        Best on a grid, by weighted squares.
    """
    centred = values - values.mean()
    covariance = [centred[: len(centred) - k] @ centred[k:] / (len(centred) - k)
                  for k in (0, *_LAGS.astype(int))]  # fmt: skip
    observed = np.array(covariance[1:]) / covariance[0]
    shares = np.linspace(0.0, 1.0, 26)[:, None]
    best, smallest = Memory(1.0, 100.0, 0.0), np.inf
    at = np.concatenate([[0.0], _LAGS])
    for width in (1, 3, 5, 7, 9):
        slows = {slow: _smoothed(at, slow, width) for slow in np.geomspace(30.0, 300.0, 20)}
        for fast in np.geomspace(0.5, 24.0, 24):
            quick = _smoothed(at, fast, width)
            for slow, lasting in slows.items():
                mixed = (1.0 - shares) * quick + shares * lasting
                misfit = (mixed[:, 1:] / mixed[:, :1] - observed) ** 2 @ _LAG_WEIGHTS
                i = int(np.argmin(misfit))
                if misfit[i] < smallest:
                    smallest = float(misfit[i])
                    best = Memory(float(fast), float(slow), float(shares[i, 0]), width)
    return best
