"""Checks of every solution, by other means than the model's equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from dcmodel.base.errors import Fault, SolverError
from dcmodel.components.base import SiteCase

FloatArray = npt.NDArray[np.float64]

BALANCE_MW = 1e-6
"""Power balance of every hour closes within this. [MW]"""
COST_RELATIVE = 1e-9
"""Cost terms sum to the objective within this. [1]"""
BACKLOG_MWH = 1e-5
"""Waiting work stays inside its window within this. [MWh]"""


@dataclass(frozen=True)
class Verification:
    """What the checks found; the attributes of a result say it."""

    balance_mw: float
    """Largest hourly difference between supply and facility power [MW]."""
    cost_relative: float
    """Discounted cost terms against the objective [1]."""
    backlog_mwh: float
    """Largest excess of waiting work over what arrived in the window [MWh]."""


def verify(result: xr.Dataset, case: SiteCase, objective: float) -> Verification:
    """Check balances, cost terms and deadlines of a solved case.

    Raises
    ------
    SolverError
        When a check fails; every failed check is named.
    """
    supply = result["supply"].sum("component").to_numpy()
    balance = float(np.abs(supply - result["facility_power"].to_numpy()).max())
    discounted = float((result["cost"] * result["discount_factor"]).sum())
    cost = abs(discounted - objective) / max(abs(objective), 1.0)
    backlog = backlog_excess(result, case)
    faults = [
        Fault(case.name, f"{what} differs by {found:.3g} {unit}; at most {limit:g} is allowed")
        for what, found, limit, unit in (
            ("the power balance", balance, BALANCE_MW, "MW"),
            ("the sum of cost terms", cost, COST_RELATIVE, "of the objective"),
            ("waiting work against its window", backlog, BACKLOG_MWH, "MWh"),
        )
        if not found <= limit
    ]
    if faults:
        raise SolverError(faults)
    return Verification(balance, cost, backlog)


def backlog_excess(result: xr.Dataset, case: SiteCase) -> float:
    """Return by how much waiting work exceeds its window anywhere [MWh]; below zero counts too."""
    if "backlog" not in result:
        return 0.0
    rows = [case.workload.names.index(name) for name in result["workload"].to_numpy()]
    waiting = result["backlog"].to_numpy()
    over = float((waiting - case.workload.backlog_max[rows]).max())
    return max(over, float(-waiting.min()), 0.0)
