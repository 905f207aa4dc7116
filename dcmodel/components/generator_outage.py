"""Generators in an outage: cold starts, derating, spare units out, fuel on site and resupply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, array_expression
from dcmodel.base.units import SECONDS_PER_HOUR
from dcmodel.components.base import FloatArray, SiteCase
from dcmodel.components.outages import Means, Outages, by_hour, started
from dcmodel.components.ups import bridge_h

if TYPE_CHECKING:
    from dcmodel.components.generator import Generator


def declare(generator: Generator, b: pyo.Block, case: SiteCase, outages: Outages) -> None:
    """Declare the power of the units that count.

    A cold unit gives power from its start time on, less what the building's own supply bridges; a
    unit that runs when the outage begins goes on. As many units run as the load needs; minimum
    load is left to load banks.
    """
    p, sets = generator.technology(case), (b.model().Y, outages.starts, outages.hours)
    derating = generator.derating(case, outages.at("temp_air"))
    derated = p.value("unit_rating") * derating
    largest = (generator.scheme().needed * generator.group_max(case))[:, None, None]
    ready = outages.started(p.value("start_time") / SECONDS_PER_HOUR)
    hot = b.component("online") is not None
    b.outage_derated = ArrayParam(*sets, values=derated)
    b.outage_cold = ArrayParam(*sets, values=derated if hot else derated * ready)
    b.outage_output = ArrayVar(
        *sets, lower=0, upper=derated * largest, doc="Output in an outage [MW]"
    )

    @array_constraint(b, *sets, couples_years=True, doc="Output in an outage of units that count")
    def outage_limit(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
        return b.outage_output[y, s, h] <= b.outage_cold[y, s, h] * b.firm_units[y]

    if hot and (ready < 1.0).any():
        _hot_start(b, outages, ready)
    hours = len(outages.hours)
    if (fuel_until(generator, case, hours) < np.arange(1, hours + 1)).any():
        _fuel_on_site(generator, b, case, outages, derating)

    @array_expression(b, *sets, doc="Power in an outage [MW]")
    def outage_supply(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
        return b.outage_output[y, s, h]


def _hot_start(b: pyo.Block, outages: Outages, ready: FloatArray) -> None:
    """Declare that until cold units have started, those that ran before give what is given."""
    sets = (b.model().Y, outages.starts, outages.hours)
    b.outage_ready = ArrayParam(outages.hours, values=ready)

    @array_constraint(b, *sets, where=ready < 1.0, doc="Cold units start before they give power")
    def outage_start(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
        part, before = b.outage_ready[h], b.online[y, outages.before[s]]
        running = part * b.firm_units[y] + (1 - part) * before
        return b.outage_output[y, s, h] <= b.outage_derated[y, s, h] * running


def _fuel_on_site(
    generator: Generator, b: pyo.Block, case: SiteCase, outages: Outages, derating: FloatArray
) -> None:
    """Declare that fuel burnt in an outage was on site or has been delivered."""
    p, sets = generator.technology(case), (b.model().Y, outages.starts, outages.hours)
    full_load = p.value("fuel_idle") + p.value("fuel_slope")
    held = p.value("unit_rating") * full_load * fuel_until(generator, case, len(outages.hours))
    b.outage_fuel_max = ArrayParam(outages.hours, values=held)
    b.outage_fuel_per_mwh = ArrayParam(*sets, values=fuel_per_mwh(generator, case, derating))
    largest = float((generator.scheme().groups * generator.group_max(case)).max())
    b.outage_fuel = ArrayVar(
        *sets, lower=0, upper=held * largest, doc="Fuel burnt so far in an outage"
    )

    @array_constraint(b, *sets, couples_years=True, doc="Fuel burnt adds up through an outage")
    def outage_burnt(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
        before = outages.later[h] * b.outage_fuel[y, s, outages.earlier[h]]
        burnt = b.outage_fuel_per_mwh[y, s, h] * b.outage_output[y, s, h]
        return b.outage_fuel[y, s, h] == before + burnt

    @array_constraint(b, *sets, couples_years=True, doc="Fuel burnt was on site or delivered")
    def outage_tank(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
        return b.outage_fuel[y, s, h] <= b.outage_fuel_max[h] * b.units[y]


def fuel_per_mwh(generator: Generator, case: SiteCase, derating: FloatArray) -> FloatArray:
    """Return fuel per MWh of units that run at their derated rating, fuel units of the file."""
    p = generator.technology(case)
    return np.asarray(p.value("fuel_slope") + p.value("fuel_idle") / np.maximum(derating, 1e-6))


def fuel_until(generator: Generator, case: SiteCase, hours: int) -> FloatArray:
    """Return the fuel on site and delivered by the end of each hour, in hours of full load.

    Every unit brings its tank: the spare units' fuel is there for the others.
    """
    p = generator.technology(case)
    if not np.isfinite(generator.autonomy(case)):
        return np.full(hours, np.inf)
    since = np.maximum(np.arange(1, hours + 1) - p.value("resupply_after"), 0.0)
    return np.asarray(generator.autonomy(case) + p.value("resupply_rate") * since)


def most(generator: Generator, case: SiteCase, hours: int) -> tuple[float, float]:
    """Return the most that units of any permitted number may give [MW], [MWh]."""
    scheme, p = generator.scheme(), generator.technology(case)
    groups = generator.group_max(case).max()
    rating = p.value("unit_rating") * generator.derating(case, case.series["temp_air"]).max()
    power = float(rating * scheme.needed * max(groups - scheme.spare, 0.0))
    if not np.isfinite(generator.autonomy(case)):
        return power, power * hours
    fuel = p.value("unit_rating") * scheme.groups * groups * fuel_until(generator, case, hours)[-1]
    return power, min(power * hours, float(fuel))


def means(generator: Generator, b: pyo.Block, case: SiteCase, hours: int) -> Means:
    """Return what the solved units give, for the check of all starts."""
    p, hourly = generator.technology(case), case.hours or case
    derating = generator.derating(case, by_hour(hourly.series["temp_air"], hourly.duration))
    firm = np.maximum(np.asarray(b.firm_units.array, dtype=float), 0.0)[:, None]
    running = None
    if b.component("online") is not None:
        online = np.roll(np.asarray(b.online.array), 1, axis=1)
        share = np.divide(online, firm, out=np.zeros_like(online), where=firm > 1e-9)
        running = by_hour(np.minimum(share, 1.0), case.duration)
    fuel = per_mwh = resupply = None
    if np.isfinite(generator.autonomy(case)):
        per_mwh = fuel_per_mwh(generator, case, derating)
        full_load = p.value("unit_rating") * (p.value("fuel_idle") + p.value("fuel_slope"))
        units = np.asarray(b.units.array, dtype=float)
        until = fuel_until(generator, case, hours)
        fuel = full_load * generator.autonomy(case) * units
        resupply = full_load * np.outer(units, until - generator.autonomy(case))
    return Means(
        power=p.value("unit_rating") * derating * firm,
        started=started(p.value("start_time") / SECONDS_PER_HOUR, bridge_h(case), hours),
        running=running,
        fuel_per_mwh=per_mwh,
        fuel=fuel,
        resupply=resupply,
    )
