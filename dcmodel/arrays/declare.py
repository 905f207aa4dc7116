"""Pyomo parameters and variables that keep their numbers in numpy arrays.

They attach to models and blocks like any Pyomo component. A single element is an ordinary Pyomo
object, made when somebody asks for it, and a view on the arrays: what is set on the element is set
in the array.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.base.component import ComponentData
from pyomo.core.base.global_set import UnindexedComponent_index
from pyomo.core.base.param import IndexedParam, ScalarParam
from pyomo.core.base.var import IndexedVar, VarData
from pyomo.core.expr.numvalue import value
from pyomo.core.staleflag import StaleFlagManager

from dcmodel.arrays.errors import FormulationError
from dcmodel.arrays.indexed import ArrayIndexed


class ArrayParam(ArrayIndexed, IndexedParam):
    """A parameter held as a numpy array.

    Parameters
    ----------
    *sets : Pyomo sets
        Finite one-dimensional index sets; none for a scalar.
    values : array_like
        Numbers that broadcast to the shape of the sets. Integers stay integers, so that the
        parameter can map an index to another: ``m.month[t]``.
    doc : str, optional
        Meaning and unit.
    """

    def __init__(self, *sets: Any, values: Any, name: str | None = None, doc: str = "") -> None:
        IndexedParam.__init__(self, *sets, name=name, doc=doc)
        self._given = values

    def construct(self, data: Any = None) -> None:
        """Take the numbers; called by Pyomo when the parameter is attached to a block."""
        if self._constructed:
            return
        self._constructed = True
        self._construct_axes()
        self._array = self._checked(self._given)

    def _checked(self, values: Any) -> np.ndarray:
        dtype = np.int64 if np.asarray(values).dtype.kind in "iub" else np.float64
        array = self.broadcast(values, "values", dtype)
        if not np.isfinite(array).all():
            where = np.argwhere(~np.isfinite(array))[0].tolist()
            msg = f"{self.name}: the value at position {where} is not a finite number"
            raise FormulationError(msg)
        return array

    @property
    def array(self) -> np.ndarray:
        """The numbers, in the shape of the sets."""
        return self._array

    def set_values(self, values: Any) -> None:
        """Replace all numbers; models compiled afterwards use them.

        Elements of array components that were looked at before are made anew. Ordinary Pyomo
        constraints took the numbers when they were written and keep them.
        """
        self._array = self._checked(values)
        for component in self.model().component_objects((pyo.Constraint, pyo.Expression)):
            forget = getattr(component, "forget_elements", None)
            if forget is not None:
                forget()

    def _getitem_when_not_present(self, index: Any) -> Any:
        return self._array.reshape(-1)[self.position(index)].item()

    def _pprint(self) -> Any:
        headers = [("Size", len(self)), ("Index", self._index_set), ("Mutable", True)]
        return headers, (), ("Value",), None


class ScalarArrayParam(ScalarParam, ArrayParam):
    """A parameter with one number; expressions refer to it, so a new value is seen by all."""

    def __init__(self, *sets: Any, values: Any, name: str | None = None, doc: str = "") -> None:
        number = self._checked_number(values)
        ScalarParam.__init__(self, initialize=number, mutable=True, name=name, doc=doc)
        self.axes, self.sets, self.shape = (), (), ()

    def construct(self, data: Any = None) -> None:
        """Take the number; called by Pyomo when the parameter is attached to a block."""
        ScalarParam.construct(self, data)

    @staticmethod
    def _checked_number(values: Any) -> int | float:
        number = np.asarray(values)
        if number.size != 1 or not np.isfinite(number).all():
            msg = f"a parameter without sets takes one finite number, not {values!r}"
            raise FormulationError(msg)
        return number.reshape(()).item()

    @property
    def array(self) -> np.ndarray:
        """The number as an array without dimensions."""
        return np.asarray(self.value)

    def set_values(self, values: Any) -> None:
        """Replace the number."""
        self.set_value(self._checked_number(values))


ArrayParam.scalar = ScalarArrayParam


class ArrayVarElement(VarData):
    """One variable of an `ArrayVar`: an ordinary Pyomo variable that lives in its arrays."""

    __slots__ = ("_position",)

    def __init__(self, component: Any = None, index: Any = None, position: int = 0) -> None:
        ComponentData.__init__(self, component)
        self._index = index  # type: ignore[misc]
        self._stale = 0  # type: ignore[misc]
        self._position = position

    def _owner(self) -> Any:
        """Return the component, or None while Pyomo copies an element slot by slot."""
        return self.parent_component() if hasattr(self, "_position") else None

    @property
    def _value(self) -> float | None:
        found = self._owner()._read_at("values", self._position)
        return None if found != found else found

    @_value.setter
    def _value(self, number: Any) -> None:
        self._write("values", np.nan if number is None else value(number))

    @property
    def _lb(self) -> float | None:
        found = self._owner()._read_at("lower", self._position)
        return None if found == -np.inf else found

    @_lb.setter
    def _lb(self, number: Any) -> None:
        self._write("lower", -np.inf if number is None else value(number))

    @property
    def _ub(self) -> float | None:
        found = self._owner()._read_at("upper", self._position)
        return None if found == np.inf else found

    @_ub.setter
    def _ub(self, number: Any) -> None:
        self._write("upper", np.inf if number is None else value(number))

    @property
    def _fixed(self) -> bool:
        return bool(self._owner()._read_at("fixed", self._position))

    @_fixed.setter
    def _fixed(self, flag: bool) -> None:
        self._write("fixed", flag)

    @property
    def _domain(self) -> Any:
        return pyo.Integers if self._owner().integer else pyo.Reals

    @_domain.setter
    def _domain(self, domain: Any) -> None:
        if self._owner() is not None and domain is not self._domain:
            msg = f"{self.name}: say integer= where the ArrayVar is declared"
            raise FormulationError(msg)

    def _write(self, what: str, number: Any) -> None:
        owner = self._owner()
        if owner is not None:
            owner._write_at(what, self._position, number)


class ArrayVar(ArrayIndexed, IndexedVar):
    """Variables held as numpy arrays.

    Parameters
    ----------
    *sets : Pyomo sets
        Finite one-dimensional index sets; none for a scalar.
    lower, upper : array_like
        Bounds that broadcast to the shape of the sets; infinite where there is none.
    integer : bool
        Whether the variables take whole numbers only.
    operational : bool
        Whether the variables are outcomes of operation, such as a metered peak: never held fixed
        as sizes are while the hours are dispatched, even where they reach into other years.
    doc : str, optional
        Meaning and unit.

    Attributes
    ----------
    array : ndarray
        Values of the loaded solution, NaN where there is none.
    lower_bound, upper_bound : ndarray
        Bounds in the shape of the sets; assign to change them.
    fixed_mask : ndarray
        True where a variable is fixed, see `fix` and `unfix`.
    """

    _ComponentDataClass = ArrayVarElement

    def __init__(
        self,
        *sets: Any,
        lower: Any = 0.0,
        upper: Any = np.inf,
        integer: bool = False,
        operational: bool = False,
        name: str | None = None,
        doc: str = "",
    ) -> None:
        IndexedVar.__init__(self, *sets, dense=not sets, name=name, doc=doc)
        self.integer = integer
        self.operational = operational
        self._given = (lower, upper)

    def construct(self, data: Any = None) -> None:
        """Lay out the arrays; called by Pyomo when the variable is attached to a block."""
        if self._constructed:
            return
        self._constructed = True
        self._construct_axes()
        lower, upper = self._given
        self._state: dict[str, np.ndarray] = {
            "lower": self._bounds(-np.inf if lower is None else lower, "lower bounds"),
            "upper": self._bounds(np.inf if upper is None else upper, "upper bounds"),
            "values": np.broadcast_to(np.nan, self.shape),
            "fixed": np.broadcast_to(np.False_, self.shape),
        }

    def _bounds(self, bounds: Any, what: str) -> np.ndarray:
        array = self.broadcast(bounds, what)
        if np.isnan(array).any():
            msg = f"{self.name}: {what} hold NaN; say inf where there is no bound"
            raise FormulationError(msg)
        return array

    def _read_at(self, what: str, position: int) -> Any:
        return self._state[what][np.unravel_index(position, self.shape)].item()

    def _write_at(self, what: str, position: int, number: Any) -> None:
        array = self._state[what]
        if not array.flags.writeable:
            array = self._state[what] = array.copy()
        array[np.unravel_index(position, self.shape)] = number

    @property
    def array(self) -> np.ndarray:
        """Values in the shape of the sets; NaN where none was set or loaded."""
        return self._state["values"]

    @array.setter
    def array(self, values: Any) -> None:
        self._state["values"] = self.broadcast(values, "values")
        for element in self._data.values():
            element._stale = StaleFlagManager.get_flag(element._stale)

    @property
    def lower_bound(self) -> np.ndarray:
        """Lower bounds in the shape of the sets, -inf where there is none."""
        return self._state["lower"]

    @lower_bound.setter
    def lower_bound(self, bounds: Any) -> None:
        self._state["lower"] = self._bounds(bounds, "lower bounds")

    @property
    def upper_bound(self) -> np.ndarray:
        """Upper bounds in the shape of the sets, inf where there is none."""
        return self._state["upper"]

    @upper_bound.setter
    def upper_bound(self, bounds: Any) -> None:
        self._state["upper"] = self._bounds(bounds, "upper bounds")

    @property
    def fixed_mask(self) -> np.ndarray:
        """True where a variable is fixed at its value."""
        return self._state["fixed"]

    def fix(self, values: Any = None, skip_validation: bool = False, *, where: Any = True) -> None:
        """Fix the variables, at `values` or at those they have, where `where` is true."""
        mask = self.broadcast(where, "where", bool)
        if values is not None:
            self.array = np.where(mask, self.broadcast(values, "values"), self.array)
        if np.isnan(self.array[mask]).any():
            msg = f"{self.name}: fix() without values needs a value for every variable"
            raise FormulationError(msg)
        self._state["fixed"] = self.fixed_mask | mask

    def unfix(self) -> None:
        """Free all variables of the array."""
        self._state["fixed"] = np.broadcast_to(np.False_, self.shape)

    def _getitem_when_not_present(self, index: Any) -> Any:
        element = self._data[index] = ArrayVarElement(self, index, self.position(index))
        return element

    def _pprint(self) -> Any:
        headers = [("Size", len(self)), ("Index", self._index_set), ("Integer", self.integer)]
        return headers, (), ("Value",), None


class ScalarArrayVar(ArrayVarElement, ArrayVar):
    """One variable without an index."""

    def __init__(self, *sets: Any, **keywords: Any) -> None:
        ArrayVar.__init__(self, **keywords)
        ArrayVarElement.__init__(self, self, UnindexedComponent_index, 0)

    def construct(self, data: Any = None) -> None:
        """Lay out the arrays; called by Pyomo when the variable is attached to a block."""
        ArrayVar.construct(self, data)
        self._data[None] = self

    def fix(self, values: Any = None, skip_validation: bool = False, *, where: Any = True) -> None:
        """Fix the variable, at `values` or at the value it has."""
        ArrayVar.fix(self, values, where=where)

    def unfix(self) -> None:
        """Free the variable."""
        ArrayVar.unfix(self)


ArrayVar.scalar = ScalarArrayVar
