"""Changes to a study: its scenarios, and what a notebook changes, by one set of rules.

=======================  ==========================================================================
change                   what it does
=======================  ==========================================================================
``markets: {a: 1}``      a mapping is merged key by key, ``markets.a: 1`` is the same; settings that
                         are one whole (`WHOLE`) are replaced, and a dotted key reaches one item of
                         them: ``it_capacity_mw.2029: 80``
``markets: {}``,         an empty mapping or null clears: the key is as if it stood nowhere in the
``markets: null``        study, so its default holds; a component or requirement is left out by null
                         and is there with its defaults by ``{}``
a list or plain value    replaces
=======================  ==========================================================================

Sites, workloads, components and requirements are addressed by name. Every change acts: one that
leaves the study as it is is refused, and so is what scenarios of one study cannot differ in.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dcmodel.base.registry import nearest
from dcmodel.base.schema import Spec
from dcmodel.study.findings import Finding, Loc, dotted
from dcmodel.study.parts import Parts, keys, read_parts
from dcmodel.study.spec import StudySpec

WHOLE = frozenset(
    {"it_capacity_mw", "weather", "prices", "carbon", "resolution", "years", "generations"}
)
"""Keys whose value is one setting: a mapping replaces it."""
MIXES = ("fleet", "generations")
"""Place of settings by year, each of which a mapping replaces."""

FIXED = {
    "schema": "it is the version of the study language",
    "name": "it names the whole study; change it at the top of the study",
    "description": "it describes the whole study; change it at the top of the study",
    "scenarios": "write another scenario beside this one",
    "outputs": "it holds for the whole study; change it at the top of the study",
    "mode": "results of the two modes cannot be compared; make a second study of it",
    "currency_year": "costs could not be compared; make a second study of it",
}
"""Keys that a scenario may not change, and what to do instead."""
NEVER = {"schema": FIXED["schema"]}
"""Keys that no change may touch."""

NAMED = frozenset({"sites", "workloads", "components", "requirements"})
"""Keys that hold things by name."""


ALREADY = "already; remove it"
"""End of the message on a change that asks for what holds."""

Leaf = tuple[Loc, Loc, Any]
"""Place in the study, place in the scenario, and value of a single change."""


@dataclass
class Applied:
    """A study after one scenario.

    Parameters
    ----------
    document : dict
        The changed study in normal form.
    findings : list of Finding
        Keys of the scenario that the study does not have, placed in the scenario.
    origin : dict
        Place in the changed study -> place in the scenario that changed it.
    """

    document: dict[str, Any]
    findings: list[Finding] = field(default_factory=list)
    origin: dict[Loc, Loc] = field(default_factory=dict)
    idle: list[Finding] = field(default_factory=list)
    """Those of the findings that say only that the study is so already."""

    @property
    def acts(self) -> bool:
        """Whether a change without a fault changes the study."""
        return len(self.origin) > len(self.idle)

    def locate(self, loc: Loc) -> Loc | None:
        """Return the scenario's own place that caused a finding at `loc`; None if it did not."""
        for target, source in self.origin.items():
            shorter = min(len(target), len(loc))
            if target[:shorter] == loc[:shorter]:
                return source
        return None


def normal_form(parts: Parts) -> dict[str, Any]:
    """Return validated parts as plain data; sites become a mapping by label."""
    plain = {key: _plain(value) for key, value in parts.items()}
    if "sites" in parts:
        plain["sites"] = {entry.label: _plain(entry) for entry in parts["sites"]}
    return plain


def as_document(normal: Mapping[str, Any]) -> dict[str, Any]:
    """Return the normal form as a study document, with its sites as a list again."""
    document = dict(normal)
    if "sites" in document:
        document["sites"] = list(document["sites"].values())
    return document


def apply(
    normal: Mapping[str, Any],
    name: str,
    changes: Mapping[str, Any],
    *,
    of_study: bool = False,
) -> Applied:
    """Return the study with the changes of one scenario.

    Parameters
    ----------
    normal : mapping
        The study in normal form (`normal_form`); not changed.
    name : str
        Name of the scenario.
    changes : mapping
        Dotted keys or nested mappings.
    of_study : bool
        Whether the study itself is changed, which may differ in more than scenarios may.
    """
    prefix: Loc = () if of_study else ("scenarios", name)
    return _applied(normal, list(_leaves(changes, (), prefix)), of_study)


def _applied(normal: Mapping[str, Any], leaves: Sequence[Leaf], of_study: bool) -> Applied:
    applied = Applied(copy.deepcopy(dict(normal)))
    for target, source, value in leaves:
        message = _refusal(applied.document, target, of_study)
        if not message and (target[0] in normal or target[0] not in _required()):
            message = _set(applied.document, target, value)
            applied.origin[target] = source
        if message:
            applied.findings.append(Finding(source, message))
        if message.endswith(ALREADY):
            applied.idle.append(applied.findings[-1])
    return applied


def without_effect(
    normal: Mapping[str, Any],
    name: str,
    changes: Mapping[str, Any],
    *,
    of_study: bool = False,
) -> list[Finding]:
    """Return a finding on every single change without which the study would be the same.

    Parameters
    ----------
    normal, name, changes, of_study
        As for `apply`, of changes without faults.
    """
    prefix: Loc = () if of_study else ("scenarios", name)
    leaves = list(_leaves(changes, (), prefix))
    whole, _ = read_parts(as_document(_applied(normal, leaves, of_study).document))
    found = []
    for leaf in leaves:
        rest = [other for other in leaves if other is not leaf]
        parts, _ = read_parts(as_document(_applied(normal, rest, of_study).document))
        if parts == whole:
            message = f"'{dotted(leaf[0])}' leaves the study as it is; remove it, or change more"
            found.append(Finding(leaf[1], message))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.model_dump(by_alias=True)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _leaves(changes: Mapping[Any, Any], target: Loc, source: Loc) -> Iterator[Leaf]:
    """Yield place in the study, place in the scenario and value of every single change."""
    for key, value in changes.items():
        steps = tuple(map(_step, key.split("."))) if isinstance(key, str) else (key,)
        path, here = target + steps, (*source, key)
        # what a scenario changes is one setting of the study that holds it
        is_whole = path[-1] in WHOLE or path[:-1] in {MIXES, ("scenarios",)}
        if isinstance(value, Mapping) and value and not is_whole:
            yield from _leaves(value, path, here)
        else:
            yield path, here, value


def _step(text: str) -> Hashable:
    return int(text) if text.isascii() and text.isdigit() else text


def _cannot_differ(target: Loc) -> str:
    """Return why results could not be compared if scenarios differed here; empty where they may."""
    if target[0] == "sites" and (target[2:] in {("label",), ("site",)} or len(target) <= 2):
        return "cases are compared site by site; list the sites at the top of the study"
    if target[0] == "workloads" and target[2:] == ("like",):
        return "outcomes are compared class by class; add another class, or make a second study"
    if target == ("fleet", "serving", "tokens"):
        return "prices of tokens could not be compared; change it at the top of the study"
    return FIXED.get(str(target[0]), "")


def _refusal(document: Mapping[str, Any], target: Loc, of_study: bool) -> str:
    """Return a message when a change may not be made, or names nothing in the study."""
    top, allowed = str(target[0]), list(keys())
    if of_study:
        if top in NEVER:
            return f"'{top}' cannot be changed: {NEVER[top]}"
    else:
        allowed = [key for key in allowed if key not in FIXED]
        named = target[0] == "sites" and len(target) == 2
        known = str(target[-1]) in document.get("sites", {})
        why = "" if named and not known else _cannot_differ(target)
        if why:
            return f"'{dotted(target)}' is the same in all scenarios: {why}"
    if top not in allowed:
        return f"unknown key{nearest(top, allowed)} (known: {', '.join(allowed)})"
    if top in {"sites", "workloads"} and len(target) == 1 and not of_study:
        return f"give single keys of one of the {top}, such as '{top}.name.key'"
    if top in {"sites", "workloads"} and len(target) > 1:
        known_names = list(document.get(top, {}))
        adds = of_study and top == "workloads" and len(target) == 2
        if str(target[1]) not in known_names and not adds:
            hint = nearest(str(target[1]), known_names)
            hint = hint or f"; the study has {', '.join(known_names)}"
            return f"'{dotted(target)}' names none of the study's {top}{hint}"
    return ""


def _required() -> set[str]:
    """Return the keys that a study must state."""
    return {key for key, name in keys().items() if StudySpec.model_fields[name].is_required()}


def _set(document: dict[str, Any], target: Loc, value: Any) -> str:
    """Set one value; return a message where that changes nothing, or cannot be done."""
    here: Any = document
    for depth, step in enumerate(target[:-1], start=1):
        if here.get(step) is None:
            if value is None:
                return f"'{dotted(target)}' is not set in the study{_meant(here, step)}; remove it"
            here[step] = {}
        here = here[step]
        if not isinstance(here, dict):
            whole = dotted(target[:depth])
            return (
                f"'{dotted(target)}': {whole} is {here!r} and has no keys; set {whole} as a whole"
            )
    last = target[-1]
    if value is None or (value == {} and not (len(target) == 2 and target[0] in NAMED)):
        return _clear(document, here, target)
    if last in here and _plain(here[last]) == value:
        return f"'{dotted(target)}' is {_shown(value)} in the study {ALREADY}"
    here[last] = copy.deepcopy(value)
    return ""


def _clear(document: dict[str, Any], here: dict[Any, Any], target: Loc) -> str:
    """Take a key away, so that its default holds; return a message where none stands."""
    last = target[-1]
    if last not in here or here[last] is None:
        return f"'{dotted(target)}' is not set in the study{_meant(here, last)}; remove it"
    before = here.pop(last)
    if len(target) == 1 and last not in _required():
        # the default is written out, so that it can be compared and changed further
        name = keys()[str(last)]
        document[str(last)] = _plain(StudySpec.model_fields[name].get_default())
        if document[str(last)] == before:
            return f"'{dotted(target)}' is as by default {ALREADY}"
    return ""


def _meant(here: Mapping[Any, Any], step: Hashable) -> str:
    return nearest(str(step), [str(key) for key in here])


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
