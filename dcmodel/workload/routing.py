"""Which work may go where: streams of work, admissible sites, and who served what.

A *stream* is the work of one class from one region of users. It may be served at sites that it
reaches within its latency limit and whose jurisdiction it allows. Streams that the optimiser need
not tell apart (equal window, sites and prices) form one *group*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import Fault, StudyError
from dcmodel.workload.deferral import backlog_max

FloatArray = npt.NDArray[np.float64]

TOUCHED = 1e-9
"""Work below this is rounding [MWh]."""


@dataclass(frozen=True)
class Place:
    """What routing needs to know of a site."""

    name: str
    jurisdiction: str
    round_trip_ms: Mapping[str, float]
    """Round-trip time from each region of users [ms]."""


@dataclass(frozen=True, eq=False)
class Stream:
    """Work of one class from one region of users."""

    work: str
    """Name of the class."""
    region: str
    arrivals: FloatArray
    """Work arriving, mean over the hour [MW of dynamic IT power], shape (years, hours)."""
    window_h: float = 0.0
    """Deferral window; 0 is interactive [h]."""
    latency_ms: float | None = None
    """Longest round-trip time; None is no limit [ms]."""
    jurisdictions: tuple[str, ...] = ()
    """Legal areas that may hold the work; empty is any."""
    transfer_cost: Mapping[str, float] | None = None
    """Price of moving the data of the work to a site, by site [USD MWh-1]; None is none."""
    value: float = np.inf
    """What a unit of work that is never served costs; infinite: it must be served [USD MWh-1]."""

    survives: bool | None = None
    """Whether it must be served after the loss of a site too; None: if it is interactive."""

    @property
    def name(self) -> str:
        """``class@region``."""
        return f"{self.work}@{self.region}"

    @property
    def must_survive(self) -> bool:
        """Whether it must be served after the loss of a site too."""
        return self.window_h == 0 if self.survives is None else self.survives

    def reaches(self, place: Place) -> bool:
        """Whether a site lies within the latency limit."""
        return self.latency_ms is None or place.round_trip_ms[self.region] <= self.latency_ms

    def allows(self, place: Place) -> bool:
        """Whether the jurisdiction of a site is allowed."""
        return not self.jurisdictions or place.jurisdiction in self.jurisdictions


@dataclass(frozen=True, eq=False)
class Group:
    """Streams of equal window, sites and prices: one commodity of the routing."""

    name: str
    streams: tuple[Stream, ...]
    window_h: float
    sites: tuple[str, ...]
    """Sites that may serve the work, in the order of the places."""
    transfer_cost: FloatArray
    """Price of moving the data of the work to each of the sites [USD MWh-1], shape (sites,)."""
    value: float
    """What a unit of work that is never served costs; infinite: it must be served [USD MWh-1]."""
    arrivals: FloatArray
    """Work arriving, mean over the step [MW], shape (years, steps)."""
    backlog_max: FloatArray
    """Work that arrived within the window before the step's end [MWh], as `arrivals`."""
    stream_arrivals: FloatArray
    """Work of each stream [MW], shape (streams, years, steps)."""

    @property
    def interactive(self) -> bool:
        """Whether the work is served as it arrives."""
        return self.window_h == 0

    @property
    def must_survive(self) -> bool:
        """Whether the work must be served after the loss of a site too."""
        return self.streams[0].must_survive

    @property
    def must_be_served(self) -> bool:
        """Whether no price is put on dropping the work."""
        return not np.isfinite(self.value)


def admissible(stream: Stream, places: Sequence[Place]) -> tuple[str, ...]:
    """Return the sites that may serve a stream, in the order of the places."""
    return tuple(p.name for p in places if stream.reaches(p) and stream.allows(p))


def check_admissible(streams: Sequence[Stream], places: Sequence[Place]) -> None:
    """Refuse streams that no site may serve.

    Raises
    ------
    StudyError
        One fault per stream, naming the nearest site that its jurisdictions allow.
    """
    faults = [
        Fault(f"workloads.{stream.work}", _nowhere(stream, places))
        for stream in streams
        if not admissible(stream, places)
    ]
    if faults:
        raise StudyError(faults)


def _nowhere(stream: Stream, places: Sequence[Place]) -> str:
    """Return in words why no site may serve a stream, and what would do."""
    allowed = [place for place in places if stream.allows(place)]
    if not allowed:
        found = ", ".join(sorted({place.jurisdiction for place in places}))
        return (
            f"users in {stream.region}: no site lies in {', '.join(stream.jurisdictions)} (sites "
            f"are in {found}); allow one of these jurisdictions or add a site"
        )
    near = min(allowed, key=lambda place: place.round_trip_ms[stream.region])
    law = f" of the jurisdictions {', '.join(stream.jurisdictions)}" if stream.jurisdictions else ""
    time = near.round_trip_ms[stream.region]
    return (
        f"users in {stream.region}: no site{law} answers within latency_ms {stream.latency_ms:g}; "
        f"the nearest is {near.name} at {time:.1f} ms. Allow {np.ceil(time):g} ms, or add a site"
    )


def groups_of(streams: Sequence[Stream], places: Sequence[Place]) -> tuple[Group, ...]:
    """Merge streams that the optimiser need not tell apart.

    Parameters
    ----------
    streams : sequence of Stream
    places : sequence of Place

    Returns
    -------
    tuple of Group
        In the order in which their first streams stand.

    Raises
    ------
    StudyError
        When no site may serve a stream.

    Notes
    -----
    Work of one window is served first in, first out whatever its class, so merged streams keep
    their deadlines, and the merged optimum is that of the streams apart.
    """
    check_admissible(streams, places)
    alike: dict[tuple[object, ...], list[Stream]] = {}
    for stream in streams:
        sites = admissible(stream, places)
        prices = stream.transfer_cost or {}
        cost = tuple(float(prices.get(site, 0.0)) for site in sites)
        if stream.arrivals.any():
            key = (stream.window_h, sites, cost, stream.value, stream.must_survive)
            alike.setdefault(key, []).append(stream)
    return tuple(_group(tuple(members), places) for members in alike.values())


def _group(members: tuple[Stream, ...], places: Sequence[Place]) -> Group:
    first = members[0]
    sites = admissible(first, places)
    prices = first.transfer_cost or {}
    names = [stream.name for stream in members]
    return Group(
        name=names[0] if len(names) == 1 else f"{names[0]}+{len(names) - 1}",
        streams=members,
        window_h=first.window_h,
        sites=sites,
        transfer_cost=np.array([float(prices.get(site, 0.0)) for site in sites]),
        value=first.value,
        arrivals=np.asarray(sum(stream.arrivals for stream in members)),
        backlog_max=np.asarray(
            sum(backlog_max(stream.arrivals, stream.window_h) for stream in members)
        ),
        stream_arrivals=np.stack([stream.arrivals for stream in members]),
    )


def served_for(arrivals: FloatArray, served: FloatArray, duration: FloatArray) -> FloatArray:
    """Return whose work was served where, first in, first out.

    Parameters
    ----------
    arrivals : array of shape (streams, steps)
        Work of the streams of one group, mean over the step [MW].
    served : array of shape (sites, steps)
        Work of the group served, mean over the step [MW]; it sums to the arrivals.
    duration : array of shape (steps,)
        Length of the steps [h].

    Returns
    -------
    array of shape (streams, sites, steps)
        Work of each stream served at each site, mean over the step [MW].

    Notes
    -----
    Work is cut where an hour of arrival or an hour of service ends; each piece has one of both.
    What arrives in one step is served alike, whatever its stream, and what is served in one step
    goes to the sites alike.
    """
    total_in, total_out = arrivals.sum(axis=0) * duration, served.sum(axis=0) * duration
    arrived, done = np.cumsum(total_in), np.cumsum(total_out)
    done *= arrived[-1] / done[-1] if done[-1] > 0 else 0.0
    cuts = np.unique(np.concatenate([[0.0], arrived, done]))
    amount, middle = np.diff(cuts), 0.5 * (cuts[1:] + cuts[:-1])
    came, went = np.searchsorted(arrived, middle), np.searchsorted(done, middle)
    real = (amount > TOUCHED) & (came < len(duration)) & (went < len(duration))
    amount, came, went = amount[real], came[real], went[real]
    of_stream = arrivals[:, came] * duration[came] / total_in[came]
    found = np.zeros((len(arrivals), len(duration)))
    for row, share in zip(found, of_stream, strict=True):
        np.add.at(row, went, amount * share)
    at_site = np.divide(
        served * duration, total_out, out=np.zeros_like(served), where=total_out > 0
    )
    return np.asarray(found[:, None, :] * at_site[None, :, :] / duration)
