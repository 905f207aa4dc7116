"""Annuities and present values, at real rates.

Convention: all money of a year counts at one date, and the first year is not discounted:
``d_y = 1 / (1 + r) ** (y - y0)``. Everything is in real money, so rates are real.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def capital_recovery_factor(rate: float, lifetime: float) -> float:
    r"""Return the yearly payment that repays one unit of capital over its life.

    Parameters
    ----------
    rate : float
        Real discount rate, :math:`r` [1].
    lifetime : float
        Economic life, :math:`n` [years].

    Returns
    -------
    float
        Payment at the end of each year per unit of capital [yr-1].

    Notes
    -----
    .. math:: \frac{r}{1 - (1 + r)^{-n}}, \qquad 1 / n \text{ at } r = 0

    Examples
    --------
    >>> round(capital_recovery_factor(0.08, 20), 6)
    0.101852
    """
    if lifetime <= 0 or rate <= -1:
        msg = f"a life above 0 years and a rate above -1 are needed, found {lifetime} and {rate}"
        raise ValueError(msg)
    if rate == 0:
        return 1.0 / lifetime
    return float(rate / -np.expm1(-lifetime * np.log1p(rate)))


def discount_factors(years: Sequence[int], rate: float, base_year: int | None = None) -> FloatArray:
    """Return the present value of one unit of money of each year.

    Parameters
    ----------
    years : sequence of int
        Years of the money.
    rate : float
        Real discount rate [1].
    base_year : int, optional
        Year whose money counts in full; the first of `years` when left out.

    Returns
    -------
    array of shape (years,)
        Factors [1].
    """
    base = years[0] if base_year is None else base_year
    return np.asarray((1.0 + rate) ** -(np.asarray(years, dtype=float) - base))


def net_present_value(
    cash_flow: Sequence[float] | FloatArray,
    years: Sequence[int],
    rate: float,
    base_year: int | None = None,
) -> float:
    """Return the sum of yearly cash flows, discounted to the base year.

    Parameters
    ----------
    cash_flow : array of shape (years,)
        Money of each year, income positive [USD].
    years : sequence of int
        Years of the cash flows.
    rate : float
        Real discount rate [1].
    base_year : int, optional
        Year whose money counts in full; the first of `years` when left out.

    Returns
    -------
    float
        Present value [USD].
    """
    factors = discount_factors(years, rate, base_year)
    return float(factors @ np.asarray(cash_flow, dtype=float))
