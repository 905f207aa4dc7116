"""A study read part by part, so that one wrong key does not hide the next.

Every top-level key is checked on its own. Where an item of a list or mapping is wrong, the item is
left out and the rest still counts, so that checks of meaning run on all that is sound.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from dcmodel.study.findings import MISSING, Finding, Loc, findings_of, unknown_key, without_echoes
from dcmodel.study.spec import SCHEMA, StudySpec

Parts = dict[str, Any]
"""Sound parts of a study by key, each validated: a subset of the fields of `StudySpec`."""


def read_parts(document: Mapping[str, Any]) -> tuple[Parts, list[Finding]]:
    """Return the sound parts of a study and what is wrong with the others.

    Parameters
    ----------
    document : mapping
        Plain data of a study, in short or normal form.

    Returns
    -------
    parts : dict
        Validated values by key, defaults included.
    findings : list of Finding
        Faults of shape: unknown, missing, wrong type, out of range.
    """
    fields = keys()
    findings = [unknown_key((key,), list(fields)) for key in document if key not in fields]
    parts: Parts = {}
    for key, name in fields.items():
        if key in document:
            value, faults = _read(key, document[key])
            findings += faults
            if value is not None:
                parts[key] = value
        elif StudySpec.model_fields[name].is_required():
            meaning = (StudySpec.model_fields[name].description or "").rstrip(".")
            advice = f"schema: {SCHEMA}" if key == "schema" else key
            findings.append(Finding((key,), f"{MISSING}; add '{advice}' ({meaning})"))
        else:
            parts[key] = StudySpec.model_fields[name].get_default()
    return parts, without_echoes(findings)


@cache
def keys() -> dict[str, str]:
    """Return the keys of a study as written, with the name of the model's field."""
    return {info.alias or name: name for name, info in StudySpec.model_fields.items()}


@cache
def _adapter(key: str) -> tuple[TypeAdapter[Any], Any]:
    info = StudySpec.model_fields[keys()[key]]
    annotation: Any = info.annotation
    for extra in info.metadata:
        annotation = Annotated[annotation, extra]
    return TypeAdapter(annotation), annotation


def _read(key: str, value: Any) -> tuple[Any, list[Finding]]:
    """Return the validated value, or what is sound of it, and the findings."""
    adapter, annotation = _adapter(key)
    try:
        return adapter.validate_python(value, strict=True), []
    except ValidationError as error:
        findings = findings_of(error, annotation, (key,))
    sound = _without(value, {finding.loc[1:] for finding in findings})
    if not sound:
        return None, findings
    try:
        return adapter.validate_python(sound, strict=True), findings
    except ValidationError:
        return None, findings


def _without(value: Any, wrong: set[Loc]) -> Any:
    """Return a list or mapping without the items that hold a fault."""
    items: set[Hashable] = {loc[0] for loc in wrong if loc}
    if not items:
        return None
    if isinstance(value, Mapping):
        return {key: item for key, item in value.items() if key not in items}
    if isinstance(value, list | tuple):
        return [item for position, item in enumerate(value) if position not in items]
    return None
