"""Infeasible studies are told what does; changes to a study act or are refused."""

from __future__ import annotations

import re
import time

from dcmodel.base.errors import InfeasibleError, StudyError
from dcmodel.study.available import run_case
from dcmodel.study.cases import cases
from dcmodel.study.load import Study, load_study
from tests.acceptance.board import Shown, show

LATE_GRID = """
schema: dcmodel/study-1
name: late_grid
years: {first: 2025, last: 2027}
currency_year: 2025
discount_rate: 0.08
resolution: {segments: 120}
it_capacity_mw: {2025: 20, 2026: 60}
cooling: {architecture: direct_to_chip, variant: generic}
workloads:
  chat: {share: 1.0, shape: conversation}
sites:
  - {site: dallas, label: late, connection: {available_mw: {2025: 40}}}
components: [grid_connection, building]
"""


def _study() -> Study:
    return load_study("late_grid.yaml", text=LATE_GRID)


def _runs(study: Study) -> bool:
    try:
        run_case(cases(study)[0])
    except InfeasibleError:
        return False
    return True


def _advice(study: Study) -> tuple[dict[str, float], float]:
    """Return what each line says for 2026 by its key, and the seconds it took."""
    start = time.perf_counter()
    try:
        run_case(cases(study)[0])
    except InfeasibleError as error:
        lines = [str(fault) for fault in error.faults if "this alone does" in fault.message]
        found = [re.search(r"(\w+): {2025: [\d.]+, 2026: ([\d.]+)}", text) for text in lines]
        values = {one[1]: float(one[2]) for one in found if one}
        return values, time.perf_counter() - start
    return {}, 0.0


@show("Each line on a late grid does alone", target="56.05 and 42.82 MW within 0.1 %, in 30 s")
def late_grid() -> Shown:
    """The facility draws 56.0457 MW at the peak for 60 MW of IT; the grid gives 40."""
    values, seconds = _advice(_study())
    grid, installed = values.get("available_mw", 0.0), values.get("it_capacity_mw", 0.0)
    close = abs(grid / 56.0457 - 1) < 1e-3 and abs(installed / (60 * 40 / 56.0457) - 1) < 1e-3
    return Shown(f"{grid:g} and {installed:g} MW in {seconds:.0f} s", close and seconds < 30)


@show("On every hour the advice runs, 1 % less does not", target="4 of 4", cost="dear")
def advice_runs() -> Shown:
    study = _study().with_changes({"resolution": "hourly"})
    values, _ = _advice(study)
    right = 0
    for factor, wanted in ((1.0, True), (0.99, False)):
        power = {
            "sites.late.connection.available_mw": {2025: 40, 2026: factor * values["available_mw"]}
        }
        installed = {"it_capacity_mw": {2025: 20, 2026: values["it_capacity_mw"] / factor}}
        right += sum(_runs(study.with_changes(one)) == wanted for one in (power, installed))
    return Shown(f"{right} of 4", right == 4)


@show("requirements: {} clears; the same once more is refused", target="cleared, refused")
def cleared() -> Shown:
    study = _study()
    strict = study.with_changes({"requirements": {"water_limit": 1e6}})
    free = strict.with_changes({"requirements": {}})
    try:
        free.with_changes({"requirements": {}})
        again = "silent"
    except StudyError:
        again = "refused"
    acts = not free.spec.requirements and cases(free)[0].hash != cases(strict)[0].hash
    return Shown(f"{'cleared' if acts else 'kept'}, {again}", acts and again == "refused")
