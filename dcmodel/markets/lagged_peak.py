"""What charges on the system's peaks share: this year's load at them is paid in later years."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, cost_term
from dcmodel.components.base import FloatArray, SiteCase
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.markets.base import FirstYear, TariffForm
from dcmodel.markets.peak_hours import PeakHours

LAGS = (0, 1, 2)
"""Years after which a peak is paid: a delivery year that begins in June reaches into the second."""


class LaggedPeak(TariffForm):
    r"""Charge on the mean load :math:`q_y` at the system's peaks of year :math:`y`, paid later.

    Notes
    -----
    With a delay of a year, the delivery year that begins in month :math:`s` of year :math:`y + 1`
    pays on :math:`q_y`: the months from :math:`s` on in year :math:`y + 1`, those before :math:`s`
    in year :math:`y + 2`.
    What the last years of a study cause beyond its end is charged to the year that causes it,
    discounted, so that avoiding a peak is worth the same in every year.
    """

    peaks: PeakHours
    """Hours of the system's peaks."""
    first_year: FirstYear = "new"
    """What was metered before the first year."""

    @property
    def delay(self) -> int:
        """Years from the peaks to the delivery year that pays for them."""
        return 1

    @property
    @abstractmethod
    def delivery_start(self) -> int:
        """Month, 1 to 12, in which a delivery year begins."""

    @abstractmethod
    def rate(self, position: int, month: int) -> float:
        """Return what a MW at the peaks costs in a month of the delivery year beginning in a year.

        Parameters
        ----------
        position : int
            Position of the year in which the delivery year begins; below 0 before the study.
        month : int
            Month, 1 to 12.
        """

    @property
    def series_needed(self) -> set[str]:
        """The series whose highest hours count, where they are not named."""
        return {self.peaks.series} - {""}

    @property
    def looks_back(self) -> bool:
        """Earlier peaks are paid, unless the year before is taken as this one."""
        return self.first_year == "new" and max(map(self.lag, range(1, 13))) > 0

    def check(self, case: SiteCase) -> list[str]:
        """Return a fault where the case has no such series or no such hours, too."""
        missing = sorted(self.series_needed - set(case.series))
        if missing:
            known = ", ".join(sorted(case.series))
            text = f"{self.label}: no series '{missing[0]}' (known: {known}); or name the hours"
            return [*super().check(case), text]
        return super().check(case)

    def lag(self, month: int) -> int:
        """Return how many years after the peaks a month pays for them."""
        return self.delay + (0 if month >= self.delivery_start else 1)

    def load_at_peaks(self, meter: Meter) -> float:
        """Return the mean metered load at the peaks of a year [MW]."""
        at = self.peaks.positions(meter.time, meter.series)
        return float(meter.grid_import[at].mean())

    def _earlier(self, meter: Meter, years: int) -> Meter | None:
        """Return the metered year so many years before; the first again where it is steady."""
        found: Meter | None = meter
        for _ in range(years):
            if found is None or (found.before is None and self.first_year == "steady"):
                return found
            found = found.before
        return found

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return the charge of each month, and what is due after the study."""
        for month in meter.months:
            past = self._earlier(meter, self.lag(month))
            load = 0.0 if past is None else self.load_at_peaks(past)
            start = meter.position + self.delay - self.lag(month)
            rate = self.rate(start, month)
            yield BillItem.priced("load at peaks", month, load, "MW", rate)
        if meter.years_after is not None:
            due = self._due(meter.position, meter.years_after, meter.discount, meter.months)
            if due:
                load = self.load_at_peaks(meter)
                last = meter.months[-1]
                yield BillItem.priced("load at peaks", last, load, "MW", due, "due later")

    def _due(self, position: int, after: int, discount: float, months: list[int]) -> float:
        """Return what a MW at a year's peaks costs beyond the study, seen from that year [USD]."""
        return sum(
            self.rate(position + self.delay, month) * discount ** self.lag(month)
            for month in months
            if self.lag(month) > after
        )

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the load at the peaks, what later years pay for it, and the cost."""
        m = b.model()
        years = len(case.years)
        months = [int(month) + 1 for month in np.unique(case.month)]
        self._declare_load(b, case)
        discount = 1.0 / (1.0 + case.discount_rate)
        due = [self._due(y, years - 1 - y, discount, months) for y in range(years)]
        b.due = ArrayParam(m.Y, values=np.array(due))
        b.L = pyo.RangeSet(0, len(LAGS) - 1)
        source = np.arange(years) - np.array(LAGS)[:, None]
        known = (source >= 0) | (self.first_year == "steady")
        b.source = ArrayParam(b.L, m.Y, values=np.maximum(source, 0))
        b.rate_of = ArrayParam(b.L, m.Y, values=self._rates(years, months) * known)

        # what a year pays is linear in the loads of earlier years, so no row couples the years: a
        # load at the peaks is an outcome of the hours, never a size that limits them
        @cost_term(b, m.Y, category="network", doc="Charge on earlier load at peaks [USD]")
        def demand(b: pyo.Block, y: Any) -> Any:
            return sum(b.rate_of[lag, y] * b.load[b.source[lag, y]] for lag in b.L)

        @cost_term(b, m.Y, category="network", doc="Charge on load at peaks due after [USD]")
        def due_later(b: pyo.Block, y: Any) -> Any:
            return b.due[y] * b.load[y]

    def hours_apart(self, case: SiteCase) -> npt.NDArray[np.int64]:
        """Return the hours of the system's peaks: merged with others they could not be avoided."""
        return np.unique(self._positions(case))

    def _positions(self, case: SiteCase) -> npt.NDArray[np.int64]:
        """Return the hours of the peaks of each year, shape (years, hours)."""
        return np.stack(
            [
                self.peaks.positions(case.clock.time, case.hour_series(y))
                for y in range(len(case.years))
            ]
        )

    def _declare_load(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the mean load at the peaks of each year."""
        m = b.model()
        positions = self._positions(case)
        b.H = pyo.RangeSet(0, positions.shape[1] - 1)
        b.step = ArrayParam(m.Y, b.H, values=case.clock.step[positions])
        weight = 1.0 / positions.shape[1]
        limit = case.grid_available
        b.load = ArrayVar(m.Y, lower=0, upper=limit, doc="Load at the system's peaks [MW]")

        @array_constraint(b, m.Y, doc="At least the mean import in the hours of the peaks")
        def load_at_peaks(b: pyo.Block, y: Any) -> Any:
            return b.load[y] >= weight * sum(m.grid_import[y, b.step[y, h]] for h in b.H)

    def _rates(self, years: int, months: list[int]) -> FloatArray:
        """Return what a MW costs in each year by lag, shape (lags, years)."""
        return np.array(
            [
                [
                    sum(
                        self.rate(y + self.delay - lag, month)
                        for month in months
                        if self.lag(month) == lag
                    )
                    for y in range(years)
                ]
                for lag in LAGS
            ]
        )
