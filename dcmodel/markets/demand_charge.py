"""Demand charge: the largest import of each month, priced per MW."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.components.base import SiteCase
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.markets.base import MonthlyRate, TariffForm, by_month, of_month, tariffs


@tariffs.register("demand_charge")
class DemandCharge(TariffForm):
    r"""Monthly charge on metered demand, :math:`\sum_m r_{y,m} \max_{t \in m} g_t`."""

    kind: ClassVar[str] = "demand_charge"

    rate_usd_per_mw_month: MonthlyRate
    """Charge per MW of monthly peak. [USD MW-1 month-1]"""

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return the peak of each month."""
        for month, peak in meter.peaks().items():
            rate = of_month(self.rate_usd_per_mw_month, meter.position, month)
            yield BillItem.priced("demand", month, peak, "MW", rate)

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the charge on the monthly peaks of the meter."""
        m = b.model()
        rates = by_month(self.rate_usd_per_mw_month, len(case.years))
        b.rate = ArrayParam(m.Y, m.M, values=rates)

        @cost_term(b, m.Y, category="network", doc="Monthly demand charge [USD]")
        def demand(b: pyo.Block, y: Any) -> Any:
            return sum(b.rate[y, month] * m.monthly_peak[y, month] for month in m.M)
