r"""A site's program as a function of its installed IT, which a portfolio chooses.

Facility, standby plant and fleet are in proportion to installed IT :math:`S_y`, so a site's program

.. math:: \min c^T x + q(S) \quad \text{s.t.} \quad l(S) \le A x \le u(S)

has row bounds and constants affine in :math:`S`. They are read off programs of the *same* model at
several sizes: components are written once, for a size that is given, and need not know of
portfolios. What is bought by rule in whole units (standby generators) is a staircase; it enters
with the straight line between the ends of the range, and exactly once the sizes are fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo

from dcmodel.arrays import ArrayVar, LinearProgram, array_expression
from dcmodel.base.errors import Fault, StudyError
from dcmodel.components.base import Component, SiteCase, Workload
from dcmodel.optimise.build import compile_site

FloatArray = npt.NDArray[np.float64]

ROUTED = "asset[routed_work].deviation"
"""Columns of the work that is routed to a site, less the work expected there [MW]."""
NEAR = 0.9
"""Share of the largest size above which the smallest is too near to draw a line between them."""
EXACT = 1e-9
"""Relative difference of coefficients that counts as none."""


class RoutedWork(Component):
    """Work that a portfolio sends to the site, around what a fleet of its size expects.

    It stands in the model of a site in a portfolio only, so no study names it.
    """

    kind: ClassVar[str] = "routed_work"
    in_reference: ClassVar[bool] = False
    receives_work: ClassVar[bool] = True

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the deviation from the expected work."""
        m = b.model()
        b.deviation = ArrayVar(m.Y, m.T, doc="Work routed here less the work expected [MW]")

        @array_expression(b, m.Y, m.T, doc="Work moved into the hour [MW]")
        def it_shift(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.deviation[y, t]


@dataclass(frozen=True, eq=False)
class SiteProgram:
    """A site's program at no IT, and its change with installed IT.

    Row bounds are ``row + rise * S + step * stands`` and the constants of the cost terms
    ``slope @ added + standing * stands``, where the site has IT.
    """

    name: str
    lp: LinearProgram
    """Columns, matrix and costs; row bounds are those of no IT."""
    rise: FloatArray
    """Row bounds per MW of IT installed in the row's year [per MW], shape (rows,)."""
    step: FloatArray
    """Row bounds where the site stands, shape (rows,)."""
    slope: FloatArray
    """Cost of a year per MW added in a year [USD MW-1], shape (terms, years, years added)."""
    standing: FloatArray
    """Cost of a year where the site stands [USD], shape (terms, years)."""
    expected_use: float
    """Work expected per installed IT [1]."""


def expecting(case: SiteCase, installed: FloatArray, use: float) -> SiteCase:
    """Return a case of some size whose work is routed, around the mean use of the fleet."""
    shape = (1, len(case.years), len(case.duration))
    arrivals = np.broadcast_to((use * installed)[None, :, None], shape)
    kept = tuple(part for part in case.components if not part.moves_work)
    return replace(
        case,
        it_capacity=installed,
        # a window, so that the facility's lines span all that may be routed here
        workload=Workload(("routed",), arrivals, (1.0,), np.zeros(shape)),
        components=(*kept, RoutedWork()),
    )


def affine_program(
    case: SiteCase,
    size_min: float,
    size_max: FloatArray,
    expected_use: float,
    like: SiteProgram | None = None,
) -> SiteProgram:
    """Return the program of a site whose installed IT is open.

    Parameters
    ----------
    case : SiteCase
        Its installed IT and work are replaced.
    size_min : float
        Smallest IT of a site that stands [MW].
    size_max : array of shape (years,)
        Largest IT [MW]; it does not fall.
    expected_use : float
        Work per installed IT for which contracts are dimensioned [1].
    like : SiteProgram, optional
        Of the same site on other steps: constants of cost do not depend on the steps of a year and
        are taken from there.

    Raises
    ------
    StudyError
        When a component does not grow in proportion to the installed IT.
    """
    high = np.maximum.accumulate(np.maximum(size_max, 0.0))
    apart = (size_min > 0) & (size_min < NEAR * high)
    low = np.where(apart, size_min, 0.5 * high)

    def program(installed: FloatArray) -> LinearProgram:
        return compile_site(expecting(case, installed, expected_use))[1]

    none, small, large = program(np.zeros_like(high)), program(low), program(high)
    _check_alike(case, none, small, large)
    rise, step = _row_bounds(case, (none, small, large), low, high)
    if like is None:
        slope, standing = _constants(small, program, low, high)
    else:
        slope, standing = like.slope, like.standing
    lp = none.replace(lower=np.minimum(small.lower, large.lower), upper=large.upper)
    return SiteProgram(case.name, lp, rise, step, slope, standing, expected_use)


def _check_alike(case: SiteCase, *programs: LinearProgram) -> None:
    """Refuse a component whose coefficients change with the installed IT."""
    first = programs[0]
    for other in programs[1:]:
        same_shape = first.matrix.shape == other.matrix.shape
        if same_shape and not _differs(first.cost, other.cost):
            change = abs(first.matrix - other.matrix)
            if change.max() <= EXACT * max(1.0, abs(first.matrix).max()):
                continue
            row = int(np.argmax(change.max(axis=1).toarray().ravel()))
            what = first.row_name(row)
        else:
            what = "the number of its rows or a price"
        msg = (
            f"{what} does not grow in proportion to the installed IT, as a portfolio needs; leave "
            "this component out, or state mode: compare"
        )
        raise StudyError(Fault(case.name, msg))


def _differs(one: FloatArray, other: FloatArray) -> bool:
    scale = max(1.0, float(np.abs(one).max(initial=0.0)))
    return bool(np.abs(one - other).max(initial=0.0) > EXACT * scale)


def _row_bounds(
    case: SiteCase, programs: tuple[LinearProgram, ...], low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the change of row bounds with IT and with standing, shape (rows,)."""
    none, small, large = (_ends(program) for program in programs)
    names, year = programs[0], programs[0].row_year
    dated = year >= 0
    span, first = (np.where(dated, values[year], 0.0) for values in (high - low, low))
    rise = np.divide(large - small, span, out=np.zeros_like(large), where=span > 0)
    step = np.where(span > 0, small - none - rise * first, 0.0)
    step[np.abs(step) <= EXACT * np.maximum(1.0, np.abs(large))] = 0.0
    both = np.isfinite(programs[0].row_lower) & np.isfinite(programs[0].row_upper)
    unlike = both & (np.abs(np.diff(rise, axis=0))[0] > EXACT)
    undated = ~dated & (np.abs(large - none).max(axis=0) > EXACT)
    if (unlike | undated).any():
        row = names.row_name(int(np.argmax(unlike | undated)))
        msg = (
            f"{row} depends on the installed IT in a way that a portfolio cannot size; leave this "
            "component out, or state mode: compare"
        )
        raise StudyError(Fault(case.name, msg))
    one = np.isfinite(programs[0].row_lower).astype(int)
    at = np.arange(one.size)
    return rise[1 - one, at], step[1 - one, at]


def _ends(program: LinearProgram) -> FloatArray:
    """Return both row bounds, zero where there is none, shape (2, rows)."""
    return np.nan_to_num(np.stack([program.row_lower, program.row_upper]), posinf=0.0, neginf=0.0)


def _constants(
    base: LinearProgram,
    program: Callable[[FloatArray], LinearProgram],
    low: FloatArray,
    high: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return cost per MW added, by year of addition, and cost of standing."""
    n_years = len(low)
    shape = (len(base.term_names), n_years)
    at_low = base.term_offset.reshape(shape)
    slope = np.zeros((*shape, n_years))
    room = high[-1] - low[-1]
    for added in range(n_years):
        if room > 0:
            more = np.where(np.arange(n_years) >= added, room, 0.0)
            slope[:, :, added] = (program(low + more).term_offset.reshape(shape) - at_low) / room
    standing = at_low - slope @ np.diff(low, prepend=0.0)
    return slope, np.where(low > 0, standing, 0.0)
