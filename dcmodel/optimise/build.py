"""The formulation: one site over its years, top to bottom on one page.

Sets: years ``Y``, steps ``T`` of a year (hours, or segments of adjacent hours), months ``M``.
Each component and each tariff form adds its own block; the page below joins them. Rules are called
once and compiled as arrays (`dcmodel.arrays`), so they hold equations only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import (
    ArrayParam,
    ArrayVar,
    LinearProgram,
    array_constraint,
    array_expression,
    compile_model,
)
from dcmodel.components.base import Component, Limit, SiteCase, offering


def build_site(case: SiteCase) -> pyo.ConcreteModel:
    """Return least-cost supply of one site over all its years as a Pyomo model."""
    m = pyo.ConcreteModel(name=case.name)
    time_and_years(m, case)
    meter(m, case)
    m.asset = pyo.Block([component.kind for component in case.components])
    m.tariff = pyo.Block([tariff.label for tariff in case.tariffs])
    m.requirement = pyo.Block([requirement.kind for requirement in case.requirements])
    parts = parts_of(m, case)
    for block, part in parts:
        part.build(block, case)
    work_and_facility(m, case)
    energy_account(m, case)
    power_balance(m)
    for block, part in parts:
        part.charge(block, case)
    return m


def parts_of(m: pyo.ConcreteModel, case: SiteCase) -> list[tuple[pyo.Block, Component]]:
    """Return every component, tariff form and requirement of a case with its block."""
    parts = [(m.asset[component.kind], component) for component in case.components]
    parts += [(m.tariff[tariff.label], tariff) for tariff in case.tariffs]
    return parts + [(m.requirement[asked.kind], asked) for asked in case.requirements]


def limits_of(m: pyo.ConcreteModel, case: SiteCase) -> list[Limit]:
    """Return the limits that a person may move."""
    return [limit for block, part in parts_of(m, case) for limit in part.limits(block, case)]


def compile_site(case: SiteCase) -> tuple[pyo.ConcreteModel, LinearProgram]:
    """Return the model of a case and its arrays; the objective is the discounted cost [USD]."""
    m = build_site(case)
    return m, compile_model(m, weights=case.discount_factor, year_set=m.Y)


def time_and_years(m: pyo.ConcreteModel, case: SiteCase) -> None:
    """Declare sets, durations, and the maps from a step to its month and to the step before."""
    m.Y = pyo.RangeSet(0, len(case.years) - 1)
    m.T = pyo.RangeSet(0, len(case.duration) - 1)
    m.M = pyo.RangeSet(0, 11)
    m.duration = ArrayParam(m.T, values=case.duration)
    m.month = ArrayParam(m.T, values=case.month)
    m.previous = ArrayParam(m.T, values=case.previous)
    m.it_capacity = ArrayParam(m.Y, values=case.it_capacity)


def meter(m: pyo.ConcreteModel, case: SiteCase) -> None:
    """Metered import from the grid and its maximum of each month."""
    limit = case.grid_available[:, None]
    m.grid_import = ArrayVar(m.Y, m.T, lower=0, upper=limit, doc="Metered import [MW]")
    m.monthly_peak = ArrayVar(
        m.Y, m.M, lower=0, upper=limit, operational=True, doc="Largest import [MW]"
    )

    @array_constraint(m, m.Y, m.T, doc="The month's peak is the largest import")
    def peak_register(m: pyo.Block, y: Any, t: Any) -> Any:
        return m.grid_import[y, t] <= m.monthly_peak[y, m.month[t]]


def work_and_facility(m: pyo.ConcreteModel, case: SiteCase) -> None:
    """Declare IT power of the work served, and the facility that carries it.

    ``P_it = phi S + (1 - phi) work``; facility power and water are affine in IT power and installed
    IT, hour by hour. ``S`` is what has power: dark IT draws nothing and serves nothing.
    """
    phi, limit = case.idle_fraction, case.utilisation_max
    coefficients = case.facility
    m.arrivals = ArrayParam(m.Y, m.T, values=case.workload.total)
    dark = offering(m, "dark")
    if dark:
        installed = np.where(case.it_capacity > 0, case.it_capacity, 1.0)[:, None]
        m.arrivals_per_it = ArrayParam(m.Y, m.T, values=case.workload.total / installed)
    m.power_slope = ArrayParam(m.Y, m.T, values=coefficients.power_slope)
    m.power_fixed = ArrayParam(m.Y, m.T, values=coefficients.power_fixed)
    m.water_slope = ArrayParam(m.Y, m.T, values=coefficients.water_slope)
    m.water_fixed = ArrayParam(m.Y, m.T, values=coefficients.water_fixed)
    shifting = offering(m, "it_shift")
    drawing, saving = offering(m, "facility_draw"), offering(m, "water_saved")

    @array_expression(m, m.Y, doc="Installed IT that has power [MW]")
    def it_energised(m: pyo.Block, y: Any) -> Any:
        return m.it_capacity[y] - sum([b.dark[y] for b in dark])

    @array_expression(m, m.Y, m.T, doc="Dynamic IT power of the work served [MW]")
    def work(m: pyo.Block, y: Any, t: Any) -> Any:
        not_taken_on = sum([m.arrivals_per_it[y, t] * b.dark[y] for b in dark])
        return m.arrivals[y, t] - not_taken_on + sum([b.it_shift[y, t] for b in shifting])

    @array_expression(m, m.Y, m.T, doc="IT power [MW]")
    def it_power(m: pyo.Block, y: Any, t: Any) -> Any:
        return phi * m.it_energised[y] + (1 - phi) * m.work[y, t]

    @array_expression(m, m.Y, m.T, doc="Facility power [MW]")
    def facility_power(m: pyo.Block, y: Any, t: Any) -> Any:
        line = m.power_slope[y, t] * m.it_power[y, t] + m.power_fixed[y, t] * m.it_energised[y]
        return line + sum([b.facility_draw[y, t] for b in drawing])

    @array_expression(m, m.Y, m.T, doc="Water use [m3 h-1]")
    def water_use(m: pyo.Block, y: Any, t: Any) -> Any:
        line = m.water_slope[y, t] * m.it_power[y, t] + m.water_fixed[y, t] * m.it_energised[y]
        return line - sum([b.water_saved[y, t] for b in saving])

    if shifting:

        @array_constraint(m, m.Y, m.T, doc="Work within the installed fleet")
        def fleet_limit(m: pyo.Block, y: Any, t: Any) -> Any:
            return m.work[y, t] <= limit * m.it_energised[y]


def energy_account(m: pyo.ConcreteModel, case: SiteCase) -> None:
    """Who sold the metered energy: contracts where used, the tariff for the rest.

    Of the energy delivered as produced, ``contract_use`` covers import and what is left is surplus;
    firm contracts settle themselves what is not used. A year's contracts stay within the year's
    facility energy: the site is a buyer, not a trader.
    """
    firm = offering(m, "settled")
    as_produced = [b for b in offering(m, "delivery") if b not in firm]
    if as_produced:
        limit = m.grid_import.upper_bound
        m.contract_use = ArrayVar(m.Y, m.T, lower=0, upper=limit, doc="Contract energy used [MW]")

    @array_expression(m, m.Y, m.T, doc="Energy bought by the tariff [MW]")
    def purchase(m: pyo.Block, y: Any, t: Any) -> Any:
        used = sum([b.use[y, t] for b in firm])
        return m.grid_import[y, t] - used - (m.contract_use[y, t] if as_produced else 0)

    if as_produced or firm:

        @array_constraint(m, m.Y, m.T, doc="Contract energy used within the import")
        def use_within_import(m: pyo.Block, y: Any, t: Any) -> Any:
            return m.purchase[y, t] >= 0

    if as_produced:
        _surplus(m, as_produced)
    _contract_volume(m, case)


def _surplus(m: pyo.ConcreteModel, as_produced: list[pyo.Block]) -> None:
    """Declare what is delivered as produced, and what of it is surplus."""

    @array_expression(m, m.Y, m.T, doc="Surplus of contract energy [MW]")
    def surplus(m: pyo.Block, y: Any, t: Any) -> Any:
        return sum([b.delivery[y, t] for b in as_produced]) - m.contract_use[y, t]

    @array_constraint(m, m.Y, m.T, doc="Contract energy used within the delivery")
    def use_within_delivery(m: pyo.Block, y: Any, t: Any) -> Any:
        return m.surplus[y, t] >= 0


def _contract_volume(m: pyo.ConcreteModel, case: SiteCase) -> None:
    """Keep what is contracted within the consumption, beyond what the study says is signed."""
    contracts = offering(m, "volume")
    if not contracts:
        return
    signed = sum(b.yearly_yield.array * b.capacity.lower_bound for b in contracts)
    m.contract_energy_max = ArrayParam(m.Y, values=np.maximum(case.facility_energy, signed))

    # a row of sizes alone: it goes with the rows that couple years, where sizes are chosen
    @array_constraint(m, m.Y, couples_years=True, doc="Contracts within the year's consumption")
    def contract_volume(m: pyo.Block, y: Any) -> Any:
        return sum([b.volume[y] for b in contracts]) <= m.contract_energy_max[y]


def power_balance(m: pyo.ConcreteModel) -> None:
    """Import and what the components supply equal the facility's power in every hour."""
    supplying = offering(m, "supply")

    @array_constraint(m, m.Y, m.T, elastic=True, doc="Power balance of the site bus")
    def balance(m: pyo.Block, y: Any, t: Any) -> Any:
        on_site = sum([b.supply[y, t] for b in supplying])
        return m.grid_import[y, t] + on_site == m.facility_power[y, t]
