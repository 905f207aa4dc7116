"""Why a site has no design: what conflicts, and the changes that would do, each by itself.

Every setting that a person may move (`dcmodel.components.levers`) is moved alone as far as it must,
in the case itself, until every hour of every year has a design; the installed IT is one of them.
Where none of the others does alone, they are moved together. What is printed has been verified so;
what the time did not allow is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from dcmodel.base.errors import Fault, InfeasibleError
from dcmodel.components.base import SiteCase
from dcmodel.components.levers import Lever, available_power, installed_it
from dcmodel.optimise.build import limits_of, parts_of
from dcmodel.optimise.conflict import conflict_of
from dcmodel.optimise.feasible import (
    Budget,
    Compiled,
    Judge,
    Lack,
    OutOfTimeError,
    with_revisions,
)
from dcmodel.optimise.least import Redraw, Search
from dcmodel.optimise.solvers.problem import Floats
from dcmodel.optimise.words import told

BUDGET_S = 25.0
"""Wall time of an explanation; an answer of a solver may come a little later. [s]"""
CONFLICT_S = 4.0
"""Wall time for what conflicts in the worst week. [s]"""

HOURS_PER_WEEK = 168


@dataclass
class _Found:
    """What is known of a case without a design when the time ends."""

    case: SiteCase
    levers: list[Lever] = field(default_factory=list)
    installed: Lever | None = None
    search: Search | None = None
    alone: dict[str, tuple[Lever, Floats]] = field(default_factory=dict)
    together: list[tuple[Lever, Floats]] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    """Names of the levers whose question is answered."""
    together_asked: bool = False
    in_time: bool = True

    @property
    def lacking(self) -> list[Lack]:
        """Years without a design."""
        return [] if self.search is None else self.search.lacking


def explain(
    case: SiteCase,
    hours: npt.ArrayLike,
    jobs: int = 1,
    *,
    redraw: Redraw | None = None,
    seconds: float = BUDGET_S,
) -> InfeasibleError | None:
    """Return why a case has no design, in the words of its limits.

    Parameters
    ----------
    case : SiteCase
        With every hour.
    hours : array of datetime64, shape (steps,)
        Beginning of each step [UTC].
    jobs : int
        Years asked at the same time.
    redraw : callable, optional
        Returns a changed case with what follows from its work drawn anew.
    seconds : float
        Wall time after which what is known by then is told.

    Returns
    -------
    InfeasibleError or None
        Each fault's ``where`` is the place in the study, keys joined by dots. None where the case
        has a design.
    """
    budget = Budget(seconds)
    judge, found = Judge(budget, jobs), _Found(case)
    try:
        _ask(found, judge, redraw)
    except OutOfTimeError:
        found.in_time = False
    if found.search is not None and not found.lacking:
        return None
    faults = [_headline(found)]
    if found.lacking:
        faults += _conflict(found, np.asarray(hours), Judge(Budget(CONFLICT_S), jobs))
    return InfeasibleError([*faults, *_changes(found), *_open(found, seconds)])


def unexplained(case: SiteCase, error: InfeasibleError) -> InfeasibleError:
    """Return what a solver says of a case in words of its rules, without names of rows.

    For a case of which every year by itself has a design, in hours as they are.
    """
    opening = (
        "no design was found, though each year by itself has one: sizes that the years share, or "
        "whole units, do not fit together"
    )
    return told(Compiled(case).lp, case.name, opening, error)


def _ask(found: _Found, judge: Judge, redraw: Redraw | None) -> None:
    """Ask every lever, the likeliest first; what is known stands in `found` at any time."""
    search = Search(found.case, judge, redraw)
    if not search.lacking:
        # outages that no design survives may show only from starts that a design brings up
        found.case = with_revisions(found.case, judge)
        search = search if found.case is search.case else Search(found.case, judge, redraw)
    found.search = search
    if not search.lacking:
        return
    start = search.start
    found.levers = [
        lever
        for block, part in parts_of(start.m, found.case)
        for lever in part.levers(block, found.case)
    ]
    if not any(lever.place[0] == "sites" for lever in found.levers):
        found.levers.insert(0, available_power(found.case))
    found.installed = installed_it(found.case)
    # the connection first, as the site has it and as the study limits it, then the load
    for lever in [*found.levers[:2], found.installed, *found.levers[2:]]:
        values = search.alone(lever)
        found.asked.add(lever.name)
        if values is not None:
            found.alone[lever.name] = (lever, values)
    if not any(lever.name in found.alone for lever in found.levers):
        found.together = search.together(found.levers) or []
        found.together_asked = True


def _headline(found: _Found) -> Fault:
    years = sorted({found.case.years[one.year] for one in found.lacking if one.year >= 0})
    when = ", ".join(map(str, years))
    which = f"the load of {when}" if when else "the load"
    if found.alone and found.together:
        advice = "each line below says what does alone and what together, verified on every hour"
    elif found.alone:
        advice = "each change below does by itself, verified on every hour"
    elif found.together:
        advice = "no single change does; those below do together, verified on every hour"
    elif found.in_time:
        advice = "no setting that may be moved lets it, not even all of them together"
    else:
        advice = "no change was verified in time"
    return Fault(found.case.name, f"no design serves {which}; {advice}")


def _conflict(found: _Found, hours: npt.NDArray[np.datetime64], judge: Judge) -> list[Fault]:
    """Say what cannot hold together in the worst week."""
    case, search = found.case, found.search
    if search is None:
        return []
    weekly = [lack for lack in found.lacking if lack.week is not None]
    if not weekly:
        when = ", ".join(str(case.years[lack.year]) for lack in found.lacking if lack.year >= 0)
        message = f"every week of {when} could be run; a limit of the whole year is broken"
        return [Fault(case.name, message)] if when else []
    worst = weekly[0]
    assert worst.week is not None
    limits = limits_of(search.start.m, case)
    begin = pd.Timestamp(hours[worst.week.first])
    weeks = round(worst.week.length / HOURS_PER_WEEK)
    span = "week" if weeks <= 1 else f"{weeks} weeks"
    when = f"the {span} from {begin:%d %B %H:%M} UTC of {case.years[worst.year]}"
    try:
        words = conflict_of(worst.block, worst.week, limits, judge)
    except OutOfTimeError:
        return [Fault(case.name, f"in {when} the load cannot be served")]
    return [Fault(case.name, f"in {when} these cannot hold together: {'; '.join(words)}")]


def _changes(found: _Found) -> list[Fault]:
    """Say each change that does, then the changes that do together."""
    installed = [] if found.installed is None else [found.installed]
    years = found.case.years
    alone = [
        _told(*found.alone[lever.name], years, "alone")
        for lever in [*found.levers, *installed]
        if lever.name in found.alone
    ]
    how = "together" if len(found.together) > 1 else "alone"
    return alone + [_told(lever, values, years, how) for lever, values in found.together]


def _told(lever: Lever, values: Floats, years: Sequence[int], how: str) -> Fault:
    unit = f" {lever.unit}" if lever.unit else ""
    words = ", ".join(
        f"{value:.10g}{unit} in {year} (now {now:.4g})"
        for value, now, year in zip(values, lever.value, years, strict=True)
        if value != now
    )
    needs = "can be no more than" if lever.falls else "needs"
    does = {"alone": "this alone does", "together": "this together with the other lines does"}[how]
    written = lever.written(values, years)
    return Fault(".".join(lever.place), f"{lever.name} {needs} {words}; {does}: {written}")


def _open(found: _Found, seconds: float) -> list[Fault]:
    """Say which questions the time did not allow to answer."""
    if found.in_time:
        return []
    installed = [] if found.installed is None else [found.installed]
    left = [one.name for one in [*found.levers, *installed] if one.name not in found.asked]
    single = any(lever.name in found.alone for lever in found.levers)
    if not left and not single and not found.together_asked:
        left = ["changes of several settings together"]
    which = ", ".join(left) or "any change"
    message = f"not verified within {seconds:.0f} s: {which}; a coarser resolution takes less"
    return [Fault(found.case.name, message)]
