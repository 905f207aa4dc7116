"""Bills from the meter: an independent recomputation of what the optimiser charged.

Written as a supplier would write them, month by month from hourly readings; nothing here knows the
equations of the model. The run compares each bill with the model's own charge.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]


def spot_energy_bill(
    grid_import: FloatArray,
    price: FloatArray,
    calendar: pd.DatetimeIndex,
    *,
    adder: float,
    loss_fraction: float = 0.0,
    contract_use: FloatArray | None = None,
    surplus: FloatArray | None = None,
    resale_fee: float = 0.0,
    duration: FloatArray | float = 1.0,
) -> pd.DataFrame:
    """Return the energy bill of a year by month.

    Parameters
    ----------
    grid_import : array of shape (steps,)
        Metered import [MW].
    price : array of shape (steps,)
        Wholesale price [USD MWh-1].
    calendar : DatetimeIndex
        Beginning of each step in the clock by which months are billed.
    adder : float
        Network energy charges, levies and margin on every metered MWh, whoever sold it
        [USD MWh-1].
    loss_fraction : float
        Losses bought at the wholesale price, over metered energy [1].
    contract_use : array of shape (steps,), optional
        Contract energy that covers import; the supplier sells the rest [MW].
    surplus : array of shape (steps,), optional
        Contract energy beyond the import, sold by the supplier [MW].
    resale_fee : float
        Kept by the supplier on surplus; below the fee the surplus is not produced [USD MWh-1].
    duration : array of shape (steps,) or float
        Hours of each step [h].

    Returns
    -------
    DataFrame
        Index month (1 to 12), columns ``energy``, ``losses``, ``adder``, ``resale`` (negative) and
        ``total`` [USD].
    """
    metered = pd.Series(grid_import * duration, index=calendar)
    spot = pd.Series(price, index=calendar)
    covered = metered * 0 if contract_use is None else pd.Series(contract_use * duration, calendar)
    sold = metered * 0 if surplus is None else pd.Series(surplus * duration, calendar)
    lines = pd.DataFrame(
        {
            "energy": (metered - covered) * spot,
            "losses": metered * loss_fraction * spot,
            "adder": metered * adder,
            "resale": -sold * (spot - resale_fee).clip(lower=0.0),
        }
    )
    bill = lines.groupby(calendar.month).sum()
    bill["total"] = bill.sum(axis=1)
    return bill.rename_axis("month")


def demand_charge_bill(
    grid_import: FloatArray, calendar: pd.DatetimeIndex, rate: float
) -> pd.DataFrame:
    """Return the demand charges of a year by month.

    Parameters
    ----------
    grid_import : array of shape (steps,)
        Metered import [MW].
    calendar : DatetimeIndex
        Beginning of each step in the clock by which months are billed.
    rate : float
        Charge per MW of the month's largest import [USD MW-1 month-1].

    Returns
    -------
    DataFrame
        Index month (1 to 12), columns ``peak`` [MW] and ``total`` [USD].
    """
    peak = pd.Series(np.asarray(grid_import, dtype=float), index=calendar).groupby(calendar.month)
    bill = peak.max().to_frame("peak").rename_axis("month")
    bill["total"] = bill["peak"] * rate
    return bill
