"""Log records of the package to the file of a case, while the case runs and from its threads alone.

Several cases may run at once in one process, in threads of a notebook. Each has its own file; what
the rest of the process logs, and where, is as it was.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOGGER = logging.getLogger("dcmodel")
_FORM = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_case: contextvars.ContextVar[_File | None] = contextvars.ContextVar("case", default=None)
_lock = threading.Lock()


class _File(logging.FileHandler):
    """The file of a case; takes the records of the threads that work for it."""

    def emit(self, record: logging.LogRecord) -> None:
        if _case.get() is self:
            super().emit(record)


class _Onward(logging.Handler):
    """Hands on what would have been seen without any case running, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.cases = 0

    def open(self) -> None:
        self.cases += 1
        if self.cases == 1:
            self.seen_from = _LOGGER.getEffectiveLevel()
            self.before = _LOGGER.level, _LOGGER.propagate
            _LOGGER.setLevel(min(logging.INFO, self.seen_from))
            _LOGGER.propagate = False
            _LOGGER.addHandler(self)

    def close_one(self) -> None:
        self.cases -= 1
        if self.cases == 0:
            _LOGGER.removeHandler(self)
            level, _LOGGER.propagate = self.before
            _LOGGER.setLevel(level)

    def emit(self, record: logging.LogRecord) -> None:
        above = logging.getLogger()
        if record.levelno >= self.seen_from and self.before[1] and above.handlers:
            above.callHandlers(record)


_onward = _Onward()


@contextmanager
def case_log(path: Path) -> Iterator[logging.Logger]:
    """Send what the package logs in this thread, and in threads it starts, to a file.

    Parameters
    ----------
    path : Path
        Appended to.
    """
    file = _File(path, mode="a", encoding="utf-8")
    file.setFormatter(logging.Formatter(_FORM))
    with _lock:
        _onward.open()
        _LOGGER.addHandler(file)
    token = _case.set(file)
    try:
        yield _LOGGER
    finally:
        _case.reset(token)
        with _lock:
            _LOGGER.removeHandler(file)
            _onward.close_one()
        file.close()
