"""What a mix of supply contracts costs and risks over many weather and price years.

The metered load is that of the case's optimum and stays as it is. On it the mixes are settled, each
with the market's own tariff, over drawn years:

``optimum``
    The contracts that the case signs.
``flat``
    The contracts that the same site would sign for a flat load of the same energy that cannot move.
``KIND block``
    A block of the mean load alone, for each kind of contract made for a flat load.
``spot``
    No contract.

A drawn year is a year of weather and of price by another seed, at a price level drawn from the
market's range, which is read as its 10th to 90th percentile of a log-normal distribution. One draw
of the level holds in all years of the study: what is not known is the path.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.stats import norm

from dcmodel.base.errors import DataError, Fault
from dcmodel.components.base import Component, SiteCase, Workload
from dcmodel.components.contract import Contract
from dcmodel.facility.linearise import AffineFacility
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.site import Plant, segments_of, silent, solve_site
from dcmodel.optimise.solve import solve
from dcmodel.study.assemble import assemble, drawn_series
from dcmodel.study.cases import Case

FloatArray = npt.NDArray[np.float64]
Mix = dict[str, FloatArray]
"""Contracted MW by kind of contract, each of shape (years,)."""

SEGMENTS = 1095
"""Segments of a year on which mixes are settled and the flat mix is found."""
TAIL = 0.9
"""Part of the distribution between the market's low and high: 10th to 90th percentile."""
PEAK_ROOM = 1.0 + 1e-6
"""Room for rounding between stored import and its limit."""


def contract_mixes(
    case: Case,
    result: xr.Dataset,
    *,
    samples: int = 20,
    segments: int = SEGMENTS,
    report: Callable[..., None] = silent,
) -> xr.Dataset:
    """Return the cost of energy of each mix in drawn years.

    Parameters
    ----------
    case : Case
        A case of a study.
    result : xarray.Dataset
        Its result.
    samples : int
        Years drawn.
    segments : int
        Segments of a year on which costs are settled.
    report : callable
        ``report(stage, **numbers)`` is told what is being done.

    Returns
    -------
    xarray.Dataset
        ``cost`` (mix, sample, year) [USD], ``typical_cost`` (mix, year) in the study's own year,
        ``contracted`` (contract, mix, year) [MW], ``energy`` (year) metered [MWh],
        ``price_level`` (sample, year) relative to the market's path [1].
    """
    site_case, plant, weather = assemble(case)
    kinds = [part.kind for part in site_case.components if isinstance(part, Contract)]
    if not kinds:
        message = "the case has no supply contract to compare; add one to its components"
        raise DataError(Fault(case.name, message))
    report("flat")
    meter = metered(result)
    mixes = {
        "optimum": _contracted(result, kinds),
        "flat": flat_mix(site_case, plant, weather["time"].to_numpy(), segments),
        **block_mixes(site_case, meter),
        "spot": {},
    }
    levels = price_levels(site_case, samples, case.spec.seed)
    cost = np.empty((len(mixes), samples, len(site_case.years)))
    for s in range(samples):
        report("sample", done=s, of=samples)
        series = drawn_series(case, case.spec.seed + 1 + s, site_case)
        series["price_energy"] = series["price_energy"] * levels[s][:, None]
        for i, mix in enumerate(mixes.values()):
            cost[i, s] = settled_cost(site_case, mix, meter, series, segments)
    typical = [
        settled_cost(site_case, mix, meter, site_case.series, segments) for mix in mixes.values()
    ]
    return _dataset(site_case, mixes, cost, np.array(typical), meter, levels, case.name)


def flat_mix(case: SiteCase, plant: Plant, hours: npt.ArrayLike, segments: int) -> Mix:
    """Return the contracts of the optimum for a flat load of the same energy."""
    work = case.workload
    mean = work.arrivals @ case.duration / case.duration.sum()
    flat = np.broadcast_to(mean[..., None], work.arrivals.shape)
    steady: Workload = replace(
        work,
        arrivals=flat,
        window_h=tuple(0.0 for _ in work.names),
        backlog_max=np.zeros_like(work.arrivals),
    )
    parts = tuple(part for part in case.components if not part.moves_work)
    steady_case = replace(case, workload=steady, components=parts)
    result = solve_site(steady_case, plant, hours, segments=segments, gap=0.01)
    return _contracted(result, [part.kind for part in parts if isinstance(part, Contract)])


def block_mixes(case: SiteCase, meter: FloatArray) -> dict[str, Mix]:
    """Return for each kind of contract made for a flat load a block of the mean metered load."""
    found = {}
    for part in case.components:
        if isinstance(part, Contract) and part.flat:
            offer = part.terms_in(case)
            block = np.minimum(meter.mean(axis=1), offer.volume_max_mw)
            found[f"{part.kind} block"] = {part.kind: np.where(offer.started, block, 0.0)}
    return found


def _contracted(result: xr.Dataset, kinds: list[str]) -> Mix:
    """Return what a result contracts by kind [MW], rounding below zero left out."""
    capacity = result["capacity"]
    return {
        kind: np.maximum(capacity.sel(size=f"{kind}.capacity").to_numpy(), 0.0) for kind in kinds
    }


def metered(result: xr.Dataset) -> FloatArray:
    """Return the metered import of every hour [MW], shape (years, hours)."""
    hours = np.rint(result["duration"].to_numpy()).astype(int)
    by_step = result["grid_import"].transpose("year", "time").to_numpy()
    return np.repeat(np.maximum(by_step, 0.0).astype(float), hours, axis=1)


def price_levels(case: SiteCase, samples: int, seed: int) -> FloatArray:
    """Return drawn price levels over the market's path [1], shape (samples, years).

    Quantiles are taken evenly, in the order of a drawn permutation.
    """
    low, value, high = case.market.wholesale_price_range(case.years, case.currency_year)
    spread = np.log(high / low) / (2 * norm.ppf(TAIL))
    middle = np.log(np.sqrt(low * high) / value)
    order = np.random.default_rng(seed).permutation(samples)
    quantile = norm.ppf((order + 0.5) / samples)
    return np.asarray(np.exp(middle + quantile[:, None] * spread))


def settled_cost(
    case: SiteCase, mix: Mix, meter: FloatArray, series: dict[str, FloatArray], segments: int
) -> FloatArray:
    """Return the cost of energy of each year under a mix of contracts [USD], shape (years,).

    Tariff and contracts are those of the model, with the import and every contract held as given.
    """
    parts: tuple[Component, ...] = tuple(
        part.model_copy(
            update={"contracted_mw": dict(zip(case.years, mix[part.kind].tolist(), strict=True))}
        )
        for part in case.components
        if isinstance(part, Contract) and mix.get(part.kind, np.zeros(1)).any()
    )
    on = case.it_capacity > 0
    installed = np.where(on, case.it_capacity, 1.0)
    none = np.zeros_like(meter)
    held = replace(
        case,
        components=parts,
        requirements=(),
        it_capacity=installed,
        idle_fraction=1.0,
        workload=Workload(("held",), none[None], (0.0,), none[None]),
        facility=AffineFacility(meter / installed[:, None], none, none, none),
        grid_available=np.full(len(case.years), PEAK_ROOM * max(float(meter.max()), 1.0)),
        grid_firm=None,
        series=series,
    )
    _, lp = compile_site(held.segmented(segments_of(held, segments)))
    solution = solve(lp)
    return np.asarray(lp.term_values(solution.x).sum(axis=0))


def _dataset(
    case: SiteCase,
    mixes: dict[str, Mix],
    cost: FloatArray,
    typical: FloatArray,
    meter: FloatArray,
    levels: FloatArray,
    name: str,
) -> xr.Dataset:
    kinds = list(mixes["optimum"])
    contracted = [
        [mix.get(kind, np.zeros(len(case.years))) for mix in mixes.values()] for kind in kinds
    ]
    told = {
        "cost": (("mix", "sample", "year"), cost, "USD", "Cost of energy in a drawn year"),
        "typical_cost": (("mix", "year"), typical, "USD", "Cost of energy in the study's year"),
        "contracted": (("contract", "mix", "year"), contracted, "MW", "Contracted capacity"),
        "energy": (("year",), meter.sum(axis=1), "MWh", "Metered energy"),
        "price_level": (("sample", "year"), levels, "1", "Price level over the market's path"),
        "discount_factor": (("year",), case.discount_factor, "1", "Present value of one USD"),
    }
    return xr.Dataset(
        {
            key: (dims, values, {"units": units, "long_name": words})
            for key, (dims, values, units, words) in told.items()
        },
        coords={"mix": list(mixes), "contract": kinds, "year": list(case.years)},
        attrs={"case": name},
    )
