"""A case solved; with a required availability: verify its backup, add what is missing, again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import xarray as xr

from dcmodel.base.errors import Fault, StudyError
from dcmodel.components.base import SiteCase
from dcmodel.optimise.site import Plant, silent
from dcmodel.reliability.expected import expected
from dcmodel.reliability.sizing import Added, size_to_availability
from dcmodel.requirements.availability import Availability
from dcmodel.study.assemble import assemble, solve_case
from dcmodel.study.backup import CaseBackup, backup_in, found_in, with_settings
from dcmodel.study.cases import Case

ROUNDS_MAX = 4
"""How often what verification asks for is added and the case solved again."""
KIND = Availability.kind


def run_case(case: Case, progress: Callable[..., None] = silent) -> xr.Dataset:
    """Read the inputs of a case, solve it and return its result.

    Parameters
    ----------
    case : Case
    progress : callable
        ``progress(stage, **numbers)`` is told what is being done.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    StudyError, DataError, InfeasibleError, SolverError
    """
    progress("inputs")
    site_case, plant, weather = assemble(case)

    def solve(one: SiteCase) -> xr.Dataset:
        return solve_case(case, one, plant, weather, progress)

    return solve_available(case, site_case, plant, solve, progress)


def solve_available(
    case: Case,
    site_case: SiteCase,
    plant: Plant,
    solve: Callable[[SiteCase], xr.Dataset],
    progress: Callable[..., None] = silent,
) -> xr.Dataset:
    """Solve a site; where its study asks for an availability, until that holds.

    Parameters
    ----------
    case : Case
        Of this site.
    site_case : SiteCase
    plant : Plant
    solve : callable
        Returns the result of a site with components as they are given.
    progress : callable
        As for `run_case`.

    Returns
    -------
    xarray.Dataset
        With ``availability`` by year where it is required; ``backup_settings`` among the
        attributes tells what was added to the study's own components.

    Raises
    ------
    StudyError
        When nothing on offer reaches it, at its place in the study.
    """
    if KIND not in case.spec.requirements:
        return solve(site_case)
    target = Availability.model_validate(case.spec.requirements[KIND]).share
    settings: dict[str, dict[str, Any]] = {}
    for _ in range(ROUNDS_MAX):
        run = with_settings(site_case, settings)
        result = solve(run)
        progress("verify")
        found, missing = _verified(case, run, plant, result, target)
        if not missing:
            result["availability"] = ("year", found, {"units": "1", "long_name": "Availability"})
            result.attrs["backup_settings"] = json.dumps(settings)
            return result
        settings |= _larger(run, result, missing)
    message = (
        f"{target:.6g} does not hold after {ROUNDS_MAX} rounds of additions; report this study"
    )
    raise StudyError(Fault(case.place(("requirements", KIND)), message))


def _verified(
    case: Case, site_case: SiteCase, plant: Plant, result: xr.Dataset, target: float
) -> tuple[list[float], dict[int, list[Added]]]:
    """Return the availability of every year, and what is missing in those that fall short."""
    found: list[float] = []
    missing: dict[int, list[Added]] = {}
    for y, year in enumerate(site_case.years):
        if site_case.it_capacity[y] <= 0:
            found.append(1.0)
            continue
        backup = backup_in(case.name, site_case, plant, result, y)
        supply = expected(backup.system, backup.outages, restart=backup.restart).value
        value = backup.at_racks(supply)
        found.append(value)
        if value < target:
            missing[year] = _additions(case, backup, target)
    return found, missing


def _additions(case: Case, backup: CaseBackup, target: float) -> list[Added]:
    """Return what must be added in a year, of what a component can take up."""
    offers = tuple(one for one in backup.additions if one.part)
    try:
        supply = backup.of_supply(target)
        sizing = size_to_availability(
            backup.system, backup.outages, supply, offers, restart=backup.restart
        )
    except StudyError as error:
        place = case.place(("requirements", KIND))
        faults = [Fault(place, f"{backup.year}: {fault.message}") for fault in error.faults]
        raise StudyError(faults) from None
    return [(one, sizing.added[one.name]) for one in offers if one.name in sizing.added]


def _larger(
    site_case: SiteCase, result: xr.Dataset, missing: dict[int, list[Added]]
) -> dict[str, dict[str, Any]]:
    """Return the settings of the components that are bought larger, by kind."""
    changed = {component.label: component for component in site_case.components}
    touched = set()
    for year, added in missing.items():
        y = site_case.years.index(year)
        for part in {one.part for one, _ in added}:
            own = [(one, count) for one, count in added if one.part == part]
            found = found_in(result, part, y)
            larger = changed[part].larger(site_case, found, year, own)
            if larger is not None:
                changed[part] = larger
                touched.add(part)
    return {changed[part].kind: changed[part].model_dump(exclude_defaults=True) for part in touched}
