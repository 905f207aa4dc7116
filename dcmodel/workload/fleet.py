"""The reference fleet: idle power and how much of its power may be, and is, used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.inputs.assumptions import Technology, parameters_of

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fleet:
    """Use of the installed IT power.

    Work is counted in dynamic IT power: a fleet of ``S`` MW that serves work ``s`` draws
    ``idle_fraction * S + (1 - idle_fraction) * s``, so work of ``S`` is a fully used fleet.
    """

    idle_fraction: float
    """Power of an idle fleet over its full power [1]."""
    utilisation_max: float
    """Largest work over installed power, in any hour [1]."""
    mean_utilisation: float
    """Mean work over installed power, over the year [1]."""


def fleet_parameters(overrides: Mapping[str, float | None] | None = None) -> Technology:
    """Return the fleet's parameters with their sources, for a table of assumptions."""
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    return parameters_of(data_dir() / "fleet.csv", "fleet", 0, given)


def load_fleet(overrides: Mapping[str, float | None] | None = None) -> Fleet:
    """Read the reference fleet, with what a study replaces.

    Parameters
    ----------
    overrides : mapping, optional
        Values by name; None keeps the library's.

    Returns
    -------
    Fleet
    """
    parameters = fleet_parameters(overrides)
    fleet = Fleet(*(parameters.value(name) for name in Fleet.__dataclass_fields__))
    if not 0 <= fleet.idle_fraction < 1:
        msg = f"found {fleet.idle_fraction:g}; allowed: 0 up to, not including, 1"
        raise StudyError(Fault("fleet.idle_fraction", msg))
    if not 0 < fleet.mean_utilisation <= fleet.utilisation_max <= 1:
        msg = (
            f"found mean_utilisation {fleet.mean_utilisation:g} and utilisation_max "
            f"{fleet.utilisation_max:g}; needed: 0 < mean <= max <= 1"
        )
        raise StudyError(Fault("fleet", msg))
    return fleet


def it_power(work: FloatArray, installed: FloatArray, idle_fraction: float) -> FloatArray:
    """Return IT power of a fleet that serves work.

    Parameters
    ----------
    work : array of shape (years, hours)
        Dynamic IT work served [MW].
    installed : array of shape (years,)
        Installed IT power [MW].
    idle_fraction : float
        Power of an idle fleet over its full power [1].

    Returns
    -------
    array of shape (years, hours)
        IT power [MW].
    """
    return np.asarray(idle_fraction * installed[:, None] + (1 - idle_fraction) * work)
