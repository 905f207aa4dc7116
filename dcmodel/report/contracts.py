"""Mixes of supply contracts beside each other: expected cost, its spread, value at risk."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dcmodel.report import style
from dcmodel.report.tables import FloatArray, Results, by_case

RISK = 0.95
"""Level of the value at risk. [1]"""
WORDS = {
    "optimum": "Contracts of the optimum",
    "flat": "Contracts made for a flat load",
    "spot": "No contract",
}
BLOCK = " block"
_COLOURS = (style.PALETTE[0], style.PALETTE[4], *style.PALETTE[2:4], *style.PALETTE[5:])


WORTH_TELLING_MW = 1e-3
"""Contracts below this are rounding. [MW]"""
SIGNED = ".signed"
"""Ending of sizes that tell what of a contract is signed in a year."""


def contract_table(results: Results) -> pd.DataFrame:
    """Return one row per case, year and contract signed: capacity, energy and what it costs.

    ``cost_usd`` is the sum of the contract's rows in `dcmodel.report.tables.costs`. Of
    ``delivered_mwh`` the contract itself sold ``sold_mwh``; a contract that is settled in money
    delivers nothing. ``usd_per_mwh`` is the cost over what was delivered and not sold.
    """
    rows = []
    for name, result in by_case(results).items():
        sizes = [str(size) for size in result["size"].values]
        kinds = [size.removesuffix(SIGNED) for size in sizes if size.endswith(SIGNED)]
        kinds = [kind for kind in kinds if _largest(result, kind) > WORTH_TELLING_MW]
        for kind in kinds:
            cost = result["cost"].where(result["cost_component"] == kind, drop=True)
            delivered, sold = _energy(result, kind), 0.0 - _energy(result, f"{kind}.settled")
            for y, year in enumerate(result["year"].values):
                usd = float(cost.isel(year=y).sum())
                used = delivered[y] - sold[y]
                rows.append(
                    {
                        "case": name,
                        "year": int(year),
                        "contract": kind,
                        "contracted_mw": float(
                            result["capacity"].sel(size=f"{kind}.capacity").isel(year=y)
                        ),
                        "delivered_mwh": delivered[y],
                        "sold_mwh": sold[y],
                        "cost_usd": usd,
                        "usd_per_mwh": usd / used if used > 1.0 else np.nan,
                    }
                )
    return pd.DataFrame(rows)


def _largest(result: xr.Dataset, kind: str) -> float:
    """Return the largest capacity contracted in any year [MW]."""
    return float(result["capacity"].sel(size=f"{kind}.capacity").max())


def _energy(result: xr.Dataset, source: str) -> FloatArray:
    """Return energy of one source of the energy account by year [MWh], 0 where it is unknown."""
    if source not in result["contract"].values:
        return np.zeros(result.sizes["year"])
    power = result["delivery"].sel(contract=source)
    return np.asarray((power * result["duration"]).sum("time"), dtype=float)


def mix_table(mixes: xr.Dataset) -> pd.DataFrame:
    """Return one row per mix and year, and one for all years (year 0) weighted by discount.

    Money is per metered MWh. ``spread`` is the standard deviation over drawn years,
    ``value_at_risk`` what the 95th percentile lies above the mean, ``tail_mean`` the mean of the
    years at and above it, ``against_optimum`` the mean less the optimum's.

    Parameters
    ----------
    mixes : xarray.Dataset
        From `dcmodel.study.mixes.contract_mixes`.
    """
    per_mwh = cost_per_mwh(mixes)
    typical = cost_per_mwh(mixes, "typical_cost")
    rows = []
    for mix in mixes["mix"].values:
        for year in per_mwh["year"].values:
            drawn = per_mwh.sel(mix=mix, year=year).to_numpy()
            best = per_mwh.sel(mix="optimum", year=year).to_numpy()
            limit = np.quantile(drawn, RISK)
            rows.append(
                {
                    "case": mixes.attrs["case"],
                    "mix": str(mix),
                    "year": int(year),
                    **_sizes(mixes, str(mix), int(year)),
                    "typical_usd_per_mwh": float(typical.sel(mix=mix, year=year)),
                    "mean_usd_per_mwh": drawn.mean(),
                    "spread_usd_per_mwh": drawn.std(ddof=1) if len(drawn) > 1 else 0.0,
                    "value_at_risk_usd_per_mwh": limit - drawn.mean(),
                    "tail_mean_usd_per_mwh": drawn[drawn >= limit].mean(),
                    "against_optimum_usd_per_mwh": drawn.mean() - best.mean(),
                }
            )
    return pd.DataFrame(rows)


def cost_per_mwh(mixes: xr.Dataset, variable: str = "cost") -> xr.DataArray:
    """Return cost over metered energy by year, and over all years as year 0 [USD MWh-1]."""
    weight = mixes["discount_factor"]
    energy = mixes["energy"].where(mixes["energy"] > 0)
    by_year = mixes[variable] / energy
    whole = (mixes[variable] * weight).sum("year") / (mixes["energy"] * weight).sum("year")
    together = xr.concat([by_year, whole.expand_dims(year=[0])], "year")
    return together.transpose("mix", ..., "year")


def _sizes(mixes: xr.Dataset, mix: str, year: int) -> dict[str, float]:
    """Return contracted MW by kind; of all years, the mean."""
    sizes = mixes["contracted"].sel(mix=mix)
    sizes = sizes.mean("year") if year == 0 else sizes.sel(year=year)
    return {f"{kind}_mw": float(sizes.sel(contract=kind)) for kind in sizes["contract"].values}


def risk_figure(mixes: xr.Dataset, ax: Axes | Figure | None = None) -> Axes:
    """Draw the cost of energy of every drawn year, ordered, one line a mix."""
    axes = style.panel(ax, (8.0, 4.6))
    per_mwh = cost_per_mwh(mixes).sel(year=0)
    share = (np.arange(mixes.sizes["sample"]) + 0.5) / mixes.sizes["sample"]
    for i, mix in enumerate(mixes["mix"].values):
        drawn = np.sort(per_mwh.sel(mix=mix).to_numpy())
        colour = _COLOURS[i % len(_COLOURS)]
        dashes = "--" if mix == "flat" else "-"  # it may lie on the optimum's
        axes.plot(100 * share, drawn, dashes, color=colour, label=_words(str(mix)))
        axes.axhline(drawn.mean(), color=colour, linewidth=0.8, linestyle=":")
    axes.set(
        xlabel="Share of drawn years that cost less [%]",
        ylabel="Cost of energy [USD/MWh metered]",
        title=f"{mixes.attrs['case']}: the same load under other mixes of contracts",
    )
    axes.set_xlim(0, 100)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncol=2, frameon=False)
    return axes


def _words(mix: str) -> str:
    """Return the words for a mix."""
    if mix.endswith(BLOCK):
        return f"{style.words(mix.removesuffix(BLOCK))}: block of the mean load"
    return WORDS.get(mix, mix)
