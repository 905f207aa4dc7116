"""Levels over the years times an hourly shape."""

import numpy as np
import pytest

from dcmodel.base.errors import DataError, StudyError
from dcmodel.profiles.paths import apply_path, hourly_path, level_path

SHAPE = np.array([0.5, 1.0, 1.5])


def test_levels_are_linear_between_years():
    np.testing.assert_allclose(
        level_path({2024: 320, 2030: 290}, [2025, 2027, 2030]), [315, 305, 290]
    )


def test_years_beyond_the_path_are_refused():
    with pytest.raises(DataError, match="2024 to 2030; asked for 2031"):
        level_path({2024: 320, 2030: 290}, [2030, 2031])


def test_a_path_needs_numbers():
    with pytest.raises(StudyError, match="none given"):
        level_path({}, [2025])
    with pytest.raises(StudyError, match="2025: nan"):
        level_path({2025: float("nan")}, [2025])


def test_hourly_path_has_the_yearly_means_and_the_shape():
    path = hourly_path(SHAPE, {2025: 40, 2027: 60}, [2025, 2026, 2027])
    np.testing.assert_allclose(path, np.outer([40, 50, 60], SHAPE))


def test_a_series_with_a_level_is_no_shape():
    with pytest.raises(StudyError, match="divide a real series by its mean"):
        hourly_path(40 * SHAPE, {2025: 40}, [2025])


def test_real_series_are_scaled_with_their_negative_prices():
    scaled = apply_path(np.array([-5.0, 20.0]), [1.0, 1.2])
    np.testing.assert_allclose(scaled, [[-5, 20], [-6, 24]])
