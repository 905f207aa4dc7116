"""No segment longer than asked for, where so many segments can be so short."""

import numpy as np
import pytest

from dcmodel.profiles.segment import enough_segments, month_starts, segment_hours


@pytest.mark.parametrize("longest", [8, 24])
def test_enough_segments_are_never_longer(longest):
    """A constant, a step and noise: the first two are merged without limit when there is none."""
    rng = np.random.default_rng(2)
    for series in (np.zeros(8760), np.repeat([0.0, 1.0], 4380), rng.normal(size=8760)):
        n = enough_segments(longest)
        cut = segment_hours(series + 0.0, n, month_starts(2025), longest=longest)
        assert len(cut) == n
        assert cut.duration.max() <= longest
        assert cut.duration.sum() == 8760


def test_too_few_segments_are_made_as_without_a_limit():
    series = np.random.default_rng(2).normal(size=8760)
    free = segment_hours(series, 100, month_starts(2025))
    capped = segment_hours(series, 100, month_starts(2025), longest=24)
    assert capped.start.tolist() == free.start.tolist()
