"""Numpy evaluation of templates over whole index sets.

A placeholder becomes an array of its set's members along one axis. The innermost index of a rule
is the last axis; an axis of a sum comes before those of the rule. Arrays carry only the axes on
which they depend and numpy broadcasts the rest, so memory follows the result and not the product of
all sets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.base.expression import IndexedExpression
from pyomo.core.base.param import IndexedParam
from pyomo.core.base.var import IndexedVar
from pyomo.core.expr import numeric_expr as ne
from pyomo.core.expr.template_expr import (
    GetAttrExpression,
    GetItemExpression,
    IndexTemplate,
    TemplateSumExpression,
)

from dcmodel.arrays.axes import Axis, Placed, along, axis_of, lift, one_dimensional_sets
from dcmodel.arrays.declare import ArrayParam, ArrayVar
from dcmodel.arrays.errors import FormulationError, NotTemplatableError
from dcmodel.arrays.expressions import ArrayExpression
from dcmodel.arrays.linear import Columns, Linear, Values, add, scaled, summed
from dcmodel.arrays.templates import Template

_NUMBERS = (int, float, np.number, np.bool_, np.ndarray, str)
_UNARY = {
    name: getattr(np, name)
    for name in ("exp", "log", "log10", "sqrt", "sin", "cos", "tan", "tanh", "ceil", "floor")
}


class _MemberNeededError(NotTemplatableError):
    """A component is chosen by an index, so each member of the set has its own summand."""


class Evaluator:
    """Evaluates templates of one model.

    Parameters
    ----------
    variables : Columns or Values
        What a variable stands for.
    """

    def __init__(self, variables: Columns | Values) -> None:
        self.variables = variables
        self.owner = ""
        self._places: dict[int, Placed] = {}
        self._depth = 0
        self._axes: dict[int, tuple[Any, Axis]] = {}
        self._tables: dict[int, np.ndarray] = {}
        self._handlers: dict[type, Callable[[Any], Any]] = {}

    # ---- axes -------------------------------------------------------------------------------

    def place_rows(
        self, template: Template, component: Any, mask: np.ndarray | None
    ) -> tuple[int, ...]:
        """Bind the indices of a rule; return the shape of its rows."""
        self.owner = component.name
        self._places.clear()
        axes, sets = component.axes, component.sets
        if mask is None:
            self._depth = len(axes)
            for k, index in enumerate(template.indices):
                self._places[id(index)] = along(axes[k], sets[k], len(axes) - 1 - k)
            return tuple(component.shape)
        chosen = np.flatnonzero(mask)
        self._depth = 1
        for k, positions in enumerate(np.unravel_index(chosen, component.shape)):
            place = Placed(axes[k].array[positions], positions, sets[k], None)
            self._places[id(template.indices[k])] = place
        return chosen.shape

    def _axis(self, one: Any) -> Axis:
        if id(one) not in self._axes:
            self._axes[id(one)] = (one, axis_of(one))  # holds the set, so that its id stays its own
        return self._axes[id(one)][1]

    # ---- expressions ------------------------------------------------------------------------

    def evaluate(self, node: Any) -> Any:
        """Return the number, array or `Linear` of an expression at the bound indices."""
        if isinstance(node, _NUMBERS):
            return node
        handler = self._handlers.get(node.__class__)
        if handler is None:
            handler = self._handlers[node.__class__] = self._handler(node)
        return handler(node)

    def _handler(self, node: Any) -> Callable[[Any], Any]:
        for kinds, handler in (
            (IndexTemplate, self._index),
            (GetItemExpression, self._item),
            (GetAttrExpression, self._attribute),
            (TemplateSumExpression, self._template_sum),
            (ne.SumExpression, self._sum),
            (ne.ProductExpression, self._product),
            (ne.DivisionExpression, self._division),
            (ne.NegationExpression, self._negation),
            (ne.PowExpression, self._power),
            ((ne.MaxExpression, ne.MinExpression), self._extreme),
            (ne.AbsExpression, self._absolute),
            (ne.UnaryFunctionExpression, self._unary),
            (ArrayExpression, self._scalar_expression),
        ):
            if isinstance(node, kinds):
                return handler
        if getattr(node, "is_named_expression_type", bool)():
            return lambda named: self.evaluate(named.args[0])
        if getattr(node, "is_variable_type", bool)():
            return self.variables.of_element
        if getattr(node, "is_parameter_type", bool)():
            return pyo.value
        return self._unknown

    def _unknown(self, node: Any) -> Any:
        msg = f"{type(node).__name__} has no array form"
        raise NotTemplatableError(msg)

    def _index(self, node: Any) -> Any:
        return self._places[id(node)].labels

    def _sum(self, node: Any) -> Any:
        total = Linear()
        for argument in node.args:
            add(total, self.evaluate(argument))
        return total if total.terms else total.constant

    def _product(self, node: Any) -> Any:
        left, right = (self.evaluate(argument) for argument in node.args)
        if isinstance(left, Linear) and isinstance(right, Linear):
            raise self._nonlinear(node)
        if isinstance(right, Linear):
            left, right = right, left
        return scaled(left, right)

    def _division(self, node: Any) -> Any:
        above, below = (self.evaluate(argument) for argument in node.args)
        if isinstance(below, Linear):
            raise self._nonlinear(node)
        if np.any(np.equal(below, 0)):
            msg = f"{self.owner}: division by zero in {node}"
            raise FormulationError(msg)
        return scaled(above, 1.0 / below) if isinstance(above, Linear) else above / below

    def _negation(self, node: Any) -> Any:
        return scaled(self.evaluate(node.args[0]), -1.0)

    def _constants(self, node: Any) -> list[Any]:
        found = [self.evaluate(argument) for argument in node.args]
        if any(isinstance(one, Linear) for one in found):
            raise self._nonlinear(node)
        return found

    def _power(self, node: Any) -> Any:
        base, exponent = self._constants(node)
        with np.errstate(all="ignore"):  # numbers that are not finite are refused at assembly
            return np.asarray(base, dtype=float) ** exponent

    def _extreme(self, node: Any) -> Any:
        pick = np.maximum if isinstance(node, ne.MaxExpression) else np.minimum
        first, *others = self._constants(node)
        for other in others:
            first = pick(first, other)
        return first

    def _absolute(self, node: Any) -> Any:
        return np.abs(self._constants(node)[0])

    def _unary(self, node: Any) -> Any:
        function = _UNARY.get(node.getname())
        if function is None:
            return self._unknown(node)
        with np.errstate(all="ignore"):  # numbers that are not finite are refused at assembly
            return function(self._constants(node)[0])

    def _nonlinear(self, node: Any) -> FormulationError:
        msg = f"{self.owner}: {node} is not linear in the variables; write it as linear rows"
        return FormulationError(msg)

    # ---- sums over sets ---------------------------------------------------------------------

    def _template_sum(self, node: Any) -> Any:
        groups = node.template_iters()
        outer = self._depth
        try:
            sizes = [self._place_sum(group) for group in groups]
            body = self.evaluate(node._local_args_[0])
        except _MemberNeededError:
            self._depth = outer
            return self._sum_by_members(node, groups)
        self._depth = outer
        for k, size in enumerate(sizes):
            body = summed(body, outer + k, size)
        return body

    def _sum_by_members(self, node: Any, groups: Sequence[Any]) -> Any:
        """Sum member by member, where the summand is another one for each: blocks of a set."""
        total = Linear()
        for members in product(*(group[0]._set.data() for group in groups)):
            for group, member in zip(groups, members, strict=True):
                parts = member if len(group) > 1 else (member,)
                for index, part in zip(group, parts, strict=True):
                    self._places[id(index)] = Placed(part, None, None, None)
            add(total, self.evaluate(node._local_args_[0]))
        return total if total.terms else total.constant

    def _place_sum(self, group: Sequence[IndexTemplate]) -> int:
        over, depth = group[0]._set, self._depth
        if getattr(over, "is_expression_type", bool)():
            msg = "a sum runs over a set that depends on an index"
            raise NotTemplatableError(msg)
        self._depth += 1
        if len(group) == 1 and over.dimen == 1:
            axis = self._axis(over)
            self._places[id(group[0])] = along(axis, over, depth)
            return axis.size
        members = list(over.data())
        for k, index in enumerate(group):
            labels = Axis([member[k] for member in members], over.name).array
            self._places[id(index)] = Placed(lift(labels, depth), None, None, None)
        return len(members)

    # ---- elements ---------------------------------------------------------------------------

    def _item(self, node: Any) -> Any:
        component, *indices = node.args
        if isinstance(component, GetAttrExpression | GetItemExpression):
            component = self._chosen(component)
        if len(indices) == 1 and isinstance(indices[0], tuple):
            indices = list(indices[0])  # so Pyomo writes the indices of a chosen component
        if isinstance(component, ArrayExpression):
            return self._array_expression(component, indices)
        if isinstance(component, ArrayParam):
            return self._parameter(component, indices)
        if isinstance(component, ArrayVar):
            return self.variables.of_array(component, self._positions(component.sets, indices))
        if isinstance(component, IndexedParam):
            sets, positions = self._ordinary(component, indices)
            return self._table(component, sets, pyo.value)[positions]
        if isinstance(component, IndexedVar):
            return self._ordinary_variable(component, indices)
        if isinstance(component, IndexedExpression):
            msg = f"{component.name} is an ordinary Pyomo expression"
            raise NotTemplatableError(msg)
        return self._unknown(component)

    def _attribute(self, node: Any) -> Any:
        return self.evaluate(self._chosen(node))

    def _chosen(self, node: Any) -> Any:
        """Return the component of a block that is chosen by an index, such as ``m.site[s].x``."""
        if not isinstance(node, GetAttrExpression | GetItemExpression):
            return node
        base, *rest = node.args
        owner = self._chosen(base)
        if isinstance(node, GetAttrExpression):
            return getattr(owner, rest[0])
        labels = [self.evaluate(index) for index in rest]
        if any(isinstance(label, np.ndarray) for label in labels):
            msg = f"{owner} is chosen by an index"
            raise _MemberNeededError(msg)
        return owner[labels[0] if len(labels) == 1 else tuple(labels)]

    def _positions(self, sets: Sequence[Any], indices: Sequence[Any]) -> list[Any]:
        if len(sets) != len(indices):
            msg = f"{self.owner}: {len(indices)} indices were given where {len(sets)} are needed"
            raise FormulationError(msg)
        return [self._position(one, index) for one, index in zip(sets, indices, strict=True)]

    def _position(self, one: Any, index: Any) -> Any:
        place = self._places.get(id(index))
        if place is not None and place.over is one:
            return place.positions
        labels = self.evaluate(index)
        if isinstance(labels, Linear):
            msg = f"{self.owner}: the index {index} depends on a variable"
            raise FormulationError(msg)
        try:
            return self._axis(one).positions(labels)
        except IndexError as error:
            msg = (
                f"{self.owner}: index {index}: {error}; leave such rows out with where=, "
                "or map the index with an integer ArrayParam"
            )
            raise FormulationError(msg) from None

    def _parameter(self, parameter: ArrayParam, indices: Sequence[Any]) -> Any:
        depths = []
        for one, index in zip(parameter.sets, indices, strict=False):
            place = self._places.get(id(index))
            if place is not None and place.over is one and place.depth is not None:
                depths.append(place.depth)
        whole = len(depths) == len(indices) == len(parameter.sets)
        if whole and all(a > b for a, b in pairwise(depths)):
            shape = [1] * (depths[0] + 1)
            for depth, size in zip(depths, parameter.shape, strict=True):
                shape[depths[0] - depth] = size
            return parameter.array.reshape(shape)  # a view: nothing is copied
        return parameter.array[tuple(self._positions(parameter.sets, indices))]

    def _ordinary(self, component: Any, indices: Sequence[Any]) -> tuple[Any, Any]:
        try:
            sets = one_dimensional_sets(component.index_set(), component.name)
        except FormulationError as error:
            raise NotTemplatableError(str(error)) from None
        return sets, tuple(np.asarray(p) for p in self._positions(sets, indices))

    def _table(self, component: Any, sets: Sequence[Any], read: Callable[[Any], Any]) -> Any:
        """Return the elements of an ordinary Pyomo component as an array, NaN where missing."""
        if id(component) not in self._tables:
            table = np.full([self._axis(one).size for one in sets], np.nan)
            for index, element in component.items():
                parts = index if isinstance(index, tuple) else (index,)
                at = tuple(self._axis(s).positions(p) for s, p in zip(sets, parts, strict=True))
                table[at] = _number(component, read(element))
            self._tables[id(component)] = table
        return self._tables[id(component)]

    def _ordinary_variable(self, component: Any, indices: Sequence[Any]) -> Any:
        sets, positions = self._ordinary(component, indices)
        if isinstance(self.variables, Values):
            return self._table(component, sets, self.variables.of_element)[positions]
        start = self.variables.start
        columns = self._table(component, sets, lambda element: start[id(element)])[positions]
        if np.isnan(columns).any():
            msg = f"{self.owner}: {component.name} has no element for some of the indices"
            raise FormulationError(msg)
        return Linear(0.0, [(columns.astype(np.int64), 1.0)])

    # ---- expressions put in -----------------------------------------------------------------

    def _array_expression(self, component: ArrayExpression, indices: Sequence[Any]) -> Any:
        if component.template is None:
            msg = f"{component.name} has no array form: {component.reason}"
            raise NotTemplatableError(msg)
        positions = self._positions(component.sets, indices)
        template = component.template
        saved = dict(self._places)
        for k, (index, given) in enumerate(zip(template.indices, indices, strict=True)):
            place = saved.get(id(given))
            if place is None or place.over is not component.sets[k]:
                labels = component.axes[k].array[positions[k]]
                place = Placed(labels, positions[k], component.sets[k], None)
            self._places[id(index)] = place
        result = self.evaluate(template.expression)
        self._places = saved
        return result

    def _scalar_expression(self, component: Any) -> Any:
        if component.template is None:
            return self.evaluate(component.args[0])
        return self.evaluate(component.template.expression)


def _number(component: Any, found: Any) -> Any:
    if isinstance(found, str) or found is None:
        msg = f"{component.name} holds {found!r}, which is not a number"
        raise NotTemplatableError(msg)
    return found
