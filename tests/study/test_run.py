import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import xarray as xr

from dcmodel.base.errors import InfeasibleError, StudyError
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study
from dcmodel.study.run import run_study, select
from dcmodel.study.store import Store, open_results

COST = {"dallas": 70.0, "stockholm": 60.0}

RUNNERS = """
import os, signal, time
import xarray as xr
from dcmodel.base.errors import SolverError

def answer(case, progress):
    progress("solve", gap=0.01)
    print("chatter of a solver")
    return xr.Dataset({"levelised_cost": ((), 70.0, {"units": "USD MWh-1"})})

def crash_in_dallas(case, progress):
    progress("solve")
    if case.site.label == "dallas":
        os.kill(os.getpid(), signal.SIGKILL)
    return answer(case, progress)

def slow_in_dallas(case, progress):
    progress("solve")
    if case.site.label == "dallas":
        time.sleep(60)
    return answer(case, progress)
"""


def answer(case, progress):
    progress("solve", gap=0.01)
    return xr.Dataset({"levelised_cost": ((), COST[case.site.label], {"units": "USD MWh-1"})})


def open_gap(case, progress):
    return answer(case, progress).assign_attrs(status="gap_not_reached", certified_gap=0.02)


class Runner:
    """Counts which cases it ran; fails where told to."""

    def __init__(self, failing=None, error=None):
        self.ran = []
        self.failing, self.error = failing, error

    def __call__(self, case, progress):
        self.ran.append(case.name)
        if case.name == self.failing:
            raise self.error
        return answer(case, progress)


@pytest.fixture
def study(small_text, write_study):
    return load_study(write_study(small_text + "scenarios:\n  base:\n  dear: {seed: 2}\n"))


@pytest.fixture
def runners(tmp_path, monkeypatch):
    """Make runners that another process can import."""
    (tmp_path / "fake_runners.py").write_text(RUNNERS)
    monkeypatch.syspath_prepend(str(tmp_path))
    import fake_runners

    yield fake_runners
    del sys.modules["fake_runners"]


def test_every_case_runs_once_and_is_skipped_afterwards(study, tmp_path):
    first, second = Runner(), Runner()
    result = run_study(study, tmp_path / "out", jobs=1, runner=first)
    names = ["dallas/base", "dallas/dear", "stockholm/base", "stockholm/dear"]
    assert (first.ran, list(result.done), result.exit_code) == (names, names, 0)
    again = run_study(study, tmp_path / "out", jobs=1, runner=second)
    assert (second.ran, list(again.cached), again.done) == ([], names, ())
    assert list(again.summary["site"])[:2] == ["stockholm", "stockholm"]


def test_an_open_gap_is_told_and_is_no_success(study, tmp_path):
    result = run_study(study, tmp_path / "out", jobs=1, runner=open_gap)
    assert result.open_gaps == tuple(result.done)
    assert result.exit_code == 5
    again = run_study(study, tmp_path / "out", jobs=1, runner=open_gap)
    assert again.open_gaps == tuple(again.cached)


def test_fresh_runs_finished_cases_again(study, tmp_path):
    run_study(study, tmp_path / "out", jobs=1, runner=Runner())
    again = Runner()
    run_study(study, tmp_path / "out", jobs=1, runner=again, fresh=True, only="dallas/base")
    assert again.ran == ["dallas/base"]


def test_changed_input_runs_its_own_cases_alone(study, tmp_path):
    run_study(study, tmp_path / "out", jobs=1, runner=Runner())
    study.path.write_text(study.path.read_text().replace("dear: {seed: 2}", "dear: {seed: 3}"))
    again = Runner()
    result = run_study(study.path, tmp_path / "out", jobs=1, runner=again)
    assert again.ran == ["dallas/dear", "stockholm/dear"]
    assert set(open_results(tmp_path / "out")) == set(result.done + result.cached)


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (InfeasibleError("grid 20 MW, needed 23 MW"), "InfeasibleError", 4),
        (ZeroDivisionError("of a bug"), "ZeroDivisionError", 1),
    ],
)
def test_failing_case_does_not_stop_the_others(study, tmp_path, error, kind, code):
    runner = Runner("dallas/base", error)
    result = run_study(study, tmp_path / "out", jobs=1, runner=runner)
    assert len(runner.ran) == 4
    assert len(result.done) == 3
    [failure] = result.failures
    assert (failure.case, failure.error, failure.exit_code) == ("dallas/base", kind, code)
    assert str(error) in failure.message
    assert result.exit_code == code
    assert kind in failure.log.read_text()
    repaired = Runner()
    run_study(study, tmp_path / "out", jobs=1, runner=repaired)
    assert repaired.ran == ["dallas/base"]


def test_result_that_cannot_be_written_is_a_failure_and_leaves_no_file(study, tmp_path):
    def unwritable(case, progress):
        return xr.Dataset({"bad": ("x", [object()])})

    result = run_study(study, tmp_path / "out", jobs=1, runner=unwritable)
    assert len(result.failures) == 4
    assert list((tmp_path / "out" / "cases").iterdir()) == []


def test_events_tell_what_happens_in_order(study, tmp_path):
    events = []
    run_study(
        study,
        tmp_path / "out",
        jobs=1,
        only="dallas/base",
        progress=events.append,
        runner=Runner(),
    )
    assert [(e.kind, e.stage) for e in events] == [
        ("queued", ""),
        ("started", "inputs"),
        ("stage", "solve"),
        ("stage", "write"),
        ("done", "write"),
    ]
    assert events[2].values == {"gap": 0.01}
    assert events[-1].values["levelised_cost"] == 70.0
    journal = Store(tmp_path / "out").journal()
    assert [e["event"] for e in journal] == ["run", "started", "stage", "stage", "done", "end"]


def test_interrupt_leaves_finished_cases_and_a_summary(study, tmp_path):
    def interrupted(case, progress):
        if case.name == "stockholm/base":
            raise KeyboardInterrupt
        return answer(case, progress)

    with pytest.raises(KeyboardInterrupt):
        run_study(study, tmp_path / "out", jobs=1, runner=interrupted)
    assert list(open_results(tmp_path / "out")) == ["dallas/base", "dallas/dear"]
    assert (tmp_path / "out" / "summary.csv").read_text().count("\n") == 3
    again = Runner()
    run_study(study, tmp_path / "out", jobs=1, runner=again)
    assert again.ran == ["stockholm/base", "stockholm/dear"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("dallas/*", ["dallas/base", "dallas/dear"]),
        ("*/dear", ["dallas/dear", "stockholm/dear"]),
        ("stock", ["stockholm/base", "stockholm/dear"]),
    ],
)
def test_cases_are_selected_by_pattern_or_part_of_the_name(study, pattern, names):
    assert [case.name for case in select(cases(study), pattern)] == names


def test_pattern_without_a_case_is_refused_before_anything_is_written(study, tmp_path):
    with pytest.raises(StudyError, match="matches no case"):
        run_study(study, tmp_path / "out", only="paris", runner=Runner())
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_processes_run_side_by_side_and_a_crash_costs_one_case(study, tmp_path, runners):
    result = run_study(
        study, tmp_path / "out", jobs=2, only="*/base", runner=runners.crash_in_dallas
    )
    assert result.done == ("stockholm/base",)
    [failure] = result.failures
    assert (failure.case, failure.error, failure.exit_code) == ("dallas/base", "ProcessLost", 5)
    assert "signal 9" in failure.message
    assert "chatter of a solver" in (tmp_path / "out/log/stockholm_base.log").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_kill_in_the_middle_leaves_a_folder_that_loads_and_resumes(study, tmp_path, runners, how):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import fake_runners
        from dcmodel.study.run import run_study
        if __name__ == "__main__":
            run_study({str(study.path)!r}, {str(tmp_path / "out")!r}, jobs=2, only="*/base",
                      runner=fake_runners.slow_in_dallas)
        """)
    )
    process = subprocess.Popen(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    store = Store(tmp_path / "out")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any(e["event"] == "done" for e in store.journal()):
        time.sleep(0.1)
    os.kill(process.pid, how)
    process.wait(30)
    if how == signal.SIGKILL:
        os.killpg(process.pid, signal.SIGKILL)  # its case would go on for a minute
    else:
        assert [e["case"] for e in store.journal() if e["event"] == "interrupted" and "case" in e]
    assert list(open_results(store.out)) == ["stockholm/base"]
    assert {path.suffix for path in (store.out / "cases").iterdir()} == {".nc"}
    again = Runner()
    run_study(study, store.out, jobs=1, only="*/base", runner=again)
    assert again.ran == ["dallas/base"]


def test_journal_lines_are_single_json_objects(study, tmp_path):
    run_study(study, tmp_path / "out", jobs=1, runner=Runner())
    lines = Path(tmp_path / "out" / "journal.jsonl").read_text().splitlines()
    assert all({"time", "event"} <= set(json.loads(line)) for line in lines)
