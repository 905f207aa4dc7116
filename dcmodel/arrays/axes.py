"""Index sets as numpy axes: the members of a one-dimensional set and their positions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.base.indexed_component import UnindexedComponent_set

from dcmodel.arrays.errors import FormulationError


class Axis:
    """Members of a one-dimensional Pyomo set, in their order.

    Parameters
    ----------
    labels : sequence
        The members; a `range` for equally spaced integers.
    name : str
        Name of the set, for messages.
    """

    __slots__ = ("_array", "_lookup", "labels", "name", "size")

    def __init__(self, labels: Sequence[Any], name: str) -> None:
        self.labels = labels
        self.name = name
        self.size = len(labels)
        self._array: np.ndarray | None = None
        self._lookup: dict[Any, int] | None = None

    @property
    def array(self) -> np.ndarray:
        """The members as an array, shape (size,): integers, or objects where not all integers."""
        if self._array is None:
            if isinstance(self.labels, range) or all(type(k) is int for k in self.labels):
                self._array = np.asarray(self.labels, dtype=np.int64)
            else:
                self._array = np.empty(self.size, dtype=object)
                self._array[:] = self.labels
        return self._array

    def positions(self, values: Any) -> Any:
        """Return the positions of `values`, an array or a scalar, in the set.

        Raises
        ------
        IndexError
            If a value is not a member; the message names it.
        """
        if isinstance(self.labels, range):
            return self._positions_in_range(values, self.labels)
        if self._lookup is None:
            self._lookup = {label: k for k, label in enumerate(self.labels)}
        if not isinstance(values, np.ndarray):
            return self._find(values)
        found = [self._find(value) for value in values.ravel().tolist()]
        return np.array(found, dtype=np.intp).reshape(values.shape)

    def _find(self, value: Any) -> int:
        assert self._lookup is not None
        try:
            return self._lookup[value]
        except (KeyError, TypeError):
            raise IndexError(self._outside(value)) from None

    def _positions_in_range(self, values: Any, labels: range) -> Any:
        values = np.asarray(values)
        if values.dtype.kind not in "iub":
            if values.dtype.kind != "f" or not (values == np.rint(values)).all():
                raise IndexError(self._outside(values.ravel()[0] if values.size else None))
            values = values.astype(np.int64)
        offset = values - labels.start
        position = offset if labels.step == 1 else offset // labels.step
        outside = (position < 0) | (position >= self.size)
        if labels.step != 1:
            outside |= position * labels.step != offset
        if outside.any():
            raise IndexError(self._outside(values[outside].ravel()[0]))
        return position if position.ndim else int(position)

    def _outside(self, value: Any) -> str:
        span = f"{self.labels[0]!r} to {self.labels[-1]!r}" if self.size else "it is empty"
        shown = value.item() if isinstance(value, np.generic) else value
        return f"{shown!r} is not in set {self.name} ({span})"


def one_dimensional_sets(index_set: Any, owner: str) -> tuple[Any, ...]:
    """Return the one-dimensional sets whose product is `index_set`; none for a scalar."""
    if index_set is UnindexedComponent_set:
        return ()
    sets = (index_set,) if index_set.dimen == 1 else tuple(index_set.subsets())
    for one in sets:
        if one.dimen != 1 or not one.isfinite():
            msg = (
                f"{owner} is indexed by {one.name}, which is not a finite one-dimensional set; "
                "use a product of such sets with where=, or an ordinary Pyomo component"
            )
            raise FormulationError(msg)
    return sets


def axis_of(one: Any) -> Axis:
    """Return the axis of a finite one-dimensional Pyomo set."""
    if isinstance(one, pyo.RangeSet):
        ranges = list(one.ranges())
        if len(ranges) == 1 and ranges[0].step and type(ranges[0].step) is int:
            first, last, step = ranges[0].start, ranges[0].end, ranges[0].step
            if first == int(first):
                labels = range(int(first), int(last) + (1 if step > 0 else -1), step)
                return Axis(labels, one.name)
    return Axis(_as_range(tuple(one.data())), one.name)


def _as_range(labels: tuple[Any, ...]) -> Sequence[Any]:
    """Return equally spaced integers as a `range`, other members unchanged."""
    if not labels or not all(type(k) is int for k in labels):
        return labels
    step = labels[1] - labels[0] if len(labels) > 1 else 1
    if step == 0:
        return labels
    spaced = range(labels[0], labels[0] + step * len(labels), step)
    return spaced if all(a == b for a, b in zip(labels, spaced, strict=True)) else labels


def index_tuples(axes: Sequence[Axis]) -> Iterator[Any]:
    """Iterate over the index values of a component, in the order of its array."""
    if not axes:
        return iter((None,))
    if len(axes) == 1:
        return iter(axes[0].labels)
    return itertools.product(*(axis.labels for axis in axes))


@dataclass(frozen=True)
class Placed:
    """A placeholder bound to members of its set.

    Parameters
    ----------
    labels : ndarray or scalar
        The members, along the axis of the placeholder.
    positions : ndarray or int
        Their positions in `over`.
    over : Pyomo set or None
        The set of the placeholder, or None if unknown.
    depth : int or None
        The axis, counted from the last, if the whole set lies along it.
    """

    labels: Any
    positions: Any
    over: Any
    depth: int | None


def lift(array: np.ndarray, depth: int) -> np.ndarray:
    """Lay a vector along an axis counted from the last."""
    return array.reshape((-1,) + (1,) * depth)


def along(axis: Axis, over: Any, depth: int) -> Placed:
    """Lay a whole set along an axis counted from the last."""
    positions = np.arange(axis.size, dtype=np.int32)
    return Placed(lift(axis.array, depth), lift(positions, depth), over, depth)
