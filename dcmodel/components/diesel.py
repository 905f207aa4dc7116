"""Diesel generators: emergency sets with fuel on site, by rule or sized with the rest."""

from __future__ import annotations

from typing import ClassVar, Literal

from dcmodel.base.schema import Fraction
from dcmodel.components.base import components
from dcmodel.components.generator import Generator, RedundancyName


@components.register("diesel")
class Diesel(Generator):
    """Emergency sets; without further settings bought by rule as N+1 and run for tests only.

    `permit: non_emergency` lets them run for the site's costs too, inside the permit's hours.
    """

    kind: ClassVar[str] = "diesel"
    title: ClassVar[str] = "Diesel generators"
    category: ClassVar[str] = "backup"
    in_reference: ClassVar[bool] = True

    sizing: Literal["rule", "optimised"] = "rule"
    """``rule``: the fewest units that carry the critical power; ``optimised``: what pays."""
    redundancy: RedundancyName = "N+1"
    """Spare units and groups: ``N``, ``N+1``, ``2N``, ``3N/2`` or a tier (``tier_3``)."""
    critical_share: Fraction = 1.0
    """Share of the design power that these units alone must carry through an outage. [1]"""
    permit: Literal["emergency", "non_emergency"] = "emergency"
    """Kind of permit: in an emergency permit running for the site's costs is narrowly limited."""

    def ordinary(self) -> Diesel:
        """Return sets by rule for the whole load, as backup is bought without a model."""
        own = {"sizing": "rule", "critical_share": 1.0, "capacity_max_mw": None, "order_year": None}
        return self if self.sizing == "rule" else self.model_copy(update=own)
