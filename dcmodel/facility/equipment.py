"""What stands in the racks: density, liquid share, server fans, and what can cool it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.facility.psychrometrics import Array

# Rack densities between which the liquid share is interpolated [kW], and their rows.
_KNOTS = (
    (20.0, "liquid_share_20kw"),
    (40.0, "liquid_share_40kw"),
    (80.0, "liquid_share_40kw"),
    (100.0, "liquid_share_100kw"),
    (150.0, "liquid_share_100kw"),
    (180.0, "liquid_share_180kw"),
)
_REACH = {
    "direct_expansion": "reach_room_unit",
    "rear_door": "reach_rear_door",
    "direct_to_chip": "reach_liquid",
    "direct_to_chip_tower": "reach_liquid",
    "immersion": "reach_immersion",
}
"""Row of the largest rack by architecture; all others cool by the air of the hall."""


@dataclass(frozen=True)
class Rack:
    """A rack platform with its power at full load [kW] and the year it ships in number."""

    platform: str
    year: int
    rack_kw: float
    low: float
    high: float
    source: str
    provenance: str


@cache
def _values(path: str) -> dict[str, float]:
    with Path(path).open(newline="", encoding="utf-8") as stream:
        return {row["parameter"]: float(row["value"]) for row in csv.DictReader(stream)}


def equipment(name: str) -> float:
    """Return a value of ``data/cooling/it_equipment.csv`` in its unit."""
    return _values(str(data_dir() / "cooling" / "it_equipment.csv"))[name]


def racks() -> list[Rack]:
    """Return the rack platforms of ``data/cooling/racks.csv`` in the order of their years."""
    path = data_dir() / "cooling" / "racks.csv"
    with path.open(newline="", encoding="utf-8") as stream:
        found = [
            Rack(
                platform=row["platform"],
                year=int(row["year"]),
                rack_kw=float(row["rack_kw"]),
                low=float(row["low"]),
                high=float(row["high"]),
                source=row["source"],
                provenance=row["provenance"],
            )
            for row in csv.DictReader(stream)
        ]
    return sorted(found, key=lambda rack: rack.year)


def liquid_share(rack_kw: npt.ArrayLike) -> Array:
    """Return the share of a rack's heat that direct-to-chip cooling takes [1], by density [kW]."""
    knots = [knot for knot, _ in _KNOTS]
    shares = [equipment(name) for _, name in _KNOTS]
    return np.asarray(np.interp(np.asarray(rack_kw, dtype=float), knots, shares))


def rack_limit(architecture: str) -> float:
    """Return the densest rack an architecture can cool [kW]."""
    return equipment(_REACH.get(architecture, "reach_air"))


def check_density(architecture: str, rack_kw: float, where: str = "") -> None:
    """Refuse racks beyond the reach of an architecture.

    Raises
    ------
    StudyError
        With the physical reason and what could cool the rack.
    """
    limit = rack_limit(architecture)
    if rack_kw <= limit:
        return
    message = (
        f"{rack_kw:g} kW a rack is beyond {architecture}, which reaches {limit:g} kW: more air or "
        "water does not pass through the rack; take direct_to_chip or fewer kW a rack"
    )
    raise StudyError(Fault(where, message))


def server_fan_share(liquid: float) -> float:
    """Return the share of IT power that server fans take [1], by liquid share of the heat [1]."""
    air, wet = equipment("server_fan_share_air"), equipment("server_fan_share_liquid")
    return (1.0 - liquid) * air + liquid * wet
