"""Minimum take: large-load terms that bill a share of the contract, drawn or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import Annotated, Any, ClassVar

import numpy as np
import pyomo.environ as pyo
from pydantic import Field, model_validator

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, cost_term
from dcmodel.base.schema import Fraction, Megawatt
from dcmodel.base.units import MONTHS_PER_YEAR
from dcmodel.components.base import FloatArray, SiteCase
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.finance.obligations import Obligation
from dcmodel.inputs.time_of_use import refusal
from dcmodel.markets.base import MonthlyRate, TariffForm, by_month, of_month, tariffs


@tariffs.register("minimum_take")
class MinimumTake(TariffForm):
    r"""Demand charge with a floor at a share of the contract, over a term with a ramp.

    Notes
    -----
    With contract :math:`C`, ramp :math:`\rho_y`, share :math:`\sigma` and peaks :math:`p_m`,

    .. math:: D_m = \max(p_m,\ \sigma \rho_y C)

    in the years of the term. A customer who leaves before its end pays a number of months of the
    floor at once and no more floors. AEP Ohio's data-centre tariff has :math:`\sigma = 0.85` over
    12 years with a ramp of up to four; Dominion's GS-5 takes 0.85 of delivery and 0.6 of
    generation, which are two charges of this form. The contract is given, or chosen: then it is
    one power for all years, and no peak may exceed its ramp.
    """

    kind: ClassVar[str] = "minimum_take"

    rate_usd_per_mw_month: MonthlyRate
    """Charge per MW of billed demand. [USD MW-1 month-1]"""
    minimum_share: Fraction
    """Share of the contract that is billed in any case. [1]"""
    term_years: Annotated[int, Field(ge=1)]
    """Length of the contract, the ramp included. [yr]"""
    contract_mw: Megawatt | None = None
    """Contracted power; None lets it be chosen. [MW]"""
    start_year: int | None = None
    """Calendar year in which the term begins; the first of the study when left out."""
    ramp: tuple[Fraction, ...] = ()
    """Share of the contract in the first years of the term; the whole of it afterwards. [1]"""
    exit_year: int | None = None
    """Calendar year in which the customer leaves; None keeps the contract."""
    exit_fee_months: Annotated[float, Field(ge=0)] = 0.0
    """Months of the full floor paid on leaving before the term ends, at the mean rate of the year.
    [month]"""

    @model_validator(mode="after")
    def _ramp_rises(self) -> MinimumTake:
        if list(self.ramp) != sorted(self.ramp):
            msg = f"found {list(self.ramp)}; a ramp does not fall"
            raise refusal(msg, ("ramp",))
        if len(self.ramp) > self.term_years:
            msg = f"found {len(self.ramp)} years of ramp; the term has {self.term_years}"
            raise refusal(msg, ("ramp",))
        return self

    def reserved(self, year: int, first: int) -> float:
        """Return the share of the contract that is reserved in a year: the ramp, 0 outside.

        Parameters
        ----------
        year : int
            Calendar year.
        first : int
            First year of the study.
        """
        age = year - (first if self.start_year is None else self.start_year)
        left = self.exit_year is not None and year >= self.exit_year
        if not 0 <= age < self.term_years or left:
            return 0.0
        return self.ramp[age] if age < len(self.ramp) else 1.0

    def _fee_months(self, year: int, first: int) -> float:
        """Return the months of floor due in a year for leaving early [month]."""
        start = first if self.start_year is None else self.start_year
        early = self.exit_year is not None and start <= self.exit_year < start + self.term_years
        return self.exit_fee_months if early and year == self.exit_year else 0.0

    def _rates(self, position: int) -> list[float]:
        """Return the rate of each month in the year at a position [USD MW-1]."""
        months = range(1, MONTHS_PER_YEAR + 1)
        return [of_month(self.rate_usd_per_mw_month, position, month) for month in months]

    @property
    def sizes_chosen(self) -> tuple[str, ...]:
        """The contract, where it is not given."""
        return ("contract_mw",) if self.contract_mw is None else ()

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return billed demand of each month, and the exit fee in its year."""
        contract = self.contract_mw
        if contract is None:
            contract = meter.sizes[f"{self.label}.contract"]
        first = meter.year - meter.position
        floor = self.minimum_share * contract * self.reserved(meter.year, first)
        rates = self._rates(meter.position)
        for month, peak in meter.peaks().items():
            rate = rates[month - 1]
            period = "minimum take" if floor > peak else "own peak"
            yield BillItem.priced("demand", month, max(peak, floor), "MW", rate, period)
        due = self._fee_months(meter.year, first)
        if due:
            quantity = due * self.minimum_share * contract
            yield BillItem.priced("exit fee", meter.months[0], quantity, "MW month", fmean(rates))

    def obligations(self, case: SiteCase, sizes: Mapping[str, FloatArray]) -> list[Obligation]:
        """Return the floors, and the fee for leaving, of the years after the horizon."""
        contract = self.contract_mw
        if contract is None:
            contract = float(sizes[f"{self.label}.contract"].max())
        first, last = case.years[0], case.years[-1]
        start = first if self.start_year is None else self.start_year
        end = start + self.term_years - 1
        rate = fmean(self._rates(len(case.years)))
        months = [
            MONTHS_PER_YEAR * self.reserved(year, first) + self._fee_months(year, first)
            for year in range(last + 1, end + 1)
        ]
        payments = tuple(rate * self.minimum_share * contract * number for number in months)
        if not any(payments):
            return []
        unit = "USD/MW-month"
        return [Obligation(self.label, start, contract, rate, unit, end, payments)]

    def _shares(self, case: SiteCase) -> FloatArray:
        return np.array([self.reserved(year, case.years[0]) for year in case.years])

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the contract, billed demand and the exit fee."""
        m = b.model()
        years, share = len(case.years), self.minimum_share
        limit = case.grid_available.max()
        fee = [self._fee_months(year, case.years[0]) for year in case.years]
        rates = by_month(self.rate_usd_per_mw_month, years)
        b.rate = ArrayParam(m.Y, m.M, values=rates)
        b.mean_rate = ArrayParam(m.Y, values=rates.mean(axis=1))
        b.reserved = ArrayParam(m.Y, values=self._shares(case))
        b.fee_months = ArrayParam(m.Y, values=np.array(fee, dtype=float))
        if self.contract_mw is None:
            self._choose_contract(b, case)
        else:
            b.contract = ArrayParam(m.Y, values=np.full(years, self.contract_mw))
            limit = max(limit, self.contract_mw)
        b.billed = ArrayVar(
            m.Y, m.M, lower=0, upper=float(limit), operational=True, doc="Billed demand [MW]"
        )
        used, chosen = case.months_used, self.contract_mw is None

        # a contract that is chosen couples years by rows of peaks and billed demand alone, so that
        # the hours are never held to it: it follows from them
        @array_constraint(
            b, m.Y, m.M, where=used, couples_years=chosen, doc="A share of the contract is billed"
        )
        def floor(b: pyo.Block, y: Any, month: Any) -> Any:
            return b.billed[y, month] >= share * b.reserved[y] * b.contract[y]

        @array_constraint(
            b, m.Y, m.M, where=used, couples_years=chosen, doc="Billed is the month's peak"
        )
        def own_peak(b: pyo.Block, y: Any, month: Any) -> Any:
            return b.billed[y, month] >= m.monthly_peak[y, month]

        @cost_term(b, m.Y, category="network", doc="Demand charge with minimum take [USD]")
        def demand(b: pyo.Block, y: Any) -> Any:
            return sum(b.rate[y, month] * b.billed[y, month] for month in m.M)

        @cost_term(b, m.Y, category="network", doc="Fee for leaving before the term ends [USD]")
        def exit_fee(b: pyo.Block, y: Any) -> Any:
            return b.fee_months[y] * share * b.mean_rate[y] * b.contract[y]

    def _choose_contract(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare one contracted power for all years, above every peak inside its ramp."""
        m = b.model()
        limit = float(case.grid_available.max())
        shares = self._shares(case)
        ramp = np.array(self.ramp, dtype=float)
        most = limit / ramp[ramp > 0].min() if (ramp > 0).any() else limit
        b.contract = ArrayVar(
            m.Y, lower=0, upper=max(limit, most), operational=True, doc="Contracted power [MW]"
        )
        within = np.broadcast_to((shares > 0)[:, None], (len(shares), 12))

        @array_constraint(
            b, m.Y, m.M, where=within, couples_years=True, doc="Peaks within the contract's ramp"
        )
        def contract_limit(b: pyo.Block, y: Any, month: Any) -> Any:
            return m.monthly_peak[y, month] <= b.reserved[y] * b.contract[y]

        later = np.arange(len(shares)) > 0
        b.earlier = ArrayParam(m.Y, values=np.maximum(np.arange(len(shares)) - 1, 0))

        @array_constraint(b, m.Y, where=later, couples_years=True, doc="One contract for all years")
        def one_contract(b: pyo.Block, y: Any) -> Any:
            return b.contract[y] == b.contract[b.earlier[y]]
