"""A function as it would run if a builtin were another one, for this one call.

Rules say ``sum(...)``. To give them another ``sum``, Pyomo exchanges the builtin of the whole
process while a rule is called, and whoever adds numbers in another thread fails. Here a rule is
copied with other builtins: it, the functions it names in its module or encloses, and what these
name in turn. Methods of objects and functions of other modules' namespaces (``module.function``)
keep Python's own; a loop over a set that they leave behind is noticed
(`dcmodel.arrays.templates`).
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from functools import partial
from types import CellType, FunctionType, MethodType
from typing import Any

_LIBRARIES = ("pyomo", "numpy")
"""Packages whose functions are left as they are."""


class Rebinding:
    """Copies functions so that they see other builtins.

    Parameters
    ----------
    names : mapping of str to callable
        Builtins by name, and what stands in their place.
    """

    def __init__(self, names: Mapping[str, Callable[..., Any]]) -> None:
        self._instead = {id(getattr(builtins, name)): new for name, new in names.items()}
        self._builtins = {**vars(builtins), **names}
        self._scopes: dict[int, _Scope] = {}
        self._copies: dict[int, tuple[FunctionType, FunctionType]] = {}

    def of(self, value: Any) -> Any:
        """Return the copy of a function, or the value itself where it is none."""
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, MethodType):
            return MethodType(self.of(value.__func__), value.__self__)
        if isinstance(value, partial):
            return partial(self.of(value.func), *value.args, **value.keywords)
        if type(value) is dict and any(_is_function(one) for one in value.values()):
            return {key: self.of(one) for key, one in value.items()}
        if type(value) in (list, tuple) and any(_is_function(one) for one in value):
            return type(value)(self.of(one) for one in value)
        return self._instead.get(id(value), value)

    def _function(self, function: FunctionType) -> FunctionType:
        if str(function.__module__).partition(".")[0] in _LIBRARIES:
            return function
        if id(function) in self._copies:
            return self._copies[id(function)][1]
        cells = tuple(CellType() for _ in function.__closure__ or ())
        code, name = function.__code__, function.__name__
        scope = self._scope(function.__globals__)
        # cells that hold other things are shared, so that what a rule counts is counted
        enclosed = [self._cell(cell) for cell in function.__closure__ or ()]
        shared = tuple(
            old if new is _SAME else empty
            for old, new, empty in zip(function.__closure__ or (), enclosed, cells, strict=True)
        )
        copy = FunctionType(code, scope, name, function.__defaults__, shared or None)
        copy.__kwdefaults__ = function.__kwdefaults__
        copy.__qualname__ = function.__qualname__
        self._copies[id(function)] = (function, copy)  # holds it, so that its id stays its own
        for new, empty in zip(enclosed, cells, strict=True):
            if new is not _SAME:
                empty.cell_contents = self.of(new)
        return copy

    def _cell(self, cell: CellType) -> Any:
        """Return what a cell holds if a copy of it is needed."""
        try:
            held = cell.cell_contents
        except ValueError:  # empty as yet
            return _SAME
        return _SAME if self.of(held) is held else held

    def _scope(self, names: dict[str, Any]) -> _Scope:
        if id(names) not in self._scopes:
            self._scopes[id(names)] = _Scope(names, self)
        return self._scopes[id(names)]


_SAME = object()


def _is_function(value: Any) -> bool:
    return isinstance(value, FunctionType | MethodType | partial)


class _Scope(dict[str, Any]):
    """The names of a module, with copies for functions; looked up when they are used."""

    def __init__(self, names: dict[str, Any], copies: Rebinding) -> None:
        # imports inside a function look here without asking `__missing__`
        super().__init__({k: v for k, v in names.items() if k.startswith("__")})
        self["__builtins__"] = copies._builtins
        self._names, self._copies_of = names, copies.of

    def __missing__(self, name: str) -> Any:
        return self._copies_of(self._names[name])
