"""Sizes that grow by yearly additions, each at the cost of its own year."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayConstraint, ArrayParam, ArrayVar, CostTerm, cost_term
from dcmodel.components.base import FloatArray, SiteCase
from dcmodel.finance.annuity import capital_recovery_factor
from dcmodel.inputs.assumptions import Technology


def staged_capacity(
    b: pyo.Block,
    case: SiteCase,
    name: str,
    *,
    unit: str,
    upper: float | FloatArray,
    category: str,
    capex: FloatArray,
    fixed_opex: FloatArray,
    lifetime: float,
    what: str,
    integer: bool = False,
    annuity_factor: float | None = None,
) -> ArrayVar:
    """Declare a capacity that grows by yearly additions, each at the cost of its own year.

    ``capacity_y = sum of what was built up to y``; the annuity of each addition is paid in every
    year it stands, so that a pathway with falling cost sees the value of waiting.

    Parameters
    ----------
    name : str
        Name of the capacity variable; additions are ``<name>_built``.
    unit : str
        Unit of the capacity, shown in results.
    upper : float or array of shape (years,)
        Largest capacity; finite, so that a lower bound on cost can be proven.
    category : str
        Cost category of the annuity and of the fixed operating cost.
    capex : array of shape (years,)
        Overnight cost of an addition of each year, per unit [USD].
    fixed_opex : array of shape (years,)
        Yearly cost per unit that stands, by year of addition [USD].
    lifetime : float
        Economic life, over which the annuity runs [years].
    what : str
        Words for the documentation of the variables.
    integer : bool
        Whether additions are whole numbers.
    annuity_factor : float, optional
        Yearly over overnight cost, in place of that of the study's rate over the life [yr-1].

    Returns
    -------
    ArrayVar
        The capacity, indexed by year.
    """
    m = b.model()
    limit = np.broadcast_to(np.asarray(upper, dtype=float), (len(case.years),))
    if annuity_factor is None:
        annuity_factor = capital_recovery_factor(case.discount_rate, lifetime)
    annuity = annuity_factor * capex
    capacity = ArrayVar(m.Y, lower=0, upper=limit, doc=f"{what} [{unit}]")
    built = ArrayVar(
        m.Y, lower=0, upper=float(limit.max()), integer=integer, doc=f"{what}, added [{unit}]"
    )
    b.add_component(name, capacity)
    b.add_component(f"{name}_built", built)
    stands = ArrayParam(m.Y, m.Y, values=case.stands)
    b.add_component(f"{name}_stands", stands)

    def accumulation(b: pyo.Block, y: Any) -> Any:
        return capacity[y] == sum(stands[y, v] * built[v] for v in m.Y)

    b.add_component(
        f"{name}_accumulation",
        ArrayConstraint(m.Y, rule=accumulation, couples_years=True, doc=f"{what}: additions stand"),
    )
    for cost, values in (("capital", annuity), ("fixed_operation", fixed_opex)):
        _vintage_cost(b, f"{name}_{cost}", values, stands, built, category, f"{what}: {cost} [USD]")
    return capacity


def staged_store(
    b: pyo.Block,
    case: SiteCase,
    parameters: Technology,
    *,
    power: tuple[str, float | None],
    energy: tuple[str, float | None],
    fixed_share: FloatArray,
    annuity_factor: float | None = None,
) -> None:
    """Declare power and energy of a store, each with its own costs, as staged capacities.

    Parameters
    ----------
    parameters : Technology
        With ``capex_power``, ``power_max``, the same of energy, and ``lifetime``.
    power, energy : (str, float or None)
        Words for the documentation, and the largest size where it is not the file's [MW], [MWh].
    fixed_share : array of shape (years,)
        Fixed operation a year over overnight cost [yr-1].
    annuity_factor : float, optional
        As for `staged_capacity`.
    """
    for name, unit, (what, limit) in (("power", "MW", power), ("energy", "MWh", energy)):
        capex = parameters.at(f"capex_{name}", np.asarray(case.years))
        staged_capacity(
            b,
            case,
            name,
            unit=unit,
            upper=parameters.value(f"{name}_max") if limit is None else limit,
            category="storage",
            capex=capex,
            fixed_opex=capex * fixed_share,
            lifetime=parameters.value("lifetime"),
            what=what,
            annuity_factor=annuity_factor,
        )


def whole_units(b: pyo.Block, name: str, unit: float) -> None:
    """Let the additions of a staged capacity come in whole units only.

    Parameters
    ----------
    name : str
        Name of the capacity; ``<name>_built`` are its additions.
    unit : float
        Size of one unit, in the unit of the capacity.
    """
    m = b.model()
    built = b.component(f"{name}_built")
    most = np.floor(np.asarray(built.upper_bound) / unit + 1e-9)
    count = ArrayVar(m.Y, lower=0, upper=most, integer=True, doc=f"Units of {name} added [1]")
    b.add_component(f"{name}_units", count)

    def in_units(b: pyo.Block, y: Any) -> Any:
        return built[y] == unit * count[y]

    b.add_component(
        f"{name}_in_units",
        ArrayConstraint(m.Y, rule=in_units, couples_years=True, doc=f"{name} in whole units"),
    )


def _vintage_cost(
    b: pyo.Block,
    name: str,
    values: FloatArray,
    stands: ArrayParam,
    built: ArrayVar,
    category: str,
    doc: str,
) -> None:
    """Declare the yearly cost of what stands, at the cost of the year it was built in."""
    if not np.any(values):
        return
    m = b.model()
    per_unit = ArrayParam(m.Y, values=values)
    b.add_component(f"{name}_per_unit", per_unit)

    def rule(b: pyo.Block, y: Any) -> Any:
        return sum(stands[y, v] * per_unit[v] * built[v] for v in m.Y)

    b.add_component(name, CostTerm(m.Y, rule=rule, category=category, doc=doc))


def standing_it(case: SiteCase) -> FloatArray:
    """Return the installed IT whose plant stands in each year [MW], shape (years,)."""
    added = np.diff(np.maximum.accumulate(case.it_capacity), prepend=0.0)
    return np.asarray(case.stands @ added)


def plant_rates(case: SiteCase, parameters: Technology) -> tuple[float, FloatArray]:
    """Return annuity and fixed operation a year over capital [yr-1], the latter by year."""
    crf = capital_recovery_factor(case.discount_rate, parameters.value("lifetime"))
    return crf, parameters.at("fixed_operation_share_of_capex", np.asarray(case.years))


def plant_cost(
    b: pyo.Block, case: SiteCase, parameters: Technology, overnight: FloatArray, what: str
) -> None:
    """Declare annuity and operation of plant that stands whatever is decided.

    Parameters
    ----------
    parameters : Technology
        With ``lifetime`` and ``fixed_operation_share_of_capex``.
    overnight : array of shape (years,)
        Cost of what stands [USD].
    what : str
        Words for the documentation of the costs.
    """
    m = b.model()
    annuity, yearly = plant_rates(case, parameters)
    b.annuity = ArrayParam(m.Y, values=overnight * annuity)
    b.maintenance = ArrayParam(m.Y, values=overnight * yearly)

    @cost_term(b, m.Y, category="building", doc=f"{what}: annuity [USD]")
    def capital(b: pyo.Block, y: Any) -> Any:
        return b.annuity[y]

    @cost_term(b, m.Y, category="building", doc=f"{what}: operation [USD]")
    def operation(b: pyo.Block, y: Any) -> Any:
        return b.maintenance[y]


def staged(stages: dict[int, float], years: tuple[int, ...]) -> FloatArray:
    """Return the value of each year: that of the last stage, 0 before the first."""
    known = sorted(stages)
    values = np.array([0.0, *(stages[year] for year in known)])
    return values[np.searchsorted(known, list(years), side="right")]


def by_year(value: float | dict[int, float], case: SiteCase, before: float) -> FloatArray:
    """Return a staged figure in each year of a case, shape (years,).

    Parameters
    ----------
    value : float or dict
        One figure for all years, or figures by year that hold until the next.
    before : float
        What holds before the first stage: the figure that asks for nothing.
    """
    if not isinstance(value, dict):
        return np.full(len(case.years), float(value))
    inside = np.asarray(case.years) >= min(value)
    return np.where(inside, staged(value, case.years), before)
