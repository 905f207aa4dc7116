"""A store behind a load, written apart from dcmodel: one flow an hour by a whole-number choice."""

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, milp


def least_cost(
    load, price, *, power, energy, into, out, cost_power, cost_energy, hours=1.0, least=0.0,
    import_max=None, gap=1e-9, exclusive=True,
):  # fmt: skip
    """Return the least cost of a load and a store of free size, infinite where there is none.

    Parameters
    ----------
    load, price : array of shape (steps,)
        MW and USD/MWh.
    power, energy : float
        Largest sizes [MW, MWh].
    into, out : float
        Efficiencies.
    cost_power, cost_energy : float
        Cost of a MW and of a MWh.
    least : float
        Import that must always be drawn [MW].
    exclusive : bool
        Whether one flow rules out the other.
    """
    n = len(load)
    one, none = sp.identity(n, format="csr"), sp.csr_array((n, n))
    before = sp.csr_array((np.ones(n), (np.arange(n), np.arange(n) - 1 + n * (np.arange(n) == 0))))
    ones, zeros = np.ones((n, 1)), np.zeros((n, 1))
    endless, largest = np.inf, np.inf if import_max is None else import_max
    # columns: charge, discharge, stored, choice, power, energy
    rows = [
        ([-into * hours * one, hours / out * one, one - before, none, zeros, zeros], 0.0, 0.0),
        ([one, one, none, none, -ones, zeros], -endless, 0.0),
        ([none, none, one, none, zeros, -ones], -endless, 0.0),
        ([one, none, none, -power * one, zeros, zeros], -endless, 0.0),
        ([none, one, none, power * one, zeros, zeros], -endless, power),
        # implied by one flow alone; without them branch and bound takes minutes
        ([into * hours * one, none, before, none, zeros, -ones], -endless, 0.0),
        ([none, hours / out * one, -before, none, zeros, zeros], -endless, 0.0),
        ([one, -one, none, none, zeros, zeros], least - load, largest - load),
    ]
    if not exclusive:
        rows = [*rows[:3], rows[7]]
    matrix = sp.vstack([sp.hstack([sp.csr_array(part) for part in row]) for row, _, _ in rows])
    low = np.concatenate([np.broadcast_to(low, n) for _, low, _ in rows])
    high = np.concatenate([np.broadcast_to(high, n) for _, _, high in rows])
    cost = np.concatenate([price * hours, -price * hours, np.zeros(2 * n)])
    found = milp(
        np.concatenate([cost, [cost_power, cost_energy]]),
        constraints=LinearConstraint(sp.csc_array(matrix), low, high),
        bounds=Bounds(0, np.repeat([power, energy, 1.0, power, energy], [2 * n, n, n, 1, 1])),
        integrality=np.repeat([0, 1, 0], [3 * n, n, 2]),
        options={"mip_rel_gap": gap},
    )
    return np.inf if found.fun is None else float(found.fun + hours * (price @ load))
