import itertools
import math

import numpy as np
import pytest

from dcmodel.reliability.paths import k_of, k_of_n, parallel, series, steady


def enumerated(parts, works):
    """Sum the probability of every combination of parts in which the site works."""
    total = 0.0
    for states in itertools.product((True, False), repeat=len(parts)):
        if works(states):
            pairs = zip(states, parts, strict=True)
            total += math.prod(p if up else 1 - p for up, p in pairs)
    return total


def test_two_paths_of_three_parts_and_a_shared_bus():
    """Series-parallel by formula against all 128 combinations of its seven parts."""
    first, second, bus = [0.99, 0.97, 0.995], [0.98, 0.96, 0.999], 0.9999

    def works(s):
        return (all(s[:3]) or all(s[3:6])) and s[6]

    found = series([parallel([series(first), series(second)]), bus])

    assert found == pytest.approx(enumerated([*first, *second, bus], works), rel=1e-12)


def test_k_of_n_against_all_combinations():
    parts = [0.9, 0.8, 0.95, 0.7]
    for needed in range(5):
        expected = enumerated(parts, lambda s, needed=needed: sum(s) >= needed)
        assert k_of(needed, parts) == pytest.approx(expected, rel=1e-12)
        like = enumerated([0.9] * 4, lambda s, needed=needed: sum(s) >= needed)
        assert k_of_n(needed, 4, 0.9) == pytest.approx(like, rel=1e-12)


def test_a_repaired_part_by_its_two_state_equations():
    """Balance of 1/MTTF * up = 1/MTTR * down, solved as a linear system."""
    up, _ = np.linalg.solve([[1 / 900, -1 / 10], [1.0, 1.0]], [0.0, 1.0])

    assert steady(900, 10) == pytest.approx(up)
    assert steady(math.inf, 10) == 1
