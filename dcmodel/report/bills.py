"""Bills of the solved cases, line by line as a supplier would write them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from dcmodel.report.tables import by_case

COLUMNS = ("year", "month", "form", "charge", "period", "quantity", "unit", "rate", "amount")


def bills(results: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Return every line of every bill: case, `COLUMNS`; amounts in USD.

    The amounts of a form and year sum to what the model charges for it (`tables.costs`).
    """
    frames = [
        pd.DataFrame(
            {"case": name, **{column: result[f"bill_{column}"].to_numpy() for column in COLUMNS}}
        )
        for name, result in by_case(results).items()
        if "bill_amount" in result
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
