"""What `validate` calls sound can be built; what is broken is told at its place, all at once."""

import pytest
from support.broken import PRICES, STUDY, command, is_raw, price_table, sound

from dcmodel.base.errors import DataError, StudyError
from dcmodel.requirements.onsite_match import OnsiteMatch
from dcmodel.study.cases import cases
from dcmodel.study.files import series_year
from dcmodel.study.load import load_study, read_study, refuse
from dcmodel.study.ready import case_findings, check_ready, load_ready


@pytest.fixture
def folder(tmp_path, monkeypatch):
    sound(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(folder, broken):
    """Return the faults of data of a study with one broken file, before any case is built."""
    if broken != "weather.epw":  # read for nothing
        text = STUDY.replace("{epw: weather.epw}", "typical")
        (folder / "study.yaml").write_text(text, encoding="utf-8")
    reading = read_study("study.yaml", open_files=True)
    with pytest.raises(DataError) as caught:
        refuse(reading.source, reading.placed)
    return str(caught.value)


BROKEN = {
    # the descriptor of the prices
    "unknown key": ("prices.yaml", PRICES + "unti: EUR/MWh\n", "prices.yaml:7:1"),
    "missing key": ("prices.yaml", PRICES.replace("unit: USD/MWh\n", ""), "unit: is missing"),
    "null": ("prices.yaml", PRICES.replace("file: prices.csv", "file:"), "prices.yaml:2:1"),
    "unit": ("prices.yaml", PRICES.replace("USD/MWh", "USD/MW"), "found 'USD/MW'"),
    "other kind": (
        "prices.yaml",
        PRICES.replace("price_energy", "emission_factor").replace("USD/MWh", "g/kWh"),
        "price_energy is needed here",
    ),
    "currency": ("prices.yaml", PRICES.replace("USD", "XYZ"), "unknown currency 'XYZ'"),
    "zone": ("prices.yaml", PRICES.replace("UTC", "Mars"), "unknown time zone 'Mars'"),
    "column": ("prices.yaml", PRICES.replace("column: price", "column: cost"), "no column 'cost'"),
    "no such table": ("prices.yaml", PRICES.replace("prices.csv", "price.csv"), "price.csv"),
    "list": ("prices.yaml", "- 1\n", "prices.yaml:1:1"),
    "empty": ("prices.yaml", "", "is empty"),
    "recursive": ("prices.yaml", PRICES + "note: &a [*a]\n", "prices.yaml:7"),
    # the table of the prices
    "no rows": ("prices.csv", "time,price\n", "prices.csv"),
    "no file at all": ("prices.csv", "", "prices.csv"),
    "half a year": ("prices.csv", "\n".join(price_table().splitlines()[:4000]), "prices.csv"),
    "other year": ("prices.csv", price_table().replace("2023-", "2019-"), "prices.csv"),
    "words": ("prices.csv", "time,price\nnow,dear\nthen,cheap\n", "prices.csv:2"),
    # the weather
    "no weather": ("weather.epw", "", "weather.epw"),
    "words for weather": ("weather.epw", "fair\nand\nmild\n", "weather.epw"),
    "one line": ("weather.epw", "LOCATION,Testville,XX,USA,TMY,123,40.0,-75,-5,100\n", "weather"),
    "header of words": ("weather.epw", "LOCATION,a,b,c,d,e,f,g,h,i\n" * 9, "weather.epw"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_told_where_the_study_names_it(folder, name):
    file, text, words = BROKEN[name]
    (folder / file).write_text(text, encoding="utf-8")
    said = told(folder, file)
    line = 10 if file == "weather.epw" else 11
    assert said.startswith(f"study.yaml:{line}:")
    assert words in said
    assert not is_raw(said)


@pytest.mark.parametrize("name", ["prices.yaml", "prices.csv", "weather.epw"])
@pytest.mark.parametrize("how", ["missing", "folder", "binary", "utf16", "nul"])
def test_what_is_no_text_file_is_told(folder, name, how):
    (folder / name).unlink()
    content = {"binary": bytes(range(256)) * 40, "utf16": "a: 1".encode("utf-16"), "nul": b"a\0b"}
    if how == "folder":
        (folder / name).mkdir()
    elif how != "missing":
        (folder / name).write_bytes(content[how])
    said = told(folder, name)
    assert said.startswith(f"study.yaml:{10 if name == 'weather.epw' else 11}:")
    assert name in said
    assert not is_raw(said)


def test_all_faults_are_told_at_once(folder):
    text = STUDY.replace("chat: {", "chat: {colour: red, ").replace("name: broken", "name: a/b")
    text = text.replace("battery: {}", "battery: {}, ppa_solar: {offer: {first_year: 2026}}")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    (folder / "prices.yaml").write_text(PRICES + "unti: x\n", encoding="utf-8")
    (folder / "weather.epw").write_text("fair\n", encoding="utf-8")
    code, said = command("validate", "study.yaml")
    assert code == 2
    for words in (
        "study.yaml:2:1  name",
        "workloads.chat.colour  unknown key",
        "weather.epw",
        "prices.yaml:7:1",
        "components.ppa_solar.offer.price_usd_per_mwh  is missing",
        "components.ppa_solar.offer.term_years  is missing",
    ):
        assert words in said
    assert not is_raw(said)


def test_faults_of_inputs_are_told_beside_those_of_files(folder):
    requirement = "requirements: {onsite_match: {share: 0.1, derating: {unserved_energy: 0.5}}}\n"
    (folder / "study.yaml").write_text(STUDY + requirement, encoding="utf-8")
    (folder / "prices.yaml").write_text("", encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_ready("study.yaml")
    places = [fault.where for fault in caught.value.faults]
    assert places == ["study.yaml:11:10", "study.yaml:13:16"]
    assert "leave 'unserved_energy' out of derating" in str(caught.value)


def test_what_was_left_out_is_not_missed(folder):
    requirement = "requirements: {onsite_match: {share: 0.1, derating: {battery: 0.5}}}\n"
    text = (STUDY + requirement).replace("battery: {}", "battery: {power: 1}")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_ready("study.yaml")
    assert [fault.where for fault in caught.value.faults] == ["study.yaml:12:45"]


def test_study_refuses_what_validate_refuses_and_writes_nothing(folder):
    (folder / "prices.csv").write_text("time,price\n", encoding="utf-8")
    before = sorted(folder.iterdir())
    refused = command("validate", "study.yaml")
    assert command("study", "study.yaml", "-o", "out", "-q") == refused
    assert refused[0] == 3
    assert sorted(folder.iterdir()) == before


def test_a_fault_of_a_scenario_is_told_in_the_scenario(folder):
    text = STUDY + "scenarios:\n  base: {}\n  other: {prices: {series: other.yaml}}\n"
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    (folder / "other.yaml").write_text(PRICES.replace("USD", "XYZ"), encoding="utf-8")
    code, said = command("validate", "study.yaml")
    assert code == 3
    assert said.splitlines()[0].startswith("study.yaml:15:11  scenarios.other: prices  ")
    assert len(said.splitlines()) == 2


def test_a_sound_study_is_built_and_a_changed_file_is_read_again(folder):
    study = load_ready("study.yaml")
    assert case_findings(cases(study)[0]) == []
    before = series_year(folder / "prices.yaml", 2023, "price_energy")
    assert float(before[0]) == 40.0
    (folder / "prices.csv").write_text(price_table().replace(",40.00", ",70.000"))
    assert float(series_year(folder / "prices.yaml", 2023, "price_energy")[0]) == 70.0
    (folder / "prices.csv").write_text("time,price\n")
    with pytest.raises(DataError, match="holds no rows"):
        check_ready(study)


def test_an_error_that_was_not_foreseen_has_one_line_and_a_place(folder, monkeypatch):
    def fails(self, case):
        raise KeyError("a\nb")

    monkeypatch.setattr(OnsiteMatch, "check", fails)
    requirement = "requirements: {onsite_match: {share: 0.1, derating: {battery: 0.5}}}\n"
    (folder / "study.yaml").write_text(STUDY + requirement, encoding="utf-8")
    [finding] = case_findings(cases(load_study("study.yaml"))[0])
    assert finding.loc == ("sites", "dallas")
    assert "KeyError" in finding.message
    assert "\n" not in finding.message
