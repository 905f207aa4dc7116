"""One case in a process of its own: run, write, report. A crash costs this case alone.

Nothing heavy is imported at the top, so that the number of threads can be set before numpy loads.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmodel.base.errors import DcmodelError, one_line
from dcmodel.base.interrupts import follow_parent
from dcmodel.study.caselog import case_log
from dcmodel.study.cases import Case
from dcmodel.study.events import Event, Progress, Watcher
from dcmodel.study.store import PortfolioResult, Store, headline

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    import xarray as xr

Runner = Callable[[Case, Progress], "xr.Dataset | PortfolioResult"]
"""``runner(case, progress)`` returns the result; ``progress("solve", gap=0.01)`` reports."""

SOLVERS_VARIABLE = "DCMODEL_WORKERS"
"""Read by `dcmodel.optimise.solvers.workers`, which is too heavy to import here."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")


@dataclass(frozen=True)
class Hands:
    """What the process of a case may keep busy."""

    threads: int
    """Threads of numerical libraries."""
    solvers: int
    """Solver processes at once."""


def work(
    case: Case,
    out: Path,
    runner: Runner | None,
    hands: Hands,
    pipe: Connection,
    parent: int | None = None,
) -> None:
    """Run one case as the main function of a process.

    Parameters
    ----------
    case : Case
    out : Path
        Output folder.
    runner : callable or None
        Computes the result; None takes `dcmodel.study.available.run_available_case`.
    hands : Hands
        Threads and solvers that may run at once.
    pipe : Connection
        Where events go; the last is ``done`` or ``failed``.
    parent : int, optional
        Process that decides on Ctrl-C, and with which this one ends.
    """
    follow_parent(os.getppid() if parent is None else parent)
    signal.signal(signal.SIGTERM, _leave)
    for name in _THREADS:
        os.environ.setdefault(name, str(hands.threads))
    os.environ.setdefault(SOLVERS_VARIABLE, str(hands.solvers))
    log = Store(out).log_path(case.name)
    _send_output_to(log)

    def watch(event: Event) -> None:
        try:
            pipe.send(event)
        except BrokenPipeError:
            sys.exit(1)  # the main process is gone

    run_case(case, out, runner, watch)
    pipe.close()


def run_case(case: Case, out: Path, runner: Runner | None, watch: Watcher) -> None:
    """Run one case, write its result and report; errors become a ``failed`` event."""
    started = time.perf_counter()
    stage = "inputs"
    store = Store(out)

    def report(kind: Any, **details: Any) -> None:
        details.setdefault("stage", stage)
        watch(Event(kind, case.name, seconds=time.perf_counter() - started, **details))

    def progress(stage_now: str, /, **values: float | str) -> None:
        nonlocal stage
        stage = stage_now
        report("stage", values=values)

    with case_log(store.log_path(case.name)) as log:
        report("started")
        try:
            default = _portfolio_runner if case.is_portfolio else _default_runner
            result = (runner or default())(case, progress)
            progress("write")
            store.write(case, result, time.perf_counter() - started)
            report("done", values=headline(result))
        except DcmodelError as error:
            log.error("%s", traceback.format_exc())
            _report_failure(report, error, str(error), error.exit_code)
        except Exception as error:  # the boundary of a case: whatever happens, the others go on
            log.error("%s", traceback.format_exc())
            where = traceback.extract_tb(error.__traceback__)[-1]
            message = f"{one_line(error)} ({Path(where.filename).name}:{where.lineno})"
            _report_failure(report, error, message, 1)


def _report_failure(report: Callable[..., None], error: Exception, text: str, code: int) -> None:
    report("failed", error=type(error).__name__, message=text, exit_code=code)


def _default_runner() -> Runner:
    from dcmodel.study.available import run_case

    return run_case


def _portfolio_runner() -> Runner:
    from dcmodel.study.portfolio import run_portfolio

    return run_portfolio


def _leave(signum: int, frame: Any) -> None:
    """End by an exception, so that files and helper processes are cleaned up."""
    sys.exit(128 + signum)


def _send_output_to(path: Path) -> None:
    """Send all output of the process, native libraries' too, to the log of the case."""
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)
