"""Sun and clouds: astronomy and monthly sums."""

import numpy as np
import pytest

from dcmodel.base.timeindex import model_hours
from dcmodel.profiles.sky import clear_sky_ghi, clouded_ghi, sun_position

HOURS = model_hours(2025)
MONTH = np.asarray(HOURS.month) - 1


def test_sun_stands_at_latitude_at_noon_of_the_equinox():
    sun = sun_position(HOURS, 40.0, -7.5)  # solar noon near 12:30 UTC: the middle of hour 12
    (noon,) = np.flatnonzero((HOURS.month == 3) & (HOURS.day == 20) & (HOURS.hour == 12))
    assert sun.zenith[noon] == pytest.approx(40.0, abs=1.0)
    assert sun.azimuth[noon] == pytest.approx(180.0, abs=5.0)


def test_clear_sky_is_dark_at_night_and_below_the_solar_constant():
    sun = sun_position(HOURS, 50.0, 8.0)
    clear = clear_sky_ghi(sun, 50.0, 8.0, 100.0)
    assert (clear[sun.zenith > 92] == 0).all()
    assert 800 < clear.max() < 1100


@pytest.mark.parametrize("share", [0.5, 0.75, 0.95])
def test_clouds_meet_the_monthly_mean(share):
    sun = sun_position(HOURS, 50.0, 8.0)
    clear = clear_sky_ghi(sun, 50.0, 8.0, 100.0)
    cover = np.random.default_rng(0).uniform(size=8760)
    wanted = share * np.bincount(MONTH, clear) / np.bincount(MONTH)
    ghi = clouded_ghi(clear, cover, MONTH, wanted, 0.75)
    np.testing.assert_allclose(np.bincount(MONTH, ghi) / np.bincount(MONTH), wanted, rtol=1e-6)
    assert (ghi <= clear + 1e-9).all()
    assert (ghi >= 0).all()
