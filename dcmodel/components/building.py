"""Building, mechanical and electrical plant of the data centre, by MW of IT."""

from __future__ import annotations

from typing import ClassVar

import pyomo.environ as pyo

from dcmodel.components.base import Component, SiteCase, components
from dcmodel.components.staging import plant_cost, standing_it


@components.register("building")
class Building(Component):
    """Shell and plant at the market's build cost, staged with the installed IT.

    The build cost of a market includes standby power, which the diesel component sizes apart: the
    parameter ``standby_power_share`` takes it out of here so that it is not paid twice.
    """

    kind: ClassVar[str] = "building"

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the annuity and the fixed operating cost."""
        parameters = self.technology(case)
        per_mw = case.market.build_cost_usd_per_mw(case.currency_year)
        per_mw *= 1.0 - parameters.value("standby_power_share")
        plant_cost(b, case, parameters, standing_it(case) * per_mw, "Building and plant")
