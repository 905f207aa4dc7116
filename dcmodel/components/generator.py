"""What generators share: size in units with spares, derating, part load, fuel, permits, delivery.

A technology is a class of a few lines with its parameter file; the equations stand here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pyomo.environ as pyo
from pydantic import AfterValidator, Field

from dcmodel.arrays import (
    ArrayParam,
    ArrayVar,
    CostTerm,
    array_constraint,
    array_expression,
)
from dcmodel.base.schema import Fraction, Hours, Megawatt, Quantity
from dcmodel.base.units import HOURS_PER_YEAR
from dcmodel.components import generator_backup, generator_outage, generator_running
from dcmodel.components.base import Component, FloatArray, Limit, SiteCase
from dcmodel.components.generator_checks import ROUNDING, faults
from dcmodel.components.outages import Found, Means, Outages
from dcmodel.components.staging import staged, staged_capacity
from dcmodel.finance.annuity import capital_recovery_factor
from dcmodel.inputs.redundancy import Redundancy, load_redundancy, redundancy_names
from dcmodel.reliability.parts import BackupPart
from dcmodel.reliability.sizing import Added


def _known_redundancy(name: str) -> str:
    known = redundancy_names()
    if name not in known:
        msg = f"found '{name}'; allowed: {', '.join(known)}"
        raise ValueError(msg)
    return name


RedundancyName = Annotated[str, AfterValidator(_known_redundancy)]


LOADS_MAX = 2.0
"""Largest power that counts in an outage, over the load of the design hour [1]."""


class Generator(Component):
    r"""Units that burn fuel on the site.

    Notes
    -----
    Redundancy is stated by equal groups of :math:`n_y` units each: :math:`g` groups stand,
    :math:`q` of them must carry the load, and :math:`r` units of each may be out. With unit rating
    :math:`U`, used up to a share :math:`\rho` and derated in the design hour to
    :math:`\delta^{design}`, the units that count in an outage and the critical power
    :math:`P^{crit}_y` (facility power at full IT load in the design hour times the critical share)

    .. math:: F_y = q\,(n_y - r), \qquad \rho\, \delta^{design} U F_y \ge P^{crit}_y .

    With `sizing: rule`, :math:`n_y` is the smallest whole number that does; else it is a variable,
    whole with `whole_units`. In ordinary hours :math:`u_t` units run, each between its minimum load
    :math:`\mu` and its rating derated by the hour's temperature and the site's height,

    .. math::
       \mu\, \delta_t U u_t \le p_t \le \delta_t U u_t, \qquad u_t \le a\, g\, n_y, \qquad
       \sum_t w_t u_t \le (H^{permit} - H^{test})\, g\, n_y ,

    with availability :math:`a`; fuel is :math:`\alpha U u_t + \beta p_t`, and
    :math:`\sigma U (u_t - u_{t-1})^+` for starts. Units that run are continuous: the hour's mean of
    a fleet, a relaxation of commitment. Permit hours count for each unit, outages apart.
    """

    category: ClassVar[str] = "on-site"
    title: ClassVar[str]
    """Name at the beginning of a sentence."""
    in_reference: ClassVar[bool] = False
    firms_supply: ClassVar[bool] = True
    profiles: ClassVar[tuple[str, ...]] = ("temp_air",)

    sizing: Literal["rule", "optimised"] = "optimised"
    """``rule``: the fewest units that carry the critical power; ``optimised``: what pays."""
    whole_units: bool = False
    """Whether an optimised size is a whole number of units."""
    redundancy: RedundancyName = "N"
    """Spare units and groups: ``N``, ``N+1``, ``2N``, ``3N/2`` or a tier (``tier_3``)."""
    critical_share: Fraction = 0.0
    """Share of the design power that these units alone must carry through an outage. [1]"""
    capacity_max_mw: Megawatt | None = None
    """Largest rated power of all units; None takes the parameter file's. [MW]"""
    units_min: dict[int, Annotated[float, Field(ge=0)]] | None = None
    """Fewest units of all groups by year, beyond what the rule or the cost asks for; a stage holds
    until the next. [1]"""
    permit: Literal["emergency", "non_emergency"] = "non_emergency"
    """Kind of permit: in an emergency permit running for the site's costs is narrowly limited."""
    permit_h: Hours | None = None
    """Hours a year a unit may run, tests included, outages apart; None takes the permit's. [h]"""
    order_year: int | None = None
    """Year of the order, from which the lead time runs; None is the study's first year."""
    nox_max_t: Annotated[float, Field(ge=0), Quantity("t yr-1")] | None = None
    """Nitrogen oxides allowed in a year, outages apart; None is no limit. [t yr-1]"""

    after_solution: ClassVar[frozenset[str]] = frozenset(
        {
            "availability", "co2_per_fuel", "common_cause_share", "failure_to_start",
            "fuel_autonomy", "lead_time", "mean_time_to_failure", "mean_time_to_repair", "min_load",
            "nox_per_fuel", "resupply_after", "resupply_rate", "start_time", "test_load",
        }
    )  # fmt: skip

    # ---- numbers --------------------------------------------------------------------------------

    def scheme(self) -> Redundancy:
        """Return the groups and spare units."""
        return load_redundancy(self.redundancy)

    def derating(self, case: SiteCase, temp_air: FloatArray) -> FloatArray:
        """Return power over rating at air temperatures [degC] and the site's height [1]."""
        p = self.technology(case)
        hotter = np.maximum(np.asarray(temp_air) - p.value("derate_temperature_from"), 0.0)
        higher = max(case.site.elevation - p.value("derate_altitude_from"), 0.0)
        left = (1 - p.value("derate_per_kelvin") * hotter) * (
            1 - p.value("derate_per_metre") * higher
        )
        return np.clip(left, 0.0, 1.0)

    def critical_power(self, case: SiteCase) -> FloatArray:
        """Return the power these units alone must carry [MW], shape (years,)."""
        return np.asarray(self.critical_share * case.facility_design_peak * case.it_capacity)

    def usable_rating(self, case: SiteCase) -> FloatArray:
        """Return what a unit counts for in the design hour [MW], shape (years,)."""
        p = self.technology(case)
        rating = p.value("unit_rating") * p.value("loading_max")
        return np.asarray(rating * self.derating(case, case.design_temp_air))

    def units(self, case: SiteCase) -> FloatArray:
        """Return the number of units by rule in each year [1], shape (years,)."""
        scheme, critical = self.scheme(), self.critical_power(case)
        share = critical / (scheme.needed * self.usable_rating(case))
        group = np.where(critical > 0, np.ceil(share - ROUNDING) + scheme.spare, 0.0)
        units = np.maximum(scheme.groups * group, self.fewest(case))
        return np.asarray(np.maximum.accumulate(units))

    def fewest(self, case: SiteCase) -> FloatArray:
        """Return the fewest units that the settings name [1], shape (years,)."""
        return staged(self.units_min or {}, case.years)

    def first_year(self, case: SiteCase) -> int:
        """Return the first year in which units can stand: ordered in time where bought by rule."""
        if self.order_year is None and self.sizing == "rule":
            return case.years[0]
        ordered = case.years[0] if self.order_year is None else self.order_year
        return int(np.ceil(ordered + self.technology(case).value("lead_time") - ROUNDING))

    def permitted_hours(self, case: SiteCase) -> float:
        """Return the hours a year a unit may run by its permit, tests included [h]."""
        if self.permit_h is not None:
            return self.permit_h
        return self.technology(case).value(f"permit_hours_{self.permit}")

    def dispatchable_hours(self, case: SiteCase) -> float:
        """Return the hours a year a unit may run at the system's request [h].

        An emergency permit is for outages of the site's own supply, not for the system.
        """
        if self.permit == "emergency":
            return self.run_hours(case)
        return min(self.permitted_hours(case), float(HOURS_PER_YEAR))

    def run_hours(self, case: SiteCase) -> float:
        """Return the hours a year a unit may run for the site's costs [h]."""
        p = self.technology(case)
        left = max(self.permitted_hours(case) - p.value("test_hours"), 0.0)
        if self.permit == "emergency":
            left = min(left, p.value("permit_hours_emergency_use"))
        return float(min(left, HOURS_PER_YEAR))

    def fuel_price(self, case: SiteCase) -> FloatArray:
        """Return the price of fuel of the site's jurisdiction [USD per unit of fuel], (years,)."""
        p = self.technology(case)
        local = f"fuel_price_{case.site.jurisdiction.lower()}"
        name = local if local in p.names() and "fuel_price" not in self.parameters else "fuel_price"
        return p.at(name, np.asarray(case.years))

    def check(self, case: SiteCase) -> list[str]:
        """Return settings that cannot hold together, with the amounts."""
        return faults(self, case)

    def autonomy(self, case: SiteCase) -> float:
        """Return how long the fuel on site lasts at full load [h]; no end on a pipeline."""
        p = self.technology(case)
        return p.value("fuel_autonomy") if "fuel_autonomy" in p.names() else np.inf

    def largest(self, case: SiteCase) -> float:
        """Return the largest rated power [MW]."""
        own = self.capacity_max_mw
        return self.technology(case).value("capacity_max") if own is None else own

    def group_max(self, case: SiteCase) -> FloatArray:
        """Return the most units that a group may have [1], shape (years,)."""
        if self.sizing == "rule":
            return self.units(case) / self.scheme().groups
        rating = self.technology(case).value("unit_rating")
        most = self.largest(case) / (rating * self.scheme().groups)
        if self.whole_units:
            most = float(np.floor(most + ROUNDING))
        return np.where(np.asarray(case.years) >= self.first_year(case), most, 0.0)

    def capital_per_mw(self, case: SiteCase) -> FloatArray:
        """Return the cost of an addition of each year [USD MW-1], tanks included, (years,)."""
        p = self.technology(case)
        capex = p.at("capex", np.asarray(case.years))
        if "tank_cost" in p.names():
            longer = max(p.value("fuel_autonomy") - p.value("fuel_autonomy_included"), 0.0)
            full_load = p.value("fuel_idle") + p.value("fuel_slope")
            capex = capex + p.value("tank_cost") * longer * full_load
        return capex

    # ---- equations ------------------------------------------------------------------------------

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare units, what runs of them, fuel, emissions and costs."""
        m, rating = b.model(), self.technology(case).value("unit_rating")
        if self.sizing == "rule":
            self._by_rule(b, case)
        else:
            self._by_cost(b, case)

        @array_expression(b, m.Y, doc=f"{self.title} [MW]")
        def capacity_mw(b: pyo.Block, y: Any) -> Any:
            return rating * b.units[y]

        if self.run_hours(case) > 0:
            generator_running.dispatch(self, b, case)
        generator_running.fuel(self, b, case)

    def _by_rule(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the number of units by rule, as numbers, and its cost.

        The terms of cost have the names of a sized number, so that cases can stand side by side.
        """
        m, p = b.model(), self.technology(case)
        units, scheme = self.units(case), self.scheme()
        capacity = units * p.value("unit_rating")
        added = np.diff(capacity, prepend=0.0)
        crf = capital_recovery_factor(case.discount_rate, p.value("lifetime"))
        spare = np.where(units > 0, scheme.spare, 0)
        b.units = ArrayParam(m.Y, values=units, doc=f"{self.title}: units [1]")
        b.firm_units = ArrayParam(m.Y, values=scheme.needed * (units / scheme.groups - spare))
        values = {
            "sets_capital": (case.stands @ (added * crf * self.capital_per_mw(case)), "annuity"),
            "sets_fixed_operation": (
                capacity * p.at("fixed_operation", np.asarray(case.years)), "maintenance"
            ),
        }  # fmt: skip
        for name, (value, doc) in values.items():
            b.add_component(f"{name}_cost", ArrayParam(m.Y, values=value))
            self._cost(b, name, f"{self.title}: {doc} [USD]")

    def _cost(self, b: pyo.Block, name: str, doc: str) -> None:
        """Declare a cost that nothing can change."""
        cost = b.component(f"{name}_cost")

        def rule(b: pyo.Block, y: Any) -> Any:
            return cost[y]

        b.add_component(name, CostTerm(b.model().Y, rule=rule, category=self.category, doc=doc))

    def _by_cost(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the number of units as a variable, and what of it counts in an outage."""
        m, p, scheme = b.model(), self.technology(case), self.scheme()
        group = p.value("unit_rating") * scheme.groups
        sets = staged_capacity(
            b,
            case,
            "sets",
            unit="1",
            upper=self.group_max(case),
            category=self.category,
            capex=group * self.capital_per_mw(case),
            fixed_opex=group * p.at("fixed_operation", np.asarray(case.years)),
            lifetime=p.value("lifetime"),
            what=f"{self.title}: units of each of {scheme.groups} groups",
            integer=self.whole_units,
        )

        @array_expression(b, m.Y, doc=f"{self.title}: units [1]")
        def units(b: pyo.Block, y: Any) -> Any:
            return scheme.groups * sets[y]

        self._firm(b, case)
        if self.units_min:
            b.fewest = ArrayParam(m.Y, values=self.fewest(case))

            @array_constraint(b, m.Y, couples_years=True, doc="Units that must stand")
            def least_units(b: pyo.Block, y: Any) -> Any:
                return b.units[y] >= b.fewest[y]

        critical = self.critical_power(case)
        if not critical.any():
            return
        usable = ArrayParam(m.Y, values=self.usable_rating(case))
        b.usable_rating, b.critical = usable, ArrayParam(m.Y, values=critical)

        # rows of sizes alone: they go with the rows that couple years, where sizes are chosen
        @array_constraint(
            b, m.Y, where=critical > 0, couples_years=True, doc="Units carry the critical load"
        )
        def coverage(b: pyo.Block, y: Any) -> Any:
            return b.usable_rating[y] * b.firm_units[y] >= b.critical[y]

    def _firm(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the units that count in an outage: those that must carry, without the spare."""
        m, p, scheme = b.model(), self.technology(case), self.scheme()
        must = self.critical_power(case) > 0
        b.spare = ArrayParam(m.Y, values=np.where(must, scheme.spare, 0))
        if self.critical_share > 0 or scheme.spare == 0:

            @array_expression(b, m.Y, doc=f"{self.title}: units that count in an outage [1]")
            def firm_units(b: pyo.Block, y: Any) -> Any:
                return scheme.needed * (b.sets[y] - b.spare[y])

            return
        # a spare unit is owed only where any stand: the one choice here that is yes or no
        most = scheme.needed * np.maximum(self.group_max(case) - scheme.spare, 0.0)
        # in an outage they carry the load and recharge stores: twice the load is plenty
        peak = case.facility_design_peak * case.it_capacity
        rating = p.value("unit_rating") * self.derating(case, case.design_temp_air)
        most = np.minimum(most, np.ceil(LOADS_MAX * peak / rating))
        b.most = ArrayParam(m.Y, values=most)
        b.firm_units = ArrayVar(m.Y, lower=0, upper=most, doc="Units that count in an outage [1]")
        b.any_stand = ArrayVar(
            m.Y, lower=0, upper=1, integer=True, doc=f"{self.title}: whether any stand [1]"
        )

        @array_constraint(b, m.Y, couples_years=True, doc="Spare units stand beside those needed")
        def spare_units(b: pyo.Block, y: Any) -> Any:
            return b.firm_units[y] + scheme.needed * scheme.spare * b.any_stand[y] <= (
                scheme.needed * b.sets[y]
            )

        @array_constraint(b, m.Y, couples_years=True, doc="Nothing counts where none stand")
        def firm_if_any(b: pyo.Block, y: Any) -> Any:
            return b.firm_units[y] <= b.most[y] * b.any_stand[y]

    def ride_through(self, b: pyo.Block, case: SiteCase, outages: Outages) -> None:
        """Declare what the units give in outages."""
        generator_outage.declare(self, b, case, outages)

    def outage_most(self, case: SiteCase, hours: int) -> tuple[float, float]:
        """Return the most that units of any permitted number may give [MW], [MWh]."""
        return generator_outage.most(self, case, hours)

    def outage_means(self, b: pyo.Block, case: SiteCase, hours: int) -> Means | None:
        """Return power, fuel and state of the solved units."""
        return generator_outage.means(self, b, case, hours)

    def backup(self, case: SiteCase, found: Found, y: int) -> BackupPart | None:
        """Return the units as an outage finds them."""
        return generator_backup.part(self, case, found, y)

    def larger(self, case: SiteCase, found: Found, year: int, added: Sequence[Added]) -> Generator:
        """Return the settings by which a year gets more units and fuel."""
        return generator_backup.larger(self, case, found, year, added)

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the largest rated power, where it is sized."""
        if self.sizing == "rule":
            return ()
        names = ("sets", "sets_built", "online", "output", "started", "firm_units",
                 "outage_output", "outage_fuel")  # fmt: skip
        declared = [b.component(name) for name in names]
        variables = [part for part in declared if isinstance(part, ArrayVar)]
        rating = self.technology(case).value("unit_rating") * self.scheme().groups
        place = ("components", self.kind, "capacity_max_mw")
        value = rating * self.group_max(case)
        stated = self.largest(case)
        return (Limit.of_size(self.title, "MW", place, *variables, value=value, stated=stated),)
