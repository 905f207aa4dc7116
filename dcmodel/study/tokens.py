"""Tokens and outcomes in a result: what was served, what it took, what it cost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from dcmodel.components.base import SiteCase
from dcmodel.finance.annuity import capital_recovery_factor
from dcmodel.finance.metrics import levelised_cost
from dcmodel.study.cases import Case
from dcmodel.study.demand import class_of, fleet_of, mtok_per_mwh
from dcmodel.study.serving import serving_plan
from dcmodel.study.work import TaskChain
from dcmodel.workload.outcomes import Task
from dcmodel.workload.service import ServingPlan
from dcmodel.workload.tokens import Request
from dcmodel.workload.vintages import Vintages

FloatArray = npt.NDArray[np.float64]

CLASS = "work_class"
"""Dimension of what a result tells by class of work."""


def attach_tokens(result: xr.Dataset, case: Case, site_case: SiteCase) -> None:
    """Add tokens, their cost and that of outcomes; nothing where the study gives no tokens.

    Parameters
    ----------
    result : xarray.Dataset
        Of a solved case; changed in place.
    case : Case
    site_case : SiteCase
        What was solved, hour by hour.

    Notes
    -----
    The cost of the site and the annuity of its accelerators are shared among the classes by the
    work they were promised. Classes without a request carry their part and bring no tokens. Cost is
    over what was promised, with the value of what is lost in it: to lose work never makes the
    rest cheaper.
    """
    plan = serving_plan(case.spec.fleet)
    fleet = fleet_of(case.spec, site_case.it_capacity)
    requests = {name: class_of(case, name).request for name in site_case.workload.names}
    sized = {name: request for name, request in requests.items() if request is not None}
    if plan is None or fleet is None or not sized:
        return
    promised = np.asarray(site_case.workload.arrivals @ site_case.duration)
    work = promised - result["work_lost"].to_numpy()
    rates = np.array(
        [
            mtok_per_mwh(case.spec, name, sized[name], fleet, plan)
            if name in sized
            else np.zeros(len(site_case.years))
            for name in site_case.workload.names
        ]
    )
    tokens = work * rates
    result.coords[CLASS] = list(site_case.workload.names)
    _put(result, "work", (CLASS, "year"), work, "MWh", "Work served")
    _put(result, "mtok", (CLASS, "year"), tokens, "Mtok", "Tokens served")
    _put(result, "mtok_per_work", (CLASS, "year"), rates, "Mtok MWh-1", "Tokens per work")
    capital = _accelerators(fleet, case.spec.discount_rate)
    _put(result, "accelerator_cost", ("year",), capital, "USD", "Annuity of accelerators")
    result.attrs["tokens_counted"] = plan.counted.value
    _costs(result, case, sized, plan, capital, promised)


def _accelerators(fleet: Vintages, discount_rate: float) -> FloatArray:
    recovery = [capital_recovery_factor(discount_rate, chip.life) for chip in fleet.generations]
    return fleet.capital_cost(np.array(recovery))


def _costs(
    result: xr.Dataset,
    case: Case,
    sized: dict[str, Request],
    plan: ServingPlan,
    capital: FloatArray,
    work: FloatArray,
) -> None:
    """Add USD per million tokens and per outcome of the `work` promised, by class and over all."""
    factor = result["discount_factor"].to_numpy()
    site = result["cost"].sum("cost_term").to_numpy()
    tokens = work * result["mtok_per_work"].to_numpy()
    names = [str(name) for name in result[CLASS].to_numpy()]
    held = [name in sized for name in names]
    total = levelised_cost(site + capital, work.sum(axis=0), factor)
    power = levelised_cost(site, work.sum(axis=0), factor)
    present = tokens @ factor
    per_class = np.divide(
        total * (work @ factor), present, out=np.full(len(names), np.nan), where=present > 0
    )
    _put(result, "class_usd_per_mtok", (CLASS,), per_class, "USD Mtok-1", "Cost of tokens")
    mtok = float(present.sum())
    held_work = float((work @ factor)[held].sum())
    usd_per_mtok = total * held_work / mtok if mtok else np.nan
    site_usd_per_mtok = power * held_work / mtok if mtok else np.nan
    served = result["work"].to_numpy()
    energy = result["facility_energy"].to_numpy() * served[held].sum(axis=0)
    energy = np.divide(energy, served.sum(axis=0), out=np.zeros_like(energy), where=energy > 0)
    wall = float(result["mtok"].sum()) / energy.sum() if energy.sum() else np.nan
    for name, value, unit, words in (
        ("usd_per_mtok", usd_per_mtok, "USD Mtok-1", "Cost of a million tokens"),
        ("site_usd_per_mtok", site_usd_per_mtok, "USD Mtok-1", "Of it, site and power"),
        ("mtok_per_mwh", wall, "Mtok MWh-1", "Tokens per energy at the wall"),
    ):
        _put(result, name, (), value, unit, words)
    _outcomes(result, case, sized, plan, per_class, tokens @ factor)


def _outcomes(
    result: xr.Dataset,
    case: Case,
    sized: dict[str, Request],
    plan: ServingPlan,
    usd_per_mtok: FloatArray,
    mtok: FloatArray,
) -> None:
    """Add the cost of a useful outcome of each class with a task, and their mean by outcomes."""
    costs, outcomes = np.full(len(mtok), np.nan), np.zeros(len(mtok))
    for position, name in enumerate(case.spec.workloads):
        chain = case.spec.workloads[name].task
        if chain is None or name not in sized or mtok[position] <= 0:
            continue
        task = _task(chain)
        request = sized[name]
        costs[position] = task.cost_per_outcome(usd_per_mtok[position], request, plan.counted)
        per_outcome = task.tokens_per_outcome(request, plan.counted).amount
        outcomes[position] = 1e6 * mtok[position] / per_outcome
    if not outcomes.any():
        return
    _put(
        result,
        "class_usd_per_outcome",
        (CLASS,),
        costs,
        "USD outcome-1",
        "Cost of a useful outcome",
    )
    mean = float(np.nansum(costs * outcomes) / outcomes.sum())
    _put(result, "usd_per_outcome", (), mean, "USD outcome-1", "Cost of a useful outcome")


def _task(chain: TaskChain) -> Task:
    return Task(chain.steps, chain.success, chain.retries, chain.rework_usd)


def _put(
    result: xr.Dataset,
    name: str,
    dims: tuple[str, ...],
    values: npt.ArrayLike,
    units: str,
    words: str,
) -> None:
    result[name] = (dims, np.asarray(values, float), {"units": units, "long_name": words})
