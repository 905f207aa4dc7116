"""Spot energy: wholesale price with losses and adders; surplus sold back less a fee."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.base.schema import Fraction, UsdPerMwh
from dcmodel.components.base import Component, SiteCase
from dcmodel.markets.base import tariffs


@tariffs.register("spot_energy")
class SpotEnergy(Component):
    r"""Energy at the hourly wholesale price.

    Notes
    -----
    With price :math:`\pi_t`, loss share :math:`\lambda`, adder :math:`a` (network energy charges,
    supply margin, levies) and resale fee :math:`f`, the purchase :math:`p_t` costs
    :math:`(1 + \lambda) \pi_t + a` and surplus contract energy earns
    :math:`\max(\pi_t - f, 0)`: below the fee the seller is told to stop producing.
    """

    kind: ClassVar[str] = "spot_energy"
    profiles: ClassVar[tuple[str, ...]] = ("price_energy",)

    adder_usd_per_mwh: tuple[UsdPerMwh, ...]
    """Charges on top of the wholesale price, one value a year. [USD MWh-1]"""
    loss_fraction: Fraction
    """Energy bought for losses, as a share of the metered energy. [1]"""
    resale_fee_usd_per_mwh: UsdPerMwh
    """Kept by the supplier on surplus sold. [USD MWh-1]"""

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the cost of purchases and the revenue of surplus."""
        m = b.model()
        spot = case.series["price_energy"]
        adder = np.asarray(self.adder_usd_per_mwh)[:, None]
        b.purchase_price = ArrayParam(m.Y, m.T, values=(1 + self.loss_fraction) * spot + adder)
        b.resale_price = ArrayParam(
            m.Y, m.T, values=np.maximum(spot - self.resale_fee_usd_per_mwh, 0.0)
        )

        @cost_term(b, m.Y, category="energy", doc="Energy bought at the spot price [USD]")
        def purchase(b: pyo.Block, y: Any) -> Any:
            return sum(m.duration[t] * b.purchase_price[y, t] * m.purchase[y, t] for t in m.T)

        if hasattr(m, "surplus"):

            @cost_term(b, m.Y, category="contracts", doc="Surplus contract energy sold [USD]")
            def resale(b: pyo.Block, y: Any) -> Any:
                return -sum(m.duration[t] * b.resale_price[y, t] * m.surplus[y, t] for t in m.T)
