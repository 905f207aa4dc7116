"""Time-of-use energy: a price for each period of a calendar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo
from pydantic import model_validator

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.components.base import SiteCase
from dcmodel.finance.bill import Basis, BillItem, Meter
from dcmodel.inputs.time_of_use import TimeOfUse
from dcmodel.markets.base import MonthlyPrice, TariffForm, by_month, drawn, of_month, tariffs
from dcmodel.markets.periods import match_periods


@tariffs.register("time_of_use_energy")
class TimeOfUseEnergy(TariffForm):
    """Energy at the price of the period, by season, kind of day and hour of the local clock."""

    kind: ClassVar[str] = "time_of_use_energy"

    calendar: TimeOfUse
    """Periods of the tariff."""
    price_usd_per_mwh: dict[str, MonthlyPrice]
    """Price of energy in each period. [USD MWh-1]"""
    on: Basis = "purchased"
    """``purchased``: what no contract covers (supply); ``metered``: all import (network)."""

    @model_validator(mode="after")
    def _a_price_for_every_period(self) -> TimeOfUseEnergy:
        match_periods(self.calendar, self.price_usd_per_mwh, "price_usd_per_mwh")
        return self

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return the energy of each month and period."""
        energy, period = meter.energy(self.on), self.calendar.position(meter.time)
        for position, name in enumerate(self.calendar.periods):
            here = period == position
            for month, quantity in meter.by_month(energy, here).items():
                if (here & (meter.month == month)).any():
                    price = of_month(self.price_usd_per_mwh[name], meter.position, month)
                    yield BillItem.priced("energy", month, quantity, "MWh", price, name)

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the cost of energy."""
        m = b.model()
        years = len(case.years)
        table = np.stack(
            [by_month(self.price_usd_per_mwh[name], years) for name in self.calendar.periods]
        )
        time = case.clock.time
        hourly = table[self.calendar.position(time), :, np.asarray(time.month) - 1].T
        b.price = ArrayParam(m.Y, m.T, values=case.clock.mean(hourly))
        power = drawn(m, self.on)

        @cost_term(b, m.Y, category="energy", doc="Energy by time of use [USD]")
        def energy(b: pyo.Block, y: Any) -> Any:
            return sum(m.duration[t] * b.price[y, t] * power[y, t] for t in m.T)
