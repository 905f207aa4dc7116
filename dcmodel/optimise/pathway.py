r"""Several years at once: bounds by year blocks, closed by cuts on the sizes.

Years share only a few sizes. Let :math:`f_b(s_b)` be the least cost of block :math:`b` with its
sizes fixed, and let :math:`C z` be the rows that couple sizes :math:`s` and what is built.

1. A *proposal*, the same model on few segments, gives multipliers of the coupling rows.
2. Each block is solved hourly with its sizes free and priced by the multipliers. Its dual solution
   is a cut :math:`f_b(s) \ge \alpha + \beta^T s`; the program over :math:`z` with these cuts
   (`dcmodel.optimise.master`) gives a lower bound.
3. The consistent design nearest to the blocks' sizes is dispatched hourly, block by block: an upper
   bound, and one more cut a block.
4. Until the gap closes: the blocks are priced again, with multipliers between those of the cuts and
   those of the cheapest mix of the block solutions known. Mixing solutions of a block gives a
   solution of the block, so the mix is a design that can be run; its sizes are dispatched anew.

Every cut is computed from multipliers by `dcmodel.optimise.certify`, hence valid however accurate
the solver was, and the reported lower bound is recomputed on the whole program.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dcmodel.base.errors import InfeasibleError, SolverError
from dcmodel.optimise.blocks import Cut, NamedProblem, Split, YearBlock, split
from dcmodel.optimise.certify import PRIMAL_TOLERANCE, check
from dcmodel.optimise.coarse import coarsen
from dcmodel.optimise.master import Master, Mix, Wish, believed
from dcmodel.optimise.solve import SMALL, TOLERANCE, Solution, solve, solve_or_none
from dcmodel.optimise.solvers.problem import Floats, Problem

logger = logging.getLogger(__name__)

SHORTAGE = 4.0
"""How much dearer a unit too little is than a unit too much when sizes are made consistent."""
SPARE = 0.02
"""Share of the gap that may be forgone by not dispatching again where sizes hardly move."""
FIRST_PENALTY, LAST_PENALTY = 10.0, 1000.0
"""Price of leaving sizes at which a block has no solution, as a multiple of their own price."""


@dataclass(frozen=True)
class Round:
    """One line of the history: bounds in the objective's unit after `seconds`."""

    step: str
    lower_bound: float
    upper_bound: float
    seconds: float


@dataclass(frozen=True)
class PathwaySolution:
    """A design of all years, dispatched in every step, with its proven distance to the optimum.

    Attributes
    ----------
    x : ndarray, shape (n,)
        Column values of the whole program.
    row_dual : ndarray, shape (m,)
        Multipliers of the dispatch at the design (prices by hour) and of the coupling rows.
    objective, lower_bound : float
        Objective of `x` and the proven lower bound, offset included.
    gap : float
        ``(objective - lower_bound) / max(1, |objective|)``.
    status : str
        ``optimal`` if the gap asked for was reached, else ``gap_not_reached``.
    solver : str
        Solvers used.
    seconds : float
        Wall time.
    history : tuple of Round
    primal_violation : float
        Largest violation in the whole program, in the row's own unit.
    """

    x: Floats
    row_dual: Floats
    objective: float
    lower_bound: float
    gap: float
    status: str
    solver: str
    seconds: float
    history: tuple[Round, ...]
    primal_violation: float


@dataclass(frozen=True)
class SolvedProposal:
    """A coarse program that is solved already: only its multipliers and sizes are wanted."""

    program: Any
    solution: PathwaySolution


def solve_pathway(
    lp: Any,
    proposal: Any = None,
    *,
    gap: float = 0.005,
    max_rounds: int = 12,
    jobs: int = 1,
    tolerance: float = TOLERANCE,
    time_limit: float | None = None,
    whole_below: int = SMALL,
    progress: Callable[[Round], None] | None = None,
) -> PathwaySolution:
    """Solve a program whose years are coupled by few rows, to a certified gap.

    Parameters
    ----------
    lp : LinearProgram
        The whole program; ``couples_years`` marks the coupling rows.
    proposal : LinearProgram or PathwaySolution, optional
        The same model on fewer steps, with the same coupling rows in the same order, or an earlier
        solution of almost the same program. Without it neighbouring steps of `lp` are merged.
    gap : float
        Relative distance of the bounds at which to stop.
    max_rounds : int
        Designs dispatched at most.
    jobs : int
        Blocks solved at the same time, each in its own worker process.
    tolerance : float
        Solver's tolerance in the blocks.
    time_limit : float, optional
        Seconds for each solver tried on each block.
    whole_below : int
        Number of coefficients below which the program is solved at once.
    progress : callable, optional
        Called with every `Round`.

    Returns
    -------
    PathwaySolution

    Raises
    ------
    InfeasibleError
        If a block has no solution for any sizes, or no consistent sizes were found for which every
        block has one.
    SolverError
        If no solver solves a block, or there are integers in a program too large to solve whole.
    """
    start = time.perf_counter()
    problem = Problem.of(lp)
    options = {"tolerance": tolerance, "time_limit": time_limit}
    if problem.integer is not None:
        return _whole(lp, start, options)
    parts = split(lp)
    if len(parts.blocks) <= 1 or problem.matrix.nnz < whole_below:
        return _whole(lp, start, options)
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        run = _Run(lp, problem, parts, pool, options, start, progress)
        return run.close_gap(proposal, gap, max_rounds)


def _whole(lp: Any, start: float, options: dict[str, Any]) -> PathwaySolution:
    """Solve the program at once: a single block, or small, or with integers."""
    problem = Problem.of(lp)
    if problem.integer is not None and problem.matrix.nnz > 20 * SMALL:
        message = (
            f"a pathway with whole-number sizes and {problem.matrix.nnz} coefficients is too large "
            "to solve at once; use segments instead of hours, or continuous sizes"
        )
        raise SolverError(message)
    answer = solve(lp, **options)
    row_dual = np.zeros(problem.shape[0]) if answer.row_dual is None else answer.row_dual
    seconds = time.perf_counter() - start
    line = Round("whole", answer.dual_bound, answer.objective, seconds)
    return PathwaySolution(
        x=answer.x,
        row_dual=row_dual,
        objective=answer.objective,
        lower_bound=answer.dual_bound,
        gap=answer.gap,
        status=answer.status,
        solver=answer.solver,
        seconds=seconds,
        history=(line,),
        primal_violation=answer.certificate.primal_violation,
    )


class _Run:
    """State of one solution process: the cuts, the best design, the bounds."""

    def __init__(
        self,
        lp: Any,
        problem: Problem,
        parts: Split,
        pool: ThreadPoolExecutor,
        options: dict[str, Any],
        start: float,
        progress: Callable[[Round], None] | None,
    ) -> None:
        self.lp, self.problem, self.parts, self.pool = lp, problem, parts, pool
        self.options, self.start, self.progress = options, start, progress
        self.history: list[Round] = []
        self.solvers: set[str] = set()
        self.upper, self.lower = np.inf, -np.inf
        self.best: tuple[Floats, Floats] | None = None
        self.bound_dual = np.zeros(problem.shape[0])
        self.priced: list[tuple[Solution, Cut]] = []

    # ---- steps ------------------------------------------------------------------------------

    def close_gap(self, proposal: Any, gap: float, max_rounds: int) -> PathwaySolution:
        """Alternate designs and bounds until they meet."""
        coupling_dual, size = self._propose(proposal)
        self.master = Master(self.problem, self.parts, size)
        self.penalty = FIRST_PENALTY
        wish = self._price(coupling_dual, size)
        design = self.master.nearest(wish)
        for turn in range(max_rounds):
            known = self._holding(design, SPARE * gap) if turn == 0 else {}
            wanted = self._dispatch(design, wish, known)
            if wanted is not None and self.best is None:
                wish = wish.held(design, wanted)
                self._bound(f"no dispatch {turn + 1}")
                design = self.master.nearest(wish)
                continue
            coupling_dual = self._bound(f"design {turn + 1}")
            if self._gap() <= gap or turn == max_rounds - 1:
                break
            mix = self._mix()  # what the blocks did alone and at the design, combined
            if self._gap() <= gap or mix is None:
                break
            # the cuts are too hopeful, the mix too wary: between them lie better multipliers
            self._price(0.5 * (coupling_dual + mix.coupling_dual), size)
            mix = self._mix()
            if self._gap() <= gap or mix is None:
                break
            design = mix.x
        return self._finish(gap)

    def _propose(self, proposal: Any) -> tuple[Floats, float]:
        """Return multipliers of the coupling rows and the largest size, from a proposal."""
        if isinstance(proposal, PathwaySolution):
            at = self.parts.master_columns
            size = float(np.abs(proposal.x[at]).max(initial=1.0))
            return proposal.row_dual[self.parts.coupling_rows], size
        if isinstance(proposal, SolvedProposal):
            rows = np.flatnonzero(proposal.program.couples_years)
            at = np.unique(Problem.of(proposal.program).matrix[rows].indices)
            size = float(np.abs(proposal.solution.x[at]).max(initial=1.0))
            return proposal.solution.row_dual[rows], size
        coarse = coarsen(self.lp) if proposal is None else proposal
        rows = np.flatnonzero(coarse.couples_years)
        if rows.size != self.parts.coupling_rows.size:
            message = (
                f"the proposal has {rows.size} coupling rows, the program "
                f"{self.parts.coupling_rows.size}; make both from the same model"
            )
            raise SolverError(message)
        answer = solve(coarse, **self.options)
        self._log("proposal", answer)
        in_coupling = np.unique(Problem.of(coarse).matrix[rows].indices)
        size = float(np.abs(answer.x[in_coupling]).max(initial=1.0))
        return believed(answer)[rows], size

    def _price(self, coupling_dual: Floats, size: float) -> Wish:
        """Solve every block with free sizes at given multipliers; return sizes and their value."""
        value = self.master.coupling_value(coupling_dual)
        answers = self._solve_all([_boxed(b.priced(value), size) for b in self.parts.blocks])
        self.priced = []
        sizes = np.zeros(self.problem.shape[1])
        for i, (block, answer) in enumerate(zip(self.parts.blocks, answers, strict=True)):
            sizes[block.columns] = answer.x
            cut = self.master.add(i, believed(answer), answer.x)
            self.priced.append((answer, cut))
        self._bound("priced blocks")
        # a block buys a size until its worth falls to the price: a unit less loses more than that
        price = self.problem.cost - value
        at = self.master.link_columns
        worth = np.maximum(np.abs(price), 1e-3 * float(np.abs(price[at]).max(initial=1.0)))
        return Wish(
            sizes,
            above=np.where(price < 0, SHORTAGE * worth, worth),
            below=np.where(price > 0, SHORTAGE * worth, worth),
        )

    def _holding(self, design: Floats, loss_max: float) -> dict[int, Solution]:
        """Return the priced blocks whose dispatch serves at the design as well as a new one.

        A block's cut bounds what a new dispatch could save; all blocks together may forgo
        `loss_max` of the lower bound.
        """
        holding = {}
        allowance = loss_max * max(1.0, abs(self.lower)) / len(self.parts.blocks)
        for i, (block, (answer, cut)) in enumerate(
            zip(self.parts.blocks, self.priced, strict=True)
        ):
            x = answer.x.copy()
            x[block.link] = design[block.columns[block.link]]
            found = check(block.problem, x)
            least = cut.constant + float(cut.slope @ x[block.link])
            if (
                found.relative_violation <= PRIMAL_TOLERANCE
                and found.objective - least <= allowance
            ):
                holding[i] = answer
        return holding

    def _dispatch(self, design: Floats, wish: Wish, known: dict[int, Solution]) -> Floats | None:
        """Dispatch every block at a design and keep the result.

        Blocks in `known` are not solved: the solution at hand is used.

        Returns
        -------
        ndarray, shape (n,) or None
            None if every block could be dispatched, else sizes with which they could: those of the
            design if a better design is known already.
        """
        blocks = self.parts.blocks
        todo = [i for i in range(len(blocks)) if i not in known]
        solved = self._solve_all([blocks[i].fixed(design) for i in todo], may_fail=True)
        found = {**known, **dict(zip(todo, solved, strict=True))}
        answers = [found[i] for i in range(len(blocks))]
        x, row_dual = design.copy(), np.zeros(self.problem.shape[0])
        for i, (block, answer) in enumerate(zip(blocks, answers, strict=True)):
            if answer is None:
                continue
            own = np.ones(block.columns.size, dtype=bool)
            own[block.link] = False
            x[block.columns[own]] = answer.x[own]
            row_dual[block.rows] = believed(answer)
            if i in known:
                point = answer.x.copy()
                point[block.link] = design[block.columns[block.link]]
                self.master.points.append((i, point))
            else:
                self.master.add(i, believed(answer), answer.x)
        failed = [i for i, answer in enumerate(answers) if answer is None]
        if not failed:
            self._keep(x, row_dual)
            return None
        return design if self.best is not None else self._stretch(failed, design, wish)

    def _stretch(self, failed: list[int], design: Floats, wish: Wish) -> Floats:
        """Return the sizes nearest to a design at which its failed blocks have a solution."""
        price = self.penalty * np.maximum(wish.above, wish.below)
        self.penalty = min(LAST_PENALTY, 10.0 * self.penalty)
        blocks = [self.parts.blocks[i] for i in failed]
        answers = self._solve_all([block.stretched(design, price) for block in blocks])
        wanted = design.copy()
        for i, block, answer in zip(failed, blocks, answers, strict=True):
            x = answer.x[: block.columns.size]
            self.master.add(i, believed(answer), x)
            wanted[block.columns[block.link]] = x[block.link]
        return wanted

    def _mix(self) -> Mix | None:
        """Keep the cheapest mix of what is known of the blocks."""
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

    def _bound(self, step: str) -> Floats:
        """Renew the lower bound from all cuts; return the multipliers of the coupling rows."""
        state = self.master.solve()
        proven = check(self.problem, self._point(state.values), state.row_dual).dual_bound
        if proven > self.lower:
            self.lower, self.bound_dual = proven, state.row_dual
        line = Round(step, self.lower, self.upper, time.perf_counter() - self.start)
        self.history.append(line)
        logger.info("%s", line)
        if self.progress is not None:
            self.progress(line)
        return state.coupling_dual

    def _point(self, values: Floats) -> Floats:
        """Return a point for the check of a bound: only its largest entry matters there."""
        return values if self.best is None else self.best[0]

    # ---- blocks ------------------------------------------------------------------------------

    def _solve_all(self, programs: list[NamedProblem], may_fail: bool = False) -> list[Any]:
        def one(program: NamedProblem) -> Solution | None:
            if may_fail and program.block.link.size:
                return solve_or_none(program, **self.options)
            return solve(program, **self.options)

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

    def _gap(self) -> float:
        if not np.isfinite(self.upper) or not np.isfinite(self.lower):
            return np.inf
        return (self.upper - self.lower) / max(1.0, abs(self.upper))

    def _finish(self, gap: float) -> PathwaySolution:
        if self.best is None:
            message = "no sizes were found that satisfy the coupling rows and let every year run"
            raise InfeasibleError(message)
        x, row_dual = self.best
        row_dual = row_dual.copy()
        row_dual[self.parts.coupling_rows] = self.bound_dual[self.parts.coupling_rows]
        reached = self._gap()
        return PathwaySolution(
            x=x,
            row_dual=row_dual,
            objective=self.upper,
            lower_bound=self.lower,
            gap=reached,
            status="optimal" if reached <= gap else "gap_not_reached",
            solver=" ".join(sorted(self.solvers)),
            seconds=time.perf_counter() - self.start,
            history=tuple(self.history),
            primal_violation=check(self.problem, x).primal_violation,
        )


def _boxed(program: NamedProblem, size: float) -> NamedProblem:
    """Keep sizes without an upper bound within ten times the proposal's largest.

    The cut does not use this box; it only keeps a block priced by rough multipliers bounded.
    """
    block: YearBlock = program.block
    upper = program.problem.upper.copy()
    open_ended = block.link[~np.isfinite(upper[block.link])]
    upper[open_ended] = 10.0 * size
    return replace(program, problem=replace(program.problem, upper=upper))
