"""Outages as the components see them: hours from chosen starts, and what must be carried.

An outage component (`dcmodel.components.outage`) chooses the starts; every component that gives
power in an outage declares ``outage_supply[y, s, h]`` on its block in `Component.ride_through`.
Outages are rows of sizes alone: they go with the rows that couple years, where sizes are chosen, so
that the dispatch of a year at given sizes stays what it is without them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Outages:
    """Outages of some starts, each of the same number of hours; late ones go on in January."""

    starts: pyo.Set
    """Positions of the outages."""
    hours: pyo.Set
    """Hours into an outage, from 0 on."""
    hour: Indices
    """Hour of the year of each hour of each outage, shape (starts, hours)."""
    series: Mapping[str, FloatArray]
    """Profiles of the year by hour, each of shape (years, hours of the year)."""
    before: ArrayParam
    """Step before each outage begins, over `starts`."""
    earlier: ArrayParam
    """Hour before each hour of an outage; the first has itself, over `hours`."""
    later: ArrayParam
    """0 in the first hour of an outage, else 1, over `hours`."""
    first: ArrayParam
    """1 in the first hour of an outage, else 0, over `hours`."""
    it_power: FloatArray
    """IT power that must be carried [MW], shape (years, starts, hours)."""
    bridge_h: float
    """Time that the uninterruptible supply within the building carries [h]."""

    def at(self, name: str) -> FloatArray:
        """Return a profile in the hours of the outages, shape (years, starts, hours)."""
        return np.asarray(self.series[name])[:, self.hour]

    def started(self, start_h: float) -> FloatArray:
        """Return the share of each hour in which a cold unit runs [1], shape (hours,)."""
        return started(start_h, self.bridge_h, len(self.hours))


def started(start_h: float, bridge_h: float, hours: int) -> FloatArray:
    """Return the share of each hour of an outage in which a cold unit runs [1], shape (hours,).

    Parameters
    ----------
    start_h : float
        Time from the loss of the grid to the acceptance of load [h].
    bridge_h : float
        Time that the uninterruptible supply within the building carries [h].
    hours : int
        Length of the outage [h].
    """
    return np.clip(np.arange(1, hours + 1) - max(start_h - bridge_h, 0.0), 0.0, 1.0)


@dataclass(frozen=True)
class Found:
    """What a result says of one component in one year."""

    sizes: dict[str, float]
    """Sizes by name [MW or MWh]."""
    stored: FloatArray | None = None
    """Content of a store at the end of each hour [MWh], shape (hours,)."""


@dataclass(frozen=True)
class Means:
    """What a solved component gives in an outage, to check starts that were not in the model.

    A source gives `power` while it has fuel; a store holds energy and is charged by what is spare.
    """

    power: FloatArray
    """Largest power by hour, of a store its flow [MW], shape (years, hours of the year)."""
    started: FloatArray | None = None
    """Share of each hour of an outage in which cold units run [1], shape (hours,)."""
    running: FloatArray | None = None
    """Share of `power` that runs before each hour [1], shape (years, hours of the year)."""
    fuel_per_mwh: FloatArray | None = None
    """Fuel burnt per MWh, shape (years, hours of the year); None on a pipeline or without fuel."""
    fuel: FloatArray | None = None
    """Fuel on site, shape (years,)."""
    resupply: FloatArray | None = None
    """Fuel delivered up to the end of each hour of an outage, shape (years, hours)."""
    energy: FloatArray | None = None
    """Largest content of a store [MWh], shape (years,); None for a source."""
    stored: FloatArray | None = None
    """Content as each hour begins [MWh], shape (years, hours of the year)."""
    efficiency: float = 1.0
    """Of charging and of discharging, each [1]."""
    keep: float = 1.0
    """Share of the content left after an hour [1]."""
    worth: FloatArray | None = None
    """Electric power per flow of the store [1], shape (years, hours of the year); None is one."""
    useful: FloatArray | None = None
    """Largest flow that replaces anything [MW], as `worth`; None is no limit."""


def steps_of_hours(duration: FloatArray) -> Indices:
    """Return the step of each hour of the year, shape (8760,) for a full year."""
    return np.repeat(np.arange(len(duration)), np.rint(duration).astype(int))


def by_hour(values: FloatArray, duration: FloatArray) -> FloatArray:
    """Return values by step as values by hour of the year, shape (years, hours of the year)."""
    return np.asarray(values)[:, steps_of_hours(duration)]


def outages_of(
    b: pyo.Block,
    duration: FloatArray,
    begin: Sequence[int],
    length_h: int,
    series: Mapping[str, FloatArray],
    it_power: FloatArray,
    bridge: float,
) -> Outages:
    """Declare the sets and maps of outages on a block.

    Parameters
    ----------
    b : Block
    duration : array of shape (steps,)
        Hours of each step of the model's year [h].
    begin : sequence of int
        Hour of the year at which each outage begins.
    length_h : int
        Length of the outages [h].
    series : mapping
        Profiles by hour of the year.
    it_power : array of shape (years, hours of the year)
        IT power that must be carried [MW].
    bridge : float
        Time carried by the uninterruptible supply within the building [h].
    """
    first = np.asarray(begin, dtype=np.int64)
    hour = (first[:, None] + np.arange(length_h)) % it_power.shape[1]
    into = np.arange(length_h)
    b.starts = pyo.RangeSet(0, len(first) - 1)
    b.hours = pyo.RangeSet(0, length_h - 1)
    b.before = ArrayParam(b.starts, values=steps_of_hours(duration)[first - 1])
    b.earlier = ArrayParam(b.hours, values=np.maximum(into - 1, 0))
    b.later = ArrayParam(b.hours, values=(into > 0).astype(float))
    b.first = ArrayParam(b.hours, values=(into == 0).astype(float))
    return Outages(
        b.starts,
        b.hours,
        hour,
        series,
        b.before,
        b.earlier,
        b.later,
        b.first,
        it_power[:, hour],
        bridge,
    )
