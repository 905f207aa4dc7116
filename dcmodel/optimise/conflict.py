"""What cannot hold together in a week without a design, and of which nothing can be spared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from dcmodel.components.base import Limit
from dcmodel.optimise.blocks import YearBlock
from dcmodel.optimise.feasible import Judge
from dcmodel.optimise.weeks import Week, without
from dcmodel.optimise.words import rows_of


def conflict_of(
    block: YearBlock, week: Week, limits: Sequence[Limit], judge: Judge
) -> tuple[str, ...]:
    """Return what cannot hold together in a week: rules first, then limits, in words.

    Rows and limits are left out one after the other as long as what is left still conflicts.

    Raises
    ------
    OutOfTimeError
    """
    problem = week.part(block.problem)
    left = []
    for words, kind, members in _groups(block, week, limits):
        smaller = without(problem, kind, members)
        if judge.possible(smaller):
            left.append(words)
        else:
            problem = smaller
    return tuple(dict.fromkeys(left))


def _groups(
    block: YearBlock, week: Week, limits: Sequence[Limit]
) -> Iterator[tuple[str, str, Any]]:
    """Yield words, kind and members of everything that may be left out; limits last."""
    lp, rows = block.whole, block.rows[week.rows]
    for name, words in rows_of(lp).items():
        span = lp.rows[name]
        members = np.flatnonzero((rows >= span.start) & (rows < span.stop))
        if members.size:
            yield words, "rows", members
    local = np.full(lp.n_columns, -1)
    local[block.columns[week.columns]] = np.arange(week.columns.size)
    for limit in limits:
        at = np.concatenate([np.r_[lp.column(variable)] for variable, _ in limit.bounds])
        rise = np.concatenate([ratio.ravel() for _, ratio in limit.bounds])
        members = local[at[rise > 0]]
        bound = "at least" if limit.falls else "at most"
        words = f"{limit.name} of {bound} {float(limit.value[block.year]):.4g} {limit.unit}"
        yield words, "columns", members[members >= 0]
