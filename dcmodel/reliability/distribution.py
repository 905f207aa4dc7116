"""Power distribution inside a site: how long its paths leave the racks without power."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.base.units import HOURS_PER_YEAR
from dcmodel.reliability.intervals import availability_of

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PathPart:
    """Like parts in series on one path; each fails and is repaired by itself."""

    time_to_failure: float
    """Mean, of one of them [h]."""
    time_to_repair: float
    """Mean [h]."""
    count: float = 1.0
    """How many stand in series [1]."""

    @property
    def availability(self) -> float:
        """Share of time in which all of them work [1]."""
        one = self.time_to_failure / (self.time_to_failure + self.time_to_repair)
        return 1.0 if math.isinf(self.time_to_failure) else float(one**self.count)


@dataclass(frozen=True)
class Distribution:
    r"""One path to a rack, or two like ones.

    Notes
    -----
    A path of parts :math:`i` in series is down for the share :math:`u = 1 - \prod_i A_i` of the
    time and fails :math:`f = (1 - u) \sum_i 1 / \mathrm{MTTF}_i` times an hour; it is shut for
    maintenance for the share :math:`m`. One path leaves the rack dark whenever it is down or shut.
    Of two, the share :math:`\beta` of failures takes both; the others are independent, with
    :math:`u' = (1 - \beta) u` and :math:`f' = (1 - \beta) f`, and are not maintained together. The
    rack is dark for

    .. math::
       \beta u + (1 - 2 m) u'^2 + 2 m u'

    of the time and goes dark :math:`\beta f + 2 f' ((1 - 2 m) u' + m)` times an hour. Where the
    second path is thrown in by hand, each failure of the path in use leaves it dark for the
    transfer. Every time it goes dark, it serves again a restart later.
    """

    name: str
    parts: tuple[PathPart, ...]
    """Of one path."""
    paths: int
    """One or two [1]."""
    maintenance: float
    """Hours a year that each path is shut [h yr-1]."""
    common_share: float = 0.0
    """Share of failures that take both paths [1]."""
    transfer: float | None = None
    """Hours until the second path is thrown in by hand; None where both carry at once [h]."""

    def __post_init__(self) -> None:
        if self.paths not in (1, 2):
            msg = f"a distribution has one path or two, not {self.paths}"
            raise ValueError(msg)

    @property
    def down(self) -> float:
        """Share of time in which one path is failed [1]."""
        return 1.0 - math.prod(part.availability for part in self.parts)

    @property
    def failures(self) -> float:
        """Failures of one path a year [yr-1]."""
        rate = sum(part.count / part.time_to_failure for part in self.parts)
        return HOURS_PER_YEAR * (1.0 - self.down) * rate

    def losses(self) -> float:
        """Return how often a year a rack goes dark without being shut for maintenance [yr-1]."""
        if self.paths == 1:
            return self.failures
        down, failures = self._alone()
        shut = self.maintenance / HOURS_PER_YEAR
        both = 2.0 * failures * ((1.0 - 2.0 * shut) * down + shut)
        by_hand = failures if self.transfer is not None else 0.0
        return self.common_share * self.failures + both + by_hand

    def hours(self, restart: float = 0.0) -> float:
        """Return the hours a year in which a rack is dark [h].

        Parameters
        ----------
        restart : float
            From the return of power until what went dark serves again [h].
        """
        dark = self.losses() * restart
        if self.paths == 1:
            return HOURS_PER_YEAR * self.down + self.maintenance + dark
        down, failures = self._alone()
        shut = self.maintenance / HOURS_PER_YEAR
        both = (1.0 - 2.0 * shut) * down**2 + 2.0 * shut * down
        share = self.common_share * self.down + both
        return HOURS_PER_YEAR * share + failures * (self.transfer or 0.0) + dark

    def value(self, restart: float = 0.0) -> float:
        """Return the share of time in which a rack has power, if the site has [1]."""
        return availability_of(self.hours(restart))

    def short_of(self, target: float, restart: float = 0.0) -> str:
        """Return why an availability at the racks is out of reach [1], or nothing if it is not.

        It is where the paths alone, with a supply that never fails, lose more.
        """
        if self.value(restart) > target:
            return ""
        return (
            f"{target:.8g} is not reached: the power distribution ({self.name}) alone has "
            f"{self.value(restart):.8g}, {60 * self.hours(restart):.3g} min lost a year; choose a "
            "higher tier of power_distribution, or ask for less"
        )

    def _alone(self) -> tuple[float, float]:
        """Return share of time down and failures a year of one path, without the common ones."""
        own = 1.0 - self.common_share
        return own * self.down, own * self.failures


@dataclass(frozen=True)
class DistributionOffer:
    """Paths that a site has, or might have instead."""

    paths: Distribution
    cost: FloatArray
    """Beyond that of the paths it has [USD yr-1], shape (years,)."""
