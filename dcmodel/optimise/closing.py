"""The process that closes the gap of a pathway: designs from above, cuts from below."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dcmodel.base.errors import SolverError
from dcmodel.optimise.blocks import NamedProblem, Split, YearBlock
from dcmodel.optimise.certify import PRIMAL_TOLERANCE, check
from dcmodel.optimise.master import Master, Mix, Wish, believed
from dcmodel.optimise.outcomes import cheapest_outcomes
from dcmodel.optimise.solve import Solution, solve, solve_or_none
from dcmodel.optimise.solvers.problem import Floats, Problem

logger = logging.getLogger(__name__)

SHORTAGE = 4.0
"""How much dearer a unit too little is than a unit too much when sizes are made consistent."""
NOTHING = 1e-5
"""Sizes below this share of the largest are taken for none: an interior point never says zero."""
FIRST_PENALTY, LAST_PENALTY = 10.0, 1000.0
"""Price of leaving sizes at which a block has no solution, as a multiple of their own price."""
RAISES = 4
"""How often sizes that fall short are raised by what they lack before a block is asked itself."""
ATTEMPTS = 10
"""How often sizes that cannot be dispatched are mended before a proposal is given up."""
LEVEL = 0.5
"""Where between the bounds the next design's promised cost lies."""
REFINE_ABOVE = 0.5
"""Share of the gap asked for above which a proposal's sizes are refined and dispatched again."""
LITTLE = 0.15
"""Relative difference of sizes up to which a block alone is believed."""
SHORT = 5e-7
"""A shortage below this is rounding of a solver. [the row's own unit]"""
EQUAL = 1e-6
"""Costs that differ by less are equal, relative. [1]"""
PRICE_EVERY = 3
"""After how many designs by cuts the blocks are priced again."""


@dataclass(frozen=True)
class Round:
    """One line of the history: bounds in the objective's unit after `seconds`."""

    step: str
    lower_bound: float
    upper_bound: float
    seconds: float


@dataclass(frozen=True)
class Proposal:
    """Sizes worth trying, and what the rows that couple years are worth.

    Attributes
    ----------
    coupling_dual : ndarray, shape (coupling rows,)
    sizes : ndarray, shape (link and pure columns,)
    """

    coupling_dual: Floats
    sizes: Floats


class Closing:
    """State of one solution process: the cuts, the best design, the bounds."""

    def __init__(
        self,
        lp: Any,
        parts: Split,
        pool: ThreadPoolExecutor,
        options: dict[str, Any],
        start: float,
        progress: Callable[[Round], None] | None,
    ) -> None:
        self.lp, self.problem, self.parts, self.pool = lp, Problem.of(lp), parts, pool
        self.options, self.start, self.progress = options, start, progress
        self.history: list[Round] = []
        self.solvers: set[str] = set()
        self.upper, self.lower = np.inf, -np.inf
        self.best: tuple[Floats, Floats] | None = None
        self.bound_dual = np.zeros(self.problem.shape[0])
        self.coupling_dual = np.zeros(parts.coupling_rows.size)
        self.penalty = FIRST_PENALTY
        self.price_every = PRICE_EVERY
        self.master = Master(self.problem, parts, 1.0)

    @property
    def gap(self) -> float:
        """Relative distance of the bounds."""
        if not np.isfinite(self.upper) or not np.isfinite(self.lower):
            return np.inf
        return (self.upper - self.lower) / max(1.0, abs(self.upper))

    # ---- steps ------------------------------------------------------------------------------

    def run(self, proposals: Iterable[Proposal], gap: float, max_rounds: int) -> None:
        """Try the proposals, then designs by cuts, until the gap closes; dispatch the best anew."""
        self._close(proposals, gap, max_rounds)
        self._dispatch_exactly()

    def _close(self, proposals: Iterable[Proposal], gap: float, max_rounds: int) -> None:
        for number, proposal in enumerate(proposals, start=1):
            self._check(proposal)
            self._try(proposal, number, gap)
            if self.gap <= gap:
                return
        for turn in range(1, max_rounds + 1):
            if self.best is None or not self._improve(turn) or self.gap <= gap:
                return

    def _check(self, proposal: Proposal) -> None:
        rows, columns = self.parts.coupling_rows.size, self.parts.master_columns.size
        if proposal.coupling_dual.size != rows or proposal.sizes.size != columns:
            message = (
                f"the proposal has {proposal.coupling_dual.size} coupling rows and "
                f"{proposal.sizes.size} sizes, the program {rows} and {columns}; make both from "
                "the same model"
            )
            raise SolverError(message)

    def dispatched(self, proposal: Proposal, *, elastic: bool = True) -> Floats | None:
        """Return the hourly dispatch of a proposal's sizes, None where it fails.

        If `elastic`, rows that may fall short are unmet where the sizes do not suffice; else that
        is a failure, and what follows from operation is at its cheapest.
        """
        self._check(proposal)
        design = self._nearest(self._proposed(proposal))
        value = self.master.coupling_value(proposal.coupling_dual)
        programs = [
            _trial(block, design, value) if elastic else block.fixed(design, value)
            for block in self.parts.blocks
        ]
        for block, answer in zip(self.parts.blocks, self._solve_all(programs, True), strict=True):
            if answer is None:
                return None
            # a little short or not, the load that follows from it is the one asked for
            design[block.columns] = answer.x[: block.columns.size]
        return design if elastic else self._followed(design)

    def _proposed(self, proposal: Proposal) -> Wish:
        """Return the sizes of a proposal without crumbs, and what they are worth."""
        self.size = float(np.abs(proposal.sizes).max(initial=1.0))
        self.master.enlarge(self.size)
        sizes = np.zeros(self.problem.shape[1])
        crumb = np.abs(proposal.sizes) < NOTHING * self.size
        sizes[self.parts.master_columns] = np.where(crumb, 0.0, proposal.sizes)
        return self._wish(sizes, proposal.coupling_dual)

    def _try(self, proposal: Proposal, number: int, gap: float) -> None:
        """Dispatch the sizes of a proposal and price the blocks by its multipliers."""
        wish = self._proposed(proposal)
        self.coupling_dual = proposal.coupling_dual
        design = self._mended(self._nearest(wish), wish)
        self._bound(f"design {number}")
        if self.gap <= gap:
            return
        alone = self._price(proposal.coupling_dual)
        self._bound(f"priced {number}")
        if self.gap > REFINE_ABOVE * gap and self.best is not None:
            self._mended(self._refined(design, alone, proposal), wish)
            self._bound(f"refined {number}")
        # a mix may be cheaper by a hair, but its load is not the one that was dispatched
        if self.gap > gap and self._mix() is not None:
            self._bound(f"mixed {number}")

    def _refined(self, design: Floats, alone: Floats, proposal: Proposal) -> Floats:
        """Return a design with the sizes that hourly blocks correct by little, so corrected.

        A coarse model flattens peaks, so its connections are a little too small; where a block
        alone wants something else altogether, its price was on a kink and the design is kept.
        """
        room = LITTLE * np.maximum(np.abs(design), np.abs(alone))
        near = np.abs(alone - design) <= room
        sizes = np.where(near, alone, design)
        return self._nearest(self._wish(sizes, proposal.coupling_dual))

    def _nearest(self, wish: Wish) -> Floats:
        """Return the consistent design nearest to some sizes, whatever it costs."""
        design = self.master.nearest(wish)
        assert design is not None
        return design

    def _improve(self, turn: int) -> bool:
        """Dispatch the design nearest to the best that promises to cost clearly less.

        Returns
        -------
        bool
            Whether anything may still be gained.
        """
        assert self.best is not None
        if turn % self.price_every == 0:
            mix = self.master.mix() if not self.master.has_integers else None
            self._price(self.coupling_dual if mix is None else mix.coupling_dual)
            self._mix()
            self._bound(f"priced again {turn}")
            return True
        centre = self._wish(self.best[0], self.coupling_dual)
        level = self.lower + LEVEL * (self.upper - self.lower)
        design = self.master.nearest(centre, cost_max=level)
        if design is None:
            return False
        self._mended(design, centre)
        if self.parts.has_operational_links:
            self._hold(design)
        self._mix()
        self._bound(f"improved {turn}")
        return True

    def _wish(self, sizes: Floats, coupling_dual: Floats) -> Wish:
        """Return sizes with the price of leaving them.

        A block buys a size until its worth falls to the price: a unit less loses more than that.
        """
        price = self.problem.cost - self.master.coupling_value(coupling_dual)
        at = self.master.link_columns
        worth = np.maximum(np.abs(price), 1e-3 * float(np.abs(price[at]).max(initial=1.0)))
        return Wish(
            sizes,
            above=np.where(price < 0, SHORTAGE * worth, worth),
            below=np.where(price > 0, SHORTAGE * worth, worth),
        )

    def _price(self, coupling_dual: Floats) -> Floats:
        """Solve every block with free sizes at given multipliers; return the sizes they take."""
        value = self.master.coupling_value(coupling_dual)
        blocks = self.parts.blocks
        answers = self._solve_all([_boxed(b.priced(value), self.size) for b in blocks])
        sizes = np.zeros(self.problem.shape[1])
        for i, (block, answer) in enumerate(zip(blocks, answers, strict=True)):
            self.master.add(i, believed(answer), answer.x)
            sizes[block.columns[block.link]] = answer.x[block.link]
        return sizes

    def _mended(self, design: Floats, wish: Wish) -> Floats:
        """Dispatch a design, mended until every block has what it needs; return the last one.

        Sizes that fall short are raised by what they lack. Where that does not do and no design is
        known yet, blocks say what they need at a price for the distance.
        """
        attempts = ATTEMPTS if self.best is None else RAISES
        for attempt in range(attempts):
            wanted = self._dispatch(design, wish, may_stretch=self.best is None, attempt=attempt)
            if wanted is None or attempt == attempts - 1:
                break
            wish = wish.held(design, wanted)
            design = self._nearest(wish)
        return design

    def _dispatch(
        self, design: Floats, wish: Wish, *, may_stretch: bool, attempt: int
    ) -> Floats | None:
        """Dispatch every block at a design and keep the result.

        Returns
        -------
        ndarray, shape (n,) or None
            None if every block could be dispatched or nothing is known of what would do, else sizes
            with which they may.
        """
        blocks = self.parts.blocks
        value = self.master.coupling_value(self.coupling_dual)
        programs = [_trial(block, design, value) for block in blocks]
        answers = self._solve_all(programs, may_fail=True)
        x, row_dual = design.copy(), np.zeros(self.problem.shape[0])
        short: dict[int, Solution | None] = {}
        for i, (block, answer) in enumerate(zip(blocks, answers, strict=True)):
            if answer is None or block.shortage(answer.x) > SHORT:
                short[i] = answer
                continue
            own = np.ones(block.columns.size, dtype=bool)
            own[block.held] = False
            x[block.columns[own]] = answer.x[: own.size][own]
            row_dual[block.rows] = believed(answer)
            self.master.add(i, believed(answer), answer.x)
        if short:
            return self._enlarged(short, design, wish, may_stretch, attempt)
        x = self._followed(x)
        self._keep(x, row_dual)
        return None

    def _hold(self, design: Floats) -> None:
        """Dispatch a design with outcomes of operation held at it, too, and learn from the blocks.

        At a price they take one end of a kink or the other; held, they show what lies between.
        """
        blocks = self.parts.blocks
        answers = self._solve_all([block.elastically_fixed(design) for block in blocks], True)
        x, row_dual, runs = design.copy(), np.zeros(self.problem.shape[0]), True
        for i, (block, answer) in enumerate(zip(blocks, answers, strict=True)):
            enough = answer is not None and block.shortage(answer.x) <= SHORT
            runs &= enough
            if answer is not None:
                x[block.columns] = answer.x[: block.columns.size]
                row_dual[block.rows] = believed(answer)
                # what is short is no point of the block, and its cut says what it needs
                self.master.add(i, believed(answer), answer.x, is_point=enough)
        if runs:
            self._keep(self._followed(x), row_dual)

    def _followed(self, x: Floats) -> Floats:
        """Return columns with the outcomes of operation that reach into other years as they follow.

        A year is dispatched without knowing what others draw, on which its own billed demand may
        depend: with every hour and decision as it is, the outcomes are chosen for all years.
        """
        if not self.parts.has_operational_links:
            return x
        found = cheapest_outcomes(self.problem, np.asarray(self.lp.operational, dtype=bool), x)
        return x if found is None else found

    def _dispatch_exactly(self) -> None:
        """Dispatch the best design without the penalty of an elastic trial.

        The penalty is large beside the price of an hour, so a trial leaves rounding in the hours.
        """
        blocks = self.parts.blocks
        if self.best is None or not any(_may_fall_short(block) for block in blocks):
            return
        x, row_dual = (part.copy() for part in self.best)
        value = self.master.coupling_value(self.coupling_dual)
        answers = self._solve_all([block.fixed(x, value) for block in blocks], may_fail=True)
        for block, answer in zip(blocks, answers, strict=True):
            if answer is None:
                return
            own = np.ones(block.columns.size, dtype=bool)
            own[block.held] = False
            x[block.columns[own]] = answer.x[own]
            row_dual[block.rows] = believed(answer)
        x = self._followed(x)
        certificate = check(self.problem, np.clip(x, self.problem.lower, self.problem.upper))
        worse = certificate.objective > self.upper + EQUAL * abs(self.upper)
        if certificate.relative_violation <= PRIMAL_TOLERANCE and not worse:
            self.upper, self.best = certificate.objective, (x, row_dual)

    def _enlarged(
        self,
        short: dict[int, Solution | None],
        design: Floats,
        wish: Wish,
        may_stretch: bool,
        attempt: int,
    ) -> Floats | None:
        """Return sizes with which blocks that fell short may do; None where that is not known."""
        wanted, hard = design.copy(), []
        for i, answer in short.items():
            block = self.parts.blocks[i]
            raised = None
            if answer is not None and attempt < RAISES:
                logger.info("block of year %d: short by %.3g", block.year, block.shortage(answer.x))
                value = self.master.coupling_value(self.coupling_dual)
                duals = believed(answer)
                raised = block.raised(duals, answer.x, design, wish.above, value)
            if raised is None:
                hard.append(i)
            else:
                wanted = np.maximum(wanted, raised)
        if len(hard) < len(short):
            return wanted  # years share sizes: what one lacks often is what another does
        return self._stretch(hard, design, wish) if may_stretch else None

    def _stretch(self, failed: list[int], design: Floats, wish: Wish) -> Floats:
        """Return the sizes nearest to a design at which its failed blocks have a solution."""
        price = self.penalty * np.maximum(wish.above, wish.below)
        self.penalty = min(LAST_PENALTY, 10.0 * self.penalty)
        blocks = [self.parts.blocks[i] for i in failed]
        answers = self._solve_all([block.stretched(design, price) for block in blocks], rough=True)
        wanted = design.copy()
        for i, block, answer in zip(failed, blocks, answers, strict=True):
            x = answer.x[: block.columns.size]
            exact = answer.certificate.relative_violation <= PRIMAL_TOLERANCE
            self.master.add(i, believed(answer), x, is_point=exact)
            wanted[block.columns[block.held]] = x[block.held]
        return wanted

    def _mix(self) -> Mix | None:
        """Keep the cheapest mix of what is known of the blocks."""
        if self.master.has_integers:
            return None
        mix = self.master.mix()
        if mix is not None and self.best is not None:
            self._keep(mix.x, self.best[1])
        return mix

    def _keep(self, x: Floats, row_dual: Floats) -> None:
        """Keep a design if it is feasible in the whole program and the cheapest so far."""
        x = np.clip(x, self.problem.lower, self.problem.upper)
        certificate = check(self.problem, x)
        if certificate.relative_violation > PRIMAL_TOLERANCE:
            logger.warning("a dispatched design breaks %s", self._row(certificate.worst_row))
            return
        if certificate.objective < self.upper:
            self.upper, self.best = certificate.objective, (x, row_dual)

    def _bound(self, step: str) -> None:
        """Renew the lower bound and the multipliers of the coupling rows from all cuts."""
        state = self.master.solve()
        if state is None:
            logger.warning("the coordinating program has no checked answer; the bound stays")
        else:
            point = state.values if self.best is None else self.best[0]
            self.coupling_dual = state.coupling_dual
            proven = check(self.problem, point, state.row_dual).dual_bound
            if proven > self.lower:
                self.lower, self.bound_dual = proven, state.row_dual
        if self.master.has_integers:
            self.lower = max(self.lower, self.master.whole_bound())
        line = Round(step, self.lower, self.upper, time.perf_counter() - self.start)
        self.history.append(line)
        logger.info("%s", line)
        if self.progress is not None:
            self.progress(line)

    # ---- blocks ------------------------------------------------------------------------------

    def _solve_all(
        self, programs: list[NamedProblem], may_fail: bool = False, rough: bool = False
    ) -> list[Any]:
        def one(program: NamedProblem) -> Solution | None:
            if may_fail and program.block.held.size:
                return solve_or_none(program, **self.options)
            return solve(program, rough=rough, **self.options)

        answers = list(self.pool.map(one, programs))
        for program, answer in zip(programs, answers, strict=True):
            if answer is not None:
                self._log(f"block of year {program.block.year}", answer)
        return answers

    def _log(self, what: str, answer: Solution) -> None:
        self.solvers.add(answer.solver)
        logger.info("%s: %s %.2f s gap %.1e", what, answer.solver, answer.seconds, answer.gap)

    def _row(self, i: int) -> str:
        return str(self.lp.row_name(i)) if i >= 0 else "a column bound"


def _trial(block: YearBlock, design: Floats, value: Floats) -> NamedProblem:
    """Return the dispatch of a design: elastic where the sizes may turn out not to suffice."""
    if _may_fall_short(block):
        return block.elastically_fixed(design, value)
    return block.fixed(design, value)


def _may_fall_short(block: YearBlock) -> bool:
    return bool(block.elastic.size and block.held.size)


def _boxed(program: NamedProblem, size: float) -> NamedProblem:
    """Keep sizes without an upper bound within ten times the proposal's largest.

    The cut does not use this box; it only keeps a block priced by rough multipliers bounded.
    """
    block: YearBlock = program.block
    upper = program.problem.upper.copy()
    open_ended = block.link[~np.isfinite(upper[block.link])]
    upper[open_ended] = 10.0 * size
    return replace(program, problem=replace(program.problem, upper=upper))
