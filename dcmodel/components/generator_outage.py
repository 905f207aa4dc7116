"""Generators in an outage: cold starts, derating, spare units out, fuel on site and resupply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, array_expression
from dcmodel.base.units import SECONDS_PER_HOUR
from dcmodel.components.base import FloatArray, SiteCase
from dcmodel.components.outages import Means, Outages, bridge_h, started

if TYPE_CHECKING:
    from dcmodel.components.generator import Generator


def declare(generator: Generator, b: pyo.Block, case: SiteCase, outages: Outages) -> None:
    """Declare the units that run in outages and their power.

    A cold unit gives power from its start time on, less what the building's own supply bridges; a
    unit that runs when the outage begins goes on. Minimum load is left to load banks.
    """
    p, sets = generator.technology(case), (b.model().Y, outages.starts, outages.hours)
    shape = tuple(len(one) for one in sets)
    scheme = generator.scheme()
    derated = p.value("unit_rating") * generator.derating(case, outages.at(case.series["temp_air"]))
    most = (scheme.needed * generator.group_max(case))[:, None, None]
    most = np.broadcast_to(most, shape)
    ready = outages.started(p.value("start_time") / SECONDS_PER_HOUR)
    b.outage_derated = ArrayParam(*sets, values=derated)
    b.outage_online = ArrayVar(*sets, lower=0, upper=most, doc="Units that run in an outage [1]")
    b.outage_output = ArrayVar(*sets, lower=0, upper=derated * most, doc="Output in an outage [MW]")

    @array_constraint(b, *sets, doc="Units in an outage are those that count")
    def outage_units(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
        return b.outage_online[y, s, h] <= b.firm_units[y]

    _cold_start(b, outages, ready, hot=b.component("online") is not None)

    @array_constraint(b, *sets, doc="Output in an outage within the derated rating")
    def outage_limit(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
        return b.outage_output[y, s, h] <= b.outage_derated[y, s, h] * b.outage_online[y, s, h]

    if np.isfinite(generator.autonomy(case)):
        _fuel_on_site(generator, b, case, outages)

    @array_expression(b, *sets, doc="Power in an outage [MW]")
    def outage_supply(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
        return b.outage_output[y, s, h]


def _cold_start(b: pyo.Block, outages: Outages, ready: FloatArray, *, hot: bool) -> None:
    """Declare that cold units give nothing before they have started."""
    sets = (b.model().Y, outages.starts, outages.hours)
    if (ready >= 1.0).all():
        return
    b.outage_ready = ArrayParam(outages.hours, values=ready)

    @array_constraint(b, *sets, where=ready < 1.0, doc="Cold units start before they give power")
    def outage_start(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
        part = b.outage_ready[h]
        before = b.online[y, outages.before[s]] if hot else 0.0
        return b.outage_online[y, s, h] <= part * b.firm_units[y] + (1 - part) * before


def _fuel_on_site(generator: Generator, b: pyo.Block, case: SiteCase, outages: Outages) -> None:
    """Declare that fuel burnt in an outage was on site or has been delivered."""
    p, sets = generator.technology(case), (b.model().Y, outages.starts, outages.hours)
    rating, idle, slope = (p.value(k) for k in ("unit_rating", "fuel_idle", "fuel_slope"))
    full_load = rating * (idle + slope)
    held = fuel_until(generator, case, len(outages.hours))
    b.outage_fuel_max = ArrayParam(outages.hours, values=full_load * held)
    largest = float((generator.scheme().groups * generator.group_max(case)).max())
    b.outage_fuel = ArrayVar(
        *sets, lower=0, upper=full_load * held * largest, doc="Fuel burnt so far in an outage"
    )

    @array_constraint(b, *sets, doc="Fuel burnt adds up through an outage")
    def outage_burnt(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
        before = outages.later[h] * b.outage_fuel[y, s, outages.earlier[h]]
        rate = rating * idle * b.outage_online[y, s, h] + slope * b.outage_output[y, s, h]
        return b.outage_fuel[y, s, h] == before + rate

    @array_constraint(b, *sets, doc="Fuel burnt in an outage was on site or delivered")
    def outage_tank(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
        return b.outage_fuel[y, s, h] <= b.outage_fuel_max[h] * b.units[y]


def fuel_until(generator: Generator, case: SiteCase, hours: int) -> FloatArray:
    """Return the fuel on site and delivered by the end of each hour, in hours of full load.

    Every unit brings its tank: the spare units' fuel is there for the others.
    """
    p = generator.technology(case)
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
    p = generator.technology(case)
    derating = generator.derating(case, case.series["temp_air"])
    firm = np.maximum(np.asarray(b.firm_units.array, dtype=float), 0.0)[:, None]
    running = None
    if b.component("online") is not None:
        share = np.divide(b.online.array, firm, out=np.zeros(derating.shape), where=firm > 1e-9)
        running = np.minimum(share, 1.0)
    fuel = per_mwh = resupply = None
    if np.isfinite(generator.autonomy(case)):
        per_mwh = p.value("fuel_slope") + p.value("fuel_idle") / np.maximum(derating, 1e-6)
        full_load = p.value("unit_rating") * (p.value("fuel_idle") + p.value("fuel_slope"))
        units = np.asarray(b.units.array, dtype=float)
        until = fuel_until(generator, case, hours)
        fuel = full_load * generator.autonomy(case) * units
        resupply = full_load * np.outer(units, until - generator.autonomy(case))
    return Means(
        power=p.value("unit_rating") * derating * firm,
        started=started(
            p.value("start_time") / SECONDS_PER_HOUR, bridge_h(case.currency_year), hours
        ),
        running=running,
        fuel_per_mwh=per_mwh,
        fuel=fuel,
        resupply=resupply,
    )
