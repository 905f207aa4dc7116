"""How time and memory grow: ``python tests/benchmarks/growth.py [hours] [years] [sites]``.

Shipped study, six hourly years certified to 0.5 % unless the row says otherwise. ``hours`` solves
one site on ever finer steps by years, ``years`` one site over ever more years, ``sites`` runs whole
studies: the four shipped sites under one to three seeds. Memory is the proportional set size
(shared pages counted once) of all processes of the run, sampled four times a second. The exponent
is that of a power law through all rows.
"""

import sys
import tempfile
import threading
import time
from dataclasses import replace

import numpy as np
import psutil

from dcmodel.base.paths import studies_dir
from dcmodel.optimise.pathway import propose, solve_pathway
from dcmodel.optimise.site import compile_site, load_of, segments_of, solve_site
from dcmodel.optimise.solve import solve
from dcmodel.study.assemble import assemble
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study
from dcmodel.study.run import run_study

SITES = ["northern_virginia", "dallas", "frankfurt", "stockholm"]
FIRST = 2025


class Watch:
    """Peak memory of this process and its children [MB], and seconds."""

    def __enter__(self):
        self.peak, self.going, self.start = 0.0, True, time.perf_counter()
        self.thread = threading.Thread(target=self._sample, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.seconds = time.perf_counter() - self.start
        self.going = False
        self.thread.join()

    def _sample(self):
        me = psutil.Process()
        while self.going:
            total = 0
            for process in [me, *me.children(recursive=True)]:
                try:
                    total += process.memory_full_info().pss
                except psutil.NoSuchProcess:
                    continue
            self.peak = max(self.peak, total / 2**20)
            time.sleep(0.25)


def site(years=6, name="dallas"):
    changes = {"sites": [name], "years": list(range(FIRST, FIRST + years))}
    [case] = cases(load_study("quickstart").with_changes(changes))
    return assemble(case)


def by_hours():
    case, plant, _ = site()
    case = replace(case, facility=plant.lines(case, load_of(case, case.workload.total)))
    for steps in (2190, 4380, 8760):
        _, lp = compile_site(case.segmented(segments_of(case, steps)))
        with Watch() as watch:
            _, coarse = compile_site(case.segmented(segments_of(case, steps // 8)))
            first = propose(coarse, solve(coarse, tolerance=1e-6))
            solve_pathway(lp, [first], gap=0.005, jobs=2, tolerance=1e-6)
        yield steps, watch


def by_years():
    for years in (1, 2, 3, 6):
        case, plant, weather = site(years)
        with Watch() as watch:
            solve_site(case, plant, weather["time"].to_numpy(), jobs=2)
        yield years, watch


def by_sites():
    text = (studies_dir() / "quickstart.yaml").read_text(encoding="utf-8")
    for count, seeds in ((1, 1), (2, 1), (4, 1), (12, 3)):
        sites = f"sites: [{', '.join(SITES[: max(1, count // seeds)])}]"
        scenarios = "".join(f"\n  seed_{n}: {{seed: {n}}}" for n in range(2, seeds + 1))
        changed = text.replace(f"sites: [{', '.join(SITES)}]", sites)
        changed = changed.replace("  base: {}", f"  base: {{}}{scenarios}")
        study = load_study("growth.yaml", text=changed)
        with tempfile.TemporaryDirectory() as out, Watch() as watch:
            result = run_study(study, out)
        assert len(result.done) == count, result.failures
        yield count, watch


def main():
    series = {"hours": by_hours, "years": by_years, "sites": by_sites}
    wanted = sys.argv[1:] or list(series)
    for name in wanted:
        sizes, seconds = [], []
        for size, watch in series[name]():
            sizes.append(size)
            seconds.append(watch.seconds)
            print(f"{name:6s} {size:6d} {watch.seconds:8.1f} s {watch.peak:7.0f} MB", flush=True)
        exponent = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
        print(f"{name:6s} exponent {exponent:.2f}", flush=True)


if __name__ == "__main__":
    main()
