"""What is owed after the last year of a study: contracts whose term runs on.

A study stops; what was signed in it does not. An obligation is one contract of one year of
signature with the payments that fall due after the horizon, in real money, as if the years after it
were like the last.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Obligation:
    """Payments of one contract after the horizon."""

    contract: str
    """Name of the contract in results."""
    signed: int
    """Calendar year in which it was signed, or its term began."""
    capacity: float
    """Contracted power [MW]."""
    price: float
    """Price of the first year after the horizon, in `price_unit`."""
    price_unit: str
    term_end: int
    """Last calendar year of the term."""
    payments: tuple[float, ...]
    """Payment of each year from the one after the horizon to the end of the term [USD]."""
    delivery: float = 0.0
    """Energy expected in a year for it: delivered, or generated where it is settled in money
    [MWh]."""

    @property
    def owed(self) -> float:
        """Sum of the payments as they fall due, not discounted [USD]."""
        return float(sum(self.payments))

    def present_value(self, rate: float, factor: float) -> float:
        """Return the payments discounted to the base year of the study [USD].

        Parameters
        ----------
        rate : float
            Real discount rate [1].
        factor : float
            Present value of one USD of the last year of the study [1].
        """
        return float(
            sum(paid * factor / (1.0 + rate) ** n for n, paid in enumerate(self.payments, start=1))
        )
