"""Redundancy of backup: how many units stand for how many that must carry the load."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.registry import nearest
from dcmodel.inputs.library import number, read_table, source_faults

COLUMNS = ("name", "groups", "needed", "spare", "fuel_h", "source", "provenance", "note")


@dataclass(frozen=True)
class Redundancy:
    """Equal groups of units, of which some must carry the load, each with spare units.

    ``N+1`` is one group with a spare unit, ``2N`` two groups of which one must carry the load,
    ``3N/2`` (distributed) three groups of which two must.
    """

    name: str
    groups: int
    """Groups that stand [1]."""
    needed: int
    """Groups that together must carry the load [1]."""
    spare: int
    """Units of each group that may be out [1]."""
    fuel_h: float
    """Fuel on site that the class asks for, at full load of the units needed [h]."""


def redundancy_names() -> list[str]:
    """Return the names of the library's classes of redundancy, in the order of the file."""
    return list(_classes())


def load_redundancy(name: str) -> Redundancy:
    """Return a class of redundancy.

    Raises
    ------
    StudyError
        When the library has no such class; the message names the nearest.
    """
    known = _classes()
    if name not in known:
        allowed = ", ".join(known)
        msg = f"unknown redundancy '{name}'{nearest(name, list(known))} (known: {allowed})"
        raise StudyError(Fault("redundancy", msg))
    return known[name]


@lru_cache(maxsize=1)
def _classes() -> dict[str, Redundancy]:
    faults: list[Fault] = []
    found: dict[str, Redundancy] = {}
    for row in read_table(data_dir() / "redundancy.csv", COLUMNS):
        groups, needed, spare, fuel = (
            number(row, column, faults) for column in ("groups", "needed", "spare", "fuel_h")
        )
        faults += source_faults(row)
        if not 1 <= needed <= groups or spare < 0 or fuel < 0:
            msg = f"{row['name']}: 1 <= needed <= groups, spare >= 0 and fuel_h >= 0 are needed"
            faults.append(Fault(row.where, msg))
            continue
        found[row["name"]] = Redundancy(row["name"], int(groups), int(needed), int(spare), fuel)
    if faults:
        raise DataError(faults)
    return found
