"""German network charges: yearly peak and energy, at prices by hours of use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo
from pydantic import model_validator

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, cost_term
from dcmodel.components.base import SiteCase
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.markets.base import Price, Rate, TariffForm, of_year, tariffs
from dcmodel.markets.tiers import prices_of, refuse_tiers

_SAME = 1e-9
"""Hours of use that miss a limit by this share have reached it. [1]"""


@tariffs.register("network_de")
class NetworkDE(TariffForm):
    r"""Demand and energy charge of a year by its hours of use.

    Notes
    -----
    With the yearly peak :math:`P`, metered energy :math:`E` and hours of use :math:`E / P`, the
    band :math:`k` with :math:`h_k \le E / P < h_{k+1}` sets both prices:
    :math:`r_k P + e_k E`. Below and above 2,500 hours network operators publish two price lists;
    reductions for 7,000, 7,500 and 8,000 hours are further bands, at prices reduced. The bands are
    a whole-number choice; each band carries its own peak and energy (the convex hull of the
    bands), bounded by the site's own largest import, so that no large constant is needed. With one
    band the form is linear.
    """

    kind: ClassVar[str] = "network_de"

    use_hours: tuple[float, ...] = ()
    """Hours of use at which the next band begins, rising. [h]"""
    capacity_usd_per_mw_year: tuple[Rate, ...]
    """Charge per MW of the yearly peak in each band. [USD MW-1 yr-1]"""
    energy_usd_per_mwh: tuple[Price, ...]
    """Charge per MWh in each band. [USD MWh-1]"""

    @model_validator(mode="after")
    def _sound(self) -> NetworkDE:
        for field in ("capacity_usd_per_mw_year", "energy_usd_per_mwh"):
            refuse_tiers(self.use_hours, getattr(self, field), ("use_hours", field))
        return self

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return peak and energy of the year at the prices of its hours of use."""
        energy, peak = float(meter.energy().sum()), max(meter.peaks().values())
        hours = energy / peak if peak > 0 else 0.0
        band = sum(hours >= limit * (1 - _SAME) for limit in self.use_hours)
        month, period = meter.months[-1], f"{hours:,.0f} h of use"
        rate = of_year(self.capacity_usd_per_mw_year[band], meter.position)
        price = of_year(self.energy_usd_per_mwh[band], meter.position)
        yield BillItem.priced("yearly demand", month, peak, "MW", rate, period)
        yield BillItem.priced("energy", month, energy, "MWh", price, period)

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare yearly peak and energy by band, the choice of the band, and the cost."""
        m = b.model()
        years, bands = len(case.years), len(self.use_hours) + 1
        b.K = pyo.RangeSet(0, bands - 1)
        b.rate = ArrayParam(m.Y, b.K, values=prices_of(self.capacity_usd_per_mw_year, years))
        b.price = ArrayParam(m.Y, b.K, values=prices_of(self.energy_usd_per_mwh, years))
        most = np.asarray(m.grid_import.upper_bound) @ case.duration
        peak_max = np.broadcast_to(case.grid_available[:, None], (years, bands))
        energy_max = np.broadcast_to(most[:, None], (years, bands))
        b.peak = ArrayVar(m.Y, b.K, lower=0, upper=peak_max, doc="Yearly peak by band [MW]")
        b.energy = ArrayVar(m.Y, b.K, lower=0, upper=energy_max, doc="Energy by band [MWh]")

        @array_constraint(b, m.Y, m.M, doc="The yearly peak is the largest of the months")
        def yearly_peak(b: pyo.Block, y: Any, month: Any) -> Any:
            return sum(b.peak[y, k] for k in b.K) >= m.monthly_peak[y, month]

        @array_constraint(b, m.Y, doc="The bands hold the metered energy")
        def yearly_energy(b: pyo.Block, y: Any) -> Any:
            metered = sum(m.duration[t] * m.grid_import[y, t] for t in m.T)
            return sum(b.energy[y, k] for k in b.K) == metered

        @cost_term(b, m.Y, category="network", doc="Network charge on yearly peak [USD]")
        def demand(b: pyo.Block, y: Any) -> Any:
            return sum(b.rate[y, k] * b.peak[y, k] for k in b.K)

        @cost_term(b, m.Y, category="network", doc="Network charge on energy [USD]")
        def energy_cost(b: pyo.Block, y: Any) -> Any:
            return sum(b.price[y, k] * b.energy[y, k] for k in b.K)

        if bands > 1:
            self._choose_band(b, case)

    def _choose_band(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare that one band holds all, within its hours of use."""
        m = b.model()
        year_hours = float(case.duration.sum())
        low = np.array([0.0, *self.use_hours])
        high = np.minimum([*self.use_hours, np.inf], max(year_hours, low.max()))
        b.low = ArrayParam(b.K, values=low)
        b.high = ArrayParam(b.K, values=high)
        b.peak_max = ArrayParam(m.Y, b.K, values=np.asarray(b.peak.upper_bound))
        b.chosen = ArrayVar(
            m.Y, b.K, lower=0, upper=1, integer=True, doc="Band of the hours of use [1]"
        )

        @array_constraint(b, m.Y, doc="One band holds")
        def one_band(b: pyo.Block, y: Any) -> Any:
            return sum(b.chosen[y, k] for k in b.K) == 1

        @array_constraint(b, m.Y, b.K, doc="Only the chosen band has a peak")
        def peak_of_band(b: pyo.Block, y: Any, k: Any) -> Any:
            return b.peak[y, k] <= b.peak_max[y, k] * b.chosen[y, k]

        @array_constraint(b, m.Y, b.K, doc="Hours of use reach the band")
        def hours_from(b: pyo.Block, y: Any, k: Any) -> Any:
            return b.energy[y, k] >= b.low[k] * b.peak[y, k]

        @array_constraint(b, m.Y, b.K, doc="Hours of use stay within the band")
        def hours_to(b: pyo.Block, y: Any, k: Any) -> Any:
            return b.energy[y, k] <= b.high[k] * b.peak[y, k]
