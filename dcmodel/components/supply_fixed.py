"""Sleeved supply at a fixed price: a flat volume with a swing that the buyer may take."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, cost_term
from dcmodel.components.base import FloatArray, Held, SiteCase, components
from dcmodel.components.contract import PAYMENT, Contract, claim, energy_paid, settle
from dcmodel.finance.settlement import Settlement, sold_at_hub, swing_cost


@components.register("supply_fixed")
class FixedSupply(Contract):
    r"""A supplier passes energy on at one price, within a tolerance of the contracted MW.

    Notes
    -----
    With swing :math:`\beta` the delivery :math:`q_t` is the buyer's to nominate,

    .. math:: (1 - \beta) K_y \le q_t \le (1 + \beta) K_y ;

    the contracted energy is paid at the prices of signature, more or less than it at the price of
    the year. What is not used at the meter is taken back at the hub price, but never above the
    fixed price: the swing is no option to trade.
    """

    kind: ClassVar[str] = "supply_fixed"
    title: ClassVar[str] = "Fixed-price supply"
    flat: ClassVar[bool] = True
    profiles: ClassVar[tuple[str, ...]] = ("price_energy",)
    terms: ClassVar[tuple[str, ...]] = (
        "settlement_fee_usd_per_mwh",
        "swing_share",
        "clean_share_yearly",
        "clean_share_hourly",
    )

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the contracted capacity, the nominated delivery and its cost."""
        m = b.model()
        ones = np.ones((len(case.years), len(case.duration)))
        offer = self.sign(b, case, ones @ case.duration)
        swing = offer.parameters["swing_share"]
        b.delivery = ArrayVar(
            m.Y, m.T, lower=0, upper=(1 + swing) * b.capacity.upper_bound[:, None],
            doc="Contracted energy delivered [MW]",
        )  # fmt: skip

        @array_constraint(b, m.Y, m.T, doc="Delivery above the lower end of the swing")
        def swing_least(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.delivery[y, t] >= (1 - swing) * b.capacity[y]

        @array_constraint(b, m.Y, m.T, doc="Delivery below the upper end of the swing")
        def swing_most(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.delivery[y, t] <= (1 + swing) * b.capacity[y]

        energy_paid(b, "Contracted energy at the fixed price [USD]")
        price = case.contract_price_scale * offer.price
        b.swing_price = ArrayParam(m.Y, values=price)

        @cost_term(b, m.Y, category=PAYMENT, doc="Swing at the fixed price [USD]")
        def swing_paid(b: pyo.Block, y: Any) -> Any:
            taken = sum(m.duration[t] * (b.delivery[y, t] - b.capacity[y]) for t in m.T)
            return b.swing_price[y] * taken

        fee = offer.parameters["settlement_fee_usd_per_mwh"]
        settle(b, case, fee, (1 + swing) * ones, at_most=price[:, None])
        claim(
            b,
            (1 - swing) * ones,
            hourly=offer.parameters["clean_share_hourly"],
            yearly=(1 - swing) * offer.parameters["clean_share_yearly"],
        )

    def paid_energy(self, case: SiteCase) -> FloatArray:
        """Return the hours of a year: the volume without its swing [MWh MW-1]."""
        return np.full(len(case.years), float(case.duration.sum()))

    def statement(self, case: SiteCase, y: int, held: Held) -> Settlement:
        """Return what the volume and its swing cost, and what was taken back [USD]."""
        capacity, price = self.standing(case, y, held)
        offer, hours = self.terms_in(case), case.duration
        now = case.contract_price_scale * float(offer.price[y])
        fee = offer.parameters["settlement_fee_usd_per_mwh"]
        paid = swing_cost(held.delivered * hours, capacity, float(hours.sum()), price, now)
        hub = case.series["price_energy"][y]
        return Settlement(paid, -sold_at_hub(held.sold * hours, hub, fee, at_most=now))
