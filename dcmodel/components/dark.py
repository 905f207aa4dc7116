r"""Servers without power: installed IT that a year's connection cannot carry is not energised.

In the years in which the site cannot get the power of all its installed IT, a part :math:`D_y` of
it may stay dark. Dark servers draw nothing and serve nothing: of every class the share
:math:`D_y / S_y` of the work is not taken on, at the rent that the machines would have earned. No
promise was made, so it is not the value of an interruption. In all other years there is none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayConstraint, ArrayParam, ArrayVar, cost_term
from dcmodel.components.base import FloatArray, SiteCase, offering
from dcmodel.components.values import rent_values


def darkest(case: SiteCase) -> FloatArray:
    """Return the most IT that may stay dark in each year [MW], shape (years,).

    All of it where the site cannot get the power of the design hour, none elsewhere.
    """
    need = case.facility_design_peak * case.it_capacity
    short = case.grid_available < need * (1 - 1e-9)
    return np.where(short, case.it_capacity, 0.0)


def arrivals_per_it(case: SiteCase) -> FloatArray:
    """Return work arriving per MW of installed IT [1], shape (classes, years, steps)."""
    installed = np.where(case.it_capacity > 0, case.it_capacity, 1.0)
    return np.asarray(case.workload.arrivals / installed[:, None])


def declare_dark(b: pyo.Block, case: SiteCase) -> None:
    """Declare dark IT and the rent lost, once in a model and only where power is short."""
    m = b.model()
    limit = darkest(case)
    chosen_elsewhere = any(part.receives_work for part in case.components)
    if not limit.any() or offering(m, "dark") or chosen_elsewhere:
        return
    per_it = arrivals_per_it(case)
    b.dark = ArrayVar(m.Y, lower=0, upper=limit, doc="Installed IT without power [MW]")
    yearly = np.einsum("k,kyt,t->y", rent_values(case), per_it, case.duration)
    b.rent = ArrayParam(m.Y, values=yearly)

    @cost_term(b, m.Y, category="unserved", doc="Rent lost by IT without power [USD]")
    def lost_rent(b: pyo.Block, y: Any) -> Any:
        return b.rent[y] * b.dark[y]


def keep_dark_work_apart(b: pyo.Block, case: SiteCase) -> None:
    """Let the work of dark servers leave its queue in the hour it arrives.

    What is refused besides is of the work that has power, and what leaves the queue is both.
    """
    m = b.model()
    if b.component("dark") is None:
        return
    names = list(case.workload.names)
    b.dark_K = pyo.Set(initialize=names, ordered=True)
    b.dark_share = ArrayParam(b.dark_K, m.Y, m.T, values=arrivals_per_it(case))
    b.dark_arrivals = ArrayParam(b.dark_K, m.Y, m.T, values=case.workload.arrivals)
    refusing = {name: block for block in offering(m, "dropped") for name in block.K}
    where = np.broadcast_to(darkest(case)[:, None] > 0, (len(case.years), len(case.duration)))
    for position, name in enumerate(names):
        queues = [q for q in offering(m, "served") if name in q.K]
        if not queues and name not in refusing:
            continue

        def apart(
            b: pyo.Block,
            y: Any,
            t: Any,
            name: str = name,
            queues: Any = queues,
        ) -> Any:
            gone = b.dark_share[name, y, t] * b.dark[y]
            if name in refusing:
                gone = gone + refusing[name].dropped[name, y, t]
            if not queues:
                return gone <= b.dark_arrivals[name, y, t]
            [queue] = queues
            return gone <= queue.served[name, y, t]

        doc = "Work without power is refused as it arrives"
        row = ArrayConstraint(m.Y, m.T, rule=apart, where=where, doc=doc)
        b.add_component(f"dark_apart_{position}", row)
