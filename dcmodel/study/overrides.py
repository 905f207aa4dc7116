"""Every number that a study sets acts: one that changes nothing is a fault, not a footnote.

The program of a case is compiled with the number and with the library's in its place. Where both
are the same in every case of a study, the number is read by nobody, and a table that says "set in
the study" beside it would mislead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dcmodel.arrays import LinearProgram
from dcmodel.components.base import Component, SiteCase
from dcmodel.optimise.build import compile_site
from dcmodel.study.findings import Finding, Loc

COMPARED = (
    "cost", "row_lower", "row_upper", "lower", "upper", "integer", "term_offset",
)  # fmt: skip

Compile = Callable[[SiteCase], LinearProgram]


@dataclass(frozen=True)
class Override:
    """A parameter of a component that a study sets."""

    kind: str
    parameter: str
    value: float

    @property
    def loc(self) -> Loc:
        """Place in the study."""
        return ("components", self.kind, "parameters", self.parameter)


def overrides(parts: Sequence[Component]) -> Iterator[Override]:
    """Yield what a study sets of the parameters of its components."""
    for part in parts:
        for name, value in part.parameters.items():
            yield Override(part.kind, name, value)


def idle_overrides(case: SiteCase, compiled: LinearProgram, quickly: Compile) -> list[Override]:
    """Return the overrides of a site's case that change neither its program nor what follows it.

    Parameters
    ----------
    case : SiteCase
        Hourly, with the facility's lines drawn.
    compiled : LinearProgram
        What `quickly` makes of it.
    quickly : callable
        Compiles a case on few steps.
    """
    found = [
        one
        for one in overrides(case.components)
        if not _part(case, one).acts_after(one.parameter)
        and same_program(compiled, quickly(_otherwise(case, one)))
    ]
    if not found:
        return []
    # a threshold of single hours does not show on few steps
    _, hourly = compile_site(case)
    return [one for one in found if same_program(hourly, compile_site(_otherwise(case, one))[1])]


def finding(override: Override) -> Finding:
    """Return the fault of an override that acts in no case of a study."""
    message = (
        f"{override.value:g} changes nothing in any case of this study: no rule, cost or limit "
        "reads it there; leave it out, or add what it belongs to"
    )
    return Finding(override.loc, message)


def same_program(one: LinearProgram, other: LinearProgram) -> bool:
    """Return whether two programs are the same, number by number."""
    if one.matrix.shape != other.matrix.shape or one.matrix.nnz != other.matrix.nnz:
        return False
    equal = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in COMPARED)
    return (
        equal
        and one.offset == other.offset
        and np.array_equal(one.matrix.indices, other.matrix.indices)
        and np.array_equal(one.matrix.data, other.matrix.data)
    )


def _part(case: SiteCase, override: Override) -> Component:
    return next(part for part in case.components if part.kind == override.kind)


def _otherwise(case: SiteCase, override: Override) -> SiteCase:
    """Return the case with the library's number, or another where the study states that one."""
    part = _part(case, override)
    parameters = {k: v for k, v in part.parameters.items() if k != override.parameter}
    known = part.model_copy(update={"parameters": parameters}).technology(case)
    values = {row.value for row in known.assumptions if row.parameter == override.parameter}
    if values == {override.value}:
        parameters[override.parameter] = 1.25 * override.value or 1.0
    changed = part.model_copy(update={"parameters": parameters})
    parts = tuple(changed if one is part else one for one in case.components)
    return replace(case, components=parts)
