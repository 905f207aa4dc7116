"""Studies of a metered load under its own tariff: what a battery behind the meter saves.

The load is given instead of a workload, a facility and a site; tariff forms, components, solvers
and checks are those of any study. One calendar year, interval by interval as it was metered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field, field_validator

from dcmodel.base.clock import Clock
from dcmodel.base.errors import DataError, DcmodelError, Fault, StudyError
from dcmodel.base.registry import nearest
from dcmodel.base.schema import Fraction, Megawatt, Spec
from dcmodel.base.timeindex import parse_zone
from dcmodel.base.units import KW_PER_MW
from dcmodel.base.yamlfile import YamlFile, load_yaml, validate
from dcmodel.components.base import Component, SiteCase, Workload, components
from dcmodel.facility.linearise import AffineFacility
from dcmodel.finance.bill import itemise
from dcmodel.inputs.charges import UserTariff
from dcmodel.inputs.loads import Load, read_load
from dcmodel.inputs.tariffs import read_tariff
from dcmodel.markets.base import TariffForm, make_forms
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.crumbs import cleared
from dcmodel.optimise.exclusive import held_apart
from dcmodel.optimise.extract import site_dataset
from dcmodel.optimise.pathway import solve_pathway
from dcmodel.optimise.settle import settled
from dcmodel.optimise.site import silent
from dcmodel.optimise.verify import meters, verify
from dcmodel.optimise.whole import solve_whole_sizes
from dcmodel.optimise.words import in_words
from dcmodel.study.part import folder_fault, refusal
from dcmodel.study.program import refuse_infinite

_Read = TypeVar("_Read")

TOLERANCE = 1e-8
"""Solver's tolerance: the bill is wanted to the cent. [1]"""


class LoadEntry(Spec):
    """The metered load."""

    file: str
    """CSV with stamps and a column in kW or MW, relative to the study."""
    column: str | None = None
    """Column of the load, where several are in kW or MW."""
    label: Literal["beginning", "ending"] | None = None
    """End of the interval that a stamp names; told by the column's name when left out."""
    time_zone: str | None = None
    """Zone of the local clock, where it changes for summer."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None:
            parse_zone(value)
        return value


class MeteredSpec(Spec):
    """A metered load, its tariff, and what may be built behind the meter."""

    schema_: Literal["dcmodel/metered-1"] = Field(alias="schema")
    """Version of the language."""
    name: str
    """Name of the study."""
    description: str = ""
    """What the study asks."""
    load: LoadEntry
    """The metered load of one calendar year."""
    tariff: str
    """Tariff, relative to the study: YAML, table of time-of-use periods, or URDB JSON."""
    series: dict[str, str] = {}
    """Further series that the tariff needs, by name: columns of the load's file."""
    year: int | None = None
    """Year whose costs hold; that of the load when left out."""
    currency_year: int = 2025
    """Year of the USD in which the library's costs are taken."""
    discount_rate: Fraction | None = None
    """Real rate of annuities; not needed where the components give their annuity factor. [1]"""
    connection_mw: Megawatt | None = None
    """Largest import; twice the largest reading when left out. [MW]"""
    components: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]
    """What may be built, with its settings."""
    gap: Annotated[float, Field(gt=0, lt=1)] = 1e-8
    """Certified distance from the optimum at which the study is done. [1]"""
    solver: Literal["auto", "piqp", "clarabel", "highs", "highs_ipm"] = "auto"
    """Solver of the year."""

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, value: str) -> str:
        if fault := folder_fault(value):
            raise refusal(fault)
        return value


@dataclass(frozen=True)
class MeteredStudy:
    """A metered study with everything it names, read and checked."""

    spec: MeteredSpec
    load: Load
    forms: tuple[TariffForm, ...]
    case: SiteCase
    tariff: str
    """Name of the tariff."""


@dataclass(frozen=True)
class MeteredResult:
    """The optimum of a metered study.

    Parameters
    ----------
    summary : dict
        Sizes, costs and how well they are proven.
    bill, bill_before : DataFrame
        Lines of the bill with and without what was built.
    dispatch : DataFrame
        Intervals: time, load, charge, discharge, stored energy and import, in kW and kWh.
    data : xarray.Dataset
        The solved case.
    """

    summary: dict[str, Any]
    bill: pd.DataFrame
    bill_before: pd.DataFrame
    dispatch: pd.DataFrame
    data: xr.Dataset


def load_metered(path: Path | str) -> MeteredStudy:
    """Read a study of a metered load and all it names.

    Raises
    ------
    StudyError, DataError
    """
    loaded = load_yaml(path)
    spec = validate(MeteredSpec, loaded)
    folder = Path(path).resolve().parent
    faults = _Gathered(loaded)
    parts = faults.of(("components",), lambda: _parts(spec, loaded))
    tariff = faults.of(("tariff",), lambda: _tariff(spec, folder, loaded))
    forms = None if tariff is None else faults.of(("tariff",), lambda: tuple(make_forms(tariff)))
    load = faults.of(("load",), lambda: _load(spec.load, folder))
    if forms is not None:
        faults.add(
            Fault(loaded.where(("series",)), f"'{form.label}' needs series {name}: NAME: COLUMN")
            for form in forms
            for name in sorted(form.series_needed - set(spec.series))
        )
    if load is not None:
        for name, column in spec.series.items():
            faults.of(("series", name), partial(load.series, column))
    faults.refuse()
    assert load is not None  # else refused
    case = _case(spec, load, forms or (), parts or (), loaded)
    faults.add(
        Fault(loaded.where(("components", part.kind)), text)
        for part in case.components
        for text in part.check(case)
    )
    faults.add(
        Fault(str(folder / spec.tariff), f"'{form.label}': {text}")
        for form in case.tariffs
        for text in form.check(case)
    )
    faults.refuse()
    return MeteredStudy(spec, load, forms or (), case, "" if tariff is None else tariff.name)


@dataclass
class _Gathered:
    """Faults of the parts of a study, raised together."""

    loaded: YamlFile
    faults: list[Fault] = field(default_factory=list)
    kinds: set[type[DcmodelError]] = field(default_factory=set)

    def of(self, at: tuple[str, ...], read: Callable[[], _Read]) -> _Read | None:
        """Return what is read, or None and keep its faults, with their place in the study."""
        where = self.loaded.where(at)
        try:
            return read()
        except DcmodelError as error:
            self.kinds.add(type(error))
            for fault in error.faults:
                placed = fault.where.startswith(f"{self.loaded.path}:")
                self.faults.append(fault if placed else Fault(where, f"{'.'.join(at)}  {fault}"))
        return None

    def add(self, faults: Iterable[Fault]) -> None:
        """Keep further faults of the study itself."""
        found = list(faults)
        self.faults += found
        self.kinds |= {StudyError} if found else set()

    def refuse(self) -> None:
        """Raise what was kept, as faults of data where all are."""
        if self.faults:
            raise (DataError if self.kinds == {DataError} else StudyError)(self.faults)


def _tariff(spec: MeteredSpec, folder: Path, loaded: YamlFile) -> UserTariff:
    tariff = read_tariff(folder / spec.tariff)
    if tariff.currency != "USD":
        msg = f"the tariff is in {tariff.currency}; a study counts in USD, convert it"
        raise StudyError(Fault(loaded.where(("tariff",)), msg))
    return tariff


def _load(entry: LoadEntry, folder: Path) -> Load:
    return read_load(
        folder / entry.file, entry.column, label=entry.label, time_zone=entry.time_zone
    )


def check_metered(study: MeteredStudy) -> None:
    """Compile the program of a metered study, without solving it.

    Raises
    ------
    StudyError
        The program cannot be stated, or holds numbers that are not finite.
    """
    _, program = compile_site(study.case)
    refuse_infinite(program, study.spec.name)


def _parts(spec: MeteredSpec, loaded: YamlFile) -> tuple[Component, ...]:
    """Return the components of a study with their settings."""
    faults, parts = [], []
    options = [name for name in components.names() if components[name].behind_meter]
    for name in spec.components:
        at = ("components", name)
        if name not in options:
            hint = f"{nearest(name, options)} (allowed: {', '.join(options)})"
            faults.append(Fault(loaded.where(at), f"no option '{name}' behind a meter{hint}"))
            continue
        part = validate(components[name], loaded, at, data=spec.components[name])
        given = getattr(part, "annuity_factor", None)
        if given is None and spec.discount_rate is None:
            msg = f"{name}: give 'discount_rate' in the study, or its 'annuity_factor'"
            faults.append(Fault(loaded.where(at), msg))
        parts.append(part)
    if faults:
        raise StudyError(faults)
    return tuple(parts)


def _case(
    spec: MeteredSpec,
    load: Load,
    forms: tuple[TariffForm, ...],
    parts: tuple[Component, ...],
    loaded: YamlFile,
) -> SiteCase:
    """Return the arrays of the model: the load is work that nothing shifts, drawn as it is."""
    years = np.unique(np.asarray(load.time.year))
    if years.size > 1:
        msg = f"holds {years.size} calendar years ({years[0]} to {years[-1]}); a study takes one"
        raise DataError(Fault(loaded.where(("load",)), msg))
    power = load.power[None, :]
    zeros = np.zeros_like(power)
    most = 2 * power.max() if spec.connection_mw is None else spec.connection_mw
    if most < power.max():
        msg = f"connection_mw: {most:g} lies below the largest reading, {power.max():.6g} MW"
        raise StudyError(Fault(loaded.where(("connection_mw",)), msg))
    nowhere: Any = None  # what stands behind a meter asks nothing of a site and a market
    series = {name: load.series(column)[None, :] for name, column in spec.series.items()}
    rate = 0.0 if spec.discount_rate is None else spec.discount_rate
    return SiteCase(
        name=spec.name,
        site=nowhere,
        market=nowhere,
        years=(int(years[0]) if spec.year is None else spec.year,),
        currency_year=spec.currency_year,
        discount_rate=rate,
        discount_factor=np.ones(1),
        duration=load.hours,
        month=np.asarray(load.time.month, dtype=np.int64) - 1,
        clock=Clock(load.time, load.hours, np.arange(len(load.hours))),
        grid_available=np.array([most]),
        it_capacity=power.max(axis=1),
        idle_fraction=0.0,
        utilisation_max=1.0,
        workload=Workload(("load",), power[None], (0.0,), zeros[None]),
        facility=AffineFacility(np.ones_like(power), zeros, zeros, zeros),
        facility_design_peak=np.ones(1),
        design_temp_air=np.zeros(1),
        series={"emission_factor": zeros, **series},  # emissions are not told
        components=parts,
        tariffs=forms,
    )


def run_metered(study: MeteredStudy, report: Callable[..., None] = silent) -> MeteredResult:
    """Solve a metered study, check it, and bill the load with and without what was built.

    Raises
    ------
    InfeasibleError, SolverError
    """
    started = time.perf_counter()
    spec, case = study.spec, study.case
    report("build")
    m, lp = compile_site(case)
    report("solve")
    with in_words(lp, case.name, "no design serves the metered load"):
        if lp.integer.any():
            solution = solve_whole_sizes(lp, gap=spec.gap, solver=spec.solver, tolerance=TOLERANCE)
        else:
            solution = solve_pathway(
                lp,
                gap=spec.gap,
                solver=spec.solver,
                tolerance=TOLERANCE,
                whole_below=lp.matrix.nnz + 1,
            )
    solution = held_apart(
        m, lp, solution, gap=spec.gap, at_once=True, solver=spec.solver, tolerance=TOLERANCE
    )
    solution = settled(lp, solution, spec.gap)
    solution = cleared(
        lp, solution, gap=spec.gap, at_once=True, solver=spec.solver, tolerance=TOLERANCE
    )
    lp.load_solution(m, solution.x)
    data = site_dataset(m, lp, case, solution.x, study.load.time)
    report("verify")
    verification = verify(data, case, lp.objective(solution.x))
    [meter] = meters(data, case)
    bill = itemise(study.forms, meter)
    before = replace(meter, grid_import=case.workload.total[0], contract_use=None, surplus=None)
    data.attrs |= {
        "status": solution.status,
        "certified_gap": solution.gap,
        "solver": solution.solver,
        **verification.attributes,
    }
    result = MeteredResult(
        summary={},
        bill=bill,
        bill_before=itemise(study.forms, before),
        dispatch=_dispatch(study, data, m),
        data=data,
    )
    result.summary.update(_summary(study, result, time.perf_counter() - started))
    return result


def _dispatch(study: MeteredStudy, data: xr.Dataset, m: Any) -> pd.DataFrame:
    """Return the intervals of the year in kW and kWh."""
    table = pd.DataFrame({"time": study.load.time, "load (kW)": study.load.power * KW_PER_MW})
    for part in study.case.components:
        block = m.asset[part.kind]
        for name, unit in (("charge", "kW"), ("discharge", "kW"), ("stored", "kWh")):
            values = block.component(name).array[0] * KW_PER_MW
            table[f"{part.kind} {name} ({unit})"] = values
    table["import (kW)"] = data["grid_import"].to_numpy()[0] * KW_PER_MW
    return table


def _summary(study: MeteredStudy, result: MeteredResult, seconds: float) -> dict[str, Any]:
    """Return what an owner asks first."""
    data = result.data
    cost = data["cost"].isel(year=0)
    labels = [form.label for form in study.forms]
    of_tariff = np.isin(cost["cost_component"].to_numpy(), labels)
    charged = float(cost.to_numpy()[of_tariff].sum())
    bill, before = float(result.bill["amount"].sum()), float(result.bill_before["amount"].sum())
    owned = float(cost.to_numpy()[~of_tariff].sum())
    return {
        "study": study.spec.name,
        "tariff": study.tariff,
        "load": study.load.column,
        "currency": "USD",
        "sizes": _sizes(data),
        "bill_before": before,
        "bill": bill,
        "bill_of_model": charged,
        "yearly_cost_of_components": owned,
        "total": bill + owned,
        "saving": before - bill - owned,
        "peak_before_kw": float(study.load.power.max()) * KW_PER_MW,
        "peak_kw": float(data["grid_import"].max()) * KW_PER_MW,
        "certified_gap": data.attrs["certified_gap"],
        "status": data.attrs["status"],
        "solver": data.attrs["solver"],
        "seconds": round(seconds, 1),
    }


def _sizes(data: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Return what is built or contracted, in kW and kWh; additions are those of the one year."""
    sizes = data["capacity"].isel(year=0)
    found = {}
    for name, value, unit in zip(
        sizes["size"].to_numpy(), sizes.to_numpy(), sizes["size_units"].to_numpy(), strict=True
    ):
        if not str(name).endswith("_built"):
            found[str(name)] = {"value": float(value) * KW_PER_MW, "unit": f"k{unit[1:]}"}
    return found
