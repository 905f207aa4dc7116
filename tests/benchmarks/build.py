"""Time and memory of building one linear program in several ways.

    python tests/benchmarks/build.py [--years 6] [--hours 8760] [--fast] [--methods ...]

Each method runs in a process of its own: it imports its libraries, makes the data, builds a tiny
program once so that nothing is imported later, and is then timed. Peak memory is counted above what
the process held just before. All methods must give the same program, up to the order of rows and
columns and the sign of rows. PyPSA, where it is installed, builds the part of the site that its own
components can say; its line tells the size of that program.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from pathway_case import make_case

TITLES = {
    "arrays": "dcmodel.arrays",
    "numpy": "raw numpy",
    "linopy": "linopy",
    "pypsa": "PyPSA, a smaller program",
    "standard_form": "Pyomo, LinearStandardFormCompiler",
    "appsi": "Pyomo, appsi HiGHS",
    "lp_file": "Pyomo, LP file read by HiGHS",
}
SLOW = ("standard_form", "appsi", "lp_file")
SMALLER = ("pypsa",)
REPEATS = 3  # of the fast methods; the middle one counts


# ---- the methods: each returns what it built and seconds of building and of handing over --------


def run_arrays(case):
    import formulations

    from dcmodel.arrays import compile_model

    start = time.perf_counter()
    program = compile_model(formulations.array_native(case), weights=case.discount)
    built = time.perf_counter()
    highs = hand_over(
        program.cost,
        program.lower,
        program.upper,
        program.matrix,
        program.row_lower,
        program.row_upper,
    )
    return highs, built - start, time.perf_counter() - built


def run_numpy(case):
    import formulations

    start = time.perf_counter()
    arrays = formulations.raw_numpy(case)
    built = time.perf_counter()
    return hand_over(**arrays), built - start, time.perf_counter() - built


def run_linopy(case):
    import formulations

    start = time.perf_counter()
    model = formulations.linopy_model(case)
    built = time.perf_counter()
    highs = model.to_highspy()
    return highs, built - start, time.perf_counter() - built


def run_pypsa(case):
    import formulations

    start = time.perf_counter()
    network = formulations.pypsa_network(case)
    model = network.optimize.create_model(multi_investment_periods=True)
    built = time.perf_counter()
    highs = model.to_highspy()
    highs.setOptionValue("output_flag", False)
    return highs, built - start, time.perf_counter() - built


def run_standard_form(case):
    import formulations
    from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

    start = time.perf_counter()
    model = formulations.ordinary_pyomo(case)
    built = time.perf_counter()
    info = LinearStandardFormCompiler().write(model, mixed_form=True)
    return info, built - start, time.perf_counter() - built


def run_appsi(case):
    import formulations
    from pyomo.contrib.appsi.solvers import Highs

    start = time.perf_counter()
    model = formulations.ordinary_pyomo(case)
    built = time.perf_counter()
    solver = Highs()
    solver.highs_options["output_flag"] = False
    solver.set_instance(model)
    return solver._solver_model, built - start, time.perf_counter() - built


def run_lp_file(case):
    import formulations
    import highspy

    start = time.perf_counter()
    model = formulations.ordinary_pyomo(case)
    built = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "pathway.lp")
        model.write(path)
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        highs.readModel(path)
    return highs, built - start, time.perf_counter() - built


def hand_over(cost, lower, upper, matrix, row_lower, row_upper):
    """Pass a program to HiGHS as arrays."""
    import highspy

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    rows, columns = matrix.shape
    row_wise, minimise = 2, 1
    status = highs.passModel(
        columns, rows, matrix.nnz, row_wise, minimise, 0.0,
        cost, lower, upper, row_lower, row_upper,
        matrix.indptr.astype(np.int32), matrix.indices, matrix.data,
        np.zeros(columns, dtype=np.int32),
    )  # fmt: skip
    if status == highspy.HighsStatus.kError:
        sys.exit("HiGHS refused the program")
    return highs


# ---- is it the same program? -----------------------------------------------------------------


def arrays_of_highs(highs):
    import highspy
    import scipy.sparse as sp

    lp = highs.getLp()
    parts = (lp.a_matrix_.value_, lp.a_matrix_.index_, lp.a_matrix_.start_)
    kind = sp.csc_array if lp.a_matrix_.format_ == highspy.MatrixFormat.kColwise else sp.csr_array
    matrix = kind(tuple(np.asarray(p) for p in parts), shape=(lp.num_row_, lp.num_col_)).tocsr()
    vectors = (lp.col_cost_, lp.col_lower_, lp.col_upper_, lp.row_lower_, lp.row_upper_)
    return matrix, *(np.array(vector, dtype=float) for vector in vectors)


def arrays_of_standard_form(info):
    matrix = info.A.tocsr()
    kinds = np.array([kind for _, kind in info.rows])
    bounds = [variable.bounds for variable in info.columns]
    lower = np.array([-np.inf if low is None else low for low, _ in bounds])
    upper = np.array([np.inf if high is None else high for _, high in bounds])
    cost = np.asarray(info.c.todense()).reshape(-1)
    row_lower = np.where(kinds <= 0, info.rhs, -np.inf)
    return matrix, cost, lower, upper, row_lower, np.where(kinds >= 0, info.rhs, np.inf)


def fingerprint(matrix, cost, lower, upper, row_lower, row_upper):
    """Numbers that do not depend on the order of rows and columns and on the sign of rows."""
    entries = matrix.copy()
    entries.eliminate_zeros()
    entries.data = np.abs(entries.data)
    ends = np.sort(np.abs([_finite(row_lower), _finite(row_upper)]), axis=0)
    column = 3 * cost + 5 * _finite(lower) + 7 * _finite(upper) + entries.T @ np.log1p(ends[0])
    row = 2 * ends[0] + 3 * ends[1] + entries @ np.log1p(np.abs(cost) + np.abs(_finite(upper)))
    again = entries.T @ np.sqrt(1 + np.abs(row))
    numbers = [*matrix.shape, entries.nnz, entries.data.sum(), (entries.data**2).sum()]
    for one in (column, row, again, cost, entries.sum(0), entries.sum(1)):
        ordered = np.sort(np.asarray(one).reshape(-1))
        numbers.append(float(ordered @ np.linspace(1, 2, len(ordered))))
    return [float(number) for number in numbers]


def _finite(bounds):
    return np.where(np.isfinite(bounds), bounds, 17.0)


# ---- one process -----------------------------------------------------------------------------


def measure(method, years, hours):
    run = globals()[f"run_{method}"]
    run(make_case(min(years, 2), 48))  # nothing is imported or prepared later
    case = make_case(years, hours)
    before = _reset_peak()
    built, seconds, hand_over_seconds = run(case)
    peak = _memory("VmHWM") - before
    arrays = (arrays_of_standard_form if method == "standard_form" else arrays_of_highs)(built)
    return {
        "method": method,
        "build": seconds,
        "hand_over": hand_over_seconds,
        "peak": peak,
        "fingerprint": fingerprint(*arrays),
    }


def _reset_peak():
    """Forget the peak so far; return the memory held now [MB]."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _memory(what):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    sys.exit(f"{what} is not in /proc/self/status; this script needs Linux")


# ---- all of them -----------------------------------------------------------------------------


def in_own_process(method, years, hours):
    command = [sys.executable, __file__, "--only", method]
    command += ["--years", str(years), "--hours", str(hours)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{method} failed:\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def table(results):
    ours = results[0]
    total = {r["method"]: r["build"] + r["hand_over"] for r in results}
    lines = [
        "| method | build [s] | hand-over [s] | total [s] | peak [MB] | time | memory |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for r in results:
        t = total[r["method"]]
        ratios = f"{t / total[ours['method']]:.1f} | {r['peak'] / ours['peak']:.1f}"
        seconds = f"{r['build']:.2f} | {r['hand_over']:.2f} | {t:.2f}"
        lines.append(f"| {TITLES[r['method']]} | {seconds} | {r['peak']:.0f} | {ratios} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--years", type=int, default=6)
    parser.add_argument("--hours", type=int, default=8760)
    parser.add_argument("--fast", action="store_true", help="leave out Pyomo's own writers")
    parser.add_argument("--methods", nargs="+", choices=TITLES, default=list(TITLES))
    parser.add_argument("--only", choices=TITLES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, options.years, options.hours)))
        return
    results = []
    for method in options.methods:
        if options.fast and method in SLOW:
            continue
        if method in SMALLER and importlib.util.find_spec(method) is None:
            print(f"{method} is not installed: left out", file=sys.stderr)
            continue
        repeats = 1 if method in SLOW else REPEATS
        runs = [in_own_process(method, options.years, options.hours) for _ in range(repeats)]
        runs.sort(key=lambda r: r["build"] + r["hand_over"])
        results.append(runs[repeats // 2])
        print(f"{TITLES[method]}: done", file=sys.stderr)
    rows, columns, entries = (int(number) for number in results[0]["fingerprint"][:3])
    print(f"{rows:,} rows, {columns:,} columns, {entries:,} entries\n")
    print(table(results))
    expected = results[0]["fingerprint"]
    same = [r for r in results if r["method"] not in SMALLER]
    for r in results:
        if r["method"] in SMALLER:
            size = "{:,} rows, {:,} columns, {:,} entries".format(*map(int, r["fingerprint"][:3]))
            print(f"\n{TITLES[r['method']]}: {size}")
    wrong = [r["method"] for r in same if not np.allclose(r["fingerprint"], expected, rtol=1e-9)]
    if wrong:
        for r in results:
            print(r["method"], r["fingerprint"])
        sys.exit(f"not the same program: {', '.join(wrong)}")
    print(f"\nThe same program from {len(same)} methods.")


if __name__ == "__main__":
    main()
