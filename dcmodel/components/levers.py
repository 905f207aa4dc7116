"""Levers: settings of a study that a person may move so that a site can be served.

A lever moves the case itself, as the same setting written otherwise in the study's file would do.
What follows from it (bounds, rows, rules that depend on it) is then built again, not guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

if TYPE_CHECKING:
    from dcmodel.components.base import Component, Limit, SiteCase

FloatArray = npt.NDArray[np.float64]
Move = Callable[["SiteCase", FloatArray], "SiteCase | None"]
"""``move(case, values)`` returns the case with the setting at `values`, by year; None where the
study's language does not allow them."""


@dataclass(frozen=True, eq=False)
class Lever:
    """One setting of a study that may be moved.

    Attributes
    ----------
    name, unit : str
        Words for it, and the unit of its key.
    place : tuple of str
        Where a study states it, as `Limit.place`.
    key : str
        The key to be written.
    value : ndarray, shape (years,)
        The setting as it stands, in the unit of its key.
    move : callable
        See `Move`.
    falls : bool
        Whether less of it is what lets go.
    by_year : bool
        Whether the study's language takes it by year.
    grows : bool
        Whether its stages must not fall.
    whole : bool
        Whether it is a whole number.

    A share is told in percentage points: `one` is what a unit more of it is, `told` its unit.
    """

    name: str
    unit: str
    place: tuple[str, ...]
    key: str
    value: FloatArray
    move: Move
    falls: bool = False
    by_year: bool = True
    grows: bool = False
    whole: bool = False

    @property
    def one(self) -> float:
        """A unit more, in the unit of the key: a percentage point of what has no unit."""
        return 1.0 if self.unit else 0.01

    @property
    def told(self) -> str:
        """Unit in which it is told."""
        return self.unit or "percentage point"

    def allowed(self, values: FloatArray) -> FloatArray:
        """Return the mildest values that a study can state and that give way as far as asked."""
        if not self.by_year:
            return np.full_like(values, values.min() if self.falls else values.max())
        return np.maximum.accumulate(values) if self.grows else values

    def written(self, values: FloatArray, years: Sequence[int]) -> str:
        """Return the setting as a person writes it in the study."""
        if not self.by_year or (len(set(values)) == 1 and not self.grows):
            return f"{self.key}: {values[0]:.10g}"
        stages = [
            f"{year}: {value:.10g}"
            for position, (year, value) in enumerate(zip(years, values, strict=True))
            if np.isfinite(value) and (position == 0 or value != values[position - 1])
        ]
        return f"{self.key}: {{{', '.join(stages)}}}"


def levers_of(part: Component, limits: Sequence[Limit], years: int) -> list[Lever]:
    """Return the levers among the limits of a component: those that are one field of it."""
    found = []
    for limit in limits:
        field = limit.place[2] if len(limit.place) > 2 else getattr(part, "main", "")
        if field not in type(part).model_fields:
            continue
        value = limit.value if limit.stated is None else np.asarray(limit.stated, dtype=float)
        unit = limit.unit if limit.stated_unit is None else limit.stated_unit
        found.append(
            lever_of_field(
                part, field, limit.name, unit, limit.place,
                np.broadcast_to(value, (years,)), inner=limit.place[3:], falls=limit.falls,
            )
        )  # fmt: skip
    return found


def lever_of_field(
    part: Component,
    field: str,
    name: str,
    unit: str,
    place: tuple[str, ...],
    value: FloatArray,
    *,
    inner: tuple[str, ...] = (),
    falls: bool = False,
    whole: bool = False,
) -> Lever:
    """Return the lever that is one field of a component, or one key of a mapping that is a field.

    Parameters
    ----------
    part : Component
        Component or requirement that has the field.
    field : str
    name, unit, place, value, falls, whole
        As `Lever` has them.
    inner : tuple of str
        Key inside the field, where that is a mapping.
    """
    staged = not inner and not whole and _takes(part, field, {2025: float(value[0])})

    def move(case: SiteCase, values: FloatArray) -> SiteCase | None:
        own = _of_kind(case, part)
        if own is None:
            return None
        number = int(values[0]) if whole else float(values[0])
        written: Any = number
        if staged and (len(set(values)) > 1 or not _takes(own, field, number)):
            years = zip(case.years, values, strict=True)
            written = {year: float(one) for year, one in years if np.isfinite(one)}
        if inner:
            written = {**getattr(own, field), inner[0]: number}
        if not _takes(own, field, written):
            return None
        moved = own.model_copy(update={field: written})
        return replace(
            case,
            components=tuple(moved if one is own else one for one in case.components),
            requirements=tuple(moved if one is own else one for one in case.requirements),
        )

    key = inner[0] if inner else field
    return Lever(name, unit, place, key, value, move, falls, by_year=staged, whole=whole)


def _of_kind(case: SiteCase, part: Component) -> Component | None:
    """Return the component of a case that is of the same kind; a case may hold a changed one."""
    own = (one for one in (*case.components, *case.requirements) if type(one) is type(part))
    return next(own, None)


def _takes(part: Component, field: str, value: Any) -> bool:
    """Return whether a field may have a value, by its type and its bounds."""
    info = type(part).model_fields[field]
    annotation: Any = info.annotation
    if info.metadata:
        annotation = Annotated[(annotation, *info.metadata)]
    try:
        TypeAdapter(annotation).validate_python(value)
    except ValidationError:
        return False
    return True


def volume_on_offer(part: Component, field: str, name: str, terms: Any, years: int) -> Lever:
    """Return the lever of the volume that an offer allows one buyer, by terms of the study's own.

    Parameters
    ----------
    part : Component
    field : str
        Field of the component that states terms in place of those of a market.
    name : str
        Words for the volume.
    terms : ContractTerms
        Terms as they stand, of the study or of its market.
    years : int
        How many years the case has.
    """
    key = "volume_max_mw"
    figure = getattr(terms, key)

    def move(case: SiteCase, values: FloatArray) -> SiteCase | None:
        own = _of_kind(case, part)
        if own is None:
            return None
        other = figure.model_copy(update={"value": float(values[0])})
        moved = own.model_copy(update={field: terms.model_copy(update={key: other})})
        return replace(
            case, components=tuple(moved if one is own else one for one in case.components)
        )

    place = ("components", part.kind, field, key)
    value = np.full(years, float(figure.value))
    return Lever(name, "MW", place, key, value, move, by_year=False)


def available_power(case: SiteCase) -> Lever:
    """Return the lever of the firm power that a site can get."""
    firm = case.grid_available if case.grid_firm is None else case.grid_firm

    def move(case: SiteCase, values: FloatArray) -> SiteCase:
        now = case.grid_available if case.grid_firm is None else case.grid_firm
        moved = None if case.grid_firm is None else values
        more = case.grid_available + (values - now)
        return replace(case, grid_available=more, grid_firm=moved)

    place = ("sites", "connection")
    return Lever("Grid connection", "MW", place, "available_mw", firm, move, grows=True)


def installed_it(case: SiteCase) -> Lever:
    """Return the lever of the installed IT; the work falls with it as the study says."""

    def move(case: SiteCase, values: FloatArray) -> SiteCase:
        work, before = case.workload, case.it_capacity
        if work.otherwise is not None:
            return replace(case, it_capacity=values, workload=work.otherwise(values))
        share = np.divide(values, before, out=np.ones_like(values), where=before > 0)[:, None]
        work = replace(work, arrivals=work.arrivals * share, backlog_max=work.backlog_max * share)
        return replace(case, it_capacity=values, workload=work)

    key = "it_capacity_mw"
    return Lever("IT capacity", "MW", (key,), key, case.it_capacity, move, falls=True)
