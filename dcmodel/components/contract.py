"""Supply contracts as decisions: what every form of contract shares.

A form of contract is one file: its class derives from `Contract`, says how much energy a contracted
MW brings hour by hour, and what is paid. Price, first year, term and volume are the market's offer
(``contracts:`` of ``data/markets/*.yaml``) or an offer of the study's own.

On its block a contract may declare, beside what `dcmodel.components.base` lists:

===================  ==============  =========================================================
name on the block    index           meaning
===================  ==============  =========================================================
``volume``           year            contracted energy that counts against the consumption [MWh]
``delivery``         year, time      contracted energy delivered to the meter account [MW]
``settled``          year, time      part of a firm ``delivery`` not used at the meter, which the
                                     contract settles itself [MW]; ``use`` is the rest
``clean``            year, time      carbon-free energy that may be claimed in the hour [MW]
``certificates``     year            carbon-free energy that may be claimed in the year [MWh]
===================  ==============  =========================================================

What is paid for a contract and what comes back for energy sold of it are cost terms of two
categories, `PAYMENT` and `RESALE`, so that neither hides the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import (
    ArrayConstraint,
    ArrayParam,
    ArrayVar,
    array_constraint,
    array_expression,
    cost_term,
)
from dcmodel.base.registry import nearest
from dcmodel.base.schema import Megawatt
from dcmodel.components.base import Component, FloatArray, Held, Limit, SiteCase
from dcmodel.components.levers import Lever, volume_on_offer
from dcmodel.components.staging import staged
from dcmodel.finance.obligations import Obligation
from dcmodel.finance.settlement import Settlement, delivered_cost, mean_price, sold_at_hub
from dcmodel.inputs.contracts import ContractOffer, ContractTerms, offer_of
from dcmodel.inputs.markets import Market
from dcmodel.inputs.sites import Site

PAYMENT, RESALE = "contracts", "resale"
"""Categories of the cost terms of contracts: what is paid gross, and what is received, below zero,
for what is sold of it (of a contract for difference, the hub price)."""


class Offered(Component):
    """Something bought on terms that a market, or the study itself, offers."""

    in_reference: ClassVar[bool] = False
    title: ClassVar[str]
    """Words for it, as in ``Solar contract``."""
    terms: ClassVar[tuple[str, ...]] = ()
    """Further numbers that an offer must tell."""

    offer: ContractTerms | None = None
    """Terms of an offer of your own; the market's when left out."""

    def check_place(self, site: Site, market: Market, years: tuple[int, ...]) -> list[str]:
        """Return why there is no sound offer, in words."""
        terms = self.offer or market.contracts.get(self.kind)
        if terms is None:
            offered = sorted(market.contracts)
            known = ", ".join(offered) or "none"
            return [
                f"market '{market.key}' offers no {self.kind}{nearest(self.kind, offered)} "
                f"(offered: {known}); leave it out, or give terms of your own as 'offer'"
            ]
        missing = [name for name in self.terms if name not in terms.parameters]
        faults = [
            f"the offer of {self.kind} lacks parameters.{name}; add it to its terms"
            for name in missing
        ]
        unknown = sorted(set(terms.parameters) - set(self.terms))
        return faults + [
            f"the offer of {self.kind} has an unknown parameter '{name}'"
            f"{nearest(name, list(self.terms))} (known: {', '.join(self.terms) or 'none'})"
            for name in unknown
        ]

    def priced(self, b: pyo.Block, case: SiteCase) -> Sequence[Lever]:
        """Return the settings of its own, and the volume that the offer allows."""
        terms = self.offer or case.market.contracts.get(self.kind)
        own = list(super().priced(b, case))
        if not isinstance(terms, ContractTerms):
            return own
        words = f"{self.title}: volume on offer"
        return [*own, volume_on_offer(self, "offer", words, terms, len(case.years))]

    def terms_in(self, case: SiteCase) -> ContractOffer:
        """Return the offer in the years of a case."""
        if self.offer is None:
            return case.market.contract(self.kind, case.years, case.currency_year)
        return offer_of(
            self.offer, case.years, case.currency_year, "study", f"components.{self.kind}.offer"
        )


class Contract(Offered):
    r"""A contract of some MW, signed in any year from the first of the offer.

    Notes
    -----
    With energy per contracted MW :math:`f_t`, what was signed in year :math:`v` at price
    :math:`\pi_v`, its term :math:`N` and real escalation :math:`\gamma`,

    .. math::
       K_y = \sum_{y-N < v \le y} k_v, \qquad
       \text{cost}_y = \sum_{y-N < v \le y} \pi_v \gamma^{y-v} k_v \sum_t w_t f_t .
    """

    capacity_max_mw: Megawatt | None = None
    """Largest contracted capacity; None leaves the offer. [MW]"""
    contracted_mw: dict[int, Megawatt] | None = None
    """Capacity that is contracted whatever it is worth, by year; a stage holds until the next. None
    leaves it to the optimisation. [MW]"""

    flat: ClassVar[bool] = False
    """Whether it is a block of the same MW in every hour, made for a flat load."""

    def check_place(self, site: Site, market: Market, years: tuple[int, ...]) -> list[str]:
        """Return why the offer does not allow what the settings ask, in words."""
        faults = super().check_place(site, market, years)
        terms = self.offer or market.contracts.get(self.kind)
        if terms is None or self.contracted_mw is None:
            return faults
        early = [y for y, mw in self.contracted_mw.items() if mw and y < terms.first_year]
        faults += [
            f"contracted_mw names {year}, before the first year {terms.first_year} in which "
            f"{self.kind} is offered in market '{market.key}'; take a later year"
            for year in early
        ]
        if self.capacity_max_mw is not None:
            faults.append(
                f"{self.kind} gives both contracted_mw, which is held, and capacity_max_mw, which "
                "leaves it open; keep one"
            )
        largest = max(self.contracted_mw.values(), default=0.0)
        if largest > terms.volume_max_mw.value:
            faults.append(
                f"contracted_mw asks {largest:g} MW of {self.kind}; market '{market.key}' offers "
                f"at most {terms.volume_max_mw.value:g} MW"
            )
        return faults

    def sign(self, b: pyo.Block, case: SiteCase, yearly_yield: FloatArray) -> ContractOffer:
        """Declare the contracted capacity, its additions and the energy that counts.

        Parameters
        ----------
        yearly_yield : array of shape (years,)
            Energy that a contracted MW brings in each year [MWh MW-1].
        """
        m = b.model()
        offer = self.terms_in(case)
        upper = self._capacity_max(case, offer, yearly_yield)
        lower = np.zeros_like(upper)
        if self.contracted_mw is not None:
            lower = upper = staged(self.contracted_mw, case.years)
        b.stands = ArrayParam(m.Y, m.Y, values=offer.stands)
        b.price = ArrayParam(
            m.Y, m.Y, values=offer.stands * case.contract_price_scale * offer.price_paid
        )
        b.yearly_yield = ArrayParam(m.Y, values=yearly_yield)
        b.capacity = ArrayVar(
            m.Y, lower=lower, upper=np.where(offer.started, upper, 0.0),
            doc="Contracted capacity [MW]",
        )  # fmt: skip
        b.signed = ArrayVar(
            m.Y, lower=0, upper=np.where(offer.available, upper, 0.0),
            doc="Capacity signed in the year [MW]",
        )  # fmt: skip

        def accumulation(b: pyo.Block, y: Any) -> Any:
            return b.capacity[y] == sum(b.stands[y, v] * b.signed[v] for v in m.Y)

        b.accumulation = ArrayConstraint(
            m.Y, rule=accumulation, couples_years=True, doc="Contracts stand for their term"
        )

        @array_expression(b, m.Y, doc="Contracted energy of the year [MWh yr-1]")
        def volume(b: pyo.Block, y: Any) -> Any:
            return b.yearly_yield[y] * b.capacity[y]

        return offer

    def _capacity_max(
        self, case: SiteCase, offer: ContractOffer, yearly_yield: FloatArray
    ) -> FloatArray:
        """Return the largest useful capacity of each year [MW].

        No single contract may exceed the site's energy; together they may not either (the model).
        """
        enough = np.full(len(case.years), np.inf)
        np.divide(case.facility_energy, yearly_yield, out=enough, where=yearly_yield > 0)
        upper = np.minimum(offer.volume_max_mw, enough)
        if self.capacity_max_mw is not None:
            upper = np.minimum(upper, self.capacity_max_mw)
        return upper

    def paid_energy(self, case: SiteCase) -> FloatArray:
        """Return energy a year on which a contracted MW is paid [MWh MW-1], shape (years,)."""
        raise NotImplementedError

    def obligations(self, case: SiteCase, sizes: Mapping[str, FloatArray]) -> list[Obligation]:
        """Return the payments after the horizon of what was signed in each year."""
        offer = self.terms_in(case)
        signed = sizes.get(f"{self.label}.signed")
        if signed is None or not np.isfinite(offer.term_years):
            return []
        last, energy = case.years[-1], float(self.paid_energy(case)[-1])
        found = []
        for v, (year, capacity) in enumerate(zip(case.years, signed, strict=True)):
            end = year + int(np.ceil(offer.term_years)) - 1
            if capacity <= 0 or end <= last:
                continue
            price = case.contract_price_scale * float(offer.price[v])
            price *= offer.growth ** (last + 1 - year)
            payments = [
                float(capacity) * energy * price * offer.growth**n for n in range(end - last)
            ]
            found.append(
                Obligation(
                    self.label, year, float(capacity), price, "USD/MWh", end, tuple(payments),
                    delivery=float(capacity) * energy,
                )
            )  # fmt: skip
        return found

    def standing(self, case: SiteCase, y: int, held: Held) -> tuple[float, float]:
        """Return what stands in year `y` [MW], and its mean price [USD MWh-1]."""
        offer = self.terms_in(case)
        signed = held.signed * offer.stands[y]
        price = case.contract_price_scale * offer.price_paid[y]
        return float(signed.sum()), mean_price(signed, price)

    def priced(self, b: pyo.Block, case: SiteCase) -> Sequence[Lever]:
        """Return the volume on offer and the capacity: what is signed stands on, so stages grow."""
        grows = self.contracted_mw is not None
        return [
            replace(lever, grows=True) if grows and lever.by_year else lever
            for lever in super().priced(b, case)
        ]

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the largest contracted capacity."""
        key = "capacity_max_mw" if self.contracted_mw is None else "contracted_mw"
        place = ("components", self.kind, key)
        found = (b.component(name) for name in ("capacity", "signed", "use", "delivery"))
        sizes = [part for part in found if isinstance(part, ArrayVar)]
        stated = self.capacity_max_mw
        return (Limit.of_size(f"{self.title} contract", "MW", place, *sizes, stated=stated),)


def energy_paid(b: pyo.Block, doc: str) -> None:
    """Declare the price of all energy of a contract as a cost term."""
    m = b.model()

    @cost_term(b, m.Y, category=PAYMENT, doc=doc)
    def energy_paid(b: pyo.Block, y: Any) -> Any:
        return b.yearly_yield[y] * sum(b.price[y, v] * b.signed[v] for v in m.Y)


def claim(b: pyo.Block, profile: FloatArray, hourly: float = 1.0, yearly: float = 1.0) -> None:
    """Declare the carbon-free energy that a contract lets its buyer claim.

    Parameters
    ----------
    profile : array of shape (years, steps)
        Energy per contracted MW [MW MW-1].
    hourly, yearly : float
        Share of it that is carbon-free in the hour, and by certificates of the year [1].
    """
    m = b.model()
    if hourly > 0:
        b.clean_factor = ArrayParam(m.Y, m.T, values=hourly * profile)

        @array_expression(b, m.Y, m.T, doc="Carbon-free energy of the hour [MW]")
        def clean(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.clean_factor[y, t] * b.capacity[y]

    if yearly > 0:

        @array_expression(b, m.Y, doc="Carbon-free energy of the year [MWh yr-1]")
        def certificates(b: pyo.Block, y: Any) -> Any:
            return yearly * b.yearly_yield[y] * b.capacity[y]


class FirmSupply(Contract):
    r"""Energy that comes whatever the price, of which the hub takes back what is not used.

    Notes
    -----
    With shape :math:`f_t` of mean one, use :math:`u_t`, hub price :math:`\pi_t` and fee
    :math:`\phi`, the site sells the rest of its block at the hub, at negative prices too,

    .. math:: 0 \le u_t \le f_t K_y, \qquad -\sum_t w_t (\pi_t - \phi) (f_t K_y - u_t) .

    What the block does not cover is bought by the tariff: the residual is settled on both sides.
    """

    profiles: ClassVar[tuple[str, ...]] = ("price_energy",)
    terms: ClassVar[tuple[str, ...]] = (
        "settlement_fee_usd_per_mwh",
        "clean_share_yearly",
        "clean_share_hourly",
    )

    def shape(self, case: SiteCase) -> FloatArray:
        """Return energy per contracted MW [MW MW-1], shape (years, steps)."""
        return np.ones((len(case.years), len(case.duration)))

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the contracted capacity, its use and what is paid and settled."""
        m = b.model()
        shape = self.shape(case)
        offer = self.sign(b, case, shape @ case.duration)
        b.shape = ArrayParam(m.Y, m.T, values=shape)

        @array_expression(b, m.Y, m.T, doc="Contracted energy delivered [MW]")
        def delivery(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.shape[y, t] * b.capacity[y]

        energy_paid(b, f"{self.title} energy [USD]")
        settle(b, case, offer.parameters["settlement_fee_usd_per_mwh"], shape)
        claim(
            b,
            shape,
            hourly=offer.parameters["clean_share_hourly"],
            yearly=offer.parameters["clean_share_yearly"],
        )

    def paid_energy(self, case: SiteCase) -> FloatArray:
        """Return the energy of the shape [MWh MW-1]."""
        return np.asarray(self.shape(case) @ case.duration)

    def statement(self, case: SiteCase, y: int, held: Held) -> Settlement:
        """Return what the block cost, and what was sold of it at the hub [USD]."""
        _, price = self.standing(case, y, held)
        fee = self.terms_in(case).parameters["settlement_fee_usd_per_mwh"]
        hours, hub = case.duration, case.series["price_energy"][y]
        paid = delivered_cost(held.delivered * hours, price)
        return Settlement(paid, -sold_at_hub(held.sold * hours, hub, fee))


def settle(
    b: pyo.Block,
    case: SiteCase,
    fee: float,
    most: FloatArray,
    *,
    at_most: float | FloatArray = np.inf,
) -> None:
    """Declare use of a firm delivery, and the settlement of the rest at the hub.

    Parameters
    ----------
    fee : float
        Kept on energy sold [USD MWh-1].
    most : array of shape (years, steps)
        Largest delivery per contracted MW [MW MW-1].
    at_most : float or array of shape (years, 1)
        Highest price at which energy is taken back [USD MWh-1].
    """
    m = b.model()
    b.use = ArrayVar(
        m.Y, m.T, lower=0, upper=most * b.capacity.upper_bound[:, None],
        doc="Contract energy used at the meter [MW]",
    )  # fmt: skip

    @array_expression(b, m.Y, m.T, doc="Contract energy sold at the hub [MW]")
    def settled(b: pyo.Block, y: Any, t: Any) -> Any:
        return b.delivery[y, t] - b.use[y, t]

    @array_constraint(b, m.Y, m.T, doc="Contract energy used within the delivery")
    def use_limit(b: pyo.Block, y: Any, t: Any) -> Any:
        return b.settled[y, t] >= 0

    b.hub_price = ArrayParam(
        m.Y, m.T, values=np.minimum(case.series["price_energy"], at_most) - fee
    )

    @cost_term(b, m.Y, category=RESALE, doc="Settlement of the residual at the hub [USD]")
    def settlement(b: pyo.Block, y: Any) -> Any:
        return -sum(m.duration[t] * b.hub_price[y, t] * b.settled[y, t] for t in m.T)
