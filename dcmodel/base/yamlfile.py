"""YAML files with positions: every fault names ``file:line:column``.

A file is read once into plain Python data; the node tree is kept, so that the place of any key or
value can be found later, for example from the ``loc`` of a pydantic error.
"""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Hashable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from dcmodel.base.errors import DcmodelError, Fault, StudyError
from dcmodel.base.registry import nearest
from dcmodel.base.schema import Quantity
from dcmodel.base.yamlstructure import checked_structure

_MERGE_TAG = "tag:yaml.org,2002:merge"
_PERCENT = 100
_REMEMBERED = 32
"""Texts whose parse is kept: parsing is slow, and a study reads its library many times."""


Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class YamlFile:
    """Plain data of a YAML file and the place of each of its parts.

    Parameters
    ----------
    path : Path
        File as the user named it.
    data : dict
        Plain mappings, lists, strings, numbers, booleans, dates.
    """

    path: Path
    data: dict[str, Any]
    _root: Node = field(repr=False, compare=False)
    error: type[DcmodelError] = StudyError

    def resolve(self, loc: Sequence[Hashable]) -> tuple[Hashable, ...]:
        """Return those steps of `loc` that are keys or list positions of the file.

        Steps that exist only in the schema (union tags, validator names) are left out, and so is
        everything behind a key that the file does not hold.
        """
        return tuple(step for step, _, _ in self._walk(loc))

    def position(self, loc: Sequence[Hashable] = (), *, of: str = "key") -> tuple[int, int]:
        """Return line and column, both from 1, of the key or the value at `loc`.

        Parameters
        ----------
        loc : sequence
            Keys and list positions from the top of the file; steps that the file does not hold are
            skipped, so the place of the nearest enclosing part is returned.
        of : {"key", "value"}
            Which of the two; an item of a list has only a value.
        """
        nodes = [(self._root, self._root), *((key, value) for _, key, value in self._walk(loc))]
        key, value = nodes[-1]
        mark = (key if of == "key" else value).start_mark
        return mark.line + 1, mark.column + 1

    def where(self, loc: Sequence[Hashable] = (), *, of: str = "key") -> str:
        """Return ``file:line:column`` of the key or the value at `loc`."""
        line, column = self.position(loc, of=of)
        return f"{self.path}:{line}:{column}"

    def _walk(self, loc: Sequence[Hashable]) -> Iterator[tuple[Hashable, Node, Node]]:
        node = self._root
        for step in loc:
            found = _child(node, step)
            if found is not None:
                node = found[1]
                yield step, *found


def _child(node: Node, step: Hashable) -> tuple[Node, Node] | None:
    """Return key node and value node of one step down, or None."""
    if isinstance(node, SequenceNode):
        if isinstance(step, int) and 0 <= step < len(node.value):
            return node.value[step], node.value[step]
        return None
    if not isinstance(node, MappingNode):
        return None
    merged: list[Node] = []
    for key, value in node.value:
        if key.tag == _MERGE_TAG:
            merged.extend(value.value if isinstance(value, SequenceNode) else [value])
        elif isinstance(key, ScalarNode) and key.value == str(step):
            return key, value
    for other in merged:
        if (found := _child(other, step)) is not None:
            return found
    return None


def load_yaml(
    path: Path | str, *, text: str | None = None, error: type[DcmodelError] = StudyError
) -> YamlFile:
    """Read a YAML mapping; raise `error` with file, line and column when it cannot be read.

    Parameters
    ----------
    path : Path or str
        File to read, and the name used in messages.
    text : str, optional
        Content, when it is already at hand; the file is then not opened.
    error : type of DcmodelError
        ``StudyError`` for studies, ``DataError`` for files of the library and of the user's data.

    Returns
    -------
    YamlFile
        ``.data`` is a plain dict.
    """
    path = Path(path)
    text = _read_text(path, error) if text is None else text
    try:
        root = checked_structure(path, _composed(text), error)
        data = _constructed(text)
    except YAMLError as fault:
        raise error(_syntax_fault(path, text, fault)) from None
    except (ValueError, OverflowError, TypeError, AttributeError, RecursionError) as fault:
        msg = f"cannot be read as YAML ({type(fault).__name__}: {str(fault)[:120]})"
        raise error(Fault(str(path), msg)) from None
    return YamlFile(path, deepcopy(data), root, error)


@lru_cache(maxsize=_REMEMBERED)
def _composed(text: str) -> Node | None:
    """Return the nodes of a text with their places; markets are read again for every site."""
    return YAML(typ="safe", pure=True).compose(text)


@lru_cache(maxsize=_REMEMBERED)
def _constructed(text: str) -> Any:
    """Return the data of a text; to be copied before it is given away."""
    return YAML(typ="safe", pure=True).load(text)


def _read_text(path: Path, error: type[DcmodelError]) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        msg = f"is not UTF-8 text (byte {fault.start}); save it as UTF-8"
        raise error(Fault(str(path), msg)) from None
    except OSError as fault:
        near = []
        if not path.exists() and path.parent.is_dir():
            names = [entry.name for entry in path.parent.iterdir()]
            near = difflib.get_close_matches(path.name, names, n=1)
        hint = f"; did you mean '{path.with_name(near[0])}'?" if near else ""
        msg = f"cannot be opened ({fault.strerror or fault}){hint}"
        raise error(Fault(str(path), msg)) from None


def _syntax_fault(path: Path, text: str, error: YAMLError) -> Fault:
    """Say in plain words what the YAML scanner stumbled over."""
    mark = None
    problem = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
    if mark is None:
        return Fault(str(path), f"is not valid YAML: {problem}")
    line, column = mark.line + 1, mark.column + 1
    lines = text.splitlines()
    content = lines[mark.line] if mark.line < len(lines) else ""
    indent = content[: len(content) - len(content.lstrip())]
    if "\t" in indent:
        column = indent.index("\t") + 1
        return Fault(f"{path}:{line}:{column}", "a tab indents this line; use spaces")
    if "mapping values are not allowed" in problem:
        problem += "; check the indentation, or quote a text that holds ': '"
    return Fault(f"{path}:{line}:{column}", f"is not valid YAML: {problem}")


def validate(
    model: type[Model],
    loaded: YamlFile,
    at: Sequence[Hashable] = (),
    *,
    data: Any = None,
    context: Mapping[str, Any] | None = None,
) -> Model:
    """Check the part of a file at `at` against a strict model; raise all faults together.

    Parameters
    ----------
    model : type of BaseModel
        The model of that part.
    loaded : YamlFile
        The file; its ``error`` class is raised.
    at : sequence
        Keys from the top of the file to the part; the whole file by default.
    data : optional
        Checked in place of the file's own data there (after overrides, for example); positions are
        still those of the file.
    context : mapping, optional
        Passed to the validators of the model.

    Returns
    -------
    BaseModel
        An instance of `model`.
    """
    if data is None:
        data = loaded.data
        for step in at:
            data = data[step]
    try:
        return model.model_validate(data, context=None if context is None else dict(context))
    except ValidationError as error:
        raise loaded.error(validation_faults(error, model, loaded, at)) from None


def validation_faults(
    error: ValidationError,
    model: type[BaseModel],
    loaded: YamlFile,
    at: Sequence[Hashable] = (),
    written: Mapping[str, str] | None = None,
) -> list[Fault]:
    """Return one fault per wrong place of the file, in the order of the file.

    Parameters
    ----------
    error : ValidationError
        What pydantic raised for the part of the file at `at`.
    model : type of BaseModel
        The model of that part; its fields are the allowed keys.
    loaded : YamlFile
        The file the data came from.
    at : sequence
        Keys from the top of the file to the part.
    written : mapping, optional
        Keys of the file by the field they stand for, where a reader took them in other units.
    """
    at, written = tuple(at), written or {}
    by_place: dict[tuple[Hashable, ...], list[str]] = {}
    for detail in error.errors(include_url=False):
        # a validator may say where below its model the fault lies
        loc = tuple(detail["loc"]) + tuple(detail.get("ctx", {}).get("at", ()))
        place = loaded.resolve(at + tuple(written.get(str(step), step) for step in loc))
        names_a_key = detail["type"] in {"missing", "extra_forbidden"}
        if names_a_key and place[-1:] != loc[-1:] and loc[-1] not in written:
            place += (loc[-1],)  # a key that the file itself does not hold
        message = _message(detail, *_candidates(model, loc))
        by_place.setdefault(place, []).append(message)
    faults = []
    for place, messages in by_place.items():
        if any(len(other) > len(place) and other[: len(place)] == place for other in by_place):
            continue  # another branch of a union; the deeper fault is the one meant
        name = ".".join(str(step) for step in place)
        text = "; or ".join(dict.fromkeys(messages))
        fault = Fault(loaded.where(place), f"{name}: {text}" if name else text)
        faults.append((loaded.position(place), fault))
    return [fault for _, fault in sorted(faults)]


def _message(detail: ErrorDetails, fields: dict[str, FieldInfo], unit: str) -> str:
    """Return found, allowed and advice for one error of pydantic."""
    kind, key = detail["type"], str(detail["loc"][-1]) if detail["loc"] else ""
    context = detail.get("ctx", {})
    if kind == "missing":
        meaning = fields[key].description if key in fields else None
        return "is missing" + (f" ({meaning.strip()})" if meaning else "")
    if kind == "extra_forbidden":
        allowed = sorted(fields)
        return f"unknown key{nearest(key, allowed)} (allowed: {', '.join(allowed)})"
    if kind == "value_error":
        return str(context.get("error", detail["msg"]))
    if kind == "refused":
        return str(context["message"])
    text = detail["msg"].removeprefix("Input ")
    unit = f" [{unit}]" if unit else ""
    return f"found {_shown(detail['input'])}; {text}{unit}{_advice(detail)}"


def _advice(detail: ErrorDetails) -> str:
    """Return the likely cause of a wrong value, or an empty string."""
    kind, found, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind in {"literal_error", "enum"}:
        return nearest(str(found), re.findall(r"'([^']*)'", str(context["expected"])))
    if kind == "union_tag_invalid":
        allowed = re.findall(r"'([^']*)'", str(context["expected_tags"]))
        return nearest(str(context["tag"]), allowed)
    is_percent = kind == "less_than_equal" and context.get("le") == 1
    if is_percent and isinstance(found, int | float) and 1 < found <= _PERCENT:
        return f"; as a fraction, did you mean {found / _PERCENT:g}?"
    return ""


def _candidates(
    model: type[BaseModel], loc: tuple[Hashable, ...]
) -> tuple[dict[str, FieldInfo], str]:
    """Return the fields allowed beside the last step of `loc`, and the unit of the value there."""
    here = _expand(model)
    parents = here
    for step in loc:
        parents, here = here, _descend(here, step)
    fields: dict[str, FieldInfo] = {}
    for kind, _ in parents:
        if _is_model(kind):
            fields.update(kind.model_fields)
    return fields, next((unit for _, unit in here if unit), "")


def _descend(kinds: list[tuple[Any, str]], step: Hashable) -> list[tuple[Any, str]]:
    """Follow one step of a pydantic ``loc`` through the alternatives of an annotation."""
    below: list[tuple[Any, str]] = []
    for kind, _ in kinds:
        if _is_model(kind) and step in kind.model_fields:
            info = kind.model_fields[step]
            below += _expand(info.annotation, _unit_of(info.metadata))
        elif get_origin(kind) in (dict, Mapping):
            below += _expand(get_args(kind)[1])
        elif get_origin(kind) in (list, tuple, Sequence) and isinstance(step, int):
            below += _expand(get_args(kind)[0])
    if below:
        return below
    tagged = [item for item in kinds if _is_model(item[0]) and _has_tag(item[0], step)]
    return tagged or kinds


def _expand(annotation: Any, unit: str = "") -> list[tuple[Any, str]]:
    """Return the alternatives of an annotation, each with the unit it carries."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        return _expand(inner, _unit_of(metadata) or unit)
    if origin in (Union, types.UnionType):
        return [item for part in get_args(annotation) for item in _expand(part, unit)]
    return [(annotation, unit)]


def _unit_of(metadata: Sequence[Any]) -> str:
    return next((item.unit for item in metadata if isinstance(item, Quantity)), "")


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _has_tag(model: type[BaseModel], tag: Hashable) -> bool:
    literals = [f.annotation for f in model.model_fields.values()]
    in_literal = any(tag in get_args(a) for a in literals if get_origin(a) is Literal)
    return in_literal or model.__name__ == tag


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
