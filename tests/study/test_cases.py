import pytest

from dcmodel.study import cases as cases_module
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study


def hashes(path):
    return {case.name: case.hash for case in cases(load_study(path))}


def changed(before, after):
    return {name for name in before if before[name] != after.get(name)}


@pytest.fixture
def text(small_text):
    return (
        small_text.replace("[dallas,", "[{site: dallas, weather: {epw: a.epw}},")
        + "scenarios:\n  base:\n  dear: {markets.price_scale: 1.3}\n"
    )


@pytest.fixture
def files(tmp_path):
    (tmp_path / "a.epw").write_text("1")
    (tmp_path / "b.csv").write_text("1")
    (tmp_path / "b.yaml").write_text("file: b.csv\n")


def test_cases_are_site_times_scenario(text, files, write_study):
    found = cases(load_study(write_study(text)))
    assert [case.name for case in found] == [
        "dallas/base",
        "dallas/dear",
        "stockholm/base",
        "stockholm/dear",
    ]
    assert [case.spec.markets.price_scale for case in found] == [1, 1.3, 1, 1.3]


def test_case_holds_the_settings_of_its_site(text, files, write_study):
    dallas, _, stockholm, _ = cases(load_study(write_study(text)))
    assert dallas.spec.weather.file == "a.epw"
    assert stockholm.spec.weather == "typical"
    assert dallas.file("a.epw").read_text() == "1"
    assert [site.label for site in dallas.spec.sites] == ["dallas"]


def test_hash_stays_when_words_formatting_and_place_change(text, files, write_study, tmp_path):
    before = hashes(write_study(text))
    words = text.replace("name: small", "name: other\ndescription: new") + "outputs: {figures: no}"
    words = words.replace("figures: no", "figures: false").replace("{2025: 20}", "{2025: 20.0}")
    moved = tmp_path / "moved"
    moved.mkdir()
    (moved / "a.epw").write_text("1")
    assert hashes(write_study("# note\n" + words, "moved/other.yaml")) == before


def test_hash_follows_what_the_result_depends_on(text, files, write_study, tmp_path):
    before = hashes(write_study(text))
    assert len(set(before.values())) == 4
    every = set(before)
    rate = hashes(write_study(text.replace("0.08", "0.09")))
    assert changed(before, rate) == every
    dear = hashes(write_study(text.replace("1.3", "1.4")))
    assert changed(before, dear) == {"dallas/dear", "stockholm/dear"}
    (tmp_path / "a.epw").write_text("2")
    assert changed(before, hashes(write_study(text))) == {"dallas/base", "dallas/dear"}


def test_hash_follows_the_data_behind_a_descriptor(text, files, write_study, tmp_path):
    path = write_study(text.replace("stockholm]", "{site: stockholm, prices: {series: b.yaml}}]"))
    before = hashes(path)
    (tmp_path / "b.csv").write_text("2")
    assert changed(before, hashes(path)) == {"stockholm/base", "stockholm/dear"}


def test_hash_follows_library_and_model_version(text, files, write_study, tmp_path, monkeypatch):
    path = write_study(text)
    before = hashes(path)
    monkeypatch.setattr(cases_module, "MODEL_VERSION", cases_module.MODEL_VERSION + 1)
    assert changed(before, hashes(path)) == set(before)
    monkeypatch.undo()
    assert hashes(path) == before
    library = tmp_path / "library"
    library.mkdir()
    (library / "x.csv").write_text("1")
    monkeypatch.setattr(cases_module, "data_dir", lambda: library)
    first = hashes(path)
    (library / "x.csv").write_text("22")
    assert changed(first, hashes(path)) == set(before)
