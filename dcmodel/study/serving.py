"""What the fleet of a study serves, and how fast."""

from __future__ import annotations

from dcmodel.study.economics import reference_parameters
from dcmodel.study.work import Fleet, Workload
from dcmodel.workload.service import ServingPlan
from dcmodel.workload.tokens import counted


def serving_plan(fleet: Fleet) -> ServingPlan | None:
    """Return what the fleet of a study serves, None where it does not say."""
    serving = fleet.serving
    if serving is None:
        return None
    return ServingPlan(
        model=serving.model,
        counted=counted(serving.tokens),
        precision=serving.precision,
        kv_precision=serving.kv_precision,
        small_model=serving.small_model,
        small_share=serving.small_share,
    )


def interactivity_of(fleet: Fleet, work: Workload) -> float:
    """Return output tokens a second that each user of a class receives."""
    if work.interactivity is not None:
        return work.interactivity
    serving = fleet.serving
    if serving is None:
        return 0.0
    # what saves by waiting is served like the others when it does not wait
    in_batches = work.deferral_h > 0 and not work.batch_saving
    if in_batches:
        return serving.batch_interactivity
    if serving.interactivity is not None:
        return serving.interactivity
    return reference_parameters().value("interactivity")
