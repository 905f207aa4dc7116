"""Dropped work: what is not served, at its value to the class that asked for it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, array_expression, cost_term
from dcmodel.components.base import Component, SiteCase, components


@components.register("dropped_work")
class DroppedWork(Component):
    r"""Work that is refused, each class at the value of its work.

    Notes
    -----
    Arrivals are served or dropped, :math:`\sum_t w_t A_{kt} = \sum_t w_t (s_{kt} + d_{kt})`. Work
    that may wait leaves its queue when it is dropped, so that the deadline holds for both; no more
    is dropped in an hour than arrives in it, which loses nothing: what is dropped need not wait.
    """

    kind: ClassVar[str] = "dropped_work"
    in_reference: ClassVar[bool] = False
    moves_work: ClassVar[bool] = True

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare dropped work and its cost."""
        m = b.model()
        work = case.workload
        value = work.value or (self.technology(case).value("value_of_work"),) * len(work.names)
        b.K = pyo.Set(initialize=list(work.names), ordered=True)
        b.value = ArrayParam(b.K, values=np.array(value))
        b.dropped = ArrayVar(b.K, m.Y, m.T, lower=0, upper=work.arrivals, doc="Work dropped [MW]")

        @array_expression(b, m.Y, m.T, doc="Work moved into the hour [MW]")
        def it_shift(b: pyo.Block, y: Any, t: Any) -> Any:
            return -sum(b.dropped[k, y, t] for k in b.K)

        @cost_term(b, m.Y, category="workload", doc="Value of dropped work [USD]")
        def lost_value(b: pyo.Block, y: Any) -> Any:
            return sum(
                b.value[k] * sum(m.duration[t] * b.dropped[k, y, t] for t in m.T) for k in b.K
            )

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Drop no more of the work that may wait than leaves its queue."""
        m = b.model()
        queues = [block for block in m.asset.values() if block.component("served") is not None]
        if not queues:
            return
        [queue] = queues
        in_batches = [] if queue.component("batched") is None else list(queue.S)
        alone = [name for name in queue.K if name not in in_batches]
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
