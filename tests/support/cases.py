"""Small site cases whose optimum can be worked out by hand."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from dcmodel.base.clock import Clock
from dcmodel.components.base import (
    SiteCase,
    Workload,
    components,
)
from dcmodel.facility.linearise import AffineFacility
from dcmodel.inputs.contracts import ContractOffer
from dcmodel.inputs.services import ServiceOffer
from dcmodel.markets.base import tariffs
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.solve import solve
from dcmodel.requirements.base import requirements


@dataclass
class StubMarket:
    """A market that answers what components ask, with flat offers."""

    key: str = "stub"
    contracts: dict = field(default_factory=dict)
    services: dict = field(default_factory=dict)
    build_cost: float = 0.0

    def contract(self, kind, years, currency_year):
        """Return an offer made of (price, volume) or (price, volume, further fields)."""
        price, volume, *rest = self.contracts[kind]
        ones = np.ones(len(years))
        fields = {
            "years": tuple(years),
            "price": price * ones,
            "available": ones.astype(bool),
            "volume_max_mw": volume * ones,
            **(rest[0] if rest else {}),
        }
        return ContractOffer(**fields)

    def service(self, kind, years, currency_year):
        """Return a service made of its fields."""
        ones = np.ones(len(years))
        fields = {
            "revenue": 0.0, "available": True, "volume_max_mw": 100.0, "energy_payment": 0.0,
            "activation_h": 1.0, "event_h": 1.0, "months": None, **self.services[kind],
        }  # fmt: skip
        for name in ("revenue", "available", "volume_max_mw"):
            fields[name] = np.asarray(fields[name] * ones, type(fields[name]))
        return ServiceOffer(**fields)

    def build_cost_usd_per_mw(self, currency_year):
        return self.build_cost


@dataclass
class StubSite:
    key: str = "stub"
    connection_cost: float = 0.0
    elevation: float = 0.0
    jurisdiction: str = "US"
    water_price: float = 0.0
    connection: object = None

    def connection_cost_usd_per_mw(self, currency_year):
        return self.connection_cost

    def water_price_usd_per_m3(self, currency_year):
        return self.water_price


def constant(value, years, steps):
    return np.broadcast_to(np.asarray(value, dtype=float), (years, steps)).copy()


def make_case(
    *,
    price,
    load=10.0,
    years=(2025,),
    duration=None,
    month=None,
    slope=1.0,
    fixed=0.0,
    it_capacity=None,
    workload=None,
    discount_rate=0.0,
    grid_available=1000.0,
    series=None,
    temp_air=15.0,
    adder=0.0,
    loss_fraction=0.0,
    resale_fee=0.0,
    demand_rate=0.0,
    kinds=(),
    settings=None,
    market=None,
    site=None,
    clock=None,
    tariff_forms=(),
    asked=None,
    grid_firm=None,
):
    """Return a case of a fully used fleet: IT power equals `load` unless a workload is given."""
    price = np.atleast_2d(np.asarray(price, dtype=float))
    n_years, steps = len(years), price.shape[1]
    price = np.broadcast_to(price, (n_years, steps)).copy()
    loads = constant(load, n_years, steps)
    capacity = loads.max(axis=1) if it_capacity is None else np.asarray(it_capacity, dtype=float)
    if workload is None:
        arrivals = loads[None]
        workload = Workload(("all",), arrivals, (0.0,), np.zeros_like(arrivals))
    zeros = np.zeros((n_years, steps))
    facility = AffineFacility(
        constant(slope, n_years, steps), constant(fixed, n_years, steps), zeros, zeros
    )
    forms = [
        tariffs["spot_energy"](
            adder_usd_per_mwh=(adder,) * n_years,
            loss_fraction=loss_fraction,
            resale_fee_usd_per_mwh=resale_fee,
        )
    ]
    if demand_rate:
        forms.append(tariffs["demand_charge"](rate_usd_per_mw_month=(demand_rate,) * n_years))
    settings = settings or {}
    hours = np.ones(steps) if duration is None else np.asarray(duration, dtype=float)
    months = np.zeros(steps, dtype=np.int64) if month is None else np.asarray(month)
    return SiteCase(
        name="hand",
        site=site or StubSite(),
        market=market or StubMarket(),
        years=tuple(years),
        currency_year=2025,
        discount_rate=discount_rate,
        discount_factor=(1 + discount_rate) ** -np.arange(n_years, dtype=float),
        duration=hours,
        month=months,
        clock=clock or hand_clock(hours, months),
        grid_available=constant(grid_available, 1, n_years)[0],
        it_capacity=capacity,
        idle_fraction=0.0,
        utilisation_max=1.0,
        workload=workload,
        facility=facility,
        facility_design_peak=np.full(n_years, np.max(slope) + np.max(fixed)),
        design_temp_air=np.full(n_years, np.max(temp_air)),
        series={
            "price_energy": price,
            "temp_air": constant(temp_air, n_years, steps),
            **(series or {}),
        },
        components=tuple(components[kind](**settings.get(kind, {})) for kind in kinds),
        tariffs=(*forms, *tariff_forms),
        grid_firm=None if grid_firm is None else constant(grid_firm, 1, n_years)[0],
        requirements=tuple(
            requirements[kind].model_validate(value) for kind, value in (asked or {}).items()
        ),
    )


def hand_clock(hours, months):
    """Return a clock on which each step is one long hour, somewhere in its month."""
    seen = [int((months[:t] == month).sum()) for t, month in enumerate(months)]
    first = [pd.Timestamp(2025, month + 1, 1) for month in months]
    time = [day + pd.Timedelta(hours=n) for day, n in zip(first, seen, strict=True)]
    return Clock(pd.DatetimeIndex(time), hours, np.arange(len(hours)))


def optimum(case):
    """Return model, arrays and the solution of a case."""
    m, lp = compile_site(case)
    solution = solve(lp)
    lp.load_solution(m, solution.x, solution.row_dual)
    return m, lp, solution
