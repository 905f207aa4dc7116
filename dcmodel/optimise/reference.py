"""The reference beside a site's optimum: what a competent buyer of grid power would have."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import xarray as xr

from dcmodel.arrays import LinearProgram
from dcmodel.base.errors import InfeasibleError, SolverError
from dcmodel.components.base import SiteCase
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.effort import (
    REVISIONS_MAX,
    YEAR_TOLERANCE,
    Effort,
    revised,
    without_small_sizes,
)
from dcmodel.optimise.extract import add_beside, site_costs, site_sizes
from dcmodel.optimise.pathway import PathwaySolution, solve_pathway
from dcmodel.optimise.polish import polished
from dcmodel.optimise.settle import settled

REFERENCES = {
    False: "",
    True: "the reference has on-site supply, too: grid and standby alone cannot serve this load",
}
"""What a reference is, the first that has a design: without or with supply on the site."""
REFERENCE_SECONDS = 120.0
"""Wall time of each solver tried on a block of the reference. [s]"""

_logger = logging.getLogger(__name__)


def add_reference(result: xr.Dataset, case: SiteCase, effort: Effort) -> list[str]:
    """Add cost and sizes of the ordinary grid-supplied site, without contracts and shifting.

    Returns
    -------
    list of str
        What a reader must know of it: that there is none, where grid and standby alone cannot do
        what the study asks. Its figures are NaN then.
    """
    for with_supply, note in REFERENCES.items():
        try:
            m, lp, solution = _solved_reference(case.reference(with_supply=with_supply), effort)
        except (InfeasibleError, SolverError) as error:
            _logger.warning("%s: no such reference: %s", case.name, error)
            continue
        add_beside(result, "cost", site_costs(lp, solution.x))
        add_beside(result, "capacity", site_sizes(m))
        return [note] if note else []
    for name in ("cost", "capacity"):
        result[f"reference_{name}"] = xr.full_like(result[name], np.nan).reset_coords(drop=True)
    return ["there is no reference: grid and on-site supply cannot serve this load without more"]


def _solved_reference(
    reference: SiteCase, effort: Effort
) -> tuple[pyo.ConcreteModel, LinearProgram, PathwaySolution]:
    """Return a reference's model and program with the solution loaded, by its own laws."""
    for _ in range(REVISIONS_MAX):
        m, lp = compile_site(reference)
        solution = solve_pathway(
            lp,
            gap=effort.gap,
            jobs=effort.jobs,
            tolerance=YEAR_TOLERANCE,
            time_limit=REFERENCE_SECONDS,
        )
        solution = polished(lp, solution, effort.gap, tolerance=YEAR_TOLERANCE)
        solution = settled(lp, without_small_sizes(lp, solution, effort, at_once=False), effort.gap)
        lp.load_solution(m, solution.x, solution.row_dual)
        parts = revised(m, reference)
        if parts is None:
            break
        reference = replace(reference, components=parts)
    return m, lp, solution
