"""What outages in the sizing add to a site's program, and how long the check of all starts takes.

    python tests/benchmarks/backup.py

A case of the quick start (Northern Virginia, six years, hourly): rows and columns of the program
and the time to build it, with diesel by rule as shipped, without it, and with outages to survive.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from dcmodel.components.base import SiteCase, components
from dcmodel.components.outage_screen import failing_starts
from dcmodel.components.outages import Means
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.site import load_of
from dcmodel.study.assemble import assemble
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study

STUDY = Path(__file__).resolve().parents[2] / "studies" / "quickstart.yaml"


def built(case: SiteCase, name: str, reference: float | None = None) -> float:
    """Build a case twice, print its size and time, return the shorter time [s]."""
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        _, lp = compile_site(case)
        seconds.append(time.perf_counter() - start)
    ratio = "" if reference is None else f"  {min(seconds) / reference:5.2f} x"
    rows, columns = lp.matrix.shape
    chosen = int(lp.couples_years.sum())
    print(f"{name:32} {rows:9,} rows {columns:9,} columns {chosen:7,} with the sizes{ratio}")
    return min(seconds)


def with_parts(case: SiteCase, **parts: dict[str, object]) -> SiteCase:
    """Return a case with components replaced or added."""
    kept = [one for one in case.components if one.kind not in parts]
    made = [components[kind].model_validate(fields) for kind, fields in parts.items()]
    return replace(case, components=(*kept, *made))


def main() -> None:
    """Print the table."""
    case, plant, _ = assemble(cases(load_study(STUDY))[0])
    case = plant.drawn(case, load_of(case, case.workload.total))
    bare = replace(case, components=tuple(c for c in case.components if c.kind != "diesel"))
    reference = built(bare, "without diesel")
    built(case, "diesel by rule, as shipped", reference)
    sized = {"sizing": "optimised", "critical_share": 0.0, "order_year": 2020}
    for hours in (24, 96):
        longer = with_parts(case, diesel=sized, outage={"duration_h": hours})
        built(longer, f"outage of {hours} h, diesel sized", reference)
        outage = longer.components[-1]
        need = outage.need(longer)
        flat = np.ones_like(need)
        store = Means(power=2 * flat, energy=np.full(len(need), 9.0), stored=9.0 * flat)
        start = time.perf_counter()
        failing_starts(need, [Means(power=need.max() * flat), store], hours)
        seconds = (time.perf_counter() - start) / len(need)
        print(f"{'':32} check of all 8,760 starts: {seconds:.2f} s a year")


if __name__ == "__main__":
    main()
