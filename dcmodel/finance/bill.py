"""Bills from the meter: any list of tariff forms on any metered year, item by item.

Written as a supplier would write them, month by month from the readings; nothing here knows the
equations of a model. A run compares each bill with the model's own charge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Basis = Literal["metered", "purchased"]

COLUMNS = ("form", "charge", "month", "period", "quantity", "unit", "rate", "amount")
"""Columns of an itemised bill."""


@dataclass(frozen=True)
class BillItem:
    """One line of a bill.

    Parameters
    ----------
    charge : str
        What is charged, in the words of a bill.
    month : int
        Calendar month, 1 to 12, of the line.
    quantity : float
        What is counted, in `unit`.
    unit : str
    rate : float
        Money per unit; the mean one where prices differ by hour.
    amount : float
        Money; negative where the customer earns.
    period : str
        Period of the day or of the year, where the charge tells some apart.
    """

    charge: str
    month: int
    quantity: float
    unit: str
    rate: float
    amount: float
    period: str = ""

    @classmethod
    def priced(
        cls, charge: str, month: int, quantity: float, unit: str, rate: float, period: str = ""
    ) -> BillItem:
        """Return an item of one rate."""
        return cls(charge, month, quantity, unit, rate, quantity * rate, period)

    @classmethod
    def valued(
        cls, charge: str, month: int, quantity: float, unit: str, amount: float, period: str = ""
    ) -> BillItem:
        """Return an item of many rates; the mean one is shown."""
        rate = amount / quantity if quantity else 0.0
        return cls(charge, month, quantity, unit, rate, amount, period)


@dataclass(frozen=True, eq=False)
class Meter:
    """A metered year, interval by interval.

    Parameters
    ----------
    time : DatetimeIndex, shape (intervals,)
        Local clock at the beginning of each interval, naive.
    grid_import : array of shape (intervals,)
        Metered import [MW].
    hours : array of shape (intervals,)
        Length of each interval [h].
    contract_use : array of shape (intervals,), optional
        Contract energy that covers import [MW].
    surplus : array of shape (intervals,), optional
        Contract energy beyond the import [MW].
    series : mapping
        Hourly prices and other series by name, each of shape (intervals,).
    sizes : mapping
        What the customer contracted with a form, by ``form.size`` [MW].
    year : int
        Calendar year of the bill.
    position : int
        Position of the year among those of the tariff's rates.
    before : Meter, optional
        The year before; None where nothing was metered.
    years_after : int, optional
        Years of the study that follow; None where what later years will charge for this one is
        left out of the bill.
    discount : float
        Present value of one unit of money of the year after [1].
    """

    time: pd.DatetimeIndex
    grid_import: FloatArray
    hours: FloatArray
    contract_use: FloatArray | None = None
    surplus: FloatArray | None = None
    series: Mapping[str, FloatArray] = field(default_factory=dict)
    sizes: Mapping[str, float] = field(default_factory=dict)
    year: int = 0
    position: int = 0
    before: Meter | None = None
    years_after: int | None = None
    discount: float = 1.0

    @cached_property
    def month(self) -> npt.NDArray[np.int64]:
        """Calendar month of each interval, 1 to 12."""
        return np.asarray(self.time.month, dtype=np.int64)

    @cached_property
    def months(self) -> list[int]:
        """Calendar months that hold a reading."""
        return sorted({int(month) for month in self.month})

    @cached_property
    def purchase(self) -> FloatArray:
        """Import that no contract covers [MW]."""
        return self.grid_import - (0.0 if self.contract_use is None else self.contract_use)

    def energy(self, basis: Basis = "metered") -> FloatArray:
        """Return the energy of each interval, metered or bought of the tariff [MWh]."""
        return (self.grid_import if basis == "metered" else self.purchase) * self.hours

    def by_month(self, values: FloatArray, where: Mask | None = None) -> dict[int, float]:
        """Return the sum of values of each month; zero where `where` leaves nothing."""
        kept = values if where is None else np.where(where, values, 0.0)
        return {month: float(kept[self.month == month].sum()) for month in self.months}

    def each_month(self, rate: Callable[[int], float]) -> FloatArray:
        """Return what each interval pays by the month it lies in, shape (intervals,)."""
        values = np.zeros(len(self.time))
        for month in self.months:
            values[self.month == month] = rate(month)
        return values

    def peaks(self, where: Mask | None = None) -> dict[int, float]:
        """Return the largest import of each month [MW]; zero where `where` leaves nothing."""
        kept = self.grid_import if where is None else np.where(where, self.grid_import, 0.0)
        return {
            month: max(0.0, float(kept[self.month == month].max(initial=0.0)))
            for month in self.months
        }


class BillForm(Protocol):
    """What a bill needs of a tariff form."""

    @property
    def label(self) -> str:
        """Name on the bill."""

    def items(self, meter: Meter) -> Iterable[BillItem]:
        """Return the lines of a metered year."""


def itemise(forms: Iterable[BillForm], meter: Meter) -> pd.DataFrame:
    """Return the bill of a metered year, one row a line.

    Parameters
    ----------
    forms : iterable of BillForm
        Forms that apply together.
    meter : Meter

    Returns
    -------
    DataFrame
        Columns `COLUMNS`; ``amount`` sums to the bill.
    """
    rows = [
        (form.label, i.charge, i.month, i.period, i.quantity, i.unit, i.rate, i.amount)
        for form in forms
        for i in form.items(meter)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def total(form: BillForm, meter: Meter) -> float:
    """Return what a form charges for a metered year."""
    return float(sum(item.amount for item in form.items(meter)))


def chained(meters: Iterable[Meter]) -> list[Meter]:
    """Return the meters of successive years, each knowing the one before and what follows.

    What the last year causes in later ones is charged to it, as the study ends there.
    """
    years = list(meters)
    linked: list[Meter] = []
    for position, meter in enumerate(years):
        before = linked[-1] if linked else None
        after = len(years) - 1 - position
        linked.append(replace(meter, position=position, before=before, years_after=after))
    return linked
