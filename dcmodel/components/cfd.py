"""Contracts for difference (virtual power purchase agreements) against a hub price."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, cost_term
from dcmodel.components.base import FloatArray, Held, SiteCase, components
from dcmodel.components.contract import PAYMENT, RESALE, Contract, claim
from dcmodel.finance.settlement import Settlement, difference, strike_paid


class ContractForDifference(Contract):
    r"""A share of a plant settled in money alone; the site buys its power as before.

    Notes
    -----
    With generation :math:`f_t` per MW, strike :math:`\sigma_v` of the year of signature (escalating
    as the offer says) and hub price :math:`h_t`, the market price less the basis of the hub, the
    buyer pays

    .. math:: \sum_t w_t f_t (\sigma - h_t) K ,

    negative when the hub is dear. In hours of :math:`h_t < 0` the clause decides: ``settled`` pays
    the whole difference, ``floored`` reckons with a hub price of zero, ``suspended`` pays nothing.
    Certificates of the generation pass to the buyer. Volume counts as a purchase: a contract beyond
    the site's consumption would be a bet.
    """

    profile: ClassVar[str]
    terms: ClassVar[tuple[str, ...]] = ("hub_basis_usd_per_mwh",)

    negative_prices: Literal["settled", "floored", "suspended"] = "settled"
    """What happens in hours of a negative hub price."""

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the contracted capacity, strike and hub revenue."""
        m = b.model()
        generation = case.series[self.profile]
        offer = self.sign(b, case, generation @ case.duration)
        settled, hub = self.settled(case, offer.parameters["hub_basis_usd_per_mwh"])
        energy = generation * settled
        b.energy_settled = ArrayParam(m.Y, values=energy @ case.duration)
        b.hub_revenue_per_mw = ArrayParam(m.Y, values=(energy * hub) @ case.duration)

        @cost_term(b, m.Y, category=PAYMENT, doc="Strike paid on generation [USD]")
        def strike(b: pyo.Block, y: Any) -> Any:
            return b.energy_settled[y] * sum(b.price[y, v] * b.signed[v] for v in m.Y)

        @cost_term(b, m.Y, category=RESALE, doc="Hub price received on generation [USD]")
        def hub_revenue(b: pyo.Block, y: Any) -> Any:
            return -b.hub_revenue_per_mw[y] * b.capacity[y]

        claim(b, generation)

    def paid_energy(self, case: SiteCase) -> FloatArray:
        """Return the generation on which the strike is paid [MWh MW-1]."""
        basis = self.terms_in(case).parameters["hub_basis_usd_per_mwh"]
        energy = case.series[self.profile] * self.settled(case, basis)[0]
        return np.asarray(energy @ case.duration)

    def statement(self, case: SiteCase, y: int, held: Held) -> Settlement:
        """Return the strike paid, and the hub price received [USD]."""
        capacity, strike = self.standing(case, y, held)
        basis = self.terms_in(case).parameters["hub_basis_usd_per_mwh"]
        generation = capacity * case.series[self.profile][y] * case.duration
        hub = case.series["price_energy"][y] - basis
        paid = strike_paid(generation, hub, strike, self.negative_prices)
        return Settlement(paid, difference(generation, hub, strike, self.negative_prices) - paid)

    def settled(self, case: SiteCase, basis: float) -> tuple[FloatArray, FloatArray]:
        """Return where hours are settled (1 or 0), and the hub price reckoned with [USD MWh-1]."""
        hub = case.series["price_energy"] - basis
        if self.negative_prices == "suspended":
            return (hub >= 0).astype(float), hub
        if self.negative_prices == "floored":
            hub = np.maximum(hub, 0.0)
        return np.ones_like(hub), hub


@components.register("cfd_solar")
class SolarCfD(ContractForDifference):
    """Contract for difference with a single-axis tracking solar plant."""

    kind: ClassVar[str] = "cfd_solar"
    profile: ClassVar[str] = "solar_single_axis"
    title: ClassVar[str] = "Solar difference"
    profiles: ClassVar[tuple[str, ...]] = ("solar_single_axis", "price_energy")


@components.register("cfd_wind")
class WindCfD(ContractForDifference):
    """Contract for difference with an onshore wind farm."""

    kind: ClassVar[str] = "cfd_wind"
    profile: ClassVar[str] = "wind_onshore"
    title: ClassVar[str] = "Wind difference"
    profiles: ClassVar[tuple[str, ...]] = ("wind_onshore", "price_energy")
