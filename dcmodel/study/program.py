"""What a compiled program must hold before a solver is asked."""

from __future__ import annotations

import numpy as np

from dcmodel.arrays import LinearProgram
from dcmodel.base.errors import Fault, StudyError


def refuse_infinite(program: LinearProgram, name: str) -> None:
    """Refuse a program with a coefficient, cost or right-hand side that is not a number."""
    vectors = {
        "coefficients": program.matrix.data,
        "costs": np.append(program.cost, program.offset),
        "limits": np.where(np.isnan(program.row_lower) | np.isnan(program.row_upper), np.nan, 0.0),
        "bounds": np.where(np.isnan(program.lower) | np.isnan(program.upper), np.nan, 0.0),
    }
    wrong = [what for what, values in vectors.items() if not np.isfinite(values).all()]
    if wrong:
        msg = (
            f"{' and '.join(wrong)} of the program are not finite; look for a size, price or "
            "parameter of this study that is far too large"
        )
        raise StudyError(Fault(name, msg))
