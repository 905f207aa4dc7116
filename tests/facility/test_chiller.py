import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmodel.base.errors import StudyError
from dcmodel.base.paths import data_dir
from dcmodel.facility.chiller import (
    ChillerPlant,
    biquadratic,
    chiller_power,
    coefficient_of_performance,
    load_curves,
)

PLAIN = ChillerPlant(
    machines=4,
    capacity_ratio=1.25,
    stage_up_load=0.8,
    cop_scale=1.0,
    warm_gain=0.025,
    lift_offset=8.0,
)
CHILLERS = sorted(
    {row["chiller"] for row in csv.DictReader((data_dir() / "cooling" / "chillers.csv").open())}
)


@pytest.mark.parametrize("name", CHILLERS)
def test_curves_reproduce_the_reference_point(name):
    # By definition CAPFT and EIRFT are 1 at reference and EIRFPLR is 1 at full load; the published
    # regressions keep that within 3 %.
    curves = load_curves(name)
    reference = curves.temp_chilled_ref, curves.temp_condenser_ref
    assert biquadratic(curves.capft, *reference) == pytest.approx(1.0, abs=0.03)
    assert biquadratic(curves.eirft, *reference) == pytest.approx(1.0, abs=0.03)
    assert sum(curves.eirfplr) == pytest.approx(1.0, abs=0.005)
    cop = coefficient_of_performance(curves, PLAIN, 1.0, *reference)
    assert cop == pytest.approx(curves.cop_ref, rel=0.03)


def test_doe2_centrifugal_over_part_load():
    # Published medians of the data set for the DOE-2 generic machine at 6.67 / 29.4 degC.
    curves = load_curves("doe2_centrifugal")
    cop = coefficient_of_performance(curves, PLAIN, np.array([0.25, 0.5, 0.75, 1.0]), 6.67, 29.4)
    assert cop == pytest.approx([4.2, 5.6, 5.7, 5.5], abs=0.06)


def test_variable_speed_machine_is_a_typical_one():
    # 10th to 90th percentile of 37 variable-speed centrifugals at 6.67 / 29.4 degC.
    curves = load_curves("york_yk_2771_vsd")
    cop = coefficient_of_performance(curves, PLAIN, np.array([0.25, 0.5, 0.75, 1.0]), 6.67, 29.4)
    assert np.all(cop >= [5.0, 6.0, 5.8, 4.9])
    assert np.all(cop <= [9.9, 9.7, 8.1, 6.6])


def test_cycling_below_the_lowest_part_load_is_proportional():
    curves = load_curves("doe2_centrifugal")
    low, lower = (
        coefficient_of_performance(curves, PLAIN, load, 7.0, 27.0) for load in (0.1, 0.01)
    )
    assert low == pytest.approx(lower)


@pytest.mark.parametrize("name", CHILLERS)
def test_warm_water_gains_at_most_the_cap(name):
    curves = load_curves(name)
    edge = curves.temp_chilled_max
    at_edge = coefficient_of_performance(curves, PLAIN, 0.8, edge, 28.0)
    warm = coefficient_of_performance(curves, PLAIN, 0.8, edge + 10.0, 28.0)
    assert at_edge < warm <= 1.25 * at_edge * (1 + 1e-12)


@pytest.mark.parametrize("name", CHILLERS)
def test_hot_condenser_beyond_the_curves_still_costs(name):
    curves = load_curves(name)
    edge = curves.temp_condenser_max
    at_edge = coefficient_of_performance(curves, PLAIN, 0.8, 8.0, edge)
    hotter = coefficient_of_performance(curves, PLAIN, 0.8, 8.0, edge + 5.0)
    # Lift ratio of a Carnot machine: 8 K of exchangers, water at 8 degC.
    assert hotter / at_edge == pytest.approx(edge / (edge + 5.0))


@given(st.floats(0.0, 1.2), st.floats(0.1, 300), st.floats(-10, 45))
def test_power_is_homogeneous(heat, scale, temp):
    curves = load_curves("york_yk_2771_vsd")
    one = chiller_power(curves, PLAIN, np.array(heat), 1.0, 20.0, np.array(temp))
    many = chiller_power(curves, PLAIN, np.array(scale * heat), scale, 20.0, np.array(temp))
    assert many == pytest.approx(scale * one, rel=1e-6, abs=1e-12)


def test_staging_keeps_machines_off():
    # 0.1 of a design heat of 1 on machines of 0.3125: one runs, near a third of its capacity.
    curves = load_curves("doe2_centrifugal")
    reference = curves.temp_chilled_ref, np.array(curves.temp_condenser_ref)
    power = chiller_power(curves, PLAIN, np.array(0.1), 1.0, *reference)
    unit = 0.3125 * biquadratic(curves.capft, *reference)
    alone = coefficient_of_performance(curves, PLAIN, 0.1 / unit, *reference)
    assert power == pytest.approx(0.1 / alone)


def test_unknown_chiller_is_named():
    with pytest.raises(StudyError, match="did you mean 'doe2_centrifugal'"):
        load_curves("doe2_centrifugl")
