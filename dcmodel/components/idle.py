"""Law of a sane plan: no work is lost in an hour in which contracted power stands idle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo

IDLE_MW = 1e-3
"""Idle power and lost load below this are rounding. [MW]"""

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def idle_power(m: pyo.ConcreteModel) -> FloatArray:
    """Return contracted grid power that a solved model does not draw [MW], shape (years, steps).

    Interruptible power counts while it is not interrupted. Zero where nothing is contracted.
    """
    held = np.zeros(m.grid_import.shape)
    found = False
    for block in m.asset.values():
        if block.component("contracted") is not None:
            found, held = True, held + np.asarray(block.contracted.array)[:, None]
        if block.component("interruptible") is not None:
            power = np.asarray(block.interruptible.array)[:, None]
            held = held + power * np.asarray(block.on.array)
    return np.maximum(held - np.asarray(m.grid_import.array), 0.0) if found else held


def steps_to_close(m: pyo.ConcreteModel, lost: FloatArray, open_steps: Mask) -> Mask | None:
    """Return the steps in which load may still be lost; None where the solution keeps the law.

    Parameters
    ----------
    m : Pyomo model
        Solved.
    lost : array of shape (years, steps)
        Load that is lost [MW].
    open_steps : array of bool, shape (years, steps)
        Steps in which it may be lost so far.

    Notes
    -----
    All steps with idle power are closed, not those with a loss alone: what is avoided in one hour
    would else be lost in the next. The steps shrink with every solution, so this comes to rest.
    """
    idle = idle_power(m) > IDLE_MW
    if not (idle & (lost > IDLE_MW)).any():
        return None
    return open_steps & ~idle
