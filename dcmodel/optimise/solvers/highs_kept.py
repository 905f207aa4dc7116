"""HiGHS from the last basis, in a worker that one caller keeps to itself (`workers.Session`)."""

from __future__ import annotations

from dcmodel.optimise.solvers.highs import Kept
from dcmodel.optimise.solvers.problem import Answer, Options, Problem

_kept = Kept()
"""What this process solved last; a worker serves one task at a time."""


def run(problem: Problem, options: Options) -> Answer:
    """Solve a continuous program by simplex, from the basis of the last one of its shape."""
    return _kept.run(problem, options)
