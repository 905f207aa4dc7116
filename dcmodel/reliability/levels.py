"""Where the probability of an outage lies: by state of the generators, by energy in the battery.

Energy is counted by level, the full battery apart. A level keeps the mean energy of what is in it,
not its middle, so that a battery that can only run down in one way runs down exactly, however few
the levels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.reliability.dispatch import TOLERANCE

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_SPARSE = 1e-13
"""Probability below full charge that is left out [1]."""


@dataclass(frozen=True)
class Change:
    """Change of the energy over a step, but for the limits: whole widths of a level and a part."""

    whole: IntArray
    """Shape (states, starts)."""
    part: FloatArray
    """From 0 to less than 1, shape (states, starts)."""

    @classmethod
    def of(cls, widths: FloatArray, levels: int) -> Change:
        """Return a change in widths of a level; beyond all levels is as good as far beyond."""
        whole = np.floor(widths)
        part = widths - whole
        return cls(np.clip(whole, -levels - 1, levels + 1).astype(np.int64), part)

    def at(self, live: IntArray, hours: slice) -> Change:
        """Return the rows of some states and the columns of some hours."""
        return Change(self.whole[live, hours], self.part[live, hours])


@dataclass(frozen=True)
class Below:
    """What has less than a full battery."""

    mass: FloatArray
    """Probability, shape (levels, states, starts)."""
    above: FloatArray
    """Energy above the foot of its level, in widths of a level, times probability; shape as
    `mass`."""
    weight: FloatArray
    """Probability over all levels, shape (states, starts)."""

    @property
    def energy(self) -> FloatArray:
        """Energy times probability in widths of a level, shape (states, starts)."""
        feet = np.arange(len(self.mass), dtype=float)
        return np.asarray(np.tensordot(feet, self.mass, 1) + self.above.sum(axis=0))

    def mixed(self, matrix: FloatArray) -> Below:
        """Return the probabilities after units have failed and come back."""
        return Below(matrix @ self.mass, matrix @ self.above, matrix @ self.weight)


@dataclass(frozen=True)
class Held:
    """Probability of each state, for each start of an outage.

    Most of it has a full battery, or none is needed; levels are kept only while others are there.
    """

    full: FloatArray
    """Probability with a full battery, shape (states, starts)."""
    levels: int
    """Levels below the full battery."""
    below: Below | None = None

    @property
    def weight(self) -> FloatArray:
        """Probability of each state, shape (states, starts)."""
        return self.full if self.below is None else self.full + self.below.weight

    @property
    def energy(self) -> FloatArray:
        """Energy times probability in widths of a level, shape (states, starts)."""
        full = self.full * self.levels
        return full if self.below is None else full + self.below.energy

    def mixed(self, matrix: FloatArray) -> Held:
        """Return the probabilities after units have failed and come back."""
        below = None if self.below is None else self.below.mixed(matrix)
        return Held(matrix @ self.full, self.levels, below)

    def lost(self, short: npt.NDArray[np.bool_]) -> Held:
        """Return what is left where no battery carries what the generators cannot."""
        return Held(np.where(short, 0.0, self.full), self.levels)

    def moved(self, change: Change, short: npt.NDArray[np.bool_]) -> Held:
        """Return the probabilities after a step of charging or discharging.

        All levels of a state change alike, so that one change serves them all but for the limits.
        What would take more than is there is lost; what fills its battery is full.

        Parameters
        ----------
        change : Change
        short : array of shape (states, starts)
            Where full batteries discharge as well.
        """
        levels = self.levels
        leaving = self.full * short
        mass, above = _raised(self.below, levels, change.part, leaving)
        place = _origin(change.whole, levels)
        mass, above = (np.take(row, place, mode="clip") for row in (mass, above))
        kept = mass.sum(axis=0)
        # what charges and is in no level any more is full; what discharges and is in none is lost
        risen = leaving - kept
        if self.below is not None:
            risen += self.below.weight
        risen *= change.whole >= 0
        np.maximum(risen, 0.0, out=risen)
        risen += self.full
        risen -= leaving
        if kept.max(initial=0.0) <= _SPARSE:
            return Held(risen, levels)
        return Held(risen, levels, Below(mass, above, kept))


def _raised(
    below: Below | None, levels: int, part: FloatArray, leaving: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Raise all energy by a part of a level's width.

    Returns
    -------
    mass, above : array of shape (levels + 3, states, starts)
        As of `Below`, with a place for the full battery after the levels, and an empty place at
        each end for what comes from nowhere.
    """
    mass, above = (np.empty((levels + 3, *part.shape)) for _ in range(2))
    for values in (mass, above):
        values[0] = values[-1] = 0.0
    mass[-2], above[-2] = leaving, leaving * part
    if below is None:
        mass[1:-2] = above[1:-2] = 0.0
        return mass, above
    # what reaches the foot of the next level goes there, all that is in its level together;
    # products with truth values, for choosing element by element takes several times as long
    energy = below.mass * part
    energy += below.above
    over = energy >= below.mass
    risen = below.mass * over
    energy -= risen
    np.subtract(below.mass, risen, out=mass[1:-2])
    mass[2:-1] += risen
    np.multiply(energy, over, out=risen)
    np.subtract(energy, risen, out=above[1:-2])
    above[2:-1] += risen
    return mass, above


def _origin(whole: IntArray, levels: int) -> IntArray:
    """Return from where in an array of `_raised` each level comes after a change by whole levels.

    Parameters
    ----------
    whole : array of shape (states, starts)

    Returns
    -------
    array of shape (levels, states, starts)
        Places in the flat array.
    """
    size = whole.size
    place = (np.arange(1, levels + 1) * size)[:, None, None] - whole * size
    np.maximum(place, 0, out=place)
    np.minimum(place, (levels + 2) * size, out=place)
    place += np.arange(size).reshape(whole.shape)
    return np.asarray(place)


def placed(first: FloatArray, energy: FloatArray, levels: int) -> Held:
    """Return where the probability is as an outage begins.

    Parameters
    ----------
    first : array of shape (states,)
        Probability of each state.
    energy : array of shape (starts,)
        Energy in the battery, in widths of a level.
    levels : int
        Levels below the full battery.
    """
    starts = np.arange(len(energy))
    level = (energy + TOLERANCE).astype(np.int64)
    full = level >= levels
    held = first[:, None] * full
    if full.all():
        return Held(held, levels)
    mass = np.zeros((levels, len(first), len(starts)))
    mass[level[~full], :, starts[~full]] = first
    return Held(held, levels, Below(mass, mass * (energy - level), first[:, None] * ~full))
