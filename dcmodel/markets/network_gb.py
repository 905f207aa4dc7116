"""British network charges: unit rates by time band, agreed capacity, daily bands, Triad."""

from __future__ import annotations

from operator import sub
from typing import ClassVar

from pydantic import model_validator

from dcmodel.base.units import DAYS_OF_MONTH, MONTHS_PER_YEAR
from dcmodel.inputs.time_of_use import TimeOfUse, refusal
from dcmodel.markets.base import MonthlyPrice, MonthlyRate, TariffForm, tariffs
from dcmodel.markets.coincident_peak import CoincidentPeak
from dcmodel.markets.composite import CompositeForm
from dcmodel.markets.contracted_demand import ContractedDemand
from dcmodel.markets.fixed_charge import FixedCharge
from dcmodel.markets.flat_energy import FlatEnergy
from dcmodel.markets.peak_hours import PeakHours
from dcmodel.markets.periods import match_periods
from dcmodel.markets.rates import Varying, mapped, numbers
from dcmodel.markets.time_of_use_energy import TimeOfUseEnergy

_DAYS_PER_MONTH = sum(DAYS_OF_MONTH) / MONTHS_PER_YEAR


@tariffs.register("network_gb")
class NetworkGB(CompositeForm):
    """Distribution and transmission charges of a half-hourly metered British site.

    Red, amber and green unit rates; the agreed capacity by day, whether used or not, and what
    exceeds it; the fixed and the residual band by day; balancing by energy; and the transmission
    demand tariff on the mean load of three winter peaks (Triad), billed in the same year.
    """

    kind: ClassVar[str] = "network_gb"

    bands: TimeOfUse
    """Time bands: red, amber, green."""
    unit_usd_per_mwh: dict[str, MonthlyPrice]
    """Unit rate of each band. [USD MWh-1]"""
    capacity_usd_per_mw_day: MonthlyRate
    """Charge per MW of agreed capacity and day. [USD MW-1 d-1]"""
    excess_usd_per_mw_day: MonthlyRate
    """Charge per MW above the agreed capacity, in place of the other, for every day of the month.
    [USD MW-1 d-1]"""
    fixed_usd_per_day: MonthlyPrice
    """Fixed charge and residual bands of distribution and transmission. [USD d-1]"""
    balancing_usd_per_mwh: MonthlyPrice
    """Balancing services use of system. [USD MWh-1]"""
    triad_usd_per_mw_year: MonthlyRate
    """Transmission demand tariff on the Triad. [USD MW-1 yr-1]"""
    triad: PeakHours
    """Hours of the Triad: three peaks of November to February, ten days apart."""
    agreed_mw: MonthlyRate | None = None
    """Agreed capacity; None lets it be chosen for each year. [MW]"""

    @model_validator(mode="after")
    def _sound(self) -> NetworkGB:
        match_periods(self.bands, self.unit_usd_per_mwh, "unit_usd_per_mwh")
        if min(numbers(self._above_capacity())) < 0:
            msg = "capacity above the agreed one costs at least as much as that below"
            raise refusal(msg, ("excess_usd_per_mw_day",))
        return self

    def _above_capacity(self) -> Varying:
        """Return what exceeding costs on top of the capacity charge [USD MW-1 d-1]."""
        return mapped(sub, self.excess_usd_per_mw_day, self.capacity_usd_per_mw_day)

    def parts(self) -> tuple[TariffForm, ...]:
        """Return unit rates, capacity, fixed charge, balancing and Triad."""
        return (
            TimeOfUseEnergy(
                name="unit rates",
                calendar=self.bands,
                price_usd_per_mwh=self.unit_usd_per_mwh,
                on="metered",
            ),
            ContractedDemand(
                name="capacity",
                rate_usd_per_mw_month=_monthly(self.capacity_usd_per_mw_day),
                excess_rate_usd_per_mw_month=_monthly(self._above_capacity()),
                contracted_mw=self.agreed_mw,
            ),
            FixedCharge(name="fixed", charge_usd_per_day=self.fixed_usd_per_day),
            FlatEnergy(
                name="balancing", price_usd_per_mwh=self.balancing_usd_per_mwh, on="metered"
            ),
            CoincidentPeak(
                name="triad",
                rate_usd_per_mw_year=self.triad_usd_per_mw_year,
                peaks=self.triad,
                billed="same_year",
            ),
        )


def _monthly(daily: Varying) -> Varying:
    """Return a daily rate by the mean month."""
    return mapped(lambda rate: rate * _DAYS_PER_MONTH, daily)
