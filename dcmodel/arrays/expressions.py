"""Expressions and cost terms whose rule is called once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pyomo.core.base.expression import ExpressionData, IndexedExpression
from pyomo.core.base.global_set import UnindexedComponent_index
from pyomo.core.expr.template_expr import GetItemExpression

from dcmodel.arrays.ruled import Rule, Ruled
from dcmodel.arrays.templates import is_templating


class ArrayExpression(Ruled, IndexedExpression):
    """A named expression, put in wherever it is used, with placeholders or with numbers.

    Parameters
    ----------
    *sets : Pyomo sets
        Finite one-dimensional index sets; none for a scalar.
    rule : callable
        ``rule(block, *index)`` returns an expression, linear in the variables.
    doc : str, optional
        Meaning and unit.
    """

    def __init__(self, *sets: Any, rule: Rule, name: str | None = None, doc: str = "") -> None:
        IndexedExpression.__init__(self, *sets, name=name, doc=doc)
        self._rule_function = rule

    def construct(self, data: Any = None) -> None:
        """Call the rule once; called by Pyomo when the expression is attached to a block."""
        if self._constructed:
            return
        self._constructed = True
        self._construct_axes()
        self._construct_template()
        if self.template is None:
            for _ in self.values():
                pass

    def forget_elements(self) -> None:
        """Drop the elements made so far; they are made anew when somebody asks for them."""
        for index, element in self._data.items():
            element.set_value(self._call_rule(index))

    def __getitem__(self, index: Any) -> Any:
        if is_templating() and self.template is not None:
            # even with a number for an index: numpy evaluates it, no element is made
            return GetItemExpression((self, *(index if isinstance(index, tuple) else (index,))))
        return IndexedExpression.__getitem__(self, index)

    def _getitem_when_not_present(self, index: Any) -> Any:
        element = ExpressionData(self._call_rule(index), component=self)
        element._index = index
        self._data[index] = element
        return element

    @property
    def array(self) -> np.ndarray:
        """Values at the solution held by the variables, in the shape of the sets."""
        from dcmodel.arrays.solution import values_of  # it needs the classes of this module

        return values_of(self)

    def _pprint(self) -> Any:
        headers = [("Size", len(self)), ("Index", self._index_set)]
        return headers, (), ("Expression",), None


class ScalarArrayExpression(ExpressionData, ArrayExpression):
    """A named expression without an index."""

    def __init__(self, *sets: Any, **keywords: Any) -> None:
        self._own: Any = None
        ArrayExpression.__init__(self, **keywords)
        ExpressionData.__init__(self, expr=None, component=self)
        self._index = UnindexedComponent_index

    def construct(self, data: Any = None) -> None:
        """Call the rule once; called by Pyomo when the expression is attached to a block."""
        self._data[None] = self
        ArrayExpression.construct(self, data)

    def forget_elements(self) -> None:
        """Drop the expression made so far."""
        self._own = None

    @property
    def _args_(self) -> Any:
        if (self._own is None or self._own[0] is None) and self._constructed:
            self._own = (self._call_rule(None),)
        return self._own

    @_args_.setter
    def _args_(self, arguments: Any) -> None:
        self._own = arguments


ArrayExpression.scalar = ScalarArrayExpression


class CostTerm(ArrayExpression):
    """Undiscounted cost of each year, part of the objective.

    Parameters
    ----------
    years : Pyomo set
        The years of the model.
    category : str
        Kind of cost under which the term is reported.
    rule : callable
        ``rule(block, y)`` returns the cost of year ``y`` [USD].
    doc : str, optional
        What is paid for.
    """

    def __init__(
        self, years: Any, *, rule: Rule, category: str, name: str | None = None, doc: str = ""
    ) -> None:
        ArrayExpression.__init__(self, years, rule=rule, name=name, doc=doc)
        self.category = category


def array_expression(block: Any, *sets: Any, doc: str = "") -> Callable[[Rule], ArrayExpression]:
    """Attach the decorated rule to `block` as an `ArrayExpression` of its name."""

    def attach(rule: Rule) -> ArrayExpression:
        component = ArrayExpression(*sets, rule=rule, doc=doc)
        block.add_component(rule.__name__, component)
        return component

    return attach


def cost_term(
    block: Any, years: Any, *, category: str, doc: str = ""
) -> Callable[[Rule], CostTerm]:
    """Attach the decorated rule to `block` as a `CostTerm` of its name."""

    def attach(rule: Rule) -> CostTerm:
        component = CostTerm(years, rule=rule, category=category, doc=doc)
        block.add_component(rule.__name__, component)
        return component

    return attach
