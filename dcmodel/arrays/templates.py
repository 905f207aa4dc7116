"""Calling a rule once: Pyomo's index templates instead of numbers.

A rule is called with placeholders for its indices, its loops over sets get placeholders too
(`dcmodel.arrays.sets`), and its ``sum`` makes Pyomo's template of a sum
(`dcmodel.arrays.rebinding`), so that the expression it returns stands for all rows at once. All of
that is seen by the rule and by the thread that calls it, by nobody else: Pyomo's own
``templatize_rule`` exchanges ``builtins.sum`` and the iteration of every set of the process.

Rules that need their index as a number (an ``if`` on it, a Python dictionary) raise in that call
and are left to the row-wise path.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import GeneratorType
from typing import Any

from pyomo.common.errors import PyomoException
from pyomo.core.base.indexed_component import UnindexedComponent_set
from pyomo.core.expr.numvalue import native_types
from pyomo.core.expr.relational_expr import tuple_to_relational_expr
from pyomo.core.expr.template_expr import IndexTemplate, TemplateSumExpression

from dcmodel.arrays.errors import NotTemplatableError
from dcmodel.arrays.rebinding import Rebinding
from dcmodel.arrays.sets import Open, adopt_around, calling, open_call

_NEEDS_NUMBERS = (
    PyomoException,
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    NotImplementedError,
)


@dataclass(frozen=True)
class Template:
    """An expression over index placeholders.

    Parameters
    ----------
    expression : Pyomo expression
        What the rule returned.
    indices : tuple of IndexTemplate
        The placeholders, one for each index of the rule.
    """

    expression: Any
    indices: tuple[IndexTemplate, ...]


def is_templating() -> bool:
    """Whether the caller of the caller is a rule that is being called with placeholders."""
    return open_call(sys._getframe(2)) is not None


def numbers_only() -> AbstractContextManager[None]:
    """Return a context in which sets iterate over their members again."""
    return calling(None)


def templatize(block: Any, rule: Callable[..., Any], index_set: Any) -> Template:
    """Call `rule` once with placeholders.

    Raises
    ------
    NotTemplatableError
        If the rule, or what it returned, needs its index as a number.
    """
    adopt_around(block)
    call = Open()
    indices = () if index_set is UnindexedComponent_set else call.placeholders(index_set)
    summing = _Summing(call)
    copy = Rebinding({"sum": summing.sum}).of(rule)
    try:
        with calling(call):
            expression = copy(block, *indices)
    except _NEEDS_NUMBERS as error:
        raise NotTemplatableError(_first_line(error)) from error
    if call.loops:
        msg = f"a loop over {call.loops[-1][0]._set} is not the argument of a sum"
        raise NotTemplatableError(msg)
    if expression.__class__ is tuple:
        expression = tuple_to_relational_expr(expression)
    template = Template(expression, indices)
    if not _is_closed(expression, {id(i) for i in indices}):
        msg = "a sum mixes a set of the model with a Python sequence"
        raise NotTemplatableError(msg)
    return template


class _Summing:
    """The ``sum`` of a rule that is called with placeholders."""

    def __init__(self, call: Open) -> None:
        self._call = call

    def sum(self, iterable: Iterable[Any], /, start: Any = 0) -> Any:
        """Add as Python does, but make one template of a sum over sets of the model."""
        if open_call() is not self._call or not isinstance(iterable, GeneratorType | map):
            return builtins.sum(iterable, start)
        loops = self._call.loops
        before = len(loops)
        first = next(iterable, _NOTHING)
        if first is _NOTHING:
            return start
        groups, loops[before:] = loops[before:], []
        if not groups:  # a Python sequence
            return builtins.sum(iterable, start + first)
        if not _runs_over_sets_alone(iterable):
            msg = "a sum mixes a set of the model with a Python sequence"
            raise NotTemplatableError(msg)
        total = TemplateSumExpression((first,), groups)
        return total if start.__class__ in native_types and start == 0 else start + total


_NOTHING = object()


def _runs_over_sets_alone(iterable: Any) -> bool:
    """Whether every variable of a generator's loops is a placeholder."""
    if isinstance(iterable, map):
        iterators = tuple(iterable.__reduce__()[1])[1:]
        return len(iterators) == 1 and isinstance(iterators[0], GeneratorType)
    frame = iterable.gi_frame
    if frame is None:  # it had one item only, whatever it runs over
        return True
    code, values = frame.f_code, frame.f_locals
    names = [*code.co_varnames, *code.co_cellvars]
    return all(_is_placeholder(values.get(name)) for name in names if name != ".0")


def _is_placeholder(value: Any) -> bool:
    parts = value if isinstance(value, tuple) else (value,)
    return all(isinstance(part, IndexTemplate) for part in parts)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _is_closed(expression: Any, bound: set[int]) -> bool:
    """Whether every placeholder in `expression` belongs to the rule or to a sum around it."""
    if expression.__class__ in native_types:
        return True
    if isinstance(expression, IndexTemplate):
        return id(expression) in bound
    if isinstance(expression, TemplateSumExpression):
        bound = bound | {id(i) for group in expression.template_iters() for i in group}
        return all(_is_closed(arg, bound) for arg in expression._local_args_)
    if not hasattr(expression, "is_expression_type") or not expression.is_expression_type():
        return True
    if getattr(expression, "is_named_expression_type", bool)():
        return True  # named expressions are complete in themselves
    return all(_is_closed(arg, bound) for arg in expression.args)
