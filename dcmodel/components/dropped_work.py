"""Dropped work: what is not served, at its value to the class that asked for it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo
from pydantic import PrivateAttr

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, array_expression, cost_term
from dcmodel.components.base import Component, SiteCase, components
from dcmodel.components.dark import declare_dark, keep_dark_work_apart
from dcmodel.components.idle import LossLimit, idle_power, lower_limit, unserved_power
from dcmodel.components.values import may_be_refused, work_values


@components.register("dropped_work")
class DroppedWork(Component):
    r"""Work that is refused, each class at the value of its work.

    Notes
    -----
    Only work that may wait is refused, and work that states what it is worth or ranks below others:
    to refuse other interactive work is no plan. IT that a year's connection cannot carry stays
    dark, at the rent of its machines (`dcmodel.components.dark`).

    Arrivals are served or dropped, :math:`\sum_t w_t A_{kt} = \sum_t w_t (s_{kt} + d_{kt})`. Work
    that may wait leaves its queue when it is dropped, so that the deadline holds for both; no more
    is dropped in an hour than arrives in it, which loses nothing: what is dropped need not wait.
    """

    kind: ClassVar[str] = "dropped_work"
    _limit: LossLimit | None = PrivateAttr(None)
    """What of the work of classes without a stated value may be refused in each hour; all where
    None."""
    _refuses: bool = PrivateAttr(True)
    """Whether work is refused while there is power for it."""
    moves_work: ClassVar[bool] = True

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare dropped work and its cost."""
        m = b.model()
        declare_dark(b, case)
        work = case.workload
        rows = np.flatnonzero(may_be_refused(case))
        if not rows.size or not self._refuses:
            return
        b.K = pyo.Set(initialize=[work.names[k] for k in rows], ordered=True)
        b.value = ArrayParam(b.K, values=work_values(case)[rows])
        upper = work.arrivals[rows]  # a copy
        if self._limit is not None:
            bound = ~_states_value(case)[rows]
            upper[bound] = np.minimum(self._limit.of_steps(case), upper[bound])
        b.dropped = ArrayVar(b.K, m.Y, m.T, lower=0, upper=upper, doc="Work dropped [MW]")

        @array_expression(b, m.Y, m.T, doc="Work moved into the hour [MW]")
        def it_shift(b: pyo.Block, y: Any, t: Any) -> Any:
            return -sum(b.dropped[k, y, t] for k in b.K)

        @cost_term(b, m.Y, category="workload", doc="Value of dropped work [USD]")
        def lost_value(b: pyo.Block, y: Any) -> Any:
            return sum(
                b.value[k] * sum(m.duration[t] * b.dropped[k, y, t] for t in m.T) for k in b.K
            )

    def revised(self, m: pyo.ConcreteModel, case: SiteCase) -> Component | None:
        """Return the component that refuses no work beside idle power; None if it does not.

        A class that states its value may be refused wherever serving it costs more.
        """
        block = m.asset[self.label]
        if block.component("dropped") is None:
            return None
        names = list(block.K)
        bound = [k for k, name in enumerate(names) if not _states_value(case)[_row(case, name)]]
        if not bound:
            return None
        lost, most = (
            np.asarray(a)[bound] for a in (block.dropped.array, block.dropped.upper_bound)
        )
        # work in MW of idle power, after load without any power
        per_work = np.maximum((1 - case.idle_fraction) * case.facility.power_slope, 1e-9)
        idle = np.maximum(idle_power(m) - unserved_power(m), 0.0) / per_work
        limit = lower_limit(case, lost, most, idle, self._limit)
        if limit is None:
            return None
        again = self.model_copy()
        again._limit = limit
        return again

    def ordinary(self) -> DroppedWork:
        """Return the component of a site that refuses no work: servers without power stay dark."""
        own = self.model_copy()
        own._limit, own._refuses = None, False
        return own

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Drop no more of the work that may wait than leaves its queue."""
        m = b.model()
        keep_dark_work_apart(b, case)
        if b.component("dropped") is None:
            return
        queues = [block for block in m.asset.values() if block.component("served") is not None]
        if not queues:
            return
        [queue] = queues
        in_batches = [] if queue.component("batched") is None else list(queue.S)
        alone = [name for name in queue.K if name not in in_batches and name in b.K]
        in_batches = [name for name in in_batches if name in b.K]
        if alone:
            b.D = pyo.Set(initialize=alone, ordered=True)

            @array_constraint(b, b.D, m.Y, m.T, doc="Dropped work leaves its queue")
            def leaves_queue(b: pyo.Block, k: Any, y: Any, t: Any) -> Any:
                return b.dropped[k, y, t] <= queue.served[k, y, t]

        if in_batches:
            b.B = pyo.Set(initialize=in_batches, ordered=True)

            @array_constraint(b, b.B, m.Y, m.T, doc="Dropped work leaves its queue, in no batch")
            def leaves_batch(b: pyo.Block, k: Any, y: Any, t: Any) -> Any:
                return b.dropped[k, y, t] + queue.batched[k, y, t] <= queue.served[k, y, t]


def _states_value(case: SiteCase) -> npt.NDArray[np.bool_]:
    """Return which classes state what they are worth, shape (classes,)."""
    stated = case.workload.value or (None,) * len(case.workload.names)
    return np.array([value is not None for value in stated])


def _row(case: SiteCase, name: str) -> int:
    return case.workload.names.index(name)
