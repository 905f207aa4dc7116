"""Shiftable load: deferrable classes of work may wait inside their window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, array_expression, cost_term
from dcmodel.components.base import Component, FloatArray, SiteCase, components
from dcmodel.components.levers import Lever
from dcmodel.workload.deferral import backlog_max


@components.register("shiftable_load")
class ShiftableLoad(Component):
    r"""Work of the deferrable classes, served first in, first out within its deadline.

    Notes
    -----
    With arrivals :math:`A_{kt}`, service :math:`s_{kt}` and backlog :math:`b_{kt}` of class
    :math:`k` with window :math:`W_k`,

    .. math::
       b_{kt} = b_{k,t-1} + w_t (A_{kt} - s_{kt}), \qquad s_{kt} \ge 0, \qquad
       0 \le b_{kt} \le \text{work that arrived in the last } W_k \text{ hours} .

    The upper bound is the deadline: whatever waits arrived less than :math:`W_k` hours ago.
    Service is eliminated, :math:`s_{kt} = A_{kt} + (b_{k,t-1} - b_{kt}) / w_t`, to keep the model
    small. The backlog is empty at the end of the year, so no work is lost.

    Interactivity has a price in energy: work that waited an hour or more may run in larger batches
    and takes :math:`\epsilon_k` less. Of what leaves the queue, :math:`r_{kt}` waited,

    .. math:: w_t r_{kt} \le b_{k,t-1}, \qquad r_{kt} \le s_{kt}, \qquad
       \text{IT work} = \sum_k (s_{kt} - \epsilon_k r_{kt}) .
    """

    kind: ClassVar[str] = "shiftable_load"
    in_reference: ClassVar[bool] = False
    moves_work: ClassVar[bool] = True

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare backlog, service and the work moved."""
        m = b.model()
        work = case.workload
        deferrable = [k for k, window in enumerate(work.window_h) if window > 0]
        if not deferrable:
            return
        delay_cost = self.technology(case).value("delay_cost")
        b.K = pyo.Set(initialize=[work.names[k] for k in deferrable], ordered=True)
        arrivals, limit = work.arrivals[deferrable], work.backlog_max[deferrable]
        per_hour = np.broadcast_to(1.0 / case.duration, arrivals.shape[1:])
        b.arrivals = ArrayParam(b.K, m.Y, m.T, values=arrivals)
        b.per_hour = ArrayParam(m.Y, m.T, values=per_hour)
        b.backlog = ArrayVar(
            b.K, m.Y, m.T, lower=0, upper=limit, doc="Work waiting at the end of the hour [MWh]"
        )

        @array_expression(b, b.K, m.Y, m.T, doc="Work served [MW]")
        def served(b: pyo.Block, k: Any, y: Any, t: Any) -> Any:
            released = b.backlog[k, y, m.previous[t]] - b.backlog[k, y, t]
            return b.arrivals[k, y, t] + b.per_hour[y, t] * released

        @array_constraint(b, b.K, m.Y, m.T, doc="Work is not served before it arrives")
        def service_limit(b: pyo.Block, k: Any, y: Any, t: Any) -> Any:
            return b.served[k, y, t] >= 0

        has_batches = _batches(b, case)

        @array_expression(b, m.Y, m.T, doc="Work moved into the hour [MW]")
        def it_shift(b: pyo.Block, y: Any, t: Any) -> Any:
            moved = sum(
                b.per_hour[y, t] * (b.backlog[k, y, m.previous[t]] - b.backlog[k, y, t])
                for k in b.K
            )
            return moved - b.saved[y, t] if has_batches else moved

        @cost_term(b, m.Y, category="workload", doc="Delay of deferred work [USD]")
        def delay(b: pyo.Block, y: Any) -> Any:
            return delay_cost * sum(m.duration[t] * b.backlog[k, y, t] for k in b.K for t in m.T)

    def priced(self, b: pyo.Block, case: SiteCase) -> Sequence[Lever]:
        """Return the windows: an hour more lets what arrived before that wait too."""
        if b.component("backlog") is None:
            return ()
        return [_window(case, name) for name in b.K]


def _window(case: SiteCase, name: str) -> Lever:
    """Return the lever that is the deferral window of one class."""
    k = case.workload.names.index(name)
    value = np.full(len(case.years), case.workload.window_h[k])

    def move(case: SiteCase, values: FloatArray) -> SiteCase | None:
        work, hours = case.workload, float(values[0])
        end = np.cumsum(case.duration)
        if case.hours is not None:
            arrivals = case.hours.workload.arrivals[k]
        elif np.array_equal(case.duration, np.round(case.duration)):
            arrivals = np.repeat(work.arrivals[k], case.duration.astype(int), axis=-1)
        else:
            return None
        waiting = backlog_max(arrivals, hours)[..., end.astype(int) - 1]
        others = np.arange(len(work.names)) != k
        moved = replace(
            work,
            window_h=tuple(hours if i == k else own for i, own in enumerate(work.window_h)),
            backlog_max=np.where(others[:, None, None], work.backlog_max, waiting),
        )
        return replace(case, workload=moved)

    place = ("workloads", name, "deferral_h")
    return Lever(
        f"Deferral of {name}", "h", place, "deferral_h", value, move, by_year=False, whole=True
    )


def _batches(b: pyo.Block, case: SiteCase) -> bool:
    """Declare work that waited and runs in larger batches; return whether a class saves by it."""
    m = b.model()
    work = case.workload
    if work.batch_saving is None:
        return False
    saving = dict(zip(work.names, work.batch_saving, strict=True))
    names = [name for name in b.K if saving[name].any()]
    if not names:
        return False
    b.S = pyo.Set(initialize=names, ordered=True)
    rows = [work.names.index(name) for name in names]
    before = work.backlog_max[rows][..., case.previous] / case.duration
    b.saving = ArrayParam(b.S, m.Y, values=np.array([saving[name] for name in names]))
    b.batched = ArrayVar(
        b.S, m.Y, m.T, lower=0, upper=before, doc="Work that waited, in larger batches [MW]"
    )

    @array_constraint(b, b.S, m.Y, m.T, doc="Batches are of work that waited")
    def batch_waited(b: pyo.Block, k: Any, y: Any, t: Any) -> Any:
        return b.batched[k, y, t] <= b.per_hour[y, t] * b.backlog[k, y, m.previous[t]]

    @array_constraint(b, b.S, m.Y, m.T, doc="Batches are of work that leaves the queue")
    def batch_served(b: pyo.Block, k: Any, y: Any, t: Any) -> Any:
        return b.batched[k, y, t] <= b.served[k, y, t]

    @array_expression(b, m.Y, m.T, doc="Work saved by larger batches [MW]")
    def saved(b: pyo.Block, y: Any, t: Any) -> Any:
        return sum(b.saving[k, y] * b.batched[k, y, t] for k in b.S)

    return True
