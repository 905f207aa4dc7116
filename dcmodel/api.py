"""What the command line and a notebook share: a study run, with its tables and figures written."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from dcmodel.report.write import write_reports
from dcmodel.study.events import Watcher
from dcmodel.study.load import Study, load_study
from dcmodel.study.run import StudyResult
from dcmodel.study.run import run_study as run_cases


def run_study(
    study: Study | Path | str,
    out: Path | str,
    *,
    jobs: int | Literal["auto"] = "auto",
    only: str | None = None,
    fresh: bool = False,
    progress: Watcher | None = None,
) -> StudyResult:
    """Run a study as ``dcmodel study`` does; `out` then holds the same files.

    Parameters
    ----------
    study : Study, path or name
        A loaded study, its file, or the name of a shipped one.
    out : Path or str
        Output folder. Cases that are finished there are not run again.
    jobs : int or "auto"
        Cases side by side, each in a process of its own; 1 runs them in this process.
    only : str, optional
        Run only the cases whose name matches, as in ``"dallas/*"``.
    fresh : bool
        Run finished cases again too.
    progress : callable, optional
        Called with every `dcmodel.study.events.Event`.

    Returns
    -------
    StudyResult
        ``results`` holds one xarray Dataset a case, ``summary`` the ranking, ``failures`` what
        went wrong.
    """
    study = study if isinstance(study, Study) else load_study(study)
    result = run_cases(study, out, jobs=jobs, only=only, fresh=fresh, progress=progress)
    if result.done or result.cached:
        wanted = study.spec.outputs
        write_reports(result.out, with_tables=wanted.tables, with_figures=wanted.figures)
    return result
