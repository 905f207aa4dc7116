"""Checks of work: what a study names of models and generations, and whether they can serve it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dcmodel.study import library
from dcmodel.study.check_files import is_file
from dcmodel.study.findings import Finding, Loc, data_finding, unknown_name
from dcmodel.study.parts import Parts
from dcmodel.study.work import Fleet, Workload

_NEEDED = "needs 'request' or 'trace', 'fleet.generations' and 'fleet.serving'"


def served(parts: Parts, folder: Path) -> Iterator[Finding]:
    """Check models and generations, and that they give what classes with requests ask."""
    fleet = parts.get("fleet")
    if fleet is None:
        return
    workloads = parts.get("workloads", {})
    for name, work in workloads.items():
        sized = work.request is not None or work.trace is not None
        for key in ("requests_per_s", "batch_saving"):
            wanted = getattr(work, key) is not None and getattr(work, key) != 0.0
            if key == "batch_saving":
                wanted = work.batch_saving == "roofline"
            if wanted and not (sized and fleet.serving is not None):
                yield Finding(("workloads", name, key), _NEEDED)
    found = [*_models(fleet), *_generations(fleet, parts)]
    yield from found
    if not found and fleet.serving is not None:
        for name, work in workloads.items():
            yield from _operating_points(name, work, fleet)


def _models(fleet: Fleet) -> Iterator[Finding]:
    if fleet.serving is None:
        return
    known = library.language_models()
    for key in ("model", "small_model"):
        model = getattr(fleet.serving, key)
        if model is not None and model not in known:
            loc: Loc = ("fleet", "serving", key)
            yield Finding(loc, unknown_name("model", model, known))


def _generations(fleet: Fleet, parts: Parts) -> Iterator[Finding]:
    """Check the mixes of a fleet, and that there is one for the first IT that is bought."""
    if fleet.generations is None:
        return
    loc: Loc = ("fleet", "generations")
    for place, message in library.generation_faults(fleet.generations):
        yield Finding(place, message)
    years, stages = parts.get("years"), parts.get("it_capacity_mw")
    bought = [year for year, power in (stages or {}).items() if power > 0]
    if not fleet.generations:
        yield Finding(loc, "names no year; give {year: generation}")
    elif years and bought:
        first = max(years[0], min(bought))
        if min(fleet.generations) > first:
            begins = min(fleet.generations)
            message = (
                f"IT is bought in {first}, and the first stage is {begins}; add an earlier one"
            )
            yield Finding(loc, message)


def _operating_points(name: str, work: Workload, fleet: Fleet) -> Iterator[Finding]:
    """Check that every generation serves a class at the speed asked; traces are read later."""
    if work.request is None:
        return
    for message in library.service_faults(work, fleet):
        yield Finding(("workloads", name), message)


def traces(parts: Parts, folder: Path) -> Iterator[Finding]:
    """Read the traces, and say what is wrong with their lines."""
    for name, work in parts.get("workloads", {}).items():
        if work.trace is None or not is_file(folder / work.trace.file):
            continue  # a missing file is told with the other files
        for message in library.trace_faults(folder / work.trace.file, work):
            yield data_finding(("workloads", name, "trace"), message)
