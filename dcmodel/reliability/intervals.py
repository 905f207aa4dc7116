"""Confidence intervals and nines."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

FloatArray = npt.NDArray[np.float64]

HOURS_PER_YEAR = 8760


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


def student(values: FloatArray, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval of a mean by Student's distribution.

    Parameters
    ----------
    values : array of shape (n,)
        Independent draws.
    confidence : float
        Probability that the interval covers the truth [1].
    """
    count = len(values)
    if count < 2:
        return -math.inf, math.inf
    half = float(stdtrit(count - 1, 0.5 + confidence / 2)) * float(values.std(ddof=1))
    mean = float(values.mean())
    return mean - half / math.sqrt(count), mean + half / math.sqrt(count)


def nines(availability: float) -> float:
    """Return the number of nines of an availability: 3 for 0.999, 3.3 for 0.9995."""
    return math.inf if availability >= 1 else -math.log10(1 - availability)


def availability_of(hours_lost: float) -> float:
    """Return the availability of a site that is lost for some hours of a year."""
    return 1.0 - hours_lost / HOURS_PER_YEAR
