"""A portfolio as arrays: candidate sites, what they may become, and the work of all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dcmodel.components.base import SiteCase
from dcmodel.optimise.capacity import CapacityCut, capacity_cuts
from dcmodel.profiles.segment import Segments, aggregate
from dcmodel.workload.routing import Group, Place

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SiteOption:
    """What a site may become, and what it costs to be there at all."""

    size_min: float
    """Smallest installed IT of a site that stands [MW]."""
    size_max: FloatArray
    """Largest installed IT [MW], shape (years,)."""
    annuity: float = 0.0
    """Yearly payment for what does not grow with size: land, planning, substation [USD]."""
    operation: float = 0.0
    """Yearly cost of standing: staff, network, licences [USD]."""
    must_stand: bool = False
    """Whether the site is part of every portfolio from its first possible year."""


@dataclass(frozen=True, eq=False)
class PortfolioCase:
    """Everything the model of a portfolio needs, as arrays."""

    name: str
    sites: tuple[SiteCase, ...]
    """Sites in the same years and hours; their installed IT and work are decided here."""
    options: tuple[SiteOption, ...]
    places: tuple[Place, ...]
    groups: tuple[Group, ...]
    expected_use: float
    """Mean work per installed IT, for which contracts are dimensioned [1]."""
    delay_cost: float = 0.0
    """Cost of waiting [USD MWh-1 h-1]."""
    survive_site_loss: bool = False
    """Whether interactive work is still served inside its limits with any one site lost."""
    lost_work: float = np.inf
    """Price of work that must be served and is not: a last resort, so that designs on the way can
    be compared. Infinite: none is dropped [USD MWh-1]."""
    cuts: tuple[CapacityCut, ...] | None = None
    """Capacity conditions of the hourly case; None takes those of this one."""

    @property
    def years(self) -> tuple[int, ...]:
        """Model years."""
        return self.sites[0].years

    @property
    def duration(self) -> FloatArray:
        """Hours of each step [h], shape (steps,)."""
        return self.sites[0].duration

    @property
    def discount_factor(self) -> FloatArray:
        """Present value of one USD of each year [1], shape (years,)."""
        return self.sites[0].discount_factor

    @cached_property
    def capacity_cuts(self) -> tuple[CapacityCut, ...]:
        """Capacity that sets of sites need."""
        if self.cuts is not None:
            return self.cuts
        names = [site.name for site in self.sites]
        return capacity_cuts(self.groups, names, self.duration, self.survive_site_loss)

    def segmented(self, segments: Segments) -> PortfolioCase:
        """Return the portfolio on segments of adjacent hours."""
        return replace(
            self,
            cuts=self.capacity_cuts,
            sites=tuple(site.segmented(segments) for site in self.sites),
            groups=tuple(
                replace(
                    group,
                    arrivals=aggregate(group.arrivals, segments),
                    backlog_max=aggregate(group.backlog_max, segments, "last"),
                    stream_arrivals=aggregate(group.stream_arrivals, segments),
                )
                for group in self.groups
            ),
        )
