"""Designs of one's own: a preset file in YAML, racks of a given density, a dry twin.

A preset file starts from a variant of the library and replaces what is known better, each value
with its source::

    schema: dcmodel/cooling-1
    name: Lake hall, as built
    architecture: water_economizer
    variant: best
    parameters:
      fan_pressure: {value: 280, source: "commissioning report, 2025", provenance: cited}
      supply_air_temperature: 25
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from dcmodel.base.errors import DataError, DcmodelError, Fault, StudyError
from dcmodel.base.schema import Sourced, Spec
from dcmodel.base.yamlfile import load_yaml, validate
from dcmodel.facility.design import (
    Architecture,
    Design,
    Parameter,
    architectures,
    load_design,
    override_faults,
)
from dcmodel.facility.equipment import equipment, liquid_share

SCHEMA = "dcmodel/cooling-1"


class PresetFile(Spec):
    """A preset file as it is written."""

    schema_: Literal["dcmodel/cooling-1"] = Field(alias="schema")
    """Kind of the file."""
    name: str
    """Name in tables and figures."""
    architecture: str
    """Architecture of the library whose physics apply."""
    variant: str = "generic"
    """Variant of the library that gives what is not stated here."""
    parameters: dict[str, float | str | Sourced] = {}
    """Own values by parameter."""


def load_preset(path: Path) -> Design:
    """Read a design from a preset file.

    Raises
    ------
    StudyError
        Unknown architecture, variant or parameter, or a value beyond what physics allows: all
        together, each with ``file:line:column``.
    """
    loaded = load_yaml(path, error=StudyError)
    preset = validate(PresetFile, loaded)
    if preset.architecture not in architectures:
        known = ", ".join(architectures)
        message = f"unknown cooling architecture '{preset.architecture}' (known: {known})"
        raise StudyError(Fault(loaded.where(("architecture",)), message))
    try:
        base = load_design(preset.architecture, preset.variant)
    except DataError:
        raise
    except DcmodelError as error:
        where = loaded.where(("variant",))
        raise StudyError([Fault(where, fault.message) for fault in error.faults]) from None
    stated = preset.parameters
    values = {name: v.value if isinstance(v, Sourced) else v for name, v in stated.items()}
    wrong = override_faults(base.key, base.parameters, values)
    if wrong:
        raise StudyError([Fault(loaded.where(("parameters", n)), wrong[n]) for n in wrong])
    own = {name: _own(base.parameters[name], value) for name, value in stated.items()}
    return replace(base, variant=preset.name, parameters={**base.parameters, **own}, _groups={})


def with_rack(design: Design, rack_kw: float, where: str = "") -> Design:
    """Return a design for racks of a density, its liquid share set by what they need.

    Parameters
    ----------
    rack_kw : float
        Power of a rack at full load [kW].
    where : str
        Place of the setting, for the message.

    Raises
    ------
    StudyError
        Racks beyond the reach of the architecture.
    """
    _check_density(design, rack_kw, where)
    if not design.architecture.liquid_by_density:
        return design
    old = design.parameters["liquid_fraction"]
    source = f"liquid share of racks of {rack_kw:g} kW, data/cooling/it_equipment.csv"
    share = replace(
        old, value=float(liquid_share(rack_kw)), source=source, provenance="derived", note=""
    )
    return replace(design, parameters={**design.parameters, "liquid_fraction": share}, _groups={})


def rack_limit(architecture: Architecture) -> float:
    """Return the densest rack an architecture can cool [kW]."""
    return equipment(architecture.reach)


def _check_density(design: Design, rack_kw: float, where: str) -> None:
    """Refuse racks beyond the reach of a design, with the physical reason."""
    limit = rack_limit(design.architecture)
    if rack_kw <= limit:
        return
    message = (
        f"{rack_kw:g} kW a rack is beyond {design.key}, which reaches {limit:g} kW: more air or "
        "water does not pass through the rack; take direct_to_chip or fewer kW a rack"
    )
    raise StudyError(Fault(where, message))


NOT_SHARED = ("chiller_", "tower_", "condenser_", "exchanger_", "economizer_")
"""Prefixes of parameters that belong to a way of rejecting heat, not to the halls."""


def twin(design: Design, key: str, variant: str = "generic") -> Design:
    """Return another architecture for the same halls and electrical chain.

    What both have (fans, coils, pumps of the halls, UPS, liquid share) is that of `design`; how
    heat is rejected is the other's.
    """
    other = load_design(key, variant)
    shared = {
        name: design.parameters[name]
        for name in other.parameters
        if name in design.parameters and not name.startswith(NOT_SHARED)
    }
    return replace(other, parameters={**other.parameters, **shared}, _groups={})


def _own(old: Parameter, value: float | str | Sourced) -> Parameter:
    """Return a parameter with a value of the file in place of the library's."""
    if not isinstance(value, Sourced):
        return replace(old, value=value, source="own preset file", provenance="assumed", note="")
    fields = ("value", "low", "high", "source", "provenance", "note")
    return replace(old, **{name: getattr(value, name) for name in fields})
