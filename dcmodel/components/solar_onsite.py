"""Photovoltaics on the site, behind the meter."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, array_expression
from dcmodel.base.schema import Megawatt
from dcmodel.components.base import Component, Limit, SiteCase, components
from dcmodel.components.outages import Found, Means, Outages, by_hour
from dcmodel.components.staging import staged_capacity
from dcmodel.reliability.parts import BackupPart


@components.register("solar_onsite")
class SolarOnsite(Component):
    r"""Fixed-tilt photovoltaics on the campus; surplus is curtailed.

    Notes
    -----
    .. math:: 0 \le s_t \le f_t K_y

    What is not used is curtailed; more capacity never makes a dispatch impossible.
    """

    kind: ClassVar[str] = "solar_onsite"
    in_reference: ClassVar[bool] = False
    firms_supply: ClassVar[bool] = True
    profiles: ClassVar[tuple[str, ...]] = ("solar_fixed",)

    capacity_max_mw: Megawatt | None = None
    """Largest AC capacity that roofs and land carry; None takes the parameter file's. [MW]"""

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare capacity, curtailment and supply."""
        m = b.model()
        parameters = self.technology(case)
        years = np.asarray(case.years)
        upper = self.capacity_max_mw
        capex = parameters.at("capex", years)
        staged_capacity(
            b,
            case,
            "capacity",
            unit="MW",
            upper=parameters.value("capacity_max") if upper is None else upper,
            category="on-site",
            capex=capex,
            fixed_opex=parameters.at("fixed_operation", years),
            lifetime=parameters.value("lifetime"),
            what="On-site solar AC capacity",
        )
        b.capacity_factor = ArrayParam(m.Y, m.T, values=case.series["solar_fixed"])
        b.output = ArrayVar(
            m.Y,
            m.T,
            lower=0,
            upper=b.capacity.upper_bound[:, None] * case.series["solar_fixed"],
            doc="Power used [MW]",
        )

        @array_constraint(b, m.Y, m.T, doc="Output within what the sun gives")
        def output_limit(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.output[y, t] <= b.capacity_factor[y, t] * b.capacity[y]

        @array_expression(b, m.Y, m.T, doc="Power into the site bus [MW]")
        def supply(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.output[y, t]

        @array_expression(b, m.Y, m.T, doc="Carbon-free energy of the hour [MW]")
        def clean(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.output[y, t]

    def ride_through(self, b: pyo.Block, case: SiteCase, outages: Outages) -> None:
        """Declare what the sun gives in outages."""
        sets = (b.model().Y, outages.starts, outages.hours)
        b.outage_factor = ArrayParam(*sets, values=outages.at("solar_fixed"))

        @array_expression(b, *sets, doc="Power in an outage, used or not [MW]")
        def outage_supply(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
            return b.outage_factor[y, s, h] * b.capacity[y]

    def backup(self, case: SiteCase, found: Found, y: int) -> BackupPart | None:
        """Return what the sun gives by hour."""
        return BackupPart(on_site=found.sizes["capacity"] * case.series["solar_fixed"][y])

    def outage_most(self, case: SiteCase, hours: int) -> tuple[float, float]:
        """Return full sun on the largest roof [MW], [MWh]."""
        own = self.capacity_max_mw
        most = self.technology(case).value("capacity_max") if own is None else own
        return most, most * hours

    def outage_means(self, b: pyo.Block, case: SiteCase, hours: int) -> Means | None:
        """Return the sun on the solved capacity."""
        capacity, hourly = np.asarray(b.capacity.array)[:, None], case.hours or case
        return Means(power=capacity * by_hour(hourly.series["solar_fixed"], hourly.duration))

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the largest capacity on the campus."""
        place = ("components", self.kind, "capacity_max_mw")
        variables = (b.capacity, b.capacity_built, b.output)
        return (Limit.of_size("On-site solar capacity", "MW", place, *variables),)
