"""Water for heat rejection, bought at the site's price."""

from __future__ import annotations

from typing import Any, ClassVar

import pyomo.environ as pyo

from dcmodel.arrays import array_expression, cost_term
from dcmodel.components.base import Component, SiteCase, components


@components.register("water_supply")
class WaterSupply(Component):
    """Make-up water of towers, adiabatic coolers and humidification, with its disposal."""

    kind: ClassVar[str] = "water_supply"

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the volume and its cost."""
        m = b.model()
        price = case.site.water_price_usd_per_m3(case.currency_year)

        @array_expression(b, m.Y, doc="Water bought [m3]")
        def volume(b: pyo.Block, y: Any) -> Any:
            return sum(m.duration[t] * m.water_use[y, t] for t in m.T)

        @cost_term(b, m.Y, category="water", doc="Water [USD]")
        def purchase(b: pyo.Block, y: Any) -> Any:
            return price * b.volume[y]
