"""Hours in which the grid calls on a load: the dearest, in events, within an allowance."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def called(
    price: FloatArray,
    duration: FloatArray,
    month: npt.NDArray[np.int64],
    *,
    hours: float,
    event_h: float = 1.0,
    months: Iterable[int] | None = None,
) -> FloatArray:
    """Return the share of each step in which the grid calls.

    A grid calls when power is scarce, for which the wholesale price stands. Events of `event_h`
    hours follow one another from the dearest on and do not overlap, until the hours of the year are
    used up; the last may be shorter. On segments an event is a run of whole steps.

    Parameters
    ----------
    price : array of shape (years, steps)
        Wholesale price [USD MWh-1].
    duration : array of shape (steps,)
        Hours of each step [h].
    month : array of shape (steps,)
        Month of each step, 0 to 11.
    hours : float
        Hours of a year in which the grid may call [h].
    event_h : float
        Length of an event [h].
    months : iterable of int, optional
        Months of the season, 1 to 12; all when left out.

    Returns
    -------
    array of shape (years, steps)
        1 where called, 0 where not, between in a step that is called in part.
    """
    season = np.isin(month, [m - 1 for m in months]) if months is not None else month >= 0
    return np.stack([_of_year(row, duration, season, hours, event_h) for row in price])


def _of_year(
    price: FloatArray,
    duration: FloatArray,
    season: npt.NDArray[np.bool_],
    hours: float,
    event_h: float,
) -> FloatArray:
    share = np.zeros(len(price))
    end = np.concatenate([[0.0], np.cumsum(duration)])
    # an event begins with a step and ends with the step in which it is full
    last = np.minimum(np.searchsorted(end, end[:-1] + event_h - 1e-9), len(price))
    energy = np.concatenate([[0.0], np.cumsum(price * duration)])
    mean = (energy[last] - energy[:-1]) / (end[last] - end[:-1])
    left = hours
    for begin in np.argsort(-mean, kind="stable"):
        if left <= 0:
            break
        steps = slice(begin, last[begin])
        if not season[steps].all() or share[steps].any():
            continue
        for t in range(begin, last[begin]):
            share[t] = min(1.0, left / duration[t])
            left -= share[t] * duration[t]
            if left <= 1e-9:
                break
    return share
