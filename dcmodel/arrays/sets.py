"""Index sets that hand out placeholders to a rule that is being called once.

Only the sets of the model at hand are changed, and only for the thread that calls a rule: a set
keeps its class's behaviour for everybody else, and Pyomo's own classes are left as they are.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType
from typing import Any

from pyomo.common.errors import TemplateExpressionError
from pyomo.core.base import set as pyomo_set
from pyomo.core.expr.numvalue import NumericValue
from pyomo.core.expr.template_expr import IndexTemplate


class Open:
    """One call of a rule with placeholders: the loops over sets it has begun, not yet summed."""

    def __init__(self) -> None:
        self.loops: list[tuple[IndexTemplate, ...]] = []
        self._count = 0

    def placeholders(self, over: Any) -> tuple[IndexTemplate, ...]:
        """Return placeholders for a member of a set, one for each of its dimensions."""
        dimension = over.dimen
        self._count += 1
        group = self._count
        parts = range(dimension) if type(dimension) is int else (None,)
        made = []
        for part in parts:
            self._count += 1
            made.append(IndexTemplate(over, part, self._count, group))
        return tuple(made)

    def loop(self, over: Any) -> Iterator[Any]:
        """Iterate once, over placeholders: what is done with them is done for every member."""
        made = self.placeholders(over)
        self.loops.append(made)
        yield made[0] if len(made) == 1 else made


class _Calls(threading.local):
    """The rule that this thread is calling; None where it is called with numbers."""

    now: Open | None = None


_calls = _Calls()


@contextmanager
def calling(one: Open | None) -> Iterator[None]:
    """Hand out the placeholders of a call in this thread; None hands out members again."""
    before, _calls.now = _calls.now, one
    try:
        yield
    finally:
        _calls.now = before


def open_call(asking: FrameType | None = None) -> Open | None:
    """Return the call of a rule that is under way in this thread.

    Parameters
    ----------
    asking : frame, optional
        Who asks. Pyomo's own code always gets None: it iterates to find out about an expression.
    """
    now = _calls.now
    if now is None or (asking is not None and _is_pyomo(asking)):
        return None
    return now


def _is_pyomo(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == "pyomo"


class _Handing:
    """What a set of a model does beyond what its Pyomo class does."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        now = open_call(sys._getframe(1))
        return super().__iter__() if now is None else now.loop(self)  # type: ignore[misc]

    def __contains__(self, value: Any) -> bool:
        # Pyomo would answer False for a placeholder, and rows would be lost without a word
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, NumericValue) and not part.is_constant():
                raise TemplateExpressionError(part, "a set was asked whether it holds an index")
        return bool(super().__contains__(value))  # type: ignore[misc]


@cache
def _handing(kind: type) -> type:
    """Return the class of sets that hand out placeholders and else are of a class of Pyomo."""
    made = type(kind)(kind.__name__, (_Handing, kind), {"__slots__": (), "__module__": __name__})
    made.__qualname__ = kind.__name__
    return made


def __getattr__(name: str) -> type:
    """Return the class that hands out placeholders for a class of Pyomo; pickles ask for it."""
    kind = getattr(pyomo_set, name, None)
    if isinstance(kind, type) and issubclass(kind, pyomo_set._FiniteSetMixin):
        return _handing(kind)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def adopt(one: Any) -> None:
    """Let a finite set of a model hand out placeholders."""
    kind = type(one)
    if kind.__module__ == pyomo_set.__name__ and isinstance(one, pyomo_set._FiniteSetMixin):
        one.__class__ = _handing(kind)  # type: ignore[arg-type]


def adopt_around(block: Any) -> None:
    """Let every set of a block, and of the blocks it stands in, hand out placeholders."""
    while block is not None:
        for one in block.component_map((pyomo_set.Set, pyomo_set.RangeSet)).values():
            for member in one.values() if isinstance(one, pyomo_set.IndexedSet) else (one,):
                adopt(member)
        block = block.parent_block()
