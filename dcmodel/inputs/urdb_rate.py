"""Fields of one URDB rate: found in any spelling, and numbers that are numbers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, overload

import numpy as np

from dcmodel.base.errors import Fault
from dcmodel.base.yamlfile import YamlFile

_LARGEST = 1e12
"""No number of a rate lies above: a thousandfold and summed it is still finite."""


class UrdbRate:
    """One rate of the database, and the faults and notes met on the way.

    Versions of the database spell fields in upper and lower case (``lookbackPercent``,
    ``lookbackpercent``); they are sought in lower case here.

    Parameters
    ----------
    loaded : YamlFile
    rate : dict
        Fields of the rate.
    at : tuple
        Keys from the top of the file to the rate.
    """

    def __init__(self, loaded: YamlFile, rate: dict[str, Any], at: tuple[Hashable, ...]) -> None:
        self._loaded, self._rate, self._at = loaded, rate, at
        self._spelled: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        for key in rate:
            first = self._spelled.setdefault(str(key).lower(), key)
            if first != key and rate[first] != rate[key]:
                msg = f"'{first}' and '{key}' are one field with two values; keep one"
                self.faults.append(Fault(loaded.where((*at, key)), msg))

    def get(self, key: str) -> Any:
        """Return the value of a field, None where the rate lacks it."""
        return self._rate.get(self.spelled(key))

    def spelled(self, key: str) -> str:
        """Return a field's name as the file spells it."""
        return self._spelled.get(key.lower(), key)

    def where(self, key: str) -> str:
        """Return the place of a field."""
        return self._loaded.where((*self._at, self.spelled(key)))

    def fault(self, keys: tuple[Any, ...], message: str) -> None:
        """File a fault at some keys of the rate."""
        keys = (self.spelled(keys[0]), *keys[1:]) if keys else ()
        fault = Fault(self._loaded.where((*self._at, *keys)), message)
        if fault not in self.faults:
            self.faults.append(fault)

    def number(self, key: str) -> float:
        """Return the number of a field; 0 where the rate lacks it or what stands there is none."""
        found = {} if self.get(key) in (None, "") else {key: self.get(key)}
        return self.checked((key,), found, key)

    @overload
    def checked(self, place: tuple[Any, ...], fields: Mapping[str, Any], key: str) -> float: ...

    @overload
    def checked(
        self, place: tuple[Any, ...], fields: Mapping[str, Any], key: str, default: None
    ) -> float | None: ...

    def checked(
        self,
        place: tuple[Any, ...],
        fields: Mapping[str, Any],
        key: str,
        default: float | None = 0.0,
    ) -> float | None:
        """Return the number of some fields, the default where they lack it; file what is none."""
        if key not in fields:
            return default
        value = fields[key]
        try:
            number = np.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = np.nan
        if not abs(number) <= _LARGEST:
            shown = "nothing" if value is None else repr(value)[:60]
            name = self.spelled(key) if len(place) == 1 else key
            self.fault(place, f"{name}: found {shown}; give a number, at most {_LARGEST:g}")
            return default
        return number
