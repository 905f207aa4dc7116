"""Types of the study language: strict models, quantities with a unit, sourced values.

Every quantity that a person types carries its unit in the field's name (``capacity_max_mw``) and in
its annotation, from which messages and schema are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

Provenance = Literal["cited", "derived", "assumed"]


class Spec(BaseModel):
    """A part of a study or of the library: unknown keys fail, instances do not change."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        arbitrary_types_allowed=True,
        allow_inf_nan=False,
    )


class Quantity:
    """Annotation that carries the unit of a number."""

    def __init__(self, unit: str) -> None:
        self.unit = unit

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        schema: dict[str, Any] = handler(core_schema)
        schema["unit"] = self.unit
        return schema


MEGAWATT_MAX = 1e6
"""Largest power that a study may name, beyond any site on earth: a slip of units is told. [MW]"""

Fraction = Annotated[float, Field(ge=0, le=1), Quantity("1")]
Megawatt = Annotated[float, Field(ge=0, le=MEGAWATT_MAX), Quantity("MW")]
MegawattHour = Annotated[float, Field(ge=0), Quantity("MWh")]
Hours = Annotated[float, Field(ge=0), Quantity("h")]
UsdPerMwh = Annotated[float, Quantity("USD MWh-1")]
DegreeCelsius = Annotated[float, Field(ge=-90, le=90), Quantity("degC")]


def _number_or_mapping(value: Any) -> str:
    return "<mapping>" if isinstance(value, Mapping) else "<number>"


StagedFraction = Annotated[
    Annotated[Fraction, Tag("<number>")]
    | Annotated[dict[int, Fraction], Field(min_length=1), Tag("<mapping>")],
    Discriminator(_number_or_mapping),
]
"""One share for all years, or shares by year; a stage holds until the next."""
Positive = Annotated[float, Field(ge=0)]
StagedPositive = Annotated[
    Annotated[Positive, Tag("<number>")]
    | Annotated[dict[int, Positive], Field(min_length=1), Tag("<mapping>")],
    Discriminator(_number_or_mapping),
]
"""One figure for all years, or figures by year; a stage holds until the next."""


class Sourced(Spec):
    """A number with its source: what the library's YAML files hold.

    The unit stands in the name of the field that holds it. An `assumed` value is marked wherever it
    is printed.
    """

    value: float
    """Central value, in the unit of the field that holds it."""
    low: float | None = None
    """Lower end of the plausible range, same unit."""
    high: float | None = None
    """Upper end of the plausible range, same unit."""
    source: str
    """Where the number stands, or what it was judged from."""
    provenance: Provenance
    """``cited``, ``derived`` (arithmetic on cited numbers) or ``assumed`` (unverified)."""
    note: str = ""
    """How the number was derived, or what to beware of."""
