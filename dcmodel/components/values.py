"""What a unit of work is worth where it is lost: one value a class, whoever asks for it."""

from __future__ import annotations

import numpy as np

from dcmodel.components.base import FloatArray, SiteCase


def lost_load(case: SiteCase) -> float:
    """Return the value of load that is lost: that of the most valuable class [USD MWh-1]."""
    return float(np.max(work_values(case), initial=0.0))


def work_values(case: SiteCase) -> FloatArray:
    """Return what a unit of work of each class is worth, shape (classes,) [USD MWh-1].

    A class's own value, where it states one. Else that of a promise broken where the class is
    interactive, and the rent of the machines where the work may wait, each lowered by the class's
    rank; both from the library or the settings of the component that loses the work.
    """
    work = case.workload
    stated = work.value or (None,) * len(work.names)
    rank = work.priority or (1,) * len(work.names)
    found = []
    for value, window, priority in zip(stated, work.window_h, rank, strict=True):
        if value is None:
            interactive = window == 0
            value = _interruption(case) if interactive else rent(case)
            if priority > 1:
                value *= case.parameters_of("dropped_work").value("rank_factor") ** (priority - 1)
        found.append(value)
    return np.array(found, dtype=float)


def may_be_refused(case: SiteCase) -> tuple[bool, ...]:
    """Return which classes may be refused while there is power for them.

    Work that may wait, and work that states what it is worth or ranks below others. To refuse other
    interactive work is no plan.
    """
    work = case.workload
    stated = work.value or (None,) * len(work.names)
    rank = work.priority or (1,) * len(work.names)
    return tuple(
        window > 0 or value is not None or priority > 1
        for value, window, priority in zip(stated, work.window_h, rank, strict=True)
    )


def rent(case: SiteCase) -> float:
    """Return what machines that cannot work would have earned [USD MWh-1]."""
    return case.parameters_of("dropped_work").value("value_of_work")


def rent_values(case: SiteCase) -> FloatArray:
    """Return the rent lost with work of each class, never above its value [USD MWh-1]."""
    return np.minimum(work_values(case), rent(case))


def _interruption(case: SiteCase) -> float:
    return case.parameters_of("unserved_energy").value("value_of_lost_load")
