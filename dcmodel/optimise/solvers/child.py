"""The worker process: reads a task, runs a solver module, writes the answer, waits for the next."""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import pickle
import signal
import sys
from typing import IO

HEADER = 8
GRACE = 30.0
"""Seconds after a task's time limit at which an orphaned worker ends itself [s]."""


def main() -> None:
    """Serve tasks until the input closes."""
    _end_with_parent(int(sys.argv[1]))
    tasks, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a solver prints must not enter the answers
    while header := tasks.read(HEADER):
        body = tasks.read(int.from_bytes(header, "little"))
        name, problem, options, seconds = pickle.loads(body)
        del body
        module = importlib.import_module(name)
        _send(answers, b"")  # ready: the time of a task counts from here
        # a solver holds the interpreter: only a thread outside it can end an orphan in time
        faulthandler.dump_traceback_later(seconds + GRACE, exit=True)
        answer = module.run(problem, options)
        faulthandler.cancel_dump_traceback_later()
        _send(answers, pickle.dumps(answer, protocol=5))
        del problem, answer


def _send(pipe: IO[bytes], body: bytes) -> None:
    pipe.write(len(body).to_bytes(HEADER, "little"))
    pipe.write(body)
    pipe.flush()


def _end_with_parent(parent: int) -> None:
    """Ask the kernel to end this process with its parent, where it can (Linux)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends us
    if sys.platform != "linux":
        return
    import ctypes

    set_parent_death_signal = 1
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit()


if __name__ == "__main__":
    main()
