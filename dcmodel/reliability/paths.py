"""Availability of parts in series, in parallel and k of n: distribution paths and whole sites."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import binom


def steady(mean_time_to_failure: float, mean_time_to_repair: float) -> float:
    """Return the share of time that a part which fails and is repaired is available [1]."""
    if math.isinf(mean_time_to_failure):
        return 1.0
    return mean_time_to_failure / (mean_time_to_failure + mean_time_to_repair)


def series(parts: Sequence[float]) -> float:
    """Return the availability of independent parts that are all needed."""
    return math.prod(parts)


def parallel(parts: Sequence[float]) -> float:
    """Return the availability of independent parts of which any one is enough."""
    return 1.0 - math.prod(1.0 - part for part in parts)


def k_of_n(needed: int, units: int, part: float) -> float:
    """Return the availability of like, independent parts of which `needed` are enough."""
    return float(binom.sf(needed - 1, units, part)) if needed > 0 else 1.0


def k_of(needed: int, parts: Sequence[float]) -> float:
    """Return the availability of independent, unlike parts of which `needed` are enough."""
    count = np.array([1.0])
    for part in parts:
        count = np.convolve(count, [1.0 - part, part])
    return float(count[needed:].sum())
