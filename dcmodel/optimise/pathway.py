r"""Several years at once: bounds by year blocks, closed by cuts on the sizes.

Years share only a few sizes. Let :math:`f_b(s_b)` be the least cost of block :math:`b` with its
sizes fixed, and let :math:`C z` be the rows that couple sizes :math:`s` and what is built.

1. A *proposal*, the same model on few segments, gives sizes and multipliers of the coupling rows.
2. Its sizes, made consistent, are dispatched hourly, block by block: an upper bound. The duals of
   each block are a cut :math:`f_b(s) \ge \alpha + \beta^T s`; the program over :math:`z` with the
   cuts known (`dcmodel.optimise.master`) gives a lower bound.
3. Each block is solved hourly with its sizes free and priced by the multipliers: the cuts that lift
   the lower bound near the optimum.
4. Until the gap closes: a finer proposal, and when there is none, designs between the best one and
   what the cuts promise (`dcmodel.optimise.closing`).

Whole-number sizes are treated alike: blocks are continuous once their sizes are fixed, the lower
bound is that of the relaxation or of the program over the cuts, designs keep whole numbers.

Every cut is computed from multipliers by `dcmodel.optimise.certify`, hence valid however accurate
the solver was, and the reported lower bound is recomputed on the whole program.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from dcmodel.base.errors import InfeasibleError
from dcmodel.optimise.blocks import coordinating_columns, split
from dcmodel.optimise.certify import check
from dcmodel.optimise.closing import PRICE_EVERY, Closing, Proposal, Round
from dcmodel.optimise.coarse import coarsen
from dcmodel.optimise.solve import SMALL, TOLERANCE, solve
from dcmodel.optimise.solvers.problem import Floats, Problem
from dcmodel.optimise.solvers.workers import side_by_side_threads

__all__ = ["PathwaySolution", "Proposal", "Round", "dispatch", "propose", "solve_pathway"]


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
    bound_dual : ndarray, shape (m,)
        Multipliers of the whole program that prove the lower bound: what limits are worth.
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
    bound_dual: Floats


class Solved(Protocol):
    """What a proposal is read from."""

    @property
    def x(self) -> Floats: ...
    @property
    def row_dual(self) -> Floats | None: ...


def propose(program: Any, solution: Solved) -> Proposal:
    """Return what a solution of one program says to another of the same model.

    Parameters
    ----------
    program : LinearProgram
        With the same sizes and coupling rows, in the same order, as the program to be solved.
    solution : Solution or PathwaySolution
        Of `program`, with multipliers.
    """
    if solution.row_dual is None:
        message = "a program with integers has no multipliers; solve its relaxation"
        raise ValueError(message)
    rows = np.flatnonzero(program.couples_years)
    return Proposal(solution.row_dual[rows], solution.x[coordinating_columns(program)])


def dispatch(
    lp: Any,
    proposal: Proposal,
    *,
    jobs: int = 1,
    solver: str = "auto",
    tolerance: float = TOLERANCE,
    elastic: bool = True,
) -> Floats | None:
    """Dispatch the sizes of a proposal, made consistent, in every step.

    If `elastic`, hours may go short where the sizes do not suffice: good for the load they give.

    Returns
    -------
    ndarray, shape (n,) or None
        Columns of the whole program; None where a block cannot run with these sizes.
    """
    options = {"solver": solver, "tolerance": tolerance, "time_limit": None}
    with side_by_side_threads(jobs) as pool:
        process = Closing(lp, split(lp), pool, options, time.perf_counter(), None)
        return process.dispatched(proposal, elastic=elastic)


def solve_pathway(
    lp: Any,
    proposals: Iterable[Proposal] | None = None,
    *,
    gap: float = 0.005,
    max_rounds: int = 12,
    price_every: int = PRICE_EVERY,
    jobs: int = 1,
    solver: str = "auto",
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
    proposals : iterable of Proposal, optional
        Tried in turn until the gap is closed, so a generator computes only what is needed. Without
        any, neighbouring steps of `lp` are merged.
    gap : float
        Relative distance of the bounds at which to stop.
    max_rounds : int
        Designs dispatched at most after the proposals.
    price_every : int
        After how many of these designs the blocks are priced again; each pricing takes as long as
        several designs.
    jobs : int
        Blocks solved at the same time, each in its own worker process.
    solver : str
        Solver of the blocks, ``auto`` or a name of `dcmodel.optimise.solve.METHODS`.
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
        If no solver solves a block.
    """
    start = time.perf_counter()
    problem = Problem.of(lp)
    options = {"solver": solver, "tolerance": tolerance, "time_limit": time_limit}
    if problem.matrix.nnz < whole_below:
        return _whole(lp, start, options)
    parts = split(lp)
    if problem.integer is None and len(parts.blocks) <= 1:
        return _whole(lp, start, options)
    with side_by_side_threads(jobs) as pool:
        process = Closing(lp, parts, pool, options, start, progress)
        process.price_every = price_every
        process.run(_merged(lp, options) if proposals is None else proposals, gap, max_rounds)
    return _result(process, gap)


def _merged(lp: Any, options: dict[str, Any]) -> Iterable[Proposal]:
    """Propose what the same program says with neighbouring steps merged."""
    coarse = coarsen(lp)
    relaxed = coarse.relaxed()
    yield propose(coarse, solve(relaxed, **options))


def _whole(lp: Any, start: float, options: dict[str, Any]) -> PathwaySolution:
    """Solve the program at once: a single block, or small."""
    answer = solve(lp, **options)
    row_dual = np.zeros(lp.matrix.shape[0]) if answer.row_dual is None else answer.row_dual
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
        bound_dual=row_dual,
    )


def _result(process: Closing, gap: float) -> PathwaySolution:
    """Return the best design of a finished process."""
    if process.best is None:
        message = "no sizes were found that satisfy the coupling rows and let every year run"
        raise InfeasibleError(message)
    x, row_dual = process.best
    row_dual = row_dual.copy()
    coupling = process.parts.coupling_rows
    row_dual[coupling] = process.bound_dual[coupling]
    return PathwaySolution(
        x=x,
        row_dual=row_dual,
        objective=process.upper,
        lower_bound=process.lower,
        gap=process.gap,
        status="optimal" if process.gap <= gap else "gap_not_reached",
        solver=" ".join(sorted(process.solvers)),
        seconds=time.perf_counter() - process.start,
        history=tuple(process.history),
        primal_violation=check(process.problem, x).primal_violation,
        bound_dual=process.bound_dual,
    )
