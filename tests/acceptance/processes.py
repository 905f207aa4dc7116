"""What a run does to the process it runs in, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from scipy import sparse

from tests.acceptance.board import Shown, show

TESTS = Path(__file__).resolve().parents[1]
TINY = {
    "sites": ["dallas"],
    "years": [2029],
    "resolution": {"segments": 24},
    "components": ["grid_connection"],
}


@show("Small program with whole numbers after another user of HiGHS, any threads", target="1.0")
def highs_beside_others() -> Shown:
    code = (
        "import sys, highspy\n"
        "from tests.acceptance.processes import smallest\n"
        "def other(threads):\n"
        "    h = highspy.Highs()\n"
        "    h.setOptionValue('output_flag', False)\n"
        "    if threads: h.setOptionValue('threads', threads)\n"
        "    x = h.addVariable(lb=0, ub=4)\n"
        "    return h.maximize(x) and None, h.getModelStatus()\n"
        "threads = int(sys.argv[1])\n"
        "first = other(threads)\n"
        "print(smallest(), first == other(threads))\n"
    )
    found = [_last_line([sys.executable, "-c", code, threads]) for threads in ("0", "1", "2")]
    return Shown(", ".join(found), holds=found == ["1.0 True"] * 3)


def smallest() -> float:
    """Return the optimum of ``min x + 2 y`` with ``x + y >= 1`` and x whole."""
    from dcmodel.optimise.solve import solve
    from dcmodel.optimise.solvers.problem import Problem, narrow

    program = Problem(
        cost=np.array([1.0, 2.0]),
        matrix=narrow(sparse.csr_array(np.array([[1.0, 1.0]]))),
        row_lower=np.array([1.0]),
        row_upper=np.array([np.inf]),
        lower=np.zeros(2),
        upper=np.full(2, 5.0),
        integer=np.array([True, False]),
    )
    return solve(program).objective


def _last_line(words: list[str]) -> str:
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(TESTS.parent), str(TESTS)]))
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    return (done.stdout.splitlines() or [done.stderr[-80:]])[-1]


@show("Errors of a thread that adds numbers while a case is built and solved", target="0")
def sum_in_threads() -> Shown:
    import dcmodel

    errors, ended, added = [], threading.Event(), 0

    def add() -> None:
        nonlocal added
        while not ended.wait(1e-4):
            try:
                added += sum(sum([1, 2], k) == 3 + k for k in range(20))
            except TypeError as error:
                errors.append(str(error))

    thread = threading.Thread(target=add, daemon=True)
    thread.start()
    try:
        study = dcmodel.load_study("quickstart").with_changes(TINY)
        with tempfile.TemporaryDirectory() as out:
            failures = dcmodel.run_study(study, out, jobs=1).failures
    finally:
        ended.set()
        thread.join()
    return Shown(f"{len(errors)} of {added} sums", holds=not errors and added > 0 and not failures)


@show(
    "Seconds to end while solvers hang, SIGINT and SIGTERM, 1 and 2 jobs", target="< 5", cost="dear"
)
def signals() -> Shown:
    sys.path.insert(0, str(TESTS))
    from commands.test_interrupts import start, wait_for_solvers

    found = []
    for how, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        for jobs in (1, 2):
            with tempfile.TemporaryDirectory() as folder:
                process, _ = start(Path(folder), jobs, terminal=False)
                wait_for_solvers(process, Path(folder), jobs)
                begun = time.monotonic()
                process.send_signal(how)
                process.communicate(timeout=60)
                found.append((time.monotonic() - begun, process.returncode == code))
    figure = ", ".join(f"{seconds:.1f}" for seconds, _ in found)
    return Shown(figure, holds=all(seconds < 5 and right for seconds, right in found))
