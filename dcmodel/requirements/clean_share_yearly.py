"""Yearly clean share: certificates of the year cover a share of the year's consumption."""

from __future__ import annotations

from typing import Any, ClassVar

import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, array_constraint
from dcmodel.base.schema import StagedFraction
from dcmodel.components.base import Limit, SiteCase
from dcmodel.components.staging import by_year
from dcmodel.requirements.base import Requirement, certified, floor, let_off, load, requirements


@requirements.register("clean_share_yearly")
class CleanShareYearly(Requirement):
    r"""Matching by volume: clean energy of the year is at least :math:`x_y \sum_t w_t P_t`.

    What contracts and certificates let the buyer claim counts whenever it was produced; energy of
    the grid does not.
    """

    kind: ClassVar[str] = "clean_share_yearly"
    main: ClassVar[str] = "share"

    share: StagedFraction
    """Share of the facility's energy, for all years or by year. [1]"""

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the requirement on the finished site."""
        m = b.model()
        b.share = ArrayParam(m.Y, values=by_year(self.share, case, 0.0))
        b.missing = let_off(m, "Clean energy of the year let off [MWh]")

        @array_constraint(b, m.Y, doc="Clean energy of the year")
        def clean_of_year(b: pyo.Block, y: Any) -> Any:
            return certified(m, y) + b.missing[y] >= b.share[y] * load(m, y)

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the share asked for."""
        share = by_year(self.share, case, 0.0)
        name = "Clean share of the year"
        return (floor(name, self.place(), share, b.missing, case.facility_energy),)
