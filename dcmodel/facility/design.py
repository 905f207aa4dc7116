"""A cooling and power design: sourced parameters of one architecture, read from ``data/cooling``.

An architecture is one module that registers itself and one preset file of the same name. Parameters
reach the physics grouped in small frozen classes (`Fan`, `Pump`, `Device` ...): field ``pressure``
of the group with prefix ``fan`` is row ``fan_pressure`` of the preset.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.registry import Registry, nearest
from dcmodel.facility.chiller import load_curves
from dcmodel.facility.electrical import CHAIN_GROUPS, CHAIN_SCALARS
from dcmodel.facility.equipment import equipment

if TYPE_CHECKING:
    from dcmodel.facility.cooling import CoolingState
    from dcmodel.facility.psychrometrics import Array
    from dcmodel.facility.weather import FacilityWeather

G = TypeVar("G")

COLUMNS = ("parameter", "variant", "value", "low", "high", "unit", "source", "provenance", "note")
PROVENANCES = ("cited", "derived", "assumed")
NAME_UNIT = "name"
"""Unit of a row whose value is a name (a chiller of ``chillers.csv``), not a number."""


@dataclass(frozen=True)
class Parameter:
    """One sourced value of a design; `value` is a number, or a name where `unit` is ``name``."""

    name: str
    value: float | str
    low: float | None
    high: float | None
    unit: str
    source: str
    provenance: str
    note: str = ""


def _no_reuse(design: Design) -> tuple[float, float]:
    """Say that no loop carries heat that could be reused."""
    return 0.0, math.nan


@dataclass(frozen=True, eq=False)
class Architecture:
    """A way to cool a data hall.

    Parameters
    ----------
    title : str
        The name a reader of a report sees.
    groups : mapping of prefix to parameter class
        Groups of parameters the physics reads.
    scalars : tuple of str
        Further single parameters.
    cooling : callable
        ``cooling(design, weather, load) -> CoolingState``, per MW of installed IT.
    reach : str
        Row of ``it_equipment.csv`` with the densest rack it cools.
    liquid_by_density : bool
        Whether the liquid share follows the density of the racks.
    reuse : callable
        ``reuse(design) -> (share of the IT heat, temperature [degC])`` of the warmest loop; no
        share and NaN where the heat leaves with outside air.
    """

    title: str
    groups: Mapping[str, type]
    scalars: tuple[str, ...]
    cooling: Callable[[Design, FacilityWeather, Array], CoolingState]
    reuse: Callable[[Design], tuple[float, float]] = _no_reuse
    reach: str = "reach_air"
    liquid_by_density: bool = False

    def parameter_names(self) -> set[str]:
        """Return the names of all parameters this architecture and its electrical chain read."""
        groups = {**CHAIN_GROUPS, **self.groups}
        grouped = {f"{prefix}_{f.name}" for prefix, cls in groups.items() for f in fields(cls)}
        return grouped | set(CHAIN_SCALARS) | set(self.scalars)


architectures: Registry[Architecture] = Registry("dcmodel.facility", "dcmodel.architectures")


@dataclass(frozen=True, eq=False)
class Design:
    """A loaded design: its architecture and its parameters with their sources.

    ``design["fan_pressure"]`` is the number, ``design.parameters["fan_pressure"]`` the record with
    unit, range and source.
    """

    key: str
    variant: str
    architecture: Architecture
    parameters: Mapping[str, Parameter]
    _groups: dict[tuple[type, str], Any] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> float:
        return float(self.parameters[name].value)

    def text(self, name: str) -> str:
        """Return a parameter that is a name."""
        return str(self.parameters[name].value)

    def group(self, cls: type[G], prefix: str) -> G:
        """Return the parameters with `prefix` as an instance of the group class `cls`."""
        key = (cls, prefix)
        if key not in self._groups:
            names: list[str] = [f.name for f in fields(cast("Any", cls))]
            values = {name: self.parameters[f"{prefix}_{name}"].value for name in names}
            self._groups[key] = cls(**values)
        return cast("G", self._groups[key])

    def assumed(self) -> list[str]:
        """Return the names of the parameters whose value is unverified."""
        return sorted(n for n, p in self.parameters.items() if p.provenance == "assumed")


def _number(text: str) -> float | None:
    return float(text) if text.strip() else None


def _parse_row(row: dict[str, str], where: str) -> Parameter | Fault:
    """Return the parameter of one row of a preset, or what is wrong with the row."""
    if row["provenance"] not in PROVENANCES:
        return Fault(where, f"provenance '{row['provenance']}' is none of {', '.join(PROVENANCES)}")
    if not row["source"].strip():
        return Fault(where, f"'{row['parameter']}' has no source")
    try:
        low, high = _number(row["low"]), _number(row["high"])
        value: float | str = row["value"] if row["unit"] == NAME_UNIT else float(row["value"])
    except ValueError as error:
        return Fault(where, f"'{row['parameter']}': {error}")
    return Parameter(
        name=row["parameter"],
        value=value,
        low=low,
        high=high,
        unit=row["unit"],
        source=row["source"],
        provenance=row["provenance"],
        note=row["note"],
    )


def _read_preset(key: str) -> tuple[str, list[tuple[str, str, Parameter]]]:
    """Return the file name and its rows as (where, variant, parameter)."""
    path = data_dir() / "cooling" / f"{key}.csv"
    if not path.is_file():
        raise DataError(Fault(str(path), f"no preset file for the cooling architecture '{key}'"))
    rows, faults = [], []
    with path.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise DataError(Fault(str(path), f"columns must be {', '.join(COLUMNS)}"))
        for line, row in enumerate(reader, start=2):
            where = f"{path.name}:{line}"
            parsed = _parse_row(row, where)
            if isinstance(parsed, Fault):
                faults.append(parsed)
            else:
                rows.append((where, row["variant"], parsed))
    if faults:
        raise DataError(faults)
    return path.name, rows


def variants(key: str) -> list[str]:
    """Return the variants a preset file offers, in file order (``all`` is not one)."""
    _, rows = _read_preset(key)
    return list(dict.fromkeys(variant for _, variant, _ in rows if variant != "all"))


def _select(key: str, variant: str, needed: set[str]) -> dict[str, Parameter]:
    """Return the parameters of one variant, complete and free of strangers."""
    name, rows = _read_preset(key)
    offered = list(dict.fromkeys(v for _, v, _ in rows if v != "all"))
    if variant not in offered:
        hint = nearest(variant, offered)
        message = f"cooling variant '{variant}' of {key} is unknown{hint} ({', '.join(offered)})"
        raise StudyError(Fault(name, message))
    chosen: dict[str, Parameter] = {}
    faults = []
    for where, row_variant, parameter in rows:
        if row_variant not in (variant, "all"):
            continue
        if parameter.name in chosen:
            faults.append(Fault(where, f"'{parameter.name}' stands twice for '{variant}'"))
        if parameter.name not in needed:
            hint = nearest(parameter.name, sorted(needed))
            faults.append(Fault(where, f"'{parameter.name}' is no parameter of {key}{hint}"))
        chosen[parameter.name] = parameter
    for missing in sorted(needed - set(chosen)):
        faults.append(Fault(name, f"'{missing}' is missing for variant '{variant}'"))
    if faults:
        raise DataError(faults)
    return chosen


# Share-like parameters: a person who types 92 for an efficiency means 0.92.
_SHARES = ("_efficiency", "_effectiveness", "_fraction", "_on_ups", "_integrated", "_minimum_flow")
# Sizes and divisors: zero has no physical meaning.
_ABOVE_ZERO = (
    "_efficiency",
    "coil_effectiveness",
    "_rating",
    "_temperature_rise",
    "_range",
    "tower_approach",
    "cooler_approach",
    "_redundancy",
    "_machines",
    "_capacity_ratio",
    "_stage_up_load",
    "_cop_scale",
)


def _override_fault(name: str, value: Any, parameter: Parameter) -> str | None:
    """Return what is wrong with an override, or None."""
    if parameter.unit == NAME_UNIT:
        return None if isinstance(value, str) else f"'{name}' takes a name, not {value!r}"
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return f"'{name}' takes a number in {parameter.unit}, not {value!r}"
    if name.startswith("supply_air_temperature"):
        coldest, hottest = equipment("air_inlet_minimum"), equipment("air_inlet_maximum")
        if not coldest <= value <= hottest:
            return (
                f"'{name}' is {value:g}; ASHRAE allows no class of servers air outside {coldest:g} "
                f"to {hottest:g} degC: they throttle, or moisture condenses"
            )
    if value < 0 and parameter.unit != "degC":
        return f"'{name}' is {value}; allowed are values from 0 [{parameter.unit}]"
    if name.endswith(_SHARES) and value > 1:
        return f"'{name}' is {value}; allowed is 0 to 1 (did you mean {value / 100:g}?)"
    if name.endswith("_cycles") and value <= 1:
        return f"'{name}' is {value}; allowed are values above 1, the concentration of fresh water"
    if value == 0 and name.endswith(_ABOVE_ZERO):
        return f"'{name}' is 0; allowed are values above 0 [{parameter.unit}]"
    return None


def load_design(
    key: str, variant: str = "generic", overrides: Mapping[str, float | str] | None = None
) -> Design:
    """Load a cooling and power design.

    Parameters
    ----------
    key : str
        Architecture: ``water_economizer``, ``air_economizer``, ``direct_to_chip`` or one added.
    variant : str
        ``best``, ``generic`` or ``legacy`` (whatever the preset file offers).
    overrides : mapping, optional
        Own values of single parameters, in the preset's units.

    Returns
    -------
    Design

    Raises
    ------
    StudyError
        Unknown key, variant or override; all faults are listed together.
    DataError
        The preset file is damaged.
    """
    if key not in architectures:
        message = f"unknown cooling architecture '{key}'{nearest(key, architectures.names())}"
        raise StudyError(Fault("", f"{message} (known: {', '.join(architectures)})"))
    architecture = architectures[key]
    parameters = _select(key, variant, architecture.parameter_names())
    changed = dict(overrides or {})
    wrong = override_faults(key, parameters, changed)
    if wrong:
        raise StudyError([Fault(f"cooling {key}", message) for message in wrong.values()])
    for name, value in changed.items():
        parameters[name] = replace(
            parameters[name], value=value, source="the study's own value", provenance="assumed"
        )
    return Design(key, variant, architecture, parameters)


def override_faults(
    key: str, parameters: Mapping[str, Parameter], changed: Mapping[str, Any]
) -> dict[str, str]:
    """Return what is wrong with own values of an architecture's parameters, by parameter."""
    wrong = {}
    for name, value in changed.items():
        if name not in parameters:
            wrong[name] = f"unknown parameter '{name}'{nearest(name, sorted(parameters))} of {key}"
        elif message := _override_fault(name, value, parameters[name]):
            wrong[name] = message
        elif parameters[name].unit == NAME_UNIT:
            try:
                load_curves(str(value))
            except StudyError as error:
                wrong[name] = error.faults[0].message
    return wrong
