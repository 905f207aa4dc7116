"""Classes of work of the library: what a study's class holds where it says nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.paths import data_dir
from dcmodel.inputs.library import TableRow, number, read_table, source_faults

_COLUMNS = ("work_class", "parameter", "value", "unit", "source", "provenance", "note")
_REQUEST = ("input_tokens", "output_tokens", "cache_hit")
_TASK = ("steps", "success", "retries", "rework_usd")
_WHOLE = ("priority", "retries")
_PLAIN = ("shape", "deferral_h", "latency_ms", "priority")


def class_names() -> list[str]:
    """Return the names of the classes of the library, in the order of the file."""
    return list(dict.fromkeys(row["work_class"] for row in _rows()))


def settings(name: str) -> dict[str, Any]:
    """Return the settings of a class by the keys of the study language, nested as there."""
    faults: list[Fault] = []
    found: dict[str, Any] = {}
    for row in _rows():
        faults += source_faults(row)
        if row["work_class"] != name:
            continue
        key, value = row["parameter"], _value(row, faults)
        if key in _PLAIN:
            found[key] = value
        elif key in _REQUEST:
            found.setdefault("request", {})[key] = value
        elif key in _TASK:
            found.setdefault("task", {})[key] = value
        else:
            faults.append(Fault(row.where, f"unknown parameter '{key}'"))
    if faults:
        raise DataError(faults)
    return found


def filled(given: Mapping[str, Any], library: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a study's class with the library's where it has none.

    A trace brings its own request and shape; parts (``request``, ``task``) are taken whole.
    """
    measured = {"request", "shape"} if given.get("trace") is not None else set()
    missing = {
        key: value
        for key, value in library.items()
        if given.get(key) is None and key not in measured
    }
    return {**given, **missing}


def _value(row: TableRow, faults: list[Fault]) -> Any:
    if row["parameter"] == "shape":
        return row["value"]
    value = number(row, "value", faults)
    return int(value) if row["parameter"] in _WHOLE else value


def _rows() -> tuple[TableRow, ...]:
    return read_table(data_dir() / "work_classes.csv", _COLUMNS)
