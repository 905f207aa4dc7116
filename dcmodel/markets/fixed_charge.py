"""Fixed charge: so much a month, whatever is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.base.units import DAYS_OF_MONTH
from dcmodel.components.base import SiteCase
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.markets.base import MonthlyPrice, TariffForm, by_month, of_month, tariffs


@tariffs.register("fixed_charge")
class FixedCharge(TariffForm):
    """Standing charge of a customer: metering, billing, a banded residual charge."""

    kind: ClassVar[str] = "fixed_charge"

    charge_usd_per_month: MonthlyPrice = 0.0
    """Charge of a month. [USD month-1]"""
    charge_usd_per_day: MonthlyPrice = 0.0
    """Charge of a day, on top. [USD d-1]"""

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return the charge of each month."""
        for month in meter.months:
            rate = of_month(self.charge_usd_per_month, meter.position, month)
            daily = of_month(self.charge_usd_per_day, meter.position, month)
            if rate or not daily:
                yield BillItem.priced("fixed", month, 1.0, "month", rate)
            if daily:
                days = DAYS_OF_MONTH[month - 1]
                yield BillItem.priced("fixed", month, days, "day", daily)

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the charge of each year."""
        m = b.model()
        years, months = len(case.years), np.unique(case.month)
        monthly = by_month(self.charge_usd_per_month, years)
        monthly = monthly + np.array(DAYS_OF_MONTH) * by_month(self.charge_usd_per_day, years)
        b.yearly = ArrayParam(m.Y, values=monthly[:, months].sum(axis=1))

        @cost_term(b, m.Y, category="network", doc="Fixed charges [USD]")
        def fixed(b: pyo.Block, y: Any) -> Any:
            return b.yearly[y]
