"""Building, mechanical and electrical plant of the data centre, by MW of IT."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.components.base import Component, SiteCase, components
from dcmodel.finance.annuity import capital_recovery_factor


@components.register("building")
class Building(Component):
    """Shell and plant at the market's build cost, staged with the installed IT.

    The build cost of a market includes standby power, which the diesel component sizes apart: the
    parameter ``standby_power_share`` takes it out of here so that it is not paid twice.
    """

    kind: ClassVar[str] = "building"

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the annuity and the fixed operating cost."""
        m = b.model()
        parameters = self.technology(case)
        years = np.asarray(case.years)
        added = np.diff(np.maximum.accumulate(case.it_capacity), prepend=0.0)
        capex = case.market.build_cost_usd_per_mw(case.currency_year)
        capex *= 1.0 - parameters.value("standby_power_share")
        crf = capital_recovery_factor(case.discount_rate, parameters.value("lifetime"))
        stands = case.stands @ added
        b.annuity = ArrayParam(m.Y, values=stands * capex * crf)
        share = parameters.at("fixed_operation_share_of_capex", years)
        b.maintenance = ArrayParam(m.Y, values=stands * capex * share)

        @cost_term(b, m.Y, category="building", doc="Building and plant: annuity [USD]")
        def capital(b: pyo.Block, y: Any) -> Any:
            return b.annuity[y]

        @cost_term(b, m.Y, category="building", doc="Building and plant: operation [USD]")
        def operation(b: pyo.Block, y: Any) -> Any:
            return b.maintenance[y]
