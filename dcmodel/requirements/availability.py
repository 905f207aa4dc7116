"""Availability: the share of the time in which the site has power, outages and failures counted."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from dcmodel.components.base import SiteCase
from dcmodel.reliability.grid import interruption
from dcmodel.requirements.base import Requirement, requirements


@requirements.register("availability")
class Availability(Requirement):
    """Least expected availability of every year in which IT stands.

    It is that of power at the racks where the study names `power_distribution`, else of the supply
    of the site.

    Notes
    -----
    Failures of generators and fuel over every start hour are no equation of the model. The case is
    solved, its backup verified year by year (`dcmodel.reliability`), what is missing is added as
    least units and fuel of the generators and least converter and reserve of the battery, whichever
    is cheapest, and the case is solved again until the requirement holds
    (`dcmodel.study.available`).
    """

    kind: ClassVar[str] = "availability"
    main: ClassVar[str] = "share"

    share: Annotated[float, Field(gt=0, lt=1)]
    """Least share of the time with power, as 0.99995. [1]"""

    def check(self, case: SiteCase) -> list[str]:
        """Return a share that the paths to the racks alone cannot give."""
        if not case.distributions:
            return []
        restart = interruption().value("restart_time")
        reason = case.distributions[0].paths.short_of(self.share, restart)
        return [f"requirements.{self.kind}: {reason}"] if reason else []
