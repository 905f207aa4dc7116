import numpy as np
import pytest

from dcmodel.facility import evaluate, linearisation_error, linearise, load_design

ARCHITECTURES = ("air_economizer", "direct_to_chip", "water_economizer")
VARIANTS = ("best", "generic", "legacy")

ALL = [(key, variant) for key in ARCHITECTURES for variant in VARIANTS]


@pytest.mark.parametrize(("key", "variant"), ALL)
def test_exact_at_the_operating_point(key, variant, year, daily_load):
    design = load_design(key, variant)
    coefficients = linearise(design, year, daily_load)
    state = evaluate(design, year, daily_load)
    assert coefficients.power_slope.shape == (6, 8760)
    assert np.allclose(coefficients.power(daily_load), state.facility_power, rtol=1e-12)
    assert np.allclose(coefficients.water(daily_load), state.water, rtol=1e-12, atol=1e-12)
    assert np.all(coefficients.power_slope >= 0)
    assert np.all(coefficients.water_slope >= 0)


@pytest.mark.parametrize(("key", "variant"), ALL)
def test_relinearising_at_the_moved_load_restores_the_energy(key, variant, year, daily_load):
    design = load_design(key, variant)
    first = linearise(design, year, 0.9)
    before = linearisation_error(first, design, year, daily_load)
    again = linearise(design, year, daily_load)
    after = linearisation_error(again, design, year, daily_load)
    assert not before.within(1e-3)
    assert after.within(1e-3)
    assert np.all(np.abs(after.water) < 1e-3)
    assert np.all(after.hourly_max < 1e-9)


@pytest.mark.parametrize("key", ARCHITECTURES)
def test_small_moves_of_the_load_stay_near_the_physics(key, year, daily_load):
    design = load_design(key)
    coefficients = linearise(design, year, daily_load)
    moved = daily_load + 0.03 * np.cos(np.arange(8760))
    error = linearisation_error(coefficients, design, year, moved)
    assert error.within(1e-3)
    assert np.all(error.hourly_p99 < 0.01)


@pytest.mark.parametrize("key", ARCHITECTURES)
def test_generic_margin_is_above_one(key, year):
    # Published marginal facility power per shifted IT power: 1.05 to 1.5.
    mean = linearise(load_design(key), year, 0.7).power_slope.mean()
    assert 1.05 < mean < 1.5


def test_slope_is_the_stated_secant(year):
    design = load_design("water_economizer")
    coefficients = linearise(design, year, 0.6, half_width=0.2)
    low, high = (evaluate(design, year, load).facility_power for load in (0.4, 0.8))
    assert np.allclose(coefficients.power_slope, (high - low) / 0.4)


@pytest.mark.parametrize("load", [0.0, 1.0])
def test_secant_is_cut_at_the_ends(load, year):
    design = load_design("air_economizer")
    coefficients = linearise(design, year, load)
    state = evaluate(design, year, load)
    assert np.all(np.isfinite(coefficients.power_slope))
    assert np.allclose(coefficients.power(load), state.facility_power)


def test_half_width_is_checked(year):
    with pytest.raises(ValueError, match="half_width"):
        linearise(load_design("air_economizer"), year, 0.5, half_width=0.0)
