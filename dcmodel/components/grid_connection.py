"""Grid connection: contracted MW by year, within what the site can get."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import array_constraint
from dcmodel.base.schema import Megawatt
from dcmodel.components.base import Component, Limit, SiteCase, components, staged_capacity


@components.register("grid_connection")
class GridConnection(Component):
    r"""Connection to the public grid.

    Notes
    -----
    With metered import :math:`g_t`, its monthly maximum :math:`p_m` and the contracted power
    :math:`C_y`, staged by the site's energisation dates,

    .. math:: g_t \le p_{m(t)} \le C_y \le C^{available}_y .

    The connection cost of the site is paid on every MW contracted.
    """

    kind: ClassVar[str] = "grid_connection"

    contracted_max_mw: Megawatt | None = None
    """Largest contracted power; None leaves the site's own limit. [MW]"""

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the contracted power and its limit on the metered import."""
        m = b.model()
        parameters = self.technology(case)
        years = np.asarray(case.years)
        limit = case.grid_available
        if self.contracted_max_mw is not None:
            limit = np.minimum(limit, self.contracted_max_mw)
        capex = case.site.connection_cost_usd_per_mw(case.currency_year) * np.ones(len(years))
        staged_capacity(
            b,
            case,
            "contracted",
            unit="MW",
            upper=limit,
            category="network",
            capex=capex,
            fixed_opex=capex * parameters.at("fixed_operation_share_of_capex", years),
            lifetime=parameters.value("lifetime"),
            what="Contracted grid power",
        )

        @array_constraint(b, m.Y, m.M, doc="Import within the contracted power")
        def contract_limit(b: pyo.Block, y: Any, month: Any) -> Any:
            return m.monthly_peak[y, month] <= b.contracted[y]

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the power the site can get, or what the study allows of it."""
        m = b.model()
        own = self.contracted_max_mw
        site_binds = own is None or bool((case.grid_available <= own).all())
        of_study = ("components", self.kind, "contracted_max_mw")
        place = ("sites", "connection") if site_binds else of_study
        variables = [b.contracted, b.contracted_built, m.grid_import, m.monthly_peak]
        if m.component("contract_use") is not None:
            variables.append(m.contract_use)
        return (Limit.of_size("Grid connection", "MW", place, *variables),)
