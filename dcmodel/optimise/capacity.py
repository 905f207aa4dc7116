"""Capacity that a set of sites needs, in every hour and after the loss of any one site.

Work that reaches no site outside a set must fit into the set. The conditions are read off the
hourly arrivals once and hold on segments too, where means would hide the peaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import Fault, StudyError
from dcmodel.workload.routing import Group, Stream, admissible

if TYPE_CHECKING:
    from dcmodel.optimise.portfolio_case import PortfolioCase

FloatArray = npt.NDArray[np.float64]

INTERVALS_H = (*range(1, 25), 30, 36, 48, 72, 96, 120, 168, 336, 672)
"""Lengths of the intervals in which work must be done [h]."""
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class CapacityCut:
    """Sites into which some work must fit, and how much of it."""

    sites: tuple[str, ...]
    need: FloatArray
    """Work that must be served in an hour [MW], shape (years,)."""
    after_loss: npt.NDArray[np.bool_]
    """Whether the loss of a site sets the need, shape (years,)."""


def capacity_cuts(
    groups: Sequence[Group], sites: Sequence[str], duration: FloatArray, survive_site_loss: bool
) -> tuple[CapacityCut, ...]:
    """Return the capacity that sets of sites need.

    Parameters
    ----------
    groups : sequence of Group
        Groups whose work has a value may be dropped and need nothing.
    sites : sequence of str
        All sites, in order.
    duration : array of shape (steps,)
        Length of the steps [h].
    survive_site_loss : bool
        Whether interactive work must fit after the loss of any one site too.

    Returns
    -------
    tuple of CapacityCut
        One per set of sites.
    """
    needs: dict[frozenset[str], tuple[FloatArray, npt.NDArray[np.bool_]]] = {}
    bound = [group for group in groups if group.must_be_served]
    for left, inside in _inside(bound, [frozenset(g.sites) for g in bound]):
        _raise(needs, left, _need(inside, duration), after_loss=False)
    interactive = [group for group in bound if group.must_survive]
    for lost in sites if survive_site_loss else ():
        reach = [frozenset(group.sites) - {lost} for group in interactive]
        for left, inside in _inside(interactive, reach):
            peak = np.asarray(sum(group.arrivals for group in inside)).max(axis=-1)
            _raise(needs, left, peak, after_loss=True)
    ordered = {tuple(site for site in sites if site in left): v for left, v in needs.items()}
    return tuple(CapacityCut(key, *values) for key, values in ordered.items())


def _raise(
    needs: dict[frozenset[str], tuple[FloatArray, npt.NDArray[np.bool_]]],
    sites: frozenset[str],
    need: FloatArray,
    *,
    after_loss: bool,
) -> None:
    """Raise the need of a set of sites where it is larger."""
    before, cause = needs.get(sites, (np.zeros_like(need), np.zeros(need.shape, dtype=bool)))
    needs[sites] = (np.maximum(before, need), np.where(need > before, after_loss, cause))


def _inside(
    groups: Sequence[Group], reach: Sequence[frozenset[str]]
) -> Iterable[tuple[frozenset[str], list[Group]]]:
    """Yield every union of the groups' sites, with the groups that reach no site outside."""
    unions: set[frozenset[str]] = set()
    for one in set(reach):
        unions |= {one} | {one | other for other in unions}
    for union in sorted(unions, key=sorted):
        yield union, [g for g, sites in zip(groups, reach, strict=True) if sites <= union]


def _need(groups: Sequence[Group], duration: FloatArray) -> FloatArray:
    """Return the largest mean of work that must be done inside an interval [MW], shape (years,).

    Of a group with window ``W``, all that arrives until ``W`` hours before the interval's end. On
    segments only the peak of interactive work and the year as a whole are told.
    """
    hourly = bool(np.all(duration == 1.0))
    lengths = INTERVALS_H if hourly else (1,)
    hours = float(duration.sum())
    total = sum(group.arrivals @ duration for group in groups)
    most = np.asarray(total / hours)
    for length in lengths:
        due = [
            _moving_sum(group.arrivals, int(length - group.window_h))
            for group in groups
            if group.window_h < length <= len(duration)
        ]
        if due:
            # intervals that end after the year are left out
            begins = len(duration) - length + 1
            together = np.asarray(sum(one[..., :begins] for one in due))
            most = np.maximum(most, together.max(axis=-1) / length)
    return most


def _moving_sum(values: FloatArray, length: int) -> FloatArray:
    """Return sums over `length` steps from each step on, shape (..., steps - length + 1)."""
    total = np.cumsum(values, axis=-1)
    total = np.concatenate([np.zeros_like(total[..., :1]), total], axis=-1)
    return np.asarray(total[..., length:] - total[..., :-length])


def check_capacity(case: PortfolioCase) -> None:
    """Refuse work that the largest sizes cannot hold, or that a single site's loss would stop.

    Raises
    ------
    StudyError
        For interactive work that one site alone may serve, and for years in which the largest
        sizes cannot serve what must fit into them.
    """
    alone = [
        Fault(f"workloads.{stream.work}", _alone(stream, case))
        for group in case.groups
        if case.survive_site_loss and group.must_survive and len(group.sites) == 1
        for stream in group.streams
    ]
    if alone:
        raise StudyError(alone)
    most = {
        site.name: site.utilisation_max * np.maximum.accumulate(option.size_max)
        for site, option in zip(case.sites, case.options, strict=True)
    }
    faults = [
        Fault("portfolio", _too_little(case, cut, most, int(y)))
        for cut in case.capacity_cuts
        for y in np.flatnonzero(cut.need > sum(most[s] for s in cut.sites) * (1 + ROUNDING))
    ]
    if faults:
        raise StudyError(faults)


def _too_little(case: PortfolioCase, cut: CapacityCut, most: dict[str, FloatArray], y: int) -> str:
    """Return in words that work does not fit into its sites."""
    room = sum(float(most[site][y]) for site in cut.sites)
    why = " when another site is lost" if cut.after_loss[y] else ""
    return (
        f"{case.years[y]}: {cut.need[y]:.4g} MW of work must fit into {', '.join(cut.sites)}{why}, "
        f"which may serve {room:.4g} MW at their largest size; allow larger sizes, more sites, "
        "longer latencies, or state what dropped work costs (value_usd_per_mwh)"
    )


def _alone(stream: Stream, case: PortfolioCase) -> str:
    """Return in words that work has a single site, and which is the next."""
    [only] = admissible(stream, case.places)
    others = [place for place in case.places if place.name != only and stream.allows(place)]
    text = f"{stream.name} may be served at {only} alone, so it cannot survive the loss of {only}"
    if not others:
        return f"{text}; allow another jurisdiction or add a site"
    near = min(others, key=lambda place: place.round_trip_ms[stream.region])
    time = near.round_trip_ms[stream.region]
    return f"{text}; the next is {near.name} at {time:.1f} ms: allow latency_ms {np.ceil(time):g}"
