"""Study files read, checked in shape and meaning, and written back with defaults expanded."""

from __future__ import annotations

import html
import io
import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError
from ruamel.yaml import YAML

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.paths import studies_dir
from dcmodel.base.registry import nearest
from dcmodel.base.yamlfile import YamlFile, load_yaml
from dcmodel.study.check import check, named_files
from dcmodel.study.findings import Finding, Loc, as_written, dotted, findings_of
from dcmodel.study.notes import resolution_words
from dcmodel.study.parts import Parts, keys, read_parts
from dcmodel.study.scenario import apply, as_document, normal_form, without_effect
from dcmodel.study.spec import SiteEntry, StudySpec
from dcmodel.study.work import Workload

_FILES = frozenset({"weather", "prices", "carbon"})
"""Settings that a file gives, or the library where none is named."""


@dataclass(frozen=True)
class Study:
    """A study that passed every check.

    Parameters
    ----------
    spec : StudySpec
        The study in normal form, defaults included.
    path : Path
        The study file; paths in the study are relative to its folder.
    source : YamlFile
        The file's text with the place of every key.
    """

    spec: StudySpec
    path: Path
    source: YamlFile = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """Name of the study."""
        return self.spec.name

    @property
    def folder(self) -> Path:
        """Folder that relative paths of the study start from."""
        return self.path.resolve().parent

    def where(self, *loc: Hashable) -> str:
        """Return ``file:line:column`` of a key of the study, for example ``("gap",)``."""
        return self.source.where(as_written(self.source.data, loc))

    def normal(self) -> dict[str, Any]:
        """Return the study as plain data with its sites by label, as scenarios change it."""
        return normal_form({info.alias or key: getattr(self.spec, key) for key, info in _fields()})

    def scenario(self, name: str) -> StudySpec:
        """Return the study with the changes of one of its scenarios.

        Parameters
        ----------
        name : str
            Name of the scenario; its spec holds no other.
        """
        parts = {info.alias or key: getattr(self.spec, key) for key, info in _fields()}
        applied = apply(normal_form(parts), name, self.spec.scenarios[name])
        document = as_document(applied.document) | {"scenarios": {name: {}}}
        return StudySpec.model_validate(document)

    def with_changes(self, changes: Mapping[str, Any]) -> Study:
        """Return a changed study: dotted keys or nested mappings, as in a scenario.

        A mapping is merged key by key; an empty mapping or None clears, so that the default of the
        key holds; a list or plain value replaces. None leaves out what has a name (a component,
        a requirement, a site, a workload, a scenario), ``{}`` adds a component, or sets it back to
        its defaults. `dcmodel.study.scenario` has the rules in full.

        Parameters
        ----------
        changes : mapping
            For example ``{"resolution": {"segments": 365}, "components.battery": None,
            "requirements": {}}``. A list of ``sites`` keeps the named ones, ``{"sites":
            ["dallas"]}``; an entry as in a study's file adds a site. Each of ``scenarios`` is
            replaced as a whole.

        Raises
        ------
        StudyError
            All faults at once, changes without an effect among them.
        """
        if not isinstance(changes, Mapping):
            msg = f"changes  found {changes!r}; give a mapping of keys of the study to their values"
            raise StudyError(msg)
        parts = {info.alias or key: getattr(self.spec, key) for key, info in _fields()}
        changes = dict(changes)
        normal = normal_form(parts)
        before, kept = list(normal["sites"]), None
        if isinstance(changes.get("sites"), list | tuple):
            kept = normal["sites"] = _kept_sites(normal["sites"], changes.pop("sites"))
        applied = apply(normal, "changes", changes, of_study=True)
        document = as_document(applied.document)
        changed, findings = read_parts(document)
        # beside a change that acts, others may ask for what holds: a sweep passes its base values
        told = [one for one in applied.findings if not (applied.acts and one in applied.idle)]
        findings = [*told, *findings]
        findings += check(changed, self.folder, findings)
        if not findings:
            findings = _findings_of_scenarios(changed, self.folder, "scenarios" in changes)
        if not findings and StudySpec.model_validate(document) == self.spec:
            findings = without_effect(normal, "changes", changes, of_study=True)
        if not findings and list(normal["sites"]) == before and kept is not None and not changes:
            findings = [Finding(("sites",), "these are the sites of the study already; remove it")]
        if findings:
            faults = [Fault("changes", f"{dotted(f.loc)}  {f.message}") for f in findings]
            raise StudyError(faults)
        return replace(self, spec=StudySpec.model_validate(document))

    def to_yaml(self, folder: Path | None = None) -> str:
        """Return the study as YAML with all defaults written out.

        Parameters
        ----------
        folder : Path, optional
            Folder the text will lie in: paths of files are made relative to it.
        """
        return to_yaml(self.spec, self.folder, folder)

    def _repr_html_(self) -> str:
        spec = self.spec
        capacity = ", ".join(f"{year}: {mw:g}" for year, mw in spec.it_capacity().items())
        rows = {
            "file": str(self.path),
            "years": f"{spec.years[0]} to {spec.years[-1]}",
            "sites": ", ".join(site.label for site in spec.sites),
            "scenarios": ", ".join(spec.scenarios),
            "cases": str(len(spec.sites) * len(spec.scenarios)),
            "installed IT [MW]": capacity,
            "workloads": ", ".join(map(_described, spec.workloads, spec.workloads.values())),
            "cooling": spec.cooling.title,
            "components": ", ".join(spec.components),
            "resolution": resolution_words(spec),
            "discount rate": f"{spec.discount_rate:.1%} real, USD of {spec.currency_year}",
        }
        cells = "".join(
            f"<tr><th style='text-align:left'>{html.escape(key)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for key, value in rows.items()
        )
        title = html.escape(spec.name)
        note = html.escape(spec.description)
        return f"<table><caption><b>Study {title}</b> {note}</caption>{cells}</table>"


def _described(name: str, work: Workload) -> str:
    return name if work.share is None else f"{name} {work.share:.0%}"


def load_study(path: Path | str, *, text: str | None = None) -> Study:
    """Read a study file and check it, shape and meaning together.

    Parameters
    ----------
    path : Path or str
        The study file, or the name of a shipped study (``"quickstart"``) where no such file
        exists; with `text`, the name it shall have in messages.
    text : str, optional
        The study itself, when it is not to be read from the file.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        All faults at once, each with file, line and column.
    DataError
        When all faults are missing or unreadable files that the study names.

    Examples
    --------
    >>> load_study("quickstart").spec.years[0]
    2025
    """
    reading = read_study(path, text=text)
    if reading.placed:
        refuse(reading.source, reading.placed)
    return reading.study()


@dataclass
class Reading:
    """A study file as it was read: its sound parts, and what is wrong with the others."""

    path: Path
    source: YamlFile
    parts: Parts
    placed: list[tuple[Loc, Finding]]
    """Findings with their places in the file as written."""
    wrong: set[Loc] = field(default_factory=set)
    """Places of the findings in normal form."""

    @property
    def normal(self) -> dict[str, Any]:
        """The sound parts as plain data; sites by label."""
        return normal_form(self.parts)

    def study(self) -> Study:
        """Return the study of a file without faults."""
        return Study(StudySpec.model_validate(self.source.data), self.path, self.source)

    def sound_rest(self) -> tuple[Study, set[str]] | None:
        """Return the study without what is wrong in it, and the names left out.

        None where what is left is no study.
        """
        normal, left_out = self.normal, set[str]()
        missing = [key for key, name in keys().items() if key not in normal and _is_needed(name)]
        if missing or not set(self.source.data) <= set(keys()):
            return None
        for loc in self.wrong | {where[:2] for where, _ in self.placed if where[0] == "scenarios"}:
            if not _leave_out(normal, loc, left_out):
                return None
        try:
            spec = StudySpec.model_validate(as_document(normal))
        except ValidationError:
            return None
        return Study(spec, self.path, self.source), left_out


def _is_needed(name: str) -> bool:
    return StudySpec.model_fields[name].is_required()


def _leave_out(normal: dict[str, Any], loc: Loc, left_out: set[str]) -> bool:
    """Take what is wrong out of a study in normal form; return whether a study is left."""
    key = str(loc[0])
    if key in _FILES:
        normal[key] = "typical"
        return True
    if key not in {"sites", "components", "requirements", "scenarios"} or len(loc) < 2:
        return False
    if key == "sites" and len(loc) > 2 and loc[2] in _FILES and loc[1] in normal[key]:
        normal[key][loc[1]][loc[2]] = None
        return True
    left_out.add(str(loc[1]))
    normal[key].pop(loc[1], None)
    return bool(normal[key]) or key == "requirements"


def read_study(path: Path | str, *, text: str | None = None, open_files: bool = False) -> Reading:
    """Read a study file with all that is wrong with its shape and its meaning.

    Parameters
    ----------
    path, text
        As for `load_study`.
    open_files : bool
        Whether files of weather, prices and carbon are read, too.

    Raises
    ------
    StudyError
        The file cannot be read as YAML at all.
    """
    path = Path(path) if text is not None else _file(Path(path))
    source = load_yaml(path, text=text)
    parts, findings = read_parts(source.data)
    findings += check(parts, Path(path).resolve().parent, findings, open_files=open_files)
    if not findings:
        findings += _as_a_whole(source.data)
    placed = [(as_written(source.data, finding.loc), finding) for finding in findings]
    placed += _scenario_findings(source, parts, findings, open_files)
    return Reading(path, source, parts, placed, {finding.loc for finding in findings})


def _as_a_whole(data: Mapping[str, Any]) -> list[Finding]:
    """Return what the whole refuses although each part is sound by itself."""
    try:
        StudySpec.model_validate(data)
    except ValidationError as error:
        return findings_of(error, StudySpec)
    return []


def _file(path: Path) -> Path:
    """Return the study file that is meant: the path itself, or a shipped study by its name."""
    shipped = studies_dir() / f"{path}.yaml"
    return shipped if not path.exists() and len(path.parts) == 1 and shipped.is_file() else path


def to_yaml(spec: StudySpec, origin: Path, folder: Path | None = None) -> str:
    """Return a spec as YAML; see `Study.to_yaml`."""
    document = spec.model_dump(by_alias=True, mode="json")
    document["it_capacity_mw"] = dict(spec.it_capacity_mw)
    document["sites"] = [_entry_as_written(site) for site in spec.sites]
    if folder is not None:
        for loc, name in named_files(spec):
            relative = os.path.relpath(origin / name, folder.resolve())
            _put(document, loc, Path(relative).as_posix())
    document["years"] = list(spec.years)
    stream = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 100
    yaml.dump(document, stream)
    return stream.getvalue()


def _entry_as_written(site: SiteEntry) -> dict[str, Any]:
    """Return a site entry with its own keys only; the study's settings hold for the others."""
    entry = site.model_dump(by_alias=True, mode="json", exclude_none=True)
    if site.it_capacity_mw is not None:
        entry["it_capacity_mw"] = dict(site.it_capacity_mw)
    return {**entry, **entry.pop("overrides")}


def _put(document: Any, loc: Loc, value: str) -> None:
    for step in loc[:-1]:
        document = document[step]
    document[loc[-1]] = value


def _fields() -> list[tuple[str, Any]]:
    return list(StudySpec.model_fields.items())


def _scenario_findings(
    source: YamlFile, parts: Parts, known: list[Finding], open_files: bool
) -> list[tuple[Loc, Finding]]:
    """Return what each scenario adds to the faults of the study itself."""
    placed: list[tuple[Loc, Finding]] = []
    reported = {(finding.loc, finding.message) for finding in known}
    normal = normal_form(parts)
    folder = source.path.resolve().parent
    plain = ""
    for name, changes in parts.get("scenarios", {}).items():
        applied = apply(normal, name, changes)
        placed += [(finding.loc, finding) for finding in applied.findings]
        if not changes:
            if plain:
                message = f"changes nothing, as '{plain}'; keep one, or state what it changes"
                placed.append((("scenarios", name), Finding(("scenarios", name), message)))
            plain = name
        if not applied.origin:
            continue
        changed, findings = read_parts(as_document(applied.document))
        folder = source.path.resolve().parent
        findings += check(changed, folder, findings, open_files=open_files)
        document = as_document(applied.document) | {"scenarios": {name: {}}}
        if not findings and not known and not applied.findings:
            findings += _as_a_whole(document)
            if not findings:
                idle = without_effect(normal, name, changes)
                placed += [(finding.loc, finding) for finding in idle]
        labels = list(applied.document.get("sites", {}))
        for finding in findings:
            origin = applied.locate(_by_label(finding.loc, labels))
            if origin is not None and (finding.loc, finding.message) not in reported:
                placed.append((origin, finding))
    return placed


def _findings_of_scenarios(parts: Parts, folder: Path, stated: bool) -> list[Finding]:
    """Return the faults of the scenarios of a study without faults of its own.

    What scenarios change without an effect counts where they are `stated` anew.
    """
    normal = normal_form(parts)
    found = []
    for name, changes in parts["scenarios"].items():
        applied = apply(normal, name, changes)
        changed, findings = read_parts(as_document(applied.document))
        findings += check(changed, folder, findings)
        found += [Finding(("scenarios", name, *f.loc), f.message, f.error) for f in findings]
        if stated:
            found += applied.findings
    return found


def _kept_sites(known: Mapping[str, Any], wanted: Sequence[Any]) -> dict[str, Any]:
    """Return the sites that are named, and those that are stated as in a study's file."""
    if not wanted:
        msg = f"changes  sites  no site is left; name some of {', '.join(known)}"
        raise StudyError(msg)
    kept: dict[str, Any] = {}
    for item in wanted:
        if isinstance(item, str) and item not in known:
            hint = nearest(item, list(known)) or f"; the study has {', '.join(known)}"
            msg = f"changes  sites  '{item}' names none of the study's sites{hint}"
            raise StudyError(msg)
        if isinstance(item, str):
            label, entry = item, known[item]
        else:
            found, findings = read_parts({"sites": [item]})
            faults = [Fault("changes", f"{dotted(f.loc)}  {f.message}") for f in findings
                      if f.loc[:1] == ("sites",)]  # fmt: skip
            if faults:
                raise StudyError(faults)
            [(label, entry)] = normal_form(found)["sites"].items()
        if label in kept:
            msg = f"changes  sites  '{label}' is named twice; keep one"
            raise StudyError(msg)
        kept[label] = entry
    return kept


def _by_label(loc: Loc, labels: list[Any]) -> Loc:
    """Return a place with its site by label, as scenarios name it."""
    if loc[:1] == ("sites",) and len(loc) > 1 and isinstance(loc[1], int):
        return ("sites", labels[loc[1]], *loc[2:])
    return loc


def refuse(source: YamlFile, placed: list[tuple[Loc, Finding]]) -> NoReturn:
    """Raise all faults in the order of the file, each with its place."""
    ordered = sorted(placed, key=lambda pair: (source.position(pair[0]), pair[1].message))
    faults = []
    for loc, finding in ordered:
        key, message = dotted(loc), finding.message
        if loc[:1] == ("scenarios",) and len(loc) > 2:
            changed, cause = dotted(loc[2:]), dotted(finding.loc)
            key = f"{dotted(loc[:2])}: {changed}"
            if finding.loc != loc and cause != changed:
                message = f"{cause}: {message}"
        faults.append(Fault(source.where(loc), f"{key}  {message}"))
    only_data = all(issubclass(finding.error, DataError) for _, finding in ordered)
    raise (DataError if only_data else StudyError)(list(dict.fromkeys(faults)))
