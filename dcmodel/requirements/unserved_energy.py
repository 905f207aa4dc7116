"""Unserved energy that a study allows in ordinary hours; without this requirement there is none."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayVar, array_constraint
from dcmodel.base.schema import StagedPositive
from dcmodel.components.base import FloatArray, Limit, SiteCase
from dcmodel.components.staging import by_year
from dcmodel.requirements.base import Requirement, requirements


@requirements.register("unserved_energy")
class UnservedLimit(Requirement):
    """Largest energy a year that the site may leave unserved in hours without an outage.

    Zero is the default of every study. More is a choice to be stated: it is priced at the value of
    the work lost, and reported wherever it is used.
    """

    kind: ClassVar[str] = "unserved_energy"
    main: ClassVar[str] = "limit_mwh"
    in_reference: ClassVar[bool] = True

    limit_mwh: StagedPositive
    """Largest unserved energy of each year; none before the first stage. [MWh]"""

    def allowance(self, case: SiteCase) -> FloatArray:
        """Return the energy allowed in each year [MWh], shape (years,)."""
        return by_year(self.limit_mwh, case, 0.0)

    def check(self, case: SiteCase) -> list[str]:
        """Return that the component which leaves energy unserved is missing."""
        if any(part.kind == self.kind for part in case.components):
            return []
        return [
            f"requirements.{self.kind} allows what no component does; add '{self.kind}' to the "
            "components, or leave the requirement out"
        ]

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the limit on the year's unserved energy."""
        m = b.model()
        limit = self.allowance(case)
        losing = [block for block in m.asset.values() if block.component("unserved") is not None]
        if not losing:
            return
        b.lost = ArrayVar(m.Y, lower=0, upper=limit, doc="Unserved energy counted [MWh]")

        @array_constraint(b, m.Y, where=limit > 0, doc="Unserved energy of the year")
        def unserved_of_year(b: pyo.Block, y: Any) -> Any:
            lost = [sum(m.duration[t] * one.unserved[y, t] for t in m.T) for one in losing]
            return sum(lost) <= b.lost[y]

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the unserved energy allowed."""
        if b.component("lost") is None:
            return ()
        value = np.asarray(b.lost.upper_bound)
        bounds = ((b.lost, np.ones(len(case.years))),)
        return (Limit("Unserved energy", "MWh", self.place(), value, bounds),)
