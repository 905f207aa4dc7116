"""A smaller program from a program alone: neighbouring steps of every hourly array are merged.

Columns of a step become constant over a group of steps and the rows of the group are averaged. The
result is no bound; it proposes multipliers and sizes where the caller has no coarser model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from dcmodel.optimise.solvers.problem import Floats, Problem, narrow

STEPS = 1460
"""Steps a year after merging."""
LONG = 48
"""Arrays with a shorter last axis are left as they are."""


@dataclass(frozen=True)
class CoarseProgram:
    """A merged program with its coupling rows."""

    problem: Problem
    couples_years: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.problem, name)

    def relaxed(self) -> Problem:
        """Return the program without whole numbers."""
        return replace(self.problem, integer=None)


def coarsen(lp: Any, steps: int = STEPS) -> CoarseProgram:
    """Merge neighbouring steps of every array of a LinearProgram.

    Parameters
    ----------
    lp : LinearProgram
        Its blocks tell which rows and columns are arrays over steps (their last axis).
    steps : int
        Steps to keep, about.
    """
    problem = Problem.of(lp)
    couples = np.asarray(lp.couples_years, dtype=bool)
    rows = _groups(lp.rows, problem.shape[0], steps, couples)
    columns = _groups(lp.columns, problem.shape[1], steps, np.zeros(problem.shape[1], dtype=bool))
    spread = _indicator(columns)
    share = 1.0 / np.bincount(rows)
    average = sparse.diags_array(share) @ _indicator(rows).T
    count = np.bincount(columns)
    merged = Problem(
        cost=problem.cost @ spread,
        matrix=narrow(average @ problem.matrix @ spread),
        row_lower=average @ problem.row_lower,
        row_upper=average @ problem.row_upper,
        lower=(problem.lower @ spread) / count,
        upper=(problem.upper @ spread) / count,
        integer=None if problem.integer is None else (problem.integer @ spread) > 0,
        offset=problem.offset,
    )
    whole_rows = np.zeros(share.size, dtype=bool)
    whole_rows[rows[couples]] = True
    return CoarseProgram(merged, whole_rows)


def _groups(blocks: dict[str, Any], size: int, steps: int, single: Any) -> Any:
    """Return the group number of each row or column; `single` ones stay alone."""
    label = np.arange(size)
    for block in blocks.values():
        if not block.shape or block.shape[-1] < LONG or single[block.start : block.stop].any():
            continue
        n = block.shape[-1]
        flat = np.arange(int(np.prod(block.shape)))
        if block.positions is not None:
            flat = np.asarray(block.positions)
        merged = max(1, round(n / steps))
        step = (flat % n) // merged
        group = (flat // n) * n + step
        # the first member of a group lends its number
        _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
        label[block.start : block.stop] = block.start + first[inverse]
    return np.unique(label, return_inverse=True)[1]


def _indicator(group: Any) -> Any:
    n = group.size
    values: Floats = np.ones(n)
    return sparse.csr_array((values, (np.arange(n), group)), shape=(n, int(group.max()) + 1))
