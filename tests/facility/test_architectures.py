"""Laws that every architecture keeps, in every variant."""

from itertools import pairwise

import numpy as np
import pytest

from dcmodel.facility import (
    FacilityWeather,
    architectures,
    evaluate,
    linearise,
    load_design,
    variants,
    yearly,
)
from dcmodel.facility.cooling import EVAPORATION_PER_HEAT
from dcmodel.facility.linearise import linearise_convex

KEYS = architectures.names()
EVERY = [(key, variant) for key in KEYS for variant in variants(key)]
BLOWDOWN_MAX = 2.0


def air(temp, humidity=50.0, pressure=101325.0):
    temp = np.atleast_1d(np.asarray(temp, dtype=float))
    return FacilityWeather.from_relative_humidity(temp, np.full(temp.shape, humidity), pressure)


@pytest.fixture(scope="module")
def year():
    """A year of hours between frost and heat, dry and moist."""
    hours = np.arange(8760)
    rng = np.random.default_rng(1)
    temp = 12 - 14 * np.cos(2 * np.pi * hours / 8760) - 5 * np.cos(2 * np.pi * hours / 24)
    humidity = np.clip(65 + 20 * np.sin(2 * np.pi * hours / 24) + rng.normal(0, 8, 8760), 10, 100)
    return FacilityWeather.from_relative_humidity(temp, humidity, 100500.0)


@pytest.mark.parametrize(("key", "variant"), EVERY)
def test_pue_is_above_one_and_parts_sum(key, variant, year):
    state = evaluate(load_design(key, variant), year, 0.7)
    assert (state.facility_power > state.it).all()
    parts = state.it + state.electrical_loss + state.fan + state.pump + state.chiller
    parts = parts + state.heat_rejection + state.auxiliary
    np.testing.assert_allclose(parts, state.facility_power, rtol=1e-12)
    for name in ("fan", "pump", "chiller", "heat_rejection", "auxiliary", "water"):
        assert (getattr(state, name) >= 0).all(), name
    assert ((state.mechanical_fraction >= 0) & (state.mechanical_fraction <= 1)).all()


@pytest.mark.parametrize(("key", "variant"), EVERY)
def test_water_stays_within_the_latent_bound(key, variant, year):
    state = evaluate(load_design(key, variant), year, 0.7)
    # all power may leave as vapour, and blow-down at most doubles it
    bound = EVAPORATION_PER_HEAT * BLOWDOWN_MAX * state.facility_power
    assert (state.water <= bound).all()


@pytest.mark.parametrize("key", KEYS)
def test_hotter_air_never_needs_less_power(key):
    temp = np.linspace(-10, 42, 105)
    state = evaluate(load_design(key), air(temp, humidity=30.0), 0.7)
    drop = np.diff(state.facility_power) / state.facility_power[:-1]
    assert drop.min() > -0.012, temp[drop.argmin()]  # a chiller more or less at a stage


@pytest.mark.parametrize("key", KEYS)
def test_power_is_continuous_in_the_weather(key):
    temp = np.linspace(-10, 42, 5201)
    state = evaluate(load_design(key), air(temp, humidity=30.0), 0.7)
    step = np.abs(np.diff(state.facility_power)) / state.facility_power[:-1]
    assert step.max() < 0.02, temp[step.argmax()]  # stages of chillers, pumps at their least flow


@pytest.mark.parametrize("key", KEYS)
def test_design_load_needs_the_most_power(key, year):
    power = [evaluate(load_design(key), year, load).facility_power for load in (0.2, 0.5, 0.8, 1)]
    for less, more in pairwise(power):
        assert (more > less).all()


@pytest.mark.parametrize("key", KEYS)
def test_presets_stand_in_order(key, year):
    best, generic, legacy = (
        float(yearly(load_design(key, variant), year, 0.7).pue)
        for variant in ("best", "generic", "legacy")
    )
    assert 1.02 < best < generic < legacy < 2.6


@pytest.mark.parametrize(("key", "variant"), EVERY)
def test_affine_lines_are_near_the_physics(key, variant, year):
    design = load_design(key, variant)
    loads = np.linspace(0.4, 1.0, 13)
    low, high = np.full(8760, 0.4), np.full(8760, 1.0)
    lines = linearise(design, year, 0.7, span=(low, high))
    errors = []
    for load in loads:
        physics = evaluate(design, year, load).facility_power
        errors.append(np.abs(lines.power(load) - physics) / physics)
    assert np.mean(errors) <= 0.02


@pytest.mark.parametrize(("key", "variant"), EVERY)
def test_three_pieces_never_understate_full_load_and_are_close(key, variant, year):
    design = load_design(key, variant)
    pieces = linearise_convex(design, year)
    assert pieces.slope.shape == (3, 8760)
    assert (np.diff(pieces.slope, axis=0) >= 0).all()
    for load in np.linspace(0.4, 1.0, 25):
        physics = evaluate(design, year, load).facility_power
        assert np.abs(pieces.power(load) / physics - 1).max() <= 0.008
    full = evaluate(design, year, 1.0).facility_power
    assert (pieces.power(1.0) >= full * (1 - 1e-9)).all()
