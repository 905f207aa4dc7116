"""What a study means: everything that needs more than one key, the library or a file to judge.

Each check takes the sound parts of a study (some may be missing, because they are faulty
themselves) and yields findings. None of them loads a solver.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from dcmodel.base.errors import DcmodelError, Fault
from dcmodel.study import library
from dcmodel.study.check_files import (
    WITH_FILES,
    calendars,
    contents,
    is_file,
    missing_files,
    named,
)
from dcmodel.study.check_portfolio import portfolio_findings
from dcmodel.study.check_work import served, traces
from dcmodel.study.findings import (
    Finding,
    Loc,
    data_finding,
    findings_of,
    percent_advice,
    unknown_key,
)
from dcmodel.study.findings import unknown_name as _unknown
from dcmodel.study.part import YEAR_FIRST, YEAR_LAST, folder_fault
from dcmodel.study.parts import Parts
from dcmodel.study.spec import Cooling, SiteEntry, StudySpec

if TYPE_CHECKING:
    from dcmodel.inputs.markets import Market
    from dcmodel.inputs.sites import Site

Check = Callable[[Parts, Path], Iterator[Finding]]

SHARE_TOLERANCE = 1e-6
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_NAME_MAX = 60
"""Characters of a site's or a scenario's name: two of them name a file."""
_CLASS_MAX = 80
"""Characters of the name of a class."""


def check(
    parts: Parts, folder: Path, known: Iterable[Finding] = (), *, open_files: bool = False
) -> list[Finding]:
    """Return what is wrong with the meaning of the sound parts of a study.

    Parameters
    ----------
    parts : dict
        Validated values by key (`dcmodel.study.parts.read_parts`).
    folder : Path
        Folder that relative paths start from.
    known : iterable of Finding
        Faults of shape; a sum over parts of which some are left out is not judged.
    open_files : bool
        Whether files of weather, prices and carbon are read, too.
    """
    found = [finding for one in CHECKS for finding in one(parts, folder)]
    if open_files:
        found += contents(parts, folder)
    if all(finding.loc[0] != "workloads" for finding in known):
        found += _shares(parts)
    return found


def named_files(spec: StudySpec) -> list[tuple[Loc, str]]:
    """Return every file a study names, with its place in the study."""
    parts = {key: getattr(spec, key) for key in (*WITH_FILES, "sites", "workloads")}
    return list(named(parts, by_label=False))


def _names(parts: Parts, folder: Path) -> Iterator[Finding]:
    """Names of cases are names of files too."""
    labels: dict[str, int] = {}
    for entry in parts.get("sites", ()):
        labels[entry.label] = labels.get(entry.label, 0) + 1
        if fault := _unsafe(entry.label):
            yield Finding(("sites", entry.label, "label"), fault)
    for label, count in labels.items():
        if count > 1:
            message = f"'{label}' is used {count} times; give each a 'label' of its own"
            yield Finding(("sites", label), message)
    for scenario in parts.get("scenarios", {}):
        if fault := _unsafe(str(scenario)):
            yield Finding(("scenarios", scenario), fault)
    for name in parts.get("workloads", {}):
        if not name.strip() or not name.isprintable() or len(name) > _CLASS_MAX:
            message = (
                f"found {name[:_CLASS_MAX]!r} as a class; give it a name of 1 to {_CLASS_MAX} "
                "characters that can be printed"
            )
            yield Finding(("workloads", name), message)
    if "name" in parts and (fault := folder_fault(parts["name"])):
        yield Finding(("name",), fault)


def _unsafe(name: str) -> str:
    """Return why a site or scenario cannot be called so, or an empty text."""
    if len(name) > _NAME_MAX:
        return f"'{name[:20]}...' has {len(name)} characters; at most {_NAME_MAX} (it names a file)"
    if not _SAFE.fullmatch(name):
        return f"'{name}' must be made of letters, digits and _ . - (it names a file)"
    return ""


def _shares(parts: Parts) -> Iterator[Finding]:
    workloads = parts.get("workloads", {})
    given = [work.share for work in workloads.values() if work.share is not None]
    if given and len(given) < len(workloads):
        rest = ", ".join(name for name, work in workloads.items() if work.share is None)
        message = f"some classes give a share and {rest} state their work; do one for all"
        yield Finding(("workloads",), message)
        return
    total = sum(given)
    if given and abs(total - 1) > SHARE_TOLERANCE:
        shares = " + ".join(f"{share:g}" for share in given)
        yield Finding(("workloads",), f"shares sum to {total:g} ({shares}); they must sum to 1")


def _workloads(parts: Parts, folder: Path) -> Iterator[Finding]:
    shapes = library.shape_names()
    for name, workload in parts.get("workloads", {}).items():
        loc: Loc = ("workloads", name)
        if isinstance(workload.shape, str):
            if workload.shape not in shapes:
                yield Finding((*loc, "shape"), _unknown("shape", workload.shape, shapes))
        elif workload.shape is not None and (fault := library.shape_fault(workload.shape)):
            yield Finding((*loc, "shape"), fault)
        if workload.growth is not None and workload.growth not in library.demand_scenarios():
            known = library.demand_scenarios()
            yield Finding((*loc, "growth"), _unknown("scenario", workload.growth, known))
        if workload.region is not None and (fault := library.region_fault(workload.region)):
            yield Finding((*loc, "region"), fault)


def _capacity(parts: Parts, folder: Path) -> Iterator[Finding]:
    years = parts.get("years")
    stages: list[tuple[Loc, dict[int, float] | None]] = [
        (("it_capacity_mw",), parts.get("it_capacity_mw"))
    ]
    for entry in parts.get("sites", ()):
        stages.append((("sites", entry.label, "it_capacity_mw"), entry.it_capacity_mw))
    for loc, staged in stages:
        if staged is None:
            continue
        if not staged:
            yield Finding(loc, "names no year; give {year: MW}, for example {2025: 20}")
        elif max(staged.values()) == 0:
            yield Finding(loc, "is 0 in every year; give the installed IT capacity in MW")
        elif years and min(staged) > years[-1]:
            message = f"first stage {min(staged)} lies after the last year {years[-1]}"
            yield Finding(loc, f"{message}; give a stage within {years[0]} to {years[-1]}")


def _fleet(parts: Parts, folder: Path) -> Iterator[Finding]:
    fleet = parts.get("fleet")
    if fleet is not None:
        for where, message in library.fleet_faults(fleet):
            yield Finding(where, message)


def _cooling(parts: Parts, folder: Path) -> Iterator[Finding]:
    found: list[tuple[Loc, Cooling | None]] = [(("cooling",), parts.get("cooling"))]
    for entry in parts.get("sites", ()):
        found.append((("sites", entry.label, "cooling"), entry.cooling))
    for loc, cooling in found:
        if cooling is None:
            continue
        known = library.cooling_names()
        if cooling.architecture is not None and cooling.architecture not in known:
            message = _unknown("cooling architecture", cooling.architecture, known)
            yield Finding((*loc, "architecture"), message)
            continue
        if cooling.file is not None and not is_file(folder / cooling.file):
            continue  # named among the missing files
        try:
            library.load_cooling(cooling, folder)
        except DcmodelError as error:
            for fault in error.faults:
                yield _cooling_finding(loc, cooling, fault)


def _cooling_finding(loc: Loc, cooling: Cooling, fault: Fault) -> Finding:
    """Return a fault of a cooling design at the key of the study that causes it."""
    if fault.where == "rack_kw":
        return Finding((*loc, "rack_kw"), fault.message)
    if cooling.file is not None:
        return Finding((*loc, "file"), f"{fault.where}  {fault.message}")
    return Finding((*loc, "overrides"), fault.message)


def _sites(parts: Parts, folder: Path) -> Iterator[Finding]:
    known = library.site_names()
    for entry in parts.get("sites", ()):
        loc: Loc = ("sites", entry.label)
        if entry.site is not None and entry.site not in known:
            yield Finding((*loc, "site"), _unknown("site", entry.site, known))
        else:
            yield from _site_definition(entry, loc, parts)


def _site_definition(entry: SiteEntry, loc: Loc, parts: Parts) -> Iterator[Finding]:
    """Check one site's definition: its own keys, its market, the years it covers."""
    market = entry.overrides.get("market")
    if market is not None and market not in library.market_names():
        yield Finding((*loc, "market"), _unknown("market", str(market), library.market_names()))
        return
    climate = entry.overrides.get("weather_climate")
    if isinstance(climate, str) and climate not in library.climate_names():
        message = _unknown("climate", climate, library.climate_names())
        yield Finding((*loc, "weather_climate"), message)
        return
    try:
        site = library.resolve_site(entry)
    except ValidationError as error:
        for finding in findings_of(error, library.site_class(), loc):
            yield _with_study_keys(finding) if len(finding.loc) == len(loc) + 1 else finding
        return
    except DcmodelError as error:
        for fault in error.faults:
            yield data_finding(loc, str(fault))
        return
    years = parts.get("years")
    if years:
        money = parts.get("currency_year", StudySpec.model_fields["currency_year"].default)
        for message in library.years_not_covered(site, years, money):
            yield data_finding(loc, message)


def _with_study_keys(finding: Finding) -> Finding:
    """Let the hint on an unknown key of a site name the study's own keys too."""
    if not finding.message.startswith("unknown key"):
        return finding
    return unknown_key(finding.loc, [*SiteEntry.model_fields, *library.site_class().model_fields])


def _components(parts: Parts, folder: Path) -> Iterator[Finding]:
    registered = library.component_classes()
    for name, fields in parts.get("components", {}).items():
        loc: Loc = ("components", name)
        if name not in registered:
            yield Finding(loc, _unknown("component", name, sorted(registered)))
            continue
        model = registered[name]
        try:
            model.model_validate(fields)
        except ValidationError as error:
            yield from findings_of(error, model, loc)
        parameters = fields.get("parameters", {})
        if isinstance(parameters, dict) and parameters:
            yield from _parameters(name, parameters, (*loc, "parameters"))


def _requirements(parts: Parts, folder: Path) -> Iterator[Finding]:
    registered = library.requirement_classes()
    for name, fields in parts.get("requirements", {}).items():
        loc: Loc = ("requirements", name)
        if name not in registered:
            stated = [part.sought_as.get(name) for part in library.component_classes().values()]
            elsewhere = "".join(f"; {text}" for text in stated if text)
            yield Finding(loc, _unknown("requirement", name, sorted(registered)) + elsewhere)
            continue
        try:
            registered[name].model_validate(fields)
        except ValidationError as error:
            yield from findings_of(error, registered[name], loc)


def _stages(parts: Parts, folder: Path) -> Iterator[Finding]:
    """Check figures by year: years that a study can have, and one that it reaches."""
    years = parts.get("years")
    for key in ("components", "requirements"):
        for name, fields in parts.get(key, {}).items():
            for loc, stages in _by_year(fields, (key, name)):
                for year in stages:
                    if not YEAR_FIRST <= year <= YEAR_LAST:
                        message = f"found {year}; years lie within {YEAR_FIRST} to {YEAR_LAST}"
                        yield Finding((*loc, year), message)
                if years and min(stages) > years[-1]:
                    message = f"begins in {min(stages)}, after the last year {years[-1]}"
                    yield Finding(loc, f"{message}; it would never hold, give an earlier year")


def _by_year(fields: object, loc: Loc) -> Iterator[tuple[Loc, list[int]]]:
    """Yield every mapping by year within the settings of something, with its place."""
    if not isinstance(fields, dict) or not fields:
        return
    if all(type(key) is int for key in fields):
        yield loc, list(fields)
        return
    for key, value in fields.items():
        yield from _by_year(value, (*loc, key))


def _offers(parts: Parts, folder: Path) -> Iterator[Finding]:
    """Check what every component and requirement asks of the market of every site."""
    places: dict[tuple[str, str], tuple[Site, Market]] = {}
    for entry in parts.get("sites", ()):
        try:
            site = library.resolve_site(entry)
            places[site.key, site.market] = site, library.load_market(site.market)
        except (ValidationError, DcmodelError):
            continue  # said by the check of sites
    for key, registered in (
        ("components", library.component_classes()),
        ("requirements", library.requirement_classes()),
    ):
        for name, fields in parts.get(key, {}).items():
            try:
                asked = registered[name].model_validate(fields)
            except (KeyError, ValidationError):
                continue  # said by the checks above
            said: set[str] = set()
            for site, market in places.values():
                for message in asked.check_place(site, market, parts.get("years", ())):
                    if message not in said:
                        yield Finding((key, name), message)
                    said.add(message)


def _parameters(kind: str, parameters: dict[str, object], loc: Loc) -> Iterator[Finding]:
    """Check values that replace a component's parameters: known, no percent, no wrong sign."""
    known = library.parameter_rows(kind)
    for name, value in parameters.items():
        here: Loc = (*loc, name)
        if name not in known:
            yield Finding(here, _unknown("parameter", str(name), list(known)))
            continue
        if not isinstance(value, int | float) or isinstance(value, bool):
            continue  # the component's own class says so
        rows = known[name]
        is_fraction = rows[0].unit == "1" and library.largest(rows) <= 1
        if is_fraction and value > 1:
            message = f"found {value!r}, must be at most 1{percent_advice(value)}"
            yield Finding(here, message)
        elif value < 0 and library.smallest(rows) >= 0:
            yield Finding(here, f"found {value!r}, must be at least 0 [{rows[0].unit}]")


CHECKS: tuple[Check, ...] = (
    _names,
    _workloads,
    served,
    traces,
    _capacity,
    _fleet,
    _cooling,
    _sites,
    _components,
    _requirements,
    _stages,
    _offers,
    missing_files,
    calendars,
    portfolio_findings,
)
