"""How many generators are available: the states of the Markov chain and how they follow another.

A unit that is ready starts or not; a running unit fails at a constant rate and stays failed until
it is repaired. Units of a group are alike and independent but for a cause that keeps all of them
from starting, so that counting them is enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from dcmodel.reliability.system import GeneratorGroup

FloatArray = npt.NDArray[np.float64]

NEGLIGIBLE = 1e-9
"""Probability of a state that is left out; what would reach it counts as load lost."""


def started(group: GeneratorGroup) -> FloatArray:
    """Return the probability of each number of units that start, shape (units + 1,)."""
    count = np.arange(group.units + 1)
    ready = group.availability * (1.0 - group.failure_to_start)
    probability = (1.0 - group.common_start_failure) * binom.pmf(count, group.units, ready)
    probability[0] += group.common_start_failure
    return np.asarray(probability)


def failure_matrix(units: int, mean_time_to_failure: float, hours: float) -> FloatArray:
    """Return the probability that of ``n`` running units ``m`` still run after `hours`.

    Returns
    -------
    array of shape (units + 1, units + 1)
        Row ``n``, column ``m``.
    """
    count = np.arange(units + 1)
    survives = np.exp(-hours / mean_time_to_failure)
    return np.asarray(binom.pmf(count[None, :], count[:, None], survives))


def repair_matrix(units: int, mean_time_to_repair: float, hours: float) -> FloatArray:
    """Return the probability that ``n`` available units have become ``m`` by repair.

    Returns
    -------
    array of shape (units + 1, units + 1)
        Row ``n``, column ``m``.
    """
    count = np.arange(units + 1)
    repaired = -np.expm1(-hours / mean_time_to_repair)
    back = count[None, :] - count[:, None]
    return np.asarray(binom.pmf(back, (units - count)[:, None], repaired))


@dataclass(frozen=True)
class Configurations:
    """Numbers of available units that matter, one combination of the groups a state."""

    groups: tuple[GeneratorGroup, ...]
    kept: tuple[npt.NDArray[np.int64], ...]
    """Numbers of units kept, by group."""
    _cache: dict[tuple[float, float], FloatArray] = field(default_factory=dict, repr=False)

    @classmethod
    def reached(cls, groups: tuple[GeneratorGroup, ...], lengths: list[float]) -> Configurations:
        """Return the states that an outage of steps of these lengths reaches.

        Parameters
        ----------
        groups : tuple of GeneratorGroup
        lengths : list of float
            Lengths of the steps [h].
        """
        return cls(groups, tuple(_reached(group, lengths) for group in groups))

    @property
    def units(self) -> FloatArray:
        """Units available in each state, by group, shape (states, groups)."""
        if not self.kept:
            return np.zeros((1, 0))
        grids = np.meshgrid(*self.kept, indexing="ij")
        return np.stack([grid.ravel() for grid in grids], axis=1).astype(float)

    @property
    def first(self) -> FloatArray:
        """Probability of each state as the generators have started, shape (states,)."""
        parts = [started(g)[kept] for g, kept in zip(self.groups, self.kept, strict=True)]
        return reduce(_product, parts, np.ones(1))

    def transition(self, repair: float, run: float) -> FloatArray:
        """Return the probabilities of repair over `repair` hours and then running for `run` hours.

        Returns
        -------
        array of shape (states, states)
            Row: state before; column: state after. Rows sum to less than one where states are left
            out.
        """
        key = (round(repair, 9), round(run, 9))
        if key not in self._cache:
            parts = [
                _step(group, repair, run)[np.ix_(kept, kept)]
                for group, kept in zip(self.groups, self.kept, strict=True)
            ]
            self._cache[key] = reduce(_product, parts, np.ones((1, 1)))
        return self._cache[key]


def _product(first: FloatArray, second: FloatArray) -> FloatArray:
    return np.asarray(np.kron(first, second))


def _step(group: GeneratorGroup, repair: float, run: float) -> FloatArray:
    fails = failure_matrix(group.units, group.mean_time_to_failure, run)
    if repair <= 0 or not np.isfinite(group.mean_time_to_repair):
        return fails
    return repair_matrix(group.units, group.mean_time_to_repair, repair) @ fails


def _reached(group: GeneratorGroup, lengths: list[float]) -> npt.NDArray[np.int64]:
    """Return the numbers of units that an outage reaches with more than negligible probability."""
    probability = started(group)
    most = probability.copy()
    matrices: dict[tuple[float, float], FloatArray] = {}
    before = 0.0
    for length in lengths:
        key = (round(before, 9), round(length, 9))
        if key not in matrices:
            matrices[key] = _step(group, before, length)
        probability = probability @ matrices[key]
        most = np.maximum(most, probability)
        before = length
    return np.flatnonzero(most > NEGLIGIBLE)
