"""Tiered energy: blocks of a month's or a year's energy, each at its own price."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyomo.environ as pyo
from pydantic import model_validator

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.base.units import MONTHS_PER_YEAR
from dcmodel.components.base import SiteCase
from dcmodel.finance.bill import Basis, BillItem, Meter
from dcmodel.inputs.time_of_use import TimeOfUse, refusal
from dcmodel.markets.base import MonthlyPrice, TariffForm, drawn, of_month, tariffs
from dcmodel.markets.periods import refuse_period
from dcmodel.markets.rates import ByMonth
from dcmodel.markets.tiers import (
    in_tiers,
    monthly_prices_of,
    prices_of,
    refuse_tiers,
    split_in_tiers,
)


@tariffs.register("tiered_energy")
class TieredEnergy(TariffForm):
    r"""Energy by tiers: the first :math:`L_1` MWh at one price, the next at another.

    Prices that rise (conservation tariffs) are linear; prices that fall (volume rebates, degressive
    taxes) need a whole number for every tier above the first.
    """

    kind: ClassVar[str] = "tiered_energy"

    limits_mwh: tuple[float, ...]
    """Upper ends of all tiers but the last, rising. [MWh]"""
    prices_usd_per_mwh: tuple[MonthlyPrice, ...]
    """Price of energy in each tier. [USD MWh-1]"""
    per: Literal["month", "year"] = "month"
    """What the tiers count."""
    on: Basis = "purchased"
    """``purchased``: what no contract covers (supply); ``metered``: all import (network, tax)."""
    calendar: TimeOfUse | None = None
    """Periods, where only the energy of one is counted."""
    period: str | None = None
    """Period whose energy is counted; all energy when left out."""

    @model_validator(mode="after")
    def _sound(self) -> TieredEnergy:
        refuse_tiers(self.limits_mwh, self.prices_usd_per_mwh, ("limits_mwh", "prices_usd_per_mwh"))
        refuse_period(self.calendar, self.period)
        for position, price in enumerate(self.prices_usd_per_mwh):
            if self.per == "year" and isinstance(price, ByMonth):
                msg = "tiers of a year's energy have no prices by month; give per: month, or a year"
                raise refusal(msg, ("prices_usd_per_mwh", position))
        return self

    def _counts(self, time: pd.DatetimeIndex) -> npt.NDArray[np.bool_]:
        if self.calendar is None or self.period is None:
            return np.ones(len(time), dtype=bool)
        return self.calendar.position(time) == self.calendar.periods.index(self.period)

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return the energy of each tier, by month or in the last month of a year."""
        energy = meter.by_month(meter.energy(self.on), self._counts(meter.time))
        if self.per == "year":
            energy = {meter.months[-1]: sum(energy.values())}
        for month, quantity in energy.items():
            for k, part in enumerate(in_tiers(quantity, self.limits_mwh)):
                if part > 0:
                    price = of_month(self.prices_usd_per_mwh[k], meter.position, month)
                    name = (
                        f"tier {k + 1}" if self.period is None else f"{self.period}, tier {k + 1}"
                    )
                    yield BillItem.priced("energy", month, part, "MWh", price, name)

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the energy of each tier and its cost."""
        m = b.model()
        years = len(case.years)
        hours = case.clock.total(self._counts(case.clock.time) * case.clock.hours)
        parts = MONTHS_PER_YEAR if self.per == "month" else 1
        b.C = pyo.RangeSet(0, parts - 1)
        part_of = case.month if self.per == "month" else np.zeros_like(case.month)
        inside = np.where(np.arange(parts)[:, None] == part_of, hours, 0.0)
        b.inside = ArrayParam(b.C, m.T, values=inside)
        power = drawn(m, self.on)
        most = np.asarray(m.grid_import.upper_bound) @ inside.T

        def energy(y: Any, c: Any) -> Any:
            return sum(b.inside[c, t] * power[y, t] for t in m.T)

        prices = (
            monthly_prices_of(self.prices_usd_per_mwh, years)
            if self.per == "month"
            else prices_of(self.prices_usd_per_mwh, years)[:, None]
        )
        split_in_tiers(b, b.C, energy, most, self.limits_mwh, prices, "MWh")

        @cost_term(b, m.Y, category="energy", doc="Energy by tiers [USD]")
        def tiers(b: pyo.Block, y: Any) -> Any:
            return sum(b.price[y, c, k] * b.part[y, c, k] for c in b.C for k in b.K)
