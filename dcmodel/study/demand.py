"""From the classes of a study to the work that arrives at a site, and to the tokens in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import Fault, StudyError
from dcmodel.components import base
from dcmodel.inputs.assumptions import between_years
from dcmodel.study.cases import Case
from dcmodel.study.serving import interactivity_of, serving_plan
from dcmodel.study.spec import StudySpec
from dcmodel.study.work import Workload
from dcmodel.workload.deferral import backlog_max
from dcmodel.workload.demand import hourly_arrivals
from dcmodel.workload.fleet import Fleet as FleetUse
from dcmodel.workload.growth import demand_path
from dcmodel.workload.service import (
    ServingPlan,
    batch_saving,
    tokens_per_work,
    work_of_requests,
)
from dcmodel.workload.shapes import WeeklyShape, own_shape
from dcmodel.workload.tokens import Request
from dcmodel.workload.traces import Trace, read_trace
from dcmodel.workload.vintages import Vintages, vintages

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ClassOfStudy:
    """A class of a study with its trace read."""

    share: float | None
    shape: str | WeeklyShape
    region: str | None
    request: Request | None


def work_of(
    case: Case,
    installed: FloatArray,
    fleet: FleetUse,
    time_zone: str,
    calendar_year: int,
) -> base.Workload:
    """Return the work that arrives at a site.

    Parameters
    ----------
    case : Case
    installed : array of shape (years,)
        Installed IT power [MW].
    fleet : dcmodel.workload.fleet.Fleet
        Use of it.
    time_zone : str
        IANA zone of the site.
    calendar_year : int
        Year of the hours.
    """
    spec = case.spec
    classes = {name: class_of(case, name) for name in spec.workloads}
    _check_service(spec, classes, installed)
    stated = stated_work(spec, classes, installed)
    arrivals = hourly_arrivals(
        classes,
        installed,
        spec.years,
        calendar_year,
        fleet=fleet,
        site_time_zone=time_zone,
        stated=stated or None,
    )
    windows = tuple(work.deferral_h for work in spec.workloads.values())
    limits = [backlog_max(work, window) for work, window in zip(arrivals, windows, strict=True)]
    return base.Workload(
        tuple(spec.workloads),
        arrivals,
        windows,
        np.array(limits),
        value=tuple(work.value_usd_per_mwh for work in spec.workloads.values()),
        priority=tuple(work.priority for work in spec.workloads.values()),
        batch_saving=_batch_saving(spec, classes, installed),
    )


def class_of(case: Case, name: str) -> ClassOfStudy:
    """Return one class with its shape and its mean request; its trace is read where it has one."""
    work = case.spec.workloads[name]
    trace = trace_of(case, work)
    request = None
    if work.request is not None:
        size = work.request
        request = Request(size.input_tokens, size.output_tokens, size.cache_hit)
    elif trace is not None:
        request = trace.request
    return ClassOfStudy(work.share, _shape(work, trace, name), work.region, request)


def trace_of(case: Case, work: Workload) -> Trace | None:
    """Return the trace of a class, None where it has none."""
    if work.trace is None:
        return None
    return read_trace(case.file(work.trace.file), work.trace.time_zone)


def fleet_of(spec: StudySpec, installed: Sequence[float] | FloatArray) -> Vintages | None:
    """Return the fleet of a study by vintage, None where it names no generation."""
    if spec.fleet.generations is None:
        return None
    return vintages(installed, spec.years, spec.fleet.generations, spec.currency_year)


def mtok_per_mwh(
    spec: StudySpec, name: str, request: Request, fleet: Vintages, plan: ServingPlan
) -> FloatArray:
    """Return million tokens per MWh of work of a class, shape (years,)."""
    try:
        return tokens_per_work(
            fleet, plan, request, interactivity_of(spec.fleet, spec.workloads[name])
        )
    except StudyError as error:
        faults = [Fault(f"workloads.{name}", f"{f.where}  {f.message}") for f in error.faults]
        raise StudyError(faults) from None


def _check_service(
    spec: StudySpec, classes: dict[str, ClassOfStudy], installed: FloatArray
) -> None:
    """Refuse requests that the fleet cannot serve, before anything is solved."""
    fleet, plan = fleet_of(spec, installed), serving_plan(spec.fleet)
    if fleet is None or plan is None:
        return
    faults: list[Fault] = []
    for name, work in classes.items():
        if work.request is None:
            continue
        try:
            mtok_per_mwh(spec, name, work.request, fleet, plan)
        except StudyError as error:
            faults += error.faults
    if faults:
        raise StudyError(faults)


def _batch_saving(
    spec: StudySpec, classes: dict[str, ClassOfStudy], installed: FloatArray
) -> FloatArray | None:
    """Return what larger batches save [1], shape (classes, years); None where no class saves."""
    works = spec.workloads
    if not any(work.batch_saving for work in works.values()):
        return None
    saving = np.zeros((len(works), len(spec.years)))
    for row, (name, work) in enumerate(works.items()):
        if work.batch_saving != "roofline":
            saving[row] = work.batch_saving
            continue
        fleet, plan, request = (
            fleet_of(spec, installed),
            serving_plan(spec.fleet),
            classes[name].request,
        )
        serving = spec.fleet.serving
        if fleet is None or plan is None or serving is None or request is None:
            msg = "roofline needs 'request' or 'trace', 'fleet.generations' and 'fleet.serving'"
            raise StudyError(Fault(f"workloads.{name}.batch_saving", msg))
        rates = (interactivity_of(spec.fleet, work), serving.batch_interactivity)
        each = [batch_saving(chip, plan, request, *rates) for chip in fleet.generations]
        saving[row] = np.maximum(fleet.shares() @ np.array(each), 0.0)
    return saving


def stated_work(
    spec: StudySpec, classes: dict[str, ClassOfStudy], installed: FloatArray
) -> dict[str, FloatArray]:
    """Return the mean work of classes that state it themselves [MW]; empty where shares do."""
    fleet, plan = fleet_of(spec, installed), serving_plan(spec.fleet)
    found: dict[str, FloatArray] = {}
    for name, work in spec.workloads.items():
        if work.it_mw is not None:
            found[name] = _by_year(spec, name, "it_mw")
        elif work.requests_per_s is not None:
            request = classes[name].request
            if fleet is None or plan is None or request is None:
                msg = "requests need 'request' or 'trace', 'fleet.generations' and 'fleet.serving'"
                raise StudyError(Fault(f"workloads.{name}.requests_per_s", msg))
            rate = _by_year(spec, name, "requests_per_s")
            served = mtok_per_mwh(spec, name, request, fleet, plan)
            found[name] = work_of_requests(rate, request, plan.counted, served)
    return found


def _by_year(spec: StudySpec, name: str, key: str) -> FloatArray:
    """Return what a class states by year: linear between years, or grown from one by a scenario."""
    work = spec.workloads[name]
    points: dict[int, float] = getattr(work, key)
    where = f"workloads.{name}"
    if work.growth is None:
        return between_years(points, spec.years, where, key)
    [(first, value)] = points.items()
    if first > spec.years[0]:
        msg = f"states {first}; growth begins there, so state {spec.years[0]} or an earlier year"
        raise StudyError(Fault(f"{where}.{key}", msg))
    path = demand_path(work.growth, [first, *spec.years])
    grown = path.inference_energy if key == "it_mw" else path.tokens
    return np.asarray(value * grown[1:] / grown[0])


def _shape(work: Workload, trace: Trace | None, name: str) -> str | WeeklyShape:
    if isinstance(work.shape, str):
        return work.shape
    if work.shape is not None:
        return own_shape(work.shape, name)
    measured = None if trace is None or work.trace is None else trace.shape(work.trace.time_zone)
    if measured is None:
        msg = "the trace holds less than a whole day; give 'shape' beside it"
        raise StudyError(Fault(f"workloads.{name}.trace", msg))
    return measured
