r"""From work in MW to tokens: what a fleet serves at its operating points.

Work is the share of the installed power in use (`dcmodel.workload.fleet`): a fleet of
:math:`S` MW that serves work of :math:`S` runs every accelerator. Where an accelerator with its
share of the rack takes :math:`P` MW and serves :math:`n` tokens per second at its operating point,
one MWh of work serves :math:`3600\, n / P` tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dcmodel.base.units import SECONDS_PER_HOUR
from dcmodel.workload.accelerators import Accelerator
from dcmodel.workload.models import language_model
from dcmodel.workload.serving import (
    Deployment,
    OperatingPoint,
    best_group,
    holds,
    points_of,
)
from dcmodel.workload.tokens import Counted, Request
from dcmodel.workload.vintages import Vintages

FloatArray = npt.NDArray[np.float64]

_MILLION = 1e6
_DOMAINS = (2, 4, 8, 16)
"""Scale-up domains over which a model is spread that one cannot hold."""


@dataclass(frozen=True)
class ServingPlan:
    """What is served, and how."""

    model: str
    counted: Counted
    precision: str = "fp8"
    kv_precision: str = "fp8"
    small_model: str | None = None
    small_share: float = 0.0
    """Share of requests that the small model answers [1]."""


@dataclass(frozen=True)
class Service:
    """A class of work on one generation."""

    tokens_per_work: float
    """Million tokens, as the plan counts them, per MWh of work."""
    energy_per_mtok: float
    """IT energy of a busy accelerator per million tokens [MWh]."""
    point: OperatingPoint
    """Operating point of the larger model."""
    group: int
    """Accelerators that hold one copy of the larger model."""


def service(
    chip: Accelerator, plan: ServingPlan, request: Request, interactivity: float
) -> Service:
    """Return what one generation serves of a class.

    Parameters
    ----------
    chip : Accelerator
    plan : ServingPlan
        Requests answered by the small model take its accelerators; both are part of the work.
    request : Request
    interactivity : float
        Output tokens a second for each user; 0 is the most throughput.

    Returns
    -------
    Service
        At the group of accelerators with the most output.
    """
    how = (plan.precision, plan.kv_precision, request, interactivity)
    group, point = _best(chip, plan.model, *how)
    accelerator_seconds = 1 / point.rate(plan.counted).amount
    energy = point.energy(plan.counted)
    if plan.small_model is not None:
        _, small = _best(chip, plan.small_model, *how)
        share = plan.small_share
        mixed = (1 - share) * accelerator_seconds + share / small.rate(plan.counted).amount
        energy = (1 - share) * energy + share * small.energy(plan.counted)
        accelerator_seconds = mixed
    tokens = SECONDS_PER_HOUR / (accelerator_seconds * chip.it_power)
    return Service(tokens / _MILLION, energy, point, group)


@lru_cache(maxsize=512)
def _best(
    chip: Accelerator,
    model: str,
    precision: str,
    kv_precision: str,
    request: Request,
    interactivity: float,
) -> tuple[int, OperatingPoint]:
    deployment = Deployment(chip, language_model(model), precision, kv_precision, 1)
    domain = replace(deployment, group=chip.scale_up_domain)
    if holds(domain, request):
        found, point = best_group(deployment, request, interactivity)
    else:
        # what one scale-up domain cannot hold is spread over as few as will do
        sizes = [domains * chip.scale_up_domain for domains in _DOMAINS]
        found, point = points_of(deployment, sizes, request, interactivity)[0]
    return found.group, point


def tokens_per_work(
    fleet: Vintages, plan: ServingPlan, request: Request, interactivity: float
) -> FloatArray:
    """Return million tokens per MWh of work of the fleet of each year, shape (years,).

    Work falls on the generations in proportion to their power; zero where nothing stands.
    """
    each = np.array(
        [service(chip, plan, request, interactivity).tokens_per_work for chip in fleet.generations]
    )
    return np.asarray(fleet.shares() @ each)


def batch_saving(
    chip: Accelerator,
    plan: ServingPlan,
    request: Request,
    interactivity: float,
    batch_interactivity: float = 0.0,
) -> float:
    """Return the energy that deferred work saves by larger batches [1]: one less their ratio."""
    fast = service(chip, plan, request, interactivity).energy_per_mtok
    slow = service(chip, plan, request, batch_interactivity).energy_per_mtok
    return 1 - slow / fast


def work_of_requests(
    requests_per_s: FloatArray, request: Request, counted: Counted, mtok_per_mwh: FloatArray
) -> FloatArray:
    """Return the mean work of requests [MW], shape (years,)."""
    mtok_per_h = requests_per_s * request.tokens(counted).amount * SECONDS_PER_HOUR / _MILLION
    return np.divide(mtok_per_h, mtok_per_mwh, out=np.zeros_like(mtok_per_h), where=mtok_per_h > 0)
