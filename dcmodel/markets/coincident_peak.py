"""Coincident peak: transmission cost shared by the load at the system's peaks, a year later."""

from __future__ import annotations

from typing import ClassVar, Literal

from dcmodel.base.units import MONTHS_PER_YEAR
from dcmodel.markets.base import MonthlyRate, of_month, tariffs
from dcmodel.markets.lagged_peak import LaggedPeak


@tariffs.register("coincident_peak")
class CoincidentPeak(LaggedPeak):
    """Yearly charge on the mean load at last year's system peaks (ERCOT 4CP), paid monthly."""

    kind: ClassVar[str] = "coincident_peak"

    rate_usd_per_mw_year: MonthlyRate
    """Charge per MW of load at the peaks, in the year that pays, a twelfth each month.
    [USD MW-1 yr-1]"""
    billed: Literal["next_year", "same_year"] = "next_year"
    """Year that pays for a year's peaks: ERCOT's 4CP the next, the British Triad the same."""

    @property
    def delay(self) -> int:
        """Years from the peaks to the year that pays."""
        return 1 if self.billed == "next_year" else 0

    @property
    def delivery_start(self) -> int:
        """January: calendar years pay."""
        return 1

    def rate(self, position: int, month: int) -> float:
        """Return a twelfth of the yearly rate [USD MW-1]."""
        return of_month(self.rate_usd_per_mw_year, max(position, 0), month) / MONTHS_PER_YEAR
