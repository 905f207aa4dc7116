"""Why a site has no design: the limits that conflict, and the smallest change that would do.

Years share only sizes, and a size may grow, so each hourly year is asked alone. First every limit
that a person may move is made elastic at a price per share of itself, and the power of the
installed IT at a higher price: the cheapest stretch is the smallest change. Then, in the week where
the stretch is largest, rows and limits are left out one after the other as long as what is left
still conflicts: none of the rest can be spared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from dcmodel.arrays import LinearProgram
from dcmodel.base.errors import Fault, InfeasibleError
from dcmodel.components.base import Limit, SiteCase
from dcmodel.optimise.blocks import YearBlock, split
from dcmodel.optimise.build import compile_site, limits_of
from dcmodel.optimise.solve import Solution, solve_or_none
from dcmodel.optimise.solvers.problem import Floats, Problem, narrow
from dcmodel.optimise.solvers.workers import side_by_side_threads

BALANCE = "balance"
DEMAND_PRICE = 10.0
"""Price of a share of the power demand not served, against that of a share of a limit."""
NOTHING = 1e-5
"""Stretches below this share of a limit are none."""
WEEK_H = 168
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Stretch:
    """How far the limits of one year must give way.

    Attributes
    ----------
    amounts : ndarray, shape (limits,)
        More of each limit, in its unit.
    shed : float
        Power demand that cannot be served even so [MW].
    worst_step : int or None
        Step where the stretch is needed most; None where a limit of the whole year alone is.
    """

    year: int
    amounts: Floats
    shed: float
    worst_step: int | None


def explain(case: SiteCase, hours: npt.ArrayLike, jobs: int = 1) -> InfeasibleError | None:
    """Return why a case has no design, in the words of its limits.

    Parameters
    ----------
    case : SiteCase
        With every hour.
    hours : array of datetime64, shape (steps,)
        Beginning of each step [UTC].
    jobs : int
        Years asked at the same time.

    Returns
    -------
    InfeasibleError or None
        Each fault's ``where`` is the place in the study, keys joined by dots. None where the limits
        and the power demand do not explain it.
    """
    m, lp = compile_site(case)
    limits = [limit for limit in limits_of(m, case) if not limit.marginal]
    years = [_Year(lp, block, limits) for block in split(lp).blocks if block.year >= 0]
    with side_by_side_threads(jobs) as pool:
        stretches = [s for s in pool.map(_Year.stretch, years) if s is not None]
    if not stretches:
        return None
    needed = [s for s in stretches if s.shed > 0 or s.amounts.any()]
    if not needed:
        return None
    worst = max(needed, key=lambda s: (s.shed, s.amounts.max(initial=0.0)))
    [year] = [y for y in years if y.block.year == worst.year]
    faults = [_headline(case, needed)]
    if worst.worst_step is None:
        when = case.years[worst.year]
        message = (
            f"every week of {when} could be run by itself; a limit of the whole year is broken"
        )
        faults.append(Fault(case.name, message))
    else:
        faults.append(_conflict(case, _Week(year, worst.worst_step), np.asarray(hours)))
    return InfeasibleError([*faults, *_changes(case, limits, needed)])


def _headline(case: SiteCase, needed: Sequence[Stretch]) -> Fault:
    when = ", ".join(str(case.years[s.year]) for s in needed)
    message = f"no design serves the load of {when}; the least changes that would do stand below"
    return Fault(case.name, message)


def _conflict(case: SiteCase, week: _Week, hours: Any) -> Fault:
    """Say what cannot hold together in the worst week."""
    begin = pd.Timestamp(hours[week.first])
    when = f"the week from {begin:%d %B %H:%M} UTC of {case.years[week.year.block.year]}"
    conflict = week.conflict()
    if not conflict:
        return Fault(case.name, f"most is missing in {when}, which could be run by itself")
    return Fault(case.name, f"in {when} these cannot hold together: {'; '.join(conflict)}")


def _changes(case: SiteCase, limits: Sequence[Limit], needed: Sequence[Stretch]) -> list[Fault]:
    """Say for each limit what would do, year by year."""
    faults = []
    for at, limit in enumerate(limits):
        upper = limit.value
        years = [s for s in needed if s.amounts[at] > 0]
        if not years:
            continue
        sign = -1.0 if limit.falls else 1.0
        words = ", ".join(
            f"{upper[s.year] + sign * s.amounts[at]:.4g} {limit.unit} in {case.years[s.year]} "
            f"(now {upper[s.year]:.4g})"
            for s in years
        )
        needs = "can be no more than" if limit.falls else "needs"
        faults.append(Fault(".".join(limit.place), f"{limit.name} {needs} {words}"))
    shed = [s for s in needed if s.shed > 0]
    if shed:
        words = ", ".join(f"{s.shed:.4g} MW less in {case.years[s.year]}" for s in shed)
        faults.append(Fault("it_capacity_mw", f"Power of the facility needs {words}"))
    return faults


class _Year:
    """One hourly year: its own rows and columns, and which columns each limit bounds."""

    def __init__(self, lp: LinearProgram, block: YearBlock, limits: Sequence[Limit]) -> None:
        self.lp, self.block, self.limits = lp, block, limits
        self.problem = block.problem
        n = self.problem.shape[1]
        local = np.full(lp.n_columns, -1)
        local[block.columns] = np.arange(n)
        self.size: list[float] = []
        self.bounded: list[tuple[npt.NDArray[np.intp], Floats]] = []
        """For each limit: columns of the year, and their bound as a share of the limit's."""
        for limit in limits:
            columns = np.concatenate([np.r_[lp.column(v)] for v, _ in limit.bounds])
            rise = np.concatenate([ratio.ravel() for _, ratio in limit.bounds])
            at = local[columns]
            kept = (at >= 0) & (rise > 0)
            self.bounded.append((at[kept], rise[kept]))
            self.size.append(float(limit.value[block.year]))
        span = lp.rows[BALANCE]
        self.balance = np.flatnonzero((block.rows >= span.start) & (block.rows < span.stop))

    def stretch(self) -> Stretch | None:
        """Return the cheapest stretch of all limits and the demand; None if even that fails."""
        answer = solve_or_none(self._elastic(range(len(self.limits))), tolerance=TOLERANCE)
        if answer is None:
            return None
        n, count = self.problem.shape[1], len(self.limits)
        sizes = np.maximum(1.0, self.size)
        amounts = answer.x[n : n + count]
        amounts = np.where(amounts > NOTHING * sizes, amounts, 0.0)
        unmet = answer.x[n + count : n + count + self.balance.size]
        shed = float(unmet.max(initial=0.0))
        shed = shed if shed > NOTHING * self._demand() else 0.0
        return Stretch(self.block.year, amounts, shed, self._worst(answer, unmet))

    def _worst(self, answer: Solution, unmet: Floats) -> int | None:
        excess = unmet.copy()
        steps = self.balance.size
        for columns, _ in self.bounded:
            over = np.maximum(answer.x[columns] - self.problem.upper[columns], 0.0)
            step = self.steps(self.lp.columns, self.block.columns[columns], steps)
            np.add.at(excess, step[step >= 0], over[step >= 0])
        return int(excess.argmax()) if excess.max() > NOTHING * self._demand() else None

    def _demand(self) -> float:
        fixed = self.problem.row_upper[self.balance]
        return max(1.0, float(np.abs(fixed).max(initial=0.0)))

    def _elastic(self, which: Sequence[int]) -> Problem:
        """Return the year with some limits and the demand elastic; costs are the stretches."""
        problem, n, count = self.problem, self.problem.shape[1], len(self.limits)
        hours = self.balance.size
        n_all = n + count + hours + 1
        upper = problem.upper.copy()
        rows, cols, values, limit_upper, at_row = [], [], [], [], 0
        for at in which:
            columns, ratio = self.bounded[at]
            row = at_row + np.arange(columns.size)
            rows += [row, row]
            cols += [columns, np.full(columns.size, n + at)]
            values += [np.ones(columns.size), -ratio]
            limit_upper.append(upper[columns])
            at_row += columns.size
        for at in which:
            upper[self.bounded[at][0]] = np.inf
        row, unmet = at_row + np.arange(hours), n + count + np.arange(hours)
        rows += [row, row]
        cols += [unmet, np.full(hours, n_all - 1)]
        values += [np.ones(hours), -np.ones(hours)]
        limit_upper.append(np.zeros(hours))
        at_row += hours
        entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(cols)))
        elastic = sparse.csr_array(sparse.coo_array(entries, shape=(at_row, n_all)))
        serve = sparse.csr_array(
            (np.ones(hours), (self.balance, unmet)), shape=(problem.shape[0], n_all)
        )
        own = problem.matrix.copy()
        own.resize((problem.shape[0], n_all))
        cost = np.zeros(n_all)
        cost[n : n + count] = 1.0 / np.maximum(1.0, self.size)
        cost[-1] = DEMAND_PRICE / self._demand()
        rest = np.zeros(at_row)
        slack_upper = np.full(count, 0.0)
        slack_upper[list(which)] = np.inf
        return Problem(
            cost=cost,
            matrix=narrow(sparse.vstack([own + serve, elastic], format="csr")),
            row_lower=np.concatenate([problem.row_lower, rest - np.inf]),
            row_upper=np.concatenate([problem.row_upper, *limit_upper]),
            lower=np.concatenate([problem.lower, np.zeros(n_all - n)]),
            upper=np.concatenate([upper, slack_upper, np.full(hours + 1, np.inf)]),
        )

    @staticmethod
    def steps(blocks: dict[str, Any], at: npt.NDArray[np.intp], count: int) -> Any:
        """Return the step of each row or column of the whole program, -1 without one."""
        step = np.full(at.size, -1)
        for block in blocks.values():
            if not block.shape or block.shape[-1] != count:
                continue
            mine = (at >= block.start) & (at < block.stop)
            flat = at[mine] - block.start
            if block.positions is not None:
                flat = np.asarray(block.positions)[flat]
            step[mine] = flat % count
        return step


class _Week:
    """The week around a step, as a small program of its own."""

    def __init__(self, year: _Year, step: int) -> None:
        self.year = year
        problem, block, lp = year.problem, year.block, year.lp
        steps = year.balance.size
        length = min(WEEK_H, steps)
        self.first = int(np.clip(step - length // 2, 0, steps - length))
        row_step = year.steps(lp.rows, block.rows, steps)
        column_step = year.steps(lp.columns, block.columns, steps)

        def inside(step: Any) -> Any:
            return (step < 0) | ((step >= self.first) & (step < self.first + length))

        kept = inside(column_step)
        whole_rows = inside(row_step) & (abs(problem.matrix) @ (~kept).astype(float) == 0)
        rows, columns = np.flatnonzero(whole_rows), np.flatnonzero(kept)
        self.problem = Problem(
            cost=np.zeros(columns.size),
            matrix=narrow(problem.matrix[rows][:, columns]),
            row_lower=problem.row_lower[rows],
            row_upper=problem.row_upper[rows],
            lower=problem.lower[columns],
            upper=problem.upper[columns],
        )
        self.groups = self._groups(rows, columns)

    def _groups(self, rows: Any, columns: Any) -> list[tuple[str, str, Any]]:
        """Return name, kind and members of everything that may be left out; limits last."""
        year, groups = self.year, []
        whole_rows = year.block.rows[rows]
        for name, span in year.lp.rows.items():
            members = np.flatnonzero((whole_rows >= span.start) & (whole_rows < span.stop))
            if members.size:
                groups.append((span.doc or name, "rows", members))
        local = np.full(year.problem.shape[1], -1)
        local[columns] = np.arange(columns.size)
        for limit, (bounded, _), size in zip(year.limits, year.bounded, year.size, strict=True):
            members = local[bounded]
            bound = "at least" if limit.falls else "at most"
            words = f"{limit.name} of {bound} {size:.4g} {limit.unit}"
            groups.append((words, "columns", members[members >= 0]))
        return groups

    def conflict(self) -> list[str]:
        """Return what cannot hold together and of which nothing can be spared; empty if none."""
        problem = self.problem
        if self._possible(problem):
            return []
        left = []
        for words, kind, members in self.groups:
            without = _without(problem, kind, members)
            if self._possible(without):
                left.append(words)
            else:
                problem = without
        return left

    @staticmethod
    def _possible(problem: Problem) -> bool:
        answer = solve_or_none(problem, tolerance=TOLERANCE)
        return answer is not None


def _without(problem: Problem, kind: str, members: Any) -> Problem:
    """Return the program without some rows, or without the upper bound of some columns."""
    if kind == "columns":
        upper = problem.upper.copy()
        upper[members] = np.inf
        return replace(problem, upper=upper)
    lower, upper = problem.row_lower.copy(), problem.row_upper.copy()
    lower[members], upper[members] = -np.inf, np.inf
    return replace(problem, row_lower=lower, row_upper=upper)
