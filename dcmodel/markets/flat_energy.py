"""Flat energy: one price for every hour of a month."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.components.base import SiteCase
from dcmodel.finance.bill import Basis, BillItem, Meter
from dcmodel.markets.base import MonthlyPrice, TariffForm, by_month, drawn, of_month, tariffs


@tariffs.register("flat_energy")
class FlatEnergy(TariffForm):
    """Energy at one price: a fixed-price supply, a network energy charge, a levy or a tax."""

    kind: ClassVar[str] = "flat_energy"

    price_usd_per_mwh: MonthlyPrice
    """Price of energy. [USD MWh-1]"""
    on: Basis = "purchased"
    """``purchased``: what no contract covers (supply); ``metered``: all import (network, tax)."""

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return the energy of each month."""
        for month, energy in meter.by_month(meter.energy(self.on)).items():
            price = of_month(self.price_usd_per_mwh, meter.position, month)
            yield BillItem.priced("energy", month, energy, "MWh", price)

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the cost of energy."""
        m = b.model()
        prices = by_month(self.price_usd_per_mwh, len(case.years))
        b.price = ArrayParam(m.Y, m.T, values=prices[:, case.month])
        power = drawn(m, self.on)

        @cost_term(b, m.Y, category="energy", doc="Energy at a flat price [USD]")
        def energy(b: pyo.Block, y: Any) -> Any:
            return sum(m.duration[t] * b.price[y, t] * power[y, t] for t in m.T)
