"""What the limits of a study are worth, as a table of sentences."""

from __future__ import annotations

import pandas as pd

from dcmodel.report.tables import Results, by_case

WORTH_TELLING_USD = 1.0
"""Shadow prices below this are rounding. [USD]"""


def shadow_prices(results: Results) -> pd.DataFrame:
    """Return what one more unit of each limit would save, by year: limits that bind only.

    Columns: limit (key of the study), title, units, year, value (as it stands), ``saves_usd``
    (present value) and ``sentence``.
    """
    rows = []
    for name, result in by_case(results).items():
        if "shadow_price" not in result:
            continue
        price = result["shadow_price"]
        falls = set(price["limit"].values[price["limit_falls"].values.astype(bool)])
        for limit in result["limit"].values:
            one = price.sel(limit=limit)
            step = "less" if limit in falls else "more"
            title, units = str(one["limit_title"].values), str(one["limit_units"].values)
            for year in one["year"].values:
                saves = float(one.sel(year=year))
                if saves < WORTH_TELLING_USD:
                    continue
                rows.append(
                    {
                        "case": name,
                        "limit": str(limit),
                        "title": title,
                        "units": units,
                        "year": int(year),
                        "value": float(one["limit_value"].sel(year=year)),
                        "saves_usd": saves,
                        "sentence": f"{title}: one {step} {units} in {year} saves up to "
                        f"{saves:,.0f} USD of present value",
                    }
                )
    columns = ["case", "limit", "title", "units", "year", "value", "saves_usd", "sentence"]
    return pd.DataFrame(rows, columns=columns)
