"""Metrics by which sites are compared."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dcmodel.base.units import KW_PER_MW, MONTHS_PER_YEAR

FloatArray = npt.NDArray[np.float64]


def levelised_cost(cost: FloatArray, quantity: FloatArray, discount_factor: FloatArray) -> float:
    r"""Return discounted cost over discounted quantity.

    Parameters
    ----------
    cost : array of shape (years,)
        Cost of each year, :math:`c_y` [USD].
    quantity : array of shape (years,)
        What it pays for, :math:`q_y`, for example IT energy [MWh].
    discount_factor : array of shape (years,)
        Present value of one USD of each year, :math:`d_y` [1].

    Returns
    -------
    float
        The constant price that pays for everything [USD per unit of `quantity`]; nan when the
        quantity is zero in all years.

    Notes
    -----
    .. math:: \frac{\sum_y d_y c_y}{\sum_y d_y q_y}
    """
    discounted = float(discount_factor @ quantity)
    return float(discount_factor @ cost) / discounted if discounted else float("nan")


def levelised_cost_per_kw_month(
    cost: FloatArray, capacity: FloatArray, discount_factor: FloatArray
) -> float:
    """Return the levelised cost of a month of one kW of capacity.

    Parameters
    ----------
    cost : array of shape (years,)
        Cost of each year [USD].
    capacity : array of shape (years,)
        Capacity that stands, for example installed IT [MW].
    discount_factor : array of shape (years,)
        Present value of one USD of each year [1].

    Returns
    -------
    float
        [USD kW-1 month-1]
    """
    return levelised_cost(cost, capacity * KW_PER_MW * MONTHS_PER_YEAR, discount_factor)
