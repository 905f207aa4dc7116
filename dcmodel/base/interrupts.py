"""Ctrl-C and termination: exceptions that leave by way of every clean-up, and a certain end."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

LAST_RESORT_S = 4.0
"""Seconds after a signal at which a program that has not yet ended is ended by force [s]."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end (SIGTERM)."""


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """Return the exit code that tells which signal ended the program: 130 or 143."""
    return 128 + (signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT)


_by_force: list[Callable[[], None]] = []


def at_forced_end(function: Callable[[], None]) -> None:
    """Register what ends the processes that a program started, should it be ended by force."""
    _by_force.append(function)


class Ending:
    """Turns the first SIGINT or SIGTERM into an exception in the main thread; others wait for it.

    An exception may be lost, or a clean-up may hang. A thread then ends the program and what it
    started; results are written in one step, so that those on disk are whole.

    Attributes
    ----------
    code : int or None
        Exit code of the signal that came, if one came.
    """

    def __init__(self, last_resort_s: float = LAST_RESORT_S) -> None:
        self.code: int | None = None
        self._last_resort_s = last_resort_s

    def __enter__(self) -> Ending:
        kinds = (signal.SIGINT, signal.SIGTERM)
        self._before = {kind: signal.signal(kind, self._received) for kind in kinds}
        return self

    def __exit__(self, *error: object) -> None:
        if self.code is None:
            for kind, handler in self._before.items():
                signal.signal(kind, handler)

    def _received(self, number: int, frame: Any) -> None:
        if self.code is not None:
            return  # on the way out
        interrupt = Terminated() if number == signal.SIGTERM else KeyboardInterrupt()
        self.code = exit_code(interrupt)
        timer = threading.Timer(self._last_resort_s, self._end_now)
        timer.daemon = True
        timer.start()
        raise interrupt

    def _end_now(self) -> None:
        from multiprocessing import active_children

        for child in active_children():
            child.kill()
        for function in _by_force:
            with contextlib.suppress(Exception):
                function()
        with contextlib.suppress(Exception):
            sys.stderr.write("\ninterrupted\n" + ("\x1b[?25h" if sys.stderr.isatty() else ""))
            sys.stderr.flush()
        os._exit(self.code or 1)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back in this thread, and for ever in a process that is started meanwhile.

    A terminal sends Ctrl-C to every process of a program. One that has not yet said that it leaves
    the matter to its parent would end with a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def follow_parent(parent: int) -> None:
    """Leave Ctrl-C to the parent process and, where the kernel can (Linux), end with it.

    Parameters
    ----------
    parent : int
        Number of the process that started this one.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "linux":
        return
    import ctypes

    set_parent_death_signal = 1
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit()
