"""Availability expected of a backup, by the Markov chain: no draws, no scatter."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.reliability.chain import survival
from dcmodel.reliability.intervals import availability_of, nines
from dcmodel.reliability.outages import GridOutages, OutageCause
from dcmodel.reliability.system import BackupSystem

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_COVERED = 0.9999
"""Share of the outages whose length the chain covers; longer ones count as lost from there on."""
_LONGEST = 168
"""Longest outage that the chain follows [h]."""


@dataclass(frozen=True)
class Expectation:
    """What a year comes to in the mean."""

    hours_lost: dict[str, float]
    """Hours a year in which the site is down, restart included, by cause [h]."""
    outages_lost: dict[str, float]
    """Outages a year in which load is lost, by cause [yr-1]."""
    curves: dict[str, FloatArray]
    """Survival by length of 0, 1, 2 .. hours, by cause, weighted by when it strikes."""

    @property
    def hours(self) -> float:
        """Hours a year in which the site is down [h]."""
        return sum(self.hours_lost.values())

    @property
    def value(self) -> float:
        """Share of the time in which the site has power [1]."""
        return availability_of(self.hours)

    @property
    def nines(self) -> float:
        """Number of nines of the availability."""
        return nines(self.value)


def expected(
    system: BackupSystem,
    outages: GridOutages,
    *,
    restart: float = 0.0,
    levels: int = 8,
    starts: IntArray | None = None,
) -> Expectation:
    """Return the availability that a backup gives in the mean of all years.

    Parameters
    ----------
    system : BackupSystem
    outages : GridOutages
    restart : float
        Hours from the return of power until a site that was lost serves again [h].
    levels : int
        Levels by which the battery's energy is counted.
    starts : array of int, optional
        Hours of the year to begin outages in; every hour when left out.

    Returns
    -------
    Expectation
        An outage in which load is lost within an hour counts as lost for all of that hour.
    """
    hours, losses, curves = {}, {}, {}
    for cause in outages.causes:
        curve = _curve(system, cause, levels, starts)
        length = np.arange(len(curve), dtype=float)
        gone = 1.0 - curve[1:]
        away = np.append(np.diff(cause.duration.mean_until(length)), 0.0)
        away[-1] = cause.duration.mean - cause.duration.mean_until(length[-1])
        ends = np.append(-np.diff(cause.duration.longer(length)), 0.0)
        ends[-1] = cause.duration.longer(length[-1])
        gone = np.append(gone, 1.0)
        losses[cause.name] = cause.rate * float(gone @ ends)
        hours[cause.name] = cause.rate * float(gone @ away) + restart * losses[cause.name]
        curves[cause.name] = curve
    return Expectation(hours, losses, curves)


def _curve(
    system: BackupSystem, cause: OutageCause, levels: int, starts: IntArray | None
) -> FloatArray:
    """Return survival of outages of one cause by length, over hours weighted by their frequency."""
    outage = max(1, min(_LONGEST, math.ceil(cause.duration.quantile(_COVERED))))
    begin = np.arange(system.hours) if starts is None else starts
    share = cause.share(system.hours)[begin]
    begin, share = begin[share > 0], share[share > 0]
    share = share / share.sum()
    parts = [
        probability * (share @ survival(branch, outage, levels=levels, starts=begin).by_start)
        for probability, branch in cause.systems(system)
    ]
    return np.asarray(sum(parts, np.zeros(outage + 1)))
