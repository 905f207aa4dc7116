"""Certified pathways against the whole program: ``python tests/benchmarks/solve.py [SITE ...]``.

For each site of the shipped study, six years of 8,760 hours: the pathway by years to 0.5 % and to
0.1 %, and the same program given whole to Clarabel (and with ``--highs`` to HiGHS interior point,
which linopy and PyPSA call, with a limit of ten minutes). Each row runs in a process of its own,
solver processes counted. The bounds must enclose the optimum of the whole program.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

GAPS = (0.005, 0.001)
LIMIT_S = 600.0


def program(site):
    """Return the hourly program of a shipped site, its lines drawn at unshifted load."""
    from dataclasses import replace

    from dcmodel.optimise.build import compile_site
    from dcmodel.optimise.site import load_of
    from dcmodel.study.assemble import assemble
    from dcmodel.study.cases import cases
    from dcmodel.study.load import load_study

    [case] = cases(load_study("quickstart").with_changes({"sites": [site]}))
    site_case, plant, _ = assemble(case)
    load = load_of(site_case, site_case.workload.total)
    site_case = replace(site_case, facility=plant.lines(site_case, load))
    return site_case, compile_site(site_case)[1]


def pathway(site, gap, jobs):
    from dcmodel.optimise.build import compile_site
    from dcmodel.optimise.effort import NARROW_GAP, PROPOSAL_SEGMENTS
    from dcmodel.optimise.pathway import propose, solve_pathway
    from dcmodel.optimise.site import segments_of
    from dcmodel.optimise.solve import solve

    case, lp = program(site)
    start = time.perf_counter()

    def proposals():
        for count in PROPOSAL_SEGMENTS[gap < NARROW_GAP :]:
            coarse = compile_site(case.segmented(segments_of(case, count)))[1]
            yield propose(coarse, solve(coarse, tolerance=1e-6))

    answer = solve_pathway(lp, proposals(), gap=gap, jobs=jobs, tolerance=1e-6)
    return start, answer.objective, answer.lower_bound


def whole(site, solver):
    from dcmodel.base.errors import SolverError
    from dcmodel.optimise.solve import solve

    _, lp = program(site)
    start = time.perf_counter()
    try:
        answer = solve(lp, solver=solver, tolerance=1e-7, time_limit=LIMIT_S)
    except SolverError:
        return start, float("nan"), float("nan")
    return start, answer.objective, answer.dual_bound


def run(what, site, jobs):
    """Run one row in this process and print it."""
    kind, _, value = what.partition(" ")
    start, objective, bound = (
        pathway(site, float(value), jobs) if kind == "pathway" else whole(site, value)
    )
    seconds = time.perf_counter() - start
    from dcmodel.optimise.solvers.workers import close_workers

    close_workers()  # only children that have ended are counted
    used = [resource.getrusage(who).ru_maxrss for who in (0, resource.RUSAGE_CHILDREN)]
    row = {"seconds": seconds, "objective": objective, "bound": bound, "mb": max(used) / 1024}
    sys.stdout.write(json.dumps(row) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sites", nargs="*", default=["dallas", "stockholm", "frankfurt"])
    parser.add_argument("--highs", action="store_true", help="HiGHS interior point too")
    parser.add_argument("--jobs", type=int, default=2, help="years side by side")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row:
        run(options.row, options.sites[0], options.jobs)
        return
    rows = [f"pathway {gap}" for gap in GAPS] + ["whole clarabel"]
    rows += ["whole highs_ipm"] if options.highs else []
    print(
        f"{'site':20s} {'':18s} {'seconds':>8s} {'ratio':>6s} {'MB':>6s} {'USD':>16s} {'gap':>9s}"
    )
    for site in options.sites:
        found = {}
        for row in rows:
            command = [sys.executable, __file__, site, "--row", row, "--jobs", str(options.jobs)]
            answer = subprocess.run(command, capture_output=True, text=True, check=True)
            found[row] = json.loads(answer.stdout.splitlines()[-1])
        first = found[rows[0]]["seconds"]
        for row, r in found.items():
            gap = (r["objective"] - r["bound"]) / r["objective"]
            print(
                f"{site:20s} {row:18s} {r['seconds']:8.1f} {r['seconds'] / first:6.1f} "
                f"{r['mb']:6.0f} {r['objective']:16,.0f} {gap:9.2e}"
            )
        optimum = found["whole clarabel"]
        for gap in GAPS:
            r = found[f"pathway {gap}"]
            room = 1e-6 * abs(optimum["objective"])
            holds = r["bound"] <= optimum["objective"] + room
            holds &= optimum["bound"] <= r["objective"] + room
            print(f"{site:20s} bounds to {gap:.1%} enclose the optimum: {'yes' if holds else 'NO'}")


if __name__ == "__main__":
    main()
