"""What is proven of a result."""

import pytest

from dcmodel.optimise.proof import NOT_CERTIFIED, proven, worst_gap, worst_status


def test_only_hours_have_a_certified_gap():
    assert proven(0.004, "optimal", hourly=True) == {"status": "optimal", "certified_gap": 0.004}
    found = proven(1e-8, "optimal", hourly=False)
    assert found == {
        "status": NOT_CERTIFIED, "certified_gap": NOT_CERTIFIED, "segments_gap": 1e-8,
    }  # fmt: skip
    assert proven(0.1, "gap_not_reached", hourly=False)["status"] == "gap_not_reached"


@pytest.mark.parametrize(
    ("gaps", "worst"),
    [([0.001, 0.003], 0.003), ([0.001, NOT_CERTIFIED], NOT_CERTIFIED)],
)
def test_the_worst_gap_of_several(gaps, worst):
    assert worst_gap(gaps) == worst


def test_the_worst_status_of_several():
    assert worst_status(["optimal", "optimal"]) == "optimal"
    assert worst_status(["optimal", NOT_CERTIFIED]) == NOT_CERTIFIED
    assert worst_status(["gap_not_reached", NOT_CERTIFIED]) == "gap_not_reached"
