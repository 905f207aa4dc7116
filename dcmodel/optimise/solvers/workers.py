"""Worker processes for solvers that may crash, hang or hold the interpreter.

A worker is a plain child process spoken to over pipes, not a `multiprocessing` process: it may be
started from daemonic pool workers, notebooks and the command line alike, needs no import guard, and
stays alive for the next task. It ends with its parent: its input closes, on Linux the kernel kills
it, and a watchdog ends it if a task outlives its time limit.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from typing import IO, Any, cast

SINGLE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
)
HEADER = 8


class WorkerCrashedError(Exception):
    """The worker process ended before it answered."""


class WorkerTimeoutError(Exception):
    """The worker process did not answer in time and was killed."""


class Worker:
    """One child process that runs solver modules, one task at a time."""

    def __init__(self) -> None:
        environment = dict(os.environ, **SINGLE_THREAD)
        self.starter = threading.current_thread()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the worker)
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dcmodel.optimise.solvers.child", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            bufsize=0,
        )
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
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            self._write(len(body).to_bytes(HEADER, "little"))
            self._write(body)
            answer = pickle.loads(self._read(int.from_bytes(self._read(HEADER), "little")))
        except (BrokenPipeError, EOFError):
            self.close()
            if late.is_set():
                message = f"no answer within {seconds:.0f} s"
                raise WorkerTimeoutError(message) from None
            raise WorkerCrashedError(self._last_words()) from None
        except BaseException:
            self.close()
            raise
        finally:
            timer.cancel()
        return answer

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

    def close(self) -> None:
        """End the process and forget its pipes; it may be called twice."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._input, self._output):
            with contextlib.suppress(OSError):
                pipe.close()


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
    """
    pool = _pool()
    worker = pool.take()
    answer = worker.call(module, problem, options, seconds)
    pool.give_back(worker)
    return answer


def side_by_side() -> int:
    """Return how many solvers this process may run at once (``DCMODEL_WORKERS``, else cores)."""
    return max(1, int(os.environ.get(WORKERS_VARIABLE, "0")) or os.cpu_count() or 1)


def close_workers() -> None:
    """End this process's idle workers; they are started again when needed."""
    _pool().close()


atexit.register(close_workers)
