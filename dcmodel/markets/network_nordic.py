"""Nordic network charges: subscribed power, energy, and losses at the spot price."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.base.schema import Megawatt
from dcmodel.base.units import MONTHS_PER_YEAR
from dcmodel.components.base import SiteCase
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.markets.base import Price, Rate, TariffForm, by_year, of_year, tariffs
from dcmodel.markets.composite import CompositeForm
from dcmodel.markets.contracted_demand import ContractedDemand
from dcmodel.markets.fixed_charge import FixedCharge


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
    yearly: ClassVar[tuple[str, ...]] = ("energy_usd_per_mwh", "marginal_loss")

    subscription_usd_per_mw_year: Rate
    """Charge per MW subscribed. [USD MW-1 yr-1]"""
    excess_usd_per_mw_year: Rate
    """Charge per MW of a month's peak above the subscription, on top, by twelfths.
    [USD MW-1 yr-1]"""
    subscribed_mw: Megawatt | tuple[Megawatt, ...] | None = None
    """Subscribed power; None lets it be chosen for each year. [MW]"""
    fixed_usd_per_month: Price = 0.0
    """Fixed charge. [USD month-1]"""
    energy_usd_per_mwh: Price = 0.0
    """Energy charge. [USD MWh-1]"""
    marginal_loss: Price = 0.0
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
        rate = of_year(self.energy_usd_per_mwh, meter.position)
        loss = of_year(self.marginal_loss, meter.position)
        metered = meter.energy()
        paid = meter.by_month(loss * metered * meter.series["price_energy"])
        for month, energy in meter.by_month(metered).items():
            yield BillItem.priced("energy", month, energy, "MWh", rate)
            yield BillItem.valued("losses", month, loss * energy, "MWh", paid[month])

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the parts, and the cost of energy and losses."""
        super().charge(b, case)
        m = b.model()
        years = len(case.years)
        spot = case.clock.mean(case.hourly_series("price_energy"))
        loss = by_year(self.marginal_loss, years)[:, None]
        energy = by_year(self.energy_usd_per_mwh, years)[:, None]
        b.price = ArrayParam(m.Y, m.T, values=energy + loss * spot)

        @cost_term(b, m.Y, category="network", doc="Network energy and losses [USD]")
        def energy_and_losses(b: pyo.Block, y: Any) -> Any:
            return sum(m.duration[t] * b.price[y, t] * m.grid_import[y, t] for t in m.T)


def _twelfth(yearly: Rate) -> Rate:
    """Return a yearly rate by the month."""
    if isinstance(yearly, tuple):
        return tuple(value / MONTHS_PER_YEAR for value in yearly)
    return yearly / MONTHS_PER_YEAR
