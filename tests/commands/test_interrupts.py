"""SIGINT and SIGTERM end a run while solvers work, in time and without a trace, and it resumes."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dcmodel.study.store import open_results

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

STUDY = """\
schema: dcmodel/study-1
name: small
years: [2029]
discount_rate: 0.08
resolution: {segments: 24}
it_capacity_mw: {2029: 20}
cooling: water_economizer
workloads: {chat: {share: 1.0, shape: conversation}}
sites: [dallas, stockholm]
components: [grid_connection]
"""
TESTS = Path(__file__).resolve().parents[1]
IN_TIME_S = 5.0


def start(folder, jobs, terminal):
    """Start a study whose solvers hang; return process, and the other end of its terminal."""
    (folder / "small.yaml").write_text(STUDY)
    words = ["support/hanging_study.py", "study", str(folder / "small.yaml")]
    ours, theirs = pty.openpty() if terminal else (None, subprocess.PIPE)
    process = subprocess.Popen(
        [sys.executable, *words, "-o", str(folder / "out"), "--jobs", str(jobs)],
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    if terminal:
        os.close(theirs)
    return process, ours


def journal(folder):
    path = folder / "out" / "journal.jsonl"
    lines = path.read_text().splitlines() if path.is_file() else []
    return [json.loads(line) for line in lines]


def wait_for_solvers(process, folder, count):
    """Wait until solvers work; return every process of the run."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        family = psutil.Process(process.pid).children(recursive=True)
        solvers = [one for one in family if "dcmodel.optimise.solvers.child" in _words(one)]
        stages = [line for line in journal(folder) if line.get("stage") not in (None, "inputs")]
        if len(solvers) >= count and stages:
            time.sleep(0.5)  # they have got their task
            return [psutil.Process(process.pid), *family]
        time.sleep(0.05)
    pytest.fail(f"no solver was started (exit code {process.poll()})")


def _words(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


SLOW = pytest.mark.slow  # each starts the program once more


@pytest.mark.parametrize(
    ("how", "jobs", "terminal"),
    [
        (signal.SIGTERM, 1, False),
        pytest.param(signal.SIGINT, 2, True, marks=SLOW),
        pytest.param(signal.SIGINT, 1, True, marks=SLOW),
        pytest.param(signal.SIGINT, 2, False, marks=SLOW),
        pytest.param(signal.SIGTERM, 2, True, marks=SLOW),
        pytest.param(signal.SIGINT, 1, False, marks=SLOW),
        pytest.param(signal.SIGTERM, 1, True, marks=SLOW),
        pytest.param(signal.SIGTERM, 2, False, marks=SLOW),
    ],
)
def test_a_signal_ends_a_run_while_solvers_work(tmp_path, how, jobs, terminal):
    process, screen = start(tmp_path, jobs, terminal)
    family = wait_for_solvers(process, tmp_path, jobs)
    begun = time.monotonic()
    # a terminal sends Ctrl-C to all processes, a scheduler asks the first one to end
    (os.killpg if how == signal.SIGINT else os.kill)(process.pid, how)
    told = os.read(screen, 1 << 16) if terminal else b""
    output, errors = process.communicate(timeout=20)
    assert time.monotonic() - begun < IN_TIME_S
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[how]
    assert output == b""  # no result, and progress is not one
    if not terminal:
        assert b"resume:  dcmodel study" in errors
        assert b"Traceback" not in errors
    assert b"Traceback" not in told
    _, alive = psutil.wait_procs(family, timeout=1)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
    assert journal(tmp_path)[-1]["event"] == "interrupted"
    assert not [line for line in journal(tmp_path) if line["event"] in {"failed", "done"}]
    assert list((tmp_path / "out/cases").iterdir()) == []
    if terminal:
        os.close(screen)


@SLOW
def test_an_interrupted_study_resumes(tmp_path):
    process, _ = start(tmp_path, 1, terminal=False)
    wait_for_solvers(process, tmp_path, 1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    words = [sys.executable, "-m", "dcmodel.cli", "study", "small.yaml", "-o", "out", "--jobs", "1"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(open_results(tmp_path / "out")) == ["dallas/base", "stockholm/base"]
    # the ranking alone is a result
    head, *rows = done.stdout.splitlines()
    assert head.split()[0] == "case"
    assert sorted(row.split()[1] for row in rows) == ["dallas/base", "stockholm/base"]
    assert any(line.startswith("wrote out: summary.csv") for line in done.stderr.splitlines())


def test_a_clean_up_that_hangs_is_ended_by_force(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import time\n"
        "from dcmodel.base.interrupts import Ending\n"
        "with Ending(last_resort_s=0.5):\n"
        "    try:\n"
        "        print('ready', flush=True)\n"
        "        time.sleep(60)\n"
        "    finally:\n"
        "        time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE)
    process.stdout.readline()
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 143
    assert time.monotonic() - begun < IN_TIME_S
