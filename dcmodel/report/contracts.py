"""Mixes of supply contracts beside each other: expected cost, its spread, value at risk."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dcmodel.report import style
from dcmodel.report.tables import Results, by_case

RISK = 0.95
"""Level of the value at risk. [1]"""
WORDS = {
    "optimum": "Contracts of the optimum",
    "flat": "Contracts made for a flat load",
    "spot": "No contract",
}
BLOCK = " block"
_COLOURS = (style.PALETTE[0], style.PALETTE[4], *style.PALETTE[2:4], *style.PALETTE[5:])


def contract_table(results: Results) -> pd.DataFrame:
    """Return one row per case, year and contract: capacity, energy, payment, resale and net.

    ``gross_payment_usd`` is paid for all that is contracted, ``resale_usd`` (below zero) received
    for what of it is sold, by the contract at its hub or as surplus by the tariff; of a contract
    for difference it is the hub price. They sum to the cost terms of the categories ``contracts``
    and ``resale`` in `dcmodel.report.tables.costs`. ``usd_per_mwh`` is the net over what was
    delivered and not sold. Contracts that are never signed are left out.
    """
    rows = []
    for name, result in by_case(results).items():
        if "supply_contract" not in result.dims:
            continue
        for kind in result["supply_contract"].values:
            one = result.sel(supply_contract=kind)
            if not (one["contract_gross_payment"] != 0).any():
                continue
            for y, year in enumerate(result["year"].values):
                now = {key: float(one[f"contract_{key}"].isel(year=y)) for key in _TOLD}
                used = now["delivered"] - now["sold"]
                rows.append(
                    {
                        "case": name,
                        "year": int(year),
                        "contract": str(kind),
                        "contracted_mw": _contracted(result, str(kind), y),
                        "delivered_mwh": now["delivered"],
                        "sold_mwh": now["sold"],
                        "gross_payment_usd": now["gross_payment"],
                        "resale_usd": now["resale"],
                        "net_usd": now["net"],
                        "usd_per_mwh": now["net"] / used if used > 1.0 else np.nan,
                    }
                )
    return pd.DataFrame(rows)


_TOLD = ("delivered", "sold", "gross_payment", "resale", "net")


def _contracted(result: xr.Dataset, kind: str, y: int) -> float:
    """Return the contracted capacity of a year [MW]; nothing where it has none."""
    size = f"{kind}.capacity"
    if size not in result["size"].values:
        return np.nan
    return float(result["capacity"].sel(size=size).isel(year=y))


OBLIGATION_COLUMNS = {
    "contract": "contract",
    "year_signed": "year_signed",
    "contracted": "contracted_mw",
    "price": "price",
    "price_unit": "price_unit",
    "term_end": "term_end",
    "years_left": "years_left",
    "yearly_payment": "yearly_payment_usd",
    "yearly_delivery": "yearly_delivery_mwh",
    "owed": "owed_usd",
    "owed_present_value": "owed_present_value_usd",
}
"""Columns of `obligations` by the variable of a result they tell."""


def obligations(results: Results) -> pd.DataFrame:
    """Return what is owed after the last year of a study, one row per contract and signature.

    A contract signed in the study runs to ``term_end``, the last year of its term. ``price`` and
    ``yearly_payment_usd`` are those of the first year after the horizon, ``yearly_delivery_mwh``
    the energy expected for it in a year like the study's last. ``owed_usd`` sums the payments of
    the ``years_left`` as they fall due, in real money and gross of any resale;
    ``owed_present_value_usd`` discounts them to the study's base year. They are no part of the cost
    of the study. Minimum-take tariffs owe their floor.
    """
    frames = [
        pd.DataFrame(
            {
                "case": name,
                **{
                    column: result[f"obligation_{key}"].to_numpy()
                    for key, column in OBLIGATION_COLUMNS.items()
                },
            }
        )
        for name, result in by_case(results).items()
        if "obligation_owed" in result
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


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
