"""A small site on which any tariff forms can be charged, and its solution."""

from dataclasses import replace

import numpy as np
import pandas as pd
from support.cases import StubMarket, StubSite, make_case

from dcmodel.base.clock import Clock
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.extract import site_dataset
from dcmodel.optimise.pathway import solve_pathway
from dcmodel.optimise.settle import settled
from dcmodel.profiles.segment import segment_hours

DAY = {
    "rules": [
        {"period": "day", "days": "weekdays", "hours": "8-20"},
        {"period": "night", "days": "weekdays", "hours": "20-8"},
        {"period": "night", "days": "weekends"},
    ]
}
YEARS = (2025, 2026, 2027)


def a_site(forms):
    """Three years of four days a month: load by day, a battery, a wind contract with surplus."""
    days = [pd.Timestamp(2025, month, day) for month in range(1, 13) for day in (9, 10, 11, 12)]
    time = pd.DatetimeIndex([day + pd.Timedelta(hours=h) for day in days for h in range(24)])
    rng = np.random.default_rng(3)
    steps = len(time)
    hour = time.hour.to_numpy()
    load = 20 + 6 * np.sin((hour - 8) / 24 * 2 * np.pi) + rng.uniform(0, 3, (len(YEARS), steps))
    load *= np.array([0.8, 1.0, 0.9])[:, None]
    season = 8 * np.cos((time.month.to_numpy() - 7) / 12 * 2 * np.pi)
    case = make_case(
        price=45 + 20 * np.sin((hour - 14) / 24 * 2 * np.pi) + rng.normal(0, 15, steps),
        load=load,
        years=YEARS,
        month=time.month.to_numpy() - 1,
        clock=Clock.hourly(time),
        discount_rate=0.08,
        grid_available=60.0,
        adder=8.0,
        loss_fraction=0.02,
        resale_fee=2.0,
        kinds=("battery", "ppa_wind", "grid_connection"),
        settings={"battery": {"power_max_mw": 10.0, "energy_max_mwh": 40.0}},
        market=StubMarket(contracts={"ppa_wind": (35.0, 60.0)}),
        site=StubSite(connection_cost=1e5),
        series={
            "wind_onshore": rng.uniform(0, 1, (len(YEARS), steps)),
            "emission_factor": np.full((len(YEARS), steps), 300.0),
            "system_load": np.tile(100 + season + rng.normal(0, 5, steps), (len(YEARS), 1)),
        },
    )
    return replace(case, tariffs=(*case.tariffs, *forms))


def solved(case):
    m, lp = compile_site(case)
    solution = settled(lp, solve_pathway(lp, whole_below=10**9), 0.005)
    lp.load_solution(m, solution.x, solution.row_dual)
    time = pd.date_range("2025-01-01", periods=len(case.duration), freq="h")
    return site_dataset(m, lp, case, solution.x, time)


def segmented(case, count):
    starts = np.flatnonzero(np.diff(case.month, prepend=-1))
    features = np.concatenate([case.workload.total, case.series["price_energy"]])
    return case.segmented(segment_hours(features, count, boundaries=starts))
