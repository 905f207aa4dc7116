"""Seeded data of the benchmark: one site, hourly, several years.

Shapes are synthetic and stand for nothing real; they only make the matrix as full and as varied as
that of a study. Money in thousand USD, power in MW.
"""

from dataclasses import dataclass

import numpy as np

SIZES = ("ppa_wind", "ppa_solar", "pv", "power", "energy", "genset", "contract")
RENEWABLES = ("ppa_wind", "ppa_solar", "pv")
WINDOWS = (4, 24, 168)  # hours that a class of work may wait
HOURS_OF_MONTHS = np.cumsum([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) * 24


@dataclass
class Case:
    years: int
    hours: int
    discount: np.ndarray  # (Y,)
    price: np.ndarray  # (Y, T) buying
    sell: np.ndarray  # (Y, T) selling
    capacity_factor: np.ndarray  # (3, Y, T)
    dirty: np.ndarray  # (Y, T) share of grid energy that is not carbon free
    slope: np.ndarray  # (Y, T) facility power per IT power
    base_load: np.ndarray  # (Y, T) facility power at no shiftable work
    free: np.ndarray  # (Y, T) IT power left for shiftable work
    arrivals: np.ndarray  # (3, Y, T) shiftable work
    backlog_max: np.ndarray  # (3, Y, T) work that arrived within the window
    month: np.ndarray  # (T,)
    previous: np.ndarray  # (T,) cyclic predecessor
    hold: np.ndarray  # (3,) cost of waiting
    size_cost: np.ndarray  # (7, Y)
    size_max: np.ndarray  # (7, Y)
    demand_charge: float = 5.0
    fuel: float = 0.32
    wear: float = 1.5e-3
    efficiency: float = 0.94
    keep: float = 0.9998
    export_max: float = 30.0
    dirty_max: float = 0.15
    genset_hours: float = 300.0


def make_case(years=6, hours=8760, seed=1):
    rng = np.random.default_rng(seed)
    shape = (years, hours)
    t = np.arange(hours)
    hour, day = t % 24, t // 24
    season = np.cos(2 * np.pi * (day - 20) / 365)
    wind = 1 / (1 + np.exp(1 - 2 * rng.standard_normal(shape).cumsum(1) / (1 + np.sqrt(t))))
    sun = np.clip(np.cos(np.pi * (hour - 12.5) / (12 - 4 * season)), 0, 1)
    sun = np.where(np.abs(hour - 12.5) < 7, sun, 0) * rng.uniform(0.3, 1, shape)
    temperature = 11 - 9 * season - 4 * np.cos(2 * np.pi * (hour - 4) / 24)
    slope = 1.1 + 0.22 / (1 + np.exp(-(temperature + 2 * rng.standard_normal(shape) - 20) / 4))
    installed = 60.0 * (1 + 0.12 * np.arange(years))[:, None]
    interactive = installed * (0.42 + 0.1 * np.cos(2 * np.pi * (hour - 15) / 24))
    interactive = interactive + 0.5 * rng.random(shape)
    shares = np.array([0.06, 0.08, 0.08])[:, None, None]
    arrivals = installed * shares * rng.uniform(0.5, 1.5, (3, *shape))
    backlog = np.cumsum(arrivals, axis=2)
    for k, window in enumerate(WINDOWS):
        if window < hours:
            backlog[k, :, window:] = backlog[k, :, window:] - np.cumsum(arrivals[k], 1)[:, :-window]
    backlog[:, :, -1] = 0
    price = np.round((85 - 45 * wind - 60 * sun + 15 * rng.standard_normal(shape)) * 1e-3, 5)
    factors = np.round(np.stack([wind, sun, 0.95 * sun]), 4)  # zero at night
    cost = np.tile(np.array([0, 0, 44, 12, 16, 45, 45.0])[:, None], years)
    cost[:2] = np.array([52e-3, 42e-3])[:, None] * factors[:2].sum(2)
    ceiling = np.tile(np.array([150, 150, 40, 80, 400, 80, 0.0])[:, None], years)
    ceiling[6] = 55 + 8 * np.arange(years)
    return Case(
        years=years,
        hours=hours,
        discount=1.06 ** -np.arange(years, dtype=float),
        price=price,
        sell=0.8 * price - 5e-3,
        capacity_factor=factors,
        dirty=np.clip(0.65 - 0.3 * wind - 0.35 * sun, 0.1, 0.9),
        slope=slope,
        base_load=slope * interactive + 0.03 * installed,
        free=installed - interactive,
        arrivals=arrivals,
        backlog_max=backlog,
        month=np.searchsorted(HOURS_OF_MONTHS, t % 8760, side="right"),
        previous=np.roll(t, 1),
        hold=np.array([0.5, 0.2, 0.05]) * 1e-3,
        size_cost=cost,
        size_max=ceiling,
    )
