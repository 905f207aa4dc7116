import pytest

from dcmodel.base.errors import DataError, DcmodelError, StudyError
from dcmodel.base.paths import studies_dir
from dcmodel.study.load import load_study


def faults_of(path):
    with pytest.raises(DcmodelError) as caught:
        load_study(path)
    return caught.value


# The change of the small study, the line of the fault, and words that the one message must hold.
BAD = {
    "misspelt key": ("discount_rate:", "discount_rat:", 4, ["did you mean 'discount_rate'"], 1),
    "misspelt key below": (
        "deferral_h",
        "deferal_h",
        10,
        ["workloads.batch.deferal_h", "did you mean 'deferral_h'"],
        1,
    ),
    "rate in percent": ("0.08", "8", 4, ["discount_rate", "found 8", "0.08"], 1),
    "share in percent": ("share: 0.7", "share: 70", 9, ["found 70", "0.7"], 1),
    "efficiency in percent": (
        "power_max_mw: 50",
        "parameters: {roundtrip_efficiency: 92}",
        14,
        ["roundtrip_efficiency", "found 92", "0.92"],
        1,
    ),
    "unknown site": ("[dallas,", "[dalas,", 11, ["'dalas'", "did you mean 'dallas'"], 1),
    "unknown market": (
        "[dallas,",
        "[{site: dallas, market: narnia},",
        11,
        ["unknown market 'narnia'", "known:"],
        1,
    ),
    "unknown key of a site": (
        "[dallas,",
        "[{site: dallas, elevaton: 3},",
        11,
        ["sites[0].elevaton", "did you mean 'elevation'"],
        1,
    ),
    "figure outside its own range": (
        "[dallas,",
        "[{site: dallas, water_price_usd_per_m3: {value: 80}},",
        11,
        ["sites[0].water_price_usd_per_m3  value 80 lies outside its range"],
        1,
    ),
    "negative capacity": ("{2025: 20}", "{2025: -20}", 6, ["found -20", "at least 0", "[MW]"], 1),
    "zero capacity": ("{2025: 20}", "{2025: 0}", 6, ["is 0 in every year"], 1),
    "capacity after the last year": ("{2025: 20}", "{2031: 20}", 6, ["after the last year"], 1),
    "end before start": (
        "[2025, 2026]",
        "{first: 2026, last: 2025}",
        3,
        ["the end year 2025 lies before the start year 2026"],
        1,
    ),
    "shares": ("share: 0.7", "share: 0.6", 8, ["shares sum to 0.9 (0.6 + 0.3)"], 1),
    "unknown shape": ("conversation", "conversatoin", 9, ["did you mean 'conversation'"], 1),
    "unknown architecture": (
        "water_economizer",
        "water_economiser",
        7,
        ["did you mean 'water_economizer'"],
        1,
    ),
    "unknown component": ("battery:", "batery:", 14, ["did you mean 'battery'"], 1),
    "unknown component field": (
        "power_max_mw",
        "power_max_mww",
        14,
        ["components.battery.power_max_mww", "did you mean 'power_max_mw'"],
        1,
    ),
    "negative component field": ("50}", "-50}", 14, ["found -50", "at least 0", "[MW]"], 1),
    "unknown parameter": (
        "power_max_mw: 50",
        "parameters: {lifetme: 3}",
        14,
        ["did you mean 'lifetime'"],
        1,
    ),
    "text for a number": ("0.08", "eight", 4, ["found 'eight'", "a number is expected"], 1),
    "same label twice": ("stockholm", "dallas", 11, ["used 2 times", "label"], 1),
    "years not covered": ("[2025, 2026]", "[2034, 2035]", 11, ["2034"], None),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_study_gives_one_clear_message_with_its_place(name, small_text, write_study):
    old, new, line, words, count = BAD[name]
    assert old in small_text
    path = write_study(small_text.replace(old, new, 1))
    error = faults_of(path)
    at_line = [fault for fault in error.faults if fault.where.startswith(f"{path}:{line}:")]
    matching = [fault for fault in at_line if all(word in fault.message for word in words)]
    assert len(matching) == (1 if count is not None else len(matching))
    assert matching
    assert count is None or len(error.faults) == count
    assert error.exit_code in {2, 3}


def test_missing_key_is_named_with_its_meaning(small_text, write_study):
    [fault] = faults_of(write_study(small_text.replace("discount_rate: 0.08", ""))).faults
    assert fault.message.startswith("discount_rate  is missing")
    assert "Real rate" in fault.message


@pytest.mark.parametrize("key", ["weather: {epw: gone.epw}", "prices: {series: gone.yaml}"])
def test_missing_file_is_a_data_error_that_names_the_line(key, small_text, write_study):
    path = write_study(small_text + key + "\n")
    error = faults_of(path)
    assert isinstance(error, DataError)
    [fault] = error.faults
    assert fault.where.startswith(f"{path}:15:")
    assert "gone." in fault.message


def test_missing_file_names_a_near_one(small_text, write_study, tmp_path):
    (tmp_path / "dallas.epw").write_text("x")
    [fault] = faults_of(write_study(small_text + "weather: {epw: dalas.epw}\n")).faults
    assert "did you mean 'dallas.epw'" in fault.message


def test_tab_and_duplicate_key_are_named_with_their_line(small_text, write_study):
    tab = faults_of(write_study(small_text.replace("  chat", "\tchat"), "tab.yaml"))
    assert len(tab.faults) == 1
    assert "tab.yaml:9:1" in tab.faults[0].where
    assert "tab" in tab.faults[0].message
    twice = faults_of(write_study(small_text + "name: again\n", "twice.yaml"))
    assert len(twice.faults) == 1
    assert "twice.yaml:15:1" in twice.faults[0].where
    assert "'name' is given twice (first on line 2)" in twice.faults[0].message


def test_faults_of_shape_and_meaning_come_together_in_the_order_of_the_file(
    small_text, write_study
):
    text = (
        small_text.replace("0.08", "8")
        .replace("dallas", "dalas")
        .replace("share: 0.7", "share: 0.6")
        .replace("power_max_mw", "power_max_mww")
        + "weather: {epw: gone.epw}\nscenarios:\n  a: {markets.prce_scale: 2}\n"
    )
    path = write_study(text)
    error = faults_of(path)
    assert isinstance(error, StudyError)
    lines = [int(fault.where.removeprefix(f"{path}:").split(":")[0]) for fault in error.faults]
    assert lines == [4, 8, 11, 14, 15, 17]


def test_a_faulty_workload_does_not_bring_a_fault_of_the_sum(small_text, write_study):
    [fault] = faults_of(write_study(small_text.replace("share: 0.7", "share: 7.1"))).faults
    assert "found 7.1" in fault.message


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("{markets.prce_scale: 2}", ["markets.prce_scale", "did you mean 'price_scale'"]),
        ("{discount_rat: 0.1}", ["did you mean 'discount_rate'"]),
        ("{workloads.chatt.share: 0.7}", ["did you mean 'chat'"]),
        ("{sites.dalas.weather: typical}", ["did you mean 'dallas'"]),
        ("{components.batery.power_max_mw: 0}", ["did you mean 'battery'"]),
        ("{components.battery.power_max_mw: -1}", ["found -1", "at least 0"]),
        ("{components: {battery: {power_mw: 1}}}", ["did you mean 'power_max_mw'"]),
        ("{workloads.chat.share: 0.5}", ["shares sum to 0.8"]),
        ("{name: other}", ["the same in all scenarios"]),
        ("{discount_rate.high: 0.1}", ["has no keys"]),
        ("{weather: {epw: gone.epw}}", ["no file 'gone.epw'"]),
        ("{discount_rate: 12}", ["found 12", "0.12"]),
    ],
)
def test_bad_scenario_is_refused_at_its_own_line(scenario, words, small_text, write_study):
    path = write_study(f"{small_text}scenarios:\n  base:\n  other: {scenario}\n")
    [fault] = faults_of(path).faults
    assert fault.where.startswith(f"{path}:17:")
    assert "scenarios.other" in fault.message
    assert all(word in fault.message for word in words)


def test_scenarios_change_what_they_say_and_nothing_else(small_text, write_study):
    study = load_study(
        write_study(
            small_text
            + "scenarios:\n  base:\n  dear: {markets.price_scale: 1.3, discount_rate: 0.1}\n"
            "  bare: {components: {battery: null}, it_capacity_mw: {2026: 5}}\n"
            "  late: {it_capacity_mw.2026: 40, sites: {dallas: {cooling: air_economizer}}}\n"
        )
    )
    base, dear, bare, late = (study.scenario(name) for name in ("base", "dear", "bare", "late"))
    assert base.model_copy(update={"scenarios": study.spec.scenarios}) == study.spec
    assert (dear.markets.price_scale, dear.discount_rate) == (1.3, 0.1)
    assert dear.sites == base.sites
    assert list(bare.components) == ["grid_connection"]
    assert bare.it_capacity_mw == {2026: 5}
    assert late.it_capacity_mw == {2025: 20, 2026: 40}
    assert late.sites[0].cooling.architecture == "air_economizer"
    assert late.sites[1].cooling is None


def test_study_written_back_reads_the_same(small_text, write_study, tmp_path):
    (tmp_path / "a.epw").write_text("x")
    study = load_study(
        write_study(
            small_text.replace("[dallas,", "[{site: dallas, label: d, elevation: 99.0},")
            + "weather: {epw: a.epw}\n"
        )
    )
    again = load_study(write_study(study.to_yaml(), "again.yaml"))
    assert again.spec == study.spec


def test_study_written_to_another_folder_still_finds_its_files(small_text, write_study, tmp_path):
    (tmp_path / "a.epw").write_text("x")
    study = load_study(write_study(small_text + "weather: {epw: a.epw}\n"))
    other = tmp_path / "deep" / "out"
    other.mkdir(parents=True)
    (other / "study.yaml").write_text(study.to_yaml(other))
    assert load_study(other / "study.yaml").spec.weather.file == "../../a.epw"


def test_where_names_the_line_of_a_key(small_text, write_study):
    path = write_study(small_text)
    study = load_study(path)
    assert study.where("sites", "stockholm") == f"{path}:11:17"
    assert study.where("components", "battery", "power_max_mw") == f"{path}:14:13"


def test_html_shows_the_study(small_text, write_study):
    text = load_study(write_study(small_text))._repr_html_()
    assert "dallas, stockholm" in text
    assert "small" in text


def test_shipped_studies_are_sound():
    paths = sorted(studies_dir().glob("*.yaml"))
    assert "quickstart" in {path.stem for path in paths}
    for path in paths:
        load_study(path)


def test_site_of_the_study_own_needs_its_whole_definition(small_text, write_study):
    path = write_study(small_text.replace("[dallas,", "[{name: Meadow, market: dallas},"))
    messages = [fault.message for fault in faults_of(path).faults]
    assert any(m.startswith("sites[0].latitude") and "is missing" in m for m in messages)


def test_years_after_the_price_index_are_fine(small_text, write_study):
    # money is that of the currency year, whatever the years of the study
    text = small_text.replace("years: [2025, 2026]", "years: [2029, 2030]")
    assert load_study(write_study(text)).spec.years == (2029, 2030)
