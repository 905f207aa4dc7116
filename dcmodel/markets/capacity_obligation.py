"""Capacity obligation: share of the system's peaks, times reserve, times the auction's price."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, ValidationInfo, model_validator

from dcmodel.base.units import DAYS_OF_MONTH
from dcmodel.markets.base import MonthNumber, Rate, of_year, tariffs
from dcmodel.markets.lagged_peak import LaggedPeak
from dcmodel.markets.rates import billed_years, stage_before


@tariffs.register("capacity_obligation")
class CapacityObligation(LaggedPeak):
    r"""Capacity bought for the load at last summer's peaks (PJM 5CP), by delivery year.

    Notes
    -----
    With load :math:`q` at the peaks, reserve factor :math:`f` and the price :math:`\pi` of the
    delivery year, a month of :math:`n` days costs :math:`n\, \pi f q`.
    """

    kind: ClassVar[str] = "capacity_obligation"

    price_usd_per_mw_day: Rate
    """Price of the auction for the delivery year that begins in each year. [USD MW-1 d-1]"""
    price_before_usd_per_mw_day: Annotated[float, Field(ge=0)] | None = None
    """Price of the delivery year that runs when the study begins; None takes the first. [USD MW-1
    d-1]"""
    reserve_factor: Annotated[float, Field(ge=0)] = 1.0
    """Obligation over load at the peaks: reserve margin and scaling. [1]"""
    delivery_start_month: MonthNumber = 6
    """Month in which a delivery year begins."""

    @model_validator(mode="before")
    @classmethod
    def _price_of_the_year_before(cls, value: Any, info: ValidationInfo) -> Any:
        """Take the price that runs at the beginning from prices by calendar year."""
        years = billed_years(info)
        if not isinstance(value, Mapping) or not years:
            return value
        before = stage_before(value.get("price_usd_per_mw_day"), years[0] - 1)
        if before is None or value.get("price_before_usd_per_mw_day") is not None:
            return value
        return {**value, "price_before_usd_per_mw_day": before}

    @property
    def delivery_start(self) -> int:
        """Month in which a delivery year begins."""
        return self.delivery_start_month

    def rate(self, position: int, month: int) -> float:
        """Return the price of the month's days, reserve included [USD MW-1]."""
        price = of_year(self.price_usd_per_mw_day, max(position, 0))
        if position < 0 and self.price_before_usd_per_mw_day is not None:
            price = self.price_before_usd_per_mw_day
        return price * self.reserve_factor * DAYS_OF_MONTH[month - 1]
