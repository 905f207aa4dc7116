"""Allowances by which design hours exceed a typical year, from ``design_conditions.csv``."""

from __future__ import annotations

from dataclasses import dataclass, fields

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.paths import data_dir
from dcmodel.inputs.library import parameter_values

_COLUMNS = ("parameter", "value", "low", "high", "unit", "source", "provenance", "note")


@dataclass(frozen=True)
class DesignConditions:
    """Additions to a year of weather for sizing.

    Parameters
    ----------
    temp_air_allowance, temp_wet_bulb_allowance : float
        Additions to dry and wet bulb [K].
    """

    temp_air_allowance: float
    temp_wet_bulb_allowance: float


def load_design_conditions() -> DesignConditions:
    """Return the library's allowances."""
    path = data_dir() / "cooling" / "design_conditions.csv"
    values = parameter_values(path, _COLUMNS)
    names = [f.name for f in fields(DesignConditions)]
    missing = [Fault(path.name, f"'{name}' is missing") for name in names if name not in values]
    if missing:
        raise DataError(missing)
    return DesignConditions(**{name: values[name] for name in names})
