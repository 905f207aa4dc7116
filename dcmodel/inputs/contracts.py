"""Terms on which a market, or a study, offers a supply contract."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import model_validator

from dcmodel.base.schema import Spec
from dcmodel.inputs.currency import BASE_CURRENCY
from dcmodel.inputs.sourced import Figure, FigurePath, path_at

FloatArray = npt.NDArray[np.float64]

_PRICE = re.compile(r"price_(?P<currency>[a-z]{3})_per_mwh")


class Escalation(Spec):
    """How the price of a signed contract moves from year to year."""

    rate_per_year: Figure
    """Rise of the price per year since signature. [1]"""
    basis: Literal["real", "nominal"]
    """Whether the rate comes on top of inflation (``real``) or holds in money of the day."""
    inflation_per_year: Figure | None = None
    """Inflation by which a nominal price loses value; needed with ``nominal`` only. [1]"""

    @model_validator(mode="after")
    def _inflation_where_nominal(self) -> Escalation:
        if (self.basis == "nominal") != (self.inflation_per_year is not None):
            msg = (
                "a nominal price needs 'inflation_per_year' to be told in real money"
                if self.basis == "nominal"
                else "a real price has no 'inflation_per_year'; leave it out"
            )
            raise ValueError(msg)
        return self

    @property
    def real_growth(self) -> float:
        """Yearly factor on the real price [1]."""
        inflation = self.inflation_per_year.value if self.inflation_per_year is not None else 0.0
        return (1.0 + self.rate_per_year.value) / (1.0 + inflation)


class ContractTerms(Spec):
    """Contract that a market offers."""

    price_usd_per_mwh: Figure | FigurePath
    """Price by year of signature, fixed in real terms unless it escalates. [USD MWh-1]"""
    first_year: int
    """First year in which a contract signed now delivers."""
    term_years: Figure
    """Years that a contract runs. [yr]"""
    volume_max_mw: Figure
    """Capacity that one buyer can contract; of certificates the mean power. [MW]"""
    escalation: Escalation | None = None
    """How the price moves after signature; None keeps it fixed in real terms."""
    parameters: dict[str, Figure] = {}
    """Further numbers that the form of contract asks for, by name."""

    @model_validator(mode="before")
    @classmethod
    def _in_one_money(cls, value: Any) -> Any:
        foreign = [
            match["currency"].upper()
            for key in (value if isinstance(value, Mapping) else ())
            if (match := _PRICE.fullmatch(str(key))) and match["currency"].upper() != BASE_CURRENCY
        ]
        if foreign:
            msg = (
                f"found a price in {foreign[0]}; prices of contracts are in {BASE_CURRENCY}: give "
                "price_usd_per_mwh with its currency_year (rates: data/exchange_rates.csv)"
            )
            raise ValueError(msg)
        return value


@dataclass(frozen=True)
class ContractOffer:
    """A contract's terms in each year of a study; arrays of shape (years,)."""

    years: tuple[int, ...]
    price: FloatArray
    """Price of what is signed in the year [USD MWh-1]."""
    available: npt.NDArray[np.bool_]
    """Whether a contract can start in the year."""
    volume_max_mw: FloatArray
    """Largest capacity contracted [MW]."""
    term_years: float = np.inf
    """Years that a contract runs [yr]."""
    growth: float = 1.0
    """Yearly factor on the real price after signature [1]."""
    parameters: dict[str, float] = field(default_factory=dict)
    """Further numbers by name, money in USD of the study's currency year."""

    @property
    def stands(self) -> FloatArray:
        """1 where what was signed in year ``v`` delivers in year ``y``, shape (y, v)."""
        age = self._age
        return ((age >= 0) & (age < self.term_years)).astype(float)

    @property
    def price_paid(self) -> FloatArray:
        """Real price in year ``y`` of what was signed in year ``v`` [USD MWh-1], shape (y, v)."""
        return np.asarray(self.price * self.growth ** np.maximum(self._age, 0))

    @property
    def started(self) -> npt.NDArray[np.bool_]:
        """Whether any contract can stand in the year, shape (years,)."""
        return np.asarray((self.stands @ self.available) > 0)

    @property
    def _age(self) -> FloatArray:
        year = np.asarray(self.years, dtype=float)
        return year[:, None] - year[None, :]


def offer_of(
    terms: ContractTerms, years: Iterable[int], currency_year: int, where: str, what: str
) -> ContractOffer:
    """Return terms in each year of a study.

    Parameters
    ----------
    terms : ContractTerms
    years : iterable of int
        Years of the study.
    currency_year : int
        Money is returned in real USD of this year.
    where, what : str
        File and key for the message of an error.
    """
    years = tuple(years)
    price = path_at(
        terms.price_usd_per_mwh, years, where, f"{what}.price_usd_per_mwh", currency_year
    )
    return ContractOffer(
        years=years,
        price=price,
        available=np.asarray(years) >= terms.first_year,
        volume_max_mw=np.full(len(years), terms.volume_max_mw.value),
        term_years=terms.term_years.value,
        growth=1.0 if terms.escalation is None else terms.escalation.real_growth,
        parameters={name: figure(currency_year) for name, figure in terms.parameters.items()},
    )
