"""Checks of every solution, by other means than the model's equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from dcmodel.base.errors import Fault, SolverError
from dcmodel.components.base import Held, SiteCase
from dcmodel.components.contract import PAYMENT, RESALE
from dcmodel.components.idle import IDLE_MW
from dcmodel.finance.bill import Meter, chained, itemise, total
from dcmodel.optimise.contracts import obligation_error, shares_of, surplus_price
from dcmodel.optimise.opposed import smaller_flow
from dcmodel.workload.deferral import served_first_in_first_out

FloatArray = npt.NDArray[np.float64]

BALANCE_MW = 1e-6
"""Power balance of every hour closes within this. [MW]"""
COST_RELATIVE = 1e-9
"""Cost terms sum to the objective within this. [1]"""
WORK_MWH = 1e-3
"""Work of a year served late, early or not at all stays below this. [MWh]"""
BILL_RELATIVE = 1e-6
"""Bills recomputed from the meter equal the model's charges within this. [1]"""
OPPOSED_RELATIVE = 1e-5
"""Of charge and discharge in one step the smaller is below this share of the year's largest. [1]"""
CENT_USD = 0.01
"""Bills that differ by less do not differ. [USD]"""
WORTH_STATING_USD = 1e4
"""Contracts that move less money are rounding of the solver: a cent of this is the limit. [USD]"""


@dataclass(frozen=True)
class Verification:
    """What the checks found; the attributes of a result say it."""

    balance_mw: float
    """Largest hourly difference between supply and facility power [MW]."""
    cost_relative: float
    """Discounted cost terms against the objective [1]."""
    work_mwh: float
    """Work of the worst year served after its window, before it arrived, or not at all [MWh]."""
    bill_relative: float
    """Largest difference of a yearly bill from the model's charges [1]."""
    contract_relative: float
    """Largest difference of a contract's yearly statement from the model's cost [1]."""
    idle_loss_mw: float
    """Largest load or work lost in an hour beside idle contracted power [MW]."""
    opposed_relative: float
    """Smaller of charge and discharge in the worst step, over the largest of its year [1]."""
    obligation_relative: float = 0.0
    """Largest difference of what is owed after the horizon from its recomputation [1]."""

    @property
    def attributes(self) -> dict[str, float]:
        """The figures by name and unit, for a result."""
        return {
            "check_balance_mw": self.balance_mw,
            "check_cost_relative": self.cost_relative,
            "check_work_mwh": self.work_mwh,
            "check_bill_relative": self.bill_relative,
            "check_contract_relative": self.contract_relative,
            "check_idle_loss_mw": self.idle_loss_mw,
            "check_obligation_relative": self.obligation_relative,
            "check_opposed_relative": self.opposed_relative,
        }


def verify(result: xr.Dataset, case: SiteCase, objective: float) -> Verification:
    """Check balance, cost terms, deadlines, bills and stores of a solved case.

    Parameters
    ----------
    result : xarray.Dataset
        From `dcmodel.optimise.extract.site_dataset`.
    case : SiteCase
        The case that was solved, hourly or on segments.
    objective : float
        Objective of the solution [USD].

    Raises
    ------
    SolverError
        When a check fails; every failed check is named.
    """
    found = Verification(
        balance_mw=balance_error(result),
        cost_relative=cost_error(result, objective),
        work_mwh=work_error(result, case),
        bill_relative=bill_error(result, case),
        contract_relative=contract_error(result, case),
        idle_loss_mw=idle_loss(result, case),
        obligation_relative=obligation_error(result, case, meters(result, case)[-1]),
        opposed_relative=opposed_error(result),
    )
    faults = [
        Fault(case.name, f"{what} differs by {value:.3g} {unit}; at most {limit:g} is allowed")
        for what, value, limit, unit in (
            ("the power balance", found.balance_mw, BALANCE_MW, "MW"),
            ("the sum of cost terms", found.cost_relative, COST_RELATIVE, "of the objective"),
            ("work against its deadline", found.work_mwh, WORK_MWH, "MWh"),
            ("a bill from the meter", found.bill_relative, BILL_RELATIVE, "of the charge"),
            ("a statement of a contract", found.contract_relative, BILL_RELATIVE, "of its cost"),
            ("load served and load lost beside idle power", found.idle_loss_mw, IDLE_MW, "MW"),
            ("what is owed after the horizon", found.obligation_relative, BILL_RELATIVE, "of it"),
        )
        if not value <= limit
    ]
    if not found.opposed_relative <= OPPOSED_RELATIVE:
        msg = (
            f"a store charges and discharges in the same step, by {found.opposed_relative:.3g} of "
            f"its largest flow; at most {OPPOSED_RELATIVE:g} is allowed"
        )
        faults.append(Fault(case.name, msg))
    if faults:
        raise SolverError(faults)
    return found


def idle_loss(result: xr.Dataset, case: SiteCase) -> float:
    """Return the largest loss in an hour in which firm contracted power stands idle [MW].

    Load that is not served, and refused work of classes that do not state what it is worth.
    """
    lost = np.zeros(result["grid_import"].shape)
    if "unserved" in result:
        lost = lost + result["unserved"].to_numpy()
    stated = dict(zip(case.workload.names, case.workload.value, strict=False))
    for name in result["dropped_class"].to_numpy() if "dropped" in result else ():
        if stated.get(str(name)) is None:
            lost = lost + result["dropped"].sel(dropped_class=name).to_numpy()
    sizes = [str(name) for name in result["size"].to_numpy() if str(name).endswith(".contracted")]
    bought = [name for name in sizes if name.partition(".")[0] in _kinds(case)]
    if not bought:
        return 0.0
    contracted = result["capacity"].sel(size=bought).sum("size").to_numpy()[:, None]
    idle = np.maximum(contracted - result["grid_import"].to_numpy(), 0.0)
    return float(np.minimum(idle, lost).max(initial=0.0))


def _kinds(case: SiteCase) -> set[str]:
    """Return the labels of the case's components: what a tariff calls contracted is no supply."""
    return {part.label for part in case.components}


def opposed_error(result: xr.Dataset) -> float:
    """Return the smaller of charge and discharge of the worst store and step, relative [1]."""
    if "charge" not in result:
        return 0.0
    into, out = (result[name].transpose(..., "time").to_numpy() for name in ("charge", "discharge"))
    # what names no flows has none
    return float(smaller_flow(np.nan_to_num(into), np.nan_to_num(out)).max(initial=0.0))


def balance_error(result: xr.Dataset) -> float:
    """Return the largest hourly difference between supply and facility power [MW]."""
    supply = result["supply"].sum("component")
    return float(np.abs(supply - result["facility_power"]).max())


def cost_error(result: xr.Dataset, objective: float) -> float:
    """Return the discounted sum of cost terms against the objective, relative [1]."""
    discounted = float((result["cost"] * result["discount_factor"]).sum())
    return abs(discounted - objective) / max(abs(objective), 1.0)


def work_error(result: xr.Dataset, case: SiteCase) -> float:
    """Return the work of the worst year and class that was lost or broke its deadline [MWh].

    Over a year, work that arrived is served, dropped or saved by larger batches. On hours, every
    unit of work is replayed first in, first out. On segments the waiting work is held against the
    work that arrived in the window before the end of the segment.
    """
    return max(_lost_work(result), _late_work(result, case))


def _lost_work(result: xr.Dataset) -> float:
    """Return work of the worst year that arrived and is not accounted for [MWh]."""
    left = result["work_arrived"] - result["work_served"]
    if "dropped" in result:
        left = left - result["dropped"].sum("dropped_class")
    if "work_unserved" in result:
        left = left - result["work_unserved"]
    dark = 1 - result["it_energised"] / result["it_capacity"].where(result["it_capacity"] > 0)
    left = left - result["work_arrived"] * dark.fillna(0.0)
    if "work_saved" in result:
        left = left - result["work_saved"]
    return float(np.abs((left * result["duration"]).sum("time")).max())


def _late_work(result: xr.Dataset, case: SiteCase) -> float:
    """Return work of the worst year and class that broke its deadline [MWh]."""
    if "backlog" not in result:
        return 0.0
    rows = [case.workload.names.index(name) for name in result["workload"].to_numpy()]
    waiting = result["backlog"].to_numpy()
    if not np.all(case.duration == 1.0):
        over = float((waiting - case.workload.backlog_max[rows]).max())
        return max(over, float(-waiting.min()), 0.0)
    worst = 0.0
    for k, row in enumerate(rows):
        arrivals = case.workload.arrivals[row]
        served = arrivals + waiting[k][:, case.previous] - waiting[k]
        for y in range(len(case.years)):
            replay = served_first_in_first_out(arrivals[y], served[y], case.workload.window_h[row])
            worst = max(worst, replay.late, replay.unserved, replay.early)
    return worst


def meters(result: xr.Dataset, case: SiteCase) -> list[Meter]:
    """Return what the meter of each year recorded, hour by hour: one power in all hours of a step.

    Parameters
    ----------
    result : xarray.Dataset
        A solved case.
    case : SiteCase
    """
    clock, contracts = case.clock, result["contract"].to_numpy()
    sizes = result["capacity"]
    names = sizes["size"].to_numpy()
    found = []
    for y, year in enumerate(case.years):
        one = result.isel(year=y)
        metered = one["grid_import"].to_numpy()
        used = metered - one["delivery"].sel(contract="purchase").to_numpy()
        surplus = np.zeros_like(metered)
        if "surplus" in contracts:
            surplus = -one["delivery"].sel(contract="surplus").to_numpy()
        found.append(
            Meter(
                time=clock.time,
                grid_import=clock.expand(metered),
                hours=clock.hours,
                contract_use=clock.expand(used),
                surplus=clock.expand(surplus),
                series=case.hour_series(y),
                sizes={str(size): float(sizes.sel(size=size).isel(year=y)) for size in names},
                year=year,
                discount=1.0 / (1.0 + case.discount_rate),
            )
        )
    return chained(found)


def attach_bills(result: xr.Dataset, case: SiteCase) -> None:
    """Add the lines of every tariff's bill as ``bill_*`` over one dimension; changed in place.

    Parameters
    ----------
    result : xarray.Dataset
        A solved case.
    case : SiteCase
    """
    lines = []
    for meter in meters(result, case):
        table = itemise(case.tariffs, meter)
        table.insert(0, "year", meter.year)
        lines.append(table)
    bill = pd.concat(lines, ignore_index=True)
    for column in bill.columns:
        values = bill[column].to_numpy()
        text = values.dtype.kind not in "if"
        name = f"bill_{column}"
        result[name] = ("bill_line", values.astype(str) if text else values)
        units = {"rate": "USD per unit of bill_unit", "quantity": "bill_unit", "amount": "USD"}
        result[name].attrs |= {"units": units.get(column, "1"), "long_name": f"Bill: {column}"}


def bill_error(result: xr.Dataset, case: SiteCase) -> float:
    """Return the largest difference of a tariff's yearly bill from the model's charges [1].

    Every tariff form is billed anew from the meter, year by year.
    """
    worst = 0.0
    read = meters(result, case)
    for form in case.tariffs:
        charged = result["cost"].where(result["cost_component"] == form.label, drop=True)
        for y, meter in enumerate(read):
            model, billed = float(charged.isel(year=y).sum()), total(form, meter)
            apart = abs(billed - model)
            if apart >= CENT_USD:  # a year without load has rounding for charges
                worst = max(worst, apart / max(abs(model), 1.0))
    return worst


def contract_error(result: xr.Dataset, case: SiteCase) -> float:
    """Return the largest difference of a contract's yearly statement from the model's cost [1].

    Payment and resale are stated apart, the latter with the contract's part of the surplus that the
    tariff sells; what is told of contracts must sum to the cost terms. Relative to the money that
    the contract moves either way, terms that earn and terms that cost.
    """
    worst = 0.0
    account = result if "supply_contract" in result.dims else None
    for part in case.components:
        terms = result["cost"].where(result["cost_component"] == part.label, drop=True)
        for y in range(len(case.years)):
            stated = part.statement(case, y, _held(result, part.label, y))
            if stated is None:
                break
            now = terms.isel(year=y)
            moved = max(float(np.abs(now).sum()), WORTH_STATING_USD)
            worst = max(worst, abs(stated.net - float(now.sum())) / moved)
            if account is not None:
                told = account.sel(supply_contract=part.label).isel(year=y)
                resale = stated.resale - _resold(result, case, part.label, y)
                worst = max(
                    worst,
                    abs(stated.payment - float(told["contract_gross_payment"])) / moved,
                    abs(resale - float(told["contract_resale"])) / moved,
                )
    return worst if account is None else max(worst, _untold(result))


def _untold(result: xr.Dataset) -> float:
    """Return what the sums of contracts differ by from the cost terms, relative [1]."""
    worst = 0.0
    for name, category in (("contract_gross_payment", PAYMENT), ("contract_resale", RESALE)):
        terms = result["cost"].where(result["cost_category"] == category, drop=True)
        apart = np.abs(result[name].sum(dim="supply_contract") - terms.sum(dim="cost_term"))
        moved = np.abs(terms.to_numpy()).sum(axis=terms.get_axis_num("cost_term"))
        worst = max(worst, float((apart / np.maximum(moved, WORTH_STATING_USD)).max()))
    return worst


def _resold(result: xr.Dataset, case: SiteCase, label: str, y: int) -> float:
    """Return what the tariff pays for a contract's part of the surplus, hour by hour [USD]."""
    delivery = result["delivery"].isel(year=y)
    names = [str(name) for name in delivery["contract"].to_numpy()]
    if "surplus" not in names or label not in names or f"{label}.settled" in names:
        return 0.0
    as_produced = {
        name: delivery.sel(contract=name).to_numpy()
        for name in names
        if name not in ("purchase", "surplus")
        and not name.endswith(".settled")
        and f"{name}.settled" not in names
    }
    unused = shares_of(-delivery.sel(contract="surplus").to_numpy(), as_produced)[label]
    clock = case.clock
    return float((clock.expand(unused) * surplus_price(case, y)) @ clock.hours)


def _held(result: xr.Dataset, label: str, y: int) -> Held:
    """Return what a result holds of one contract in a year."""
    sizes, delivery = result["capacity"], result["delivery"].isel(year=y)
    none = np.zeros(result.sizes["time"])

    def power(name: str) -> FloatArray:
        known = name in result["contract"].to_numpy()
        return np.asarray(delivery.sel(contract=name)) if known else none

    signed = f"{label}.signed"
    known = signed in sizes["size"].to_numpy()
    return Held(
        signed=sizes.sel(size=signed).to_numpy() if known else np.zeros(result.sizes["year"]),
        delivered=power(label),
        sold=-power(f"{label}.settled"),
    )
