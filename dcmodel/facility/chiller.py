r"""Chillers: the DOE-2 / EnergyPlus electric input ratio model with staging and warm water.

.. math::
   Q_{avail} = Q_{ref}\,CAPFT(T_e, T_c), \quad PLR = Q / Q_{avail}, \quad
   P = \frac{Q_{avail}}{COP_{ref}}\,EIRFT(T_e, T_c)\,EIRFPLR(PLR)

with :math:`T_e` the leaving chilled water and :math:`T_c` the *entering* condenser fluid. Curves
are held at the ends of their validity and continued by the Carnot efficiency (`beyond_curves`),
because halls run on warmer water, and hot hours on hotter condensers, than the curves were fitted
to.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.registry import nearest
from dcmodel.facility.psychrometrics import ZERO_CELSIUS, Array

_SCALARS = (
    "cop_ref",
    "temp_chilled_ref",
    "temp_condenser_ref",
    "temp_chilled_min",
    "temp_chilled_max",
    "temp_condenser_min",
    "temp_condenser_max",
    "temp_condenser_floor",
    "plr_min",
)
_CURVES = {"capft": 6, "eirft": 6, "eirfplr": 3}
# Lift below which the Carnot ratio has no meaning for a real compressor.
_LIFT_MIN = 5.0

HALF_A_MACHINE = 0.5
"""Machines running beyond those needed, in the mean over the halls of a site [1]"""


@dataclass(frozen=True)
class ChillerCurves:
    """Curves of one chiller: a row set of ``chillers.csv``.

    Parameters
    ----------
    cop_ref : float
        Coefficient of performance at the reference temperatures and full load [1].
    temp_chilled_ref, temp_condenser_ref : float
        Leaving chilled water and entering condenser fluid at reference [degC].
    temp_chilled_min, temp_chilled_max, temp_condenser_min, temp_condenser_max : float
        Validity of the curves [degC].
    temp_condenser_floor : float
        Entering condenser fluid below which the machine gains no more: head pressure control, at
        or below the curves' end [degC].
    plr_min : float
        Part load below which a machine cycles [1].
    capft, eirft : tuple of six floats
        Biquadratic coefficients of capacity and input ratio.
    eirfplr : tuple of three floats
        Quadratic coefficients of the input ratio over part load.
    """

    name: str
    cop_ref: float
    temp_chilled_ref: float
    temp_condenser_ref: float
    temp_chilled_min: float
    temp_chilled_max: float
    temp_condenser_min: float
    temp_condenser_max: float
    temp_condenser_floor: float
    plr_min: float
    capft: tuple[float, ...]
    eirft: tuple[float, ...]
    eirfplr: tuple[float, ...]


@dataclass(frozen=True)
class ChillerPlant:
    """Chillers of a plant.

    Parameters
    ----------
    machines : float
        Number of equal machines [1].
    capacity_ratio : float
        Installed reference capacity over the design heat [MW MW-1].
    stage_up_load : float
        Part load above which one more machine starts [1].
    cop_scale : float
        Multiplier of the curves' coefficient of performance [1].
    warm_gain : float
        Highest gain per kelvin of chilled water above the curves' end [K-1].
    lift_offset : float
        Lift beyond that of the water: temperature differences in the exchangers [K].
    """

    machines: float
    capacity_ratio: float
    stage_up_load: float
    cop_scale: float
    warm_gain: float
    lift_offset: float


@cache
def _read_chillers(path_text: str) -> dict[str, dict[str, float]]:
    table: dict[str, dict[str, float]] = {}
    with Path(path_text).open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            table.setdefault(row["chiller"], {})[row["parameter"]] = float(row["value"])
    return table


def load_curves(name: str) -> ChillerCurves:
    """Return the curves of a chiller of ``data/cooling/chillers.csv``.

    Raises
    ------
    StudyError
        The name is not in the table.
    DataError
        Parameters of the chiller are missing.
    """
    path = data_dir() / "cooling" / "chillers.csv"
    table = _read_chillers(str(path))
    if name not in table:
        known = sorted(table)
        message = f"unknown chiller '{name}'{nearest(name, known)} (known: {', '.join(known)})"
        raise StudyError(Fault(path.name, message))
    values = table[name]
    needed = [*_SCALARS, *(f"{c}_c{i}" for c, n in _CURVES.items() for i in range(n))]
    missing = [parameter for parameter in needed if parameter not in values]
    if missing:
        raise DataError(Fault(path.name, f"chiller '{name}' lacks {', '.join(missing)}"))
    curves = {c: tuple(values[f"{c}_c{i}"] for i in range(n)) for c, n in _CURVES.items()}
    return ChillerCurves(name=name, **{s: values[s] for s in _SCALARS}, **curves)  # type: ignore[arg-type]


def biquadratic(coefficients: tuple[float, ...], x: npt.ArrayLike, y: npt.ArrayLike) -> Array:
    """``c0 + c1 x + c2 x^2 + c3 y + c4 y^2 + c5 x y``."""
    c0, c1, c2, c3, c4, c5 = coefficients
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    return np.asarray(c0 + c1 * x + c2 * x**2 + c3 * y + c4 * y**2 + c5 * x * y)


def beyond_curves(
    curves: ChillerCurves, plant: ChillerPlant, temp_chilled: Array, temp_condenser: Array
) -> Array:
    """Correction of the efficiency beyond the ends of the curves [1].

    Water warmer than the curves' end gains by the ratio of Carnot efficiencies, capped per kelvin;
    a condenser hotter than theirs loses by the ratio of lifts, a colder one gains by it down to the
    machine's floor. Within the curves it is 1.
    """
    x = np.minimum(temp_chilled, curves.temp_chilled_max)
    y = np.clip(temp_condenser, curves.temp_condenser_min, curves.temp_condenser_max)
    lift = np.maximum(y - temp_chilled + plant.lift_offset, _LIFT_MIN)
    lift_end = np.maximum(y - x + plant.lift_offset, _LIFT_MIN)
    carnot = (temp_chilled + ZERO_CELSIUS) / lift * lift_end / (x + ZERO_CELSIUS)
    warm = np.clip(carnot, 1.0, 1.0 + plant.warm_gain * (temp_chilled - x))
    beyond = np.maximum(temp_condenser, curves.temp_condenser_floor) - y
    return np.asarray(warm * lift_end / np.maximum(lift_end + beyond, _LIFT_MIN))


def coefficient_of_performance(
    curves: ChillerCurves,
    plant: ChillerPlant,
    part_load: npt.ArrayLike,
    temp_chilled: npt.ArrayLike,
    temp_condenser: npt.ArrayLike,
) -> Array:
    """Heat over electric power of one machine [1].

    Parameters
    ----------
    part_load : array_like
        Heat over the available capacity [1]; below the curves' minimum the machine cycles.
    temp_chilled, temp_condenser : array_like
        Leaving chilled water and entering condenser fluid [degC].
    """
    temp_chilled = np.asarray(temp_chilled, dtype=float)
    temp_condenser = np.asarray(temp_condenser, dtype=float)
    x = np.clip(temp_chilled, curves.temp_chilled_min, curves.temp_chilled_max)
    y = np.clip(temp_condenser, curves.temp_condenser_min, curves.temp_condenser_max)
    load = np.clip(part_load, curves.plr_min, 1.0)
    c0, c1, c2 = curves.eirfplr
    input_ratio = biquadratic(curves.eirft, x, y) * (c0 + c1 * load + c2 * load**2) / load
    correction = beyond_curves(curves, plant, temp_chilled, temp_condenser)
    return np.asarray(curves.cop_ref * plant.cop_scale * correction / input_ratio)


def chiller_power(
    curves: ChillerCurves,
    plant: ChillerPlant,
    heat: Array,
    heat_design: float,
    temp_chilled: npt.ArrayLike,
    temp_condenser: Array,
) -> Array:
    """Power of a staged plant of equal chillers [MW MW-1].

    A plant runs as few machines as keep each at or below its stage-up load. The halls of a site,
    and the minutes of an hour, reach that load at different moments; in their mean half a machine
    more runs than is needed, which has no steps.

    Parameters
    ----------
    heat : ndarray
        Heat taken by the chillers [MW MW-1].
    heat_design : float
        Heat of the hall at full load, to which the plant is sized [MW MW-1].
    temp_chilled, temp_condenser : array_like
        Leaving chilled water and entering condenser fluid [degC].

    Returns
    -------
    ndarray
        Electric power [MW MW-1].
    """
    x = np.clip(temp_chilled, curves.temp_chilled_min, curves.temp_chilled_max)
    y = np.clip(temp_condenser, curves.temp_condenser_min, curves.temp_condenser_max)
    unit = plant.capacity_ratio * heat_design / plant.machines * biquadratic(curves.capft, x, y)
    running = np.clip(heat / (unit * plant.stage_up_load) + HALF_A_MACHINE, 1.0, plant.machines)
    cop = coefficient_of_performance(
        curves, plant, heat / (running * unit), temp_chilled, temp_condenser
    )
    return np.asarray(heat / cop)
