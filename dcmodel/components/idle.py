"""Law of a sane plan: no work is lost in an hour in which contracted power stands idle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo

from dcmodel.components.base import SiteCase, offering

IDLE_MW = 1e-3
"""Idle power and lost load below this are rounding. [MW]"""
CRUMB_MW = 1e-6
"""A limit on loss below this is none. [MW]"""
FREE_REVISIONS = 2
"""After how many revisions load is lost only where the last solution lost it."""

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LossLimit:
    """Largest loss of every hour, as solutions so far leave it.

    Attributes
    ----------
    most : array of shape (classes, years, hours)
        Largest loss by the hour of the clock, whatever the steps of a model [MW].
    revisions : int
        How many solutions have lowered it.
    """

    most: FloatArray
    revisions: int = 1

    def of_steps(self, case: SiteCase) -> FloatArray:
        """Return the largest loss of each step of a case [MW], shape (classes, years, steps)."""
        return case.clock.mean(self.most)


def idle_power(m: pyo.ConcreteModel) -> FloatArray:
    """Return contracted grid power that a solved model does not draw [MW], shape (years, steps).

    Interruptible power counts while it is not interrupted. Zero where nothing is contracted.
    """
    held = np.zeros(m.grid_import.shape)
    found = False
    for block in m.asset.values():
        if block.component("contracted") is not None:
            found, held = True, held + np.asarray(block.contracted.array)[:, None]
        if block.component("interruptible") is not None:
            power = np.asarray(block.interruptible.array)[:, None]
            held = held + power * np.asarray(block.on.array)
    return np.maximum(held - np.asarray(m.grid_import.array), 0.0) if found else held


def unserved_power(m: pyo.ConcreteModel) -> FloatArray:
    """Return load that a solved model does not supply [MW], shape (years, steps)."""
    none = np.zeros(m.grid_import.shape)
    return sum((np.asarray(block.unserved.array) for block in offering(m, "unserved")), none)


def lower_limit(
    case: SiteCase,
    lost: FloatArray,
    most: FloatArray,
    idle: FloatArray,
    before: LossLimit | None,
) -> LossLimit | None:
    """Return the loss that is still allowed; None where a solution keeps the law.

    Parameters
    ----------
    case : SiteCase
        That was solved.
    lost, most : array of shape (classes, years, steps)
        Load that is lost, and the most that could be [MW].
    idle : array of shape (years, steps)
        Loss that idle power would have avoided [MW].
    before : LossLimit, optional
        What held in the solution.

    Notes
    -----
    In steps with idle power what it does not avoid may still be lost. That leaves a design: the
    last one, with the idle power drawn. What is avoided in one hour may be lost in another, so
    after a few solutions this holds in all steps, whether power is idle there or not; else a flat
    load would be closed hour by hour.

    No loss beside idle power is no convex law (either is zero), so this finds a design that keeps
    it, not always the cheapest: where peaks cost more than the work they carry, a smaller contract
    with more loss may be cheaper than the idle power drawn.
    """
    total = lost.sum(axis=0)
    avoided = np.minimum(idle, total)
    if not (avoided > IDLE_MW).any():
        return None
    share = np.divide(total - avoided, total, out=np.zeros_like(total), where=total > CRUMB_MW)
    left = np.minimum(lost * share, most)
    left[left < CRUMB_MW] = 0.0
    revisions = 0 if before is None else before.revisions
    if revisions < FREE_REVISIONS:
        left = np.where(idle > IDLE_MW, left, most)
    return LossLimit(case.clock.expand(left), revisions + 1)
