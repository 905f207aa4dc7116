import numpy as np
import pytest

from dcmodel.facility import FacilityWeather


@pytest.fixture(scope="session")
def year() -> FacilityWeather:
    """A year from frost to desert heat and tropical damp, made of two incommensurate cosines."""
    hour = np.arange(8760)
    season, day = 2 * np.pi * hour / 8760, 2 * np.pi * hour / 24
    temp = 14.0 - 18.0 * np.cos(season) - 7.0 * np.cos(day)
    humidity = 60.0 + 30.0 * np.cos(7 * season) + 9.0 * np.cos(day)
    return FacilityWeather.from_relative_humidity(temp, humidity, 99_000.0)


@pytest.fixture(scope="session")
def daily_load() -> np.ndarray:
    """Loads of six years, shape (6, 8760): a daily swing that grows from year to year."""
    hour = np.arange(8760)
    swing = np.linspace(0.05, 0.3, 6)[:, None]
    return 0.65 + swing * np.sin(2 * np.pi * hour / 24) * np.cos(2 * np.pi * hour / 168)
