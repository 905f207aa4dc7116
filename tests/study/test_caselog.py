"""Each case logs to its own file, and nobody else's logging changes."""

import logging
import threading

from dcmodel.optimise.solvers.workers import side_by_side_threads
from dcmodel.study.caselog import case_log

ours = logging.getLogger("dcmodel.test")


def test_cases_in_threads_have_their_own_files(tmp_path):
    meet = threading.Barrier(2)

    def run(name):
        with case_log(tmp_path / name), side_by_side_threads(2) as pool:
            meet.wait(10)
            ours.info("from %s", name)
            list(pool.map(lambda k: ours.info("part %s of %s", k, name), range(2)))
            meet.wait(10)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, other in (("one", "two"), ("two", "one")):
        text = (tmp_path / name).read_text()
        assert all(said in text for said in (f"from {name}", f"part 0 of {name}", f"1 of {name}"))
        assert other not in text


def test_others_see_what_they_would_have_seen(tmp_path, caplog):
    package = logging.getLogger("dcmodel")
    before = (package.level, package.propagate, list(package.handlers))
    with caplog.at_level(logging.WARNING), case_log(tmp_path / "log"):
        ours.info("to the file")
        ours.warning("to both")
        stranger = threading.Thread(target=ours.warning, args=("to the others",))
        stranger.start()
        stranger.join()
    assert caplog.messages == ["to both", "to the others"]
    assert "to the others" not in (tmp_path / "log").read_text()
    assert "to the file" in (tmp_path / "log").read_text()
    assert (package.level, package.propagate, list(package.handlers)) == before
