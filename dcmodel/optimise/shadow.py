r"""Shadow prices in the words of a study: what one more unit of a limit would save.

The Lagrangian of the pathway with multipliers :math:`y` has reduced costs
:math:`d = c - A^T y`. If a limit rises by one unit and lifts the upper bound of column :math:`j` by
:math:`r_j`, the bound on the optimum falls by

.. math:: \sum_j r_j \max(0, -d_j) ,

exact at the optimum where the limit is not on a kink; there it is the most that a unit more may
save. The multipliers are those that prove the lower bound, so prices are as good as the gap.
"""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import xarray as xr

from dcmodel.arrays import LinearProgram
from dcmodel.components.base import FloatArray, Limit, SiteCase
from dcmodel.optimise.build import limits_of


def shadow_prices(
    m: pyo.ConcreteModel, lp: LinearProgram, case: SiteCase, row_dual: FloatArray
) -> xr.Dataset:
    """Return what one more unit of each limit saves, by the year of the limit.

    Parameters
    ----------
    m : Pyomo model
        Built from `case`.
    lp : LinearProgram
        Its arrays.
    case : SiteCase
    row_dual : ndarray, shape (m,)
        Multipliers of the whole program.

    Returns
    -------
    xarray.Dataset
        ``shadow_price`` (limit, year): present value saved by one more unit of the limit in that
        year [USD]; of a least amount, by one unit less. Coordinates tell the limit's words, unit,
        place in the study and its value.
    """
    saving = np.maximum(0.0, -(lp.cost - lp.matrix.T @ row_dual))
    limits = limits_of(m, case)
    shape = (len(limits), len(case.years))
    prices = [_by_year(limit, lp, saving, shape[1]) for limit in limits]
    words = "Present value saved by one more unit of a limit in the year"
    by_limit = ("limit", "year")
    return xr.Dataset(
        {
            "shadow_price": (
                by_limit, np.reshape(prices, shape), {"units": "USD", "long_name": words}
            ),
        },
        coords={
            "year": list(case.years),
            "limit": [".".join(limit.place) for limit in limits],
            "limit_title": ("limit", [limit.name for limit in limits]),
            "limit_falls": ("limit", [limit.falls for limit in limits]),
            "limit_units": ("limit", [limit.unit for limit in limits]),
            "limit_value": (by_limit, np.reshape([limit.value for limit in limits], shape)),
        },
    )  # fmt: skip


def _by_year(limit: Limit, lp: LinearProgram, saving: FloatArray, years: int) -> FloatArray:
    total = np.zeros(years)
    for variable, rise in limit.bounds:
        columns = lp.column(variable)
        np.add.at(total, lp.column_year[columns], saving[columns] * rise.ravel())
    return total
