"""Tokens and outcomes by class of work, as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dcmodel.report.tables import Results, by_case

_COLUMNS = (
    "case", "year", "work_class", "tokens_counted", "work_mwh", "mtok", "mtok_per_mwh_of_work",
    "usd_per_mtok", "usd_per_outcome",
)  # fmt: skip


def tokens(results: Results) -> pd.DataFrame:
    """Return work and tokens of each class and year, with the cost of tokens and of outcomes.

    Costs are levelised over the years: a class has one. Classes without a request bring work and
    no tokens. Empty where no study gives tokens.
    """
    frames = []
    for name, result in by_case(results).items():
        if "mtok" not in result:
            continue
        classes, years = result["work_class"].to_numpy().astype(str), result["year"].to_numpy()
        frame = {
            "case": name,
            "year": np.tile(years, len(classes)),
            "work_class": np.repeat(classes, len(years)),
            "tokens_counted": result.attrs["tokens_counted"],
        }
        for column, variable in (
            ("work_mwh", "work"),
            ("mtok", "mtok"),
            ("mtok_per_mwh_of_work", "mtok_per_work"),
        ):
            frame[column] = result[variable].transpose("work_class", "year").to_numpy().ravel()
        for column in ("usd_per_mtok", "usd_per_outcome"):
            told = f"class_{column}"
            values = result[told].to_numpy() if told in result else np.full(len(classes), np.nan)
            frame[column] = np.repeat(values, len(years))
        frames.append(pd.DataFrame(frame))
    if not frames:
        return pd.DataFrame(columns=list(_COLUMNS))
    return pd.concat(frames, ignore_index=True)[list(_COLUMNS)]
