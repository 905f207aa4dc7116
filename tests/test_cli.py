import os
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest
import xarray as xr
from typer.testing import CliRunner

import dcmodel
from dcmodel.base.errors import InfeasibleError, SolverError
from dcmodel.base.paths import studies_dir
from dcmodel.cli import app
from dcmodel.study import worker

SMALL = """\
schema: dcmodel/study-1
name: small
years: [2025, 2026]
discount_rate: 0.08
resolution: {segments: 24}
it_capacity_mw: {2025: 20}
cooling: water_economizer
workloads: {chat: {share: 1.0, shape: conversation}}
sites: [dallas, stockholm]
components: [grid_connection, battery]
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A sound study in the current folder; its runs are faked and its report is a stub."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SMALL)

    def write_reports(out, **_):
        (out / "tables" / "cost.csv").write_text("term,usd\n")
        return [out / "tables" / "cost.csv"]

    stub = types.ModuleType("dcmodel.report.write")
    stub.write_reports = write_reports
    monkeypatch.setitem(sys.modules, "dcmodel.report.write", stub)
    # whoever imported it before holds it by name
    monkeypatch.delitem(sys.modules, "dcmodel.api", raising=False)
    run_with(monkeypatch, answer)
    return Path("small.yaml")


def run_with(monkeypatch, runner):
    monkeypatch.setattr(worker, "_default_runner", lambda: runner)


def answer(case, progress):
    progress("solve")
    cost = {"dallas": 71.5, "stockholm": 62.25}[case.site.label]
    attrs = {"certified_gap": 0.0031, "status": "optimal"}
    return xr.Dataset({"levelised_cost": ((), cost, {"units": "USD MWh-1"})}, attrs=attrs)


def command(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_version():
    result = command("--version")
    assert (result.exit_code, result.stdout.strip()) == (0, f"dcmodel {dcmodel.__version__}")


def test_help_names_the_commands():
    text = command("--help").stdout
    assert all(name in text for name in ("init", "validate", "study"))


def test_init_writes_a_study_that_validates_and_never_overwrites(tmp_path):
    target = tmp_path / "new" / "quickstart.yaml"
    assert command("init", tmp_path / "new").exit_code == 0
    assert target.read_text() == (studies_dir() / "quickstart.yaml").read_text()
    assert command("validate", target).exit_code == 0
    target.write_text("mine")
    again = command("init", tmp_path / "new")
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    assert "--force" in again.stderr
    assert target.read_text() == "mine"
    assert command("init", tmp_path / "new", "--force").exit_code == 0
    assert target.read_text() != "mine"


def test_init_with_an_unknown_example_names_the_nearest(tmp_path):
    result = command("init", tmp_path, "--example", "quickstar")
    assert result.exit_code == 2
    assert "did you mean 'quickstart'" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_validate_says_ok_and_counts_cases(study):
    result = command("validate", study)
    assert (result.exit_code, result.stdout) == (0, "small.yaml: ok, 2 cases\n")


def test_validate_shows_the_faults_of_all_studies(study, tmp_path):
    (tmp_path / "a.yaml").write_text(SMALL.replace("0.08", "8"))
    (tmp_path / "b.yaml").write_text(SMALL + "weather: {epw: gone.epw}\n")
    result = command("validate", "a.yaml", study, "b.yaml")
    assert result.exit_code == 2
    assert "small.yaml: ok" in result.stdout
    assert "a.yaml:4:1  discount_rate  found 8" in result.stderr
    assert "b.yaml:11:" in result.stderr
    assert result.stderr.endswith("2 errors\n")


BAD = {
    "misspelt key": (SMALL.replace("segments", "segmnts"), 2),
    "percent": (SMALL.replace("0.08", "8"), 2),
    "negative": (SMALL.replace("{2025: 20}", "{2025: -20}"), 2),
    "years": (SMALL.replace("[2025, 2026]", "{first: 2026, last: 2025}"), 2),
    "unknown site": (SMALL.replace("dallas", "dalas"), 2),
    "shares": (SMALL.replace("1.0", "0.9"), 2),
    "component field": (SMALL.replace("battery", "battery: {power: 3}"), 2),
    "scenario": (SMALL + "scenarios: {a: {discount_rat: 0.1}}\n", 2),
    "tab": (SMALL.replace("name:", "\tname:"), 2),
    "duplicate": (SMALL + "name: again\n", 2),
    "missing file": (SMALL + "weather: {epw: gone.epw}\n", 3),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_study_is_refused_in_one_line_and_writes_nothing(name, study, tmp_path):
    text, code = BAD[name]
    (tmp_path / "bad.yaml").write_text(text)
    before = sorted(tmp_path.rglob("*"))
    result = command("study", "bad.yaml", "-o", "out")
    assert result.exit_code == code
    first, last = result.stderr.splitlines()
    assert first.startswith("bad.yaml:")
    assert all(part.isdigit() for part in first.split(" ")[0].split(":")[1:])
    assert last == "1 error"
    assert "Traceback" not in result.output
    assert sorted(tmp_path.rglob("*")) == before


def test_study_that_does_not_exist_is_named(study):
    result = command("study", "smal.yaml", "-o", "out")
    assert result.exit_code == 2
    assert "did you mean 'small.yaml'" in result.stderr
    assert not Path("out").exists()


def test_debug_shows_the_error_itself(study, tmp_path):
    result = command("validate", "gone.yaml", "--debug")
    assert type(result.exception).__name__ == "StudyError"


def test_study_runs_ranks_and_writes_the_report(study):
    result = command("study", study, "-o", "out", "--jobs", "1")
    assert result.exit_code == 0
    told = result.stderr.splitlines()
    assert told[0].startswith("dallas/base  done")
    assert "71.50 USD/MWh IT  gap 0.31%" in told[0]
    assert any("wrote out: summary.csv" in line for line in told)
    _, *ranked = [line.split() for line in result.stdout.splitlines()]
    assert [row[:3] for row in ranked] == [
        ["1", "stockholm/base", "62.25"],
        ["2", "dallas/base", "71.50"],
    ]
    assert Path("out/study.yaml").is_file()
    again = command("study", study, "-o", "out")
    assert "2 done before" in again.stderr


def test_default_folder_is_named_after_the_study_and_quiet_is_quiet(study):
    result = command("study", study, "--quiet", "--jobs", "1")
    assert (result.exit_code, result.output) == (0, "")
    assert Path("out/small/summary.csv").is_file()


@pytest.mark.parametrize(
    ("error", "code"),
    [(InfeasibleError("grid 20 MW, needed 23"), 4), (SolverError("no solver"), 5)],
)
def test_failures_come_last_and_set_the_exit_code(study, monkeypatch, error, code):
    def failing(case, progress):
        if case.site.label == "dallas":
            raise error
        return answer(case, progress)

    run_with(monkeypatch, failing)
    result = command("study", study, "-o", "out", "--jobs", "1")
    assert result.exit_code == code
    *_, reason, log = result.stderr.splitlines()
    assert reason == f"failed  dallas/base  {type(error).__name__}: {error}"
    assert "out/log/dallas_base.log" in log
    assert "stockholm/base" in Path("out/summary.csv").read_text()
    assert "Traceback" not in result.output


def test_interrupt_leaves_with_130_and_says_how_to_resume(study, monkeypatch):
    def interrupted(case, progress):
        if case.site.label == "stockholm":
            raise KeyboardInterrupt
        return answer(case, progress)

    run_with(monkeypatch, interrupted)
    result = command("study", study, "-o", "out", "--jobs", "1", "--only", "*/base")
    assert result.exit_code == 130
    assert "dcmodel study small.yaml -o out --jobs 1 --only '*/base'" in result.stderr
    assert "dallas/base" in Path("out/summary.csv").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--jobs", "many"), "--jobs"),
        (("--jobs", "0"), "--jobs"),
        (("--only", "paris"), "matches no case"),
        (("-o", "small.yaml"), "small.yaml"),
    ],
)
def test_wrong_options_are_refused_in_words(study, words, message):
    result = command("study", study, "-o", "out", *words)
    assert result.exit_code in {2, 3}
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert not Path("out").exists()


def test_the_command_starts_fast_without_the_numerical_libraries():
    code = (
        "import sys; sys.argv = ['dcmodel', '--help']\n"
        "from dcmodel.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'pandas', 'xarray', 'pyomo', 'pvlib', 'highspy', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    best = min(_timed([sys.executable, "-c", code])[0] for _ in range(2))
    _, output = _timed([sys.executable, "-c", code])
    assert output.splitlines()[-1] == "[]"
    assert best < 2.0  # a third of a second when the machine is idle


def test_validation_loads_no_solver(study, tmp_path):
    code = (
        "import sys\n"
        "from dcmodel.study.load import load_study\n"
        "load_study('small.yaml')\n"
        "print(sorted({'highspy', 'piqp', 'clarabel'} & set(sys.modules)))"
    )
    _, output = _timed([sys.executable, "-c", code])
    assert output.strip() == "[]"


def test_installed_command_reports_a_fault_without_traceback_or_colour(study, tmp_path):
    (tmp_path / "bad.yaml").write_text(SMALL.replace("dallas", "dalas"))
    process = subprocess.run(
        [sys.executable, "-m", "dcmodel.cli", "study", "bad.yaml", "-o", "out"],
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
        check=False,
    )
    assert process.returncode == 2
    assert process.stderr.splitlines()[0].startswith("bad.yaml:9:9  sites[0]  unknown site")
    assert "Traceback" not in process.stderr
    assert "\x1b" not in process.stderr + process.stdout
    assert not Path("out").exists()


def _timed(words):
    started = time.perf_counter()
    output = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return time.perf_counter() - started, output
