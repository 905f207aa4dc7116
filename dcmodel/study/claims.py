"""Claims of the field, recomputed: every online search as one AI query."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dcmodel.base.units import DAYS_PER_YEAR
from dcmodel.study.economics import Terms, economy, reference_parameters
from dcmodel.workload.accelerators import accelerator
from dcmodel.workload.service import ServingPlan
from dcmodel.workload.tokens import Request

_WH_PER_TWH = 1e12


def search_request() -> Request:
    """Return the mean request of a search answered by a model (an assumption of the library)."""
    reference = reference_parameters()
    return Request(reference.value("search_input_tokens"), reference.value("search_output_tokens"))


def searches_as_queries(
    keys: Sequence[str], plan: ServingPlan, request: Request, interactivity: float, on: Terms
) -> pd.DataFrame:
    """Return electricity of a year in which every search is one AI query, by generation.

    The first row is the claim as published: 9 billion searches a day at 8.9 Wh.

    Returns
    -------
    DataFrame
        ``basis``, ``wh_per_query`` at the wall, ``twh_per_year``, ``share_of_claim``,
        ``assumed`` (which figures rest on judgement).
    """
    reference = reference_parameters()
    per_year = reference.value("searches_per_day") * DAYS_PER_YEAR
    # the library turns energy into MWh
    claimed = reference.value("energy_per_ai_search") * 1e6
    rows: list[dict[str, object]] = [
        {"basis": "claim (de Vries 2023)", "wh_per_query": claimed, "assumed": "none"}
    ]
    for key in keys:
        chip = accelerator(key)
        found = economy(chip, plan, request, interactivity, on)
        judged = ["tokens of a query", "PUE", "utilisation", *chip.assumed]
        rows.append(
            {
                "basis": chip.name,
                "wh_per_query": found.wh_per_request,
                "assumed": ", ".join(judged),
            }
        )
    table = pd.DataFrame(rows)
    table.insert(2, "twh_per_year", table["wh_per_query"] * per_year / _WH_PER_TWH)
    table.insert(3, "share_of_claim", table["wh_per_query"] / claimed)
    return table
