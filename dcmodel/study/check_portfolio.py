"""What a portfolio means: users in known regions, archetypes, and a site for every class."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from dcmodel.base.errors import DcmodelError, StudyError
from dcmodel.base.registry import nearest
from dcmodel.base.units import MONTHS_PER_YEAR
from dcmodel.inputs.archetypes import archetype_names
from dcmodel.inputs.network import UserRegion, network_parameters, round_trip_ms, user_region
from dcmodel.study import library
from dcmodel.study.findings import Finding, Loc
from dcmodel.study.parts import Parts
from dcmodel.study.spec import Segments, StudySpec
from dcmodel.study.work import Workload
from dcmodel.workload.routing import Place, Stream, check_admissible

_SEASONS = (1, 7)
"""Months by whose offsets clocks are told apart."""


def portfolio_findings(parts: Parts, folder: Path) -> Iterator[Finding]:
    """Yield what is wrong with a study in ``mode: portfolio``, and what only has a place there."""
    yield from _archetypes(parts)
    if parts.get("mode") != "portfolio":
        for name, work in parts.get("workloads", {}).items():
            if work.regions is not None:
                advice = "belongs to 'mode: portfolio'; for sites one by one give one 'region'"
                yield Finding(("workloads", name, "regions"), advice)
        return
    for entry in parts.get("sites", ()):
        if entry.it_capacity_mw is not None:
            advice = "is decided in a portfolio; limit it by 'placement: {it_max_mw: ...}'"
            yield Finding(("sites", entry.label, "it_capacity_mw"), advice)
    yield from _segments(parts)
    users: dict[str, UserRegion] = {}
    found = list(_regions(parts, users))
    yield from found
    if not found:
        yield from _admissible(parts, users)


def regions_of(work: Workload) -> dict[str, float]:
    """Return the shares of a class's users by region [1]; empty where none is stated."""
    if work.regions is not None:
        return dict(work.regions)
    return {} if work.region is None else {work.region: 1.0}


def _archetypes(parts: Parts) -> Iterator[Finding]:
    named: list[tuple[Loc, str | None]] = []
    if "portfolio" in parts:
        named.append((("portfolio", "archetype"), parts["portfolio"].archetype))
    for entry in parts.get("sites", ()):
        loc: Loc = ("sites", entry.label, "placement", "archetype")
        named.append((loc, entry.placement.archetype))
    known = archetype_names()
    for loc, name in named:
        if name is not None and name not in known:
            listed = f"{nearest(name, known)} (known: {', '.join(known)})"
            yield Finding(loc, f"unknown archetype '{name}'{listed}")


def _segments(parts: Parts) -> Iterator[Finding]:
    """Yield fewer segments than the months of all sites have beginnings."""
    resolution = parts.get("resolution")
    if not isinstance(resolution, Segments):
        return
    clocks = set()
    for entry in parts.get("sites", ()):
        try:
            zone = ZoneInfo(library.resolve_site(entry).time_zone)
        except (DcmodelError, ValueError):
            return  # told where sites are checked
        clocks.add(tuple(datetime(2025, month, 1, tzinfo=zone).utcoffset() for month in _SEASONS))
    least = MONTHS_PER_YEAR * len(clocks) + 1
    if resolution.segments < least:
        advice = (
            f"found {resolution.segments}; sites on {len(clocks)} clocks need {least} or more, for "
            "every month of each begins a segment"
        )
        yield Finding(("resolution", "segments"), advice)


def _regions(parts: Parts, users: dict[str, UserRegion]) -> Iterator[Finding]:
    """Yield classes without users or with unknown ones; fill in the regions that are known."""
    for name, work in parts.get("workloads", {}).items():
        shares = regions_of(work)
        if not shares:
            advice = "a portfolio needs to know where the users are; give 'regions: {us_east: 0.6}'"
            yield Finding(("workloads", name), advice)
        for region in shares:
            try:
                users[region] = user_region(region)
            except StudyError as error:
                key = "region" if work.regions is None else "regions"
                yield Finding(("workloads", name, key), str(error))


def _admissible(parts: Parts, users: dict[str, UserRegion]) -> Iterator[Finding]:
    """Yield classes that no site may serve."""
    network = network_parameters(StudySpec.model_fields["currency_year"].default)  # no money here
    places = []
    for entry in parts.get("sites", ()):
        try:
            site = library.resolve_site(entry)
        except (DcmodelError, ValueError):
            return  # told where sites are checked
        times = {name: round_trip_ms(user, site, network) for name, user in users.items()}
        places.append(Place(entry.label, site.jurisdiction, times))
    streams = [
        Stream(
            name,
            region,
            np.zeros(0),
            latency_ms=work.latency_ms,
            jurisdictions=work.jurisdictions,
        )
        for name, work in parts.get("workloads", {}).items()
        for region in regions_of(work)
    ]
    if not places:
        return
    try:
        check_admissible(streams, places)
    except StudyError as error:
        for fault in error.faults:
            yield Finding(("workloads", fault.where.partition(".")[2]), fault.message)
