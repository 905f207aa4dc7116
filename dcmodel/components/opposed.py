"""Flows of which one rules out the other in any step, as those into and out of a store.

A linear program cannot say so. Where drawing power pays (prices below zero, a rate that falls with
use, a service that wants load standing by), running both flows at once would burn energy and be
paid for it. A component names its pair here; `dcmodel.optimise.exclusive` holds the two apart, and
`dcmodel.optimise.verify` finds them apart in every result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyomo.environ as pyo

from dcmodel.arrays import ArrayConstraint, ArrayVar, FormulationError

FLOWS = ("charge", "discharge")
"""Names on a block of what goes into its content and what comes out of it, by year and step."""


@dataclass(frozen=True)
class Opposed:
    """Two flows of a block, by year and step, of which one at most is above zero.

    Parameters
    ----------
    into, out : ArrayVar
        The flows that raise and lower the content [MW].
    stored : ArrayVar
        Content at the end of the step [MWh].
    balance : ArrayConstraint
        Content from that of the step before and both flows, in all steps or most.
    limit : ArrayConstraint
        Content at the end of the step within its size, of which nothing is lost by waiting.
    """

    into: ArrayVar
    out: ArrayVar
    stored: ArrayVar
    balance: ArrayConstraint
    limit: ArrayConstraint | None = None


def opposed_flows(m: pyo.ConcreteModel) -> Iterator[tuple[pyo.Block, Opposed]]:
    """Return every block with two flows of which one rules out the other.

    Raises
    ------
    FormulationError
        Where a block charges and discharges and does not name its pair.
    """
    for block in m.block_data_objects(active=True):
        pair = getattr(block, "opposed", None)
        if isinstance(pair, Opposed):
            yield block, pair
        elif all(block.component(name) is not None for name in FLOWS):
            msg = (
                f"'{block.name}' declares charge and discharge; set its 'opposed' to an Opposed, "
                "or both may run in the same hour"
            )
            raise FormulationError(msg)
