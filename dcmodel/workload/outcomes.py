r"""Agents and outcomes: what a useful result takes, in tokens and in money.

A task is a chain of steps, each a request. An attempt succeeds with probability :math:`p`; a failed
one is tried again up to :math:`r` times. With :math:`n = r + 1`,

.. math::
   \text{attempts} = \frac{1 - (1 - p)^n}{p}, \qquad
   \text{success} = 1 - (1 - p)^n .

What fails in the end is done by a person at the cost of rework, or is lost where none is given.
"""

from __future__ import annotations

from dataclasses import dataclass

from dcmodel.base.errors import Fault, StudyError
from dcmodel.workload.tokens import Counted, Request, Tokens

_MILLION = 1e6


@dataclass(frozen=True)
class Task:
    """A chain of requests that ends in an outcome, useful or not."""

    steps: float = 1.0
    """Requests of one attempt."""
    success: float = 1.0
    """Probability that an attempt is useful [1]."""
    retries: int = 0
    """How often a failed attempt is tried again."""
    rework_usd: float | None = None
    """Cost of the person who does what failed in the end; None loses the outcome [USD]."""

    def __post_init__(self) -> None:
        faults = []
        if self.steps < 1:
            faults.append(Fault("task.steps", f"found {self.steps:g}; allowed: 1 or more"))
        if not 0 < self.success <= 1:
            msg = f"found {self.success:g}; allowed: above 0 to 1"
            faults.append(Fault("task.success", msg))
        if self.retries < 0 or self.retries != int(self.retries):
            msg = f"found {self.retries:g}; a whole number, 0 or more, is needed"
            faults.append(Fault("task.retries", msg))
        if self.rework_usd is not None and self.rework_usd < 0:
            msg = f"found {self.rework_usd:g}; allowed: 0 or more"
            faults.append(Fault("task.rework_usd", msg))
        if faults:
            raise StudyError(faults)

    @property
    def succeeds(self) -> float:
        """Probability that a task succeeds within its retries [1]."""
        return float(1 - (1 - self.success) ** (self.retries + 1))

    @property
    def attempts(self) -> float:
        """Mean attempts of a task."""
        return self.succeeds / self.success

    @property
    def requests(self) -> float:
        """Mean requests of a task."""
        return self.steps * self.attempts

    @property
    def outcomes(self) -> float:
        """Useful outcomes of a task: all where a person does the rest."""
        return self.succeeds if self.rework_usd is None else 1.0

    def tokens_per_outcome(self, request: Request, kind: Counted) -> Tokens:
        """Return tokens that one useful outcome takes."""
        return request.tokens(kind) * (self.requests / self.outcomes)

    def cost_per_outcome(self, usd_per_mtok: float, request: Request, kind: Counted) -> float:
        """Return the cost of one useful outcome at a price of tokens counted as `kind` [USD]."""
        tokens = self.requests * request.tokens(kind).amount
        rework = (1 - self.succeeds) * (self.rework_usd or 0.0)
        return (tokens / _MILLION * usd_per_mtok + rework) / self.outcomes
