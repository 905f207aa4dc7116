"""The fleet by vintage: which generations stand in which year, what is bought and what retires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from dcmodel.base.errors import Fault, StudyError
from dcmodel.workload.accelerators import Accelerator, accelerator

FloatArray = npt.NDArray[np.float64]

_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Vintages:
    """Installed IT power by generation."""

    years: tuple[int, ...]
    generations: tuple[Accelerator, ...]
    standing: FloatArray
    """IT power that stands [MW], shape (years, generations)."""
    bought: FloatArray
    """IT power bought in the year [MW], as `standing`."""
    retired: FloatArray
    """IT power taken out at the start of the year [MW], as `standing`."""

    def shares(self) -> FloatArray:
        """Return shares of the installed power [1], zero where none stands."""
        total = self.standing.sum(axis=1, keepdims=True)
        return np.divide(self.standing, total, out=np.zeros_like(self.standing), where=total > 0)

    def price_per_mw(self) -> FloatArray:
        """Return the price of each generation with its racks [USD MW-1], shape (generations,)."""
        return np.array([chip.price / chip.it_power for chip in self.generations])

    def capital_cost(self, recovery: FloatArray) -> FloatArray:
        """Return the annuity of what stands, by year [USD], shape (years,).

        Each purchase is paid while it stands: over its life.

        Parameters
        ----------
        recovery : array of shape (generations,)
            Capital recovery factor over the life of each generation [1/yr].
        """
        return np.asarray(self.standing @ (self.price_per_mw() * recovery))

    def table(self) -> pd.DataFrame:
        """Return one row a year and generation that is bought, stands or retires."""
        rows = [
            {
                "year": year,
                "generation": chip.key,
                "standing_mw": self.standing[y, g],
                "bought_mw": self.bought[y, g],
                "retired_mw": self.retired[y, g],
                "share": self.shares()[y, g],
            }
            for y, year in enumerate(self.years)
            for g, chip in enumerate(self.generations)
            if max(self.standing[y, g], self.bought[y, g], self.retired[y, g]) > 0
        ]
        return pd.DataFrame(rows)


def check_mix(mixes: Mapping[int, Mapping[str, float]], where: str = "fleet.generations") -> None:
    """Refuse shares that do not sum to one, unknown generations, and those not yet to be had."""
    faults = []
    for year, mix in mixes.items():
        total = sum(mix.values())
        if abs(total - 1) > _TOLERANCE:
            listed = ", ".join(f"{key} {share:g}" for key, share in mix.items())
            msg = f"shares sum to {total:g} ({listed}); they must sum to 1"
            faults.append(Fault(f"{where}.{year}", msg))
        for key in mix:
            try:
                chip = accelerator(key, where=f"{where}.{year}")
            except StudyError as error:
                faults += error.faults
                continue
            if chip.year_available > year:
                msg = f"{key} can be had from {chip.year_available}; buy it from then on"
                faults.append(Fault(f"{where}.{year}", msg))
    if not mixes:
        faults.append(Fault(where, "names no year; give {year: generation}"))
    if faults:
        raise StudyError(faults)


def vintages(
    installed: Sequence[float] | FloatArray,
    years: Sequence[int],
    mixes: Mapping[int, Mapping[str, float]],
    currency_year: int = 2025,
) -> Vintages:
    """Return the fleet that keeps the installed IT power, year by year.

    What reaches the end of its life is replaced, and what grows is bought, in the mix of the latest
    stage. Where the installed power falls, the oldest goes first.

    Parameters
    ----------
    installed : array of shape (years,)
        Installed IT power [MW].
    years : sequence of int
        Model years, one after another. What stands in the first year is bought in it.
    mixes : mapping
        Shares of generations by the year from which they are bought; each sums to one.
    currency_year : int
        Money of the prices.

    Returns
    -------
    Vintages
    """
    check_mix(mixes)
    keys = list(dict.fromkeys(key for year in sorted(mixes) for key in mixes[year]))
    chips = tuple(accelerator(key, currency_year) for key in keys)
    life = np.array([chip.life for chip in chips])
    power = np.asarray(installed, dtype=float)
    # cohorts[v, g]: what was bought in year v and still stands
    cohorts = np.zeros((len(years), len(keys)))
    standing, bought, retired = (np.zeros_like(cohorts) for _ in range(3))
    for y, year in enumerate(years):
        age = year - np.asarray(years)
        worn = (age[:, None] >= life[None, :]) & (cohorts > 0)
        retired[y] = np.where(worn, cohorts, 0.0).sum(axis=0)
        cohorts[worn] = 0.0
        retired[y] += _shed(cohorts, cohorts.sum() - power[y])
        need = max(power[y] - cohorts.sum(), 0.0)
        if need > _TOLERANCE * max(power[y], 1.0):
            mix = _mix_of(mixes, year)
            bought[y] = [need * mix.get(key, 0.0) for key in keys]
            cohorts[y] += bought[y]
        standing[y] = cohorts.sum(axis=0)
    return Vintages(tuple(years), chips, standing, bought, retired)


def _shed(cohorts: FloatArray, excess: float) -> FloatArray:
    """Take out what exceeds the installed power, oldest first; return it by generation."""
    gone = np.zeros(cohorts.shape[1])
    for cohort in cohorts:
        if excess <= 0:
            break
        held = cohort.sum()
        if held > 0:
            part = min(1.0, excess / held)
            gone += part * cohort
            cohort *= 1 - part
            excess -= part * held
    return gone


def _mix_of(mixes: Mapping[int, Mapping[str, float]], year: int) -> Mapping[str, float]:
    stages = [stage for stage in mixes if stage <= year]
    if not stages:
        msg = f"IT is bought in {year}, and the first stage is {min(mixes)}; add an earlier one"
        raise StudyError(Fault("fleet.generations", msg))
    return mixes[max(stages)]
