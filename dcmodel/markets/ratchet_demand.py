"""Demand ratchet: a month pays at least a share of the highest peak of the months before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import numpy as np
import pyomo.environ as pyo
from pydantic import Field

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, cost_term
from dcmodel.base.schema import Fraction
from dcmodel.base.units import MONTHS_PER_YEAR
from dcmodel.components.base import SiteCase
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.markets.base import (
    FirstYear,
    MonthlyRate,
    MonthNumber,
    TariffForm,
    by_month,
    of_month,
    tariffs,
    year_before,
)


@tariffs.register("ratchet_demand")
class RatchetDemand(TariffForm):
    r"""Monthly demand charge with a ratchet.

    Notes
    -----
    With the peak :math:`p_m` of each month, share :math:`\sigma` and look-back :math:`n`,

    .. math:: D_m = \max(p_m,\ \sigma \max_{1 \le k \le n} p_{m-k}) ,

    billed at the rate of month :math:`m`; only the named months are looked back at. The look-back
    reaches into the year before, so the rows couple years; they hold on monthly peaks alone.
    """

    kind: ClassVar[str] = "ratchet_demand"

    rate_usd_per_mw_month: MonthlyRate
    """Charge per MW of billed demand. [USD MW-1 month-1]"""
    share: Fraction
    """Share of an earlier peak below which billed demand does not fall. [1]"""
    lookback_months: Annotated[int, Field(ge=1, le=12)] = 11
    """Months before the billed one that count. [month]"""
    months: tuple[MonthNumber, ...] = ()
    """Months whose peaks count; all when left out (a summer ratchet names its summer months)."""
    first_year: FirstYear = "new"
    """What was metered before the first year."""

    def _counts(self, month: int) -> bool:
        return not self.months or month in self.months

    @property
    def looks_back(self) -> bool:
        """The ratchet reaches into the year before, unless that is taken as this one."""
        return self.first_year == "new"

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return the billed demand of each month: by its own peak, or by the ratchet."""
        before = year_before(meter, self.first_year)
        peaks = meter.peaks()
        earlier = {} if before is None else before.peaks()
        # one row of months, the year before at 1 to 12 and this year at 13 to 24
        metered = earlier | {month + MONTHS_PER_YEAR: peak for month, peak in peaks.items()}
        for month, peak in peaks.items():
            at = month + MONTHS_PER_YEAR
            found = [
                metered.get(k, 0.0)
                for k in range(at - self.lookback_months, at)
                if self._counts((k - 1) % MONTHS_PER_YEAR + 1)
            ]
            floor = self.share * max(found, default=0.0)
            rate = of_month(self.rate_usd_per_mw_month, meter.position, month)
            period = "ratchet" if floor > peak else "own peak"
            yield BillItem.priced("demand", month, max(peak, floor), "MW", rate, period)

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare billed demand above the month's peak and a share of earlier ones."""
        m = b.model()
        years, share = len(case.years), self.share
        months = np.unique(case.month)
        back = 1 + np.arange(self.lookback_months)
        at = np.arange(MONTHS_PER_YEAR)[:, None] - back
        looks = (
            np.isin(at % MONTHS_PER_YEAR, months)
            & np.isin(np.arange(MONTHS_PER_YEAR), months)[:, None]
        )
        looks &= np.array([[self._counts(int(k) % MONTHS_PER_YEAR + 1) for k in row] for row in at])
        year = np.arange(years)[:, None, None] + at // MONTHS_PER_YEAR
        rows = looks & ((year >= 0) | (self.first_year == "steady"))
        b.K = pyo.RangeSet(0, len(back) - 1)
        b.look_year = ArrayParam(m.Y, m.M, b.K, values=np.maximum(year, 0))
        b.look_month = ArrayParam(m.M, b.K, values=at % MONTHS_PER_YEAR)
        b.rate = ArrayParam(m.Y, m.M, values=by_month(self.rate_usd_per_mw_month, years))
        limit = float(case.grid_available.max())
        b.billed = ArrayVar(
            m.Y, m.M, lower=0, upper=limit, operational=True, doc="Billed demand [MW]"
        )

        # rows of peaks alone: they go with the rows that couple years
        @array_constraint(b, m.Y, m.M, couples_years=True, doc="Billed is the month's peak")
        def own_peak(b: pyo.Block, y: Any, month: Any) -> Any:
            return b.billed[y, month] >= m.monthly_peak[y, month]

        @array_constraint(
            b, m.Y, m.M, b.K, where=rows, couples_years=True, doc="Ratchet on earlier peaks"
        )
        def ratchet(b: pyo.Block, y: Any, month: Any, k: Any) -> Any:
            earlier = m.monthly_peak[b.look_year[y, month, k], b.look_month[month, k]]
            return b.billed[y, month] >= share * earlier

        @cost_term(b, m.Y, category="network", doc="Demand charge with ratchet [USD]")
        def demand(b: pyo.Block, y: Any) -> Any:
            return sum(b.rate[y, month] * b.billed[y, month] for month in m.M)
