"""Worker processes for solvers: every solver runs in one, none in the process of its caller.

Solvers may crash, hang or hold the interpreter, print to the output, and share threads and settings
with whoever else uses them in the same process. A worker is a plain child process spoken to over
pipes, not a `multiprocessing` process: it may be started from daemonic pool workers, notebooks and
the command line alike, needs no import guard, and stays alive for the next task. It ends with its
parent: its input closes, on Linux the kernel kills it, and a watchdog ends it if a task outlives
its time limit.

Threads that solve side by side belong to a crew (`side_by_side_threads`), whose solvers end at once
when the caller is interrupted or one of them fails.
"""

from __future__ import annotations

import atexit
import contextlib
import contextvars
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any, cast

from dcmodel.base.interrupts import at_forced_end, interrupts_held

SINGLE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
)
HEADER = 8
START = 60.0
"""Seconds a worker may take to start and to load a solver, which count for no task [s]."""


class WorkerCrashedError(Exception):
    """The worker process ended before it answered."""


class WorkerTimeoutError(Exception):
    """The worker process did not answer in time and was killed."""


class Stopped(BaseException):
    """The crew of this thread was stopped; no error of its own, so that no solver is tried next."""


class Worker:
    """One child process that runs solver modules, one task at a time."""

    def __init__(self) -> None:
        environment = dict(os.environ, **SINGLE_THREAD)
        self.starter = threading.current_thread()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the worker)
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        with interrupts_held():  # Ctrl-C reaches the parent, which ends the worker
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dcmodel.optimise.solvers.child", str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=environment,
                bufsize=0,
            )
        _workers.add(self)
        self._input = cast(IO[bytes], self._process.stdin)
        self._output = cast(IO[bytes], self._process.stdout)

    @property
    def alive(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    def call(self, module: str, problem: Any, options: Any, seconds: float) -> Any:
        """Run ``module.run(problem, options)`` in the worker.

        Raises
        ------
        WorkerCrashedError
            If the process ends first.
        WorkerTimeoutError
            If there is no answer after `seconds`; the process is killed.
        """
        body = pickle.dumps((module, problem, options, seconds), protocol=5)
        try:
            with self._at_most(START):
                self._write(len(body).to_bytes(HEADER, "little"))
                self._write(body)
                self._receive()
            with self._at_most(seconds):
                return pickle.loads(self._receive())
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def _at_most(self, seconds: float) -> Iterator[None]:
        """Kill the process after some time, and say why it has ended."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self.kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (BrokenPipeError, EOFError):
            self._process.wait()
            if late.is_set():
                message = f"no answer within {seconds:.0f} s"
                raise WorkerTimeoutError(message) from None
            raise WorkerCrashedError(self._last_words()) from None
        finally:
            timer.cancel()

    def _receive(self) -> bytes:
        return self._read(int.from_bytes(self._read(HEADER), "little"))

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._input.write(view) :]

    def _read(self, size: int) -> bytes:
        parts = []
        while size:
            part = self._output.read(min(size, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _last_words(self) -> str:
        message = f"the solver's process ended with code {self._process.returncode}"
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").split("\n")
        spoken = [line.strip() for line in lines if line.strip()]
        return f"{message}: {spoken[-1]}" if spoken else message

    def kill(self) -> None:
        """End the process from another thread: the one that waits for it sees it end."""
        self._process.kill()

    def close(self) -> None:
        """End the process and forget its pipes; it may be called twice."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._input, self._output):
            with contextlib.suppress(OSError):
                pipe.close()


_workers: weakref.WeakSet[Worker] = weakref.WeakSet()


def _kill_workers() -> None:
    for worker in list(_workers):
        worker.kill()


at_forced_end(_kill_workers)


class _Pool:
    """Idle workers of this process."""

    def __init__(self) -> None:
        self.idle: list[Worker] = []
        self.lock = threading.Lock()

    def take(self) -> Worker:
        with self.lock:
            self.idle = [worker for worker in self.idle if worker.alive]
            for i, worker in enumerate(self.idle):
                # the kernel ends a worker with the thread that started it
                if worker.starter in (threading.current_thread(), threading.main_thread()):
                    return self.idle.pop(i)
        return Worker()

    def give_back(self, worker: Worker) -> None:
        with self.lock:
            self.idle.append(worker)

    def close(self) -> None:
        with self.lock:
            while self.idle:
                self.idle.pop().close()


WORKERS_VARIABLE = "DCMODEL_WORKERS"
"""Environment variable that limits the solvers one process runs at once."""

_pools: dict[int, _Pool] = {}


def _pool() -> _Pool:
    """Return this process's pool; after a fork the parent's workers are not ours to use."""
    return _pools.setdefault(os.getpid(), _Pool())


def call(module: str, problem: Any, options: Any, seconds: float) -> Any:
    """Run ``module.run(problem, options)`` in an idle or new worker of this process.

    Raises
    ------
    WorkerCrashedError, WorkerTimeoutError
        See `Worker.call`; the worker is then gone and the next call starts another.
    Stopped
        If the crew of this thread was stopped.
    """
    pool = _pool()
    worker = pool.take()
    answer = _call(worker, module, problem, options, seconds)
    pool.give_back(worker)
    return answer


class Session:
    """A worker that one caller keeps to itself, for modules that remember what they solved."""

    def __init__(self) -> None:
        self._worker: Worker | None = None
        self._owner = 0

    def call(self, module: str, problem: Any, options: Any, seconds: float) -> Any:
        """Run ``module.run(problem, options)`` in the worker; one that ended is replaced.

        Raises
        ------
        WorkerCrashedError, WorkerTimeoutError, Stopped
            As `call` of this module does.
        """
        # after a fork the parent's worker is not ours to use
        if self._worker is None or self._owner != os.getpid() or not self._worker.alive:
            self._worker, self._owner = Worker(), os.getpid()
            weakref.finalize(self, self._worker.close)
        return _call(self._worker, module, problem, options, seconds)

    def close(self) -> None:
        """End the worker; the next call starts another."""
        if self._worker is not None and self._owner == os.getpid():
            self._worker.close()
        self._worker = None


# ---- crews: threads that solve side by side ------------------------------------------------------


class _Crew:
    """The workers that some threads keep busy, and the crews that these threads started."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stopped = False
        self.busy: set[Worker] = set()
        self.crews: set[_Crew] = set()

    def stop(self) -> None:
        """End every busy worker; whoever calls one from now on is stopped as well."""
        with self.lock:
            self.stopped = True
            for worker in self.busy:
                worker.kill()
            crews = list(self.crews)
        for crew in crews:
            crew.stop()

    @contextlib.contextmanager
    def holding(self, what: set[Any], one: Any) -> Iterator[None]:
        with self.lock:
            if self.stopped:
                raise Stopped
            what.add(one)
        try:
            yield
        finally:
            with self.lock:
                what.discard(one)


_crew: contextvars.ContextVar[_Crew | None] = contextvars.ContextVar("crew", default=None)


def _call(worker: Worker, module: str, problem: Any, options: Any, seconds: float) -> Any:
    crew = _crew.get()
    if crew is None:
        return worker.call(module, problem, options, seconds)
    try:
        with crew.holding(crew.busy, worker):
            return worker.call(module, problem, options, seconds)
    except WorkerCrashedError:
        if crew.stopped:
            raise Stopped from None
        raise


class _Threads(ThreadPoolExecutor):
    """Threads that see the context of whoever gives them work: its crew, its case's log."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **keywords: Any) -> Future[Any]:
        """Run a function in a thread, in a copy of the caller's context."""
        return super().submit(contextvars.copy_context().run, fn, *args, **keywords)


@contextlib.contextmanager
def side_by_side_threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Give threads that may call solvers; left by an error, their solvers end at once.

    Parameters
    ----------
    count : int
        How many run at once.
    """
    outer, own = _crew.get(), _Crew()
    joined = contextlib.nullcontext() if outer is None else outer.holding(outer.crews, own)
    with joined, _Threads(max_workers=max(1, count)) as threads:
        token = _crew.set(own)
        try:
            yield threads
        except BaseException:
            own.stop()
            threads.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            _crew.reset(token)


def side_by_side() -> int:
    """Return how many solvers this process may run at once (``DCMODEL_WORKERS``, else cores)."""
    return max(1, int(os.environ.get(WORKERS_VARIABLE, "0")) or os.cpu_count() or 1)


def close_workers() -> None:
    """End this process's idle workers; they are started again when needed."""
    _pool().close()


atexit.register(close_workers)
