"""The backup of a finished case: what the result built and dispatched, as an outage finds it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.registry import nearest
from dcmodel.base.units import HOURS_PER_YEAR
from dcmodel.components.base import SiteCase, Workload, components
from dcmodel.components.outages import Found
from dcmodel.components.ups import bridge_h
from dcmodel.optimise.site import Plant, load_of
from dcmodel.reliability.distribution import Distribution
from dcmodel.reliability.grid import grid_outages, interruption
from dcmodel.reliability.outages import GridOutages
from dcmodel.reliability.parts import BackupPart, system_of
from dcmodel.reliability.sizing import Addition
from dcmodel.reliability.system import BackupSystem, DeferrableLoad, check
from dcmodel.study.assemble import assemble
from dcmodel.study.cases import PORTFOLIO, Case, case_of_site, cases
from dcmodel.study.load import load_study
from dcmodel.study.store import open_results

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CaseBackup:
    """Backup, outages and offers of one year of a case."""

    case: str
    site_title: str
    year: int
    system: BackupSystem
    outages: GridOutages
    additions: tuple[Addition, ...]
    """What more may be bought, at the cost of the year."""
    restart: float
    """From the return of power until a site that was lost serves again [h]."""
    distributions: tuple[tuple[Distribution, float], ...] = ()
    """Paths to the racks, then better ones, each with what it costs more [USD yr-1]. Empty where
    the study names none: availability is then that of the supply."""
    notes: tuple[str, ...] = ()
    """What a reader should know of the numbers."""

    @property
    def distribution(self) -> Distribution | None:
        """Paths to the racks, where the study names them."""
        return self.distributions[0][0] if self.distributions else None

    @property
    def hours_in_distribution(self) -> float:
        """Hours a year in which racks are dark though the site has power [h]."""
        return 0.0 if self.distribution is None else self.distribution.hours(self.restart)

    def at_racks(self, supply: float) -> float:
        """Return the availability at the racks [1] from that of the supply [1]."""
        return supply - self.hours_in_distribution / HOURS_PER_YEAR

    def of_supply(self, target: float) -> float:
        """Return the availability [1] the supply must have for a target at the racks [1].

        Raises
        ------
        StudyError
            When the distribution alone loses more than the target allows.
        """
        if self.distribution is not None:
            reason = self.distribution.short_of(target, self.restart)
            if reason:
                raise StudyError(Fault("availability", reason))
        return target + self.hours_in_distribution / HOURS_PER_YEAR


def open_backup(out: Path | str, name: str, year: int | None = None) -> CaseBackup:
    """Return the backup of a case of an output folder; nothing is solved.

    Parameters
    ----------
    out : Path or str
        Output folder of a study.
    name : str
        Name of the case, ``site/scenario``.
    year : int, optional
        Year of the study; the last when left out.
    """
    results = open_results(out)
    if name not in results:
        known = ", ".join(results) or "none is finished"
        message = f"no case '{name}'{nearest(name, list(results))} (cases: {known})"
        raise StudyError(Fault(str(out), message))
    study = load_study(Path(out) / "study.yaml")
    for case in cases(study):
        if case.name == name and not case.is_portfolio:
            return backup_of(case, results[name], year)
        if name.startswith(f"{case.name}/"):
            site = case_of_site(case, name.removeprefix(f"{case.name}/"))
            return backup_of(site, results[name], year)
    sites = ", ".join(other for other in results if other.startswith(f"{name}/"))
    message = f"a portfolio has no backup of its own; name one of its sites: {sites}"
    raise StudyError(Fault(f"{out}/{name}", message))


def backup_of(case: Case, result: xr.Dataset, year: int | None = None) -> CaseBackup:
    """Return the backup of a case from its result.

    Parameters
    ----------
    case : Case
    result : xarray.Dataset
        Of the case.
    year : int, optional
        Year of the study; the last when left out.
    """
    years = [int(value) for value in result["year"].values]
    year = years[-1] if year is None else year
    if year not in years:
        listed = ", ".join(map(str, years))
        raise StudyError(Fault("--year", f"found {year}; the case has {listed}"))
    site_case, plant, _ = assemble(case)
    if case.spec.mode == PORTFOLIO:
        site_case = _placed(site_case, result)
    run = with_settings(site_case, json.loads(result.attrs.get("backup_settings", "{}")))
    backup = backup_in(case.name, run, plant, result, years.index(year))
    if result.attrs.get("case_hash", case.hash) == case.hash:
        return backup
    note = "the data library or the program has changed since the case was run"
    return replace(backup, notes=(note, *backup.notes))


def _placed(site: SiteCase, result: xr.Dataset) -> SiteCase:
    """Return a site of a portfolio with the IT it was given and the work sent to it."""
    names = tuple(str(name) for name in result["work_class"].values)
    years = range(len(site.years))
    sent = np.stack([hourly(result, "work_arrived_by_class", y) for y in years], axis=1)
    work = Workload(names, sent, (0.0,) * len(names), np.zeros(sent.shape))
    return replace(site, it_capacity=result["it_capacity"].to_numpy(), workload=work)


def with_settings(case: SiteCase, settings: dict[str, dict[str, Any]]) -> SiteCase:
    """Return a case whose components have other settings, by kind."""
    if not settings:
        return case
    parts = tuple(
        components[part.kind](**settings[part.kind]) if part.kind in settings else part
        for part in case.components
    )
    return replace(case, components=parts)


def backup_in(
    name: str, site_case: SiteCase, plant: Plant, result: xr.Dataset, y: int
) -> CaseBackup:
    """Return the backup of one year of an assembled case.

    Parameters
    ----------
    name : str
        Name of the case.
    site_case : SiteCase
    plant : Plant
    result : xarray.Dataset
        Of the case.
    y : int
        Position of the year.
    """
    parts = parts_of(site_case, result, y)
    critical, deferrable = load_in_outage(site_case, plant, result, parts, y)
    ride_through = bridge_h(site_case)
    system = system_of(parts, critical, deferrable, ride_through)
    check(system)
    return CaseBackup(
        case=name,
        site_title=site_case.site.name,
        year=site_case.years[y],
        system=system,
        outages=grid_outages(site_case.market, site_case.series["temp_air"][y], system),
        additions=tuple(addition for part in parts for addition in part.additions),
        restart=interruption().value("restart_time"),
        distributions=tuple((d.paths, float(d.cost[y])) for d in site_case.distributions),
    )


def parts_of(case: SiteCase, result: xr.Dataset, y: int) -> list[BackupPart]:
    """Return what each component is in an outage, by its sizes in the result."""
    found = []
    for component in case.components:
        own = found_in(result, component.label, y)
        if not own.sizes:
            continue
        part = component.backup(case, own, y)
        if part is not None:
            if part.battery is not None and part.battery.energy > 0 and "store" not in result.dims:
                message = "tells no state of charge; run the study again with --fresh"
                raise DataError(Fault(f"{result.attrs.get('case', 'result')}", message))
            found.append(part)
    return found


def found_in(result: xr.Dataset, label: str, y: int) -> Found:
    """Return what a result says of one component in a year."""
    capacity = result["capacity"].isel(year=y)
    sizes = {str(name): float(capacity.sel(size=name)) for name in capacity["size"].values}
    prefix = f"{label}."
    own = {key.removeprefix(prefix): v for key, v in sizes.items() if key.startswith(prefix)}
    return Found(own, _stored(result, label, y))


def load_in_outage(
    case: SiteCase, plant: Plant, result: xr.Dataset, parts: Sequence[BackupPart], y: int
) -> tuple[FloatArray, tuple[DeferrableLoad, ...]]:
    """Return the critical load by hour [MW], and what may be shed.

    An outage component names the critical share of each class; without one, interactive work is
    critical and deferrable work may wait its window, and generators that are bought for a share of
    the site carry that share.
    """
    facility = hourly(result, "facility_power", y)
    stated = [
        shares for component in case.components
        if (shares := component.critical_shares(case)) is not None
    ]  # fmt: skip
    waits = np.asarray(case.workload.window_h) > 0
    shares = stated[0] if stated else np.where(waits, 0.0, 1.0)
    power = _facility_power_of_work(case, plant, result, y)
    deferrable = []
    for k, name in enumerate(case.workload.names):
        shed = (1.0 - shares[k]) * power[k]
        window = case.workload.window_h[k] if waits[k] else np.inf
        if shed.max() > 0:
            deferrable.append(DeferrableLoad(name, shed, window))
    total = sum((part.power for part in deferrable), np.zeros(len(facility)))
    critical = np.maximum(facility - total, 0.0)
    bought = sum(part.critical_share for part in parts)
    if not stated and 0 < bought < 1:
        critical = bought * critical
        deferrable = [DeferrableLoad(d.name, bought * d.power, d.window) for d in deferrable]
    return critical, tuple(deferrable)


def hourly(result: xr.Dataset, name: str, y: int) -> FloatArray:
    """Return a series of a result hour by hour, also where it was solved on segments."""
    values = result[name].isel(year=y).to_numpy().astype(float)
    return np.repeat(values, result["duration"].to_numpy().round().astype(int), axis=-1)


def _stored(result: xr.Dataset, label: str, y: int) -> FloatArray | None:
    if "store" not in result.dims or label not in result["store"].values:
        return None
    return hourly(result.sel(store=label), "stored", y)


def _facility_power_of_work(
    case: SiteCase, plant: Plant, result: xr.Dataset, y: int
) -> list[FloatArray]:
    """Return the power the facility saves when a class of work is not served [MW], by class."""
    served = case.workload.arrivals[:, y].copy()
    if "backlog" in result:
        backlog = hourly(result, "backlog", y)
        for k, name in enumerate(result["workload"].values):
            position = case.workload.names.index(str(name))
            served[position] += np.roll(backlog[k], 1) - backlog[k]
    served = np.maximum(served, 0.0)
    work = hourly(result, "work_served", y)
    told = served.sum(axis=0)
    served *= np.divide(work, told, out=np.zeros_like(work), where=told > 0)
    everywhere = np.broadcast_to(work, (len(case.years), len(work)))
    slope = plant.lines(case, load_of(case, everywhere)).power_slope[y]
    return [slope * (1.0 - case.idle_fraction) * part for part in served]
