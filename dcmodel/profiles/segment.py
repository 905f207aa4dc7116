"""Chronological segments: adjacent hours merged where they differ least.

Ward's method on a line: each merge joins the two neighbours whose union adds least to the squared
distance of the hours from their segment's mean. Order and duration of the hours are kept, so
storage and deadlines still make sense on segments.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.timeindex import model_hours
from dcmodel.base.units import HOURS_PER_YEAR, MONTHS_PER_YEAR
from dcmodel.profiles.process import Array

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Segments:
    """Runs of adjacent hours.

    Parameters
    ----------
    start : (N,) array of int
        First hour of each segment.
    duration : (N,) array of int
        Hours in each segment; they sum to the hours of the year. [h]
    """

    start: IntArray
    duration: IntArray

    def __len__(self) -> int:
        return len(self.start)

    @property
    def label(self) -> IntArray:
        """Segment of each hour, shape (T,)."""
        return np.repeat(np.arange(len(self)), self.duration)

    def expand(self, array: npt.ArrayLike) -> Array:
        """Return values by segment as values by hour: (..., N) to (..., T)."""
        return np.asarray(array)[..., self.label]


def month_starts(calendar_year: int) -> IntArray:
    """Return the first hour of each month of a model year, shape (12,)."""
    month = np.asarray(model_hours(calendar_year).month)
    return np.flatnonzero(np.diff(month, prepend=0))


def segment_hours(
    features: npt.ArrayLike,
    n: int,
    boundaries: npt.ArrayLike | None = None,
    longest: float = np.inf,
) -> Segments:
    """Merge adjacent hours into segments.

    Parameters
    ----------
    features : (F, T) or (T,) array
        Hourly series that the segments should follow. Each is scaled to unit variance; repeat one
        to give it weight.
    n : int
        Number of segments.
    boundaries : (B,) array of int, optional
        Hours at which a segment must begin, for example `month_starts`.
    longest : float
        Hours that no segment exceeds, where `n` segments can be so short (`enough_segments` always
        can). [h]

    Returns
    -------
    Segments

    Raises
    ------
    StudyError
        `n` below the number of parts that the boundaries make, or above the number of hours.
    """
    table = np.atleast_2d(np.asarray(features, dtype=float))
    hours = table.shape[1]
    fixed = np.unique(np.append(0, [] if boundaries is None else boundaries)).astype(np.int64)
    fixed = fixed[(fixed >= 0) & (fixed < hours)]
    if not len(fixed) <= n <= hours:
        msg = f"found {n} segments; allowed are {len(fixed)} to {hours}"
        raise StudyError(Fault("resolution.segments", msg))
    if not np.isfinite(table).all():
        raise StudyError(Fault("resolution.segments", "a series to segment by holds no number"))
    spread = table.std(axis=1, keepdims=True)
    varying = spread[:, 0] > 1e-12 * np.maximum(np.abs(table).max(axis=1), 1e-300)
    scaled = (table[varying] - table[varying].mean(axis=1, keepdims=True)) / spread[varying]
    may_merge = np.ones(hours, dtype=bool)
    may_merge[fixed] = False
    points = np.ascontiguousarray(scaled.T)
    kept = _merge(points, may_merge, hours - n, longest)
    if kept.sum() > n:
        kept = _merge(points, may_merge, hours - n, np.inf)
    start = np.flatnonzero(kept)
    return Segments(start, np.diff(np.append(start, hours)))


def enough_segments(longest: float) -> int:
    """Return how many segments a year can always be so short.

    Neighbours that may not be joined are together longer than `longest`, so that at most two
    segments lie in each span of it, and one more in each month.

    Parameters
    ----------
    longest : float
        Hours that no segment may exceed [h].
    """
    return int(np.ceil(2 * HOURS_PER_YEAR / longest)) + MONTHS_PER_YEAR


def _merge(
    points: Array, may_merge: npt.NDArray[np.bool_], merges: int, longest: float
) -> npt.NDArray[np.bool_]:
    """Join neighbours `merges` times; return which hours still begin a segment.

    Fewer are joined where every further segment would be longer than `longest`.

    The heap holds the cost of joining segment `i` to the one before it. Costs that a merge has made
    stale stay in the heap and are recognised by their version.
    """
    hours = len(points)
    total = points.copy()
    count = [1] * hours
    before = list(range(-1, hours - 1))
    after = list(range(1, hours + 1))
    version = [0] * hours
    kept = np.ones(hours, dtype=bool)
    first = 0.5 * ((points[1:] - points[:-1]) ** 2).sum(axis=1)
    heap = [(cost, i, 0) for i, cost in enumerate(first.tolist(), start=1) if may_merge[i]]
    heapq.heapify(heap)

    def push(i: int) -> None:
        version[i] += 1
        if may_merge[i]:
            j = before[i]
            gap = total[j] / count[j] - total[i] / count[i]
            cost = count[i] * count[j] / (count[i] + count[j]) * float(gap @ gap)
            heapq.heappush(heap, (cost, i, version[i]))

    while merges > 0 and heap:
        _, i, seen = heapq.heappop(heap)
        j, following = before[i], after[i]
        if seen != version[i] or count[i] + count[j] > longest:
            continue
        total[j] += total[i]
        count[j] += count[i]
        after[j] = following
        version[i] = -1
        kept[i] = False
        if following < hours:
            before[following] = j
            push(following)
        if before[j] >= 0:
            push(j)
        merges -= 1
    return kept


def aggregate(
    array: npt.ArrayLike, segments: Segments, how: Literal["mean", "last", "max"] = "mean"
) -> Array:
    """Bring hourly values to segments.

    Parameters
    ----------
    array : (..., T) array
        Hourly values.
    segments : Segments
        Segments of the same hours.
    how : {"mean", "last", "max"}
        ``mean`` keeps totals: ``sum(duration * result)`` equals the sum over the hours.

    Returns
    -------
    (..., N) array
        Values by segment, unit of `array`.
    """
    values = np.asarray(array, dtype=float)
    hours = int(segments.duration.sum())
    if values.shape[-1] != hours:
        msg = f"found {values.shape[-1]} hours in the last dimension; the segments cover {hours}"
        raise StudyError(Fault("resolution.segments", msg))
    if how == "mean":
        totals = np.add.reduceat(values, segments.start, axis=-1)
        means: Array = totals / segments.duration
        return means
    if how == "last":
        return values[..., segments.start + segments.duration - 1]
    if how == "max":
        highest: Array = np.maximum.reduceat(values, segments.start, axis=-1)
        return highest
    msg = f"unknown way '{how}' to aggregate (allowed: mean, last, max)"
    raise StudyError(Fault("resolution.segments", msg))
