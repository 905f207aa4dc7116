"""How far a site is solved: gap, hands and proposals, and what every solution goes through."""

from __future__ import annotations

from dataclasses import dataclass

import pyomo.environ as pyo

from dcmodel.arrays import LinearProgram
from dcmodel.components.base import Component, SiteCase
from dcmodel.optimise.crumbs import cleared
from dcmodel.optimise.pathway import PathwaySolution
from dcmodel.optimise.solve import SMALL
from dcmodel.optimise.solvers.workers import side_by_side

PROPOSAL_SEGMENTS = (1095, 2190, 4380)
"""Segments of a year in the coarse models that propose sizes and multipliers, one after the other
while the gap is open."""
NARROW_GAP = 0.0025
"""Below this gap the first, coarsest proposal is left out: it seldom suffices. [1]"""
YEAR_TOLERANCE = 1e-6
"""Solver's tolerance in a year: far below the gap, which is proven apart from it. [1]"""
REVISIONS_MAX = 8
"""How often components may add what a solution shows they left out."""


@dataclass(frozen=True)
class Effort:
    """How far to go, and with how many hands."""

    gap: float
    """Certified distance from the optimum, relative [1]."""
    jobs: int
    """Years solved at the same time."""
    proposals: tuple[int, ...]
    """Segments a year of the coarse models, tried in turn."""
    solver: str

    @classmethod
    def of(cls, gap: float, jobs: int | None, solver: str) -> Effort:
        """Return the effort for a gap."""
        counts = PROPOSAL_SEGMENTS[1:] if gap < NARROW_GAP else PROPOSAL_SEGMENTS
        return cls(gap, side_by_side() if jobs is None else jobs, counts, solver)


def revised(m: pyo.ConcreteModel, case: SiteCase) -> tuple[Component, ...] | None:
    """Return the components with what a solution shows they left out; None if nothing."""
    found = [component.revised(m, case) for component in case.components]
    if not any(found):
        return None
    pairs = zip(found, case.components, strict=True)
    return tuple(component if new is None else new for new, component in pairs)


def without_small_sizes(
    lp: LinearProgram, solution: PathwaySolution, effort: Effort, at_once: bool
) -> PathwaySolution:
    """Return a solution without sizes that mean nothing."""
    return cleared(
        lp,
        solution,
        gap=effort.gap,
        at_once=at_once or lp.matrix.nnz < SMALL,
        jobs=effort.jobs,
        solver=effort.solver,
        tolerance=YEAR_TOLERANCE,
    )
