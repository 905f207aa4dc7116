"""Demand response and reserves: MW that the site lets go when the grid calls, paid by the year."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, cost_term
from dcmodel.base.schema import Megawatt
from dcmodel.components.base import Component, FloatArray, Limit, SiteCase, components, offering
from dcmodel.inputs.markets import Market
from dcmodel.inputs.services import ServiceOffer
from dcmodel.inputs.sites import Site
from dcmodel.profiles.calls import called


@components.register("demand_response")
class DemandResponse(Component):
    r"""Capacity that falls below a baseline when called.

    Notes
    -----
    The baseline :math:`B_t` is the facility's power with all work as it arrives, less what
    carbon-free plants on the site give: sun is no response. Called hours :math:`a_t` are the
    dearest of the season in events, as the service says,

    .. math:: a_t K_y + g_t \le B_t, \qquad \text{revenue}_y = \rho_y K_y + e \sum_t w_t a_t K_y .
    """

    kind: ClassVar[str] = "demand_response"
    in_reference: ClassVar[bool] = False
    profiles: ClassVar[tuple[str, ...]] = ("price_energy",)
    title: ClassVar[str] = "Demand response"

    capacity_max_mw: Megawatt | None = None
    """Largest capacity offered; None leaves the market's. [MW]"""

    def check_place(self, site: Site, market: Market, years: tuple[int, ...]) -> list[str]:
        """Return a fault where the market buys no such service."""
        if self.kind in market.services:
            return []
        bought = ", ".join(sorted(market.services)) or "none"
        return [f"market '{market.key}' buys no {self.kind} (bought: {bought}); leave it out there"]

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the capacity and its revenue."""
        m = b.model()
        service = case.market.service(self.kind, case.years, case.currency_year)
        upper = np.minimum(service.volume_max_mw, case.it_capacity * case.facility_design_peak)
        if self.capacity_max_mw is not None:
            upper = np.minimum(upper, self.capacity_max_mw)
        b.capacity = ArrayVar(
            m.Y, lower=0, upper=np.where(service.available, upper, 0.0),
            doc=f"{self.title} offered [MW]",
        )  # fmt: skip
        calls = self.calls(case, service)
        b.called = ArrayParam(m.Y, m.T, values=calls)
        income = service.revenue + service.energy_payment * (calls @ case.duration)
        b.income = ArrayParam(m.Y, values=income)

        @cost_term(b, m.Y, category="services", doc=f"{self.title}: revenue [USD]")
        def revenue(b: pyo.Block, y: Any) -> Any:
            return -b.income[y] * b.capacity[y]

    @staticmethod
    def calls(case: SiteCase, service: ServiceOffer) -> FloatArray:
        """Return the share of each step in which the service is called [1]."""
        return called(
            case.series["price_energy"],
            case.duration,
            case.month,
            hours=service.activation_h,
            event_h=service.event_h,
            months=service.months,
        )

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the response on the finished site."""
        m = b.model()
        plants = [one for one in offering(m, "clean") if one.component("supply") is not None]
        b.baseline = ArrayParam(m.Y, m.T, values=_baseline(case))

        @array_constraint(
            b, m.Y, m.T, where=b.called.array > 0, doc="Import below the baseline when called"
        )
        def response(b: pyo.Block, y: Any, t: Any) -> Any:
            sun = sum([plant.clean[y, t] for plant in plants])
            return b.called[y, t] * b.capacity[y] + m.grid_import[y, t] + sun <= b.baseline[y, t]

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the largest capacity offered."""
        place = ("components", self.kind, "capacity_max_mw")
        return (Limit.of_size(f"{self.title} capacity", "MW", place, b.capacity),)


@components.register("reserve")
class Reserve(DemandResponse):
    r"""Reserve that stands by in every hour, as a controllable load sells it.

    Notes
    -----
    Beside the response when called, the capacity must be there to be let go at any time:
    :math:`K_y \le g_t`.
    """

    kind: ClassVar[str] = "reserve"
    title: ClassVar[str] = "Reserve"

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the response, and the load that stands by."""
        super().charge(b, case)
        m = b.model()

        @array_constraint(b, m.Y, m.T, where=b.called.array == 0, doc="Load stands by as reserve")
        def standing_by(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.capacity[y] <= m.grid_import[y, t]


def _baseline(case: SiteCase) -> FloatArray:
    """Return facility power with all work as it arrives [MW], shape (years, steps)."""
    installed, phi, lines = case.it_capacity[:, None], case.idle_fraction, case.facility
    it_power = phi * installed + (1 - phi) * case.workload.total
    return np.asarray(lines.power_slope * it_power + lines.power_fixed * installed)
