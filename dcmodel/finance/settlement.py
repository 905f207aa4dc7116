"""What a supply contract costs in a year, from what was signed, delivered and sold.

Written as a trading desk would settle it, hour by hour; nothing here knows the equations of a
model. A run compares each statement with the model's own cost of the contract.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Settlement:
    """What a contract cost in a year, its two sides apart."""

    payment: float
    """Paid for all that was contracted, before anything is sold [USD]."""
    resale: float = 0.0
    """Received for what the contract sold of it, below zero; above where it had to pay [USD]."""

    @property
    def net(self) -> float:
        """Both together [USD]."""
        return self.payment + self.resale


def mean_price(signed: FloatArray, price: FloatArray) -> float:
    """Return the mean price of what stands [USD MWh-1], 0 where nothing does.

    Parameters
    ----------
    signed : array of shape (vintages,)
        Capacity that stands, by year of signature [MW].
    price : array of shape (vintages,)
        Price paid for each [USD MWh-1].
    """
    total = float(signed.sum())
    return float((signed * price).sum()) / total if total > 0 else 0.0


def delivered_cost(energy: FloatArray, price: float) -> float:
    """Return what is paid for energy delivered [USD]; `energy` by interval [MWh]."""
    return float(np.sum(energy)) * price


def sold_at_hub(energy: FloatArray, hub: FloatArray, fee: float, at_most: float = np.inf) -> float:
    """Return what energy sold back earns [USD], below zero at prices under the fee.

    Parameters
    ----------
    energy : array of shape (intervals,)
        Energy sold [MWh].
    hub : array of shape (intervals,)
        Hub price [USD MWh-1].
    fee : float
        Kept by the other party [USD MWh-1].
    at_most : float
        Highest price at which it is taken back [USD MWh-1].
    """
    return float(sum(e * (min(p, at_most) - fee) for e, p in zip(energy, hub, strict=True)))


def swing_cost(
    delivered: FloatArray, contracted: float, hours: float, price: float, price_now: float
) -> float:
    """Return what a flat volume with a swing costs [USD].

    Parameters
    ----------
    delivered : array of shape (intervals,)
        Energy taken [MWh].
    contracted : float
        Capacity contracted [MW].
    hours : float
        Hours of the year [h].
    price, price_now : float
        Mean price of what was signed, and price of the year at which more or less is paid
        [USD MWh-1].
    """
    volume = contracted * hours
    return volume * price + (float(np.sum(delivered)) - volume) * price_now


def strike_paid(
    generation: FloatArray,
    hub: FloatArray,
    strike: float,
    clause: Literal["settled", "floored", "suspended"],
) -> float:
    """Return the fixed leg of a contract for difference [USD]; parameters as of `difference`."""
    hours = zip(generation, hub, strict=True)
    return float(sum(e * strike for e, p in hours if p >= 0 or clause != "suspended"))


def difference(
    generation: FloatArray,
    hub: FloatArray,
    strike: float,
    clause: Literal["settled", "floored", "suspended"],
) -> float:
    """Return what the buyer pays under a contract for difference [USD].

    Parameters
    ----------
    generation : array of shape (intervals,)
        Energy of the buyer's share of the plant [MWh].
    hub : array of shape (intervals,)
        Hub price [USD MWh-1].
    strike : float
        [USD MWh-1].
    clause : str
        What happens at negative prices: ``settled`` as any hour, ``floored`` with a hub price of
        zero, ``suspended`` not at all.
    """
    paid = 0.0
    for energy, price in zip(generation, hub, strict=True):
        if price < 0 and clause == "suspended":
            continue
        reckoned = max(price, 0.0) if clause == "floored" else price
        paid += energy * (strike - reckoned)
    return float(paid)
