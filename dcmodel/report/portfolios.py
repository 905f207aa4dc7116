"""Tables of portfolios: sites that stand, who is served where, what limits are worth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr


def placements(results: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Return one row per portfolio, candidate site and year.

    The work served at a site sums to that of `routing`; empty without a portfolio.
    """
    rows = []
    for name, result in _portfolios(results):
        served = result["routed"].sum("stream")
        for place in result["place"].to_numpy():
            for year in result["year"].to_numpy():
                at = {"place": place, "year": year}
                work = served.sel(served_at=place, year=year)
                rows.append(
                    {
                        "case": name,
                        "site": place,
                        "jurisdiction": str(result["jurisdiction"].sel(place=place).item()),
                        "year": int(year),
                        "stands": bool(result["stands"].sel(at) > 0),
                        "it_capacity_mw": float(result["it_capacity_by_site"].sel(at)),
                        "work_served_mwh": float(work),
                    }
                )
    return pd.DataFrame(rows)


def routing(results: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Return the work of each class and region served at each site, by portfolio and year.

    The rows of a class, region and year sum to its arrivals; ``dropped`` is work not served.
    """
    rows = []
    for name, result in _portfolios(results):
        values = result["routed"].to_numpy()
        for i, k, y in zip(*np.nonzero(values > 0), strict=True):
            site = str(result["served_at"].to_numpy()[k])
            stream = result.isel(stream=i)
            reached = site in result["place"].to_numpy()
            time = stream["round_trip"].sel(place=site).item() if reached else np.nan
            rows.append(
                {
                    "case": name,
                    "year": int(result["year"].to_numpy()[y]),
                    "class": str(stream["stream_class"].item()),
                    "region": str(stream["stream_region"].item()),
                    "site": site,
                    "work_mwh": float(values[i, k, y]),
                    "share": float(values[i, k, y] / values[i, :, y].sum()),
                    "round_trip_ms": float(time),
                    "latency_max_ms": float(stream["latency_max"].item()),
                    "deferral_h": float(stream["window"].item()),
                }
            )
    return pd.DataFrame(rows)


def class_values(results: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Return what moving a limit of each class would save, by portfolio."""
    rows = []
    for name, result in _portfolios(results):
        if "class_value" not in result:
            continue
        for i in range(result.sizes["moved_limit"]):
            row = result.isel(moved_limit=i)
            rows.append(
                {
                    "case": name,
                    "class": str(row["moved_class"].item()),
                    "limit": str(row["moved_key"].item()),
                    "change": str(row["moved_words"].item()),
                    "saving_usd": float(row["class_value"]),
                    "saving_usd_per_unit": float(row["class_value_per_unit"]),
                    "unit": str(row["moved_units"].item()),
                }
            )
    return pd.DataFrame(rows)


def _portfolios(results: Mapping[str, xr.Dataset]) -> list[tuple[str, xr.Dataset]]:
    return [(name, result) for name, result in results.items() if "routed" in result]
