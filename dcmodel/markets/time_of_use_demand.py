"""Time-of-use demand charge: the largest import of each month inside each period."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo
from pydantic import model_validator

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.components.base import SiteCase
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.inputs.time_of_use import TimeOfUse
from dcmodel.markets.base import MonthlyRate, TariffForm, by_month, of_month, tariffs
from dcmodel.markets.periods import match_periods, period_peaks
from dcmodel.markets.rates import numbers


@tariffs.register("time_of_use_demand")
class TimeOfUseDemand(TariffForm):
    r"""Charge on the peak of each month and period: :math:`\sum_{m,p} r_p \max_{t \in m,p} g_t`."""

    kind: ClassVar[str] = "time_of_use_demand"

    calendar: TimeOfUse
    """Periods of the tariff."""
    rate_usd_per_mw_month: dict[str, MonthlyRate]
    """Charge per MW of the month's peak in each period; 0 leaves it free. [USD MW-1 month-1]"""

    @model_validator(mode="after")
    def _a_rate_for_every_period(self) -> TimeOfUseDemand:
        match_periods(self.calendar, self.rate_usd_per_mw_month, "rate_usd_per_mw_month")
        return self

    @property
    def _charged(self) -> list[str]:
        rates = self.rate_usd_per_mw_month
        return [name for name in self.calendar.periods if any(numbers(rates[name]))]

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return the peak of each month and period."""
        period = self.calendar.position(meter.time)
        for name in self._charged:
            here = period == self.calendar.periods.index(name)
            for month, peak in meter.peaks(here).items():
                if (here & (meter.month == month)).any():
                    rate = of_month(self.rate_usd_per_mw_month[name], meter.position, month)
                    yield BillItem.priced("demand", month, peak, "MW", rate, name)

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the peak of each period and its charge."""
        m = b.model()
        if not self._charged:
            return
        period = self.calendar.position(case.clock.time)
        names = self._charged
        period_peaks(b, case, {name: period == self.calendar.periods.index(name) for name in names})
        years = len(case.years)
        rates = np.stack([by_month(self.rate_usd_per_mw_month[name], years) for name in names])
        b.rate = ArrayParam(b.P, m.Y, m.M, values=rates)

        @cost_term(b, m.Y, category="network", doc="Demand charge by time of use [USD]")
        def demand(b: pyo.Block, y: Any) -> Any:
            return sum(b.rate[p, y, month] * b.peak[p, y, month] for p in b.P for month in m.M)
