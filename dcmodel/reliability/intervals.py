"""Confidence intervals and nines."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, ndtri

from dcmodel.base.units import HOURS_PER_YEAR

FloatArray = npt.NDArray[np.float64]


def wilson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    r"""Return the score interval of a probability.

    Parameters
    ----------
    successes, trials : int
        Counts.
    confidence : float
        Probability that the interval covers the truth [1].

    Notes
    -----
    With :math:`\hat p = s / n` and the normal quantile :math:`z` (Wilson, 1927),

    .. math::
       \frac{\hat p + z^2 / 2n \pm z \sqrt{\hat p (1 - \hat p) / n + z^2 / 4n^2}}{1 + z^2 / n}
    """
    if trials == 0:
        return 0.0, 1.0
    z = float(ndtri(0.5 + confidence / 2))
    share = successes / trials
    middle = share + z * z / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def compound_poisson(
    amounts: FloatArray, largest: float, confidence: float = 0.95
) -> tuple[float, float]:
    r"""Return the interval of the expected sum of a Poisson number of random amounts.

    Parameters
    ----------
    amounts : array of shape (n,)
        The amounts that came, above zero.
    largest : float
        An amount that could have come, for when none came.
    confidence : float
        Probability that the interval covers the truth [1].

    Notes
    -----
    The gamma interval of a weighted sum of Poisson counts (Fay and Feuer, Statistics in Medicine,
    1997). With :math:`y = \sum w`, :math:`v = \sum w^2`, the largest amount :math:`m` and the
    quantile :math:`\chi^2_k(p)` of :math:`k` degrees of freedom,

    .. math::
       \left[\frac{v}{2 y} \chi^2_{2 y^2 / v}(\alpha / 2),\;
       \frac{v + m^2}{2 (y + m)} \chi^2_{2 (y + m)^2 / (v + m^2)}(1 - \alpha / 2)\right]

    exact for equal amounts. Of few amounts that differ much it covers less than asked, as what is
    longer than all that came cannot be known.
    """
    tail = (1.0 - confidence) / 2.0
    total, squares = float(amounts.sum()), float((amounts**2).sum())
    low = _gamma_quantile(total, squares, tail) if total > 0 else 0.0
    largest = float(amounts.max()) if total > 0 else largest
    return low, _gamma_quantile(total + largest, squares + largest**2, 1.0 - tail)


def _gamma_quantile(mean: float, variance: float, probability: float) -> float:
    if variance <= 0:
        return mean
    return variance / mean * float(gammaincinv(mean**2 / variance, probability))


def nines(availability: float) -> float:
    """Return the number of nines of an availability: 3 for 0.999, 3.3 for 0.9995."""
    return math.inf if availability >= 1 else -math.log10(1 - availability)


def availability_of(hours_lost: float) -> float:
    """Return the availability of a site that is lost for some hours of a year."""
    return 1.0 - hours_lost / HOURS_PER_YEAR
