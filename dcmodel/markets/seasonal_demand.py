"""Seasonal demand charge: the monthly peak at the rate of its season."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo
from pydantic import model_validator

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.base.units import MONTHS_PER_YEAR
from dcmodel.components.base import FloatArray, SiteCase
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.inputs.time_of_use import refusal
from dcmodel.markets.base import MonthNumber, Rate, TariffForm, by_year, of_year, tariffs


@tariffs.register("seasonal_demand")
class SeasonalDemand(TariffForm):
    """Charge on the largest import of each month, by season; months of no season are free."""

    kind: ClassVar[str] = "seasonal_demand"

    seasons: dict[str, tuple[MonthNumber, ...]]
    """Months of each season, 1 to 12."""
    rate_usd_per_mw_month: dict[str, Rate]
    """Charge per MW of monthly peak in each season. [USD MW-1 month-1]"""

    @model_validator(mode="after")
    def _each_month_once(self) -> SeasonalDemand:
        if set(self.seasons) != set(self.rate_usd_per_mw_month):
            seasons, rates = ", ".join(self.seasons), ", ".join(self.rate_usd_per_mw_month)
            msg = f"seasons ({seasons}) and rates ({rates}) must have the same names"
            raise refusal(msg, ("rate_usd_per_mw_month",))
        taken: dict[int, str] = {}
        for name, months in self.seasons.items():
            for month in months:
                if month in taken:
                    msg = f"month {month} lies in {taken[month]} and in {name}; keep one"
                    raise refusal(msg, ("seasons", name))
                taken[month] = name
        return self

    def _season(self, month: int) -> str | None:
        return next((name for name, months in self.seasons.items() if month in months), None)

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return the peak of each month of a season."""
        for month, peak in meter.peaks().items():
            season = self._season(month)
            if season is not None:
                rate = of_year(self.rate_usd_per_mw_month[season], meter.position)
                yield BillItem.priced("demand", month, peak, "MW", rate, season)

    def rates(self, years: int) -> FloatArray:
        """Return the rate of each year and month [USD MW-1], shape (years, 12)."""
        rates = np.zeros((years, MONTHS_PER_YEAR))
        for name, months in self.seasons.items():
            for month in months:
                rates[:, month - 1] = by_year(self.rate_usd_per_mw_month[name], years)
        return rates

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the charge on the monthly peaks of the meter."""
        m = b.model()
        b.rate = ArrayParam(m.Y, m.M, values=self.rates(len(case.years)))

        @cost_term(b, m.Y, category="network", doc="Seasonal demand charge [USD]")
        def demand(b: pyo.Block, y: Any) -> Any:
            return sum(b.rate[y, month] * m.monthly_peak[y, month] for month in m.M)
