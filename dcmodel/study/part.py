"""What every part of a study is: strict, frozen, in its own units; and how it refuses."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

from dcmodel.base.schema import Spec

YEAR_FIRST, YEAR_LAST = 2025, 2060
"""Model years accepted; data sets may cover fewer, which they say themselves."""

_NOT_IN_FOLDERS = '/\\:*?"<>|'
_REFUSED = "refused"
"""Type of the errors of validation that carry a message of ours."""

Year = Annotated[int, Strict(), Field(ge=YEAR_FIRST, le=YEAR_LAST)]


class StudyPart(Spec):
    """A part of a study: numbers are numbers, text is text (no silent conversion)."""

    model_config = ConfigDict(strict=True, populate_by_name=True)


def folder_fault(name: str) -> str:
    """Return why a study cannot be called so, or an empty text: its output lies in ``out/NAME``."""
    if not name.strip() or not name.isprintable() or set(name) & set(_NOT_IN_FOLDERS):
        allowed = f"give letters that can be printed, without any of {' '.join(_NOT_IN_FOLDERS)}"
        return f"found {name!r}, which names the folder of the results; {allowed}"
    if name != name.strip() or name[0] == "." or name[-1] == ".":
        return f"found {name!r}, which names a folder; begin and end it with a letter or digit"
    return ""


def refusal(message: str) -> PydanticCustomError:
    """Return an error of validation that shows `message` as it is."""
    template = "{message}"
    return PydanticCustomError(_REFUSED, template, {"message": message})


def as_tuple(value: Any) -> Any:
    """Return a list as a tuple, anything else as it is."""
    return tuple(value) if isinstance(value, list) else value
