"""Outages of a market's grid: ordinary interruptions, and severe events of cold and heat."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dcmodel.inputs.assumptions import Technology, technology
from dcmodel.inputs.markets import Market
from dcmodel.reliability.outages import Duration, GridOutages, OutageCause
from dcmodel.reliability.system import BackupSystem

FloatArray = npt.NDArray[np.float64]


def interruption() -> Technology:
    """Return the library's figures of interruptions; none of them is money."""
    return technology("grid_outage", currency_year=0)


def grid_outages(market: Market, temp_air: FloatArray, system: BackupSystem) -> GridOutages:
    """Return the outages of a market's grid.

    Parameters
    ----------
    market : Market
    temp_air : array of shape (hours,)
        Temperature [degC], by which storms and heat waves choose their hours.
    system : BackupSystem
        Its generators without fuel on site hang on a pipeline.
    """
    p = interruption()
    piped = tuple(g.name for g in system.generators if not np.isfinite(g.fuel_stock))
    usual = OutageCause(
        "ordinary",
        market.reliability.interruptions_per_year.value,
        Duration(market.reliability.duration_h.value, "lognormal", p.value("duration_variation")),
    )
    share = {"cold": p.value("cold_share"), "hot": p.value("heat_share"), "any": 1.0}
    severe = [
        OutageCause(
            name,
            event.interruptions_per_year.value,
            Duration(event.duration_h.value, "exponential"),
            weight=_when(temp_air, event.season, share[event.season]),
            start_failure_factor=event.start_failure_factor.value,
            groups_lost=piped,
            loss_probability=event.pipeline_lost.value,
            resupply=False,
        )
        for name, event in market.reliability.severe.items()
    ]
    return GridOutages((usual, *severe))


def _when(temp_air: FloatArray, season: str, share: float) -> FloatArray | None:
    """Return where in the year an outage strikes: the coldest or hottest hours, or anywhere."""
    if season == "any":
        return None
    ordered = np.argsort(temp_air if season == "cold" else -temp_air, kind="stable")
    weight = np.zeros(len(temp_air))
    weight[ordered[: max(1, round(share * len(temp_air)))]] = 1.0
    return weight
