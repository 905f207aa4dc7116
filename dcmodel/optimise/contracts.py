"""Contracts of a solved site: paid gross, sold again, net; and what is owed after the horizon.

What contracts deliver as produced and nobody uses is sold by the tariff as one amount. It is given
to the contracts in proportion to what each delivers in the hour, so that what a contract earns by
resale stands beside what is paid for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo
import xarray as xr

from dcmodel.base.resolution import without_crumbs
from dcmodel.components.base import SiteCase, offering
from dcmodel.components.contract import PAYMENT, RESALE, Contract
from dcmodel.finance.annuity import discount_factors
from dcmodel.finance.bill import Meter, total
from dcmodel.finance.obligations import Obligation
from dcmodel.markets.base import TariffForm

FloatArray = npt.NDArray[np.float64]


def contract_account(m: pyo.ConcreteModel, case: SiteCase, cost: xr.DataArray) -> xr.Dataset:
    """Return payment, resale and energy of each contract and year.

    Parameters
    ----------
    m : Pyomo model
        With the solution loaded.
    case : SiteCase
    cost : DataArray
        Cost terms by year, of `dcmodel.optimise.extract.site_costs`.

    Returns
    -------
    xarray.Dataset
        ``contract_gross_payment``, ``contract_resale`` (below zero), ``contract_net`` [USD],
        ``contract_delivered`` and ``contract_sold`` [MWh] by ``supply_contract`` and year. Payments
        sum to the cost terms of the category `PAYMENT`, resale to those of `RESALE`. Empty without
        contracts.
    """
    category = cost["cost_category"].to_numpy()
    owner = cost["cost_component"].to_numpy()
    values = cost.transpose("cost_term", "year").to_numpy()
    told = np.isin(category, (PAYMENT, RESALE))
    kinds = [block.index() for block in m.asset.values() if block.index() in owner[told]]
    if not kinds:
        return xr.Dataset()
    surplus, worth = _surplus(m), _surplus_worth(m)
    firm = {block.index(): np.asarray(block.settled.array) for block in offering(m, "settled")}
    given = {block.index(): np.asarray(block.delivery.array) for block in offering(m, "delivery")}
    none = np.zeros((len(case.years), len(case.duration)))
    found: dict[str, list[FloatArray]] = {name: [] for name in _DOCS}
    for kind in kinds:
        payment = values[(owner == kind) & (category == PAYMENT)].sum(axis=0)
        own = values[(owner == kind) & (category == RESALE)].sum(axis=0)
        unused = surplus.get(kind, none)
        resale = own - (unused * worth) @ case.duration
        found["gross_payment"].append(payment)
        found["resale"].append(resale)
        found["net"].append(payment + resale)
        found["delivered"].append(given.get(kind, none) @ case.duration)
        found["sold"].append((firm.get(kind, none) + unused) @ case.duration)
    account = xr.Dataset(coords={"supply_contract": kinds, "year": list(case.years)})
    for name, (title, unit) in _DOCS.items():
        told_values = without_crumbs(np.array(found[name]), unit)
        account[f"contract_{name}"] = (
            ("supply_contract", "year"), told_values, {"long_name": title, "units": unit},
        )  # fmt: skip
    return account


_DOCS = {
    "gross_payment": ("Paid for a contract, before resale", "USD"),
    "resale": ("Received for contract energy sold, below zero", "USD"),
    "net": ("Contract payment less resale", "USD"),
    "delivered": ("Contract energy delivered", "MWh"),
    "sold": ("Contract energy not used at the meter and sold", "MWh"),
}


def _surplus(m: pyo.ConcreteModel) -> dict[str, FloatArray]:
    """Return the part of each contract in the surplus that the tariff sells [MW]."""
    if m.component("surplus") is None:
        return {}
    firm = offering(m, "settled")
    given = {
        block.index(): np.asarray(block.delivery.array, dtype=float)
        for block in offering(m, "delivery")
        if block not in firm
    }
    return shares_of(np.asarray(m.surplus.array, dtype=float), given)


def shares_of(surplus: FloatArray, delivered: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Return a surplus by contract, in proportion to what each delivers in the hour."""
    whole = sum(delivered.values())
    share = np.divide(surplus, whole, out=np.zeros_like(surplus), where=np.asarray(whole) > 0)
    return {kind: power * share for kind, power in delivered.items()}


def _surplus_worth(m: pyo.ConcreteModel) -> FloatArray | float:
    """Return what the tariff pays for surplus [USD MWh-1], shape (years, steps)."""
    paying = [block for block in m.tariff.values() if block.component("resale_price") is not None]
    return sum(np.asarray(block.resale_price.array, dtype=float) for block in paying)


def surplus_price(case: SiteCase, y: int) -> FloatArray:
    """Return what the tariffs of a case pay for surplus in each hour of a year [USD MWh-1]."""
    series = case.hour_series(y)
    prices = [
        price
        for form in case.tariffs
        if isinstance(form, TariffForm) and (price := form.surplus_price(series)) is not None
    ]
    return np.asarray(sum(prices, start=np.zeros(len(case.clock.hours))))


def sizes_of(result: xr.Dataset) -> dict[str, FloatArray]:
    """Return the sizes of a result by name, each of shape (years,)."""
    sizes = result["capacity"]
    return {
        str(name): np.asarray(sizes.sel(size=name), dtype=float) for name in sizes["size"].values
    }


def attach_obligations(result: xr.Dataset, case: SiteCase) -> None:
    """Add what is owed after the horizon, one row a contract and year of signature.

    ``obligation_*`` run over one dimension; ``owed_after_horizon`` and its present value are their
    sums [USD]. Changed in place.
    """
    sizes = sizes_of(result)
    parts = (*case.components, *case.tariffs)
    rows = [owed for part in parts for owed in part.obligations(case, sizes)]
    factor, last = float(case.discount_factor[-1]), case.years[-1]
    present = [row.present_value(case.discount_rate, factor) for row in rows]
    columns: dict[str, tuple[list[float] | list[int] | list[str], str, str]] = {
        "contract": ([row.contract for row in rows], "1", "Contract"),
        "year_signed": ([row.signed for row in rows], "1", "Year of signature"),
        "contracted": ([row.capacity for row in rows], "MW", "Contracted power"),
        "price": ([row.price for row in rows], "1", "Price after the horizon, in price_unit"),
        "price_unit": ([row.price_unit for row in rows], "1", "Unit of the price"),
        "term_end": ([row.term_end for row in rows], "1", "Last year of the term"),
        "years_left": ([row.term_end - last for row in rows], "yr", "Years owed after the horizon"),
        "yearly_payment": (
            [row.payments[0] for row in rows], "USD", "Payment of the first year after the horizon",
        ),
        "yearly_delivery": (
            [row.delivery for row in rows], "MWh", "Energy expected for it in a year",
        ),
        "owed": ([row.owed for row in rows], "USD", "Owed after the horizon, not discounted"),
        "owed_present_value": (present, "USD", "Owed after the horizon, present value"),
    }  # fmt: skip
    if rows:
        for name, (values, unit, title) in columns.items():
            array = np.asarray(values)
            told = without_crumbs(array, unit) if array.dtype.kind == "f" else array
            attributes = {"units": unit, "long_name": title}
            result[f"obligation_{name}"] = ("obligation", told, attributes)
    for name, values, words in (
        ("owed_after_horizon", columns["owed"][0], "Owed for contracts after the last year"),
        ("owed_after_horizon_present", present, "Present value of what is owed after it"),
    ):
        amount = float(sum(float(value) for value in values))
        result[name] = ((), amount, {"units": "USD", "long_name": words})


def obligation_error(result: xr.Dataset, case: SiteCase, last: Meter) -> float:
    """Return the largest difference of what is owed from its recomputation, relative [1].

    A contract is followed year by year from its signature at its price then; a tariff is billed on
    an idle meter in every year of the term after the horizon.

    Parameters
    ----------
    result : xarray.Dataset
        With obligations.
    case : SiteCase
    last : Meter
        Of the last year.
    """
    sizes = sizes_of(result)
    due = [
        _followed(part, row, case, sizes) if isinstance(part, Contract) else {}
        for part in case.components
        for row in part.obligations(case, sizes)
    ]
    due += [
        _idle_bills(form, row, case, last) if isinstance(form, TariffForm) else {}
        for form in case.tariffs
        for row in form.obligations(case, sizes)
    ]
    if not due:
        return 0.0
    worst = 0.0
    for paid, owed, present in zip(
        due,
        result["obligation_owed"].to_numpy(),
        result["obligation_owed_present_value"].to_numpy(),
        strict=True,
    ):
        factor = discount_factors(list(paid), case.discount_rate, base_year=case.years[0])
        amounts = np.array(list(paid.values()))
        worst = max(worst, _apart(owed, amounts.sum()), _apart(present, factor @ amounts))
    return worst


def _followed(
    part: Contract, row: Obligation, case: SiteCase, sizes: Mapping[str, FloatArray]
) -> dict[int, float]:
    """Return the payments after the horizon of a contract followed year by year [USD]."""
    offer, at = part.terms_in(case), case.years.index(row.signed)
    energy = float(sizes[f"{part.label}.signed"][at] * part.paid_energy(case)[-1])
    price, year = case.contract_price_scale * float(offer.price[at]), row.signed
    paid = {}
    while year - row.signed < offer.term_years:
        if year > case.years[-1]:
            paid[year] = energy * price
        price, year = price * offer.growth, year + 1
    return paid


def _idle_bills(form: TariffForm, row: Obligation, case: SiteCase, last: Meter) -> dict[int, float]:
    """Return the bills of a form on a meter that records nothing, to the end of a term [USD]."""
    idle, first = np.zeros_like(last.grid_import), case.years[0]
    return {
        year: total(form, replace(last, grid_import=idle, year=year, position=year - first))
        for year in range(case.years[-1] + 1, row.term_end + 1)
    }


def _apart(found: float, expected: float) -> float:
    return abs(found - expected) / max(abs(expected), 1.0)
