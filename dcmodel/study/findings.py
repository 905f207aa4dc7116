"""What is wrong with a study, in words: pydantic's errors made into sentences with advice."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from dcmodel.base.errors import DataError, DcmodelError, StudyError
from dcmodel.base.registry import closest, nearest
from dcmodel.base.schema import Quantity

Loc = tuple[Hashable, ...]

MISSING = "is missing"
"""Beginning of the message on a key that is needed and not given."""


@dataclass(frozen=True)
class Finding:
    """One fault at a place of the study, before file and line are known.

    Parameters
    ----------
    loc : tuple
        Keys and list positions from the top of the study, in its normal form.
    message : str
        What was found, what is allowed, what to do.
    error : type of DcmodelError
        ``StudyError`` for the study's own text, ``DataError`` for a file it names.
    """

    loc: Loc
    message: str
    error: type[DcmodelError] = StudyError
    instead: str = ""
    """Key that was probably meant, where `loc` ends in an unknown one."""


def unknown_key(loc: Loc, known: list[str]) -> Finding:
    """Return a finding on an unknown key, with the nearest of the known ones or all of them."""
    name = str(loc[-1])
    hint = nearest(name, known) or f"; known: {', '.join(known)}"
    return Finding(loc, f"unknown key{hint}", instead=next(iter(closest(name, known)), ""))


def unknown_name(what: str, name: str, known: list[str]) -> str:
    """Return a message on a name that the library does not have, with the nearest."""
    return f"unknown {what} '{name}'{nearest(name, known)} (known: {', '.join(known) or 'none'})"


def without_echoes(findings: Iterable[Finding]) -> list[Finding]:
    """Leave out the missing keys that stand in the file under a misspelt name."""
    findings = list(findings)
    meant = {(*finding.loc[:-1], finding.instead) for finding in findings if finding.instead}
    return [
        finding
        for finding in findings
        if finding.loc not in meant or not finding.message.startswith(MISSING)
    ]


def data_finding(loc: Loc, message: str) -> Finding:
    """Return a fault of a file that the study names."""
    return Finding(loc, message, DataError)


def findings_of(error: ValidationError, annotation: Any, prefix: Loc = ()) -> list[Finding]:
    """Return pydantic's errors as findings.

    Parameters
    ----------
    error : pydantic.ValidationError
        Errors of one part of the study.
    annotation : type
        What the part was checked against; the allowed keys are read from it.
    prefix : tuple
        Place of the part in the study.
    """
    found = []
    for detail in error.errors(include_url=False):
        loc = tuple(step for step in detail["loc"] if not _is_schema_step(step))
        if detail["type"] == "extra_forbidden":
            found.append(unknown_key(prefix + loc, _known_keys(annotation, loc[:-1])))
        else:
            found.append(Finding(prefix + loc, _sentence(dict(detail), annotation, loc)))
    return without_echoes(found)


def dotted(loc: Sequence[Hashable]) -> str:
    """Return a place as a person writes it, for example ``sites[2].label``."""
    text = ""
    for step in loc:
        if isinstance(step, int) and step < 1000:
            text += f"[{step}]"
        else:
            text += f".{step}" if text else str(step)
    return text


def _is_schema_step(step: Hashable) -> bool:
    return isinstance(step, str) and (step.startswith("<") or step == "[key]")


def _sentence(detail: dict[str, Any], annotation: Any, loc: Loc) -> str:
    kind, found, limits = detail["type"], detail.get("input"), detail.get("ctx", {})
    if kind == "missing":
        return f"{MISSING}; add it{_meaning(annotation, loc)}"
    unit = _unit(annotation, loc)
    if kind == "greater_than_equal":
        return f"found {found!r}, must be at least {limits['ge']:g}{unit}"
    if kind == "greater_than":
        return f"found {found!r}, must be more than {limits['gt']:g}{unit}"
    if kind in {"less_than_equal", "less_than"}:
        limit = limits.get("le", limits.get("lt"))
        return f"found {found!r}, must be at most {limit:g}{unit}{percent_advice(found, limit)}"
    if kind in {"float_type", "float_parsing", "int_type", "int_parsing", "int_from_float"}:
        whole = "whole " if kind.startswith("int") else ""
        return f"found {_shown(found)}, a {whole}number is expected{unit}"
    if kind == "string_type":
        return f"found {_shown(found)}, text is expected; put quotes around it"
    if kind in {"literal_error", "union_tag_invalid"}:
        allowed = str(limits.get("expected", ""))
        names = [name.strip().strip("'") for name in allowed.replace(" or ", ", ").split(",")]
        return f"found {_shown(found)}, allowed: {allowed}{nearest(str(found), names)}"
    if kind in {"dict_type", "model_type", "mapping_type"}:
        return f"found {_shown(found)}, a mapping 'key: value' is expected"
    if kind in {"tuple_type", "list_type"}:
        return f"found {_shown(found)}, a list is expected"
    return str(detail["msg"]).removeprefix("Value error, ")


def percent_advice(found: Any, limit: Any = 1) -> str:
    """Return a hint when a fraction looks as if it had been given in percent."""
    if limit == 1 and isinstance(found, int | float) and 1 < found <= 100:
        return f"; did you mean {found / 100:g} (a fraction, not percent)?"
    return ""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the pydantic models inside a type, however deep in containers."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _reached(annotation: Any, loc: Loc) -> tuple[list[type[BaseModel]], Any]:
    """Return the models at `loc` and the field last passed; unknown steps are containers'."""
    models, last = _models(annotation), None
    for step in loc:
        for model in models:
            fields = {info.alias or name: info for name, info in model.model_fields.items()}
            if step in fields:
                last = fields[str(step)]
                models = _models(last.annotation)
                break
    return models, last


def _known_keys(annotation: Any, loc: Loc) -> list[str]:
    models, _ = _reached(annotation, loc)
    return [info.alias or name for model in models for name, info in model.model_fields.items()]


def _meaning(annotation: Any, loc: Loc) -> str:
    _, info = _reached(annotation, loc)
    return f" ({info.description.rstrip('.')})" if info is not None and info.description else ""


def _unit(annotation: Any, loc: Loc) -> str:
    """Return the unit of the quantity at `loc`, in brackets."""
    _, info = _reached(annotation, loc)
    candidates = [] if info is None else [*info.metadata, info.annotation]
    for candidate in [*candidates, annotation]:
        unit = _first_unit(candidate)
        if unit:
            return "" if unit == "1" else f" [{unit}]"
    return ""


def _first_unit(part: Any) -> str:
    if isinstance(part, Quantity):
        return part.unit
    if isinstance(part, type) and issubclass(part, BaseModel):
        return ""
    inner = [*getattr(part, "__metadata__", ()), *get_args(part)]
    return next((unit for unit in map(_first_unit, inner) if unit), "")


def as_written(data: Mapping[str, Any], loc: Loc) -> Loc:
    """Translate a place in normal form into the place in the file as written."""
    if len(loc) < 2 or loc[0] not in {"sites", "components", "requirements"}:
        return loc
    items = data.get(str(loc[0]))
    if not isinstance(items, list) or isinstance(loc[1], int):
        return loc
    for position, item in enumerate(items):
        if item == loc[1]:
            return (loc[0], position)
        if isinstance(item, Mapping) and loc[0] != "sites" and loc[1] in item:
            return (loc[0], position, *loc[1:])
        if isinstance(item, Mapping) and loc[0] == "sites":
            label = item.get("label", item.get("site", item.get("name")))
            if label == loc[1]:
                return (loc[0], position, *loc[2:])
    return loc
