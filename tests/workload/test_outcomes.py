import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.workload.outcomes import Task
from dcmodel.workload.tokens import Counted, Request

REQUEST = Request(3000, 1000)


def test_a_single_certain_step_costs_its_tokens():
    # 1,000 output tokens at 2 USD a million
    assert Task().cost_per_outcome(2.0, REQUEST, Counted.OUTPUT) == pytest.approx(0.002)
    assert Task().cost_per_outcome(2.0, REQUEST, Counted.INPUT_AND_OUTPUT) == pytest.approx(0.008)


def test_a_chain_with_retries_and_rework_by_hand():
    task = Task(steps=10, success=0.6, retries=1, rework_usd=5.0)
    assert task.succeeds == pytest.approx(0.84)
    assert task.attempts == pytest.approx(1.4)  # 1 + 0.4
    by_hand = 1.4 * 10 * 1000 / 1e6 * 2.0 + 0.16 * 5.0
    assert task.cost_per_outcome(2.0, REQUEST, Counted.OUTPUT) == pytest.approx(by_hand)
    assert task.tokens_per_outcome(REQUEST, Counted.OUTPUT).amount == pytest.approx(14000)


def test_without_rework_a_failed_task_is_paid_and_yields_nothing():
    task = Task(steps=10, success=0.5)
    assert task.cost_per_outcome(2.0, REQUEST, Counted.OUTPUT) == pytest.approx(2 * 0.02)


def test_attempts_and_success_agree_with_a_draw():
    rng, task = np.random.default_rng(1), Task(success=0.35, retries=3)
    draws = rng.random((200_000, 4)) < 0.35
    won = draws.any(axis=1)
    tries = np.where(won, draws.argmax(axis=1) + 1, 4)
    assert task.succeeds == pytest.approx(won.mean(), abs=0.005)
    assert task.attempts == pytest.approx(tries.mean(), abs=0.01)


def test_all_faults_of_a_task_are_told_at_once():
    with pytest.raises(StudyError) as error:
        Task(steps=0, success=0, retries=-1, rework_usd=-2)
    assert len(error.value.faults) == 4
