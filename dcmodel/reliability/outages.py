"""Outages of the grid: how often, how long, when in the year, and what else they take with them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from dcmodel.base.errors import Fault, StudyError
from dcmodel.reliability.system import BackupSystem

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Duration:
    """Length of an outage.

    Repairs of a network are lognormal: most are short, a few are long.
    """

    mean: float
    """Mean length [h]."""
    form: Literal["fixed", "exponential", "lognormal"] = "exponential"
    variation: float = 1.0
    """Standard deviation over the mean, of the lognormal form [1]."""

    @property
    def _sigma(self) -> float:
        return math.sqrt(math.log1p(self.variation**2))

    @property
    def _mu(self) -> float:
        return math.log(self.mean) - 0.5 * self._sigma**2

    def longer(self, hours: FloatArray | float) -> FloatArray:
        """Return the probability that an outage lasts longer than `hours`."""
        hours = np.asarray(hours, dtype=float)
        if self.form == "fixed":
            return np.asarray(hours < self.mean, dtype=float)
        if self.form == "exponential":
            return np.exp(-hours / self.mean)
        with np.errstate(divide="ignore"):
            return np.asarray(ndtr((self._mu - np.log(hours)) / self._sigma))

    def mean_until(self, hours: FloatArray | float) -> FloatArray:
        """Return the mean of the length, cut off at `hours` [h]."""
        hours = np.asarray(hours, dtype=float)
        if self.form == "fixed":
            return np.minimum(hours, self.mean)
        if self.form == "exponential":
            return -self.mean * np.expm1(-hours / self.mean)
        with np.errstate(divide="ignore"):
            z = (np.log(hours) - self._mu) / self._sigma
        return np.asarray(self.mean * ndtr(z - self._sigma) + hours * ndtr(-z))

    def quantile(self, share: float) -> float:
        """Return the length that `share` of the outages do not exceed [h]."""
        if self.form == "fixed":
            return self.mean
        if self.form == "exponential":
            return -self.mean * math.log1p(-share)
        return math.exp(self._mu + self._sigma * float(ndtri(share)))

    def draw(self, rng: np.random.Generator, count: int) -> FloatArray:
        """Return lengths drawn at random [h], shape (count,)."""
        if self.form == "fixed":
            return np.full(count, self.mean)
        if self.form == "exponential":
            return rng.exponential(self.mean, count)
        return rng.lognormal(self._mu, self._sigma, count)


@dataclass(frozen=True)
class OutageCause:
    """One reason for which the grid fails, and what the reason does to the backup."""

    name: str
    rate: float
    """Mean number of outages a year [yr-1]."""
    duration: Duration
    weight: FloatArray | None = None
    """Relative frequency by hour of the year; every hour alike when left out, shape (hours,)."""
    start_failure_factor: float = 1.0
    """Factor on the failure to start, as in deep cold [1]."""
    groups_lost: tuple[str, ...] = ()
    """Generator groups that the same cause may take, as a gas network that freezes."""
    loss_probability: float = 0.0
    """Probability that it does [1]."""
    resupply: bool = True
    """Whether fuel is delivered during such an outage."""

    def share(self, hours: int) -> FloatArray:
        """Return the probability that an outage begins in each hour of the year."""
        if self.weight is None:
            return np.full(hours, 1.0 / hours)
        return self.weight / self.weight.sum()

    def systems(self, system: BackupSystem) -> list[tuple[float, BackupSystem]]:
        """Return the backup as this cause leaves it: probabilities and systems."""
        groups = tuple(
            replace(
                group,
                failure_to_start=min(1.0, group.failure_to_start * self.start_failure_factor),
                resupply_after=group.resupply_after if self.resupply else math.inf,
            )
            for group in system.generators
        )
        usual = replace(system, generators=groups)
        if not self.loss_probability or not set(self.groups_lost) & {g.name for g in groups}:
            return [(1.0, usual)]
        left = tuple(
            replace(group, units=0) if group.name in self.groups_lost else group for group in groups
        )
        branches = [
            (1.0 - self.loss_probability, usual),
            (self.loss_probability, replace(system, generators=left)),
        ]
        return [(p, branch) for p, branch in branches if p > 0]


@dataclass(frozen=True)
class GridOutages:
    """All reasons for which the grid fails, independent of one another."""

    causes: tuple[OutageCause, ...]

    @property
    def rate(self) -> float:
        """Mean number of outages a year [yr-1]."""
        return sum(cause.rate for cause in self.causes)

    @property
    def hours(self) -> float:
        """Mean hours without grid a year [h]."""
        return sum(cause.rate * cause.duration.mean for cause in self.causes)

    def check(self, hours: int) -> None:
        """Refuse outages that cannot be, all faults at once.

        Raises
        ------
        StudyError
        """
        faults = []
        for cause in self.causes:
            tests = [
                ("rate", cause.rate, cause.rate >= 0, "0 a year or more"),
                ("duration.mean", cause.duration.mean, cause.duration.mean > 0, "above 0 h"),
                ("duration.variation", cause.duration.variation, cause.duration.variation > 0,
                 "above 0"),
                ("loss_probability", cause.loss_probability, 0 <= cause.loss_probability <= 1,
                 "0 to 1"),
                ("start_failure_factor", cause.start_failure_factor,
                 cause.start_failure_factor >= 0, "0 or more"),
            ]  # fmt: skip
            faults += [
                Fault(f"{cause.name}.{key}", f"found {value:g}; allowed is {words}")
                for key, value, good, words in tests
                if not good
            ]
            weight = cause.weight
            if weight is not None and (
                weight.shape != (hours,) or weight.min() < 0 or weight.sum() <= 0
            ):
                text = f"needed are {hours} weights from 0 that do not all vanish"
                faults.append(Fault(f"{cause.name}.weight", text))
        if faults:
            raise StudyError(faults)
