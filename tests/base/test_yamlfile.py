from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field, model_validator

from dcmodel.base.errors import DataError, StudyError
from dcmodel.base.schema import Fraction, Hours, Megawatt, Spec
from dcmodel.base.yamlfile import load_yaml, validate


class Battery(Spec):
    kind: Literal["battery"] = "battery"
    efficiency: Fraction
    """Round-trip efficiency."""
    capacity_max_mw: Megawatt | None = None


class Diesel(Spec):
    kind: Literal["diesel"] = "diesel"
    tank_h: Hours = 24

    @model_validator(mode="after")
    def _permit(self):
        if self.tank_h > 100:
            msg = f"tank_h {self.tank_h:g} exceeds the permit of 100 h"
            raise ValueError(msg)
        return self


class Plan(Spec):
    name: str
    years: list[int]
    components: list[Annotated[Battery | Diesel, Field(discriminator="kind")]] = []
    capacity: float | dict[int, Megawatt] = 1.0
    resolution: Literal["hourly", "segments"] = "hourly"


def faults_of(text, model=Plan, at=()):
    with pytest.raises(StudyError) as caught:
        validate(model, load_yaml("s.yaml", text=text), at)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("a: 1\nb:\n\tc: 2\n", "s.yaml:3:1", "a tab indents this line"),
        ("a: 1\na: 2\n", "s.yaml:2:1", "'a' is given twice (first on line 1)"),
        ("b: {c: 1, c: 3}\n", "s.yaml:1:11", "'c' is given twice"),
        ("", "s.yaml:1:1", "is empty"),
        ("- 1\n", "s.yaml:1:1", "must be a mapping"),
        ("a: [1\n", "s.yaml:2:1", "is not valid YAML"),
        ("a: b: c\n", "s.yaml:1:5", "check the indentation"),
        ("a: .nan\n", "s.yaml:1:4", "a finite number is required"),
        ("a: !!python/name:os.system x\n", "s.yaml:1:4", "write plain values"),
        ("d: 2025-13-45\n", "s.yaml", "cannot be read as YAML"),
        ("a: " + "[" * 3000, "s.yaml", ""),
        ("a: 1\n---\nb: 1\n", "s.yaml:2:1", "single document"),
    ],
)
def test_unreadable_yaml_is_refused_with_its_place(text, where, words):
    with pytest.raises(StudyError) as caught:
        load_yaml("s.yaml", text=text)
    assert caught.value.faults[0].where == where
    assert words in caught.value.faults[0].message


def test_repeated_keys_are_reported_together_in_file_order():
    with pytest.raises(DataError) as caught:
        load_yaml("s.yaml", text="b:\n  c: 1\n  c: 2\n" + "x: 1\n" + "x: 2\n", error=DataError)
    assert [fault.where for fault in caught.value.faults] == ["s.yaml:3:3", "s.yaml:5:1"]


def test_missing_file_names_the_nearest_one(tmp_path):
    (tmp_path / "study.yaml").write_text("a: 1\n")
    with pytest.raises(StudyError, match=r"did you mean '.*study\.yaml'"):
        load_yaml(tmp_path / "studdy.yaml")


def test_not_utf8_is_refused(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_bytes(b"a: \xff\xfe\n")
    with pytest.raises(StudyError, match="UTF-8"):
        load_yaml(path)


def test_positions_count_from_one_and_follow_lists_numbers_and_merges():
    text = "base: &base\n  x: 1\nsite:\n  <<: *base\n  2026: [5, 6]\n"
    loaded = load_yaml("s.yaml", text=text)
    assert loaded.data["site"] == {"x": 1, 2026: [5, 6]}
    assert loaded.position(("site", 2026)) == (5, 3)
    assert loaded.position(("site", 2026, 1)) == (5, 13)
    assert loaded.position(("site", "x"), of="value") == (2, 6)
    assert loaded.position(("site", "absent", "x")) == (2, 3)
    assert loaded.resolve(("site", "tag", 2026, 0)) == ("site", 2026, 0)


def test_words_that_look_like_other_types_stay_text():
    loaded = load_yaml("s.yaml", text="a: yes\nb: 12:30\nc: +10:00\nd: no\n")
    assert loaded.data == {"a": "yes", "b": "12:30", "c": "+10:00", "d": "no"}


def test_all_faults_of_a_file_are_reported_in_file_order():
    faults = faults_of(
        "years: [2025, abc]\n"
        "components:\n"
        "  - {kind: battery, efficiency: 92, capacity_mx_mw: 3}\n"
        "  - {kind: diesel, tank_h: 200}\n"
        "  - {kind: batery}\n"
        "resolution: hourli\n"
    )
    assert [fault.split("  ")[0] for fault in faults] == [
        "s.yaml:1:1",
        "s.yaml:1:15",
        "s.yaml:3:21",
        "s.yaml:3:37",
        "s.yaml:4:5",
        "s.yaml:5:5",
        "s.yaml:6:1",
    ]
    assert "name: is missing" in faults[0]
    assert "found 'abc'" in faults[1]
    assert "found 92" in faults[2]
    assert "did you mean 0.92" in faults[2]
    assert "did you mean 'capacity_max_mw'" in faults[3]
    assert "tank_h 200 exceeds the permit" in faults[4]
    assert "did you mean 'battery'" in faults[5]
    assert "'hourly' or 'segments'; did you mean 'hourly'" in faults[6]


def test_a_union_reports_the_deepest_fault_only():
    faults = faults_of("name: a\nyears: []\ncapacity:\n  2026: -1\n")
    assert len(faults) == 1
    assert faults[0].startswith("s.yaml:4:3  capacity.2026: found -1")
    assert "[MW]" in faults[0]


def test_missing_key_explains_its_meaning():
    faults = faults_of("name: a\nyears: []\ncomponents:\n  - kind: battery\n")
    assert faults == ["s.yaml:4:5  components.0.efficiency: is missing (Round-trip efficiency.)"]


def test_a_part_of_a_file_is_validated_in_place():
    text = "sites:\n  dallas:\n    kind: diesel\n    tank: 3\n"
    (fault,) = faults_of(text, Diesel, ("sites", "dallas"))
    assert fault.startswith("s.yaml:4:5  sites.dallas.tank: unknown key; did you mean 'tank_h'")


def test_overriding_data_keeps_the_positions_of_the_file():
    loaded = load_yaml("s.yaml", text="battery:\n  efficiency: 0.9\n")
    with pytest.raises(StudyError, match=r"s\.yaml:2:3  battery\.efficiency: found 1\.5"):
        validate(Battery, loaded, ("battery",), data={"efficiency": 1.5})
    with pytest.raises(StudyError, match=r"s\.yaml:1:1  battery\.volume: unknown key"):
        validate(Battery, loaded, ("battery",), data={"efficiency": 0.9, "volume": 1})


def test_a_valid_file_becomes_an_instance():
    plan = validate(Plan, load_yaml("s.yaml", text="name: a\nyears: [2025]\ncapacity: {2026: 3}\n"))
    assert plan.capacity == {2026: 3.0}
