"""What a running study tells those who watch: plain records, easy to send between processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Kind = Literal["queued", "cached", "started", "stage", "done", "failed", "interrupted"]


@dataclass(frozen=True)
class Event:
    """One thing that happened to a case.

    Parameters
    ----------
    kind : str
        ``queued``, ``cached`` (finished in an earlier run), ``started``, ``stage``, ``done``,
        ``failed`` or ``interrupted``.
    case : str
        Name of the case.
    stage : str
        What the case is doing (``inputs``, ``build``, ``solve`` ...).
    seconds : float
        Since the case started. [s]
    values : dict
        Numbers known so far, such as ``levelised_cost`` [USD MWh-1] and ``gap`` [1].
    error : str
        Kind of error of a failed case.
    message : str
        Reason of a failed case.
    exit_code : int
        Exit code that the failure asks for.
    """

    kind: Kind
    case: str
    stage: str = ""
    seconds: float = 0.0
    values: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    message: str = ""
    exit_code: int = 0


Watcher = Callable[[Event], None]
"""Called in the main process with every event of a run."""


class Progress(Protocol):
    """How a runner reports what it is doing."""

    def __call__(self, stage: str, /, **values: float | str) -> None:
        """Report a stage by name, and numbers known by now (``gap=0.004``)."""
