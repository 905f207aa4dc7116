"""Pay-as-produced power purchase agreements for solar and wind off site."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import (
    ArrayConstraint,
    ArrayParam,
    ArrayVar,
    array_expression,
    cost_term,
)
from dcmodel.base.schema import Megawatt
from dcmodel.components.base import Component, Limit, SiteCase, components


class PayAsProduced(Component):
    r"""A share of an off-site plant: all it produces is paid, whether used or not.

    Notes
    -----
    With capacity factor :math:`f_t`, contracted capacity :math:`K_y = \sum_{v \le y} k_v` and the
    price :math:`\pi_v` of the year of signature, fixed in real terms for a term beyond the horizon,

    .. math:: q_t = f_t K_y, \qquad \text{cost}_y = \sum_{v \le y} \pi_v k_v \sum_t w_t f_t .

    What the site does not use is settled by the energy tariff (`dcmodel.markets`).
    """

    in_reference: ClassVar[bool] = False
    profile: ClassVar[str]
    title: ClassVar[str]

    capacity_max_mw: Megawatt | None = None
    """Largest contracted capacity; None leaves the offer of the market. [MW]"""

    def check(self, case: SiteCase) -> list[str]:
        """Return a fault when the market offers no such contract."""
        if self.kind in case.market.contracts:
            return []
        offered = ", ".join(sorted(case.market.contracts)) or "none"
        return [f"market '{case.market.key}' offers no {self.kind} (offered: {offered})"]

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the contracted capacity, its delivery and its cost."""
        m = b.model()
        offer = case.market.contract(self.kind, case.years, case.currency_year)
        scale = case.price_scales.get("ppa", 1.0)
        factor = case.series[self.profile]
        yearly_yield = factor @ case.duration
        # no single contract may exceed the site's energy; together they may not either (the model)
        enough = np.full(len(case.years), np.inf)
        np.divide(case.facility_energy, yearly_yield, out=enough, where=yearly_yield > 0)
        yearly_max = np.minimum(offer.volume_max_mw, enough)
        if self.capacity_max_mw is not None:
            yearly_max = np.minimum(yearly_max, self.capacity_max_mw)
        b.stands = ArrayParam(m.Y, m.Y, values=case.stands)
        b.capacity_factor = ArrayParam(m.Y, m.T, values=factor)
        b.price = ArrayParam(m.Y, values=scale * offer.price)
        b.yearly_yield = ArrayParam(m.Y, values=yearly_yield)
        started = np.maximum.accumulate(offer.available)
        b.capacity = ArrayVar(
            m.Y, lower=0, upper=np.where(started, yearly_max, 0.0), doc="Contracted capacity [MW]"
        )
        b.signed = ArrayVar(
            m.Y,
            lower=0,
            upper=np.where(offer.available, yearly_max, 0.0),
            doc="Capacity signed in the year [MW]",
        )

        def accumulation(b: pyo.Block, y: Any) -> Any:
            return b.capacity[y] == sum(b.stands[y, v] * b.signed[v] for v in m.Y)

        b.accumulation = ArrayConstraint(
            m.Y, rule=accumulation, couples_years=True, doc="Contracts outlast the horizon"
        )

        @array_expression(b, m.Y, m.T, doc="Contracted energy delivered [MW]")
        def delivery(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.capacity_factor[y, t] * b.capacity[y]

        @cost_term(b, m.Y, category="contracts", doc="Energy paid as produced [USD]")
        def energy_paid(b: pyo.Block, y: Any) -> Any:
            return b.yearly_yield[y] * sum(b.stands[y, v] * b.price[v] * b.signed[v] for v in m.Y)

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the largest contracted capacity."""
        place = ("components", self.kind, "capacity_max_mw")
        return (Limit.of_size(f"{self.title} contract", "MW", place, b.capacity, b.signed),)


@components.register("ppa_solar")
class SolarPPA(PayAsProduced):
    """Pay-as-produced contract with a single-axis tracking solar plant."""

    kind: ClassVar[str] = "ppa_solar"
    profile: ClassVar[str] = "solar_single_axis"
    title: ClassVar[str] = "Solar"
    profiles: ClassVar[tuple[str, ...]] = ("solar_single_axis",)


@components.register("ppa_wind")
class WindPPA(PayAsProduced):
    """Pay-as-produced contract with an onshore wind farm."""

    kind: ClassVar[str] = "ppa_wind"
    profile: ClassVar[str] = "wind_onshore"
    title: ClassVar[str] = "Wind"
    profiles: ClassVar[tuple[str, ...]] = ("wind_onshore",)
