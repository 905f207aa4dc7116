"""The loss of any one site: which sizes are left for interactive work, and what cannot be borne."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import Fault, StudyError
from dcmodel.optimise.portfolio_case import PortfolioCase
from dcmodel.workload.routing import Stream, admissible

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LossCut:
    """Sites left for some interactive work after a loss, and the most of it in any hour."""

    sites: tuple[str, ...]
    need: FloatArray
    """Largest sum of the work [MW], shape (years,)."""


def loss_cuts(case: PortfolioCase) -> tuple[LossCut, ...]:
    """Return the conditions under which interactive work survives the loss of any one site."""
    groups = [group for group in case.groups if group.interactive]
    found: dict[tuple[str, ...], FloatArray] = {}
    for lost in [site.name for site in case.sites]:
        left = [frozenset(group.sites) - {lost} for group in groups]
        for union in _unions(left):
            inside = [g.arrivals for g, sites in zip(groups, left, strict=True) if sites <= union]
            need = np.asarray(sum(inside)).max(axis=-1)
            key = tuple(site.name for site in case.sites if site.name in union)
            found[key] = np.maximum(found.get(key, 0.0), need)
    return tuple(LossCut(key, need) for key, need in found.items())


def _unions(sets: list[frozenset[str]]) -> set[frozenset[str]]:
    """Return every union of some of the sets."""
    found: set[frozenset[str]] = set()
    for one in set(sets):
        found |= {one} | {one | other for other in found}
    return found


def check_survival(case: PortfolioCase) -> None:
    """Refuse a loss that no sizes can bear.

    Raises
    ------
    StudyError
        For work that a single site may serve, and for years in which the largest sizes of the
        sites left cannot serve what must fit into them.
    """
    alone = [
        Fault(f"workloads.{stream.work}", _alone(stream, case))
        for group in case.groups
        if group.interactive and len(group.sites) == 1
        for stream in group.streams
    ]
    if alone:
        raise StudyError(alone)
    most = {
        site.name: site.utilisation_max * np.maximum.accumulate(option.size_max)
        for site, option in zip(case.sites, case.options, strict=True)
    }
    faults = []
    for cut in loss_cuts(case):
        room = np.asarray(sum(most[name] for name in cut.sites))
        for y in np.flatnonzero(cut.need > room * (1 + 1e-9)):
            msg = (
                f"{case.years[y]}: {cut.need[y]:.4g} MW of interactive work must fit into the "
                f"sites left when one is lost; {', '.join(cut.sites)} may serve {room[y]:.4g} MW. "
                "Allow larger sizes, more sites or longer latencies"
            )
            faults.append(Fault("portfolio.survive_site_loss", msg))
    if faults:
        raise StudyError(faults)


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
