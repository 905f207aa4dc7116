"""Nordic network charges: subscribed power, energy, and losses at the spot price."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.base.units import MONTHS_PER_YEAR
from dcmodel.components.base import SiteCase
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.markets.base import (
    MonthlyPrice,
    MonthlyRate,
    TariffForm,
    by_month,
    of_month,
    tariffs,
)
from dcmodel.markets.composite import CompositeForm
from dcmodel.markets.contracted_demand import ContractedDemand
from dcmodel.markets.fixed_charge import FixedCharge
from dcmodel.markets.rates import Varying, mapped


@tariffs.register("network_nordic")
class NetworkNordic(CompositeForm):
    r"""Network charges of a large Nordic consumer.

    Notes
    -----
    The subscribed power is paid in full, by twelfths of its yearly rate; peaks above it pay an
    excess rate on top. Energy pays a rate and the marginal loss of its place at the spot price,
    :math:`(e + \lambda \pi_t) g_t`; in the north, where load relieves the network,
    :math:`\lambda` may be negative.
    """

    kind: ClassVar[str] = "network_nordic"
    profiles: ClassVar[tuple[str, ...]] = ("price_energy",)

    subscription_usd_per_mw_year: MonthlyRate
    """Charge per MW subscribed. [USD MW-1 yr-1]"""
    excess_usd_per_mw_year: MonthlyRate
    """Charge per MW of a month's peak above the subscription, on top, by twelfths.
    [USD MW-1 yr-1]"""
    subscribed_mw: MonthlyRate | None = None
    """Subscribed power; None lets it be chosen for each year. [MW]"""
    fixed_usd_per_month: MonthlyPrice = 0.0
    """Fixed charge. [USD month-1]"""
    energy_usd_per_mwh: MonthlyPrice = 0.0
    """Energy charge. [USD MWh-1]"""
    marginal_loss: MonthlyPrice = 0.0
    """Losses that another MWh causes, paid at the spot price. [1]"""

    def parts(self) -> tuple[TariffForm, ...]:
        """Return subscription and fixed charge."""
        return (
            ContractedDemand(
                name="subscription",
                rate_usd_per_mw_month=_twelfth(self.subscription_usd_per_mw_year),
                excess_rate_usd_per_mw_month=_twelfth(self.excess_usd_per_mw_year),
                contracted_mw=self.subscribed_mw,
            ),
            FixedCharge(name="fixed", charge_usd_per_month=self.fixed_usd_per_month),
        )

    @property
    def series_needed(self) -> set[str]:
        """The spot price, for the losses."""
        return {"price_energy"}

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return the lines of the parts, energy and losses."""
        yield from super().items(meter)
        metered = meter.energy()
        spot = meter.by_month(metered * meter.series["price_energy"])
        for month, energy in meter.by_month(metered).items():
            rate = of_month(self.energy_usd_per_mwh, meter.position, month)
            loss = of_month(self.marginal_loss, meter.position, month)
            yield BillItem.priced("energy", month, energy, "MWh", rate)
            yield BillItem.valued("losses", month, loss * energy, "MWh", loss * spot[month])

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the parts, and the cost of energy and losses."""
        super().charge(b, case)
        m = b.model()
        years = len(case.years)
        spot = case.clock.mean(case.hourly_series("price_energy"))
        loss = by_month(self.marginal_loss, years)[:, case.month]
        energy = by_month(self.energy_usd_per_mwh, years)[:, case.month]
        b.price = ArrayParam(m.Y, m.T, values=energy + loss * spot)

        @cost_term(b, m.Y, category="network", doc="Network energy and losses [USD]")
        def energy_and_losses(b: pyo.Block, y: Any) -> Any:
            return sum(m.duration[t] * b.price[y, t] * m.grid_import[y, t] for t in m.T)


def _twelfth(yearly: Varying) -> Varying:
    """Return a yearly rate by the month."""
    return mapped(lambda rate: rate / MONTHS_PER_YEAR, yearly)
