"""Every change to a study acts or is refused: in scenarios and in a notebook, by the same rules."""

import pytest

from dcmodel.base.errors import StudyError
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study
from dcmodel.study.parts import keys

NOT_IN_HASH = {"name", "description", "outputs"}

ACTING = {
    "name": "other",
    "description": "another question",
    "mode": "portfolio",
    "portfolio": {"plan_gap": 0.02},
    "currency_year": 2024,
    "years": [2025],
    "discount_rate": 0.05,
    "resolution": {"segments": 60},
    "gap": 0.01,
    "solver": "clarabel",
    "calendar_year": 2025,
    "weather": {"epw": "a.epw"},
    "prices": {"series": "a.yaml"},
    "carbon": {"series": "a.yaml"},
    "it_capacity_mw": {2025: 21},
    "fleet": {"utilisation_max": 0.9},
    "cooling": "air_economizer",
    "workloads": {"chat": {"deferral_h": 1}},
    "sites": ["dallas"],
    "components": {"building": {}},
    "requirements": {"water_limit": 1e6},
    "markets": {"price_scale": 1.5},
    "scenarios": {"dear": {"markets.price_scale": 2}},
    "seed": 5,
    "outputs": {"figures": False},
}


@pytest.fixture
def study(small_text, write_study, tmp_path):
    for name in ("a.epw", "a.yaml"):
        (tmp_path / name).write_text("x: 1\n")
    return load_study(write_study(small_text))


def refusal(study, changes):
    with pytest.raises(StudyError) as caught:
        study.with_changes(changes)
    return str(caught.value)


def hashes(study):
    return [case.hash for case in cases(study)]


def test_every_key_of_a_study_is_tried():
    assert set(ACTING) | {"schema"} == set(keys())


@pytest.mark.parametrize("key", sorted(ACTING))
def test_a_change_of_every_key_acts(key, study, tmp_path):
    if key == "mode":  # what a portfolio needs is not stated in this study, and that is said
        assert "a portfolio needs to know" in refusal(study, {key: ACTING[key]})
        return
    changed = study.with_changes({key: ACTING[key]})
    assert changed.spec != study.spec
    assert study.with_changes({}).spec == study.spec
    if key not in NOT_IN_HASH:
        assert hashes(changed) != hashes(study)
    # the same once more changes nothing, and that is said
    assert "already" in (text := refusal(changed, {key: ACTING[key]})) or "as it is" in text


def test_the_version_of_the_language_is_no_change(study):
    assert "'schema' cannot be changed" in refusal(study, {"schema": "dcmodel/study-1"})


@pytest.mark.parametrize("empty", [{}, None])
def test_empty_clears_requirements(empty, study):
    strict = study.with_changes({"requirements": {"water_limit": 1e6, "carbon_limit": 1e5}})
    assert strict.with_changes({"requirements": empty}).spec == study.spec
    assert "default already" in refusal(study, {"requirements": empty})
    one = strict.with_changes({"requirements.water_limit": None})
    assert list(one.spec.requirements) == ["carbon_limit"]


@pytest.mark.parametrize("key", ["markets", "fleet", "outputs", "seed", "resolution", "gap"])
def test_empty_sets_a_key_back_to_its_default(key, study):
    changed = study.with_changes({key: ACTING[key]})
    default = type(study.spec).model_fields[key].get_default()
    assert getattr(changed.with_changes({key: None}).spec, key) == default


@pytest.mark.parametrize("key", ["components", "sites", "workloads", "it_capacity_mw", "cooling"])
@pytest.mark.parametrize("empty", [{}, None])
def test_what_a_study_must_have_is_not_cleared(key, empty, study):
    assert key in refusal(study, {key: empty})


def test_components_are_added_removed_and_changed(study):
    bare = study.with_changes({"components.battery": None})
    assert "battery" not in bare.spec.components
    again = bare.with_changes({"components": {"battery": {}}})
    assert again.spec.components["battery"] == {}
    larger = study.with_changes({"components.battery.power_max_mw": 3})
    assert larger.spec.components["battery"]["power_max_mw"] == 3
    assert larger.with_changes({"components.battery": {}}).spec.components["battery"] == {}
    alone = study.with_changes({"components": ["grid_connection"]})
    assert list(alone.spec.components) == ["grid_connection"]


def test_sites_are_reached_by_key(study):
    changed = study.with_changes({"sites.dallas.cooling": "air_economizer"})
    assert changed.spec.sites[0].cooling.architecture == "air_economizer"
    assert study.with_changes({"sites.stockholm": None}).spec.sites == study.spec.sites[:1]
    late = {"site": "dallas", "label": "late", "connection": {"available_mw": {2025: 50}}}
    found = study.with_changes({"sites": ["dallas", late]})
    assert [site.label for site in found.spec.sites] == ["dallas", "late"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"requirments": {}}, "did you mean 'requirements'"),
        ({"components.batery": None}, "did you mean 'battery'"),
        ({"components.batery.power_max_mw": 1}, "did you mean 'battery'"),
        ({"components.battery.power_max": 1}, "did you mean 'power_max_mw'"),
        ({"components.diesel": None}, "'components.diesel' is not set in the study"),
        ({"markets": {"price_scal": 2}}, "did you mean 'price_scale'"),
        ({"sites": ["dalas"]}, "did you mean 'dallas'"),
        ({"sites": ["dallas", "dallas"]}, "named twice"),
        ({"sites": []}, "no site is left"),
        ({"sites": ["dallas", "stockholm"]}, "already"),
        ({"sites.dalas.cooling": "air_economizer"}, "did you mean 'dallas'"),
        ({"discount_rate": 0.08}, "'discount_rate' is 0.08 in the study already"),
        ({"scenarios": {"odd": {"discount_rat": 0.1}}}, "did you mean 'discount_rate'"),
        ({"scenarios": {"odd": {"name": "x"}}}, "same in all scenarios"),
        ("discount_rate", "a mapping"),
    ],
)
def test_what_does_not_act_is_refused(changes, words, study):
    assert words in refusal(study, changes)


def test_what_holds_may_be_asked_for_beside_a_change_that_acts(study):
    """A sweep passes its base values, and components are restated beside one that changes."""
    changed = study.with_changes({"discount_rate": 0.08, "seed": 9, "components.diesel": {}})
    assert changed.spec == study.with_changes({"seed": 9, "components.diesel": {}}).spec
    assert changed.spec.seed == 9


def test_scenarios_are_added_replaced_and_cleared(study):
    more = study.with_changes({"scenarios": {"dear": {"markets.price_scale": 2}}})
    assert list(more.spec.scenarios) == ["base", "dear"]
    assert more.scenario("dear").markets.price_scale == 2
    other = more.with_changes({"scenarios": {"dear": {"discount_rate": 0.1}}})
    assert other.spec.scenarios["dear"] == {"discount_rate": 0.1}
    assert list(more.with_changes({"scenarios.base": None}).spec.scenarios) == ["dear"]
    assert more.with_changes({"scenarios": {}}).spec.scenarios == {"base": {}}


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("{requirements: {}}", "default already"),
        ("{markets: {price_scale: 1.0}}", "already"),
        ("{discount_rate: 0.08}", "already"),
        ("{}", "changes nothing, as 'base'"),
        ("{mode: portfolio}", "make a second study"),
        ("{currency_year: 2024}", "make a second study"),
        ("{outputs: {tables: false}}", "at the top of the study"),
        ("{sites.dallas: null}", "list the sites at the top"),
        ("{sites: [dallas]}", "list the sites at the top"),
        ("{components.batery: null}", "did you mean 'battery'"),
    ],
)
def test_a_scenario_acts_or_is_refused_at_its_line(scenario, words, small_text, write_study):
    path = write_study(f"{small_text}scenarios:\n  base:\n  other: {scenario}\n")
    with pytest.raises(StudyError) as caught:
        load_study(path)
    [fault] = caught.value.faults
    assert fault.where.startswith(f"{path}:17:")
    assert words in fault.message


def test_a_scenario_clears_requirements(small_text, write_study):
    text = small_text + "requirements: {water_limit: 1000000}\nscenarios:\n  base:\n"
    study = load_study(write_study(text + "  free: {requirements: {}}\n"))
    assert study.scenario("free").requirements == {}
    assert study.scenario("base").requirements == {"water_limit": 1000000}
    assert len(set(hashes(study))) == len(hashes(study))
