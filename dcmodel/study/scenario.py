"""Scenarios: named changes to a study, by dotted keys or nested mappings.

A mapping is merged key by key, except for whole settings (`WHOLE`), which it replaces; a dotted key
reaches a single item of those too (``it_capacity_mw.2029: 80``). Sites, workloads, components and
requirements are addressed by name; ``components.battery: null`` leaves one out.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dcmodel.base.registry import nearest
from dcmodel.base.schema import Spec
from dcmodel.study.findings import Finding, Loc, dotted
from dcmodel.study.parts import Parts, keys

WHOLE = frozenset(
    {"it_capacity_mw", "weather", "prices", "carbon", "resolution", "years", "generations"}
)
"""Keys whose value is one setting: a mapping replaces it."""
MIXES = ("fleet", "generations")
"""Place of settings by year, each of which a mapping replaces."""

FIXED = frozenset({"schema", "name", "description", "scenarios", "outputs"})
"""Keys that a scenario may not change."""

NAMED = frozenset({"sites", "workloads", "components", "requirements"})
"""Keys that hold things by name."""


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


def apply(normal: Mapping[str, Any], name: str, changes: Mapping[str, Any]) -> Applied:
    """Return the study with the changes of one scenario.

    Parameters
    ----------
    normal : mapping
        The study in normal form (`normal_form`); not changed.
    name : str
        Name of the scenario.
    changes : mapping
        Dotted keys or nested mappings.
    """
    applied = Applied(copy.deepcopy(dict(normal)))
    for target, source, value in _leaves(changes, (), ("scenarios", name)):
        message = _unknown_name(applied.document, target)
        if not message and target[0] in normal:  # else the study's own key is faulty, as reported
            message = _set(applied.document, target, value)
            applied.origin[target] = source
        if message:
            applied.findings.append(Finding(source, message))
    return applied


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.model_dump(by_alias=True)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _leaves(changes: Mapping[Any, Any], target: Loc, source: Loc) -> Iterator[tuple[Loc, Loc, Any]]:
    """Yield place in the study, place in the scenario and value of every single change."""
    for key, value in changes.items():
        steps = tuple(map(_step, key.split("."))) if isinstance(key, str) else (key,)
        path, here = target + steps, (*source, key)
        is_whole = path[-1] in WHOLE or path[:-1] == MIXES
        if isinstance(value, Mapping) and value and not is_whole:
            yield from _leaves(value, path, here)
        else:
            yield path, here, value


def _step(text: str) -> Hashable:
    return int(text) if text.isascii() and text.isdigit() else text


def _is_fixed(target: Loc) -> bool:
    """Return whether results could not be compared if scenarios differed here."""
    is_name = target[0] == "sites" and target[2:] in {("label",), ("site",)}
    is_model_of_class = target[0] == "workloads" and target[2:] == ("like",)
    return is_name or is_model_of_class or target == ("fleet", "serving", "tokens")


def _unknown_name(document: Mapping[str, Any], target: Loc) -> str:
    """Return a message when the first steps of `target` name nothing in the study."""
    top = str(target[0])
    allowed = [key for key in keys() if key not in FIXED]
    if top in FIXED or _is_fixed(target):
        top = dotted(target)
        return f"'{top}' is the same in all scenarios; remove it"
    if top not in allowed:
        return f"unknown key{nearest(top, allowed)} (known: {', '.join(allowed)})"
    if top in {"sites", "workloads"} and len(target) == 1:
        return f"give single keys of one of the {top}, such as '{top}.name.key'"
    if top in {"sites", "workloads"} and str(target[1]) not in document.get(top, {}):
        known = list(document.get(top, {}))
        hint = nearest(str(target[1]), known) or f"; the study has {', '.join(known)}"
        return f"'{dotted(target)}' names none of the study's {top}{hint}"
    return ""


def _set(document: dict[str, Any], target: Loc, value: Any) -> str:
    """Set one value; return a message where the path leads through something that has no keys."""
    here: Any = document
    for depth, step in enumerate(target[:-1], start=1):
        if here.get(step) is None:
            here[step] = {}
        here = here[step]
        if not isinstance(here, dict):
            whole = dotted(target[:depth])
            return (
                f"'{dotted(target)}': {whole} is {here!r} and has no keys; set {whole} as a whole"
            )
    if value is None and len(target) == 2 and target[0] in NAMED:
        here.pop(target[-1], None)
    elif value != {} or not isinstance(here.get(target[-1]), dict):
        here[target[-1]] = copy.deepcopy(value)
    return ""
