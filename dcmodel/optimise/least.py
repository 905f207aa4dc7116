"""The least change of levers that lets a case have a design.

Most levers enter rows and bounds linearly: the case built at two values of a lever gives the
direction, and the least amount is one small linear program over the weeks that have no design. The
case is then built with that amount and every hour asked; where another week fails it joins the
program. Where a lever changes coefficients, the multipliers of a year's least violation bound it at
other values, and the year is asked again where that bound comes to zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dcmodel.base.errors import DcmodelError
from dcmodel.components.base import SiteCase
from dcmodel.components.levers import Lever
from dcmodel.optimise.blocks import YearBlock
from dcmodel.optimise.feasible import Compiled, Judge, Lack, Verdict, holds
from dcmodel.optimise.solvers.problem import Floats
from dcmodel.optimise.stretch import NotLinearError, Part, least_shares
from dcmodel.optimise.weeks import Week

ROUNDS_MAX = 12
"""How often a year is asked again at a larger amount."""
HALVINGS_MAX = 20
PROOFS_MAX = 3
"""How often the amount is sought by proofs before it is sought by halving."""
DIGITS = 4
"""Significant digits of an amount, rounded to where it gives way further."""
FAR = 20.0
"""How far beyond itself, or beyond what the facility draws, a limit is raised at most."""
PROBE = 0.05
"""Share of the facility's draw, or of itself, by which a limit is moved to see what follows."""
NOTHING = 1e-4
"""A least amount below this share of what was asked for is put to zero. [1]"""
STEP = 1e-3
"""An amount is known when what does and what does not are this close. [1]"""
HOURS = 8760.0

Redraw = Callable[[SiteCase], SiteCase]
"""Returns a case with what follows from its work, such as the lines of the facility, anew."""
Pairs = list[tuple[Lever, Floats]]
Spot = tuple[int, Week | None]
"""Position of a year without a design, and the week that stands for it."""


class Search:
    """Looks for the least values of levers."""

    def __init__(self, case: SiteCase, judge: Judge, redraw: Redraw | None) -> None:
        self.case, self.judge = case, judge
        self.redraw = redraw or (lambda one: one)
        self.start = Compiled(case)
        self.lacking = judge.lacks(self.start.blocks)
        self.blocks = {block.year: block for block in self.start.blocks}
        self.peak = float((case.facility_design_peak * case.it_capacity).max(initial=1.0))
        self._probes: dict[int, Compiled | None] = {}

    # ---- one lever ------------------------------------------------------------------------------

    def alone(self, lever: Lever) -> Floats | None:
        """Return the least values of one lever that do by themselves, verified; else None."""
        try:
            values = self._linear([lever], self._spots(self.lacking))
        except NotLinearError:
            least = self._newton(lever)
        else:
            # a lever of whole units shows nothing within a small step
            least = self._far_off(lever) if values is None else values[0][1]
        return None if least is None else self._verified(lever, least)

    def _linear(self, levers: Sequence[Lever], spots: list[Spot]) -> Pairs | None:
        """Return the least values of levers that let every year have a design; None if none do.

        Raises
        ------
        NotLinearError
            Where what follows from a lever is not linear in it.
        """
        for _ in range(ROUNDS_MAX):
            parts = [self._part(levers, year, week) for year, week in spots]
            found = least_shares(parts, self._weights(levers), self._most(levers),
                                 [lever.by_year for lever in levers], self.judge)  # fmt: skip
            if found is None:
                return None
            each = zip(levers, found, strict=True)
            pairs = [(lever, self._at(lever, shares)) for lever, shares in each]
            compiled = self.moved(pairs)
            if compiled is None:
                return None
            lacking = self.judge.lacks(compiled.blocks)
            if not lacking:
                return pairs
            known = {_named(*spot) for spot in spots}
            new = [spot for spot in self._spots(lacking) if _named(*spot) not in known]
            if not new:  # the program says that this would do, the case that it does not
                raise NotLinearError
            spots = spots + new
        return None

    def _spots(self, lacking: Sequence[Lack]) -> list[Spot]:
        """Return years, with the week that stands for them, in terms of the case at the start."""
        if any(lack.year < 0 for lack in lacking):
            raise NotLinearError
        return [
            (lack.year, lack.week if _alike(lack.block, self.blocks[lack.year]) else None)
            for lack in lacking
        ]

    def _part(self, levers: Sequence[Lever], year: int, week: Week | None) -> Part:
        block = self.blocks[year]
        programs = [block.problem]
        for lever in levers:
            probe = self._probe(lever)
            moved = None if probe is None else probe.as_block(block)
            if moved is None:
                raise NotLinearError
            programs.append(moved)
        if week is not None:
            programs = [week.part(one) for one in programs]
        return Part(year, programs[0], tuple(programs[1:]))

    def _probe(self, lever: Lever) -> Compiled | None:
        """Return the case with a lever moved a little way."""
        if lever.whole:
            return None
        if id(lever) not in self._probes:
            step = self._step(lever)
            values = lever.allowed(lever.value + step)
            self._probes[id(lever)] = self.moved([(lever, values)])
        return self._probes[id(lever)]

    def _step(self, lever: Lever) -> Floats:
        value = np.where(np.isfinite(lever.value), lever.value, 0.0)
        if lever.falls:
            return -PROBE * value
        scale = 1.0 if not lever.unit else self.peak
        # the same for all years, so that stages that must not fall do not
        step = PROBE * max(float(value.max(initial=0.0)), scale)
        if not lever.unit:
            step = min(step, max(0.0, 1.0 - float(value.max(initial=0.0))))
        return np.where(np.isfinite(lever.value), step, 0.0)

    def _most(self, levers: Sequence[Lever]) -> Floats:
        """Return the most that each lever may move by year, in steps of its probe."""
        found = []
        for lever in levers:
            step = self._step(lever)
            way = np.where(step != 0, self.far(lever) - lever.value, 0.0)
            found.append(np.divide(way, step, out=np.zeros_like(way), where=step != 0))
        return np.array(found)

    def _weights(self, levers: Sequence[Lever]) -> Floats:
        """Return the price of a step of each lever by year: its share of the lever's value."""
        found = []
        for lever in levers:
            step = np.abs(self._step(lever))
            size = np.where(np.isfinite(lever.value), np.abs(lever.value), 1.0)
            found.append(step / np.maximum(size, np.maximum(step, 1e-9)))
        return np.maximum(np.array(found), 1e-6)

    def _at(self, lever: Lever, shares: Floats) -> Floats:
        moved = np.where(shares > 1e-9, lever.value + shares * self._step(lever), lever.value)
        return lever.allowed(self.rounded(lever, moved))

    def _newton(self, lever: Lever) -> Floats | None:
        """Return the least values of a lever by proofs, and by halving where these are weak."""
        values, far = lever.value.copy(), self.far(lever)
        lacking = self.lacking
        for _ in range(PROOFS_MAX):
            proofs = [_Proof(one.block, self.judge.verdict(one.block.problem)) for one in lacking]
            roots = self._roots(lever, values, far, proofs)
            if roots is None:
                return None
            values = lever.allowed(self.rounded(lever, roots))
            compiled = self.moved([(lever, values)])
            if compiled is None:
                return None
            lacking = self.judge.lacks(compiled.blocks)
            if not lacking:
                return values
        end = values.copy()
        at = [one.year for one in lacking]
        end[at] = far[at]
        return self._halved(lever, values, end)

    def _far_off(self, lever: Lever) -> Floats | None:
        """Return the least values of a lever that gives way all of a sudden; None if nowhere."""
        end, far = lever.value.copy(), self.far(lever)
        at = [one.year for one in self.lacking]
        end[at] = far[at]
        return self._halved(lever, lever.value, end)

    def _roots(
        self, lever: Lever, values: Floats, far: Floats, lacking: Sequence[_Proof]
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
        limits = [_nought(violation) for violation in first]
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
        self, lever: Lever, values: Floats, lacking: Sequence[_Proof]
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
        for _ in range(HALVINGS_MAX):
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
        return lever.allowed(self.rounded(lever, high))

    def _does(self, lever: Lever, values: Floats) -> bool:
        compiled = self.moved([(lever, lever.allowed(values))])
        return compiled is not None and not self.judge.lacks(compiled.blocks, enough=1)

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

    def together(self, levers: Sequence[Lever]) -> Pairs | None:
        """Return the least values of several levers that do together, verified; else None.

        Of those that enter linearly it is the smallest sum of shares of each lever's own value,
        with the others let go; then each of the others gives way as little as it can.
        """
        linear = [lever for lever in levers if self._is_linear(lever)]
        others = [lever for lever in levers if lever not in linear]
        freed = [(lever, self.far(lever)) for lever in others]
        base = Search(self._case(freed), self.judge, self.redraw) if freed else self
        pairs: Pairs = []
        if base.lacking:
            try:
                found = base._linear(linear, base._spots(base.lacking)) if linear else None
            except NotLinearError:
                found = None
            if found is None:
                return None
            pairs = found
        for lever in others:
            rest = [pair for pair in freed if pair[0] is not lever]
            inner = Search(self._case([*pairs, *rest]), self.judge, self.redraw)
            if inner.lacking:
                values = inner.alone(lever)
                if values is None:
                    return None
                pairs.append((lever, values))
            freed = rest
        return self._pruned(pairs)

    def _is_linear(self, lever: Lever) -> bool:
        try:
            for year, week in self._spots(self.lacking):
                self._part([lever], year, week).check()
        except NotLinearError:
            return False
        return True

    def _case(self, pairs: Pairs) -> SiteCase:
        case = self.changed(pairs)
        return self.case if case is None else case

    def _pruned(self, pairs: Pairs) -> Pairs | None:
        """Leave out what is not needed; None where what is left is not verified."""
        pairs = [pair for pair in pairs if not np.array_equal(pair[1], pair[0].value)]
        for pair in list(pairs):
            rest = [one for one in pairs if one is not pair]
            compiled = self.moved(rest) if rest else None
            if compiled is not None and not self.judge.lacks(compiled.blocks, enough=1):
                pairs = rest
        return pairs if pairs and self.holds(pairs) else None

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
        if lever.falls:  # next to nothing is nothing
            moved = np.where(moved <= NOTHING * np.abs(lever.value), 0.0, moved)
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


class _Proof:
    """A year, and the multipliers that prove that it has no design."""

    def __init__(self, block: YearBlock, verdict: Verdict) -> None:
        self.block, self.verdict, self.year = block, verdict, block.year


def _named(year: int, week: Week | None) -> tuple[int, int, int]:
    return (year, -1, -1) if week is None else (year, week.first, week.length)


def _alike(one: YearBlock, two: YearBlock) -> bool:
    """Return whether two blocks are the same rows and columns of programs of the same shape."""
    return np.array_equal(one.rows, two.rows) and np.array_equal(one.columns, two.columns)


def _nought(violation: float) -> float:
    """Return the bound up to which nothing is proved against a year."""
    return 1e-9 * max(1.0, violation)


def _between(low: float, below: float, high: float, above: float) -> float:
    """Return where a straight line through two ends is zero, inside them."""
    if not np.isfinite(above) or above >= below or not np.isfinite(below):
        return (low + high) / 2
    return float(low + (high - low) * below / (below - above))
