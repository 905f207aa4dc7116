import csv
import shutil

import pytest

from dcmodel.base.errors import DataError, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.facility import architectures, load_design, variants
from dcmodel.facility.cooling import Fan

ARCHITECTURES = ("air_economizer", "direct_to_chip", "water_economizer")
VARIANTS = ("best", "generic", "legacy")


def test_architectures_are_found_by_name():
    assert set(ARCHITECTURES) <= set(architectures.names())


@pytest.mark.parametrize("key", ARCHITECTURES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_presets_are_complete_and_inside_their_ranges(key, variant):
    design = load_design(key, variant)
    assert set(design.parameters) == architectures[key].parameter_names()
    for parameter in design.parameters.values():
        assert parameter.source
        if parameter.low is not None and parameter.high is not None:
            assert parameter.low <= float(parameter.value) <= parameter.high, parameter


@pytest.mark.parametrize("key", ARCHITECTURES)
def test_variants_of_a_preset(key):
    assert variants(key) == list(VARIANTS)


def test_groups_and_overrides():
    design = load_design("air_economizer", overrides={"fan_pressure": 500.0})
    assert design.group(Fan, "fan").pressure == 500.0
    assert design["fan_pressure"] == 500.0
    assert design.parameters["fan_pressure"].source == "the study's own value"
    assert "fan_pressure" in design.assumed()
    assert load_design("air_economizer").group(Fan, "fan").pressure != 500.0


def test_override_faults_are_listed_together():
    own = {"fan_presure": 1.0, "fan_efficiency": 65, "chiller_curves": 3, "ups_rating": 0}
    with pytest.raises(StudyError) as caught:
        load_design("water_economizer", overrides=own)
    text = str(caught.value)
    assert len(caught.value.faults) == 4
    assert "did you mean 'fan_pressure'" in text
    assert "did you mean 0.65?" in text
    assert "'chiller_curves' takes a name" in text
    assert "'ups_rating' is 0" in text


def test_divisors_and_names_are_checked_on_loading():
    own = {"coil_effectiveness": 0, "tower_cycles": 1, "tower_range": 0}
    with pytest.raises(StudyError) as caught:
        load_design("water_economizer", overrides=own)
    assert len(caught.value.faults) == 3
    with pytest.raises(StudyError, match="unknown chiller 'york'"):
        load_design("water_economizer", overrides={"chiller_curves": "york"})


def test_temperatures_may_be_negative_other_values_not():
    assert load_design("air_economizer", overrides={"dew_point_minimum": -15})
    with pytest.raises(StudyError, match="from 0"):
        load_design("air_economizer", overrides={"fan_pressure": -1})


@pytest.mark.parametrize(
    ("key", "variant", "hint"),
    [
        ("water_economiser", "generic", "did you mean 'water_economizer'"),
        ("air_economizer", "generc", "did you mean 'generic'"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(key, variant, hint):
    with pytest.raises(StudyError, match=hint):
        load_design(key, variant)


def test_damaged_preset_names_every_row(tmp_path, monkeypatch):
    shutil.copytree(data_dir() / "cooling", tmp_path / "cooling")
    path = tmp_path / "cooling" / "air_economizer.csv"
    with path.open(newline="") as stream:
        rows = list(csv.reader(stream))
    rows[1][7] = "guessed"
    rows[2][2] = "many"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    monkeypatch.setenv("DCMODEL_DATA", str(tmp_path))
    with pytest.raises(DataError) as caught:
        load_design("air_economizer")
    assert [fault.where for fault in caught.value.faults] == [
        "air_economizer.csv:2",
        "air_economizer.csv:3",
    ]


def test_missing_and_strange_rows_are_refused(tmp_path, monkeypatch):
    shutil.copytree(data_dir() / "cooling", tmp_path / "cooling")
    path = tmp_path / "cooling" / "direct_to_chip.csv"
    path.write_text(path.read_text().replace("cdu_approach,generic", "cdu_aproach,generic"))
    monkeypatch.setenv("DCMODEL_DATA", str(tmp_path))
    with pytest.raises(DataError) as caught:
        load_design("direct_to_chip")
    assert "did you mean 'cdu_approach'" in str(caught.value)
    assert "'cdu_approach' is missing for variant 'generic'" in str(caught.value)
    assert load_design("direct_to_chip", "best")


@pytest.mark.parametrize("value", [2.0, 60.0])
def test_supply_air_outside_every_class_of_servers_is_refused(value):
    with pytest.raises(StudyError, match="no class of servers"):
        load_design("water_economizer", overrides={"supply_air_temperature": value})
