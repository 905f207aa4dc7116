"""What forms with periods share: prices by period, and the peak of each period in the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo

from dcmodel.arrays import ArrayVar, array_constraint
from dcmodel.base.registry import nearest
from dcmodel.components.base import SiteCase
from dcmodel.inputs.time_of_use import TimeOfUse, refusal


def match_periods(calendar: TimeOfUse, prices: Mapping[str, Any], field: str) -> None:
    """Refuse prices that are not given for every period of the calendar and for no other."""
    for name in prices:
        if name not in calendar.periods:
            hint = nearest(name, calendar.periods)
            msg = f"no period '{name}'{hint} (periods: {', '.join(calendar.periods)})"
            raise refusal(msg, (field, name))
    missing = [name for name in calendar.periods if name not in prices]
    if missing:
        msg = f"no price for {', '.join(missing)}; every period needs one"
        raise refusal(msg, (field,))


def period_peaks(b: pyo.Block, case: SiteCase, masks: dict[str, npt.NDArray[np.bool_]]) -> ArrayVar:
    """Declare the largest import of each month inside some hours.

    Parameters
    ----------
    b : Block
        Gets the set ``P`` of the masks' names and the variables ``peak[p, y, month]``.
    case : SiteCase
    masks : dict
        Hours of the clock by name, each of shape (hours,). A step counts where it holds one of
        them, as the import of its hours is the same.

    Returns
    -------
    ArrayVar
        Index name, year, month [MW].
    """
    m = b.model()
    b.P = pyo.Set(initialize=list(masks), ordered=True)
    limit = np.broadcast_to(case.grid_available[None, :, None], (len(masks), len(case.years), 12))
    b.peak = ArrayVar(b.P, m.Y, m.M, lower=0, upper=limit, doc="Largest import of a period [MW]")
    steps = case.clock.touches(np.stack(list(masks.values())))

    @array_constraint(b, b.P, m.Y, m.T, where=steps[:, None, :], doc="The peak is the largest")
    def peak_register(b: pyo.Block, p: Any, y: Any, t: Any) -> Any:
        return m.grid_import[y, t] <= b.peak[p, y, m.month[t]]

    return b.peak


def refuse_period(calendar: TimeOfUse | None, period: str | None) -> None:
    """Refuse a period without a calendar, or one that the calendar does not know."""
    if (calendar is None) != (period is None):
        msg = "calendar and period belong together; give both or neither"
        raise refusal(msg, ("period",))
    if calendar is not None and period not in calendar.periods:
        hint = nearest(str(period), calendar.periods)
        msg = f"no period '{period}'{hint} (periods: {', '.join(calendar.periods)})"
        raise refusal(msg, ("period",))
