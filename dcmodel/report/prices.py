"""What the limits of a study are worth, as a table of sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from dcmodel.report.tables import Results, by_case

WORTH_TELLING_USD = 1.0
"""Shadow prices below this are rounding. [USD]"""


def shadow_prices(results: Results) -> pd.DataFrame:
    """Return what one more unit of each limit would save: limits that bind only.

    Columns: limit (key of the study), title, units, ``year`` and ``last_year`` in which it moves,
    value (as it stands in the first), ``saves_usd`` (present value a unit), ``at_most_usd`` (by the
    multipliers of the bound), ``how`` it was found and ``sentence``.
    """
    rows = []
    for name, result in by_case(results).items():
        if "shadow_price_at_most" not in result:
            continue
        table = result[["shadow_price", "shadow_price_at_most"]].transpose("limit", "year")
        for at, saves in np.ndenumerate(table["shadow_price"].values):
            if np.isnan(saves) or saves < WORTH_TELLING_USD:
                continue
            one = table.isel(limit=at[0], year=at[1])
            rows.append({"case": name, **_row(one, result["year"].values)})
    columns = [
        "case", "limit", "title", "units", "year", "last_year", "value", "saves_usd",
        "at_most_usd", "how", "sentence",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _row(one: xr.Dataset, years: np.ndarray) -> dict[str, Any]:
    """Return the columns of one price."""
    title, units = str(one["limit_title"].values), str(one["limit_units"].values)
    year, last = int(one["year"]), int(one["limit_until"])
    step = "less" if bool(one["limit_falls"]) else "more"
    when = f"in {year}" if year == last else f"in {year} to {last}"
    if len(years) > 1 and (year, last) == (years[0], years[-1]):
        when = "in all years"
    again, saves = bool(one["limit_solved_again"]), float(one["shadow_price"])
    # multipliers bound what a unit saves; where the price has a kink it may save less
    saved = f"saves {'' if again else 'up to '}{saves:,.0f} USD of present value"
    return {
        "limit": str(one["limit"].values),
        "title": title,
        "units": units,
        "year": year,
        "last_year": last,
        "value": float(one["limit_value"]),
        "saves_usd": saves,
        "at_most_usd": float(one["shadow_price_at_most"]),
        "how": "solved again" if again else "multipliers",
        "sentence": f"{title}: one {step} {units} {when} {saved}",
    }
