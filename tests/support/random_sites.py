"""Random small sites for laws that hold for every study: mini-years of a few days in two months.

Fixed costs are scaled to the length of the mini-year, so that what is built, refused or left dark
is as close a call as in a whole year.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from support.cases import StubMarket, StubSite, make_case

from dcmodel.base.clock import Clock
from dcmodel.base.units import HOURS_PER_YEAR
from dcmodel.components.base import SiteCase, Workload
from dcmodel.inputs.assumptions import technology
from dcmodel.markets.base import tariffs
from dcmodel.optimise.site import Plant, solve_site
from dcmodel.profiles.segment import Segments
from dcmodel.workload.deferral import backlog_max

FIRST_YEAR = 2027
OPTIONS = ("battery", "solar_onsite", "ppa_solar", "gas_engine", "shiftable_load", "dropped_work")
LOOSER = ("unserved", "window")
PER_YEAR = {  # of each kind, the parameters that are paid by year
    "battery": ("capex_power", "capex_energy"),
    "solar_onsite": ("capex",),
    "gas_engine": ("capex",),
}


class StraightPlant(Plant):
    """A facility whose lines are its physics."""

    def __init__(self):
        """Need no design."""

    def drawn(self, case, load):
        """Return the case: its lines hold at every load."""
        return case

    def energy_error(self, case, load):
        """Return that lines and physics agree."""
        return 0.0


@dataclass(frozen=True)
class RandomSite:
    """A drawn site: what it is, and which options it might take."""

    seed: int
    arguments: dict
    arrivals: np.ndarray
    windows: tuple[float, ...]
    value: tuple
    priority: tuple
    idle_fraction: float
    utilisation_max: float
    parameters: dict
    unserved: float
    years: int = 1
    options: tuple[str, ...] = field(default=OPTIONS)

    def case(self, *options: str, parameters: dict | None = None) -> SiteCase:
        """Return the case with some options, and parameters of a study laid over the drawn."""
        own = {kind: dict(values) for kind, values in self.parameters.items()}
        for kind, values in (parameters or {}).items():
            own.setdefault(kind, {}).update(values)
        kinds = ("grid_connection", "unserved_energy", *(o for o in options if o in OPTIONS))
        settings = {kind: {"parameters": own.get(kind, {})} for kind in kinds}
        if "gas_engine" in kinds:
            settings["gas_engine"] |= {"order_year": FIRST_YEAR - 10, "capacity_max_mw": 30.0}
        windows = self.windows
        if "window" in options:
            windows = tuple(3 * window for window in windows)
        waiting = [
            backlog_max(one, window) for one, window in zip(self.arrivals, windows, strict=True)
        ]
        work = Workload(
            tuple("abc"[: len(windows)]),
            self.arrivals,
            windows,
            np.array(waiting),
            value=self.value,
            priority=self.priority,
        )
        asked = {"unserved_energy": self.unserved} if "unserved" in options else None
        case = make_case(
            **self.arguments, workload=work, kinds=kinds, settings=settings, asked=asked
        )
        return replace(case, idle_fraction=self.idle_fraction, utilisation_max=self.utilisation_max)


def solve_random(case: SiteCase, gap: float = 1e-4, hourly: bool = False):
    """Return the verified result of a case on its own hours, as one program or year by year."""
    hours = case.clock.time.to_numpy()
    whole = Segments(np.arange(len(hours)), np.ones(len(hours), dtype=np.int64))
    segments = None if hourly else whole
    return solve_site(case, StraightPlant(), hours, segments=segments, gap=gap, jobs=1)


def random_site(seed: int, years: int | None = None, days: int = 2) -> RandomSite:
    """Draw a site."""
    rng = np.random.default_rng([seed, 17])
    years = int(rng.integers(1, 3)) if years is None else years
    hours = 24 * days * 2
    time = pd.DatetimeIndex(
        np.concatenate(
            [
                pd.date_range(f"2025-{month:02d}-01", periods=hours // 2, freq="h").to_numpy()
                for month in (1, 7)
            ]
        )
    )
    shape = (years, hours)
    t = np.arange(hours)
    price = 45 + 25 * np.sin(t / 24 * 2 * np.pi + rng.uniform(0, 6)) + rng.normal(0, 12, shape)
    spikes = rng.random(shape) < 0.03
    price = np.where(spikes, rng.choice([300.0, 2000.0, 20_000.0]), price)
    price = np.where(rng.random(shape) < 0.06, -rng.uniform(0, 60, shape), price)
    installed = np.maximum.accumulate(rng.uniform(10, 40, years))
    classes = int(rng.integers(1, 4))
    windows = tuple(float(rng.choice([0, 0, 2, 6])) for _ in range(classes))
    shares = rng.dirichlet(np.ones(classes)) * rng.uniform(0.6, 0.9)
    wave = 1 + 0.25 * np.sin(t / 24 * 2 * np.pi + rng.uniform(0, 6)) * (rng.random() < 0.7)
    wave = wave / wave.max()
    arrivals = shares[:, None, None] * installed[:, None] * wave
    value = tuple(rng.choice([None, 30.0, 400.0], p=[0.7, 0.15, 0.15]) for _ in range(classes))
    priority = tuple(int(rng.choice([1, 1, 2])) for _ in range(classes))
    slope, fixed = rng.uniform(1.05, 1.3), rng.uniform(0.0, 0.1)
    need = (slope + fixed) * installed
    kind = rng.choice(["enough", "late", "small", "none"], p=[0.5, 0.2, 0.2, 0.1])
    grid = 1.2 * need
    if kind in ("late", "none"):
        grid[0] = 0.0 if rng.random() < 0.5 else rng.uniform(0.2, 0.9) * need[0]
    if kind == "small":
        grid = rng.uniform(0.5, 0.95) * need
    scale = hours / HOURS_PER_YEAR
    parameters = {}
    for component, names in PER_YEAR.items():
        stated = {row.parameter: row.value for row in technology(component, 2025).assumptions}
        parameters[component] = {
            name: stated[name] * scale * rng.uniform(0.2, 1.0) for name in names
        }
    parameters["gas_engine"]["fuel_price"] = rng.uniform(3, 12)
    parameters["unserved_energy"] = {"value_of_lost_load": rng.choice([0.5, 5.0, 15.0])}
    sun = np.clip(np.sin((t % 24 - 6) / 12 * np.pi), 0, 1) * rng.uniform(0.3, 1, shape)
    market = StubMarket(contracts={"ppa_solar": (rng.uniform(20, 60), 30.0)})
    arguments = {
        "price": price,
        "years": tuple(range(FIRST_YEAR, FIRST_YEAR + years)),
        "month": time.month.to_numpy() - 1,
        "clock": Clock.hourly(time),
        "slope": slope,
        "fixed": fixed,
        "it_capacity": installed,
        "grid_available": grid,
        "discount_rate": 0.08,
        "adder": rng.uniform(0, 8),
        "series": {
            "solar_fixed": sun,
            "solar_single_axis": sun,
            "emission_factor": np.full(shape, 400.0),
        },
        "market": market,
        "site": StubSite(connection_cost=rng.uniform(0, 3e5) * scale),
        "tariff_forms": _tariffs(rng, scale, need, years),
    }
    return RandomSite(
        seed=seed,
        arguments=arguments,
        arrivals=arrivals,
        windows=windows,
        value=value,
        priority=priority,
        idle_fraction=float(rng.choice([0.0, 0.25])),
        utilisation_max=float(rng.choice([0.92, 1.0])),
        parameters=parameters,
        unserved=float(rng.uniform(1, 60)),
        years=years,
    )


def _tariffs(rng, scale, need, years):
    """Return a few charges on peaks, dear enough that to dodge them tempts."""
    peaks = {"named": [f"07-01 {rng.integers(10, 15)}", f"07-01 {rng.integers(15, 20)}"]}
    much = float(rng.choice([1.0, 10.0, 100.0]))
    given = float(need.max() * rng.uniform(0.3, 1))
    known = {
        "coincident_peak": {
            "rate_usd_per_mw_year": 70e3 * scale * much,
            "peaks": peaks,
            "first_year": str(rng.choice(["steady", "new"])),
            "billed": str(rng.choice(["next_year", "same_year"])),
        },
        "capacity_obligation": {
            "price_usd_per_mw_day": 300.0 * scale * much,
            "peaks": peaks,
            "first_year": str(rng.choice(["steady", "new"])),
        },
        "ratchet_demand": {
            "rate_usd_per_mw_month": 6e3 * scale * much,
            "share": float(rng.uniform(0.5, 1.0)),
            "first_year": str(rng.choice(["steady", "new"])),
        },
        "minimum_take": {
            "rate_usd_per_mw_month": 6e3 * scale * much,
            "minimum_share": float(rng.uniform(0.5, 0.9)),
            "term_years": years,
            "contract_mw": None if rng.random() < 0.5 else given,
        },
        "contracted_demand": {
            "rate_usd_per_mw_month": 4e3 * scale * much,
            "excess_rate_usd_per_mw_month": 9e3 * scale * much,
            "contracted_mw": None
            if rng.random() < 0.5
            else float(need.max() * rng.uniform(0.3, 1)),
        },
    }
    chosen = [kind for kind in known if rng.random() < 0.4]
    return tuple(tariffs[kind](**known[kind]) for kind in chosen)
