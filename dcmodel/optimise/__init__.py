"""The formulation, its compilation to arrays, the solvers and their checks."""
