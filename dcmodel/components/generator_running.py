"""Generators in ordinary hours: what runs, the fuel of running and of tests, and emissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, array_expression, cost_term
from dcmodel.base.units import HOURS_PER_YEAR, KG_PER_TONNE
from dcmodel.components.base import SiteCase

if TYPE_CHECKING:
    from dcmodel.components.generator import Generator


def dispatch(generator: Generator, b: pyo.Block, case: SiteCase) -> None:
    """Declare what runs in ordinary hours."""
    m, p = b.model(), generator.technology(case)
    rating, least = p.value("unit_rating"), p.value("min_load")
    available, hours = p.value("availability"), generator.run_hours(case)
    derated = rating * generator.derating(case, case.series["temp_air"])
    most = (generator.scheme().groups * generator.group_max(case))[:, None]
    everywhere = np.broadcast_to(available * most, derated.shape)
    b.derated = ArrayParam(m.Y, m.T, values=derated)
    b.online = ArrayVar(m.Y, m.T, lower=0, upper=everywhere, doc="Units that run [1]")
    b.output = ArrayVar(m.Y, m.T, lower=0, upper=derated * everywhere, doc="Output [MW]")

    @array_constraint(b, m.Y, m.T, doc="Units that run stand and are not under maintenance")
    def online_limit(b: pyo.Block, y: Any, t: Any) -> Any:
        return b.online[y, t] <= available * b.units[y]

    @array_constraint(b, m.Y, m.T, doc="Output within the derated rating of what runs")
    def output_limit(b: pyo.Block, y: Any, t: Any) -> Any:
        return b.output[y, t] <= b.derated[y, t] * b.online[y, t]

    if least > 0:

        @array_constraint(b, m.Y, m.T, doc="Output above the minimum load of what runs")
        def minimum_load(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.output[y, t] >= least * b.derated[y, t] * b.online[y, t]

    if hours < available * HOURS_PER_YEAR:

        @array_constraint(b, m.Y, doc="Hours of running within the permit")
        def permit_hours(b: pyo.Block, y: Any) -> Any:
            return sum(m.duration[t] * b.online[y, t] for t in m.T) <= hours * b.units[y]

    if p.value("start_fuel") > 0:
        b.started = ArrayVar(m.Y, m.T, lower=0, upper=everywhere, doc="Units started [1]")

        @array_constraint(b, m.Y, m.T, doc="Starts follow what runs")
        def starts(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.started[y, t] >= b.online[y, t] - b.online[y, m.previous[t]]

    @array_expression(b, m.Y, m.T, doc="Power into the site bus [MW]")
    def supply(b: pyo.Block, y: Any, t: Any) -> Any:
        return b.output[y, t]

    _running_cost(generator, b, p.value("variable_operation"))


def _running_cost(generator: Generator, b: pyo.Block, per_mwh: float) -> None:
    m = b.model()

    @cost_term(b, m.Y, category=generator.category, doc=f"{generator.title}: wear of running [USD]")
    def running(b: pyo.Block, y: Any) -> Any:
        return per_mwh * sum(m.duration[t] * b.output[y, t] for t in m.T)


def fuel(generator: Generator, b: pyo.Block, case: SiteCase) -> None:
    """Declare fuel of tests and of running, what it costs and what it emits."""
    m, p = b.model(), generator.technology(case)
    rating, idle, slope = (p.value(k) for k in ("unit_rating", "fuel_idle", "fuel_slope"))
    start = rating * p.value("start_fuel")
    per_test = rating * (idle + slope * p.value("test_load")) * p.value("test_hours")
    runs = b.component("online") is not None
    starts = b.component("started") is not None

    @array_expression(b, m.Y, doc="Fuel of running, in the unit of the parameter file")
    def fuel_run(b: pyo.Block, y: Any) -> Any:
        if not runs:
            return 0.0
        burnt = sum(
            m.duration[t] * (rating * idle * b.online[y, t] + slope * b.output[y, t]) for t in m.T
        )
        return burnt + (start * sum(b.started[y, t] for t in m.T) if starts else 0.0)

    @array_expression(b, m.Y, doc="Fuel of the year, in the unit of the parameter file")
    def fuel_used(b: pyo.Block, y: Any) -> Any:
        return per_test * b.units[y] + b.fuel_run[y]

    b.fuel_price = ArrayParam(m.Y, values=generator.fuel_price(case))

    @cost_term(b, m.Y, category=generator.category, doc=f"{generator.title}: fuel [USD]")
    def fuel(b: pyo.Block, y: Any) -> Any:
        return b.fuel_price[y] * b.fuel_used[y]

    _emissions(generator, b, p.value("co2_per_fuel"), p.value("nox_per_fuel"))


def _emissions(generator: Generator, b: pyo.Block, co2: float, nitrogen: float) -> None:
    m, allowed = b.model(), generator.nox_max_t

    @array_expression(b, m.Y, doc="Emissions of fuel burnt [t]")
    def emissions(b: pyo.Block, y: Any) -> Any:
        return co2 / KG_PER_TONNE * b.fuel_used[y]

    @array_expression(b, m.Y, doc="Nitrogen oxides of fuel burnt [t]")
    def nox(b: pyo.Block, y: Any) -> Any:
        return nitrogen / KG_PER_TONNE * b.fuel_used[y]

    if allowed is not None:

        @array_constraint(b, m.Y, doc="Nitrogen oxides within the permit")
        def nox_limit(b: pyo.Block, y: Any) -> Any:
            return b.nox[y] <= allowed
