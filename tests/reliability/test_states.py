import math

import numpy as np
import pytest

from dcmodel.reliability.states import (
    Configurations,
    failure_matrix,
    repair_matrix,
    started,
)
from dcmodel.reliability.system import GeneratorGroup


def test_units_that_start_are_counted_by_hand():
    """Two units, 0.9 available, 0.2 do not start: 0.72 each; one common cause in a hundred."""
    group = GeneratorGroup(
        "g", 2, 1.0, availability=0.9, failure_to_start=0.2, common_start_failure=0.01
    )

    expected = 0.99 * np.array([0.28**2, 2 * 0.28 * 0.72, 0.72**2]) + np.array([0.01, 0, 0])

    np.testing.assert_allclose(started(group), expected, rtol=1e-12)


def test_running_units_fail_at_a_constant_rate():
    """The two-unit matrix written out with p = exp(-h / MTTF)."""
    p = math.exp(-3 / 50)

    expected = [[1, 0, 0], [1 - p, p, 0], [(1 - p) ** 2, 2 * p * (1 - p), p**2]]

    np.testing.assert_allclose(failure_matrix(2, 50, 3), expected, rtol=1e-12)


def test_one_step_of_two_hours_is_two_steps_of_one():
    one = failure_matrix(6, 40, 1)

    np.testing.assert_allclose(one @ one, failure_matrix(6, 40, 2), rtol=1e-12)


def test_repair_brings_units_back_and_never_takes_them():
    matrix = repair_matrix(3, 8, 1)
    r = 1 - math.exp(-1 / 8)

    np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=1e-12)
    assert not np.tril(matrix, -1).any()
    assert matrix[2, 3] == pytest.approx(r, rel=1e-12)
    assert matrix[0, 3] == pytest.approx(r**3, rel=1e-12)


def test_repaired_units_settle_at_the_ratio_of_repair_to_failure():
    """A unit that lives 90 h and is away for 10 h is available 0.9 of the time.

    In steps of an hour the closed form is r a / (1 - a + r a), with a = exp(-1/90) and
    r = 1 - exp(-1/10), for a unit that failed within the hour counts as away in all of it.
    """
    group = GeneratorGroup("g", 4, 1.0, mean_time_to_failure=90, mean_time_to_repair=10)
    states = Configurations.reached((group,), [1.0] * 400)
    a, r = math.exp(-1 / 90), -math.expm1(-1 / 10)
    single = r * a / (1 - a + r * a)

    probability = states.first @ np.linalg.matrix_power(states.transition(1.0, 1.0), 3000)
    mean = probability @ states.units[:, 0] / probability.sum()

    assert mean / 4 == pytest.approx(single, rel=1e-9)
    assert single == pytest.approx(0.9, abs=0.01)


def test_two_groups_are_independent():
    first = GeneratorGroup("a", 2, 1.0, failure_to_start=0.1)
    second = GeneratorGroup("b", 1, 1.0, failure_to_start=0.3)
    states = Configurations.reached((first, second), [1.0])

    table = dict(zip(map(tuple, states.units), states.first, strict=True))

    assert table[2, 1] == pytest.approx(0.81 * 0.7, rel=1e-12)
    assert table[1, 0] == pytest.approx(0.18 * 0.3, rel=1e-12)
    assert states.first.sum() == pytest.approx(1, rel=1e-12)


def test_what_is_left_out_is_negligible():
    """Of 100 units at 1 % failures, few states matter; what they miss is below 1e-9."""
    group = GeneratorGroup("g", 100, 1.0, failure_to_start=0.01, mean_time_to_failure=1000)
    states = Configurations.reached((group,), [1.0] * 24)

    assert len(states.units) < 40
    assert 1 - states.first.sum() < 1e-9
