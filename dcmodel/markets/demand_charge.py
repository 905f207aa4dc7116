"""Demand charge: the largest import of each month, priced per MW."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.components.base import Component, FloatArray, SiteCase
from dcmodel.finance.bill import demand_charge_bill
from dcmodel.markets.base import tariffs


@tariffs.register("demand_charge")
class DemandCharge(Component):
    r"""Monthly charge on metered demand, :math:`\sum_m r_y \max_{t \in m} g_t`."""

    kind: ClassVar[str] = "demand_charge"

    rate_usd_per_mw_month: tuple[float, ...]
    """Charge per MW of monthly peak, one value a year. [USD MW-1 month-1]"""

    def bill(
        self, case: SiteCase, y: int, meter: dict[str, FloatArray], local_time: pd.DatetimeIndex
    ) -> float:
        """Return the demand charges of a year [USD]."""
        rate = self.rate_usd_per_mw_month[y]
        bill = demand_charge_bill(meter["grid_import"], local_time, rate)
        return float(bill["total"].sum())

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the charge on the monthly peaks of the meter."""
        m = b.model()
        b.rate = ArrayParam(m.Y, values=np.asarray(self.rate_usd_per_mw_month, dtype=float))

        @cost_term(b, m.Y, category="network", doc="Monthly demand charge [USD]")
        def demand(b: pyo.Block, y: Any) -> Any:
            return b.rate[y] * sum(m.monthly_peak[y, month] for month in m.M)
