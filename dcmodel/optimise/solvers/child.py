"""The worker process: reads a task, runs a solver module, writes the answer, waits for the next."""

from __future__ import annotations

import faulthandler
import importlib
import os
import pickle
import sys
from typing import IO

from dcmodel.base.interrupts import follow_parent

HEADER = 8
GRACE = 30.0
"""Seconds after a task's time limit at which an orphaned worker ends itself [s]."""


def main() -> None:
    """Serve tasks until the input closes."""
    follow_parent(int(sys.argv[1]))
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


if __name__ == "__main__":
    main()
