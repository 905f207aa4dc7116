"""What is proven of a result: a gap hour by hour, or that there is none.

A program on segments is solved to a gap of its own, which says nothing of the hours: merging hours
changes the cost by percents. Only a design that was dispatched in every hour against a lower bound
of every hour has a certified gap; of any other result these words stand in the gap's place.
"""

from __future__ import annotations

from collections.abc import Iterable

NOT_CERTIFIED = "not certified hourly"
"""Stands for the gap, and for the status, of what was solved on segments alone."""
OPEN = "gap_not_reached"


def proven(gap: float, status: str, *, hourly: bool) -> dict[str, float | str]:
    """Return the attributes of a result that say what is proven.

    Parameters
    ----------
    gap : float
        Distance of the bounds of the program that was solved, relative [1].
    status : str
        ``optimal`` if that is what was asked for, else ``gap_not_reached``.
    hourly : bool
        Whether the program was that of every hour.
    """
    if hourly:
        return {"status": status, "certified_gap": gap}
    return {
        "status": NOT_CERTIFIED if status == "optimal" else status,
        "certified_gap": NOT_CERTIFIED,
        "segments_gap": gap,
    }


def worst_gap(gaps: Iterable[float | str]) -> float | str:
    """Return the widest certified gap of several results; none is certified if one is not."""
    found = list(gaps)
    numbers = [float(gap) for gap in found if not isinstance(gap, str)]
    return max(numbers) if len(numbers) == len(found) else NOT_CERTIFIED


def worst_status(statuses: Iterable[str]) -> str:
    """Return the status of several results together: the least that is proven of any."""
    found = set(statuses)
    if OPEN in found:
        return OPEN
    return NOT_CERTIFIED if NOT_CERTIFIED in found else "optimal"
