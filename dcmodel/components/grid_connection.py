"""Grid connection: contracted MW by year, firm and interruptible, within what the site can get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint
from dcmodel.base.schema import Megawatt
from dcmodel.components.base import Component, FloatArray, Limit, SiteCase, components
from dcmodel.components.levers import Lever, available_power, lever_of_field
from dcmodel.components.staging import staged_capacity
from dcmodel.inputs.markets import Market
from dcmodel.inputs.sites import FlexibleConnection, Site
from dcmodel.profiles.calls import called


@components.register("grid_connection")
class GridConnection(Component):
    r"""Connection to the public grid.

    Notes
    -----
    With metered import :math:`g_t`, its monthly maximum :math:`p_m` and the contracted power, firm
    :math:`C_y` and interruptible :math:`X_y`, staged by the site's energisation dates,

    .. math::
       g_t \le p_{m(t)} \le C_y + X_y, \qquad g_t \le C_y + (1 - a_t) X_y, \qquad
       C_y \le C^{available}_y, \quad X_y \le X^{available}_y .

    The grid interrupts (:math:`a_t = 1`) in the dearest events of the season, for as many hours of
    the year as the site's terms allow. The connection cost of the site is paid on every MW
    contracted, a share of it on interruptible power.
    """

    kind: ClassVar[str] = "grid_connection"

    contracted_max_mw: Megawatt | None = None
    """Largest firm power; None leaves the site's own limit. [MW]"""
    flexible: bool = False
    """Whether to contract interruptible power too, on the site's terms."""

    def check_place(self, site: Site, market: Market, years: tuple[int, ...]) -> list[str]:
        """Return a fault where the site has no interruptible power."""
        if not self.flexible or site.connection.flexible is not None:
            return []
        return [
            f"site '{site.key}' tells no interruptible power; set 'flexible: false', or give the "
            "site connection.flexible"
        ]

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the contracted power and its limit on the metered import."""
        m = b.model()
        limit = firm_power(case)
        if self.contracted_max_mw is not None:
            limit = np.minimum(limit, self.contracted_max_mw)
        cost = case.site.connection_cost_usd_per_mw(case.currency_year)
        self._contract(b, case, "contracted", limit, cost, "Contracted grid power")
        terms = case.site.connection.flexible if self.flexible else None
        interruptible = None if terms is None else self._interruptible(b, case, terms)

        @array_constraint(b, m.Y, m.M, doc="Import within the contracted power")
        def contract_limit(b: pyo.Block, y: Any, month: Any) -> Any:
            power = b.contracted[y] + (0 if interruptible is None else interruptible[y])
            return m.monthly_peak[y, month] <= power

    def _contract(
        self, b: pyo.Block, case: SiteCase, name: str, limit: FloatArray, cost: float, what: str
    ) -> ArrayVar:
        """Declare contracted power at a connection cost per MW."""
        parameters = self.technology(case)
        years = np.asarray(case.years)
        capex = cost * np.ones(len(years))
        return staged_capacity(
            b,
            case,
            name,
            unit="MW",
            upper=limit,
            category="network",
            capex=capex,
            fixed_opex=capex * parameters.at("fixed_operation_share_of_capex", years),
            lifetime=parameters.value("lifetime"),
            what=what,
        )

    def _interruptible(self, b: pyo.Block, case: SiteCase, terms: FlexibleConnection) -> ArrayVar:
        """Declare interruptible power, and the hours in which it is off."""
        m = b.model()
        cost = case.site.connection_cost_usd_per_mw(case.currency_year) * terms.cost_share.value
        power = self._contract(
            b,
            case,
            "interruptible",
            np.maximum(case.grid_available - firm_power(case), 0.0),
            cost,
            "Interruptible grid power",
        )
        off = called(
            case.series["price_energy"],
            case.duration,
            case.month,
            hours=terms.hours_per_year.value,
            event_h=terms.event_h.value,
            months=terms.months,
        )
        b.on = ArrayParam(m.Y, m.T, values=1.0 - off)

        @array_constraint(b, m.Y, m.T, where=off > 0, doc="Firm power alone while interrupted")
        def interruption(b: pyo.Block, y: Any, t: Any) -> Any:
            return m.grid_import[y, t] <= b.contracted[y] + b.on[y, t] * power[y]

        return power

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the power the site can get, or what the study allows of it."""
        m = b.model()
        own = self.contracted_max_mw
        site_binds = own is None or bool((firm_power(case) <= own).all())
        of_study = ("components", self.kind, "contracted_max_mw")
        place = ("sites", "connection") if site_binds else of_study
        variables = [b.contracted, b.contracted_built, m.grid_import, m.monthly_peak]
        if m.component("contract_use") is not None:
            variables.append(m.contract_use)
        # a MW more of firm power lets all of them rise by one
        bounds = tuple((part, np.ones_like(part.upper_bound)) for part in variables)
        return (Limit("Grid connection", "MW", place, b.contracted.upper_bound, bounds),)

    def levers(self, b: pyo.Block, case: SiteCase) -> Sequence[Lever]:
        """Return the power the site can get, and what the study allows of it."""
        of_site = available_power(case)
        own = self.contracted_max_mw
        if own is None:
            return (of_site,)
        field = "contracted_max_mw"
        place = ("components", self.kind, field)
        value = np.full(len(case.years), float(own))
        return (of_site, lever_of_field(self, field, "Contracted grid power", "MW", place, value))

    def priced(self, b: pyo.Block, case: SiteCase) -> Sequence[Lever]:
        """Return the power the site can get, and what the study allows of it."""
        return self.levers(b, case)


def firm_power(case: SiteCase) -> FloatArray:
    """Return the firm power that the site can get [MW], shape (years,)."""
    return case.grid_available if case.grid_firm is None else case.grid_firm
