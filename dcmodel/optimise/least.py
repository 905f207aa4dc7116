"""The least change of levers that lets a case have a design.

The least violation of a year is convex in a limit that enters its rows and bounds linearly, and the
multipliers of one value bound it at every other. So the amount that brings the bound to zero is
never too much; the year is asked there again, and so on until nothing is broken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dcmodel.base.errors import DcmodelError
from dcmodel.components.base import SiteCase
from dcmodel.components.levers import Lever
from dcmodel.optimise.blocks import YearBlock
from dcmodel.optimise.feasible import Compiled, Judge, Verdict, holds
from dcmodel.optimise.solve import solve_or_none
from dcmodel.optimise.solvers.problem import Floats, Problem, narrow

ROUNDS_MAX = 12
"""How often a year is asked again at a larger amount."""
DIGITS = 4
"""Significant digits of an amount, rounded to where it gives way further."""
FAR = 100.0
"""How far beyond itself, or beyond what the facility draws, a limit is raised at most."""
STEP = 1e-3
"""An amount is known when what does and what does not are this close. [1]"""
HOURS = 8760.0

Redraw = Callable[[SiteCase], SiteCase]
"""Returns a case with what follows from its work, such as the lines of the facility, anew."""


@dataclass(frozen=True)
class Wants:
    """A year that has no design: its block, and what proves it."""

    block: YearBlock
    verdict: Verdict

    @property
    def year(self) -> int:
        """Position of the year."""
        return self.block.year


def wants(compiled: Compiled, judge: Judge) -> list[Wants]:
    """Return the years that have no design."""
    verdicts = judge.verdicts(compiled.blocks)
    pairs = zip(compiled.blocks, verdicts, strict=True)
    return [Wants(block, one) for block, one in pairs if not one.possible]


class Search:
    """Looks for the least values of levers."""

    def __init__(self, case: SiteCase, judge: Judge, redraw: Redraw | None) -> None:
        self.case, self.judge = case, judge
        self.redraw = redraw or (lambda one: one)
        self.start = Compiled(case)
        self.lacking = wants(self.start, judge)
        self.peak = float((case.facility_design_peak * case.it_capacity).max(initial=1.0))

    # ---- one lever ------------------------------------------------------------------------------

    def alone(self, lever: Lever) -> Floats | None:
        """Return the least values of one lever that do by themselves, verified; else None."""
        values = self._least(lever)
        if values is None:
            return None
        return self._verified(lever, values)

    def _least(self, lever: Lever) -> Floats | None:
        values, far = lever.value.copy(), self.far(lever)
        lacking, best = self.lacking, None
        for _ in range(ROUNDS_MAX):
            roots = self._roots(lever, values, far, lacking)
            if roots is None:
                return best
            values = lever.allowed(self.rounded(lever, roots))
            compiled = self.moved([(lever, values)])
            if compiled is None:
                return None
            lacking = wants(compiled, self.judge)
            if not lacking:
                return values
        return None

    def _roots(
        self, lever: Lever, values: Floats, far: Floats, lacking: Sequence[Wants]
    ) -> Floats | None:
        """Return values at which no proof at hand holds any more; None where all the way does."""
        if any(one.year < 0 for one in lacking):
            return None
        low, high = values.copy(), values.copy()
        at = [one.year for one in lacking]
        high[at] = far[at]
        if np.array_equal(low, high):
            return None
        first = [one.verdict.violation for one in lacking]
        last = self._proven(lever, high, lacking)
        if last is None:
            return self._halved(lever, low, high)
        limits = [_nought(one) for one in lacking]
        if any(after > limit for after, limit in zip(last, limits, strict=True)):
            return None
        below = dict(zip(at, first, strict=True))
        above = dict(zip(at, last, strict=True))
        for _ in range(16):
            trial = high.copy()
            for y in at:
                trial[y] = _between(low[y], below[y], high[y], above[y])
            found = self._proven(lever, trial, lacking)
            if found is None:
                return self._halved(lever, low, high)
            near = True
            for y, value, limit, start in zip(at, found, limits, first, strict=True):
                if value > limit:
                    near &= value <= 1e-6 * start
                    low[y], below[y] = trial[y], value
                    above[y] /= 2  # the other end weighs less, so that it moves too
                else:
                    near &= abs(value) <= 1e-6 * start
                    high[y], above[y] = trial[y], value
            if near:
                return trial
            if np.all(np.abs(high - low) <= 1e-5 * np.maximum(np.abs(high), 1e-3)):
                break
        return high

    def _proven(
        self, lever: Lever, values: Floats, lacking: Sequence[Wants]
    ) -> list[float] | None:
        """Return the violation that known multipliers prove with a lever moved."""
        compiled = self.moved([(lever, values)])
        if compiled is None:
            return [np.inf] * len(lacking)
        problems = [compiled.as_block(one.block) for one in lacking]
        if any(problem is None for problem in problems):
            return None
        return [
            one.verdict.bound(problem)
            for one, problem in zip(lacking, problems, strict=True)
            if problem is not None
        ]

    def _halved(self, lever: Lever, low: Floats, high: Floats) -> Floats | None:
        """Return the least value between two by asking; where rows come and go with the lever."""
        if not self._does(lever, high):
            return None
        for _ in range(14):
            middle = (low + high) / 2
            if lever.whole:
                middle = np.floor(middle) if lever.falls else np.ceil(middle)
            if np.all(np.abs(high - low) <= STEP * np.maximum(np.abs(high), 1e-3)):
                break
            if lever.whole and np.all(np.abs(high - low) <= 1):
                break
            if self._does(lever, middle):
                high = middle
            else:
                low = middle
        return high

    def _does(self, lever: Lever, values: Floats) -> bool:
        compiled = self.moved([(lever, lever.allowed(values))])
        return compiled is not None and not wants(compiled, self.judge)

    def _verified(self, lever: Lever, values: Floats) -> Floats | None:
        """Return values that do with sizes shared by the years too, a little further if need be."""
        if self.holds([(lever, values)]):
            return values
        low, high = values, values
        for _ in range(6):
            change = np.where(high == lever.value, 0.0, high - lever.value)
            high = lever.allowed(self.rounded(lever, lever.value + 1.5 * change))
            high = np.maximum(high, 0.0)
            if self.holds([(lever, high)]):
                break
        else:
            return None
        for _ in range(8):
            middle = lever.allowed(self.rounded(lever, (low + high) / 2))
            if np.array_equal(middle, high) or np.array_equal(middle, low):
                break
            low, high = (low, middle) if self.holds([(lever, middle)]) else (middle, high)
        return high

    # ---- several --------------------------------------------------------------------------------

    def together(self, levers: Sequence[Lever]) -> list[tuple[Lever, Floats]] | None:
        """Return the least values of several levers that do together, verified; else None.

        The least is the smallest sum of shares of each lever's own value.
        """
        far = [self.far(lever) for lever in levers]
        values = [lever.value.copy() for lever in levers]
        sums = _Sums(levers, far)
        lacking = self.lacking
        for _ in range(ROUNDS_MAX):
            for one in lacking:
                sums.cut(one, values, self._slopes(levers, values, far, one))
            shares = sums.least()
            if shares is None:
                return None
            values = [
                lever.allowed(self.rounded(lever, lever.value + share * (end - lever.value)))
                for lever, share, end in zip(levers, shares, far, strict=True)
            ]
            compiled = self.moved(list(zip(levers, values, strict=True)))
            if compiled is None:
                return None
            lacking = wants(compiled, self.judge)
            if not lacking:
                break
        else:
            return None
        return self._pruned(list(zip(levers, values, strict=True)))

    def _slopes(
        self, levers: Sequence[Lever], values: Sequence[Floats], far: Sequence[Floats], one: Wants
    ) -> Floats:
        """Return by how much the proven violation falls with the whole way of each lever."""
        slopes = []
        for k, lever in enumerate(levers):
            y, way = one.year, far[k][one.year] - lever.value[one.year]
            step = 0.01 * way
            near = abs(values[k][y] + step - far[k][y]) < abs(step)
            moved = [v.copy() for v in values]
            moved[k][y] += -step if near else step
            compiled = self.moved(list(zip(levers, moved, strict=True)))
            problem = None if compiled is None else compiled.as_block(one.block)
            now = one.verdict.violation
            after = now if problem is None else one.verdict.bound(problem)
            change = (after - now) * (-1 if near else 1) / 0.01
            slopes.append(change if np.isfinite(change) else 0.0)
        return np.array(slopes)

    def _pruned(self, pairs: list[tuple[Lever, Floats]]) -> list[tuple[Lever, Floats]] | None:
        """Leave out what is not needed; None where what is left is not verified."""
        pairs = [pair for pair in pairs if not np.array_equal(pair[1], pair[0].value)]
        for pair in list(pairs):
            rest = [one for one in pairs if one is not pair]
            compiled = self.moved(rest) if rest else None
            if compiled is not None and not wants(compiled, self.judge):
                pairs = rest
        return pairs if self.holds(pairs) else None

    # ---- both -----------------------------------------------------------------------------------

    def far(self, lever: Lever) -> Floats:
        """Return the values beyond which a lever is not moved."""
        if lever.falls:
            return np.full_like(lever.value, 1.0 if lever.whole else 0.0)
        finite = np.where(np.isfinite(lever.value), lever.value, 0.0)
        if not lever.unit:
            return np.maximum(finite, 1.0)
        scale = self.peak if lever.unit in {"MW", "h"} else self.peak * HOURS
        return np.asarray(FAR * np.maximum(finite, scale))

    def rounded(self, lever: Lever, values: Floats) -> Floats:
        """Return moved values of few digits that give way a little further."""
        if lever.whole:
            whole = np.floor(values + 1e-6) if lever.falls else np.ceil(values - 1e-6)
            return np.where(values == lever.value, values, whole)
        safe = np.where(np.isfinite(values) & (values != 0), np.abs(values), 1.0)
        unit = 10.0 ** (np.floor(np.log10(safe)) - DIGITS + 1)
        count = values / unit
        count = np.floor(count + 1e-6) if lever.falls else np.ceil(count - 1e-6)
        moved = np.round(count * unit, 12)
        return np.where((values == lever.value) | ~np.isfinite(values), values, moved)

    def changed(self, pairs: Sequence[tuple[Lever, Floats]]) -> SiteCase | None:
        """Return the case with levers moved; None where a study could not say so."""
        case: SiteCase | None = self.case
        for lever, values in pairs:
            if np.array_equal(values, lever.value):
                continue
            try:
                case = lever.move(case, values) if case is not None else None
            except DcmodelError:
                return None
        return None if case is None else self.redraw(case)

    def moved(self, pairs: Sequence[tuple[Lever, Floats]]) -> Compiled | None:
        """Return the program of the case with levers moved."""
        self.judge.budget.left()
        case = self.changed(pairs)
        return None if case is None else Compiled(case)

    def holds(self, pairs: Sequence[tuple[Lever, Floats]]) -> bool:
        """Return whether the case with levers moved has a design of all years."""
        case = self.changed(pairs)
        return case is not None and holds(case, self.judge)


class _Sums:
    """The least sum of shares of the way of each lever that no proof at hand forbids."""

    def __init__(self, levers: Sequence[Lever], far: Sequence[Floats]) -> None:
        self.levers, self.far = levers, far
        self.years = len(far[0])
        self.rows: list[tuple[Floats, float]] = []

    def cut(self, one: Wants, values: Sequence[Floats], slopes: Floats) -> None:
        """Add what the proof of a year says: violation + slopes (share - share now) <= 0."""
        row = np.zeros((len(self.levers), self.years))
        row[:, one.year] = slopes
        now = np.array([self._share(k, values[k]) for k in range(len(self.levers))])
        self.rows.append((row.ravel(), float((row * now).sum() - one.verdict.violation)))

    def _share(self, k: int, values: Floats) -> Floats:
        value = np.where(np.isfinite(self.levers[k].value), self.levers[k].value, 0.0)
        way, gone = self.far[k] - value, np.where(np.isfinite(values), values, 0.0) - value
        return np.divide(gone, way, out=np.zeros_like(gone), where=way != 0)

    def least(self) -> Floats | None:
        """Return the share of its way of each lever and year."""
        weight = np.array(
            [
                np.abs(end - lever.value) / np.maximum(np.abs(lever.value), 1e-3 * np.abs(end))
                if not lever.falls
                else np.ones(self.years)
                for lever, end in zip(self.levers, self.far, strict=True)
            ]
        )
        weight = np.where(np.isfinite(weight) & (weight > 0), weight, 1.0)
        n = weight.size
        answer = solve_or_none(
            Problem(
                cost=weight.ravel(),
                matrix=narrow(np.array([row for row, _ in self.rows])),
                row_lower=np.full(len(self.rows), -np.inf),
                row_upper=np.array([limit for _, limit in self.rows]),
                lower=np.zeros(n),
                upper=np.ones(n),
            ),
            solver="highs",
        )
        return None if answer is None else answer.x.reshape(len(self.levers), self.years)


def _nought(one: Wants) -> float:
    """Return the bound up to which nothing is proved against a year."""
    return 1e-9 * max(1.0, one.verdict.violation)


def _between(low: float, below: float, high: float, above: float) -> float:
    """Return where a straight line through two ends is zero, inside them."""
    if not np.isfinite(above) or above >= below or not np.isfinite(below):
        return (low + high) / 2
    return float(low + (high - low) * below / (below - above))
