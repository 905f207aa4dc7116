"""From a case of a study to the arrays of its model, and to its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

import dcmodel
from dcmodel.base.clock import Clock
from dcmodel.base.errors import Fault, InfeasibleError, StudyError
from dcmodel.base.timeindex import TYPICAL_YEAR
from dcmodel.components.base import (
    Component,
    SiteCase,
    Workload,
    components,
)
from dcmodel.facility.linearise import AffineFacility
from dcmodel.facility.model import design_peak, design_weather
from dcmodel.facility.weather import FacilityWeather
from dcmodel.finance.annuity import discount_factors
from dcmodel.inputs.climate import load_climate
from dcmodel.inputs.currency import convert
from dcmodel.inputs.markets import Market, load_market
from dcmodel.inputs.sites import Site
from dcmodel.markets.base import TariffForm, tariffs
from dcmodel.optimise.site import Plant, silent, solve_site
from dcmodel.profiles.named import capacity_factor
from dcmodel.profiles.paths import apply_path, carbon_free_share
from dcmodel.profiles.synthetic import typical_carbon, typical_price
from dcmodel.requirements.base import requirements
from dcmodel.study.assumed import assumptions, attach
from dcmodel.study.cases import Case
from dcmodel.study.demand import work_of
from dcmodel.study.files import SERIES_KINDS, series_year, typical_weather_year, weather_year
from dcmodel.study.library import load_cooling, resolve_site
from dcmodel.study.spec import Segments, SeriesFile, StudySpec, WeatherFile
from dcmodel.study.tokens import attach_tokens
from dcmodel.workload.fleet import load_fleet

FloatArray = npt.NDArray[np.float64]


def solve_case(
    case: Case,
    site_case: SiteCase,
    plant: Plant,
    weather: xr.Dataset,
    progress: Callable[..., None] = silent,
) -> xr.Dataset:
    """Solve an assembled case.

    Parameters
    ----------
    case : Case
    site_case, plant, weather
        As `assemble` returns them.
    progress : callable
        ``progress(stage, **numbers)`` is told what is being done.

    Raises
    ------
    StudyError, InfeasibleError, SolverError
    """
    progress("build")
    resolution = case.spec.resolution
    try:
        result = solve_site(
            site_case,
            plant,
            weather["time"].to_numpy(),
            segments=resolution.segments if isinstance(resolution, Segments) else None,
            gap=case.spec.gap,
            solver=case.spec.solver,
            report=progress,
        )
    except InfeasibleError as error:
        raise InfeasibleError([_placed(case, fault) for fault in error.faults]) from error
    describe(result, case, site_case, plant, weather)
    return result


def describe(
    result: xr.Dataset, case: Case, site_case: SiteCase, plant: Plant, weather: xr.Dataset
) -> None:
    """Add where a site's numbers come from, and the tokens in them; changed in place."""
    result.attrs |= _provenance(case, site_case, weather)
    attach(result, assumptions(site_case, plant.design, case.spec.fleet))
    attach_tokens(result, case, site_case)


def _placed(case: Case, fault: Fault) -> Fault:
    """Return a fault with the place of its setting in the study file."""
    loc = tuple(fault.where.split("."))
    if loc == ("it_capacity_mw",) and case.site.it_capacity_mw is not None:
        loc = ("sites", *loc)
    return Fault(case.place(loc), fault.message) if loc[0] in StudySpec.model_fields else fault


def assemble(case: Case) -> tuple[SiteCase, Plant, xr.Dataset]:
    """Return the hourly arrays of a case, the physics of its facility, and its weather."""
    spec = case.spec
    site = resolve_site(case.site)
    market = load_market(site.market)
    weather = _weather(case, site)
    calendar = pd.DatetimeIndex(weather["time"].to_numpy())
    years = spec.years
    design = load_cooling(spec.cooling, case.folder)
    plant = Plant(design, FacilityWeather.from_dataset(weather))
    fleet = load_fleet(spec.fleet.use())
    installed = np.array([spec.it_capacity()[year] for year in years])
    clock_year = int(weather.attrs["calendar_year"])

    def work_with(capacity: FloatArray) -> Workload:
        return work_of(case, capacity, fleet, site.time_zone, clock_year)

    work = replace(work_with(installed), otherwise=work_with)
    parts = tuple(components[name](**fields) for name, fields in spec.components.items())
    forms = _tariffs(market, spec)
    asked = tuple(requirements[name].model_validate(v) for name, v in spec.requirements.items())
    firm = site.connection.available(years)
    hours = np.zeros((len(years), len(calendar)))
    clock = Clock.of_year(int(weather.attrs["calendar_year"]), site.time_zone)
    site_case = SiteCase(
        name=case.name,
        site=site,
        market=market,
        years=years,
        currency_year=spec.currency_year,
        discount_rate=spec.discount_rate,
        discount_factor=discount_factors(years, spec.discount_rate),
        duration=np.ones(len(calendar)),
        month=np.asarray(clock.time.month) - 1,
        clock=clock,
        grid_available=firm + _interruptible(site, years, parts),
        grid_firm=firm,
        it_capacity=installed,
        idle_fraction=fleet.idle_fraction,
        utilisation_max=fleet.utilisation_max,
        workload=work,
        facility=AffineFacility(hours, hours, hours, hours),
        facility_design_peak=np.full(len(years), design_peak(design, plant.weather)),
        design_temp_air=np.full(len(years), design_weather(plant.weather).temp_air.max()),
        series=_series(case, site, market, weather, (*parts, *forms, *asked)),
        components=parts,
        tariffs=forms,
        requirements=asked,
        contract_price_scale=spec.markets.contract_price_scale,
    )
    _check_parts(site_case, case.name)
    return site_case, plant, weather


def _check_parts(site_case: SiteCase, name: str) -> None:
    """Raise all that the parts of a model refuse, each at the key of the study that states it."""
    faults = [
        Fault(f"{key}.{part.label}", text)
        for key, parts in (
            ("components", site_case.components),
            ("requirements", site_case.requirements),
        )
        for part in parts
        for text in part.check(site_case)
    ]
    faults += [
        Fault(name, f"{form.label}: {text}")
        for form in site_case.tariffs
        for text in form.check(site_case)
    ]
    if faults:
        raise StudyError(faults)


def calendar_year(case: Case) -> int | None:
    """Return the calendar that the case states, or None when only a weather file can tell.

    Raises
    ------
    StudyError
        When the study, its prices and its carbon name different calendars.
    """
    spec = case.spec
    stated = {"calendar_year": spec.calendar_year}
    for key in ("prices", "carbon"):
        series = getattr(spec, key)
        if isinstance(series, SeriesFile):
            stated[f"{key}.calendar_year"] = series.calendar_year
    found = {key: year for key, year in stated.items() if year is not None}
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{key} {year}" for key, year in found.items())
        msg = f"one calendar serves all series of a case; found {listed}; name the same year"
        raise StudyError(Fault(case.name, msg))
    return next(iter(found.values()), None)


def _weather(case: Case, site: Site) -> xr.Dataset:
    """Return canonical hourly weather: the user's file, or a typical year of the climate."""
    year = calendar_year(case)
    weather = case.spec.weather
    if isinstance(weather, WeatherFile):
        return weather_year(case.file(weather.file), weather.format, year)
    return typical_weather_year(site, case.spec.seed, TYPICAL_YEAR if year is None else year)


def _interruptible(
    site: Site, years: tuple[int, ...], parts: tuple[Component, ...]
) -> FloatArray | float:
    """Return the interruptible power of the site [MW] where the study takes it."""
    offered = site.connection.flexible
    taken = any(getattr(part, "flexible", False) for part in parts)
    return offered.available(years) if offered is not None and taken else 0.0


def _tariffs(market: Market, spec: StudySpec) -> tuple[TariffForm, ...]:
    charges = market.tariff_fields(spec.years, spec.currency_year)
    return tuple(tariffs[form](**values) for form, values in charges.values())


def _series(
    case: Case,
    site: Site,
    market: Market,
    weather: xr.Dataset,
    parts: tuple[Component, ...],
) -> dict[str, FloatArray]:
    """Return every hourly series that the parts of the model ask for, shape (years, hours)."""
    years = case.spec.years
    zone = load_climate(market.climate)
    series = {
        "price_energy": _price(case, site, market, weather),
        "emission_factor": _carbon(case, site, market, weather),
        "temp_air": np.broadcast_to(
            weather["temp_air"].to_numpy(), (len(years), weather.sizes["time"])
        ),
    }
    if market.grid_clean_share is not None:
        series["grid_clean_share"] = carbon_free_share(
            series["emission_factor"], market.carbon_free_share(years)
        )
    wanted = {name for part in parts for name in part.profiles} - {*series, "grid_clean_share"}
    for name in sorted(wanted):
        factor = capacity_factor(name, weather, zone, site.time_zone)
        series[name] = np.broadcast_to(factor, (len(years), len(factor)))
    return series


def drawn_series(case: Case, seed: int, site_case: SiteCase) -> dict[str, FloatArray]:
    """Return the hourly series of a case as another seed draws its weather and prices.

    Files of the study's own stay as they are.
    """
    case = replace(case, spec=case.spec.model_copy(update={"seed": seed}))
    parts = (*site_case.components, *site_case.tariffs, *site_case.requirements)
    weather = _weather(case, site_case.site)
    return _series(case, site_case.site, site_case.market, weather, parts)


def _price(case: Case, site: Site, market: Market, weather: xr.Dataset) -> FloatArray:
    """Return wholesale price [USD MWh-1]: a typical year at the market's level, or real hours.

    Real hours are brought to the money of the study and follow the market's path from its first
    year on: the year of the data stands for the first year of the study.
    """
    spec = case.spec
    level = market.wholesale_price(spec.years, spec.currency_year)
    scale = spec.markets.price_scale
    if isinstance(spec.prices, SeriesFile):
        real = _file_series(case, "prices", spec.prices, weather)
        year = int(real.attrs["calendar_year"])
        money = convert(1.0, real.attrs["currency"], year, spec.currency_year)
        return scale * apply_path(money * real, level / level[0])
    zone = load_climate(market.climate)
    shape = typical_price(zone, weather, site.time_zone, seed=spec.seed)
    return scale * apply_path(shape, level)


def _carbon(case: Case, site: Site, market: Market, weather: xr.Dataset) -> FloatArray:
    """Return the grid's emission factor [kg MWh-1], as `_price`."""
    spec = case.spec
    level = market.emission_factor(spec.years)
    scale = spec.markets.carbon_scale
    if isinstance(spec.carbon, SeriesFile):
        real = _file_series(case, "carbon", spec.carbon, weather)
        return scale * apply_path(real, level / level[0])
    zone = load_climate(market.climate)
    shape = typical_carbon(zone, weather, site.time_zone, seed=spec.seed)
    return scale * apply_path(shape, level)


def _file_series(case: Case, key: str, entry: SeriesFile, weather: xr.Dataset) -> xr.DataArray:
    """Return a user's hourly series for the calendar of the weather."""
    year = int(weather.attrs["calendar_year"])
    return series_year(case.file(entry.series), year, SERIES_KINDS[key])


def _provenance(case: Case, site_case: SiteCase, weather: xr.Dataset) -> dict[str, Any]:
    """Return what a reader of the result must know of its origin."""
    return {
        "Conventions": "CF-1.11",
        "case": case.name,
        "case_hash": case.hash,
        "site": case.site.label,
        "site_title": site_case.site.name,
        "scenario": case.scenario,
        "market": site_case.market.key,
        "currency_year": case.spec.currency_year,
        "calendar_year": int(weather.attrs["calendar_year"]),
        "time_zone": site_case.site.time_zone,
        "weather_source": weather.attrs["source"],
        "weather_repairs": weather.attrs.get("repairs", ""),
        "cooling": case.spec.cooling.title,
        "dcmodel_version": dcmodel.__version__,
    }
