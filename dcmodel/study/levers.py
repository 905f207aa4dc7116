"""What changes the cost of a request: interactivity, precision, context, cache, a smaller model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from dcmodel.base.errors import StudyError
from dcmodel.study.economics import Terms, economy
from dcmodel.workload.accelerators import PRECISIONS, Accelerator
from dcmodel.workload.service import ServingPlan
from dcmodel.workload.tokens import Request

_SMALL_SHARE = 0.5
_CACHED = 0.5


def levers(
    chip: Accelerator,
    plan: ServingPlan,
    request: Request,
    interactivity: float,
    on: Terms,
    small_model: str,
) -> pd.DataFrame:
    """Return what each lever alone does to a request, the unchanged request first.

    Parameters
    ----------
    chip : Accelerator
    plan : ServingPlan
    request : Request
    interactivity : float
        Output tokens a second for each user [s-1].
    on : Terms
    small_model : str
        Model that answers half of the requests in its lever.

    Returns
    -------
    DataFrame
        ``lever``, ``wh_per_request`` at the wall, ``usd_per_1000_requests``, both also as a share
        of the unchanged; levers that cannot be had are left out.
    """
    rows: list[dict[str, object]] = []
    for words, served, size, rate in _cases(plan, request, interactivity, small_model):
        try:
            found = economy(chip, served, size, rate, on)
        except StudyError:
            if not rows:
                raise
            continue
        tokens = size.tokens(served.counted).amount
        rows.append(
            {
                "lever": words,
                "wh_per_request": found.wh_per_request,
                "usd_per_1000_requests": found.usd_per_mtok * tokens / 1e3,
            }
        )
    table = pd.DataFrame(rows)
    for column in ("wh_per_request", "usd_per_1000_requests"):
        table[f"{column}_share"] = table[column] / table[column].iloc[0]
    return table


def _cases(
    plan: ServingPlan, request: Request, interactivity: float, small_model: str
) -> list[tuple[str, ServingPlan, Request, float]]:
    """Return each lever in words with what it changes, the unchanged request first."""
    half = replace(plan, small_model=small_model, small_share=_SMALL_SHARE)
    return [
        ("as it is", plan, request, interactivity),
        ("twice as fast for each user", plan, request, 2 * interactivity),
        ("half as fast for each user", plan, request, interactivity / 2),
        ("in batches, most throughput", plan, request, 0.0),
        *(
            (f"precision {name}", replace(plan, precision=name), request, interactivity)
            for name in PRECISIONS
            if name != plan.precision
        ),
        (
            "context four times as long",
            plan,
            replace(request, input_tokens=4 * request.input_tokens),
            interactivity,
        ),
        (
            "half of the input in a cache",
            plan,
            replace(request, cache_hit=max(_CACHED, request.cache_hit)),
            interactivity,
        ),
        (f"half of the requests to {small_model}", half, request, interactivity),
    ]


def interactivity_curve(
    chip: Accelerator, plan: ServingPlan, request: Request, rates: Sequence[float], on: Terms
) -> pd.DataFrame:
    """Return throughput, energy and cost over what each user receives: the price of speed.

    Rates that the generation cannot give are left out.
    """
    rows = []
    for rate in rates:
        try:
            found = economy(chip, plan, request, rate, on)
        except StudyError:
            continue
        rows.append(
            {
                "interactivity": found.interactivity,
                "group": found.group,
                "batch": found.batch,
                "tokens_per_s": found.rate,
                "mtok_per_mwh": found.mtok_per_mwh,
                "wh_per_request": found.wh_per_request,
                "usd_per_mtok": found.usd_per_mtok,
            }
        )
    return pd.DataFrame(rows)
