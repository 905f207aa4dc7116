"""The same program again with other costs, prices, limits or loads: from the last basis.

For sweeps, sensitivities and fronts on segments, where a program is solved whole. Between two
neighbouring programs a few simplex iterations lie; every answer passes the same check as a first
one. A pathway of hourly years is solved again from its last solution instead
(`dcmodel.optimise.pathway.propose`).
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from dcmodel.base.errors import SolverError
from dcmodel.optimise.solve import TIME_LIMIT, TOLERANCE, Solution, answer_of, judge, solve
from dcmodel.optimise.solvers import workers
from dcmodel.optimise.solvers.problem import Options, Problem

_MODULE = "dcmodel.optimise.solvers.highs_kept"


class Resolver:
    """Solves one continuous program after the other, each from the basis of the last.

    Parameters
    ----------
    tolerance : float
        Solver's relative tolerance.
    time_limit : float, optional
        Seconds for each program.

    Attributes
    ----------
    iterations : int
        Simplex iterations of the last program.

    Examples
    --------
    >>> resolver = Resolver()
    >>> base = resolver.solve(lp)  # doctest: +SKIP
    >>> dearer = resolver.solve(lp.replace(cost=1.1 * lp.cost))  # doctest: +SKIP
    """

    def __init__(self, tolerance: float = TOLERANCE, time_limit: float | None = None) -> None:
        limit = TIME_LIMIT if time_limit is None else time_limit
        self._options = Options(tolerance=tolerance, time_limit=limit, method="simplex")
        self._session = workers.Session()
        self.iterations = 0

    def solve(self, lp: Any) -> Solution:
        """Solve a program; the nearer it is to the last one, the sooner.

        Parameters
        ----------
        lp : LinearProgram
            Continuous. Of the last one's shape, it starts from its basis.

        Returns
        -------
        Solution

        Raises
        ------
        InfeasibleError, SolverError
            As `dcmodel.optimise.solve.solve` does, which is asked where simplex fails.
        """
        start = time.perf_counter()
        problem = Problem.of(lp)
        if problem.integer is not None:
            message = "a program with whole numbers has no basis to start from; use solve()"
            raise SolverError(message)
        answer = answer_of(self._session.call, _MODULE, problem, self._options)
        self.iterations = answer.iterations
        trial = judge("highs", problem, answer, self._options)
        if trial.solution is None:
            return solve(lp, tolerance=self._options.tolerance)
        return replace(trial.solution, seconds=time.perf_counter() - start)
