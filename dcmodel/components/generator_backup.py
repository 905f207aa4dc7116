"""Generators for the verification of backup: their chances, fuel, and what more would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dcmodel.base.units import SECONDS_PER_HOUR
from dcmodel.components.base import SiteCase
from dcmodel.components.generator_checks import ROUNDING
from dcmodel.components.outages import Found
from dcmodel.finance.annuity import capital_recovery_factor
from dcmodel.reliability.parts import BackupPart
from dcmodel.reliability.sizing import Added, Addition
from dcmodel.reliability.system import BackupSystem, GeneratorGroup

if TYPE_CHECKING:
    from dcmodel.components.generator import Generator

_FUEL_HOURS = 12
"""Hours at full load that one addition of fuel lasts [h]."""


def part(generator: Generator, case: SiteCase, found: Found, y: int) -> BackupPart:
    """Return the units that stand in a year as an outage finds them; part of a unit is none."""
    group = _group(generator, case, found, y)
    additions = [_one_more_unit(generator, case, group.name, y)]
    if np.isfinite(group.fuel_stock) and "tank_cost" in generator.technology(case).names():
        additions.append(_more_fuel(generator, case, group, y))
    return BackupPart(
        generator=group,
        critical_share=generator.critical_share,
        additions=tuple(additions),
    )


def _group(generator: Generator, case: SiteCase, found: Found, y: int) -> GeneratorGroup:
    p = generator.technology(case)
    rating = p.value("unit_rating")
    units = int(np.floor(found.sizes["capacity_mw"] / rating + ROUNDING * 1e3))
    shared = p.value("failure_to_start") * p.value("common_cause_share")
    full_load = rating * (p.value("fuel_idle") + p.value("fuel_slope"))
    autonomy = generator.autonomy(case)
    delivered = "resupply_after" in p.names()
    return GeneratorGroup(
        name=generator.label,
        units=units,
        rating=rating,
        derating=np.asarray(generator.derating(case, case.series["temp_air"][y])),
        availability=p.value("availability"),
        failure_to_start=p.value("failure_to_start") - shared,
        common_start_failure=shared,
        mean_time_to_failure=p.value("mean_time_to_failure"),
        mean_time_to_repair=p.value("mean_time_to_repair"),
        start_time=p.value("start_time") / SECONDS_PER_HOUR,
        minimum_load=p.value("min_load"),
        fuel_stock=full_load * autonomy * units if np.isfinite(autonomy) else np.inf,
        fuel_unit=p.unit("fuel_slope").split()[0],
        fuel_idle=p.value("fuel_idle"),
        fuel_slope=p.value("fuel_slope"),
        resupply_after=p.value("resupply_after") if delivered else np.inf,
        resupply_rate=full_load * units * p.value("resupply_rate") if delivered else 0.0,
        test_hours=p.value("test_hours"),
        permit_hours=generator.permitted_hours(case),
    )


def _one_more_unit(generator: Generator, case: SiteCase, name: str, y: int) -> Addition:
    """Return one more unit with its tank, at the cost of the year."""
    p = generator.technology(case)
    rating, years = p.value("unit_rating"), np.asarray(case.years)
    full_load = rating * (p.value("fuel_idle") + p.value("fuel_slope"))
    crf = capital_recovery_factor(case.discount_rate, p.value("lifetime"))
    yearly = crf * generator.capital_per_mw(case)[y] + p.at("fixed_operation", years)[y]
    tests = p.value("fuel_idle") + p.value("fuel_slope") * p.value("test_load")
    yearly += tests * p.value("test_hours") * generator.fuel_price(case)[y]
    tank = generator.autonomy(case) * full_load

    def apply(system: BackupSystem) -> BackupSystem:
        group = system.group(name)
        return system.with_group(
            replace(group, units=group.units + 1, fuel_stock=group.fuel_stock + tank)
        )

    return Addition(f"{name} unit of {rating:g} MW", rating * yearly, apply, name, units=1)


def _more_fuel(generator: Generator, case: SiteCase, group: GeneratorGroup, y: int) -> Addition:
    """Return tanks for some more hours of all units at full load."""
    p = generator.technology(case)
    litres = _FUEL_HOURS * group.units * group.rating * (group.fuel_idle + group.fuel_slope)
    crf = capital_recovery_factor(case.discount_rate, p.value("lifetime"))
    price = p.at("tank_cost", np.asarray(case.years))[y] + generator.fuel_price(case)[y]

    def apply(system: BackupSystem) -> BackupSystem:
        held = system.group(group.name)
        return system.with_group(replace(held, fuel_stock=held.fuel_stock + litres))

    name = f"{group.name} fuel for {_FUEL_HOURS} h"
    return Addition(name, crf * price * litres, apply, group.name, fuel_h=_FUEL_HOURS)


def larger(
    generator: Generator, case: SiteCase, found: Found, year: int, added: Sequence[Added]
) -> Generator:
    """Return the settings by which a year gets what verification asks for, beyond what stood."""
    p = generator.technology(case)
    standing = np.floor(found.sizes["capacity_mw"] / p.value("unit_rating") + ROUNDING * 1e3)
    units = float(standing + sum(count * one.units for one, count in added))
    hours = sum(count * one.fuel_h for one, count in added)
    least = dict(generator.units_min or {})
    least[year] = max(units, least.get(year, 0.0))
    changes: dict[str, object] = {"units_min": least}
    if hours:
        autonomy = p.value("fuel_autonomy") + hours
        changes["parameters"] = {**generator.parameters, "fuel_autonomy": autonomy}
    return generator.model_copy(update=changes)
