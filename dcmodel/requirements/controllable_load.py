"""Controllable load: import that must fall to a low power when the grid calls."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
import pyomo.environ as pyo
from pydantic import Field

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint
from dcmodel.base.schema import Hours, Quantity, StagedPositive
from dcmodel.components.base import FloatArray, Limit, SiteCase
from dcmodel.components.staging import by_year
from dcmodel.inputs.services import Months
from dcmodel.profiles.calls import called
from dcmodel.requirements.base import Requirement, requirements


@requirements.register("controllable_load")
class ControllableLoad(Requirement):
    r"""Emergency curtailment of large loads (Texas), or a controllable load resource (ERCOT).

    Notes
    -----
    In called hours :math:`a_t`, the dearest of the season or all above a price, import falls to the
    low power :math:`L`; storage, standby plant and work that waits carry the rest,

    .. math:: g_t \le L \quad \text{where } a_t > 0 .
    """

    kind: ClassVar[str] = "controllable_load"
    main: ClassVar[str] = "low_power_mw"
    profiles: ClassVar[tuple[str, ...]] = ("price_energy",)

    low_power_mw: StagedPositive
    """Import that may go on when called. [MW]"""
    hours: Hours = 0.0
    """Hours of a year in which the grid calls for scarcity: the dearest. [h]"""
    event_h: Annotated[float, Field(gt=0), Quantity("h")] = 1.0
    """Length of a call. [h]"""
    months: Months | None = None
    """Months of the season; all when left out."""
    price_above_usd_per_mwh: float | None = None
    """Price above which the load is dispatched down as well; None is never. [USD MWh-1]"""

    def check(self, case: SiteCase) -> list[str]:
        """Return a fault where nothing ever calls."""
        if self.hours or self.price_above_usd_per_mwh is not None:
            return []
        return [f"{self.kind} is never called; give 'hours' or 'price_above_usd_per_mwh'"]

    def calls(self, case: SiteCase) -> FloatArray:
        """Return the share of each step in which import must be low [1]."""
        price = case.series["price_energy"]
        calls = called(
            price, case.duration, case.month,
            hours=self.hours, event_h=self.event_h, months=self.months,
        )  # fmt: skip
        if self.price_above_usd_per_mwh is not None:
            calls = np.where(price > self.price_above_usd_per_mwh, 1.0, calls)
        return calls

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the low power on the finished site."""
        m = b.model()
        calls = self.calls(case)
        low = by_year(self.low_power_mw, case, np.inf)[:, None]
        largest = m.grid_import.upper_bound
        # a step of a segment that is called in part may draw in proportion
        allowed = np.minimum(calls * np.minimum(low, largest) + (1 - calls) * largest, largest)
        b.allowed = ArrayParam(m.Y, m.T, values=allowed)
        b.over = ArrayVar(m.Y, m.T, lower=0, upper=0, doc="Import let off when called [MW]")

        @array_constraint(b, m.Y, m.T, where=allowed < largest, doc="Low import when called")
        def low_import(b: pyo.Block, y: Any, t: Any) -> Any:
            return m.grid_import[y, t] <= b.allowed[y, t] + b.over[y, t]

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the low power."""
        value = by_year(self.low_power_mw, case, float(case.grid_available.max()))
        rise = np.where(self.calls(case) > 0, 1.0, 0.0)
        return (Limit("Import when called", "MW", self.place(), value, ((b.over, rise),)),)
