"""Whether a study can run: the inputs and the program of every case are built, nothing is solved.

The one check before a run: ``dcmodel validate`` and ``dcmodel study`` both ask it, so that what the
first calls sound does not fail in the second for want of an input.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from dcmodel.arrays import LinearProgram
from dcmodel.base.errors import DcmodelError, Fault, one_line
from dcmodel.base.units import HOURS_PER_YEAR
from dcmodel.components.base import SiteCase
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.placement import planned_lines
from dcmodel.optimise.portfolio import compile_portfolio
from dcmodel.optimise.site import Plant, load_of
from dcmodel.profiles.segment import Segments as Runs
from dcmodel.study.assemble import assemble
from dcmodel.study.cases import PORTFOLIO, Case, cases
from dcmodel.study.findings import Finding, Loc, as_written, findings_of
from dcmodel.study.load import Reading, Study, read_study, refuse
from dcmodel.study.overrides import Override, idle_overrides, overrides
from dcmodel.study.overrides import finding as finding_of
from dcmodel.study.portfolio import assemble_portfolio
from dcmodel.study.program import refuse_infinite
from dcmodel.study.scenario import apply
from dcmodel.study.spec import StudySpec

_RUN_H = 146
"""Longest run of hours of the program that is compiled: a sixtieth of a year. [h]"""
_sound: set[str] = set()
"""Hashes of the cases found sound: a case's hash covers all that it is made of."""


def load_ready(path: Path | str, *, text: str | None = None) -> Study:
    """Read a study and build the inputs and the program of every case, without solving.

    Parameters
    ----------
    path, text
        As for `dcmodel.study.load.load_study`.

    Raises
    ------
    StudyError, DataError
        All faults at once, of shape, meaning, files and inputs, each with file, line and column.
    """
    reading = read_study(path, text=text, open_files=True)
    if not reading.placed:
        study = reading.study()
        check_ready(study)
        return study
    rest = reading.sound_rest()
    if rest is not None:
        study, left_out = rest
        further = _placed(study, reading.normal, cases(study))
        reading.placed += [one for one in further if not _echoes(one, left_out, reading)]
    refuse(reading.source, reading.placed)


def check_ready(study: Study, chosen: Sequence[Case] | None = None) -> None:
    """Build the inputs and the program of cases of a study; raise all that is wrong with them.

    Parameters
    ----------
    study : Study
    chosen : sequence of Case, optional
        The cases that are to run; all when left out. What was found sound is not built again
        while neither the study nor a file it names has changed.

    Raises
    ------
    StudyError, DataError
    """
    waiting = [
        case for case in (cases(study) if chosen is None else chosen) if case.hash not in _sound
    ]
    placed = _placed(study, study.normal(), waiting)
    if placed:
        refuse(study.source, placed)
    _sound.update(case.hash for case in waiting)


def _echoes(pair: tuple[Loc, Finding], left_out: set[str], reading: Reading) -> bool:
    """Return whether a finding only says that what was left out for a fault of its own is gone."""
    loc, finding = pair
    said = any(finding.message == other.message for at, other in reading.placed if at == loc)
    return said or any(f"'{name}'" in finding.message for name in left_out)


def _placed(
    study: Study, normal: dict[str, object], waiting: Sequence[Case]
) -> list[tuple[Loc, Finding]]:
    """Return what is wrong with cases, each with its place in the study as written.

    What a scenario brings about is told in the scenario.
    """
    placed: dict[tuple[Loc, str], Finding] = {}
    idle = _Idle()
    plain: set[tuple[Loc, str]] = set()
    written = study.source.data
    changed = {name for name, changes in study.spec.scenarios.items() if changes}
    for case in sorted(waiting, key=lambda one: one.scenario in changed):
        applied = apply(normal, case.scenario, study.spec.scenarios[case.scenario])
        for finding in case_findings(case, idle):
            key = finding.loc, finding.message
            if case.scenario not in changed:
                plain.add(key)
            if key in plain:
                place = as_written(written, finding.loc)
            else:
                place = applied.locate(finding.loc) or ("scenarios", case.scenario)
            placed.setdefault((place, finding.message), finding)
    if not placed:
        for finding, scenario in idle.findings(study, waiting):
            applied = apply(normal, scenario, study.spec.scenarios[scenario])
            place = applied.locate(finding.loc) or as_written(written, finding.loc)
            placed.setdefault((place, finding.message), finding)
    return [(place, finding) for (place, _), finding in placed.items()]


@dataclass
class _Idle:
    """Overrides that changed nothing in a case, by the scenario they were seen in."""

    seen: dict[Override, str] = field(default_factory=dict)
    acting: set[Override] = field(default_factory=set)

    def look(self, case: Case, site_case: SiteCase, idle: list[Override]) -> None:
        """Note which overrides of a case act."""
        for one in overrides(site_case.components):
            if one in idle:
                self.seen.setdefault(one, case.scenario)
            else:
                self.acting.add(one)

    def findings(self, study: Study, waiting: Sequence[Case]) -> Iterator[tuple[Finding, str]]:
        """Yield the faults of overrides that act in no case, each with a scenario that has it.

        Cases that do not wait are looked at where an override acts in none that does.
        """
        others = [case for case in cases(study) if case not in waiting and not case.is_portfolio]
        for case in others if set(self.seen) - self.acting else ():
            _site_program(case, self)
        for one, scenario in self.seen.items():
            if one not in self.acting:
                yield finding_of(one), scenario


def case_findings(case: Case, idle: _Idle | None = None) -> list[Finding]:
    """Return what keeps a case from being built: its inputs, or the program made of them."""
    if case.is_portfolio:
        return list(_attempt(case, lambda: _portfolio_program(case)))
    return list(_attempt(case, lambda: _site_program(case, idle)))


def _attempt(case: Case, build: Callable[[], None]) -> Iterator[Finding]:
    """Build something; yield its faults at their places in the study."""
    try:
        with np.errstate(all="ignore"):  # what is not finite is looked for in the program
            build()
    except DcmodelError as error:
        for fault in error.faults:
            loc = _loc(case, fault)
            stated = fault.where in {"", case.name, ".".join(map(str, loc))}
            yield Finding(loc, fault.message if stated else str(fault), type(error))
    except ValidationError as error:
        yield from findings_of(error, StudySpec, _site_loc(case))
    except Exception as error:  # told as a gap of the checks: a user shall see no traceback
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        message = (
            f"case {case.name} cannot be built ({one_line(error)[:160]}; {place}); look at "
            "what is unusual in this study, and report it: dcmodel should have said what is wrong"
        )
        yield Finding(_site_loc(case), message)


def _loc(case: Case, fault: Fault) -> Loc:
    """Return the place of a fault in the study, in normal form."""
    steps: Loc = tuple(fault.where.split("."))
    if steps[0] not in StudySpec.model_fields:
        return _site_loc(case)
    if steps[0] == "sites" and len(steps) > 1 and not case.is_portfolio:
        labels = {site.label for site in case.spec.sites}
        return steps if steps[1] in labels else ("sites", case.site.label, *steps[1:])
    return steps


def _site_loc(case: Case) -> Loc:
    return ("mode",) if case.site.label == PORTFOLIO else ("sites", case.site.label)


def _site_program(case: Case, idle: _Idle | None = None) -> None:
    """Assemble a site's case and compile its program."""
    site_case, plant, _ = assemble(case)
    program = compile_quickly(case, site_case, plant)
    if idle is None or not any(overrides(site_case.components)):
        return
    drawn = plant.drawn(site_case, load_of(site_case, site_case.workload.total))
    runs = _runs(site_case.month)

    def quickly(one: SiteCase) -> LinearProgram:
        return compile_site(one.segmented(runs))[1]

    idle.look(case, site_case, idle_overrides(drawn, program, quickly))


def compile_quickly(case: Case, site_case: SiteCase, plant: Plant) -> LinearProgram:
    """Return the program of a site on a few runs of hours: what is wrong shows on any steps.

    Raises
    ------
    StudyError
        A component cannot be stated, or a number of the program is not finite.
    """
    drawn = plant.drawn(site_case, load_of(site_case, site_case.workload.total))
    _, program = compile_site(drawn.segmented(_runs(site_case.month)))
    refuse_infinite(program, case.name)
    return program


def _portfolio_program(case: Case) -> None:
    """Assemble a portfolio with all its sites, and compile its program."""
    inputs = assemble_portfolio(case)
    whole = planned_lines(inputs.portfolio, inputs.plants)
    runs = _runs(*(site.month for site in whole.sites))
    refuse_infinite(compile_portfolio(whole.segmented(runs)).lp, case.name)


def _runs(*months: np.ndarray) -> Runs:
    """Return runs of hours of which each month of every site begins one."""
    begins = [np.arange(0, HOURS_PER_YEAR, _RUN_H)]
    begins += [np.flatnonzero(np.diff(month, prepend=-1)) for month in months]
    start = np.unique(np.concatenate(begins)).astype(np.int64)
    return Runs(start, np.diff(start, append=HOURS_PER_YEAR))
