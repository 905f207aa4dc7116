"""Rules of a program in words, in place of the names of its rows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from dcmodel.arrays import LinearProgram
from dcmodel.base.errors import Fault, InfeasibleError

_logger = logging.getLogger(__name__)


def rows_of(lp: LinearProgram) -> dict[str, str]:
    """Return what each group of rows says, in words, by its name in the program."""
    return {name: block.doc or "a rule of the study" for name, block in lp.rows.items()}


def told(lp: LinearProgram, name: str, opening: str, error: InfeasibleError) -> InfeasibleError:
    """Return what a solver says of a program in words of its rules.

    Parameters
    ----------
    lp : LinearProgram
    name : str
        Of the case.
    opening : str
        What was asked, the beginning of the message.
    error : InfeasibleError
        With names of rows; it goes to the log.
    """
    _logger.info("%s: %s", name, error)
    said = " ".join(str(fault) for fault in error.faults)
    named = [words for row, words in rows_of(lp).items() if f"{row}[" in said]
    which = f"; what does not fit: {'; '.join(dict.fromkeys(named))}" if named else ""
    return InfeasibleError(Fault(name, f"{opening}{which}. Widen the limits that bear on it"))


@contextmanager
def in_words(lp: LinearProgram, name: str, opening: str) -> Iterator[None]:
    """Tell in words what a solver says of a program without a solution; see `told`."""
    try:
        yield
    except InfeasibleError as error:
        raise told(lp, name, opening, error) from error
