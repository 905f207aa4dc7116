"""Carbon and clean energy of a solved site, counted from its dispatch: no equation of the model.

Three bases are kept apart and never mixed:

- *location*: import at the hourly factor of the grid, and fuel burnt on the site;
- *market*: import less the certificates of the year, at the year's mean factor (the residual mix is
  not known, the grid's own stands for it), and fuel burnt on the site;
- *hourly*: import less the carbon-free contract energy of the same hour, at the hourly factor, and
  fuel burnt on the site.

Shares are of the facility's energy. The hourly share counts contracts, on-site plants, the grid's
carbon-free share of the import that no contract covers, and clean energy put by in batteries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo

from dcmodel.base.units import KG_PER_TONNE
from dcmodel.components.base import SiteCase, offering

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CleanAccount:
    """Carbon and clean energy of each year; arrays of shape (years,)."""

    location: FloatArray
    """Emissions, location based [t]."""
    market: FloatArray
    """Emissions, market based [t]."""
    hourly: FloatArray
    """Emissions with contracts matched by the hour [t]."""
    certificates: FloatArray
    """Carbon-free energy claimed in the year: certificates and on-site plants [MWh]."""
    share_yearly: FloatArray
    """The same over the facility's energy, at most one [1]."""
    share_hourly: FloatArray
    """Facility energy matched by the hour [1]."""
    share_own: FloatArray
    """Of it by contracts and plants alone, without the grid's share [1]."""


def clean_account(m: pyo.ConcreteModel, case: SiteCase) -> CleanAccount:
    """Return carbon and clean energy of a solved model."""
    hours = case.duration
    none = np.zeros((len(case.years), len(hours)))
    grid = np.asarray(m.grid_import.array)
    factor = case.series["emission_factor"] / KG_PER_TONNE
    blocks = offering(m, "clean")
    plants = [np.asarray(b.clean.array) for b in blocks if b.component("supply") is not None]
    contracts = [np.asarray(b.clean.array) for b in blocks if b.component("supply") is None]
    site, contract = sum(plants, start=none), sum(contracts, start=none)
    bought = [np.asarray(b.certificates.array) for b in offering(m, "certificates")]
    certificates = sum(bought, start=np.zeros(len(case.years)))
    burnt = sum(
        (np.asarray(b.emissions.array) for b in offering(m, "emissions")),
        start=np.zeros(len(case.years)),
    )
    covered = np.clip(contract, 0.0, grid)
    uncovered = np.maximum(grid @ hours - certificates, 0.0)
    load = np.asarray(m.facility_power.array)
    of_grid = case.series.get("grid_clean_share", none) * (grid - covered)
    claimed = certificates + site @ hours
    stores = [
        (np.asarray(b.charge.array), np.asarray(b.discharge.array), float(b.efficiency.value))
        for b in offering(m, "efficiency")
    ]
    return CleanAccount(
        location=(grid * factor) @ hours + burnt,
        market=(factor @ hours / hours.sum()) * uncovered + burnt,
        hourly=((grid - covered) * factor) @ hours + burnt,
        certificates=claimed,
        share_yearly=_share(np.minimum(claimed, load @ hours), load @ hours),
        share_hourly=_share(_matched(site + covered + of_grid, load, stores, hours), load @ hours),
        share_own=_share(_matched(site + covered, load, stores, hours), load @ hours),
    )


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return a share; nothing asked is wholly clean."""
    return np.divide(part, whole, out=np.ones_like(whole), where=whole > 0)


def _matched(
    clean: FloatArray,
    load: FloatArray,
    stores: list[tuple[FloatArray, FloatArray, float]],
    hours: FloatArray,
) -> FloatArray:
    """Return energy matched in each year [MWh]: at once, and through what batteries put by.

    Clean energy beyond the load is put by as far as a battery charges, and claimed as it discharges
    while load is unmatched: first come, first served, and round the year until it repeats itself.
    """
    direct = np.minimum(clean, load)
    matched = direct @ hours
    for charge, discharge, efficiency in stores:
        put_by = np.minimum(np.maximum(clean - load, 0.0), np.maximum(charge, 0.0))
        wanted = np.minimum(np.maximum(load - direct, 0.0), np.maximum(discharge, 0.0))
        clean, direct = clean - put_by, direct.copy()
        for y in range(len(load)):
            released = _released(put_by[y] * hours, wanted[y] * hours, efficiency)
            matched[y] += released.sum()
            direct[y] += released / hours
    return matched


def _released(put_by: FloatArray, wanted: FloatArray, efficiency: float) -> FloatArray:
    """Return what a store gives back in each step [MWh], beginning the year as it ends it."""
    content, released = 0.0, np.zeros_like(put_by)
    for _ in range(2):
        for t in range(len(put_by)):
            content += efficiency * put_by[t]
            released[t] = min(wanted[t], efficiency * content)
            content -= released[t] / efficiency
    return released
