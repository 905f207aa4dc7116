"""Preset files of one's own, and racks that set the liquid share."""

import pytest

from dcmodel.base.errors import StudyError
from dcmodel.facility import load_design, yearly
from dcmodel.facility.preset import load_preset, with_rack

TEXT = """\
schema: dcmodel/cooling-1
name: Lake hall, as built
architecture: water_economizer
variant: best
parameters:
  fan_pressure: {value: 500, source: "commissioning report, 2025", provenance: cited}
  tower_approach: 6
  chiller_curves: doe2_centrifugal
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "hall.yaml"
        path.write_text(text)
        return path

    return write


def test_own_values_replace_those_of_the_library(written, year):
    own, best = load_preset(written(TEXT)), load_design("water_economizer", "best")
    assert own.key == "water_economizer"
    assert own.variant == "Lake hall, as built"
    assert own["fan_pressure"] == 500
    assert own.parameters["fan_pressure"].source == "commissioning report, 2025"
    assert "fan_pressure" not in own.assumed()
    assert "tower_approach" in own.assumed()
    assert own.text("chiller_curves") == "doe2_centrifugal"
    assert own["fan_efficiency"] == best["fan_efficiency"]
    same = load_design(
        "water_economizer",
        "best",
        {"fan_pressure": 500, "tower_approach": 6, "chiller_curves": "doe2_centrifugal"},
    )
    assert yearly(own, year, 0.7).pue == yearly(same, year, 0.7).pue > yearly(best, year, 0.7).pue


def test_every_fault_is_told_with_its_line(written):
    text = TEXT.replace("fan_pressure", "fan_presure").replace("tower_approach: 6", "ups_k0: -1")
    with pytest.raises(StudyError) as caught:
        load_preset(written(text.replace("doe2_centrifugal", "doe3")))
    told = str(caught.value)
    assert "hall.yaml:6:3" in told
    assert "did you mean 'fan_pressure'" in told
    assert "hall.yaml:7:3" in told
    assert "values from 0" in told
    assert "hall.yaml:8:3" in told
    assert "unknown chiller" in told


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("water_economizer", "swamp_cooler", "hall.yaml:3:1"),
        ("variant: best", "variant: bets", "hall.yaml:4:1"),
        ("cooling-1", "cooling-9", "hall.yaml:1:1"),
        ("source: ", "sauce: ", "hall.yaml:6:"),
    ],
)
def test_faults_of_the_head(written, old, new, where):
    with pytest.raises(StudyError, match=where):
        load_preset(written(TEXT.replace(old, new)))


def test_racks_set_the_liquid_share(year):
    design = load_design("direct_to_chip")
    dense = with_rack(design, 130)
    assert dense["liquid_fraction"] == pytest.approx(0.85)
    assert dense.parameters["liquid_fraction"].provenance == "derived"
    # less air to move and to cool by compressors
    sparse = with_rack(design, 40)
    assert yearly(dense, year, 0.7).pue < yearly(sparse, year, 0.7).pue
    with pytest.raises(StudyError, match="beyond water_economizer, which reaches 40 kW"):
        with_rack(load_design("water_economizer"), 130)
