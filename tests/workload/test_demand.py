import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmodel.base.errors import StudyError
from dcmodel.study.spec import Workload
from dcmodel.workload.demand import (
    WorkloadClass,
    hourly_arrivals,
    inference_mix,
    years_in_stage,
)
from dcmodel.workload.fleet import Fleet, load_fleet
from dcmodel.workload.shapes import hourly_shape

FLEET = Fleet(idle_fraction=0.25, utilisation_max=0.9, mean_utilisation=0.4)
MIXED = {
    "chat": WorkloadClass(share=0.5, shape="conversation"),
    "coding": WorkloadClass(share=0.2, shape="coding", region="us_east"),
    "batch": WorkloadClass(share=0.3, shape="flat", deferral_h=24),
}


def arrivals(classes, installed=(20.0,), years=(2025,), fleet=FLEET, **options):
    return hourly_arrivals(
        classes, installed, years, 2025, fleet=fleet, site_time_zone="America/Chicago", **options
    )


def test_flat_work_is_the_mean_utilisation_in_every_hour():
    work = arrivals({"batch": WorkloadClass(share=1, shape="flat")}, (20, 60), (2025, 2026))
    assert work.shape == (1, 2, 8760)
    assert work[0, 0] == pytest.approx(8.0)
    assert work[0, 1] == pytest.approx(24.0)


def test_each_class_brings_its_share_of_the_year_in_its_own_shape():
    work = arrivals(MIXED)
    assert work.mean(axis=2)[:, 0] == pytest.approx([0.5 * 8, 0.2 * 8, 0.3 * 8])
    assert work[0, 0] / 4.0 == pytest.approx(hourly_shape("conversation", 2025, "America/Chicago"))
    assert work[1, 0] / 1.6 == pytest.approx(hourly_shape("coding", 2025, "America/New_York"))


def test_growth_restarts_with_each_stage():
    flat = {"batch": WorkloadClass(share=1, shape="flat")}
    work = arrivals(flat, (10, 10, 10, 30), (2025, 2026, 2027, 2028), growth=1.5)
    assert work[0, :, 0] == pytest.approx([4.0, 6.0, 9.0, 12.0])


def test_years_in_stage():
    installed = np.array([0.0, 20, 20, 60, 60, 60])
    assert years_in_stage(installed, range(2025, 2031)).tolist() == [0, 0, 1, 0, 1, 2]


def test_no_installed_power_brings_no_work():
    work = arrivals(MIXED, (0, 20), (2025, 2026))
    assert (work[:, 0] == 0).all()
    assert work[:, 1].sum() > 0


def test_a_peak_above_the_fleet_is_refused_with_the_utilisation_that_fits():
    coding = {"coding": WorkloadClass(share=1, shape="coding")}
    with pytest.raises(StudyError) as raised:
        arrivals(coding, (20, 60), (2025, 2026))
    assert [fault.where for fault in raised.value.faults] == ["workloads, 2025", "workloads, 2026"]
    message = raised.value.faults[0].message
    assert "20 MW of IT may serve 18 MW (utilisation_max 0.9)" in message
    # measured load factor 0.334: 0.9 x 0.334 = 0.30
    assert "lower mean_utilisation to 0.3" in message
    fits = Fleet(0.25, 0.9, 0.3)
    assert arrivals(coding, fleet=fits).max() <= 18.0


def test_shares_must_sum_to_one():
    classes = {
        "chat": WorkloadClass(share=0.5, shape="flat"),
        "batch": WorkloadClass(share=0.3, shape="flat"),
    }
    with pytest.raises(StudyError, match=r"shares sum to 0.8 \(chat 0.5, batch 0.3\)"):
        arrivals(classes)


def test_classes_of_a_study_serve_as_they_are():
    of_study = {
        name: Workload(share=work.share, shape=work.shape, region=work.region)
        for name, work in MIXED.items()
    }
    np.testing.assert_allclose(arrivals(of_study), arrivals(MIXED))


@settings(max_examples=15, deadline=None)
@given(
    installed=st.floats(0.1, 1000),
    utilisation=st.floats(0.01, 0.4),
    scale=st.floats(0.1, 10),
)
def test_work_is_proportional_to_installed_power(installed, utilisation, scale):
    fleet = Fleet(0.25, 0.9, utilisation)
    small = arrivals(MIXED, (installed,), fleet=fleet)
    large = arrivals(MIXED, (installed * scale,), fleet=fleet)
    np.testing.assert_allclose(large, scale * small, rtol=1e-9)
    assert small.sum(axis=0).mean() == pytest.approx(utilisation * installed)


@pytest.mark.parametrize("year", [2025, 2027, 2030])
def test_the_librarys_mix_sums_to_one(year):
    mix = inference_mix(year)
    assert sum(work.share for work in mix.values()) == pytest.approx(1.0)
    assert mix["batch_api"].deferral_h == 24  # the window that batch interfaces publish


def test_the_librarys_mix_is_linear_between_its_years():
    # interactive chat: 0.34 in 2025, 0.22 in 2030
    assert inference_mix(2027)["chat"].share == pytest.approx(0.34 - 0.12 * 2 / 5)


def test_the_librarys_mix_fits_the_librarys_fleet_today():
    work = arrivals(inference_mix(2025), (100,), fleet=load_fleet())
    assert work.sum(axis=0).max() <= 100 * load_fleet().utilisation_max
