r"""How long cells last, and what their replacement costs in annuities.

Capacity fades by age and by use: after :math:`n` years of :math:`c` full cycles a year

.. math:: A\,(365\,n)^k + B\,c\,n

is lost. Cells are replaced when the end-of-life fade is reached, and at the latest with the plant
after its own life :math:`L`. Their yearly cost over first cost is the annuity of that life,

.. math:: g(c) = \mathrm{crf}(r, \min(L, n(c))) ,

flat up to the use at which cells outlive the plant, and nearly straight beyond it. The plant's
annuity pays :math:`g(0)`; what remains, per MWh of size and year, is :math:`g(c) - g(0)`, drawn
here as straight pieces of its convex envelope. In size :math:`E` and throughput :math:`D = c E` the
pieces are linear: :math:`(g_i - g'_i c_i)\,E + g'_i D`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.base.units import DAYS_PER_YEAR
from dcmodel.finance.annuity import capital_recovery_factor
from dcmodel.inputs.assumptions import Technology

FloatArray = npt.NDArray[np.float64]

SAMPLES = 32
"""Points of the cost of replacement from which its envelope is drawn."""


@dataclass(frozen=True)
class Pieces:
    """Lines below the yearly cost of earlier replacement, over the first cost of the cells."""

    fixed: FloatArray
    """Per MWh of size [1 yr-1]."""
    slope: FloatArray
    """Per MWh discharged [1]."""
    cycles_max: float
    """Full cycles a year up to which the lines hold [yr-1]."""
    largest: float
    """Cost at that use [1 yr-1]."""


def cell_life(technology: Technology, cycles: float) -> float:
    """Return the life of cells that make so many full cycles a year, at most the plant's [yr]."""
    life, end = technology.value("lifetime"), technology.value("end_of_life_fade")
    if faded(technology, life, cycles) <= end:
        return life
    low, high = 0.0, life
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if faded(technology, middle, cycles) < end else (low, middle)
    return (low + high) / 2


def faded(technology: Technology, years: float, cycles: float) -> float:
    """Return the share of capacity lost after some years of some full cycles a year [1]."""
    calendar = technology.value("degradation_calendar")
    age = (DAYS_PER_YEAR * years) ** technology.value("degradation_exponent")
    return calendar * age + technology.value("degradation_cycle") * cycles * years


def replacement_pieces(technology: Technology, discount_rate: float) -> Pieces:
    """Return the yearly cost of earlier replacement as pieces of its convex envelope."""
    life, most = technology.value("lifetime"), technology.value("cycles_max")
    left = technology.value("end_of_life_fade") - faded(technology, life, 0.0)
    outlived = max(left, 0.0) / (technology.value("degradation_cycle") * life)
    if outlived >= most:
        return Pieces(np.zeros(1), np.zeros(1), most, 0.0)
    cycles = np.linspace(outlived, most, SAMPLES)
    annuity = [capital_recovery_factor(discount_rate, cell_life(technology, c)) for c in cycles]
    cost = np.array(annuity) - capital_recovery_factor(discount_rate, life)
    corners = _lower_hull(cycles, cost)
    slope = np.diff(cost[corners]) / np.diff(cycles[corners])
    fixed = cost[corners[:-1]] - slope * cycles[corners[:-1]]
    return Pieces(fixed, slope, most, float(cost[-1]))


def _lower_hull(x: FloatArray, y: FloatArray) -> list[int]:
    """Return the points at the corners of the convex envelope of a function, x rising."""
    corners: list[int] = []
    for i in range(len(x)):
        while len(corners) > 1:
            a, b = corners[-2], corners[-1]
            if (y[b] - y[a]) * (x[i] - x[b]) < (y[i] - y[b]) * (x[b] - x[a]):
                break
            corners.pop()
        corners.append(i)
    return corners
