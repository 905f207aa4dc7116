"""Tiered demand: steps of the monthly peak, each at its own rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyomo.environ as pyo
from pydantic import model_validator

from dcmodel.arrays import cost_term
from dcmodel.base.units import MONTHS_PER_YEAR
from dcmodel.components.base import SiteCase
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.inputs.time_of_use import TimeOfUse
from dcmodel.markets.base import MonthlyRate, MonthNumber, TariffForm, of_month, tariffs
from dcmodel.markets.periods import period_peaks, refuse_period
from dcmodel.markets.tiers import in_tiers, monthly_prices_of, refuse_tiers, split_in_tiers

ALL_MONTHS = tuple(range(1, MONTHS_PER_YEAR + 1))


@tariffs.register("tiered_demand")
class TieredDemand(TariffForm):
    """Monthly peak by tiers: the first MW at one rate, the next at another."""

    kind: ClassVar[str] = "tiered_demand"

    limits_mw: tuple[float, ...]
    """Upper ends of all tiers but the last, rising. [MW]"""
    rates_usd_per_mw_month: tuple[MonthlyRate, ...]
    """Charge per MW of peak in each tier. [USD MW-1 month-1]"""
    months: tuple[MonthNumber, ...] = ALL_MONTHS
    """Months that are charged."""
    calendar: TimeOfUse | None = None
    """Periods, where only the peak of one is charged."""
    period: str | None = None
    """Period whose peak is charged; that of all hours when left out."""

    @model_validator(mode="after")
    def _sound(self) -> TieredDemand:
        fields = ("limits_mw", "rates_usd_per_mw_month")
        refuse_tiers(self.limits_mw, self.rates_usd_per_mw_month, fields)
        refuse_period(self.calendar, self.period)
        return self

    def _counts(self, time: pd.DatetimeIndex) -> npt.NDArray[np.bool_] | None:
        if self.calendar is None or self.period is None:
            return None
        return self.calendar.position(time) == self.calendar.periods.index(self.period)

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return the peak of each month by tier."""
        for month, peak in meter.peaks(self._counts(meter.time)).items():
            if month not in self.months:
                continue
            for k, part in enumerate(in_tiers(peak, self.limits_mw)):
                if part > 0:
                    rate = of_month(self.rates_usd_per_mw_month[k], meter.position, month)
                    name = (
                        f"tier {k + 1}" if self.period is None else f"{self.period}, tier {k + 1}"
                    )
                    yield BillItem.priced("demand", month, part, "MW", rate, name)

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the peak of each tier and its cost."""
        m = b.model()
        years = len(case.years)
        inside = self._counts(case.clock.time)
        of_period = None if inside is None else period_peaks(b, case, {"peak": inside})
        b.C = pyo.RangeSet(0, MONTHS_PER_YEAR - 1)

        def peak(y: Any, c: Any) -> Any:
            return m.monthly_peak[y, c] if of_period is None else of_period["peak", y, c]

        charged = np.isin(np.arange(MONTHS_PER_YEAR) + 1, self.months)
        b.charged = pyo.Set(initialize=np.flatnonzero(charged).tolist(), ordered=True)
        most = np.broadcast_to(case.grid_available[:, None], (years, MONTHS_PER_YEAR))
        # months that are not charged ask for no order of the tiers
        prices = monthly_prices_of(self.rates_usd_per_mw_month, years) * charged[:, None]
        split_in_tiers(b, b.C, peak, most, self.limits_mw, prices, "MW")

        @cost_term(b, m.Y, category="network", doc="Demand by tiers [USD]")
        def tiers(b: pyo.Block, y: Any) -> Any:
            return sum(b.price[y, c, k] * b.part[y, c, k] for c in b.charged for k in b.K)
