"""Diesel backup: N units by rule for the design hour, and r spare."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, array_expression, cost_term
from dcmodel.base.schema import Fraction
from dcmodel.base.units import KG_PER_TONNE
from dcmodel.components.base import Component, FloatArray, SiteCase, components
from dcmodel.finance.annuity import capital_recovery_factor


@components.register("diesel")
class Diesel(Component):
    r"""Emergency generators, bought by rule and run for tests only.

    Notes
    -----
    With critical power :math:`P_y` (facility power at full IT load in the design hour, times the
    critical share) and unit rating :math:`U` used up to a share :math:`\rho`,

    .. math:: n_y = \lceil P_y / (\rho\, U) \rceil + r .

    Fuel of a test follows the linear fuel curve :math:`F = \alpha U + \beta P` [L/h].
    """

    kind: ClassVar[str] = "diesel"

    critical_share: Fraction = 1.0
    """Share of the design power that must run through an outage. [1]"""

    def units(self, case: SiteCase) -> FloatArray:
        """Return the number of generators that stand in each year, shape (years,)."""
        parameters = self.technology(case)
        rating = parameters.value("unit_rating") * parameters.value("loading_max")
        critical = self.critical_share * case.facility_design_peak * case.it_capacity
        needed = np.ceil(critical / rating - 1e-9)
        spare = np.where(critical > 0, parameters.value("spare_units"), 0.0)
        return np.maximum.accumulate(needed + spare)

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the capacity by rule, its cost and the fuel of test running."""
        m = b.model()
        parameters = self.technology(case)
        years = np.asarray(case.years)
        rating = parameters.value("unit_rating")
        capacity = self.units(case) * rating
        added = np.diff(capacity, prepend=0.0)
        crf = capital_recovery_factor(case.discount_rate, parameters.value("lifetime"))
        litres = capacity * self._test_litres_per_mw(case)
        b.installed = ArrayParam(m.Y, values=capacity, doc="Diesel generators [MW]")
        b.capital_cost = ArrayParam(
            m.Y, values=case.stands @ (added * crf * parameters.at("capex", years))
        )
        b.operation_cost = ArrayParam(
            m.Y, values=capacity * parameters.at("fixed_operation", years)
        )
        b.fuel_cost = ArrayParam(m.Y, values=litres * parameters.at("fuel_price", years))
        b.fuel_emissions = ArrayParam(
            m.Y, values=litres * parameters.value("co2_per_litre") / KG_PER_TONNE
        )

        @array_expression(b, m.Y, doc="Diesel generators [MW]")
        def capacity_mw(b: pyo.Block, y: Any) -> Any:
            return b.installed[y]

        @array_expression(b, m.Y, doc="Emissions of test running [t]")
        def emissions(b: pyo.Block, y: Any) -> Any:
            return b.fuel_emissions[y]

        for name, doc in (
            ("capital", "Diesel generators: annuity [USD]"),
            ("operation", "Diesel generators: maintenance [USD]"),
            ("fuel", "Diesel generators: fuel of tests [USD]"),
        ):
            self._cost(b, name, doc)

    @staticmethod
    def _cost(b: pyo.Block, name: str, doc: str) -> None:
        values = b.component(f"{name}_cost")

        def rule(b: pyo.Block, y: Any) -> Any:
            return values[y]

        rule.__name__ = name
        cost_term(b, b.model().Y, category="backup", doc=doc)(rule)

    def _test_litres_per_mw(self, case: SiteCase) -> float:
        """Return the fuel of a year's test running per MW of rating [L MW-1]."""
        parameters = self.technology(case)
        load = parameters.value("test_load")
        per_hour = parameters.value("fuel_idle") + parameters.value("fuel_slope") * load
        return float(per_hour * parameters.value("test_hours"))
