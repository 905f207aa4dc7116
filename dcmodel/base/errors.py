"""Errors of dcmodel and their exit codes.

::

    DcmodelError                exit code
      StudyError                2   the study or the command line: file:line:column, found, allowed
      DataError                 3   missing or damaged input: data set, row or timestamp, what to do
      InfeasibleError           4   named limits that cannot hold together
      SolverError               5   time limit, numerical trouble, unbounded model

Every message says where, what was found, what is allowed and what to do. Faults are gathered as
`Fault` records and raised together, so that one run of a command shows all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with an input, in the words of the person who wrote it.

    Parameters
    ----------
    where : str
        ``file:line:column`` of a study, or file and row or timestamp of a data set.
    message : str
        What was found, what is allowed, what to do.
    """

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}  {self.message}" if self.where else self.message


class DcmodelError(Exception):
    """Base of all errors a user may meet; carries every fault found at once."""

    exit_code = 1

    def __init__(self, faults: str | Fault | Iterable[Fault]) -> None:
        if isinstance(faults, str):
            faults = Fault("", faults)
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[DcmodelError], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


class StudyError(DcmodelError):
    """The study file or a command-line argument is wrong."""

    exit_code = 2


class DataError(DcmodelError):
    """An input file is missing, damaged or not what it is said to be."""

    exit_code = 3


class InfeasibleError(DcmodelError):
    """No design satisfies the limits of the study."""

    exit_code = 4


class SolverError(DcmodelError):
    """No solver returned a solution that passes the checks."""

    exit_code = 5


def one_line(error: Exception) -> str:
    """Return any error as one line; of a failed validation, each place with what it says."""
    details = getattr(error, "errors", None)
    if callable(details):  # pydantic's text has a line a fault, with links
        said = [
            f"{'.'.join(map(str, one.get('loc', ())))}: {one.get('msg', '')}" for one in details()
        ]
        return f"invalid value: {'; '.join(said)}"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
