"""Contracted demand: a subscribed power with a band, and a penalty above it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import pyomo.environ as pyo
from pydantic import Field

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, cost_term
from dcmodel.base.schema import Fraction
from dcmodel.components.base import SiteCase
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.markets.base import MonthlyRate, TariffForm, by_month, of_month, tariffs


@tariffs.register("contracted_demand")
class ContractedDemand(TariffForm):
    r"""Demand billed against a contracted power.

    Notes
    -----
    With contracted power :math:`C_y`, monthly peak :math:`p_m`, least share :math:`\sigma`, upper
    end of the band :math:`\beta`, rate :math:`r` and excess rate :math:`r^+`, a month costs

    .. math:: r_m \max(\sigma C_y, p_m) + r^+_m \max(0, p_m - \beta C_y) .

    :math:`\sigma = 1` is a subscription paid in full; :math:`\sigma = 0.85, \beta = 1.05,
    r^+ = 2 r` is the Spanish maximeter rule. The contracted power may be given, or is chosen for
    each year.
    """

    kind: ClassVar[str] = "contracted_demand"

    rate_usd_per_mw_month: MonthlyRate
    """Charge per MW of billed demand. [USD MW-1 month-1]"""
    excess_rate_usd_per_mw_month: MonthlyRate
    """Charge per MW of peak above the band, on top. [USD MW-1 month-1]"""
    contracted_mw: MonthlyRate | None = None
    """Contracted power; None lets it be chosen for each year. [MW]"""
    minimum_share: Fraction = 1.0
    """Share of the contracted power that is paid in any case. [1]"""
    band: Annotated[float, Field(ge=1)] = 1.0
    """Peak over contracted power above which the excess rate is due. [1]"""

    @property
    def sizes_chosen(self) -> tuple[str, ...]:
        """The contracted power, where it is not given."""
        return ("contracted_mw",) if self.contracted_mw is None else ()

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return billed demand and excess of each month."""
        for month, peak in meter.peaks().items():
            contracted = (
                meter.sizes[f"{self.label}.contracted"]
                if self.contracted_mw is None
                else of_month(self.contracted_mw, meter.position, month)
            )
            rate = of_month(self.rate_usd_per_mw_month, meter.position, month)
            dear = of_month(self.excess_rate_usd_per_mw_month, meter.position, month)
            billed = max(self.minimum_share * contracted, peak)
            yield BillItem.priced("demand", month, billed, "MW", rate)
            excess = peak - self.band * contracted
            if excess > 0:
                yield BillItem.priced("excess demand", month, excess, "MW", dear)

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare contracted power, billed demand, excess, and their cost."""
        m = b.model()
        years, share, band = len(case.years), self.minimum_share, self.band
        limit = case.grid_available[:, None]
        dear = by_month(self.excess_rate_usd_per_mw_month, years)
        b.rate = ArrayParam(m.Y, m.M, values=by_month(self.rate_usd_per_mw_month, years))
        b.dear = ArrayParam(m.Y, m.M, values=dear)
        if self.contracted_mw is None:
            b.contracted = ArrayVar(
                m.Y, lower=0, upper=case.grid_available, doc="Contracted power of a tariff [MW]"
            )
            largest = limit
        else:
            given = by_month(self.contracted_mw, years)
            b.given = ArrayParam(m.Y, m.M, values=given, doc="Contracted power of a tariff [MW]")
            largest = limit + given
        b.billed = ArrayVar(m.Y, m.M, lower=0, upper=largest, doc="Billed demand [MW]")
        b.excess = ArrayVar(m.Y, m.M, lower=0, upper=limit, doc="Peak above the band [MW]")
        used = case.months_used

        def contracted(y: Any, month: Any) -> Any:
            return b.contracted[y] if self.contracted_mw is None else b.given[y, month]

        @array_constraint(b, m.Y, m.M, where=used, doc="A share of the contract is paid")
        def floor(b: pyo.Block, y: Any, month: Any) -> Any:
            return b.billed[y, month] >= share * contracted(y, month)

        @array_constraint(b, m.Y, m.M, where=used, doc="Billed is the month's peak")
        def own_peak(b: pyo.Block, y: Any, month: Any) -> Any:
            return b.billed[y, month] >= m.monthly_peak[y, month]

        @array_constraint(b, m.Y, m.M, where=used, doc="Excess is the peak above the band")
        def above(b: pyo.Block, y: Any, month: Any) -> Any:
            return b.excess[y, month] >= m.monthly_peak[y, month] - band * contracted(y, month)

        @cost_term(b, m.Y, category="network", doc="Contracted demand [USD]")
        def demand(b: pyo.Block, y: Any) -> Any:
            return sum(b.rate[y, month] * b.billed[y, month] for month in m.M)

        @cost_term(b, m.Y, category="network", doc="Demand above the contracted band [USD]")
        def penalty(b: pyo.Block, y: Any) -> Any:
            return sum(b.dear[y, month] * b.excess[y, month] for month in m.M)
