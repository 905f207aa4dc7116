import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from dcmodel.base.schema import Spec
from dcmodel.study.spec import StudySpec


def document(text, **changes):
    return {**YAML(typ="safe", pure=True).load(text), **changes}


def test_short_forms_give_the_normal_form(small_text):
    spec = StudySpec.model_validate(
        document(
            small_text,
            years={"first": 2025, "last": 2027},
            weather={"epw": "a.epw"},
            components=["diesel", {"battery": {"power_max_mw": 3}}],
            sites=["dallas", {"site": "dallas", "label": "high", "elevation": 900}],
        )
    )
    assert spec.years == (2025, 2026, 2027)
    assert (spec.weather.file, spec.weather.format) == ("a.epw", "epw")
    assert spec.components == {"diesel": {}, "battery": {"power_max_mw": 3}}
    assert spec.sites[0].label == "dallas"
    assert spec.sites[1].overrides == {"elevation": 900}
    assert (spec.cooling.architecture, spec.cooling.variant) == ("water_economizer", "generic")


def test_capacity_holds_until_the_next_stage_and_is_zero_before_the_first(small_text):
    spec = StudySpec.model_validate(
        document(small_text, years=[2025, 2026, 2027, 2028], it_capacity_mw={2026: 20, 2028: 60})
    )
    assert spec.it_capacity() == {2025: 0, 2026: 20, 2027: 20, 2028: 60}


def test_stage_before_the_first_year_holds(small_text):
    spec = StudySpec.model_validate(document(small_text, it_capacity_mw={2020: 5}))
    assert spec.it_capacity() == {2025: 5, 2026: 5}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"years": [2027, 2025]}, "lies before the start year 2027"),
        ({"years": {"first": 2030, "last": 2025}}, "the end year 2025 lies before the start year"),
        ({"years": [2025, 2027]}, "add 2026"),
        ({"years": []}, "at least one"),
        ({"years": {"from": 2025, "to": 2027}}, "first: 2025"),
        ({"gap": True}, "valid number"),
        ({"discount_rate": "0.08"}, "valid number"),
        ({"name": 5}, "valid string"),
        ({"components": ["diesel", "diesel"]}, "listed twice"),
        ({"sites": [{"latitude": 3}]}, "give 'site'"),
        ({"resolution": "daily"}, "'hourly'"),
    ],
)
def test_wrong_shapes_are_refused(small_text, changes, words):
    with pytest.raises(ValidationError) as caught:
        StudySpec.model_validate(document(small_text, **changes))
    assert words in str(caught.value)


def test_every_field_of_the_language_is_documented():
    def walk(kind):
        yield kind
        for child in kind.__subclasses__():
            yield from walk(child)

    modules = {"dcmodel.study.spec", "dcmodel.study.work"}
    parts = [kind for kind in walk(Spec) if kind.__module__ in modules]
    assert len(parts) > 12
    undocumented = [
        f"{kind.__name__}.{name}"
        for kind in parts
        for name, info in kind.model_fields.items()
        if not info.description
    ]
    assert undocumented == []
