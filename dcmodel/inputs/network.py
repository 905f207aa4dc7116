"""Networks between users and sites: round-trip times and the price of moving data."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.registry import nearest
from dcmodel.inputs.assumptions import Technology, parameters_of
from dcmodel.inputs.library import number, read_table, source_faults
from dcmodel.inputs.sites import Site, load_site

EARTH_RADIUS_KM = 6371.0
"""Mean radius of the Earth [km]."""

_CENTRES = ("region", "city", "latitude", "longitude", "source", "provenance")
_REGIONS = ("region", "name", "time_zone", "jurisdiction", "source", "provenance")
_LATENCIES = ("region", "site", "round_trip", "low", "high", "source", "provenance", "note")


@dataclass(frozen=True)
class UserRegion:
    """A region of users: where they are, and whose law holds."""

    name: str
    latitude: float
    longitude: float
    jurisdiction: str


def network_parameters(currency_year: int) -> Technology:
    """Return routes, speeds and prices of networks with their sources."""
    return parameters_of(data_dir() / "network.csv", "network", currency_year)


def user_region(name: str) -> UserRegion:
    """Return a region of users.

    Raises
    ------
    StudyError
        When the library has no such region, or does not know where its users are.
    """
    rows = read_table(data_dir() / "user_centres.csv", _CENTRES)
    faults: list[Fault] = []
    found = {}
    for row in rows:
        faults += source_faults(row)
        found[row["region"]] = number(row, "latitude", faults), number(row, "longitude", faults)
    if faults:
        raise DataError(faults)
    if name not in found:
        known = sorted(found)
        msg = f"unknown region of users '{name}'{nearest(name, known)} (known: {', '.join(known)})"
        raise StudyError(msg)
    law = {
        row["region"]: row["jurisdiction"]
        for row in read_table(data_dir() / "regions.csv", _REGIONS)
    }
    return UserRegion(name, *found[name], law[name])


def great_circle_km(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> float:
    """Return the distance of two points on the sphere [km]."""
    a, b = radians(latitude), radians(other_latitude)
    half = sin((b - a) / 2) ** 2
    half += cos(a) * cos(b) * sin(radians(other_longitude - longitude) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(half))


def round_trip_ms(region: UserRegion, site: Site, parameters: Technology) -> float:
    """Return the round-trip time between a region of users and a site [ms].

    The library's own figure where ``data/latency.csv`` has one; else the great circle times the
    route factor, there and back at the speed of light in fibre, and the time of access.
    """
    stated = stated_round_trips().get((region.name, site.key))
    if stated is not None and _unmoved(site):
        return stated
    distance = great_circle_km(region.latitude, region.longitude, site.latitude, site.longitude)
    one_way = distance * parameters.value("route_factor") / parameters.value("fibre_speed")
    return 2 * one_way + parameters.value("access_time")


def _unmoved(site: Site) -> bool:
    """Whether a site stands where the library says; a study may have moved it."""
    own = load_site(site.key)
    return (own.latitude, own.longitude) == (site.latitude, site.longitude)


def stated_round_trips() -> dict[tuple[str, str], float]:
    """Return the library's round-trip times by region and site [ms]."""
    faults: list[Fault] = []
    found = {}
    for row in read_table(data_dir() / "latency.csv", _LATENCIES):
        faults += source_faults(row)
        found[row["region"], row["site"]] = number(row, "round_trip", faults)
    if faults:
        raise DataError(faults)
    return found


def transfer_price(region: UserRegion, site: Site, parameters: Technology) -> float:
    """Return the price of moving data between a region and a site [USD GB-1]."""
    inside = region.jurisdiction == site.jurisdiction
    return parameters.value("price_inside" if inside else "price_across")
