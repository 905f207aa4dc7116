"""Power distribution inside the site: tiers of paths from the switchgear to the racks."""

from __future__ import annotations

from typing import ClassVar, Literal, get_args

import numpy as np
import pyomo.environ as pyo

from dcmodel.components.base import Component, FloatArray, SiteCase, components
from dcmodel.components.staging import plant_cost, plant_rates, standing_it
from dcmodel.reliability.distribution import Distribution, DistributionOffer, PathPart

Tier = Literal["tier_1", "tier_2", "tier_3", "tier_4"]
TIERS: tuple[str, ...] = get_args(Tier)
"""Tiers, each better than those before."""
TWO_PATHS = ("tier_3", "tier_4")
"""Tiers with a second path: each is maintained while the other carries the load."""
BY_HAND = ("tier_3",)
"""Tiers whose second path is thrown in by hand after a failure of the first."""


@components.register("power_distribution")
class PowerDistribution(Component):
    """Paths from the switchgear to the racks, by tier: what they cost and how often they fail.

    The optimisation pays for them only. With this component, the availability of a site is that of
    the power at its racks: supply (grid and backup) and distribution together; without it, that of
    the supply alone.
    """

    kind: ClassVar[str] = "power_distribution"

    def acts_after(self, parameter: str) -> bool:
        """Return True: parts decide how often racks go dark, and other tiers the next nine."""
        return True

    tier: Tier = "tier_3"
    """One path (``tier_1``, ``tier_2``), two (``tier_3``), or two that both carry (``tier_4``)."""

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare what the tier costs beyond, or less than, the market's build cost."""
        plant_cost(
            b, case, self.technology(case), self._extra(case, self.tier), "Power distribution"
        )

    def distributions(self, case: SiteCase) -> tuple[DistributionOffer, ...]:
        """Return the paths of the tier, then those of higher tiers at what they cost more."""
        annuity, operation = plant_rates(case, self.technology(case))
        own = self._extra(case, self.tier)
        return tuple(
            DistributionOffer(
                self._paths(case, tier), (annuity + operation) * (self._extra(case, tier) - own)
            )
            for tier in TIERS[TIERS.index(self.tier) :]
        )

    def _extra(self, case: SiteCase, tier: str) -> FloatArray:
        """Return the capital of a tier that stands beyond the market's [USD], shape (years,)."""
        share = self.technology(case).value(f"extra_capex_{tier}")
        build_cost = case.market.build_cost_usd_per_mw(case.currency_year)
        return np.asarray(share * build_cost * standing_it(case))

    def _paths(self, case: SiteCase, tier: str) -> Distribution:
        """Return the paths of a tier."""
        p = self.technology(case)
        counts = {
            "transformer": 1.0,
            "breaker": p.value("breakers_in_series"),
            "switchboard": p.value("switchboards_in_series"),
            "ups": 1.0,
            "busway": 1.0,
        }
        parts = tuple(
            PathPart(p.value(f"{name}_time_to_failure"), p.value(f"{name}_time_to_repair"), count)
            for name, count in counts.items()
        )
        two = tier in TWO_PATHS
        return Distribution(
            name=tier,
            parts=parts,
            paths=2 if two else 1,
            maintenance=p.value(f"maintenance_{tier}"),
            common_share=p.value("common_share") if two else 0.0,
            transfer=p.value("transfer_time") if tier in BY_HAND else None,
        )
