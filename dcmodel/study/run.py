"""Running a study: finished cases are skipped, the others run side by side, failures come last."""

from __future__ import annotations

import fnmatch
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import connection, get_context
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dcmodel.base.errors import Fault, SolverError, StudyError
from dcmodel.base.interrupts import interrupts_held
from dcmodel.base.registry import nearest
from dcmodel.base.units import HOURS_PER_YEAR
from dcmodel.study.cases import Case, cases
from dcmodel.study.events import Event, Watcher
from dcmodel.study.load import Study, load_study
from dcmodel.study.ready import check_ready
from dcmodel.study.store import Results, Store, open_results
from dcmodel.study.summary import summarise, write_summary
from dcmodel.study.worker import Hands, Runner, run_case, work

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    import pandas as pd

BYTES_PER_STEP = 40_000
"""Memory a case needs per step of a year: sets how many run side by side when that is left open."""

FINISH_WRITING_S = 2.0
"""How long an interrupted run waits for a result that is being written. [s]"""
LEAVE_S = 1.0
"""How long it then waits for its processes to leave by themselves. [s]"""


@dataclass(frozen=True)
class CaseFailure:
    """Why a case has no result."""

    case: str
    error: str
    message: str
    exit_code: int
    log: Path


@dataclass(frozen=True)
class StudyResult:
    """What became of the cases of a run."""

    out: Path
    done: tuple[str, ...] = ()
    """Cases run now."""
    cached: tuple[str, ...] = ()
    """Cases finished in an earlier run, with the same content."""
    failures: tuple[CaseFailure, ...] = ()
    open_gaps: tuple[str, ...] = ()
    """Cases whose result is proven less well than the study asks."""
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """0, or 1 for a fault of the program, else the gravest of failures and open gaps."""
        codes = {failure.exit_code for failure in self.failures}
        if self.open_gaps:
            codes.add(SolverError.exit_code)
        return 1 if 1 in codes else max(codes, default=0)

    @property
    def results(self) -> Results:
        """Results of all finished cases of the study, by name."""
        return open_results(self.out)

    @property
    def summary(self) -> pd.DataFrame:
        """One row per finished case, ranked."""
        return summarise(self.out)


@dataclass
class _Running:
    process: SpawnProcess
    pipe: connection.Connection
    started: float
    last: Event
    ended: bool = False


@dataclass
class _Record:
    """Keeps the journal, counts what happened and passes it on."""

    store: Store
    watcher: Watcher | None
    done: list[str] = field(default_factory=list)
    cached: list[str] = field(default_factory=list)
    failures: list[CaseFailure] = field(default_factory=list)
    open_gaps: list[str] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        if event.kind == "done":
            self.done.append(event.case)
        elif event.kind == "cached":
            self.cached.append(event.case)
        elif event.kind == "failed":
            log = self.store.log_path(event.case)
            failure = CaseFailure(event.case, event.error, event.message, event.exit_code, log)
            self.failures.append(failure)
        if event.values.get("status") == "gap_not_reached":
            self.open_gaps.append(event.case)
        if event.kind != "queued":
            self.store.record(
                event.kind,
                event.case,
                stage=event.stage or None,
                seconds=round(event.seconds, 3),
                error=event.error or None,
                message=event.message or None,
                **{key: value for key, value in event.values.items() if key not in _JOURNAL_KEYS},
            )
        if self.watcher is not None:
            self.watcher(event)


_JOURNAL_KEYS = frozenset({"time", "event", "case", "stage", "seconds", "error", "message"})


def run_study(
    study: Study | Path | str,
    out: Path | str,
    *,
    jobs: int | Literal["auto"] = "auto",
    only: str | None = None,
    fresh: bool = False,
    progress: Watcher | None = None,
    runner: Runner | None = None,
) -> StudyResult:
    """Run the cases of a study that are not finished yet, and write the summary.

    Parameters
    ----------
    study : Study or path
        The study, or its file.
    out : Path or str
        Output folder (`dcmodel.study.store`).
    jobs : int or "auto"
        Cases side by side, each in a process of its own. ``1`` runs them one by one in this
        process; ``"auto"`` takes as many as cores, memory and cases allow.
    only : str, optional
        Run only the cases whose name matches: ``dallas/*``, ``*/high_price`` or a part of a name.
    fresh : bool
        Run finished cases again too.
    progress : callable, optional
        Called with every `Event`.
    runner : callable, optional
        ``runner(case, progress)`` returns the result of a case; importable by name when `jobs` is
        more than one. Left out, `run_available_case`.

    Returns
    -------
    StudyResult
        A case that fails is reported there and does not stop the others.

    Raises
    ------
    StudyError, DataError
        Before anything is written: the inputs of some cases cannot be built
        (`dcmodel.study.ready`).
    """
    started = time.perf_counter()
    study = study if isinstance(study, Study) else load_study(study)
    everything = cases(study)
    wanted = select(everything, only)
    store = Store(out)
    if runner is None:
        check_ready(study, [c for c in wanted if fresh or not store.is_finished(c)])
    store.open(study, everything)
    record = _Record(store, progress)
    store.record("run", study=study.name, cases=len(wanted), only=only, fresh=fresh or None)
    waiting = []
    for case in wanted:
        if not fresh and store.is_finished(case):
            record(Event("cached", case.name, values=store.headline(case)))
        else:
            waiting.append(case)
            store.log_path(case.name).unlink(missing_ok=True)
            record(Event("queued", case.name))
    count = _job_count(jobs, waiting)
    try:
        if count == 1:
            for case in waiting:
                run_case(case, store.out, runner, record)
        else:
            _run_processes(waiting, count, store, runner, record)
    except KeyboardInterrupt:
        store.record("interrupted", seconds=round(time.perf_counter() - started, 3))
        raise
    finally:
        write_summary(store.out)
    seconds = time.perf_counter() - started
    store.record(
        "end", done=len(record.done), failed=len(record.failures), seconds=round(seconds, 3)
    )
    order = [case.name for case in wanted]
    failures = sorted(record.failures, key=lambda failure: order.index(failure.case))
    return StudyResult(
        out=store.out,
        done=tuple(record.done),
        cached=tuple(record.cached),
        failures=tuple(failures),
        open_gaps=tuple(record.open_gaps),
        seconds=seconds,
    )


def select(everything: Sequence[Case], only: str | None) -> list[Case]:
    """Return the cases whose name matches a pattern; a plain word matches a part of the name."""
    if only is None:
        return list(everything)
    pattern = only if any(sign in only for sign in "*?[") else f"*{only}*"
    chosen = [case for case in everything if fnmatch.fnmatchcase(case.name, pattern)]
    if not chosen:
        names = [case.name for case in everything]
        hint = nearest(only, names) or f"; cases are {', '.join(names)}"
        raise StudyError(Fault("--only", f"'{only}' matches no case{hint}"))
    return chosen


def _job_count(jobs: int | Literal["auto"], waiting: Sequence[Case]) -> int:
    if jobs != "auto":
        if jobs < 1:
            raise StudyError(Fault("--jobs", f"found {jobs}; give 1 or more, or auto"))
        return min(jobs, max(1, len(waiting)))
    if not waiting:
        return 1
    steps = max(len(case.spec.years) * _steps(case) for case in waiting)
    fitting = int(_memory_bytes() // (steps * BYTES_PER_STEP))
    return max(1, min(os.cpu_count() or 1, len(waiting), fitting))


def _steps(case: Case) -> int:
    resolution = case.spec.resolution
    steps = HOURS_PER_YEAR if resolution == "hourly" else resolution.segments
    return steps * (len(case.spec.sites) if case.is_portfolio else 1)


def _memory_bytes() -> int:
    """Return the memory that is free, or half of what is installed where that is unknown."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return 8 * 2**30


def _run_processes(
    waiting: Sequence[Case], count: int, store: Store, runner: Runner | None, record: _Record
) -> None:
    """Keep `count` processes busy until every case has ended."""
    cores = os.cpu_count() or 1
    # numerical libraries share the cores; solvers may wait for one another, so that the last
    # case to run has every core
    hands = Hands(threads=max(1, cores // count), solvers=min(cores, -(-2 * cores // count)))
    queue = list(waiting)
    running: dict[str, _Running] = {}
    with _stopping(running, record):
        while queue or running:
            while queue and len(running) < count:
                case = queue.pop(0)
                running[case.name] = _start(case, store, runner, hands)
            for name in _listen(running, record):
                entry = running.pop(name)
                entry.process.join()
                entry.pipe.close()


def _start(case: Case, store: Store, runner: Runner | None, hands: Hands) -> _Running:
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(
        target=work, args=(case, store.out, runner, hands, sending, os.getpid()), name=case.name
    )
    with interrupts_held():
        process.start()
    sending.close()
    return _Running(process, receiving, time.perf_counter(), Event("queued", case.name))


def _listen(running: dict[str, _Running], record: _Record, wait_s: float = 1.0) -> Iterator[str]:
    """Pass on what the processes report; yield the names of those that ended."""
    by_pipe = {entry.pipe: name for name, entry in running.items()}
    for pipe in connection.wait(list(by_pipe), timeout=wait_s):
        name = by_pipe[pipe]  # type: ignore[index]
        entry = running[name]
        try:
            entry.last = entry.pipe.recv()
            record(entry.last)
        except (EOFError, ConnectionResetError):
            if entry.last.kind not in {"done", "failed"}:
                record(_lost(entry))
            yield name


def _lost(entry: _Running) -> Event:
    """Return the failure of a process that ended without a word: killed, or crashed in C."""
    entry.process.join()
    code = entry.process.exitcode
    reason = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    during = entry.last.stage or "start"
    cause = "too little memory, or a crash of a solver; try --jobs 1 or a coarser resolution"
    if during == "start":
        cause = "a script that runs studies needs \"if __name__ == '__main__':\", or jobs=1"
    return Event(
        "failed",
        entry.last.case,
        stage=during,
        seconds=time.perf_counter() - entry.started,
        error="ProcessLost",
        message=f"its process ended during '{during}' ({reason}): {cause}",
        exit_code=1 if during == "start" else 5,
    )


@contextmanager
def _stopping(running: dict[str, _Running], record: _Record) -> Iterator[None]:
    """On the way out by an interrupt, let writing finish and end the other processes."""
    try:
        yield
    finally:
        deadline = time.monotonic() + FINISH_WRITING_S
        for name, entry in running.items():
            if entry.last.stage != "write":
                entry.process.terminate()
                record(replace(entry.last, kind="interrupted", case=name))
        while running and time.monotonic() < deadline:
            writing = {n: e for n, e in running.items() if e.last.stage == "write"}
            if not writing:
                break
            for name in _listen(writing, record):
                running.pop(name).process.join()
        for entry in running.values():
            entry.process.terminate()
        deadline = time.monotonic() + LEAVE_S
        for entry in running.values():
            entry.process.join(max(0.0, deadline - time.monotonic()))
            if entry.process.is_alive():
                entry.process.kill()
                entry.process.join()
