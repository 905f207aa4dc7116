"""A week of a case: which hours it holds, on the local clock, and who sold the energy imported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.timeindex import model_hours, parse_zone
from dcmodel.base.units import HOURS_PER_WEEK, HOURS_PER_YEAR

FloatArray = npt.NDArray[np.float64]

TIE = 1e-3
"""Values this close to the largest count as equal to it, relative. [1]"""
GRID, PURCHASE = "grid_import", "purchase"
"""Names that the energy account of every site bears (`dcmodel.optimise.extract`)."""
SOLD = ("surplus", ".settled")
"""Endings of contract energy that was not used: sold by the tariff, or by the contract itself."""


@dataclass(frozen=True)
class Window:
    """Steps of one year that lie side by side.

    Parameters
    ----------
    result : Dataset
        The result at these steps of that year, without dim ``year``.
    edges : array of shape (steps + 1,)
        Where steps begin and end, counted from the beginning of the model year. [h]
    """

    result: xr.Dataset
    edges: FloatArray

    @property
    def time_zone(self) -> str:
        """Time zone of the site."""
        return str(self.result.attrs.get("time_zone", "UTC"))

    def values(self, name: str) -> FloatArray:
        """Return an hourly variable at the steps, shape (steps,)."""
        return np.asarray(self.result[name].to_numpy(), dtype=float)

    def midnights(self) -> tuple[list[int], list[str]]:
        """Return where days of the local clock begin [h of the model year], and their dates."""
        calendar = int(self.result.attrs["calendar_year"])
        hours = np.arange(int(self.edges[0]), int(np.ceil(self.edges[-1])))
        utc = model_hours(calendar)[hours % HOURS_PER_YEAR]
        local = pd.DatetimeIndex(utc.tz_localize("UTC").tz_convert(parse_zone(self.time_zone)))
        found = [(int(h), t) for h, t in zip(hours, local, strict=True) if t.hour == 0]
        every = max(1, len(found) // 8)
        return [h for h, _ in found[::every]], [t.strftime("%a\n%d %b") for _, t in found[::every]]


def year_of(result: xr.Dataset, year: int | None, by: str) -> int:
    """Return the year asked for, or the first one with the largest value of an hourly variable.

    Raises
    ------
    StudyError
        When the case has no such year or the variable is not an hourly one of it.
    """
    years = [int(y) for y in result["year"].values]
    hourly = [str(name) for name, v in result.data_vars.items() if v.dims == ("year", "time")]
    if by not in hourly:
        raise StudyError(Fault("by", f"found '{by}'; hourly variables are {', '.join(hourly)}"))
    if year is None:
        largest = result[by].max("time").fillna(-np.inf).to_numpy()
        return years[int(np.argmax(largest))]
    if year not in years:
        listed = ", ".join(map(str, years))
        raise StudyError(Fault("year", f"found {year}; years of the case are {listed}"))
    return int(year)


def peak_window(result: xr.Dataset, year: int, by: str = GRID) -> Window:
    """Return the week around the largest value of an hourly variable.

    Of several steps at that value, as where import stands at its limit, the one with the highest
    energy price counts. Steps of any length are taken whole; a week at the edge of the year is
    moved inside.
    """
    now = result.sel(year=year)
    hours = result["duration"].to_numpy().astype(float)
    edges = np.concatenate([[0.0], np.cumsum(hours)])
    peak = edges[_peak_step(now, by)]
    start = min(max(peak - HOURS_PER_WEEK / 2, 0.0), max(edges[-1] - HOURS_PER_WEEK, 0.0))
    stop = start + HOURS_PER_WEEK
    first = int(np.searchsorted(edges, start, side="right")) - 1
    last = int(np.searchsorted(edges, stop, side="left"))
    return Window(now.isel(time=slice(first, last)), edges[first : last + 1])


def _peak_step(now: xr.Dataset, by: str) -> int:
    """Return the step with the largest value; the dearest one of those close to it."""
    series = np.nan_to_num(now[by].to_numpy().astype(float), nan=-np.inf)
    largest = series.max()
    if "price_energy" not in now or not np.isfinite(largest):
        return int(np.argmax(series))
    price = now["price_energy"].to_numpy()
    return int(np.argmax(np.where(series >= largest - TIE * abs(largest), price, -np.inf)))


def contract_use(result: xr.Dataset) -> dict[str, FloatArray]:
    """Return power into the site by source, with the import told by who sold it.

    Import that contracts cover is shared among them in proportion to what each delivers; what is
    left of their delivery is surplus and does not reach the site.

    Parameters
    ----------
    result : Dataset
        One year of a case.

    Returns
    -------
    dict of str to array of shape (steps,)
        Tariff purchase, each contract, then the components on site [MW]. The sum is the facility's
        power.
    """
    supply = {
        str(name): result["supply"].sel(component=name).to_numpy().astype(float)
        for name in result["component"].values
    }
    if "delivery" not in result:
        return supply
    imported = supply.pop(GRID)
    delivery = {
        str(name): result["delivery"].sel(contract=name).to_numpy().astype(float)
        for name in result["contract"].values
        if not str(name).endswith(SOLD)
    }
    purchase = delivery.pop(PURCHASE)
    delivered = sum(delivery.values(), start=np.zeros_like(purchase))
    used = imported - purchase
    share = np.divide(used, delivered, out=np.zeros_like(used), where=delivered > 0)
    return {PURCHASE: purchase, **{n: share * d for n, d in delivery.items()}, **supply}
