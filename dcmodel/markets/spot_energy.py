"""Spot energy: wholesale price with losses and adders; surplus sold back less a fee."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.base.schema import Fraction, UsdPerMwh
from dcmodel.components.base import Component, FloatArray, SiteCase
from dcmodel.finance.bill import spot_energy_bill
from dcmodel.markets.base import tariffs


@tariffs.register("spot_energy")
class SpotEnergy(Component):
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

    adder_usd_per_mwh: tuple[UsdPerMwh, ...]
    """Charges on top of the wholesale price, one value a year. [USD MWh-1]"""
    loss_fraction: Fraction
    """Energy bought for losses, as a share of the metered energy. [1]"""
    resale_fee_usd_per_mwh: UsdPerMwh
    """Kept by the supplier on surplus sold. [USD MWh-1]"""

    def bill(
        self, case: SiteCase, y: int, meter: dict[str, FloatArray], local_time: pd.DatetimeIndex
    ) -> float:
        """Return the energy bill of a year [USD]."""
        bill = spot_energy_bill(
            price=case.series["price_energy"][y],
            calendar=local_time,
            adder=self.adder_usd_per_mwh[y],
            loss_fraction=self.loss_fraction,
            resale_fee=self.resale_fee_usd_per_mwh,
            **meter,
        )
        return float(bill["total"].sum())

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the cost of purchases and the revenue of surplus."""
        m = b.model()
        spot = case.series["price_energy"]
        adder = np.asarray(self.adder_usd_per_mwh)[:, None]
        b.spot_price = ArrayParam(m.Y, m.T, values=spot)
        b.meter_price = ArrayParam(m.Y, m.T, values=self.loss_fraction * spot + adder)

        @cost_term(b, m.Y, category="energy", doc="Energy bought at the spot price [USD]")
        def purchase(b: pyo.Block, y: Any) -> Any:
            return sum(m.duration[t] * b.spot_price[y, t] * m.purchase[y, t] for t in m.T)

        @cost_term(b, m.Y, category="network", doc="Losses and charges on metered energy [USD]")
        def metered(b: pyo.Block, y: Any) -> Any:
            return sum(m.duration[t] * b.meter_price[y, t] * m.grid_import[y, t] for t in m.T)

        if m.component("surplus") is not None:
            b.resale_price = ArrayParam(
                m.Y, m.T, values=np.maximum(spot - self.resale_fee_usd_per_mwh, 0.0)
            )

            @cost_term(b, m.Y, category="contracts", doc="Surplus contract energy sold [USD]")
            def resale(b: pyo.Block, y: Any) -> Any:
                return -sum(m.duration[t] * b.resale_price[y, t] * m.surplus[y, t] for t in m.T)
