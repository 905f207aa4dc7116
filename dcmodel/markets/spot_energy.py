"""Spot energy: wholesale price with losses and adders; surplus sold back less a fee."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.base.schema import Fraction, UsdPerMwh
from dcmodel.components.base import FloatArray, SiteCase
from dcmodel.components.contract import RESALE
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.markets.base import MonthlyPrice, TariffForm, by_month, of_month, tariffs


@tariffs.register("spot_energy")
class SpotEnergy(TariffForm):
    r"""Energy at the hourly wholesale price.

    Notes
    -----
    With price :math:`\pi_t`, loss share :math:`\lambda`, adder :math:`a` (network energy charges,
    supply margin, levies, capacity) and resale fee :math:`f`, the metered import :math:`g_t` of
    which :math:`p_t` is bought here costs

    .. math:: \pi_t (p_t + \lambda g_t) + a\, g_t :

    losses and adder fall on all that the meter records, whoever sold it. Surplus contract energy
    earns :math:`\max(\pi_t - f, 0)`: below the fee the seller is told to stop producing.
    """

    kind: ClassVar[str] = "spot_energy"
    profiles: ClassVar[tuple[str, ...]] = ("price_energy",)

    adder_usd_per_mwh: MonthlyPrice
    """Charges on top of the wholesale price. [USD MWh-1]"""
    loss_fraction: Fraction
    """Energy bought for losses, as a share of the metered energy. [1]"""
    resale_fee_usd_per_mwh: UsdPerMwh
    """Kept by the supplier on surplus sold. [USD MWh-1]"""

    def surplus_price(self, series: Mapping[str, FloatArray]) -> FloatArray:
        """Return the wholesale price less the fee; the seller stops below it."""
        return np.maximum(series["price_energy"] - self.resale_fee_usd_per_mwh, 0.0)

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return energy, losses, adder and resale of each month."""
        price = meter.series["price_energy"]
        adder = meter.each_month(
            lambda month: of_month(self.adder_usd_per_mwh, meter.position, month)
        )
        metered, bought = meter.energy(), meter.energy("purchased")
        sold = np.zeros_like(metered) if meter.surplus is None else meter.surplus * meter.hours
        revenue = sold * self.surplus_price(meter.series)
        for charge, energy, money in (
            ("energy", bought, bought * price),
            ("losses", self.loss_fraction * metered, self.loss_fraction * metered * price),
            ("adder", metered, metered * adder),
            ("resale", sold, -revenue),
        ):
            amounts = meter.by_month(money)
            for month, quantity in meter.by_month(energy).items():
                yield BillItem.valued(charge, month, quantity, "MWh", amounts[month])

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the cost of purchases and the revenue of surplus."""
        m = b.model()
        hourly = case.hourly_series("price_energy")
        spot = case.clock.mean(hourly)
        adder = by_month(self.adder_usd_per_mwh, len(case.years))[:, case.month]
        b.spot_price = ArrayParam(m.Y, m.T, values=spot)
        b.meter_price = ArrayParam(m.Y, m.T, values=self.loss_fraction * spot + adder)

        @cost_term(b, m.Y, category="energy", doc="Energy bought at the spot price [USD]")
        def purchase(b: pyo.Block, y: Any) -> Any:
            return sum(m.duration[t] * b.spot_price[y, t] * m.purchase[y, t] for t in m.T)

        @cost_term(b, m.Y, category="network", doc="Losses and charges on metered energy [USD]")
        def metered(b: pyo.Block, y: Any) -> Any:
            return sum(m.duration[t] * b.meter_price[y, t] * m.grid_import[y, t] for t in m.T)

        if m.component("surplus") is not None:
            # the seller stops hour by hour, whatever the step
            worth = np.maximum(hourly - self.resale_fee_usd_per_mwh, 0.0)
            b.resale_price = ArrayParam(m.Y, m.T, values=case.clock.mean(worth))

            @cost_term(b, m.Y, category=RESALE, doc="Surplus contract energy sold [USD]")
            def resale(b: pyo.Block, y: Any) -> Any:
                return -sum(m.duration[t] * b.resale_price[y, t] * m.surplus[y, t] for t in m.T)
