"""Hedged blocks: base and peak power bought forward, settled against the spot price."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.components.base import FloatArray, SiteCase
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.inputs.time_of_use import hours_of_day
from dcmodel.markets.base import (
    MonthlyPrice,
    MonthlyRate,
    TariffForm,
    by_month,
    of_month,
    tariffs,
)
from dcmodel.markets.rates import Varying

_SATURDAY = 5


@tariffs.register("hedged_blocks")
class HedgedBlocks(TariffForm):
    r"""Forward blocks beside a supply at the spot price.

    Notes
    -----
    A block of :math:`B` MW at price :math:`k` costs :math:`\sum_t w_t B (k - \pi_t)` over its
    hours: together with `spot_energy`, energy up to the block costs :math:`k`, and what the site
    does not draw of it is sold at the spot price. The blocks move no decision and all of the risk.
    """

    kind: ClassVar[str] = "hedged_blocks"
    profiles: ClassVar[tuple[str, ...]] = ("price_energy",)

    base_mw: MonthlyRate = 0.0
    """Power bought for all hours. [MW]"""
    base_price_usd_per_mwh: MonthlyPrice = 0.0
    """Price of the base block. [USD MWh-1]"""
    peak_mw: MonthlyRate = 0.0
    """Power bought for the peak hours, on top. [MW]"""
    peak_price_usd_per_mwh: MonthlyPrice = 0.0
    """Price of the peak block. [USD MWh-1]"""
    peak_hours: str = "8-20"
    """Local hours of the peak block."""
    peak_days: Literal["weekdays", "all"] = "weekdays"
    """Days of the peak block."""

    def _in_peak(self, time: pd.DatetimeIndex) -> npt.NDArray[np.bool_]:
        inside = np.isin(time.hour, hours_of_day(self.peak_hours))
        if self.peak_days == "weekdays":
            inside &= np.asarray(time.day_of_week) < _SATURDAY
        return np.asarray(inside)

    @staticmethod
    def _each(value: Varying, meter: Meter) -> FloatArray:
        """Return the value of each interval's month."""
        return meter.each_month(lambda month: of_month(value, meter.position, month))

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return the settlement of each block and month."""
        spot, everything = meter.series["price_energy"], np.ones(len(meter.time), dtype=bool)
        for block, inside, power, price in (
            ("base", everything, self.base_mw, self.base_price_usd_per_mwh),
            ("peak", self._in_peak(meter.time), self.peak_mw, self.peak_price_usd_per_mwh),
        ):
            energy = meter.hours * self._each(power, meter)
            if not energy.any():
                continue
            gain = meter.by_month(energy * (self._each(price, meter) - spot), inside)
            for month, quantity in meter.by_month(energy, inside).items():
                yield BillItem.valued("block less spot", month, quantity, "MWh", gain[month], block)

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the settlement of each year."""
        m = b.model()
        years, clock = len(case.years), case.clock
        spot = case.hourly_series("price_energy")
        cost, month = np.zeros(years), np.asarray(clock.time.month) - 1
        for inside, power, price in (
            (np.ones(len(clock.time)), self.base_mw, self.base_price_usd_per_mwh),
            (self._in_peak(clock.time), self.peak_mw, self.peak_price_usd_per_mwh),
        ):
            hours = inside * clock.hours
            bought = by_month(power, years)[:, month] * hours
            cost += (bought * (by_month(price, years)[:, month] - spot)).sum(axis=1)
        b.settlement = ArrayParam(m.Y, values=cost)

        @cost_term(b, m.Y, category="energy", doc="Forward blocks less spot [USD]")
        def blocks(b: pyo.Block, y: Any) -> Any:
            return b.settlement[y]
