"""Unserved energy: what the site cannot supply, at the value of lost load."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayVar, array_expression, cost_term
from dcmodel.components.base import Component, SiteCase, components


@components.register("unserved_energy")
class UnservedEnergy(Component):
    """Energy not supplied, priced so that it is a last resort and a study still answers."""

    kind: ClassVar[str] = "unserved_energy"

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare unserved power and its cost."""
        m = b.model()
        price = self.technology(case).value("value_of_lost_load")
        limit = (case.facility_design_peak * case.it_capacity)[:, None]
        b.unserved = ArrayVar(
            m.Y,
            m.T,
            lower=0,
            upper=np.broadcast_to(limit, (len(case.years), len(case.duration))),
            doc="Unserved power [MW]",
        )

        @array_expression(b, m.Y, m.T, doc="Power into the site bus [MW]")
        def supply(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.unserved[y, t]

        @cost_term(b, m.Y, category="unserved", doc="Unserved energy [USD]")
        def lost_load(b: pyo.Block, y: Any) -> Any:
            return price * sum(m.duration[t] * b.unserved[y, t] for t in m.T)
