"""Deferrable work: the bound that is its deadline, and a replay that proves it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import Fault, StudyError

FloatArray = npt.NDArray[np.float64]


def window_hours(deferral_h: float, where: str = "deferral_h") -> int:
    """Return a deferral window as whole hours; refuse parts of an hour."""
    if deferral_h < 0 or deferral_h != int(deferral_h):
        msg = f"found {deferral_h:g} h; a whole number of hours, 0 or more, is needed"
        raise StudyError(Fault(where, msg))
    return int(deferral_h)


def backlog_max(arrivals: FloatArray, deferral_h: float) -> FloatArray:
    r"""Return the most work that may wait at the end of each hour.

    Parameters
    ----------
    arrivals : array of shape (..., hours)
        Work arriving, mean over the hour [MW].
    deferral_h : float
        Deferral window :math:`W`, whole hours [h].

    Returns
    -------
    array of shape (..., hours)
        Work that arrived in the last :math:`W` hours [MWh]; zero at the end of the year.

    Notes
    -----
    .. math:: b_t \le \sum_{\tau = t - W + 1}^{t} A_\tau

    Served first in, first out, work that waits then arrived in the last :math:`W` hours, so work of
    hour :math:`a` is done by the end of hour :math:`a + W`. The year begins and ends with nothing
    waiting, so years stay apart and no work is lost.
    """
    window = window_hours(deferral_h)
    limit = np.zeros_like(arrivals, dtype=float)
    if window == 0:
        return limit
    arrived = np.cumsum(arrivals, axis=-1)
    limit[...] = arrived
    limit[..., window:] -= arrived[..., :-window]
    limit[..., -1] = 0.0
    return np.maximum(limit, 0.0)


@dataclass(frozen=True)
class Replay:
    """What became of the work of one class, served first in, first out."""

    delay_max_h: int
    """Longest wait of any work, from its hour of arrival to that of its service [h]."""
    delay_mean_h: float
    """Mean wait, weighted by work [h]."""
    late: float
    """Work served after its window [MWh]."""
    unserved: float
    """Work still waiting at the end [MWh]."""
    early: float
    """Service given when no work was there [MWh]."""


def served_first_in_first_out(
    arrivals: FloatArray, served: FloatArray, deferral_h: float, *, tolerance: float = 1e-6
) -> Replay:
    """Replay a year hour by hour as a queue, independent of any optimisation.

    Parameters
    ----------
    arrivals : array of shape (hours,)
        Work arriving, mean over the hour [MW].
    served : array of shape (hours,)
        Work served, or dropped, mean over the hour [MW].
    deferral_h : float
        Deferral window, whole hours [h].
    tolerance : float
        Parcels up to this size do not count for the longest wait [MWh].

    Returns
    -------
    Replay
    """
    window = window_hours(deferral_h)
    queue: deque[list[float]] = deque()
    longest, waited, late, early = 0, 0.0, 0.0, 0.0
    for hour, (arriving, capacity) in enumerate(zip(arrivals, served, strict=True)):
        if arriving > 0:
            queue.append([hour, float(arriving)])
        left = float(capacity)
        while left > 0 and queue:
            parcel = queue[0]
            done = min(left, parcel[1])
            delay = hour - int(parcel[0])
            waited += delay * done
            if done > tolerance:
                longest = max(longest, delay)
            if delay > window:
                late += done
            left -= done
            parcel[1] -= done
            if parcel[1] <= 0:
                queue.popleft()
        early += max(left, 0.0)
    total = float(np.sum(arrivals))
    return Replay(
        delay_max_h=longest,
        delay_mean_h=waited / total if total > 0 else 0.0,
        late=late,
        unserved=sum(amount for _, amount in queue),
        early=early,
    )
