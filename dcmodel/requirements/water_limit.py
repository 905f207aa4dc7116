"""Water limit: the largest draw of a year."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayVar, array_constraint
from dcmodel.base.schema import StagedPositive
from dcmodel.components.base import Limit, SiteCase
from dcmodel.components.staging import by_year
from dcmodel.requirements.base import Requirement, requirements


@requirements.register("water_limit")
class WaterLimit(Requirement):
    """Largest water use of a year, as a permit states it."""

    kind: ClassVar[str] = "water_limit"
    main: ClassVar[str] = "limit_m3"

    limit_m3: StagedPositive
    """Largest water use of each year. [m3]"""

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the limit on the finished site."""
        m = b.model()
        limit = by_year(self.limit_m3, case, np.inf)
        b.drawn = ArrayVar(m.Y, lower=0, upper=limit, doc="Water counted, a year's")

        @array_constraint(b, m.Y, where=np.isfinite(limit), doc="Water use of the year")
        def water_of_year(b: pyo.Block, y: Any) -> Any:
            return sum(m.duration[t] * m.water_use[y, t] for t in m.T) <= b.drawn[y]

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the water allowed."""
        ones = np.ones(len(case.years))
        value = b.drawn.upper_bound
        return (Limit("Water use", "m3", self.place(), value, ((b.drawn, ones),)),)
