"""Archetypes of sites: what a campus, a regional and an edge site cost, whatever their size."""

from __future__ import annotations

from dataclasses import dataclass

from dcmodel.base.errors import StudyError
from dcmodel.inputs.assumptions import Technology, parameters_of
from dcmodel.inputs.library import named_file, names


@dataclass(frozen=True)
class Archetype:
    """A kind of site."""

    name: str
    size_min: float
    """Smallest IT of a site that stands [MW]."""
    size_max: float
    """Largest IT [MW]."""
    site_capital: float
    """Paid once when the site is opened [USD]."""
    site_operation: float
    """Paid in every year that the site stands [USD yr-1]."""
    site_lifetime: float
    """Years over which the annuity of the capital runs."""
    build_cost_factor: float
    """Building and plant over the build cost of the market [1]."""


def archetype_names() -> list[str]:
    """Return the names of the archetypes of the library, sorted."""
    return names("archetypes", ".csv")


def archetype_parameters(name: str, currency_year: int) -> Technology:
    """Return the parameters of an archetype with their sources."""
    path = named_file("archetypes", name, ".csv", StudyError)
    return parameters_of(path, name, currency_year)


def load_archetype(name: str, currency_year: int) -> Archetype:
    """Read an archetype, in money of a year.

    Raises
    ------
    StudyError
        When the library has no such archetype; the message names the nearest.
    """
    parameters = archetype_parameters(name, currency_year)
    fields = [field for field in Archetype.__dataclass_fields__ if field != "name"]
    return Archetype(name, *(parameters.value(field) for field in fields))
