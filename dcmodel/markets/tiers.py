"""What tiered charges share: a quantity in tiers, on the bill and in the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayConstraint, ArrayParam, ArrayVar
from dcmodel.components.base import FloatArray
from dcmodel.inputs.time_of_use import refusal
from dcmodel.markets.rates import Varying, by_month, by_year


def refuse_tiers(
    limits: tuple[float, ...], prices: tuple[Varying, ...], fields: tuple[str, str]
) -> None:
    """Refuse limits that do not rise, and prices that are not one more than the limits."""
    for position, limit in enumerate(limits):
        below = limits[position - 1] if position else 0.0
        if limit <= below:
            msg = f"found {limit:g} after {below:g}; limits of tiers rise from zero"
            raise refusal(msg, (fields[0], position))
    if len(prices) != len(limits) + 1:
        msg = f"found {len(prices)} prices for {len(limits)} limits; give one more than limits"
        raise refusal(msg, (fields[1],))


def in_tiers(quantity: float, limits: tuple[float, ...]) -> list[float]:
    """Return how much of a quantity lies in each tier, from the lowest."""
    ends = [*limits, np.inf]
    starts = [0.0, *limits]
    return [max(0.0, min(quantity, end) - start) for start, end in zip(starts, ends, strict=True)]


def prices_of(prices: tuple[Varying, ...], years: int) -> FloatArray:
    """Return the price of each tier and year, shape (years, tiers)."""
    return np.stack([by_year(price, years) for price in prices], axis=1)


def monthly_prices_of(prices: tuple[Varying, ...], years: int) -> FloatArray:
    """Return the price of each tier, year and month, shape (years, 12, tiers)."""
    return np.stack([by_month(price, years) for price in prices], axis=2)


def split_in_tiers(
    b: pyo.Block,
    over: Any,
    quantity: Callable[[Any, Any], Any],
    most: FloatArray,
    limits: tuple[float, ...],
    prices: FloatArray,
    unit: str,
) -> None:
    """Declare a quantity in tiers: ``part[y, c, k]``, filled from the lowest.

    Where prices rise the cheapest way fills the tiers in order by itself. Where one falls, a tier
    opens only when the one below is full, told by a whole number; its bounds are the tiers' own
    widths and the largest quantity there can be.

    Parameters
    ----------
    b : Block
        Gets the set ``K`` of tiers, ``part`` and ``price[y, c, k]``.
    over : Set
        What the quantity is counted over beside the years: months, or the whole year.
    quantity : callable
        ``quantity(y, c)`` returns the quantity as an expression.
    most : array of shape (years, len(over))
        Largest quantity there can be.
    limits : tuple of float
        Upper ends of all tiers but the last.
    prices : array of shape (years, len(over), tiers)
    unit : str
        Unit of the quantity.
    """
    m = b.model()
    count = prices.shape[2]
    b.K = pyo.RangeSet(0, count - 1)
    b.price = ArrayParam(m.Y, over, b.K, values=prices)
    start = np.array([0.0, *limits])
    width = np.diff([*start, np.inf])
    # no tier takes more than its width, nor more than there can be above its start
    upper = np.minimum(width, np.maximum(most[:, :, None] - start, 0.0))
    b.part = ArrayVar(m.Y, over, b.K, lower=0, upper=upper, doc=f"Quantity in tiers [{unit}]")

    def tiers_hold_all(b: pyo.Block, y: Any, c: Any) -> Any:
        return sum(b.part[y, c, k] for k in b.K) == quantity(y, c)

    b.tiers_hold_all = ArrayConstraint(
        m.Y, over, rule=tiers_hold_all, doc="The tiers hold the whole quantity"
    )
    if (np.diff(prices, axis=2) >= 0).all():
        return
    _in_order(b, over, upper, np.where(np.isfinite(width), width, 0.0))


def _in_order(b: pyo.Block, over: Any, upper: FloatArray, width: FloatArray) -> None:
    """Declare that a tier opens only when the one below is full."""
    m = b.model()
    later = np.arange(len(width)) > 0
    b.opened = ArrayVar(
        m.Y, over, b.K, lower=0, upper=later.astype(float), integer=True, doc="Tier is open [1]"
    )
    b.most = ArrayParam(m.Y, over, b.K, values=upper)
    b.width = ArrayParam(b.K, values=width)
    b.below = ArrayParam(b.K, values=np.maximum(np.arange(len(width)) - 1, 0))

    def closed(b: pyo.Block, y: Any, c: Any, k: Any) -> Any:
        return b.part[y, c, k] <= b.most[y, c, k] * b.opened[y, c, k]

    def full_below(b: pyo.Block, y: Any, c: Any, k: Any) -> Any:
        return b.part[y, c, b.below[k]] >= b.width[b.below[k]] * b.opened[y, c, k]

    where = np.broadcast_to(later, upper.shape)
    b.closed = ArrayConstraint(
        m.Y, over, b.K, rule=closed, where=where, doc="Closed tiers are empty"
    )
    b.full_below = ArrayConstraint(
        m.Y, over, b.K, rule=full_below, where=where, doc="A tier opens on a full one"
    )
