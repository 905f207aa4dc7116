"""Again with other prices: ``python tests/benchmarks/resolve.py [SEGMENTS]``.

A shipped site over six years on segments, as sweeps and fronts use it. The energy price rises by
5 % nine times: each program is solved from the last basis, and from nothing by the quicker of
simplex and PIQP. The whole step is timed, arrays compiled anew included. Optima must agree to 1e-6.
Then one hourly pathway: from its last solution, and from nothing.
"""

import sys
import time
from dataclasses import replace

from dcmodel.optimise.pathway import propose, solve_pathway
from dcmodel.optimise.resolve import Resolver
from dcmodel.optimise.site import compile_site, load_of, segments_of
from dcmodel.optimise.solve import solve
from dcmodel.study.assemble import assemble
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study

STEPS = 9
SOLVERS = {"simplex": ("highs",), "interior point": ("piqp", "clarabel")}


def dearer(case, factor):
    series = {**case.series, "price_energy": case.series["price_energy"] * factor}
    return replace(case, series=series)


def timed(function, *arguments, **options):
    start = time.perf_counter()
    return function(*arguments, **options), time.perf_counter() - start


def segments(case, count):
    coarse = case.segmented(segments_of(case, count))
    resolver = Resolver()
    _, first = timed(resolver.solve, compile_site(coarse)[1])
    warm, cold = 0.0, dict.fromkeys(SOLVERS, 0.0)
    for step in range(1, STEPS + 1):
        (_, lp), building = timed(compile_site, dearer(coarse, 1.05**step))
        again, seconds = timed(resolver.solve, lp)
        warm += building + seconds
        for solver, plan in SOLVERS.items():
            fresh, seconds = timed(solve, lp, solver=plan)
            cold[solver] += building + seconds
            # the interior point's own accuracy, and the basis's
            room = 1e-6 if solver == "simplex" else 1e-5
            assert abs(fresh.objective - again.objective) <= room * abs(fresh.objective), solver
    best = min(cold, key=cold.get)
    print(f"{count} segments a year, {STEPS} prices: first {first:.2f} s, again {warm:.2f} s")
    for solver, seconds in cold.items():
        print(f"  from nothing by {solver}: {seconds:.2f} s, {seconds / warm:.1f} times")
    print(f"  against the quicker, {best}: {cold[best] / warm:.1f} times faster")


def hourly(case):
    def proposals(case):
        coarse = compile_site(case.segmented(segments_of(case, 1095)))[1]
        yield propose(coarse, solve(coarse, tolerance=1e-6))

    _, lp = compile_site(case)
    first = solve_pathway(lp, proposals(case), jobs=2, tolerance=1e-6)
    _, changed = compile_site(dearer(case, 1.05))
    again, warm = timed(solve_pathway, changed, [propose(lp, first)], jobs=2, tolerance=1e-6)
    fresh, cold = timed(
        solve_pathway, changed, proposals(dearer(case, 1.05)), jobs=2, tolerance=1e-6
    )
    print(f"hourly: again {warm:.1f} s (gap {again.gap:.2%}), from nothing {cold:.1f} s")
    print(f"  (gap {fresh.gap:.2%}): {cold / warm:.1f} times")


def main():
    [case] = cases(load_study("quickstart").with_changes({"sites": ["dallas"]}))
    site, plant, _ = assemble(case)
    site = replace(site, facility=plant.lines(site, load_of(site, site.workload.total)))
    segments(site, int(sys.argv[1]) if len(sys.argv) > 1 else 365)
    hourly(site)


if __name__ == "__main__":
    main()
