"""Settings of generators that cannot hold together, told with the amounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcmodel.components.base import SiteCase

if TYPE_CHECKING:
    from dcmodel.components.generator import Generator

ROUNDING = 1e-9
"""Room for rounding where units are counted [1]."""


def faults(generator: Generator, case: SiteCase) -> list[str]:
    """Return what makes the settings of a generator impossible for the case, in words."""
    found = _permit(generator, case) + _delivery(generator, case)
    if not found:
        found = _size(generator, case)
    return found + _fuel_of_class(generator, case)


def _permit(generator: Generator, case: SiteCase) -> list[str]:
    tests = generator.technology(case).value("test_hours")
    allowed = generator.permitted_hours(case)
    if allowed >= tests:
        return []
    return [
        f"{generator.kind}: test running takes {tests:g} h a year of every unit, the permit allows "
        f"{allowed:g} h; raise permit_h or lower parameters.test_hours"
    ]


def _delivery(generator: Generator, case: SiteCase) -> list[str]:
    """Say where units are needed before they can be delivered."""
    first, critical = generator.first_year(case), generator.critical_power(case)
    years = np.asarray(case.years)
    early = years[(years < first) & (critical > 0)]
    if not early.size:
        return []
    lead = generator.technology(case).value("lead_time")
    ordered = case.years[0] if generator.order_year is None else generator.order_year
    needed = critical[years == early[0]][0]
    return [
        f"{generator.kind}: a critical load of {needed:.4g} MW is to be carried in {early[0]}, but "
        f"units ordered in {ordered} stand from {first} on (lead time {lead:g} years); set "
        f"order_year to {int(np.floor(early[0] - lead + ROUNDING))}, or critical_share to 0"
    ]


def _size(generator: Generator, case: SiteCase) -> list[str]:
    """Say where the largest permitted number of units cannot carry the critical power."""
    if generator.sizing == "rule" and generator.capacity_max_mw is None:
        return []
    scheme, critical = generator.scheme(), generator.critical_power(case)
    rating, most = generator.technology(case).value("unit_rating"), generator.largest(case)
    group = most / (rating * scheme.groups)
    if generator.sizing == "rule" or generator.whole_units:
        group = float(np.floor(group + ROUNDING))
    firm = scheme.needed * max(group - scheme.spare, 0.0)
    missing = critical - firm * generator.usable_rating(case)
    y = int(missing.argmax())
    if missing[y] <= ROUNDING:
        return []
    return [
        f"{generator.kind}: the critical load of {critical[y]:.4g} MW in {case.years[y]} is above "
        f"the {critical[y] - missing[y]:.4g} MW that {most:.4g} MW of units carry with redundancy "
        f"{scheme.name}; {generator.units(case)[y] * rating:.4g} MW would do: raise "
        "capacity_max_mw, or lower critical_share"
    ]


def _fuel_of_class(generator: Generator, case: SiteCase) -> list[str]:
    """Say where the fuel on site is less than the class of redundancy asks for."""
    autonomy, scheme = generator.autonomy(case), generator.scheme()
    if autonomy >= scheme.fuel_h:
        return []
    return [
        f"{generator.kind}: redundancy {scheme.name} asks for fuel of {scheme.fuel_h:g} h at full "
        f"load on site, found {autonomy:g} h; raise parameters.fuel_autonomy"
    ]
