"""What passes between `dcmodel.optimise.solve` and a solver: plain arrays, nothing of the field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Claim = Literal["optimal", "infeasible", "unbounded", "time_limit", "failed"]


@dataclass(frozen=True)
class Problem:
    """Minimise ``cost @ x + offset`` with ``row_lower <= matrix @ x <= row_upper`` and bounds on x.

    Attributes
    ----------
    cost, lower, upper : ndarray, shape (n,)
    matrix : scipy.sparse.csr_array, shape (m, n)
    row_lower, row_upper : ndarray, shape (m,)
    integer : ndarray of bool, shape (n,), optional
        Columns that take whole numbers.
    offset : float
    """

    cost: Floats
    matrix: Any
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_] | None = None
    offset: float = 0.0

    @classmethod
    def of(cls, lp: Any) -> Problem:
        """Return the arrays of a LinearProgram, with 32-bit indices."""
        if isinstance(lp, cls):
            return lp
        integer = getattr(lp, "integer", None)
        if integer is not None and not np.any(integer):
            integer = None
        return cls(
            cost=np.asarray(lp.cost, dtype=float),
            matrix=narrow(lp.matrix),
            row_lower=np.asarray(lp.row_lower, dtype=float),
            row_upper=np.asarray(lp.row_upper, dtype=float),
            lower=np.asarray(lp.lower, dtype=float),
            upper=np.asarray(lp.upper, dtype=float),
            integer=integer,
            offset=float(lp.offset),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.matrix.shape[0]), int(self.matrix.shape[1])


@dataclass(frozen=True)
class Options:
    """What a solver is asked to keep to.

    Attributes
    ----------
    tolerance : float
        Relative feasibility and duality-gap tolerance.
    time_limit : float
        Seconds for this attempt.
    mip_gap : float
        Accepted relative gap where there are integers.
    method : str
        Algorithm, where a solver has several.
    warm : ndarray, shape (n,), optional
        A starting point, used where the solver can.
    rough : bool
        Whether an answer serves that only nearly keeps its rows: sizes are read from it, and
        dispatched anew.
    """

    tolerance: float = 1e-8
    time_limit: float = 600.0
    mip_gap: float = 1e-4
    method: str = ""
    warm: Floats | None = None
    rough: bool = False


@dataclass(frozen=True)
class Answer:
    """What a solver says; believed only after `dcmodel.optimise.certify.check`.

    Attributes
    ----------
    claim : str
        ``optimal``, ``infeasible``, ``unbounded``, ``time_limit`` or ``failed``.
    x : ndarray, shape (n,), optional
    row_dual : ndarray, shape (m,), optional
        Positive where the lower side of a row binds.
    dual_bound : float
        The solver's own bound; used for integer programs only.
    message : str
        The solver's own words.
    iterations : int
        Simplex iterations, where the solver counts them.
    """

    claim: Claim
    x: Floats | None = None
    row_dual: Floats | None = None
    dual_bound: float = -np.inf
    message: str = ""
    iterations: int = 0


def narrow(matrix: Any) -> Any:
    """Return a CSR array with 32-bit indices, sharing data where possible."""
    csr = sparse.csr_array(matrix)
    if csr.indices.dtype == np.int32 and csr.indptr.dtype == np.int32:
        return csr
    parts = (csr.data, csr.indices.astype(np.int32), csr.indptr.astype(np.int32))
    return sparse.csr_array(parts, shape=csr.shape)
