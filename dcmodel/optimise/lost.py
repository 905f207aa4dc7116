"""Work that is lost: without power, refused, or dark; what a site gives is what is left.

The model carries unserved power as a supply at the value of what it costs. A result says what
happens: machines that get no power do no work, of the least valuable class first.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo
import xarray as xr

from dcmodel.components.base import SiteCase, offering
from dcmodel.components.values import work_values

FloatArray = npt.NDArray[np.float64]

DARK_MW = 1e-3
"""Dark IT and refused work below this are rounding. [MW], [MWh]"""
ROUNDING_MW = 1e-6
"""Power below this is rounding of a solver. [MW]"""


def promised_energy(case: SiteCase) -> FloatArray:
    """Return IT energy of each year with all work served as it arrives [MWh], shape (years,)."""
    phi = case.idle_fraction
    power = phi * case.it_capacity[:, None] + (1 - phi) * case.workload.total
    return np.asarray(power @ case.duration)


def add_lost_work(result: xr.Dataset, m: pyo.ConcreteModel, case: SiteCase) -> None:
    """Add ``work_lost`` by class and year, and take what is lost out of the result.

    Parameters
    ----------
    result : xarray.Dataset
        With the hourly series of the model; changed in place: IT and facility power, work served
        and supply are those of what runs.
    m : Pyomo model
        Solved.
    case : SiteCase
    """
    lost = _refused(m, case) + _dark(m, case)
    unserved = sum(
        (np.asarray(block.unserved.array) for block in offering(m, "unserved")), np.zeros(())
    )
    if np.any(unserved > ROUNDING_MW):
        unserved = np.where(unserved > ROUNDING_MW, unserved, 0.0)
        cut = _without_power(m, case, unserved)
        lost = lost + cut
        _take_out(result, case, unserved, cut.sum(axis=0))
        for block in offering(m, "unserved"):
            result["supply"].loc[{"component": block.index()}] = 0.0
    yearly = lost @ case.duration
    result["work_lost"] = (
        ("work_class", "year"),
        yearly,
        {"units": "MWh", "long_name": "Work lost, by class"},
    )


def loss_notes(result: xr.Dataset) -> list[str]:
    """Return in words what a plan loses: dark IT, load that is not served, work that is refused.

    Parameters
    ----------
    result : xarray.Dataset
        Of a solved site, with its cost.
    """
    return [*_dark_notes(result), *_unserved_notes(result), *_refused_notes(result)]


def _dark_notes(result: xr.Dataset) -> list[str]:
    dark = result["it_capacity"] - result["it_energised"]
    years = [int(year) for year in result["year"][dark.to_numpy() > DARK_MW]]
    if not years:
        return []
    words = ", ".join(f"{float(dark.sel(year=year)):.4g} MW in {year}" for year in years)
    cost = result["cost"].sum("year")
    rent = sum(float(cost.sel(cost_term=t)) for t in _terms(result, ".lost_rent"))
    return [
        f"installed IT has no power and serves nothing: {words}; {rent / 1e6:,.1f} MUSD of rent "
        "lost; connect it earlier, or install it later"
    ]


def _unserved_notes(result: xr.Dataset) -> list[str]:
    if "unserved" not in result:
        return []
    energy = (result["unserved"] * result["duration"]).sum(("year", "time"))
    hours = result["duration"].where(result["unserved"] > ROUNDING_MW).sum(("year", "time"))
    return [
        f"{float(energy):,.4g} MWh in {float(hours):,.4g} h of the study are not served, as "
        "requirements.unserved_energy allows"
    ]


def _refused_notes(result: xr.Dataset) -> list[str]:
    if "dropped" not in result:
        return []
    refused = (result["dropped"] * result["duration"]).sum(("year", "time"))
    words = [
        f"{float(refused.sel(dropped_class=name)):,.4g} MWh of {name}"
        for name in result["dropped_class"].to_numpy()
        if float(refused.sel(dropped_class=name)) > DARK_MW
    ]
    return [f"work is refused: {', '.join(words)}"] if words else []


def _terms(result: xr.Dataset, end: str) -> list[str]:
    return [str(term) for term in result["cost_term"].to_numpy() if str(term).endswith(end)]


def _refused(m: pyo.ConcreteModel, case: SiteCase) -> FloatArray:
    """Return work that is refused [MW], shape (classes, years, steps)."""
    lost = np.zeros(case.workload.arrivals.shape)
    for block in offering(m, "dropped"):
        for row, name in enumerate(block.K):
            lost[case.workload.names.index(name)] += np.asarray(block.dropped.array)[row]
    return lost


def _dark(m: pyo.ConcreteModel, case: SiteCase) -> FloatArray:
    """Return work not taken on for lack of power [MW], shape (classes, years, steps)."""
    dark = case.it_capacity - np.asarray(m.it_energised.array)
    installed = np.where(case.it_capacity > 0, case.it_capacity, 1.0)
    return np.asarray(case.workload.arrivals * np.maximum(dark / installed, 0.0)[:, None])


def _without_power(m: pyo.ConcreteModel, case: SiteCase, unserved: FloatArray) -> FloatArray:
    """Return work that stops in unserved hours [MW], the least valuable class first."""
    slope = np.asarray(case.facility.power_slope)
    phi = case.idle_fraction
    # an idle machine that is cut does no work either: what a MW of IT carries goes with it
    share = np.divide(
        np.asarray(m.work.array),
        np.asarray(m.it_power.array),
        out=np.zeros_like(slope),
        where=np.asarray(m.it_power.array) > ROUNDING_MW,
    )
    left = np.minimum(unserved / slope * share, np.asarray(m.work.array)) if phi < 1 else 0 * slope
    running = case.workload.arrivals - _refused(m, case) - _dark(m, case)
    running = np.maximum(running, 0.0)
    cut = np.zeros(running.shape)
    order = np.argsort(work_values(case), kind="stable")
    for k in order:
        cut[k] = np.minimum(left, running[k])
        left = left - cut[k]
    cut[order[-1]] += left  # work that waited runs in an hour in which less arrived
    return cut


def _take_out(result: xr.Dataset, case: SiteCase, unserved: FloatArray, cut: FloatArray) -> None:
    """Lower power, work and supply by what has no power; changed in place."""
    lines = case.facility
    saved = unserved / np.asarray(lines.power_slope)
    hourly = ("year", "time")
    for name, less in (
        ("it_power", saved),
        ("facility_power", unserved),
        ("work_served", cut),
        ("water_use", saved * np.asarray(lines.water_slope)),
    ):
        values = np.maximum(result[name].to_numpy() - less, 0.0)
        result[name] = (hourly, values, result[name].attrs)
    result["unserved"] = (
        hourly,
        unserved,
        {"units": "MW", "long_name": "Power that is not supplied"},
    )
    result["work_unserved"] = (
        hourly,
        cut,
        {"units": "MW", "long_name": "Work that stops for lack of power"},
    )
