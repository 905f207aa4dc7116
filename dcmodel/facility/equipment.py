"""What stands in the racks: density, liquid share, server fans and power; water of generation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.registry import nearest
from dcmodel.facility.psychrometrics import Array
from dcmodel.inputs.library import number, parameter_values, read_table, source_faults

# Rack densities between which the liquid share is interpolated [kW], and their rows.
_KNOTS = (
    (20.0, "liquid_share_20kw"),
    (40.0, "liquid_share_40kw"),
    (80.0, "liquid_share_40kw"),
    (100.0, "liquid_share_100kw"),
    (150.0, "liquid_share_100kw"),
    (180.0, "liquid_share_180kw"),
)
SHARES = 1e-6
"""Shares of a whole sum to one within this. [1]"""
FLEET_AVERAGE = "fleet average"
"""Name of the row that stands for all racks together."""
_VALUES = ("parameter", "value", "low", "high", "unit", "source", "provenance", "note")
_RACKS = ("platform", "year", "rack_kw", "low", "high", "source", "provenance", "note")


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
def _values(path: Path) -> dict[str, float]:
    return parameter_values(path, _VALUES)


def equipment(name: str) -> float:
    """Return a value of ``data/cooling/it_equipment.csv`` in its unit."""
    return _values(data_dir() / "cooling" / "it_equipment.csv")[name]


def racks() -> list[Rack]:
    """Return the rack platforms of ``data/cooling/racks.csv`` in the order of their years."""
    faults: list[Fault] = []
    found = []
    for row in read_table(data_dir() / "cooling" / "racks.csv", _RACKS):
        faults += source_faults(row)
        year, kw, low, high = (number(row, c, faults) for c in ("year", "rack_kw", "low", "high"))
        found.append(
            Rack(row["platform"], int(year), kw, low, high, row["source"], row["provenance"])
        )
    if faults:
        raise DataError(faults)
    return sorted(found, key=lambda rack: rack.year)


def liquid_share(rack_kw: npt.ArrayLike) -> Array:
    """Return the share of a rack's heat that direct-to-chip cooling takes [1], by density [kW]."""
    knots = [knot for knot, _ in _KNOTS]
    shares = [equipment(name) for _, name in _KNOTS]
    return np.asarray(np.interp(np.asarray(rack_kw, dtype=float), knots, shares))


def server_fan_share(liquid: float) -> float:
    """Return the share of IT power that server fans take [1], by liquid share of the heat [1]."""
    air, wet = equipment("server_fan_share_air"), equipment("server_fan_share_liquid")
    return (1.0 - liquid) * air + liquid * wet


GENERATION = {
    "gas": "water_gas",
    "coal": "water_coal",
    "nuclear": "water_nuclear",
    "wind": "water_wind_solar",
    "solar": "water_wind_solar",
}
"""Row of the water that generation uses, by source; hydropower's evaporation is left out."""


def generation_water(mix: Mapping[str, float]) -> float:
    """Return the water of generating electricity [L kWh-1] from shares by source [1].

    Raises
    ------
    StudyError
        Unknown sources, or shares that do not sum to one.
    """
    faults = []
    for source in mix:
        if source not in GENERATION:
            known = ", ".join(GENERATION)
            message = (
                f"unknown source '{source}'{nearest(source, list(GENERATION))} (known: {known})"
            )
            faults.append(Fault("mix", message))
    total = sum(mix.values())
    if abs(total - 1.0) > SHARES or any(share < 0 for share in mix.values()):
        stated = " + ".join(f"{share:g}" for share in mix.values())
        faults.append(Fault("mix", f"shares sum to {total:g} ({stated}); they must sum to 1"))
    if faults:
        raise StudyError(faults)
    return sum(share * equipment(GENERATION[source]) for source, share in mix.items())


def server_power(utilisation: npt.ArrayLike, prefill_share: float | None = None) -> Array:
    """Return the power of servers over their highest [1], by the share of time they are busy.

    Parameters
    ----------
    utilisation : array_like
        Share of the servers, or of their time, that serves [1].
    prefill_share : float, optional
        Share of the busy time in prefill, which draws nearly all power; the rest decodes, bound by
        memory, at less. Default of ``data/cooling/it_equipment.csv``. 1 is a training step. [1]
    """
    share = equipment("prefill_share") if prefill_share is None else prefill_share
    idle = equipment("server_idle")
    busy = share * equipment("server_prefill") + (1.0 - share) * equipment("server_decode")
    return np.asarray(idle + np.asarray(utilisation, dtype=float) * (busy - idle))


def rack_power(year: int, *, fleet: bool = False) -> Rack:
    """Return the densest rack platform that ships in a year, or the mean rack of the fleet.

    Parameters
    ----------
    year : int
        Calendar year.
    fleet : bool
        The mean of all racks in place of the newest accelerators.

    Raises
    ------
    StudyError
        Before the first platform of the library.
    """
    known = [rack for rack in racks() if (rack.platform == FLEET_AVERAGE) == fleet]
    shipped = [rack for rack in known if rack.year <= year]
    if not shipped:
        message = f"no rack is known for {year}; the library begins in {known[0].year}"
        raise StudyError(Fault("racks.csv", message))
    return max(shipped, key=lambda rack: (rack.year, rack.rack_kw))
