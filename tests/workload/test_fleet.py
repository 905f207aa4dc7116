import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.workload.fleet import Fleet, fleet_parameters, it_power, load_fleet


def test_library_fleet_lies_in_the_published_ranges():
    fleet = load_fleet()
    assert 0.20 <= fleet.idle_fraction <= 0.30
    # peak over provisioned power: 0.79 in inference, 0.97 in training clusters (POLCA)
    peak = fleet.idle_fraction + (1 - fleet.idle_fraction) * fleet.utilisation_max
    assert 0.79 <= peak <= 0.97
    assert fleet.mean_utilisation < fleet.utilisation_max


def test_every_number_of_the_fleet_has_a_source():
    rows = fleet_parameters().rows().set_index("parameter")
    assert set(rows.index) == set(Fleet.__dataclass_fields__)
    assert (rows["source"].str.len() > 10).all()
    assert rows["low"].notna().all()
    assert rows["high"].notna().all()


def test_a_study_replaces_some_and_keeps_the_rest():
    fleet = load_fleet({"idle_fraction": 0.1, "utilisation_max": None})
    assert fleet.idle_fraction == 0.1
    assert fleet.utilisation_max == load_fleet().utilisation_max


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"idle_fraction": 1.0}, "fleet.idle_fraction"),
        ({"mean_utilisation": 0.95, "utilisation_max": 0.9}, "needed: 0 < mean <= max <= 1"),
        ({"mean_utilisation": 0.0}, "needed: 0 < mean"),
        ({"utilisation_max": 1.2}, "needed: 0 < mean"),
        ({"idle": 0.2}, "unknown parameter 'idle'"),
    ],
)
def test_impossible_fleets_are_refused(overrides, message):
    with pytest.raises(StudyError, match=message):
        load_fleet(overrides)


def test_it_power_by_hand():
    work = np.array([[0.0, 10.0, 20.0], [0.0, 30.0, 60.0]])
    power = it_power(work, np.array([20.0, 60.0]), 0.25)
    # idle: a quarter of 20 and of 60 MW; full: 20 and 60 MW; half: in the middle
    assert power == pytest.approx(np.array([[5.0, 12.5, 20.0], [15.0, 37.5, 60.0]]))
