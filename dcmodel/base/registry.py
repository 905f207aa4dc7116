"""Things found by name: components, tariff forms, requirements.

A registry is filled by importing the modules of one package and the entry points of one group, so
that adding a thing means adding a file and nothing else.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
import pkgutil
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


def closest(name: str, allowed: list[str]) -> list[str]:
    """Return the closest allowed name, or all that are as close; empty where none is near."""
    close = difflib.get_close_matches(name, allowed, n=3, cutoff=0.6)
    ratio = {other: difflib.SequenceMatcher(None, other, name).ratio() for other in close}
    return sorted(other for other in close if ratio[other] == max(ratio.values()))


def nearest(name: str, allowed: list[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the closest allowed name, else an empty string."""
    close = closest(name, allowed)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


class Registry(Generic[T]):
    """Named entries, discovered on first use.

    Parameters
    ----------
    package : str
        Importable package whose modules register entries, for example ``"dcmodel.components"``.
    group : str
        Entry-point group through which other distributions register theirs.
    """

    def __init__(self, package: str, group: str) -> None:
        self.package = package
        self.group = group
        self._entries: dict[str, T] = {}
        self._discovered = False

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that files an entry under `name`."""

        def add(entry: T) -> T:
            if self._entries.get(name, entry) is not entry:
                msg = f"{self.package}: '{name}' is registered twice"
                raise ValueError(msg)
            self._entries[name] = entry
            return entry

        return add

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self.package}.{module.name}")
        for entry_point in importlib.metadata.entry_points(group=self.group):
            entry_point.load()

    def names(self) -> list[str]:
        """Return the registered names, sorted."""
        self._discover()
        return sorted(self._entries)

    def __contains__(self, name: str) -> bool:
        self._discover()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __getitem__(self, name: str) -> T:
        self._discover()
        if name not in self._entries:
            msg = f"unknown name '{name}'{nearest(name, self.names())} (known: {', '.join(self)})"
            raise KeyError(msg)
        return self._entries[name]
