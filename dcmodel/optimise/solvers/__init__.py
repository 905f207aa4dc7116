"""Solvers of linear programs behind one interface, each in its own module.

A solver module has ``run(problem, options) -> Answer``. Modules are imported only when used, in
this process or in a worker process (`dcmodel.optimise.solvers.workers`).
"""
