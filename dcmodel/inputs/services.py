"""Services that a market buys from a load: demand response and reserves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from dcmodel.base.schema import Spec
from dcmodel.inputs.sourced import Figure, FigurePath, path_at

FloatArray = npt.NDArray[np.float64]

Months = Annotated[tuple[Annotated[int, Field(ge=1, le=12)], ...], Field(min_length=1)]


class ServiceTerms(Spec):
    """Terms on which a market buys a service."""

    revenue_usd_per_mw_year: Figure | FigurePath
    """Payment for standing ready, by year. [USD MW-1 yr-1]"""
    energy_payment_usd_per_mwh: Figure
    """Payment for energy not drawn when called. [USD MWh-1]"""
    activation_h: Figure
    """Hours of a year in which the service is called. [h]"""
    event_h: Figure
    """Length of a call. [h]"""
    months: Months | None = None
    """Months in which it may be called; all when left out."""
    first_year: int
    """First year in which the site can take part."""
    volume_max_mw: Figure
    """Capacity that one site can sell. [MW]"""


@dataclass(frozen=True)
class ServiceOffer:
    """A service in each year of a study; arrays of shape (years,)."""

    revenue: FloatArray
    """Payment for standing ready [USD MW-1 yr-1]."""
    available: npt.NDArray[np.bool_]
    """Whether the site can take part in the year."""
    volume_max_mw: FloatArray
    """Capacity that can be sold [MW]."""
    energy_payment: float
    """Payment for energy not drawn when called [USD MWh-1]."""
    activation_h: float
    """Hours of a year in which the service is called [h]."""
    event_h: float
    """Length of a call [h]."""
    months: tuple[int, ...] | None
    """Months in which it may be called; None is all."""


def service_of(
    terms: ServiceTerms, years: Iterable[int], currency_year: int, where: str, what: str
) -> ServiceOffer:
    """Return terms in each year of a study, money in real USD of `currency_year`."""
    years = list(years)
    revenue = terms.revenue_usd_per_mw_year
    return ServiceOffer(
        revenue=path_at(revenue, years, where, f"{what}.revenue_usd_per_mw_year", currency_year),
        available=np.asarray(years) >= terms.first_year,
        volume_max_mw=np.full(len(years), terms.volume_max_mw.value),
        energy_payment=terms.energy_payment_usd_per_mwh(currency_year),
        activation_h=terms.activation_h.value,
        event_h=terms.event_h.value,
        months=terms.months,
    )
