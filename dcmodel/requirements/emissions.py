"""Carbon of a year on three bases, a limit on it and a price for it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, array_expression, cost_term
from dcmodel.base.schema import StagedPositive
from dcmodel.base.units import KG_PER_TONNE
from dcmodel.components.base import Limit, SiteCase, offering
from dcmodel.components.staging import by_year
from dcmodel.requirements.base import Requirement, contracts_clean, requirements

Basis = Literal["location", "market", "hourly", "on_site"]
"""``location``: import at the grid's hourly factor. ``market``: import less certificates of the
year at the year's mean factor. ``hourly``: import less carbon-free contract energy of the same hour
at the hourly factor. Fuel burnt on the site counts on each, and alone with ``on_site``."""


def declare_emissions(b: pyo.Block, case: SiteCase, basis: Basis) -> None:
    """Declare ``emissions`` of each year on a basis, as an expression of the block [t]."""
    m = b.model()
    burning = offering(m, "emissions")
    factor = case.series["emission_factor"] / KG_PER_TONNE
    b.factor = ArrayParam(m.Y, m.T, values=factor)
    if basis == "market":
        _uncovered(b, case)
        mean = factor @ case.duration / case.duration.sum()
        b.mean_factor = ArrayParam(m.Y, values=mean)
    if basis == "hourly":
        _covered(b)

    @array_expression(b, m.Y, doc=f"Emissions of the year, basis {basis} [t]")
    def emissions(b: pyo.Block, y: Any) -> Any:
        burnt = sum([block.emissions[y] for block in burning])
        if basis == "on_site":
            return burnt
        if basis == "market":
            return burnt + b.mean_factor[y] * b.uncovered[y]
        covered = b.covered if basis == "hourly" else None
        return burnt + sum(
            m.duration[t]
            * b.factor[y, t]
            * (m.grid_import[y, t] - (0 if covered is None else covered[y, t]))
            for t in m.T
        )


def _uncovered(b: pyo.Block, case: SiteCase) -> None:
    """Declare the import of a year that no certificate covers [MWh]."""
    m = b.model()
    most = m.grid_import.upper_bound @ case.duration
    b.uncovered = ArrayVar(m.Y, lower=0, upper=most, doc="Import without certificates, a year's")

    @array_constraint(b, m.Y, doc="Import of the year less its certificates")
    def uncovered_import(b: pyo.Block, y: Any) -> Any:
        covered = sum([block.certificates[y] for block in offering(m, "certificates")])
        return b.uncovered[y] >= sum(m.duration[t] * m.grid_import[y, t] for t in m.T) - covered


def _covered(b: pyo.Block) -> None:
    """Declare the import that carbon-free contract energy of the same hour covers [MW]."""
    m = b.model()
    contracts = contracts_clean(m)
    upper = m.grid_import.upper_bound if contracts else np.zeros_like(m.grid_import.upper_bound)
    b.covered = ArrayVar(m.Y, m.T, lower=0, upper=upper, doc="Import covered in its hour [MW]")

    @array_constraint(b, m.Y, m.T, doc="Covered within the carbon-free energy of the hour")
    def covered_by_contracts(b: pyo.Block, y: Any, t: Any) -> Any:
        return b.covered[y, t] <= sum([block.clean[y, t] for block in contracts])

    @array_constraint(b, m.Y, m.T, doc="Covered within the import of the hour")
    def covered_import(b: pyo.Block, y: Any, t: Any) -> Any:
        return b.covered[y, t] <= m.grid_import[y, t]


@requirements.register("carbon_limit")
class CarbonLimit(Requirement):
    """Largest emissions of a year."""

    kind: ClassVar[str] = "carbon_limit"
    main: ClassVar[str] = "limit_t"
    profiles: ClassVar[tuple[str, ...]] = ("emission_factor",)

    limit_t: StagedPositive
    """Largest emissions of each year. [t]"""
    basis: Basis = "location"
    """How emissions are counted."""

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the limit on the finished site."""
        m = b.model()
        declare_emissions(b, case, self.basis)
        limit = by_year(self.limit_t, case, np.inf)
        b.emitted = ArrayVar(m.Y, lower=0, upper=limit, doc="Emissions counted, a year's")
        limited = np.isfinite(limit)

        @array_constraint(b, m.Y, where=limited, doc="Emissions of the year")
        def emissions_limit(b: pyo.Block, y: Any) -> Any:
            return b.emissions[y] <= b.emitted[y]

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the emissions allowed."""
        ones = np.ones(len(case.years))
        value = b.emitted.upper_bound
        return (Limit("Carbon emissions", "t", self.place(), value, ((b.emitted, ones),)),)


@requirements.register("carbon_price")
class CarbonPrice(Requirement):
    """Price on emissions, paid beside what prices of power hold already."""

    kind: ClassVar[str] = "carbon_price"
    main: ClassVar[str] = "price_usd_per_t"
    in_reference: ClassVar[bool] = True
    profiles: ClassVar[tuple[str, ...]] = ("emission_factor",)

    price_usd_per_t: StagedPositive
    """Price of a tonne, real money of the study's currency year. [USD t-1]"""
    basis: Basis = "location"
    """How emissions are counted."""

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the cost of emissions."""
        m = b.model()
        declare_emissions(b, case, self.basis)
        b.price = ArrayParam(m.Y, values=by_year(self.price_usd_per_t, case, 0.0))

        @cost_term(b, m.Y, category="carbon", doc="Price of emissions [USD]")
        def carbon(b: pyo.Block, y: Any) -> Any:
            return b.price[y] * b.emissions[y]
