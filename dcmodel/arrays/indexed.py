"""What all array components share: axes, a shape, and elements on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from pyomo.core.base.indexed_component import UnindexedComponent_set

from dcmodel.arrays.axes import Axis, axis_of, index_tuples, one_dimensional_sets
from dcmodel.arrays.errors import FormulationError


def is_scalar_index(sets: tuple[Any, ...]) -> bool:
    """Whether a component declared over `sets` has no index."""
    return not sets or (len(sets) == 1 and sets[0] is UnindexedComponent_set)


class ArrayType(type):
    """Makes the class without an index for a declaration without sets.

    A metaclass, because Pyomo copies components through ``__new__`` without arguments.
    """

    scalar: type | None = None

    def __call__(cls, *sets: Any, **keywords: Any) -> Any:
        """Make a component; of the class `scalar` if there are no sets."""
        chosen = cls.scalar if cls.scalar is not None and is_scalar_index(sets) else cls
        return type.__call__(chosen, *sets, **keywords)


class ArrayIndexed(metaclass=ArrayType):
    """What the array components share: axes, a shape, and elements on demand."""

    axes: tuple[Axis, ...]
    sets: tuple[Any, ...]
    shape: tuple[int, ...]

    if TYPE_CHECKING:  # what every Pyomo component has
        name: str
        _constructed: bool
        _data: dict[Any, Any]
        _index_set: Any
        _anonymous_sets: Any
        parent_block: Callable[[], Any]
        model: Callable[[], Any]

    def _construct_axes(self) -> None:
        for anonymous in self._anonymous_sets or ():
            anonymous.construct()
        index_set, name = self._index_set, self.name
        self.sets = one_dimensional_sets(index_set, name)
        self.axes = tuple(axis_of(one) for one in self.sets)
        self.shape = tuple(axis.size for axis in self.axes)

    @property
    def size(self) -> int:
        """Number of elements of the array."""
        return int(np.prod(self.shape, dtype=np.int64))

    def position(self, index: Any) -> int:
        """Return the flat position of one index value."""
        flat = 0
        parts = index if isinstance(index, tuple) else (index,)
        for axis, part in zip(self.axes, parts if self.axes else (), strict=True):
            flat = flat * axis.size + int(axis.positions(part))
        return flat

    def broadcast(self, values: Any, what: str, dtype: Any = float) -> np.ndarray:
        """Return a copy of `values`, read-only, seen in the shape of the component."""
        try:
            array = np.array(values, dtype=dtype)
        except (TypeError, ValueError):
            msg = f"{self.name}: {what} are not an array of numbers: {values!r:.200}"
            raise FormulationError(msg) from None
        try:
            return np.broadcast_to(array, self.shape)
        except ValueError:
            msg = f"{self.name}: {what} have shape {array.shape}, which does not fit {self.shape}"
            raise FormulationError(msg) from None

    def __len__(self) -> int:
        return self.size if self._constructed else 0

    def __contains__(self, index: Any) -> bool:
        return index in self._index_set

    def keys(self, sort: Any = None, ordered: Any = None) -> Iterator[Any]:
        """Iterate over the index values in the order of the array."""
        return index_tuples(self.axes)
