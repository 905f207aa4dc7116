"""Photovoltaics on the site, behind the meter."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, array_expression
from dcmodel.base.schema import Megawatt
from dcmodel.components.base import Component, Limit, SiteCase, components, staged_capacity


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

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the largest capacity on the campus."""
        place = ("components", self.kind, "capacity_max_mw")
        variables = (b.capacity, b.capacity_built, b.output)
        return (Limit.of_size("On-site solar capacity", "MW", place, *variables),)
