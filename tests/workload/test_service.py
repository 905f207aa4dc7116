import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.workload.accelerators import accelerator
from dcmodel.workload.models import language_model
from dcmodel.workload.service import (
    ServingPlan,
    batch_saving,
    service,
    tokens_per_work,
    work_of_requests,
)
from dcmodel.workload.serving import Deployment, at_batch, groups_of, holds
from dcmodel.workload.tokens import Counted, Request
from dcmodel.workload.vintages import vintages

CHAT = Request(1155, 211)
PLAN = ServingPlan("llama_70b", Counted.OUTPUT)


def test_tokens_per_work_is_the_rate_over_the_power_of_the_rack():
    chip = accelerator("h100_sxm")
    found = service(chip, PLAN, CHAT, 20.0)
    # 1.28 kW of rack for each accelerator
    rate = found.point.output_rate
    assert found.tokens_per_work == pytest.approx(rate * 3600 / (41e-3 / 32) / 1e6)
    assert found.point.interactivity >= 20.0 * (1 - 1e-9)


def test_energy_of_a_busy_accelerator_is_below_its_share_of_installed_power():
    found = service(accelerator("h100_sxm"), PLAN, CHAT, 20.0)
    assert 0.3 / found.tokens_per_work < found.energy_per_mtok < 1 / found.tokens_per_work


def test_a_small_model_for_some_requests_saves_by_shares():
    chip = accelerator("h200_sxm")
    large = service(chip, PLAN, CHAT, 20.0)
    small = service(chip, ServingPlan("llama_3_1_8b", Counted.OUTPUT), CHAT, 20.0)
    routed = service(
        chip,
        ServingPlan("llama_70b", Counted.OUTPUT, small_model="llama_3_1_8b", small_share=0.6),
        CHAT,
        20.0,
    )
    by_hand = 0.4 / large.tokens_per_work + 0.6 / small.tokens_per_work
    assert 1 / routed.tokens_per_work == pytest.approx(by_hand)
    by_hand = 0.4 * large.energy_per_mtok + 0.6 * small.energy_per_mtok
    assert routed.energy_per_mtok == pytest.approx(by_hand)


def test_a_mixed_fleet_serves_by_its_power():
    fleet = vintages([10, 30], [2025, 2026], {2025: {"h100_sxm": 1.0}, 2026: {"gb200_nvl72": 1.0}})
    old, new = (service(chip, PLAN, CHAT, 20.0).tokens_per_work for chip in fleet.generations)
    found = tokens_per_work(fleet, PLAN, CHAT, 20.0)
    np.testing.assert_allclose(found, [old, old / 3 + 2 * new / 3])


def test_deferred_work_saves_what_larger_batches_save():
    chip = accelerator("h100_sxm")
    saving = batch_saving(chip, PLAN, CHAT, 40.0)
    fast, slow = (service(chip, PLAN, CHAT, rate).energy_per_mtok for rate in (40.0, 0.0))
    assert saving == pytest.approx(1 - slow / fast)
    assert 0.1 < saving < 0.7
    assert batch_saving(chip, PLAN, CHAT, 40.0, 40.0) == 0


def test_a_model_too_large_for_a_node_is_spread_over_nodes():
    # 671 GB of weights; 8 x 80 GB in a node
    found = service(accelerator("h100_sxm"), ServingPlan("deepseek_r1", Counted.OUTPUT), CHAT, 10)
    assert found.group == 16


def test_a_speed_no_group_gives_is_refused_by_the_nearest():
    chip = accelerator("gb200_nvl72")
    with pytest.raises(StudyError, match="500 tokens/s for each user asked") as error:
        service(chip, ServingPlan("deepseek_r1", Counted.OUTPUT), CHAT, 500.0)
    # the best a single user gets inside the domain of 72
    singles = []
    for group in groups_of(chip):
        deployment = Deployment(chip, language_model("deepseek_r1"), group=group)
        if holds(deployment, CHAT):
            singles.append(at_batch(deployment, CHAT, 1.0).interactivity)
    assert f"gives {max(singles):.3g} to a single user" in str(error.value)


def test_work_of_requests_by_hand():
    # 100 requests/s of 500 output tokens: 180 million tokens an hour at 60 million a MWh
    work = work_of_requests(
        np.array([0.0, 100.0]), Request(10, 500), Counted.OUTPUT, np.array([0.0, 60.0])
    )
    np.testing.assert_allclose(work, [0.0, 3.0])
