"""Constraints whose rule is called once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import compress
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.base.constraint import ConstraintData, IndexedConstraint
from pyomo.core.base.global_set import UnindexedComponent_index
from pyomo.core.expr.relational_expr import RelationalExpression

from dcmodel.arrays.axes import index_tuples
from dcmodel.arrays.errors import FormulationError
from dcmodel.arrays.ruled import Rule, Ruled


class ArrayConstraintElement(ConstraintData):
    """One row of an `ArrayConstraint`: an ordinary Pyomo constraint."""

    __slots__ = ()

    def set_value(self, expr: Any) -> None:
        """Refuse: the rows of an array constraint come from its rule alone."""
        msg = f"{self.name}: a row of an ArrayConstraint cannot be replaced; deactivate it instead"
        raise FormulationError(msg)


class ArrayConstraint(Ruled, IndexedConstraint):
    """Rows of the linear program, written by one rule.

    Parameters
    ----------
    *sets : Pyomo sets
        Finite one-dimensional index sets; none for a single row.
    rule : callable
        ``rule(block, *index)`` returns ``lhs == rhs``, ``lhs <= rhs``, ``lhs >= rhs``, or a tuple
        ``(low, expression, high)`` with constant ends.
    where : array_like of bool, optional
        Rows exist only where it is true; broadcasts to the shape of the sets.
    couples_years : bool
        Whether the rows link years, for decomposition by year.
    elastic : bool
        Whether sizes held fixed may leave the rows unmet: a dispatch then tells by how much, at a
        penalty, where it would else have to be proven that it has no solution. Of an equation the
        left side may fall short.
    doc : str, optional
        The law that the rows state.

    Attributes
    ----------
    dual : ndarray or None
        Dual values in the shape of the sets after a solution was loaded, NaN where no row is.
    template : Template or None
        What is evaluated by numpy; None if the rule is called row by row, see `reason`.
    """

    _ComponentDataClass = ConstraintData

    def __init__(
        self,
        *sets: Any,
        rule: Rule,
        where: Any = None,
        couples_years: bool = False,
        elastic: bool = False,
        name: str | None = None,
        doc: str = "",
    ) -> None:
        IndexedConstraint.__init__(self, *sets, name=name, doc=doc)
        self._rule_function = rule
        self._where = where
        self.couples_years = couples_years
        self.elastic = elastic
        self.dual: np.ndarray | None = None
        self._skipped: set[Any] = set()

    def construct(self, data: Any = None) -> None:
        """Call the rule once; called by Pyomo when the constraint is attached to a block."""
        if self._constructed:
            return
        self._constructed = True
        self._construct_axes()
        given = self._where
        self.where = None if given is None else self.broadcast(given, "where", bool)
        self._construct_template()
        if self.template is not None:
            answer = self.template.expression
            if answer is pyo.Constraint.Skip:
                self.where = np.broadcast_to(np.False_, self.shape)
            elif not isinstance(answer, RelationalExpression):
                self.template, self.reason = None, "the rule returned no relation"
        if self.template is None:
            self._materialise()

    def _materialise(self) -> None:
        for _ in self.values():
            pass

    def forget_elements(self) -> None:
        """Drop the rows made so far, except rows that are switched off."""
        self._skipped.clear()
        self._data = {i: row for i, row in self._data.items() if not row.active}

    def keys(self, sort: Any = None, ordered: Any = None) -> Iterator[Any]:
        """Iterate over the index values that have a row."""
        everywhere = index_tuples(self.axes)
        wanted = everywhere if self.where is None else compress(everywhere, self.where.ravel())
        if self.template is not None:
            return iter(wanted)
        return (index for index in wanted if self._row(index) is not None)

    def _row(self, index: Any) -> Any:
        """Return the row at `index`, made by the rule if need be, or None if it is skipped."""
        if index in self._data:
            return self._data[index]
        if index in self._skipped:
            return None
        answer = self._call_rule(index)
        if answer is pyo.Constraint.Skip:
            self._skipped.add(index)
            return None
        return self._store_row(index, answer)

    def _store_row(self, index: Any, answer: Any) -> Any:
        row = ConstraintData(component=self)
        row._index = index
        self._data[index] = row  # Pyomo looks here for the name that its errors give
        try:
            row.set_value(answer)
        except ValueError:
            del self._data[index]
            raise
        row._active = self._active
        row.__class__ = ArrayConstraintElement
        return row

    def _getitem_when_not_present(self, index: Any) -> Any:
        masked = self.where is not None and not self.where.reshape(-1)[self.position(index)]
        row = None if masked else self._row(index)
        if row is None:
            raise KeyError(index)
        return row

    def __len__(self) -> int:
        if not self._constructed:
            return 0
        present = self.size if self.where is None else int(self.where.sum())
        return present - len(self._skipped)

    def __contains__(self, index: Any) -> bool:
        if index not in self._index_set:
            return False
        if self.where is not None and not self.where.reshape(-1)[self.position(index)]:
            return False
        return self.template is not None or self._row(index) is not None

    def activate(self) -> None:
        """Switch all rows on."""
        self._switch(True)

    def deactivate(self) -> None:
        """Switch all rows off; they are left out of the linear program."""
        self._switch(False)

    def _switch(self, active: bool) -> None:
        self._active = active
        for row in self._data.values():
            row._active = active

    def active_mask(self) -> np.ndarray | None:
        """Return where rows are present and switched on, or None if all are."""
        off = [i for i, row in self._data.items() if not row.active]
        if not off:
            return self.where
        mask = np.array(self.broadcast(True if self.where is None else self.where, "where", bool))
        for index in off:
            mask.reshape(-1)[self.position(index)] = False
        return mask

    def _pprint(self) -> Any:
        headers = [("Size", len(self)), ("Index", self._index_set), ("Active", self.active)]
        return headers, (), ("Row",), None


class ScalarArrayConstraint(ConstraintData, ArrayConstraint):
    """A single row."""

    def __init__(self, *sets: Any, **keywords: Any) -> None:
        self._own: Any = None
        ArrayConstraint.__init__(self, **keywords)
        ConstraintData.__init__(self, component=self)
        self._index = UnindexedComponent_index

    def construct(self, data: Any = None) -> None:
        """Call the rule once; called by Pyomo when the constraint is attached to a block."""
        if not self._constructed:
            self._data[None] = self
            ArrayConstraint.construct(self, data)
            if len(self) == 0:
                self._data.clear()

    def _materialise(self) -> None:
        self._expr  # noqa: B018 - calls the rule, as Pyomo does for a row it cannot template

    def forget_elements(self) -> None:
        """Drop the expression made so far."""
        self._own = None

    @property
    def _expr(self) -> Any:
        if self._own is None and self._constructed:
            row = ConstraintData(component=self)
            row._index = UnindexedComponent_index
            row.set_value(self._call_rule(None))
            self._own = row._expr
        return self._own

    @_expr.setter
    def _expr(self, expression: Any) -> None:
        self._own = expression

    def keys(self, sort: Any = None, ordered: Any = None) -> Iterator[Any]:
        """Iterate over the one index value, None, if the row is present."""
        return iter(self._data)

    def active_mask(self) -> np.ndarray | None:
        """Return None: the row is present, or its component is switched off."""
        return self.where

    def activate(self) -> None:
        """Switch the row on."""
        self._active = True

    def deactivate(self) -> None:
        """Switch the row off."""
        self._active = False


ArrayConstraint.scalar = ScalarArrayConstraint


def array_constraint(
    block: Any,
    *sets: Any,
    where: Any = None,
    couples_years: bool = False,
    elastic: bool = False,
    doc: str = "",
) -> Callable[[Rule], ArrayConstraint]:
    """Attach the decorated rule to `block` as an `ArrayConstraint` of its name."""

    def attach(rule: Rule) -> ArrayConstraint:
        component = ArrayConstraint(
            *sets, rule=rule, where=where, couples_years=couples_years, elastic=elastic, doc=doc
        )
        block.add_component(rule.__name__, component)
        return component

    return attach
