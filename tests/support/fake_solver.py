"""Solvers that misbehave, chosen by ``options.method``."""

import os
import time

import numpy as np

from dcmodel.optimise.solvers.highs import run as highs
from dcmodel.optimise.solvers.problem import Answer


def run(problem, options):
    if options.method == "crash":
        os._exit(7)
    if options.method == "raise":
        message = "the factorisation is singular"
        raise RuntimeError(message)
    if options.method == "hang":
        time.sleep(60)
    if options.method == "cry_infeasible":
        return Answer("infeasible", message="nothing works")
    if options.method == "cry_unbounded":
        return Answer("unbounded", message="everything works")
    if options.method == "print":
        os.write(1, b"noise on the output\n")
    answer = highs(problem, type(options)(method="simplex"))
    if options.method == "lie":
        return Answer("optimal", answer.x + 0.01, answer.row_dual)
    if options.method == "suboptimal":
        return Answer("optimal", np.full(problem.shape[1], 1000.0), answer.row_dual)
    return answer
