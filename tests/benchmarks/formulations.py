"""The benchmark's linear program written four ways, and a part of it in PyPSA.

Minimise the discounted cost of energy, fuel, wear, waiting, sizes and monthly peaks, subject to the
hourly power balance, availability of renewables, battery, backlog of three classes of work, a
contract and monthly peaks, yearly shares and growing sizes.
"""

import numpy as np
from pathway_case import RENEWABLES, SIZES

POWER, ENERGY, GENSET, CONTRACT = 3, 4, 5, 6


# ---- numpy alone: the floor -----------------------------------------------------------------


def raw_numpy(case):
    """Coefficients written straight into arrays."""
    import scipy.sparse as sp

    years, n = case.years, case.years * case.hours
    names = ["buy", "sell", "u0", "u1", "u2", "charge", "discharge", "stored", "genset"]
    names += ["s0", "s1", "s2", "b0", "b1", "b2"]
    column = {name: np.arange(k * n, (k + 1) * n, dtype=np.int32) for k, name in enumerate(names)}
    at = len(names) * n
    size = at + np.arange(7 * years, dtype=np.int32).reshape(7, years)
    added = at + 7 * years + np.arange(7 * years, dtype=np.int32).reshape(7, years)
    peak = at + 14 * years + np.arange(12 * years, dtype=np.int32).reshape(years, 12)
    columns = at + 26 * years
    year = np.repeat(np.arange(years), case.hours)
    weight = case.discount[year]
    cost, upper = np.zeros(columns), np.full(columns, np.inf)
    cost[column["buy"]] = weight * case.price.ravel()
    cost[column["sell"]] = -weight * case.sell.ravel()
    cost[column["genset"]] = weight * case.fuel
    cost[column["discharge"]] = weight * case.wear
    upper[column["sell"]] = case.export_max
    for k in range(3):
        cost[column[f"b{k}"]] = weight * case.hold[k]
        upper[column[f"b{k}"]] = case.backlog_max[k].ravel()
    cost[size.ravel()] = (case.discount * case.size_cost).ravel()
    upper[size.ravel()] = case.size_max.ravel()
    cost[peak.ravel()] = np.repeat(case.discount, 12) * case.demand_charge
    rows, cols, values, lower, higher, at = [], [], [], [], [], 0

    def block(terms, low, high, count=n):
        nonlocal at
        row = np.arange(at, at + count, dtype=np.int32)
        for where, value in terms:
            rows.append(row)
            cols.append(where)
            values.append(np.broadcast_to(value, count))
        lower.append(np.broadcast_to(low, count))
        higher.append(np.broadcast_to(high, count))
        at += count

    slope, load, inf = case.slope.ravel(), case.base_load.ravel(), np.inf
    previous = (year * case.hours + np.tile(case.previous, years)).astype(np.int32)
    served = [(column[f"s{k}"], 1.0) for k in range(3)]
    inflow = [(column[k], 1.0) for k in ("buy", "u0", "u1", "u2", "discharge", "genset")]
    outflow = [(column[k], -1.0) for k in ("sell", "charge")]
    block(inflow + outflow + [(c, -slope) for c, _ in served], load, load)
    for k in range(3):
        block([(column[f"u{k}"], 1.0), (size[k][year], -case.capacity_factor[k].ravel())], -inf, 0)
    for name, k in (("charge", POWER), ("discharge", POWER), ("stored", ENERGY)):
        block([(column[name], 1.0), (size[k][year], -1.0)], -inf, 0)
    for name, k in (("genset", GENSET), ("buy", CONTRACT)):
        block([(column[name], 1.0), (size[k][year], -1.0)], -inf, 0)
    balance = [(column["stored"], 1.0), (column["stored"][previous], -case.keep)]
    balance += [(column["charge"], -case.efficiency), (column["discharge"], 1 / case.efficiency)]
    block(balance, 0, 0)
    for k in range(3):
        backlog = [(column[f"b{k}"], 1.0), (column[f"b{k}"][previous], -1.0)]
        work = case.arrivals[k].ravel()
        block([*backlog, (column[f"s{k}"], 1.0)], work, work)
    block(served, -inf, case.free.ravel())
    block([(column["buy"], 1.0), (peak[year, np.tile(case.month, years)], -1.0)], -inf, 0)
    for where, value in [
        (column["buy"], case.dirty.ravel()),
        (column["genset"], np.ones(n)),
        *[(c, -case.dirty_max * slope) for c, _ in served],
    ]:
        rows.append((at + year).astype(np.int32))
        cols.append(where)
        values.append(value)
    lower.append(np.full(years, -inf))
    higher.append(case.dirty_max * case.base_load.sum(1))
    at += years
    rows.append((at + year).astype(np.int32))
    cols.append(column["genset"])
    values.append(np.ones(n))
    block([(size[GENSET], -case.genset_hours)], -inf, 0, years)
    for k in range(7):
        rows.append(np.arange(at + 1, at + years, dtype=np.int32))
        cols.append(size[k][:-1])
        values.append(np.full(years - 1, -1.0))
        block([(size[k], 1.0), (added[k], -1.0)], 0, 0, years)
    entries = (np.concatenate(rows), np.concatenate(cols))
    matrix = sp.coo_array((np.concatenate(values), entries), shape=(at, columns)).tocsr()
    matrix.eliminate_zeros()
    return {
        "cost": cost,
        "lower": np.zeros(columns),
        "upper": upper,
        "matrix": matrix,
        "row_lower": np.concatenate(lower).astype(float),
        "row_upper": np.concatenate(higher).astype(float),
    }


# ---- dcmodel: array-native Pyomo ------------------------------------------------------------


def array_native(case):
    """Pyomo rules, each called once."""
    import pyomo.environ as pyo

    from dcmodel.arrays import ArrayParam, ArrayVar

    m = pyo.ConcreteModel()
    declare_sets(m, pyo, case)
    for name, sets, values in parameters(m, case):
        setattr(m, name, ArrayParam(*sets, values=values))
    for name, sets, upper in variables(m, case):
        setattr(m, name, ArrayVar(*sets, upper=upper))
    write_rules(m, case)
    return m


def write_rules(m, case):
    from dcmodel.arrays import array_constraint, cost_term

    for name, sets, rule in rules(m, case):
        rule.__name__ = name
        array_constraint(m, *sets)(rule)

    @cost_term(m, m.Y, category="all")
    def cost(m, y):
        return yearly_cost(m, y, case)


# ---- Pyomo's own components -----------------------------------------------------------------


def ordinary_pyomo(case):
    """The same rules as ordinary Pyomo, called once for every row."""
    from itertools import product

    import pyomo.environ as pyo

    def table(sets, values):
        keys = sets[0] if len(sets) == 1 else product(*sets)
        shape = [len(one) for one in sets]
        return dict(zip(keys, np.broadcast_to(values, shape).ravel().tolist(), strict=True))

    m = pyo.ConcreteModel()
    declare_sets(m, pyo, case)
    for name, sets, values in parameters(m, case):
        setattr(m, name, pyo.Param(*sets, initialize=table(sets, values), within=pyo.Any))
    for name, sets, upper in variables(m, case):
        if np.ndim(upper):
            ends = table(sets, upper)
            bounds = _bounds_rule(ends)
        else:
            bounds = (0, None if np.isinf(upper) else upper)
        setattr(m, name, pyo.Var(*sets, bounds=bounds))
    for name, sets, rule in rules(m, case):
        setattr(m, name, pyo.Constraint(*sets, rule=rule))
    m.objective = pyo.Objective(expr=sum(m.discount[y] * yearly_cost(m, y, case) for y in m.Y))
    return m


def _bounds_rule(ends):
    return lambda m, *index: (0, ends[index])


# ---- what both Pyomo formulations share -----------------------------------------------------


def declare_sets(m, pyo, case):
    m.Y, m.T = pyo.RangeSet(0, case.years - 1), pyo.RangeSet(0, case.hours - 1)
    m.C, m.M = pyo.RangeSet(0, 2), pyo.RangeSet(0, 11)
    m.K, m.R = pyo.RangeSet(0, len(SIZES) - 1), pyo.RangeSet(0, len(RENEWABLES) - 1)
    m.first, m.later = pyo.RangeSet(0, 0), pyo.RangeSet(1, case.years - 1)


def parameters(m, case):
    yield "discount", (m.Y,), case.discount
    for name in ("price", "sell", "dirty", "slope", "base_load", "free"):
        yield f"{name}_at", (m.Y, m.T), getattr(case, name)
    yield "factor", (m.R, m.Y, m.T), case.capacity_factor
    yield "arrivals", (m.C, m.Y, m.T), case.arrivals
    yield "month", (m.T,), case.month
    yield "previous", (m.T,), case.previous
    yield "hold", (m.C,), case.hold
    yield "size_cost", (m.K, m.Y), case.size_cost
    yield "yearly_load", (m.Y,), case.base_load.sum(1)


def variables(m, case):
    yield "buy", (m.Y, m.T), np.inf
    yield "export", (m.Y, m.T), case.export_max
    yield "use", (m.R, m.Y, m.T), np.inf
    for name in ("charge", "discharge", "stored", "genset"):
        yield name, (m.Y, m.T), np.inf
    yield "served", (m.C, m.Y, m.T), np.inf
    yield "backlog", (m.C, m.Y, m.T), case.backlog_max
    yield "size", (m.K, m.Y), case.size_max
    yield "added", (m.K, m.Y), np.inf
    yield "peak", (m.Y, m.M), np.inf


def rules(m, case):
    def served(y, t):
        return m.served[0, y, t] + m.served[1, y, t] + m.served[2, y, t]

    def balance(m, y, t):
        renewable = m.use[0, y, t] + m.use[1, y, t] + m.use[2, y, t]
        supply = m.buy[y, t] - m.export[y, t] + renewable + m.discharge[y, t] - m.charge[y, t]
        return supply + m.genset[y, t] - m.slope_at[y, t] * served(y, t) == m.base_load_at[y, t]

    def available(m, r, y, t):
        return m.use[r, y, t] <= m.factor[r, y, t] * m.size[r, y]

    def storage(m, y, t):
        kept = case.keep * m.stored[y, m.previous[t]]
        gained = case.efficiency * m.charge[y, t] - m.discharge[y, t] / case.efficiency
        return m.stored[y, t] == kept + gained

    def waiting(m, c, y, t):
        before = m.backlog[c, y, m.previous[t]]
        return m.backlog[c, y, t] == before + m.arrivals[c, y, t] - m.served[c, y, t]

    def clean(m, y):
        dirty = sum(m.dirty_at[y, t] * m.buy[y, t] + m.genset[y, t] for t in m.T)
        load = m.yearly_load[y] + sum(m.slope_at[y, t] * served(y, t) for t in m.T)
        return dirty <= case.dirty_max * load

    def genset_hours(m, y):
        return sum(m.genset[y, t] for t in m.T) <= case.genset_hours * m.size[GENSET, y]

    hourly = (m.Y, m.T)
    yield "balance", hourly, balance
    yield "available", (m.R, m.Y, m.T), available
    yield "charge_limit", hourly, lambda m, y, t: m.charge[y, t] <= m.size[POWER, y]
    yield "discharge_limit", hourly, lambda m, y, t: m.discharge[y, t] <= m.size[POWER, y]
    yield "stored_limit", hourly, lambda m, y, t: m.stored[y, t] <= m.size[ENERGY, y]
    yield "storage", hourly, storage
    yield "genset_limit", hourly, lambda m, y, t: m.genset[y, t] <= m.size[GENSET, y]
    yield "waiting", (m.C, m.Y, m.T), waiting
    yield "it_limit", hourly, lambda m, y, t: served(y, t) <= m.free_at[y, t]
    yield "contract_limit", hourly, lambda m, y, t: m.buy[y, t] <= m.size[CONTRACT, y]
    yield "peak_limit", hourly, lambda m, y, t: m.buy[y, t] <= m.peak[y, m.month[t]]
    yield "clean", (m.Y,), clean
    yield "genset_hours", (m.Y,), genset_hours
    yield "start", (m.K, m.first), lambda m, k, y: m.size[k, y] == m.added[k, y]
    if case.years > 1:
        yield (
            "grow",
            (m.K, m.later),
            lambda m, k, y: m.size[k, y] == m.size[k, y - 1] + m.added[k, y],
        )


def yearly_cost(m, y, case):
    energy = sum(
        m.price_at[y, t] * m.buy[y, t]
        - m.sell_at[y, t] * m.export[y, t]
        + case.fuel * m.genset[y, t]
        + case.wear * m.discharge[y, t]
        for t in m.T
    )
    waiting = sum(m.hold[c] * m.backlog[c, y, t] for c in m.C for t in m.T)
    sizes = sum(m.size_cost[k, y] * m.size[k, y] for k in m.K)
    return energy + waiting + sizes + sum(case.demand_charge * m.peak[y, q] for q in m.M)


# ---- linopy ---------------------------------------------------------------------------------


def linopy_model(case):
    """The same program in linopy, on labelled arrays."""
    import linopy
    import pandas as pd
    import xarray as xr

    Y, T = pd.RangeIndex(case.years, name="y"), pd.RangeIndex(case.hours, name="t")
    K, C = pd.RangeIndex(7, name="k"), pd.RangeIndex(3, name="c")
    R, M = pd.RangeIndex(3, name="r"), pd.RangeIndex(12, name="m")
    m = linopy.Model()

    def array(values, *axes):
        return xr.DataArray(values, coords=list(axes))

    def variable(name, *axes, upper=np.inf):
        return m.add_variables(lower=0, upper=upper, coords=list(axes), name=name)

    buy, charge, discharge, stored, genset = (
        variable(name, Y, T) for name in ("buy", "charge", "discharge", "stored", "genset")
    )
    export = variable("export", Y, T, upper=case.export_max)
    use, served = variable("use", R, Y, T), variable("served", C, Y, T)
    backlog = variable("backlog", C, Y, T, upper=array(case.backlog_max, C, Y, T))
    size = variable("size", K, Y, upper=array(case.size_max, K, Y))
    added, peak = variable("added", K, Y), variable("peak", Y, M)
    slope, load = array(case.slope, Y, T), array(case.base_load, Y, T)
    supply = buy - export + use.sum("r") + discharge - charge + genset
    m.add_constraints(supply - (slope * served).sum("c") == load, name="balance")
    sized = size.isel(k=slice(0, 3)).rename({"k": "r"}).assign_coords(r=R)
    m.add_constraints(use - array(case.capacity_factor, R, Y, T) * sized <= 0, name="available")
    limits = ((charge, POWER), (discharge, POWER), (stored, ENERGY), (genset, GENSET))
    for x, k in (*limits, (buy, CONTRACT)):
        m.add_constraints(x - size.sel(k=k, drop=True) <= 0, name=f"{x.name}_limit")
    gained = case.efficiency * charge - (1 / case.efficiency) * discharge
    m.add_constraints(stored - case.keep * stored.roll(t=1) - gained == 0, name="storage")
    work = array(case.arrivals, C, Y, T)
    m.add_constraints(backlog - backlog.roll(t=1) + served == work, name="waiting")
    m.add_constraints(served.sum("c") <= array(case.free, Y, T), name="it_limit")
    month = xr.DataArray(case.month, dims="t", coords={"t": T})
    m.add_constraints(buy - peak.sel(m=month) <= 0, name="peak_limit")
    dirty = (array(case.dirty, Y, T) * buy).sum("t") + genset.sum("t")
    share = dirty - (case.dirty_max * slope * served).sum(["t", "c"])
    m.add_constraints(share <= case.dirty_max * load.sum("t"), name="clean")
    hours = genset.sum("t") - case.genset_hours * size.sel(k=GENSET, drop=True)
    m.add_constraints(hours <= 0, name="genset_hours")
    m.add_constraints(size.isel(y=0) - added.isel(y=0) == 0, name="start")
    if case.years > 1:
        later = slice(1, None)
        grown = size.isel(y=later) - size.shift(y=1).isel(y=later) - added.isel(y=later)
        m.add_constraints(grown == 0, name="grow")
    w = array(case.discount, Y)
    m.add_objective(
        (w * array(case.price, Y, T) * buy).sum()
        - (w * array(case.sell, Y, T) * export).sum()
        + (w * case.fuel * genset).sum()
        + (w * case.wear * discharge).sum()
        + (w * array(case.hold, C) * backlog).sum()
        + (w * array(case.size_cost, K, Y) * size).sum()
        + (w * case.demand_charge * peak).sum()
    )
    return m


# ---- PyPSA ----------------------------------------------------------------------------------


def pypsa_network(case):
    """What PyPSA's own components say of the same site: one asset a year for every size.

    Meter, feed-in, renewables, battery (a converter each way) and genset; no deferred work, no
    monthly peaks, no clean share and no growing sizes.
    """
    import pandas as pd
    import pypsa

    n = pypsa.Network()
    times = pd.date_range("2025-01-01", periods=case.hours, freq="h")
    years = range(2025, 2025 + case.years)
    n.set_snapshots(pd.MultiIndex.from_product([years, times], names=["period", "timestep"]))
    n.investment_periods = list(years)
    n.investment_period_weightings["objective"] = case.discount
    n.add("Bus", ["site", "battery"])
    at = n.snapshots

    def series(values):
        return pd.Series(values.ravel(), index=at)

    n.add("Load", "facility", bus="site", p_set=series(case.base_load))
    ceiling = case.size_max[CONTRACT].max()
    n.add("Generator", "buy", bus="site", p_nom=ceiling, marginal_cost=series(case.price))
    n.add(
        "Generator", "sell", bus="site", sign=-1, p_nom=case.export_max,
        marginal_cost=series(-case.sell),
    )  # fmt: skip
    for y, year in enumerate(years):

        def sized(k, y=y, year=year):
            return {"build_year": year, "lifetime": 1, "capital_cost": case.size_cost[k, y]}

        def extendable(k, y=y):
            return {**sized(k, y), "p_nom_extendable": True, "p_nom_max": case.size_max[k, y]}

        for k, name in enumerate(RENEWABLES):
            factor = series(case.capacity_factor[k])
            n.add("Generator", f"{name} {year}", bus="site", p_max_pu=factor, **extendable(k))
        n.add(
            "Generator", f"genset {year}", bus="site", marginal_cost=case.fuel, **extendable(GENSET)
        )
        n.add(
            "Store", f"energy {year}", bus="battery", e_nom_extendable=True,
            e_nom_max=case.size_max[ENERGY, y], standing_loss=1 - case.keep, e_cyclic=True,
            e_cyclic_per_period=True, **sized(ENERGY),
        )  # fmt: skip
        for name, start, end in (("charge", "site", "battery"), ("discharge", "battery", "site")):
            n.add(
                "Link", f"{name} {year}", bus0=start, bus1=end, efficiency=case.efficiency,
                **extendable(POWER),
            )  # fmt: skip
    return n
