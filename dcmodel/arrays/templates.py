"""Calling a rule once: Pyomo's index templates instead of numbers.

A rule is called with placeholders for its indices, and with set iteration and `sum` replaced by
Pyomo for the length of the call, so that the expression it returns stands for all rows at once.
Rules that need their index as a number (an ``if`` on it, a Python dictionary) raise in that call
and are left to the row-wise path.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyomo.common.errors import PyomoException, TemplateExpressionError
from pyomo.core.base.indexed_component import UnindexedComponent_set
from pyomo.core.base.set import SetData
from pyomo.core.expr import template_expr
from pyomo.core.expr.numvalue import NumericValue, native_types
from pyomo.core.expr.relational_expr import tuple_to_relational_expr
from pyomo.core.expr.template_expr import IndexTemplate, TemplateSumExpression, templatize_rule

from dcmodel.arrays.errors import NotTemplatableError

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
    """Whether a rule is being called with placeholders right now."""
    return not template_expr._TemplateIterManager.paused


def numbers_only() -> Any:
    """Return a context in which sets iterate over their members again."""
    return template_expr._TemplateIterManager.pause()


def templatize(block: Any, rule: Callable[..., Any], index_set: Any) -> Template:
    """Call `rule` once with placeholders.

    Raises
    ------
    NotTemplatableError
        If the rule, or what it returned, needs its index as a number.
    """
    over = None if index_set is UnindexedComponent_set else index_set
    try:
        with _quiet(), _no_membership_tests():
            expression, indices = templatize_rule(block, lambda b, i: rule(b, *i), over)
    except _NEEDS_NUMBERS as error:
        raise NotTemplatableError(_first_line(error)) from error
    if expression.__class__ is tuple:
        expression = tuple_to_relational_expr(expression)
    template = Template(expression, indices)
    if not _is_closed(expression, {id(i) for i in indices}):
        msg = "a sum mixes a set of the model with a Python sequence"
        raise NotTemplatableError(msg)
    return template


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Pyomo's error log: a rule that cannot be templated is no error."""
    logger = logging.getLogger(template_expr.__name__)
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


@contextmanager
def _no_membership_tests() -> Iterator[None]:
    """Make ``t in m.T`` raise for a placeholder; Pyomo would answer False and drop rows."""
    plain = SetData.__contains__

    def contains(self: Any, value: Any) -> bool:
        parts = value if isinstance(value, tuple) else (value,)
        if any(isinstance(part, NumericValue) and not part.is_constant() for part in parts):
            raise TemplateExpressionError(value, "a set was asked whether it holds an index")
        return bool(plain(self, value))

    SetData.__contains__ = contains
    try:
        yield
    finally:
        SetData.__contains__ = plain


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
