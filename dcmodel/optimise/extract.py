"""Solution of a site model as one xarray Dataset with CF attributes."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo
import xarray as xr

from dcmodel.arrays import CostTerm, LinearProgram
from dcmodel.base.resolution import without_crumbs
from dcmodel.base.units import KG_PER_TONNE
from dcmodel.components.base import SiteCase, offering
from dcmodel.components.opposed import opposed_flows
from dcmodel.finance.metrics import levelised_cost
from dcmodel.optimise.clean import clean_account
from dcmodel.optimise.contracts import attach_obligations, contract_account
from dcmodel.optimise.lost import add_lost_work, promised_energy

FloatArray = npt.NDArray[np.float64]

_UNIT = re.compile(r"^(?P<title>.*?)\s*\[(?P<units>[^\]]*)\]$")


def described(doc: str) -> dict[str, str]:
    """Return CF attributes from a documentation string such as ``"Charging power [MW]"``."""
    match = _UNIT.match(doc or "")
    if match is None:
        return {"long_name": doc or "", "units": "1"}
    return {"long_name": match["title"], "units": match["units"]}


def component_name(name: str) -> str:
    """Return ``component.part`` from a Pyomo name such as ``asset[battery].power``."""
    return re.sub(r"^(?:asset|tariff|requirement)\[(?P<kind>[^\]]+)\]", r"\g<kind>", name)


def site_sizes(m: pyo.ConcreteModel) -> xr.DataArray:
    """Return every capacity of the model by year, with unit and title of each.

    A capacity is a variable or an expression over the years alone that belongs to a component or a
    tariff form and whose unit is MW or MWh; the additions of each year are told by ``_built``.
    """
    found: dict[str, tuple[FloatArray, dict[str, str]]] = {}
    for block in (*m.asset.values(), *m.tariff.values()):
        for part in block.component_objects((pyo.Var, pyo.Expression)):
            attributes = described(part.doc)
            if isinstance(part, CostTerm):
                continue
            if part.shape == (len(m.Y),) and attributes["units"] in {"MW", "MWh"}:
                values = without_crumbs(part.array, attributes["units"])
                found[component_name(part.name)] = (values, attributes)
    return xr.DataArray(
        np.array([values for values, _ in found.values()]).reshape(len(found), len(m.Y)),
        dims=("size", "year"),
        coords={
            "size": list(found),
            "size_units": ("size", [attributes["units"] for _, attributes in found.values()]),
            "size_title": ("size", [attributes["long_name"] for _, attributes in found.values()]),
        },
        attrs={"long_name": "Capacity, in the unit of size_units", "units": "1"},
    )


def site_costs(lp: LinearProgram, x: FloatArray) -> xr.DataArray:
    """Return undiscounted cost by term and year [USD], with component and category of each term."""
    names = [component_name(name) for name in lp.term_names]
    return xr.DataArray(
        without_crumbs(lp.term_values(x), "USD"),
        dims=("cost_term", "year"),
        coords={
            "cost_term": names,
            "cost_component": ("cost_term", [name.partition(".")[0] for name in names]),
            "cost_category": ("cost_term", list(lp.term_categories)),
        },
        attrs={"units": "USD", "long_name": "Cost of the year, undiscounted, real"},
    )


def add_beside(result: xr.Dataset, name: str, reference: xr.DataArray) -> None:
    """Add what the reference has beside what the optimum has; changed in place.

    Labels that one of them lacks are zero there, so that neither loses a cost or a size.

    Parameters
    ----------
    result : xarray.Dataset
        With the variable `name` over one dimension of labels, and the year.
    name : str
        ``cost`` or ``capacity``.
    reference : xarray.DataArray
        The same of the reference.
    """
    own = result[name]
    dim = str(own.dims[0])
    labels = list(dict.fromkeys([*own[dim].to_numpy(), *reference[dim].to_numpy()]))
    words = [str(key) for key in own.coords if own[key].dims == (dim,) and key != dim]
    text: dict[str, dict[str, str]] = {key: {} for key in words}
    for part in (reference, own):
        for key in words:
            text[key] |= zip(part[dim].to_numpy(), part[key].to_numpy(), strict=True)
    for key in [str(k) for k in result.variables if dim in result[k].dims]:
        del result[key]
    for title, values in ((name, own), (f"reference_{name}", reference)):
        plain = values.reset_coords(drop=True).reindex({dim: labels}, fill_value=0.0)
        result[title] = plain.assign_attrs(own.attrs)
    for key in words:
        result.coords[key] = (dim, [text[key][label] for label in labels])


def site_dataset(
    m: pyo.ConcreteModel, lp: LinearProgram, case: SiteCase, x: FloatArray, time: npt.ArrayLike
) -> xr.Dataset:
    """Return the solved case as a Dataset.

    Parameters
    ----------
    m : Pyomo model
        With the solution loaded.
    lp : LinearProgram
        Its arrays.
    case : SiteCase
        What the model was built from.
    x : array of shape (columns,)
        The solution.
    time : array of datetime64, shape (steps,)
        Beginning of each step [UTC].

    Returns
    -------
    xarray.Dataset
        Dims year, time, component, contract, workload, size, cost_term; every variable has
        ``units`` and ``long_name``.
    """
    result = xr.Dataset(
        coords={
            "year": np.asarray(case.years),
            "time": ("time", np.asarray(time), {"long_name": "Beginning of the step, UTC"}),
            "duration": ("time", case.duration, {"units": "h", "long_name": "Length of the step"}),
            "month": ("time", case.month, {"long_name": "Month in the site's local calendar"}),
        }
    )
    _hourly(result, m, case)
    _by_source(result, m)
    _backlog(result, m)
    _by_class(result, m)
    add_lost_work(result, m, case)
    _stored(result, m, case)
    result["capacity"] = site_sizes(m)
    result["cost"] = site_costs(lp, x)
    result.update(contract_account(m, case, result["cost"]))
    _yearly(result, m, case)
    attach_obligations(result, case)
    return result


def _put(
    result: xr.Dataset, name: str, dims: tuple[str, ...], values: npt.ArrayLike, doc: str
) -> None:
    attributes = described(doc)
    told = np.asarray(values, dtype=float)
    if "time" not in dims:  # what a person reads; hours are kept as they were dispatched
        told = without_crumbs(told, attributes["units"])
    result[name] = (dims, told, attributes)


def _hourly(result: xr.Dataset, m: pyo.ConcreteModel, case: SiteCase) -> None:
    """Add the hourly series of the site and of its grid."""
    hourly = ("year", "time")
    for name in ("it_power", "facility_power", "grid_import", "water_use"):
        part = m.component(name)
        _put(result, name, hourly, part.array, part.doc)
    _put(result, "work_arrived", hourly, case.workload.total, "Work arriving [MW]")
    _put(result, "work_served", hourly, m.work.array, "Work served [MW]")
    result.coords["work_class"] = list(case.workload.names)
    doc = "Work arriving, by class [MW]"
    _put(result, "work_arrived_by_class", ("work_class", *hourly), case.workload.arrivals, doc)
    for name, doc in (
        ("price_energy", "Wholesale price of energy [USD MWh-1]"),
        ("emission_factor", "Emission factor of the grid [kg MWh-1]"),
    ):
        if name in case.series:
            _put(result, name, hourly, case.series[name], doc)
    if "temp_air" in case.series:
        _put(result, "temp_air", ("time",), case.series["temp_air"][0], "Air temperature [degC]")


def _by_source(result: xr.Dataset, m: pyo.ConcreteModel) -> None:
    """Add who supplies the site bus and who sells the metered energy."""
    hourly = ("year", "time")
    supply = {"grid_import": m.grid_import.array}
    supply |= {block.index(): block.supply.array for block in offering(m, "supply")}
    delivery = {"purchase": m.purchase.array}
    delivery |= {block.index(): block.delivery.array for block in offering(m, "delivery")}
    if m.component("surplus") is not None:
        delivery["surplus"] = -np.asarray(m.surplus.array)
    delivery |= {
        f"{block.index()}.settled": -np.asarray(block.settled.array)
        for block in offering(m, "settled")
    }
    for name, dim, parts, doc in (
        ("supply", "component", supply, "Power into the site bus [MW]"),
        ("delivery", "contract", delivery, "Energy bought for the meter [MW]"),
    ):
        result.coords[dim] = list(parts)
        _put(result, name, (dim, *hourly), np.stack(list(parts.values())), doc)


def _backlog(result: xr.Dataset, m: pyo.ConcreteModel) -> None:
    """Add the work that waits, where a component lets it."""
    for block in offering(m, "backlog"):
        result.coords["workload"] = list(block.K)
        _put(
            result, "backlog", ("workload", "year", "time"), block.backlog.array, block.backlog.doc
        )


def _by_class(result: xr.Dataset, m: pyo.ConcreteModel) -> None:
    """Add what components tell of classes of work: dropped, and served in larger batches."""
    for name, members in (("dropped", "K"), ("batched", "S")):
        for block in offering(m, name):
            part, dim = block.component(name), f"{name}_class"
            result.coords[dim] = list(block.component(members))
            _put(result, name, (dim, "year", "time"), part.array, part.doc)
    for block in offering(m, "saved"):
        _put(result, "work_saved", ("year", "time"), block.saved.array, block.saved.doc)


def _stored(result: xr.Dataset, m: pyo.ConcreteModel, case: SiteCase) -> None:
    """Add what stores hold and what flows into and out of them, by hour."""
    shape = (len(case.years), len(case.duration))
    stores = {
        block.index(): np.asarray(block.stored.array, dtype=float)
        for block in offering(m, "stored")
        if block.stored.shape == shape
    }
    if stores:
        result.coords["store"] = list(stores)
        doc = "Content of a store at the end of the step [MWh]"
        _put(result, "stored", ("store", "year", "time"), np.stack(list(stores.values())), doc)
    pairs = {block.index(): pair for block, pair in opposed_flows(m) if block.index() in stores}
    if pairs:
        none = np.full(shape, np.nan)
        for name, side, doc in (
            ("charge", "into", "Flow into a store [MW]"),
            ("discharge", "out", "Flow out of a store [MW]"),
        ):
            flows = [
                np.asarray(getattr(pairs[store], side).array) if store in pairs else none
                for store in stores
            ]
            _put(result, name, ("store", "year", "time"), np.stack(flows), doc)


def _yearly(result: xr.Dataset, m: pyo.ConcreteModel, case: SiteCase) -> None:
    """Add energies, water, emissions and ratios by year."""
    hours = result["duration"]
    yearly = ("year",)
    it_energy = (result["it_power"] * hours).sum("time")
    facility_energy = (result["facility_power"] * hours).sum("time")
    grid_energy = (result["grid_import"] * hours).sum("time")
    water = (result["water_use"] * hours).sum("time")
    clean = clean_account(m, case)
    energy = it_energy.where(it_energy > 0)
    for name, values, doc in (
        ("it_capacity", case.it_capacity, "Installed IT [MW]"),
        ("it_energised", m.it_energised.array, "Installed IT that has power [MW]"),
        ("it_energy_promised", promised_energy(case), "IT energy of all work promised [MWh]"),
        ("it_energy", it_energy, "IT energy [MWh]"),
        ("facility_energy", facility_energy, "Facility energy [MWh]"),
        ("grid_energy", grid_energy, "Energy metered from the grid [MWh]"),
        ("water", water, "Water used on site [m3]"),
        ("emissions", clean.location, "Emissions, location based [t]"),
        ("emissions_market", clean.market, "Emissions, market based [t]"),
        ("emissions_hourly", clean.hourly, "Emissions, contracts matched by the hour [t]"),
        ("clean_energy", clean.certificates, "Certificates and on-site clean energy [MWh]"),
        ("clean_share_yearly", clean.share_yearly, "Clean share of the year [1]"),
        ("clean_share_hourly", clean.share_hourly, "Clean share hour by hour [1]"),
        ("clean_share_hourly_own", clean.share_own, "Clean share by the hour without the grid [1]"),
        ("pue", facility_energy / energy, "Power usage effectiveness [1]"),
        ("wue", water / energy, "Water usage effectiveness [L kWh-1]"),
        ("peak_import", result["grid_import"].max("time"), "Largest import [MW]"),
        ("discount_factor", case.discount_factor, "Present value of one USD of the year [1]"),
    ):
        _put(result, name, yearly, values, doc)
    if burning := offering(m, "nox"):
        nitrogen = sum(np.asarray(block.nox.array) for block in burning)
        _put(result, "nox", yearly, nitrogen, "Nitrogen oxides of fuel burnt on site [t]")


def add_metrics(result: xr.Dataset, prefix: str = "") -> None:
    """Add the scalar figures by which cases are ranked.

    Parameters
    ----------
    result : xarray.Dataset
        With ``cost`` (or ``reference_cost``) and the yearly energies; changed in place.
    prefix : str
        ``"reference_"`` for the reference case.
    """
    factors = result["discount_factor"].to_numpy()
    cost = result[f"{prefix}cost"].sum("cost_term", skipna=False).to_numpy()
    words = "Reference: " if prefix else ""
    # work that is lost is promised work at its value: to lose it never lowers the cost of the rest
    energy = result["it_energy_promised"].to_numpy()
    scalar: tuple[str, ...] = ()
    _put(
        result,
        f"{prefix}levelised_cost",
        scalar,
        levelised_cost(cost, energy, factors),
        f"{words}Levelised cost of promised IT energy [USD MWh-1]",
    )
    _put(
        result,
        f"{prefix}net_present_cost",
        scalar,
        factors @ cost,
        f"{words}Net present cost [USD]",
    )
    if prefix:
        return
    if "work_lost" in result:
        doc = "Work lost, all years [MWh]"
        _put(result, "work_lost_total", scalar, result["work_lost"].sum(), doc)
    # ratios of what runs are of the IT energy that was drawn: dark servers have no PUE
    total = float(result["it_energy"].sum()) or np.nan
    facility = result["facility_energy"]
    for name in ("clean_share_yearly", "clean_share_hourly", "clean_share_hourly_own"):
        mean = (result[name] * facility).sum() / facility.sum()
        _put(
            result,
            f"{name}_mean",
            scalar,
            mean,
            f"{result[name].attrs['long_name']}, all years [1]",
        )
    for name, value, doc in (
        ("peak_import_max", result["peak_import"].max(), "Largest import [MW]"),
        ("pue_mean", result["facility_energy"].sum() / total, "PUE over all years [1]"),
        ("wue_mean", result["water"].sum() / total, "WUE over all years [L kWh-1]"),
        (
            "emissions_per_it_energy",
            KG_PER_TONNE * result["emissions"].sum() / total,
            "Location-based emissions [kg MWh-1]",
        ),
    ):
        _put(result, name, scalar, value, doc)
