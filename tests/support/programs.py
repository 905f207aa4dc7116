"""Linear programs for the tests of the solving part."""

import numpy as np
import scipy.sparse as sp

from dcmodel.arrays.program import ColumnBlock, LinearProgram, RowBlock


def program(
    cost,
    matrix,
    row_lower,
    row_upper,
    lower=0.0,
    upper=np.inf,
    integer=False,
    columns=None,
    rows=None,
    couples=None,
    offset=0.0,
):
    """Return a LinearProgram; `columns` and `rows` map names to shapes, years first."""
    matrix = sp.csr_array(np.asarray(matrix) if not sp.issparse(matrix) else matrix, dtype=float)
    m, n = matrix.shape
    row_blocks = _blocks(RowBlock, rows or {"row": (m,)}, dated=rows is not None)
    column_blocks = _blocks(ColumnBlock, columns or {"x": (n,)}, dated=columns is not None)
    couples_years = np.zeros(m, dtype=bool)
    for name in couples or ():
        couples_years[row_blocks[name].slice] = True

    def full(value, size, kind=float):
        return np.broadcast_to(np.asarray(value, dtype=kind), size).copy()

    return LinearProgram(
        cost=full(cost, n),
        offset=offset,
        matrix=matrix,
        row_lower=full(row_lower, m),
        row_upper=full(row_upper, m),
        lower=full(lower, n),
        upper=full(upper, n),
        integer=full(integer, n, bool),
        columns=column_blocks,
        rows=row_blocks,
        column_year=np.concatenate([b.years() for b in column_blocks.values()]),
        row_year=np.concatenate([b.years() for b in row_blocks.values()]),
        couples_years=couples_years,
        terms=sp.csr_array((0, n)),
        term_offset=np.zeros(0),
        term_names=(),
        term_categories=(),
        weights=np.ones(1),
    )


def _blocks(kind, shapes, dated):
    blocks, start = {}, 0
    for name, shape in shapes.items():
        stop = start + int(np.prod(shape))
        labels = tuple(range(k) for k in shape)
        blocks[name] = kind(name, start, stop, shape, labels, year_axis=0 if dated else None)
        start = stop
    return blocks


def pathway(years=3, hours=96, *, seed=0, unserved=True, load_from=0, coupled=True, life=99):
    """Return a pathway with solar and a battery in vintages of falling cost.

    Hourly columns: grid, solar, charge, discharge, energy, unserved; sizes: capacity of solar and
    of the battery by year, what is built of each by vintage. Coupling: capacity of a year is what
    was built in the last `life` years.
    """
    rng = np.random.default_rng(seed)
    t = np.arange(hours)
    sun = np.clip(np.sin(2 * np.pi * (t - 6) / 24), 0, 1) * rng.uniform(0.5, 1, (years, hours))
    price = 60 + 40 * np.sin(2 * np.pi * (t - 12) / 24) + 10 * rng.random((years, hours))
    load = np.linspace(20, 50, years)[:, None] * (1 + 0.2 * rng.random((years, hours)))
    load[:load_from] = 0.0
    hourly = ("grid", "solar", "charge", "discharge", "energy", "unserved")
    sizes = ("cap_solar", "cap_battery", "built_solar", "built_battery")
    columns = dict.fromkeys(hourly, (years, hours)) | dict.fromkeys(sizes, (years,))
    start = dict(zip(columns, np.cumsum([0, *map(np.prod, columns.values())]), strict=False))
    hour = np.arange(years * hours)
    year = hour // hours
    previous = year * hours + (hour % hours - 1) % hours
    at = {name: start[name] + hour for name in hourly}
    rows = {"balance": [], "solar_limit": [], "storage": [], "energy_limit": []}
    one = np.ones(hour.size)
    entries = {
        "balance": [
            *((at[name], one) for name in ("grid", "solar", "discharge", "unserved")),
            (at["charge"], -one),
        ],
        "solar_limit": [(at["solar"], one), (start["cap_solar"] + year, -sun.ravel())],
        "storage": [
            (at["energy"], one),
            (start["energy"] + previous, -0.999 * one),
            (at["charge"], -0.95 * one),
            (at["discharge"], one / 0.95),
        ],
        "energy_limit": [(at["energy"], one), (start["cap_battery"] + year, -one)],
    }
    r, c, v = [], [], []
    for k, name in enumerate(rows):
        for column, value in entries[name]:
            r.append(k * hour.size + hour)
            c.append(column)
            v.append(value)
    m = 4 * hour.size
    stands = np.array([[v <= y < v + life for v in range(years)] for y in range(years)])
    if not coupled:
        stands = np.eye(years, dtype=bool)
    for kind in ("solar", "battery"):
        for y in range(years):
            built = start[f"built_{kind}"] + np.flatnonzero(stands[y])
            r.append(np.full(1 + built.size, m))
            c.append(np.concatenate([[start[f"cap_{kind}"] + y], built]))
            v.append(np.concatenate([[1.0], -np.ones(built.size)]))
            m += 1
    n = sum(int(np.prod(shape)) for shape in columns.values())
    entries = (np.concatenate(v), (np.concatenate(r), np.concatenate(c)))
    matrix = sp.coo_array(entries, shape=(m, n)).tocsr()
    discount = 0.93 ** np.arange(years)
    cost, upper = np.zeros(n), np.full(n, np.inf)
    cost[at["grid"]] = (discount[:, None] * price).ravel()
    cost[at["discharge"]] = 1.0
    cost[at["unserved"]] = 5000 * discount[year]
    remaining = np.array([discount[stands[:, v]].sum() for v in range(years)])
    fall = 0.8 ** np.arange(years)
    for kind, per_hour in (("solar", 14.0), ("battery", 1.1)):
        vintage = slice(start[f"built_{kind}"], start[f"built_{kind}"] + years)
        cost[vintage] = per_hour * hours * fall * remaining
    upper[at["grid"]] = 45.0
    if not unserved:
        upper[at["unserved"]] = 0.0
    balance = load.ravel()
    zero, free = np.zeros(hour.size), np.full(hour.size, -np.inf)
    names = dict.fromkeys(rows, (years, hours))
    names |= {"size_solar": (years,), "size_battery": (years,)}
    return program(
        cost,
        matrix,
        np.concatenate([balance, free, zero, free, np.zeros(2 * years)]),
        np.concatenate([balance, zero, zero, zero, np.zeros(2 * years)]),
        0.0,
        upper,
        columns=columns,
        rows=names,
        couples=("size_solar", "size_battery") if coupled else (),
        offset=1000.0,
    )
