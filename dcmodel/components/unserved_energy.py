"""Unserved energy: what the site does not supply, at the value of the work that is lost."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo
from pydantic import PrivateAttr

from dcmodel.arrays import ArrayVar, array_expression, cost_term
from dcmodel.components.base import Component, SiteCase, components
from dcmodel.components.dark import declare_dark, keep_dark_work_apart
from dcmodel.components.idle import LossLimit, idle_power, lower_limit
from dcmodel.components.values import lost_load


@components.register("unserved_energy")
class UnservedEnergy(Component):
    """Energy not supplied in ordinary hours.

    Loss of load in hours without an outage is no design, so there is none unless the study allows
    some by ``requirements: {unserved_energy: ...}``. What is allowed is priced at the value of the
    most valuable class of work, and is never used while contracted power stands idle. IT that a
    year's connection cannot carry stays dark (`dcmodel.components.dark`).
    """

    kind: ClassVar[str] = "unserved_energy"

    _limit: LossLimit | None = PrivateAttr(None)
    """What of the load may be lost in each hour; all where None."""

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare unserved power and its cost."""
        m = b.model()
        declare_dark(b, case)
        stated = [one.allowance(case) for one in case.requirements if one.kind == self.kind]
        if not stated or not np.any(stated[0]):
            return
        [allowed] = stated
        price = lost_load(case)
        limit = np.where(allowed > 0, case.facility_design_peak * case.it_capacity, 0.0)
        upper = np.tile(limit[:, None], len(case.duration))
        if self._limit is not None:
            upper = np.minimum(self._limit.of_steps(case)[0], upper)
        b.unserved = ArrayVar(m.Y, m.T, lower=0, upper=upper, doc="Unserved power [MW]")

        @array_expression(b, m.Y, m.T, doc="Power into the site bus [MW]")
        def supply(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.unserved[y, t]

        @cost_term(b, m.Y, category="unserved", doc="Unserved energy [USD]")
        def lost_load_cost(b: pyo.Block, y: Any) -> Any:
            return price * sum(m.duration[t] * b.unserved[y, t] for t in m.T)

    def revised(self, m: pyo.ConcreteModel, case: SiteCase) -> Component | None:
        """Return the component without loss beside idle power; None if there is none.

        A charge on peaks may exceed the value of lost load for an hour; to black out servers
        beside power that is paid for is no plan all the same.
        """
        unserved = m.asset[self.label].component("unserved")
        if unserved is None:
            return None
        lost, most = (np.asarray(a)[None] for a in (unserved.array, unserved.upper_bound))
        limit = lower_limit(case, lost, most, idle_power(m), self._limit)
        if limit is None:
            return None
        again = self.model_copy()
        again._limit = limit
        return again

    def ordinary(self) -> UnservedEnergy:
        """Return the component without the limits that a design has led to."""
        own = self.model_copy()
        own._limit = None
        return own

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Keep the work of dark servers out of the queues."""
        keep_dark_work_apart(b, case)
