r"""The electrical chain: grid, transformer, switchgear, UPS, PDU, IT.

Every device in series with rating :math:`S` and throughput :math:`P` loses

.. math:: L = S\,(k_0 + k_1 x + k_2 x^2), \qquad x = P / S,

a no-load, a proportional and a square-law part. The form is convex in the throughput and
homogeneous of degree one in throughput and rating. Redundancy sets the part load: with a multiplier
:math:`m = (N + r)/N` of installed over needed rating, devices run at :math:`x = P / (m S)`; 2N
(:math:`m = 2`) at 60 % of IT load runs each UPS at 30 %.

Losses cascade: what a device loses passes through every device before it. Cooling joins behind the
switchgear, or behind the UPS where it must ride through an outage (pumps of direct-to-chip halls).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dcmodel.facility.psychrometrics import Array

if TYPE_CHECKING:
    from dcmodel.facility.design import Design


@dataclass(frozen=True)
class Device:
    """Losses of one kind of device, all parallel units together.

    Parameters
    ----------
    k0, k1, k2 : float
        No-load, proportional and square-law loss per rating [1].
    rating : float
        Installed rating per MW of installed IT, redundancy included [MW MW-1].
    """

    k0: float
    k1: float
    k2: float
    rating: float


CHAIN_GROUPS: Mapping[str, type] = {
    "transformer": Device,
    "switchgear": Device,
    "ups": Device,
    "pdu": Device,
}
CHAIN_SCALARS = (
    "battery_float_ratio",
    "miscellaneous_ratio",
    "ups_heat_in_hall_fraction",
)


@dataclass(frozen=True, eq=False)
class ChainState:
    """Power through the chain per MW of installed IT [MW MW-1].

    Parameters
    ----------
    facility_power : ndarray
        Power drawn from the grid side of the transformer.
    loss : ndarray
        All electrical losses, battery float included.
    ups_throughput : ndarray
        Output of the UPS.
    """

    facility_power: Array
    loss: Array
    ups_throughput: Array


def redundancy_multiplier(needed: float, spare: float = 0.0, paths: float = 1.0) -> float:
    """Installed over needed rating: ``paths * (needed + spare) / needed`` units [1].

    N+1 of four is ``redundancy_multiplier(4, 1)`` = 1.25; 2N is ``redundancy_multiplier(1, 0, 2)``.
    """
    return paths * (needed + spare) / needed


def device_loss(throughput: npt.ArrayLike, device: Device) -> Array:
    """Loss of a device [MW] at an output of `throughput` [MW], both per MW of installed IT."""
    x = np.asarray(throughput, dtype=float) / device.rating
    return np.asarray(device.rating * (device.k0 + device.k1 * x + device.k2 * x**2))


def device_efficiency(throughput: npt.ArrayLike, device: Device) -> Array:
    """Output over input of a device [1]; zero at no load."""
    throughput = np.asarray(throughput, dtype=float)
    return np.asarray(throughput / (throughput + device_loss(throughput, device)))


def hall_losses(design: Design, load: Array) -> Array:
    """Heat that the chain and the building add to the hall [MW per MW of installed IT].

    PDU loss, the UPS loss of the IT path as far as it is in the cooled space, and lighting and
    other steady consumers.
    """
    pdu_loss = device_loss(load, design.group(Device, "pdu"))
    ups_loss = device_loss(load + pdu_loss, design.group(Device, "ups"))
    ups_share = design["ups_heat_in_hall_fraction"]
    return np.asarray(pdu_loss + ups_share * ups_loss + design["miscellaneous_ratio"])


def chain(design: Design, load: Array, on_ups: Array, on_switchgear: Array) -> ChainState:
    """Carry the IT load and the auxiliaries up to the grid.

    Parameters
    ----------
    design : Design
    load : ndarray
        IT power per installed IT [1].
    on_ups, on_switchgear : ndarray
        Power of cooling and building behind the UPS and beside it [MW MW-1].

    Returns
    -------
    ChainState
    """
    float_charge = design["battery_float_ratio"]
    pdu_input = load + device_loss(load, design.group(Device, "pdu"))
    ups_output = pdu_input + on_ups
    ups_input = ups_output + device_loss(ups_output, design.group(Device, "ups")) + float_charge
    low_voltage = ups_input + on_switchgear
    low_voltage = low_voltage + device_loss(low_voltage, design.group(Device, "switchgear"))
    facility = low_voltage + device_loss(low_voltage, design.group(Device, "transformer"))
    return ChainState(
        facility_power=facility,
        loss=np.asarray(facility - load - on_ups - on_switchgear),
        ups_throughput=np.asarray(ups_output),
    )
