"""The result of a portfolio: its sites' results summed, and who is served where."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import numpy.typing as npt
import xarray as xr

from dcmodel.base.errors import Fault, SolverError
from dcmodel.base.resolution import without_crumbs
from dcmodel.optimise.extract import add_metrics
from dcmodel.optimise.placement import Plan, Routing
from dcmodel.optimise.portfolio_case import PortfolioCase
from dcmodel.optimise.proof import proven, worst_gap, worst_status
from dcmodel.optimise.verify import BALANCE_MW, COST_RELATIVE

FloatArray = npt.NDArray[np.float64]

EXTENSIVE = frozenset({"MW", "MWh", "m3", "m3 h-1", "t", "USD"})
"""Units of what sums over sites."""
SHARES = ("clean_share_yearly", "clean_share_hourly", "clean_share_hourly_own")
"""Shares of the facility energy: their mean over sites is weighted by it."""
SIZES = ("capacity", "reference_capacity")
"""Sizes, each in a unit of its own."""
KEPT = ("discount_factor",)
"""What is the same at every site."""
LABELS = {
    "size_units": "size",
    "size_title": "size",
    "cost_component": "cost_term",
    "cost_category": "cost_term",
}
"""Coordinates that describe a label, by the dimension they describe."""
OPEN = ("component", "contract", "supply_contract")
"""Other dimensions whose labels differ from site to site."""
PORTFOLIO_TERMS = ("network.transfer", "workload.dropped", "workload.delay")
"""Costs that belong to no site."""
DROPPED = "dropped"
"""Where work that is not served is told."""


def combined(
    case: PortfolioCase, plan: Plan, routing: Routing, sites: Mapping[str, xr.Dataset]
) -> xr.Dataset:
    """Return the result of a portfolio as a whole.

    Parameters
    ----------
    case : PortfolioCase
        On hours.
    plan : Plan
    routing : Routing
    sites : mapping
        Verified results of the sites that stand. What a site costs whatever its size is added to
        them in place, and their metrics are computed anew.

    Returns
    -------
    xarray.Dataset
        The variables of a site's result where they sum over sites; ``routed`` (stream, place,
        year), ``it_capacity_by_site`` and ``stands`` (place, year), and the plan's own figures.
        Place ``dropped`` holds work that was not served.
    """
    own = _own_costs(case, plan, routing)
    for name, result in sites.items():
        _add_site_costs(result, own, name)
    whole = _summed(list(sites.values()))
    _add_terms(whole, {k: v for k, v in own.items() if k[0] == ""})
    _ratios(whole)
    _promise(whole, case, routing)
    add_metrics(whole)
    add_metrics(whole, "reference_")
    _placement(whole, case, plan, routing)
    _plan_figures(whole, plan)
    _owed(whole, sites)
    whole.attrs |= _attributes(plan, routing, sites)
    _check(whole, sites)
    return whole


def _own_costs(
    case: PortfolioCase, plan: Plan, routing: Routing
) -> dict[tuple[str, str, str], FloatArray]:
    """Return cost of each year by site (empty: of the portfolio), term and category [USD]."""
    found: dict[tuple[str, str, str], FloatArray] = {}
    for site, option in zip(case.sites, case.options, strict=True):
        stands = plan.stands[site.name]
        found[site.name, "site.place", "site"] = option.annuity * stands
        found[site.name, "site.presence", "site"] = option.operation * stands
    hours = routing.case.duration
    transfer, lost, delay = (np.zeros(len(case.years)) for _ in range(3))
    for group in routing.case.groups:
        served, dropped = routing.served[group.name], routing.dropped[group.name]
        transfer += group.transfer_cost @ (served @ hours)
        value = case.lost_work if group.must_be_served else group.value
        gone = dropped @ hours
        lost += np.where(gone > 0, gone * (value if np.isfinite(value) else 0.0), 0.0)
        work = group.arrivals - served.sum(axis=0) - dropped
        waiting = np.maximum(np.cumsum(work * hours, axis=-1), 0.0)
        delay += case.delay_cost * (waiting @ hours) * (not group.interactive)
    found["", "network.transfer", "network"] = transfer
    found["", "workload.dropped", "unserved"] = lost
    found["", "workload.delay", "workload"] = delay
    return found


def _add_site_costs(
    result: xr.Dataset, own: Mapping[tuple[str, str, str], FloatArray], name: str
) -> None:
    """Add what a site costs whatever its size, and renew its metrics; changed in place."""
    _add_terms(result, {key: values for key, values in own.items() if key[0] == name})
    add_metrics(result)
    add_metrics(result, "reference_")


def _add_terms(result: xr.Dataset, own: Mapping[tuple[str, str, str], FloatArray]) -> None:
    """Add cost terms to the optimum and to the reference alike; changed in place."""
    terms = [term for _, term, _ in own]
    parts = {"component": [term.partition(".")[0] for term in terms]}
    parts["category"] = [category for _, _, category in own]
    more = xr.DataArray(
        np.array(list(own.values())),
        dims=("cost_term", "year"),
        coords={"cost_term": terms, "year": result["year"].to_numpy()},
    )
    found = {}
    for name in ("cost", "reference_cost"):
        before = result[name]
        after = xr.concat([before.reset_coords(drop=True), more], "cost_term")
        found[name] = after.assign_attrs(before.attrs)
    labels = {
        f"cost_{key}": ("cost_term", [*result[f"cost_{key}"].to_numpy().tolist(), *values])
        for key, values in parts.items()
    }
    told = [key for key in result.variables if "cost_term" in result[key].dims]
    for key in told:
        del result[key]
    result.update(found)
    result.update(xr.Dataset(coords=labels))


def _summed(sites: list[xr.Dataset]) -> xr.Dataset:
    """Return the sum over sites of what adds up, with the labels of all."""
    first = sites[0]
    whole = xr.Dataset(coords={name: first[name] for name in ("year", "time", "duration", "month")})
    names = dict.fromkeys(str(name) for site in sites for name in site.data_vars)
    for name in names:
        holders = [site[name] for site in sites if name in site]
        if name in KEPT:
            whole[name] = holders[0].reset_coords(drop=True)
        elif name in SIZES or _adds_up(holders[0]):
            whole[name] = _sum(holders)
    energy = sum(site["facility_energy"] for site in sites)
    for name in SHARES:
        if all(name in site for site in sites):
            matched = sum(site[name] * site["facility_energy"] for site in sites)
            share = xr.where(energy > 0, matched / energy, 1.0).reset_coords(drop=True)
            whole[name] = share.assign_attrs(sites[0][name].attrs)
    for key, dim in LABELS.items():
        text: dict[str, str] = {}
        for site in sites:
            if key in site.coords:
                text |= zip(
                    site[dim].to_numpy().tolist(), site[key].to_numpy().tolist(), strict=True
                )
        if dim in whole.dims:
            labels = [text.get(str(label), "") for label in whole[dim].to_numpy()]
            whole = whole.assign_coords({key: (dim, labels)})
    whole["peak_import"] = (
        ("year",),
        whole["grid_import"].max("time").to_numpy(),
        {"units": "MW", "long_name": "Largest import of all sites together"},
    )
    return whole


def _adds_up(values: xr.DataArray) -> bool:
    """Whether a variable sums over sites: by its unit, and told by what all sites share."""
    shared = {"year", "time", *LABELS.values(), *OPEN}
    extensive = values.attrs.get("units") in EXTENSIVE
    return extensive and values.ndim > 0 and set(values.dims) <= shared


def _sum(holders: list[xr.DataArray]) -> xr.DataArray:
    """Return the sum of arrays, zero where one has no such label."""
    plain = [values.reset_coords(drop=True) for values in holders]
    order: dict[Hashable, list[str]] = {
        dim: list(dict.fromkeys(label for one in plain for label in one[dim].to_numpy().tolist()))
        for dim in plain[0].dims
        if dim not in ("year", "time")
    }
    total = sum(one.reindex(order, fill_value=0.0) for one in plain)
    return xr.DataArray(total).assign_attrs(holders[0].attrs)


def _ratios(whole: xr.Dataset) -> None:
    """Add yearly ratios of sums; changed in place."""
    energy = whole["it_energy"].where(whole["it_energy"] > 0)
    pue = {"units": "1", "long_name": "Power usage effectiveness"}
    wue = {"units": "L kWh-1", "long_name": "Water usage effectiveness"}
    whole["pue"] = (whole["facility_energy"] / energy).assign_attrs(pue)
    whole["wue"] = (whole["water"] / energy).assign_attrs(wue)


def _promise(whole: xr.Dataset, case: PortfolioCase, routing: Routing) -> None:
    """Count work that no site serves among what is promised; changed in place."""
    hours = routing.case.duration
    dropped = sum((work @ hours for work in routing.dropped.values()), np.zeros(len(case.years)))
    dynamic = 1 - max(site.idle_fraction for site in case.sites)
    promised = whole["it_energy_promised"]
    whole["it_energy_promised"] = (
        promised + xr.DataArray(dynamic * dropped, dims="year")
    ).assign_attrs(promised.attrs)


def _placement(whole: xr.Dataset, case: PortfolioCase, plan: Plan, routing: Routing) -> None:
    """Add sizes by site, and who is served where; changed in place."""
    places = [site.name for site in case.sites]
    streams = [stream for group in case.groups for stream in group.streams]
    hours = routing.case.duration
    energy = np.zeros((len(streams), len(places) + 1, len(case.years)))
    for i, stream in enumerate(streams):
        for j, place in enumerate((*places, "")):
            work = routing.by_stream.get((stream.name, place))
            if work is not None:
                energy[i, j] = work @ hours
    by_name = {place.name: place for place in case.places}
    times = [[by_name[name].round_trip_ms[stream.region] for name in places] for stream in streams]
    found = xr.Dataset(
        {
            "routed": (
                ("stream", "served_at", "year"),
                without_crumbs(energy, "MWh"),
                {"units": "MWh", "long_name": "Work of a stream served at a site, or dropped"},
            ),
            "round_trip": (
                ("stream", "place"),
                np.array(times, dtype=float),
                {"units": "ms", "long_name": "Round trip between users and site"},
            ),
            "it_capacity_by_site": (
                ("place", "year"),
                without_crumbs([plan.size[name] for name in places], "MW"),
                {"units": "MW", "long_name": "Installed IT of a site"},
            ),
            "stands": (
                ("place", "year"),
                np.array([plan.stands[name] for name in places]),
                {"units": "1", "long_name": "Whether the site stands"},
            ),
        },
        coords={
            "year": list(case.years),
            "place": places,
            "jurisdiction": ("place", [by_name[name].jurisdiction for name in places]),
            "served_at": [*places, DROPPED],
            "stream": [stream.name for stream in streams],
            "stream_class": ("stream", [stream.work for stream in streams]),
            "stream_region": ("stream", [stream.region for stream in streams]),
            "latency_max": (
                "stream",
                [np.inf if s.latency_ms is None else s.latency_ms for s in streams],
                {"units": "ms", "long_name": "Latency limit"},
            ),
            "window": (
                "stream",
                [stream.window_h for stream in streams],
                {"units": "h", "long_name": "Deferral window"},
            ),
        },
    )
    whole.update(found)


def _plan_figures(whole: xr.Dataset, plan: Plan) -> None:
    """Add what the plan promised, beside what the sites came to; changed in place."""
    usd = {"units": "USD"}
    for name, value, words in (
        ("plan_net_present_cost", plan.solution.objective, "Plan on segments: net present cost"),
        ("plan_lower_bound", plan.solution.lower_bound, "Plan on segments: least possible cost"),
    ):
        whole[name] = ((), float(value), {**usd, "long_name": words})


def _owed(whole: xr.Dataset, sites: Mapping[str, xr.Dataset]) -> None:
    """Add what all sites owe after the horizon; changed in place."""
    for name in ("owed_after_horizon", "owed_after_horizon_present"):
        held = [site[name] for site in sites.values() if name in site]
        if held:
            amount = sum(float(one) for one in held)
            whole[name] = ((), amount, held[0].attrs)


def _attributes(
    plan: Plan, routing: Routing, sites: Mapping[str, xr.Dataset]
) -> dict[str, float | str]:
    """Return what is proven: of the plan nothing by the hour, and the worst of the sites' own."""
    own = proven(plan.solution.gap, plan.solution.status, hourly=False)
    statuses = [str(own["status"]), *(str(result.attrs["status"]) for result in sites.values())]
    hourly = routing.segments is None
    planned = f"plan on {len(plan.segments)} segments a year"
    found: dict[str, float | str] = {
        **own,
        "status": worst_status(statuses),
        "sites_certified_gap": worst_gap(r.attrs["certified_gap"] for r in sites.values()),
        "solver": plan.solution.solver,
        "resolution": f"{planned}, sites hourly" if hourly else planned,
        "plan_seconds": round(plan.solution.seconds, 1),
    }
    for check in (
        "check_balance_mw",
        "check_cost_relative",
        "check_bill_relative",
        "check_opposed_relative",
    ):
        values = [float(r.attrs[check]) for r in sites.values() if check in r.attrs]
        if values:
            found[check] = max(values)
    return found | {"check_work_mwh": routing.work_error}


def _check(whole: xr.Dataset, sites: Mapping[str, xr.Dataset]) -> None:
    """Refuse a sum that does not close: power, and cost against that of the sites."""
    open_mw = float(np.abs(whole["supply"].sum("component") - whole["facility_power"]).max())
    factor = whole["discount_factor"]
    own = [term for term in whole["cost_term"].to_numpy() if term in PORTFOLIO_TERMS]
    shared = float((whole["cost"].sel(cost_term=own) * factor).sum())
    apart = sum(float(result["net_present_cost"]) for result in sites.values())
    total = float(whole["net_present_cost"])
    difference = abs(apart + shared - total) / max(abs(total), 1.0)
    faults = [
        Fault("portfolio", f"{what} differs by {value:.3g} {unit}; at most {limit:g} is allowed")
        for what, value, unit, limit in (
            ("the power balance of all sites", open_mw, "MW", BALANCE_MW * len(sites)),
            ("the sum of the sites' costs", difference, "of the total", COST_RELATIVE),
        )
        if not value <= limit
    ]
    if faults:
        raise SolverError(faults)
