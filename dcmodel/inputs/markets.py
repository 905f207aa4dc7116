"""Power markets: price and carbon paths, tariff, contract offers and build cost.

The tariff is a list of forms with their numbers; what a form means is known in ``dcmodel/markets``
alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import field_validator

from dcmodel.base.errors import DataError, StudyError
from dcmodel.base.registry import nearest
from dcmodel.base.schema import Spec
from dcmodel.base.yamlfile import load_yaml, validate
from dcmodel.inputs.contracts import ContractOffer, ContractTerms, offer_of
from dcmodel.inputs.library import named_file, names
from dcmodel.inputs.services import ServiceOffer, ServiceTerms, service_of
from dcmodel.inputs.sourced import Figure, FigurePath, path_at

FloatArray = npt.NDArray[np.float64]


FieldFigures = Figure | FigurePath | list[Figure | FigurePath] | dict[str, Figure | FigurePath]
"""Numbers of one field of a tariff form."""


class Tariff(Spec):
    """One form of charge with the market's numbers."""

    form: str
    """Name of a tariff form."""
    name: str = ""
    """Name of the charge, where the market has several of one form."""
    parameters: dict[str, FieldFigures]
    """Numbers of the form by field; a figure for all years, or figures by year; of forms with
    periods or tiers, such figures for each."""
    settings: dict[str, Any] = {}
    """Fields of the form that are no sourced numbers: calendars, hours of peaks, rules."""

    @property
    def label(self) -> str:
        """Name of the charge."""
        return self.name or self.form


class SevereOutage(Spec):
    """A rare, long interruption with a cause that may take more than the grid."""

    season: Literal["any", "cold", "hot"]
    """When it strikes: in any hour, or in the coldest or hottest of the year."""
    interruptions_per_year: Figure
    """Mean number of interruptions. [yr-1]"""
    duration_h: Figure
    """Mean length of an interruption. [h]"""
    start_failure_factor: Figure
    """Factor on the failures of generators to start. [1]"""
    pipeline_lost: Figure
    """Probability that generators on a gas network are lost with it. [1]"""


class Reliability(Spec):
    """Interruptions of a transmission-connected supply with two feeds."""

    interruptions_per_year: Figure
    """Mean number of ordinary interruptions. [yr-1]"""
    duration_h: Figure
    """Mean length of an ordinary interruption. [h]"""
    severe: dict[str, SevereOutage] = {}
    """Rare, long interruptions by name."""


class Market(Spec):
    """Where a site buys its power, and what building costs there."""

    key: str = ""
    """Name of the file; set when the library is read."""
    name: str
    """Name in tables and figures."""
    grid_zone: str
    """Bidding or pricing zone."""
    climate: str
    """Name of the statistics in ``data/climate`` that shape typical prices and carbon."""
    wholesale_price_usd_per_mwh: FigurePath
    """Mean wholesale price by year. [USD MWh-1]"""
    emission_factor_kg_per_mwh: FigurePath
    """Mean operational emissions of grid power by year, location based. [kg MWh-1]"""
    grid_clean_share: FigurePath | None = None
    """Mean carbon-free share of grid power by year. [1]"""
    delivered_price_usd_per_mwh: FigurePath
    """Price of a flat load of 50 MW or more with all charges, to which the tariff adds up.
    [USD MWh-1]"""
    tariff: list[Tariff]
    """Forms of charge that apply together."""
    contracts: dict[str, ContractTerms] = {}
    """Contracts offered, by the component that signs them."""
    services: dict[str, ServiceTerms] = {}
    """Services bought from loads, by the component that sells them."""
    build_cost_usd_per_mw: Figure
    """Building, mechanical and electrical plant, standby power included, per MW of IT.
    [USD MW-1]"""
    reliability: Reliability
    """Interruptions of the grid supply."""

    @field_validator("tariff")
    @classmethod
    def _forms_once(cls, value: list[Tariff]) -> list[Tariff]:
        forms = [tariff.label for tariff in value]
        repeated = sorted({form for form in forms if forms.count(form) > 1})
        if repeated:
            msg = f"form given twice: {', '.join(repeated)}; keep one, or give each a name"
            raise ValueError(msg)
        return value

    @property
    def where(self) -> str:
        """File that holds the market's numbers."""
        return f"data/markets/{self.key}.yaml"

    def wholesale_price(self, years: Iterable[int], currency_year: int) -> FloatArray:
        """Return the mean wholesale price of each year [USD MWh-1], shape (years,)."""
        path = self.wholesale_price_usd_per_mwh
        return path_at(path, years, self.where, "wholesale_price_usd_per_mwh", currency_year)

    def wholesale_price_range(
        self, years: Iterable[int], currency_year: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return low, central and high wholesale price of each year [USD MWh-1], (years,) each."""
        path, years = self.wholesale_price_usd_per_mwh, list(years)
        ends = [
            {y: f.model_copy(update={"value": getattr(f, end) or f.value}) for y, f in path.items()}
            for end in ("low", "value", "high")
        ]
        what = "wholesale_price_usd_per_mwh"
        low, value, high = (path_at(p, years, self.where, what, currency_year) for p in ends)
        return low, value, high

    def emission_factor(self, years: Iterable[int]) -> FloatArray:
        """Return the mean emission factor of each year [kg MWh-1], shape (years,)."""
        path = self.emission_factor_kg_per_mwh
        return path_at(path, years, self.where, "emission_factor_kg_per_mwh")

    def carbon_free_share(self, years: Iterable[int]) -> FloatArray:
        """Return the mean carbon-free share of each year [1], shape (years,)."""
        return path_at(self.grid_clean_share or {}, years, self.where, "grid_clean_share")

    def tariff_fields(
        self, years: Iterable[int], currency_year: int
    ) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return the form and the numbers of each charge, ready to make the form from.

        Parameters
        ----------
        years : iterable of int
            Years of the study.
        currency_year : int
            Money is returned in real USD of this year.

        Returns
        -------
        dict
            Form and fields by name of the charge: a tuple with one value a year where the market
            gives figures by year, a number where it gives one figure; by period or tier where it
            gives them so.
        """
        years = list(years)
        charges: dict[str, tuple[str, dict[str, Any]]] = {}
        for tariff in self.tariff:
            fields: dict[str, Any] = {
                name: self._values(figures, years, f"{tariff.label}.{name}", currency_year)
                for name, figures in tariff.parameters.items()
            }
            fields |= tariff.settings | ({"name": tariff.name} if tariff.name else {})
            charges[tariff.label] = (tariff.form, fields)
        return charges

    def _values(
        self, figures: FieldFigures, years: list[int], what: str, currency_year: int
    ) -> Any:
        """Return the numbers of a field in each year, in the structure of its figures."""
        if isinstance(figures, Figure):
            return figures(currency_year)
        if isinstance(figures, list):
            return [self._values(one, years, what, currency_year) for one in figures]
        if all(isinstance(key, int) for key in figures):
            values = path_at(figures, years, self.where, what, currency_year)  # type: ignore[arg-type]
            return tuple(float(value) for value in values)
        return {
            name: self._values(one, years, f"{what}.{name}", currency_year)
            for name, one in figures.items()
        }

    def contract(self, kind: str, years: Iterable[int], currency_year: int) -> ContractOffer:
        """Return the offer of a contract in each year of a study.

        Raises
        ------
        StudyError
            When the market offers no such contract.
        """
        if kind not in self.contracts:
            offered = sorted(self.contracts)
            known = f"(offered: {', '.join(offered) or 'none'})"
            msg = f"market '{self.key}' offers no '{kind}'{nearest(kind, offered)} {known}"
            raise StudyError(msg)
        terms = self.contracts[kind]
        return offer_of(terms, years, currency_year, self.where, f"contracts.{kind}")

    def service(self, kind: str, years: Iterable[int], currency_year: int) -> ServiceOffer:
        """Return the terms of a service in each year of a study.

        Raises
        ------
        StudyError
            When the market buys no such service.
        """
        if kind not in self.services:
            bought = sorted(self.services)
            known = f"(bought: {', '.join(bought) or 'none'})"
            msg = f"market '{self.key}' buys no '{kind}'{nearest(kind, bought)} {known}"
            raise StudyError(msg)
        return service_of(self.services[kind], years, currency_year, self.where, f"services.{kind}")


def market_names() -> list[str]:
    """Return the names of the markets of the library, sorted."""
    return names("markets", ".yaml")


def load_market(key: str) -> Market:
    """Read a market of the library.

    Raises
    ------
    StudyError
        When the library has no such market; the message names the nearest.
    DataError
        When the file is damaged.
    """
    loaded = load_yaml(named_file("markets", key, ".yaml", StudyError), error=DataError)
    return validate(Market, loaded, data={**loaded.data, "key": key})
