"""On-site matching: dispatchable power on the site for what is connected, as Ireland asks."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
import pyomo.environ as pyo
from pydantic import Field

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint
from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.schema import Fraction, Hours, StagedFraction
from dcmodel.base.units import HOURS_PER_YEAR
from dcmodel.components.base import Limit, SiteCase
from dcmodel.components.staging import by_year
from dcmodel.requirements.base import Requirement, requirements

SIZES = ("capacity_mw", "capacity", "power")
"""Names that components give their size in MW."""


@requirements.register("onsite_match")
class OnsiteMatch(Requirement):
    r"""Derated dispatchable power on the site against the contracted connection.

    Notes
    -----
    With size :math:`K_{jy}` and derating :math:`\delta_j` of each component named and the
    contracted connection :math:`C_y`, :math:`\sum_j \delta_j K_{jy} \ge x_y C_y`. The renewable
    energy that such a policy asks beside it is a `clean_share_yearly`, by year of its glide path.

    What counts is power that the system may call when it needs it, whatever the state of the site's
    own supply: generation and storage able to match the demand. A plant that its permit lets run in
    emergencies only, or for some hundred hours a year, cannot be called in any hour and does not
    count, however many megawatts of it stand idle: a component named here must be free to run for
    `hours_at_least` hours a year. All hours of the year is how this library reads "dispatchable";
    the decision itself names no number, so a study may state another.
    """

    kind: ClassVar[str] = "onsite_match"
    main: ClassVar[str] = "share"

    share: StagedFraction
    """Share of the contracted connection to be matched. [1]"""
    derating: Annotated[dict[str, Fraction], Field(min_length=1)]
    """Dispatchable components of the study, and the share of their rating that counts. [1]"""

    hours_at_least: Hours = float(HOURS_PER_YEAR)
    """Hours a year for which a component must be free to run at the system's request. [h]"""

    def check(self, case: SiteCase) -> list[str]:
        """Return faults where a component named is missing, or may not run when it is called."""
        parts = {component.kind: component for component in case.components}
        missing = sorted({"grid_connection", *self.derating} - set(parts))
        faults = [f"{self.kind} needs '{name}' among the components; add it" for name in missing]
        for kind in self.derating:
            hours = parts[kind].dispatchable_hours(case) if kind in parts else np.inf
            if hours < self.hours_at_least:
                faults.append(
                    f"{self.kind} counts '{kind}', which may run for {hours:g} h a year at the "
                    f"system's request; power that counts must be free to run for "
                    f"{self.hours_at_least:g} h: leave '{kind}' out of derating, give it a permit "
                    "for as many hours, or state hours_at_least of the rule"
                )
        return faults

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the match on the finished site."""
        m = b.model()
        sizes = {kind: _size(m.asset[kind]) for kind in self.derating}
        self._refuse_without_size(m, sizes)
        connection = m.asset["grid_connection"]
        b.share = ArrayParam(m.Y, values=by_year(self.share, case, 0.0))
        b.missing = ArrayVar(m.Y, lower=0, upper=0, doc="Dispatchable power let off [MW]")

        @array_constraint(b, m.Y, doc="Dispatchable power on the site")
        def dispatchable(b: pyo.Block, y: Any) -> Any:
            stands = sum([share * sizes[kind][y] for kind, share in self.derating.items()])
            return stands + b.missing[y] >= b.share[y] * connection.contracted[y]

    def _refuse_without_size(self, m: pyo.ConcreteModel, sizes: dict[str, Any]) -> None:
        """Refuse components that have no power to be rated.

        Raises
        ------
        StudyError
        """
        wrong = [kind for kind, size in sizes.items() if size is None]
        if not wrong:
            return
        rated = [kind for kind in m.asset if _size(m.asset[kind]) is not None]
        allowed = ", ".join(sorted(map(str, rated))) or "none"
        place = ".".join(self.place("derating"))
        raise StudyError(
            Fault(
                f"{place}.{kind}",
                f"'{kind}' has no size in MW that could count; name dispatchable components "
                f"(of this study: {allowed})",
            )
            for kind in wrong
        )

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the share asked for."""
        share = by_year(self.share, case, 0.0)
        rise = np.maximum(case.grid_available, 0.0) / 100
        bounds = ((b.missing, rise),)
        return (
            Limit(
                "Dispatchable share", "%", self.place(), 100 * share, bounds, falls=True,
                stated=share, stated_unit="",
            ),
        )  # fmt: skip


def _size(block: pyo.Block) -> Any:
    """Return the size of a component by year [MW]; None where it has none."""
    return next((part for name in SIZES if (part := block.component(name)) is not None), None)
