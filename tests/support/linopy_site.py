"""A site of the shipped study written once more, in linopy, from its data and not from our model.

Service of deferred work is a variable of its own here, the lifetime annuity is the textbook
formula, and the variable costs only are written: what does not depend on a decision (building,
diesel, tests) is left out of the comparison.
"""

import linopy
import numpy as np
import pandas as pd
import xarray as xr

from dcmodel.inputs.assumptions import technology

FIXED = ("building", "diesel")
"""Components whose cost depends on no decision."""


def annuity(rate, life):
    return rate / (1 - (1 + rate) ** -life)


def site_model(case):
    """Return the linopy model of a case with every component of the shipped study."""
    years, steps = len(case.years), len(case.duration)
    Y, T = pd.RangeIndex(years, name="y"), pd.RangeIndex(steps, name="t")
    M, V = pd.RangeIndex(12, name="month"), pd.RangeIndex(years, name="v")

    def hourly(values):
        return xr.DataArray(np.broadcast_to(values, (years, steps)), coords=[Y, T])

    def yearly(values, index=Y):
        return xr.DataArray(np.broadcast_to(values, years), coords=[index])

    m = linopy.Model()

    def variable(name, *axes, upper=np.inf):
        return m.add_variables(lower=0, upper=upper, coords=list(axes), name=name)

    w = xr.DataArray(case.duration, coords=[T])
    discount = yearly(case.discount_factor)
    stands = xr.DataArray(np.tril(np.ones((years, years))), coords=[Y, V])
    limit = hourly(case.grid_available[:, None])
    grid, use = variable("grid", Y, T, upper=limit), variable("use", Y, T)
    peak = variable("peak", Y, M, upper=yearly(case.grid_available))
    served, backlog = variable("served", Y, T), variable("backlog", Y, T)
    sun, lost = variable("sun", Y, T), variable("lost", Y, T)
    charge, discharge, stored = (variable(n, Y, T) for n in ("charge", "discharge", "stored"))
    cost = 0

    # ---- work and facility
    [later] = [k for k, window in enumerate(case.workload.window_h) if window > 0]
    now = hourly(case.workload.arrivals.sum(axis=0) - case.workload.arrivals[later])
    arrived = hourly(case.workload.arrivals[later])
    installed = hourly(case.it_capacity[:, None])
    before = backlog.roll(t=1)
    m.add_constraints(backlog - before + w * served == w * arrived, name="queue")
    m.add_constraints(backlog <= hourly(case.workload.backlog_max[later]), name="deadline")
    m.add_constraints(served + now <= case.utilisation_max * installed, name="fleet")
    slope, fixed = hourly(case.facility.power_slope), hourly(case.facility.power_fixed)
    idle = case.idle_fraction
    it_fixed = idle * installed + (1 - idle) * now  # IT power apart from deferred work
    facility_fixed = slope * it_fixed + fixed * installed
    facility_moving = (1 - idle) * slope * served
    m.add_constraints(
        grid + discharge - charge + sun + lost - facility_moving == facility_fixed, name="balance"
    )
    water = case.site.water_price_usd_per_m3(case.currency_year)
    water_slope = hourly(case.facility.water_slope)
    water_fixed = water_slope * it_fixed + hourly(case.facility.water_fixed) * installed
    cost += (discount * w * water * (1 - idle) * water_slope * served).sum()
    constant = float((discount * w * water * water_fixed).sum())
    delay = technology("shiftable_load", case.currency_year, {}).value("delay_cost")
    cost += (discount * w * delay * backlog).sum()
    voll = technology("unserved_energy", case.currency_year, {}).value("value_of_lost_load")
    cost += (discount * w * voll * lost).sum()
    top = yearly(case.facility_design_peak * case.it_capacity)
    m.add_constraints(lost - top <= 0, name="lost_at_most")

    # ---- what stands and what it costs
    def sized(kind, name, upper, capex, fixed_opex, life):
        size = variable(f"{kind}_{name}", Y, upper=yearly(upper))
        built = variable(f"{kind}_{name}_built", V, upper=float(np.max(upper)))
        m.add_constraints(size - (stands * built).sum("v") == 0, name=f"{kind}_{name}_stands")
        per_unit = yearly(annuity(case.discount_rate, life) * capex + fixed_opex, V)
        return size, (discount * stands * per_unit * built).sum()

    at = np.asarray(case.years)
    p = technology("grid_connection", case.currency_year, {})
    capex = case.site.connection_cost_usd_per_mw(case.currency_year) * np.ones(years)
    contracted, more = sized(
        "grid", "contracted", case.grid_available, capex,
        capex * p.at("fixed_operation_share_of_capex", at), p.value("lifetime"),
    )  # fmt: skip
    cost += more
    month = xr.DataArray(case.month, coords=[T], name="month")
    m.add_constraints(grid - peak.sel(month=month) <= 0, name="peaks")
    m.add_constraints(peak - contracted <= 0, name="contract")

    p = technology("battery", case.currency_year, {})
    share = p.at("fixed_operation_share_of_capex", at)
    sizes = {}
    for name in ("power", "energy"):
        capex = p.at(f"capex_{name}", at)
        sizes[name], more = sized(
            "battery", name, p.value(f"{name}_max"), capex, capex * share, p.value("lifetime")
        )
        cost += more
    eta = p.value("roundtrip_efficiency") ** 0.5
    held = stored - stored.roll(t=1)
    m.add_constraints(held - eta * w * charge + (1 / eta) * w * discharge == 0, name="store")
    m.add_constraints(charge + discharge - sizes["power"] <= 0, name="converter")
    usable = 1 - p.value("state_of_charge_min")
    m.add_constraints(stored - usable * sizes["energy"] <= 0, name="content")
    cost += (discount * w * p.value("variable_operation") * discharge).sum()

    p = technology("solar_onsite", case.currency_year, {})
    roof, more = sized(
        "solar", "onsite", p.value("capacity_max"), p.at("capex", at),
        p.at("fixed_operation", at), p.value("lifetime"),
    )  # fmt: skip
    cost += more
    m.add_constraints(sun - hourly(case.series["solar_fixed"]) * roof <= 0, name="sunshine")

    # ---- contracts
    delivered, energy = 0, case.facility_energy
    for kind, profile in (("ppa_solar", "solar_single_axis"), ("ppa_wind", "wind_onshore")):
        offer = case.market.contract(kind, case.years, case.currency_year)
        output = hourly(case.series[profile])
        produced = case.series[profile] @ case.duration
        most = np.minimum(offer.volume_max_mw, energy / np.where(produced > 0, produced, np.nan))
        most = np.nan_to_num(most, nan=offer.volume_max_mw.max())
        size = variable(kind, Y, upper=yearly(np.maximum.accumulate(most)))
        signed = variable(f"{kind}_signed", V, upper=yearly(np.where(offer.available, most, 0), V))
        m.add_constraints(size - (stands * signed).sum("v") == 0, name=f"{kind}_stands")
        price = yearly(offer.price, V)
        cost += (discount * yearly(produced) * stands * price * signed).sum()
        delivered = delivered + output * size
    m.add_constraints(use - grid <= 0, name="use_in_import")
    m.add_constraints(use - delivered <= 0, name="use_in_delivery")
    m.add_constraints((w * delivered).sum("t") <= yearly(energy), name="volume")

    # ---- tariffs
    by_kind = {form.kind: form for form in case.tariffs}
    spot, demand = by_kind["spot_energy"], by_kind["demand_charge"]
    price = hourly(case.series["price_energy"])
    adder = yearly(spot.adder_usd_per_mwh)
    cost += (discount * w * (price * (1 + spot.loss_fraction) + adder) * grid).sum()
    cost += (discount * w * price * (-1) * use).sum()
    by_hour = case.hourly_series("price_energy") - spot.resale_fee_usd_per_mwh
    resale = hourly(case.clock.mean(np.maximum(by_hour, 0)))
    cost += (discount * w * resale * (use - delivered)).sum()
    cost += (discount * yearly(demand.rate_usd_per_mw_month) * peak).sum()
    if "coincident_peak" in by_kind:
        cost += coincident(by_kind["coincident_peak"], case, grid)
    m.add_objective(cost)
    return m, constant


def coincident(form, case, grid):
    """Return the charge that each year's load at the hottest hours causes in the next."""
    time, air = case.clock.time, case.hourly_series("temp_air")
    rate, found = form.rate_usd_per_mw_year, 0
    for y in range(len(case.years)):
        hours = pd.DataFrame({"month": time.month, "air": air[y]})
        open_hours = hours[(time.day_of_week < 5) & (time.hour >= 15) & (time.hour < 19)]
        summer = open_hours[open_hours["month"].between(6, 9)]
        ranked = summer.sort_values("air", ascending=False, kind="stable")
        chosen = ranked.groupby("month").head(form.peaks.candidates).index
        last = y + 1 == len(case.years)
        worth = rate[y] / (1 + case.discount_rate) if last else rate[y + 1]
        worth *= case.discount_factor[y] if last else case.discount_factor[y + 1]
        steps = case.clock.step[chosen]
        found += sum(grid.isel(y=y, t=int(step)) for step in steps) * (worth / len(steps))
    return found
