"""Linear expressions over whole index sets, and what their variables stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dcmodel.arrays.declare import ArrayVar


@dataclass
class Linear:
    """A linear expression over the current axes.

    Parameters
    ----------
    constant : float or ndarray
        Part without variables.
    terms : list of (columns, coefficients)
        Integer columns and their coefficients; both broadcast over the axes.
    """

    constant: Any = 0.0
    terms: list[tuple[Any, Any]] = field(default_factory=list)


class Columns:
    """Variables as columns of the linear program."""

    def __init__(self) -> None:
        self.start: dict[int, int] = {}
        self.tables: dict[int, np.ndarray] = {}

    def of_array(self, variable: ArrayVar, positions: Sequence[Any]) -> Any:
        """Return the elements of an array variable at broadcasting positions."""
        flat: Any = 0
        for size, position in zip(variable.shape, positions, strict=True):
            flat = flat * size + position
        return Linear(0.0, [(self.start[id(variable)] + flat, 1.0)])

    def of_element(self, element: Any) -> Any:
        """Return a single variable."""
        owner = element.parent_component()
        if isinstance(owner, ArrayVar):
            column = self.start[id(owner)] + element._position
        else:
            column = self.start[id(element)]
        return Linear(0.0, [(column, 1.0)])


class Values:
    """Variables as the values they hold, or as those of a given solution.

    Parameters
    ----------
    arrays : callable
        Returns the values of an array variable in its shape.
    element : callable
        Returns the value of a single variable.
    """

    def __init__(
        self, arrays: Callable[[Any], np.ndarray], element: Callable[[Any], float]
    ) -> None:
        self._arrays = arrays
        self._element = element

    def of_array(self, variable: ArrayVar, positions: Sequence[Any]) -> Any:
        """Return the elements of an array variable at broadcasting positions."""
        return self._arrays(variable)[tuple(positions)]

    def of_element(self, element: Any) -> Any:
        """Return a single variable."""
        return self._element(element)


def _is_zero(number: Any) -> bool:
    return isinstance(number, int | float) and number == 0


def add(total: Linear, part: Any) -> None:
    """Add a number, an array or a linear expression to `total`."""
    if isinstance(part, Linear):
        total.terms += part.terms
        part = part.constant
    if not _is_zero(part):
        total.constant = part if _is_zero(total.constant) else total.constant + part


def scaled(value: Any, factor: Any) -> Any:
    """Return a number, an array or a linear expression times a constant."""
    if not isinstance(value, Linear):
        return value * factor
    constant = 0.0 if _is_zero(value.constant) else value.constant * factor
    terms = []
    for columns, coefficients in value.terms:
        one = isinstance(coefficients, float) and coefficients == 1.0
        terms.append((columns, factor if one else coefficients * factor))
    return Linear(constant, terms)


def _extent(array: Any, depth: int) -> int:
    """Return the length of an array along an axis counted from the last; 1 if it has none."""
    shape = np.shape(array)
    return shape[-1 - depth] if len(shape) > depth else 1


def summed(value: Any, depth: int, size: int) -> Any:
    """Sum over one axis: constants are added up, terms keep the axis or are multiplied."""
    if not isinstance(value, Linear):
        if _extent(value, depth) == 1 and size != 1:
            return value * size
        return value.sum(axis=-1 - depth, keepdims=True) if np.ndim(value) > depth else value
    constant = value.constant if _is_zero(value.constant) else summed(value.constant, depth, size)
    terms = []
    for columns, coefficients in value.terms:
        alone = max(_extent(columns, depth), _extent(coefficients, depth)) == 1
        terms.append((columns, coefficients * size if alone and size != 1 else coefficients))
    return Linear(constant, terms)


def flat(values: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return a constant of the rows as a vector, one number a row."""
    array = np.asarray(values, dtype=float)
    if array.ndim > len(shape):  # axes of finished sums, all of length one
        array = array.reshape(array.shape[array.ndim - len(shape) :])
    return np.broadcast_to(array, shape).reshape(-1)
