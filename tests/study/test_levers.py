import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.study.economics import economy, terms
from dcmodel.study.levers import interactivity_curve, levers
from dcmodel.workload.accelerators import accelerator
from dcmodel.workload.service import ServingPlan
from dcmodel.workload.tokens import Counted, Request

CHAT = Request(1155, 211)
PLAN = ServingPlan("llama_70b", Counted.INPUT_AND_OUTPUT)


@pytest.fixture(scope="module")
def table():
    chip = accelerator("b200_sxm")
    return levers(chip, PLAN, CHAT, 30.0, terms(), "llama_3_1_8b").set_index("lever")


def test_each_lever_turns_the_way_the_field_says(table):
    share = table["wh_per_request_share"]
    assert share["as it is"] == 1
    dearer = ["twice as fast for each user", "precision bf16", "context four times as long"]
    cheaper = [
        "half as fast for each user", "in batches, most throughput", "precision fp4",
        "half of the input in a cache", "half of the requests to llama_3_1_8b",
    ]  # fmt: skip
    assert (share[dearer] > 1).all()
    assert (share[cheaper] < 1).all()
    # half to a model of an eighth of the size: a little over a half is left
    assert 0.5 < share["half of the requests to llama_3_1_8b"] < 0.65


def test_a_request_costs_its_tokens(table):
    found = economy(accelerator("b200_sxm"), PLAN, CHAT, 30.0, terms())
    by_hand = found.usd_per_mtok * (1155 + 211) / 1e6 * 1000
    assert table.loc["as it is", "usd_per_1000_requests"] == pytest.approx(by_hand)


def test_speed_has_a_price_that_rises():
    curve = interactivity_curve(
        accelerator("h200_sxm"), PLAN, CHAT, [0, 10, 20, 40, 80, 1e4], terms()
    )
    assert len(curve) == 5  # ten thousand tokens a second for a user cannot be had
    assert (np.diff(curve["interactivity"]) > 0).all()
    for column in ("tokens_per_s", "mtok_per_mwh"):
        assert (np.diff(curve[column]) < 0).all()
    assert (np.diff(curve["usd_per_mtok"]) > 0).all()


def test_a_rate_that_cannot_be_had_is_refused():
    with pytest.raises(StudyError, match="to a single user"):
        levers(accelerator("h100_sxm"), PLAN, CHAT, 5000.0, terms(), "llama_3_1_8b")
