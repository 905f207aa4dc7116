"""What the command line and a notebook share: a study run and written; weather for a facility."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dcmodel.base.errors import Fault, StudyError
from dcmodel.report.write import write_reports
from dcmodel.study.events import Watcher
from dcmodel.study.load import Study, load_study
from dcmodel.study.run import StudyResult
from dcmodel.study.run import run_study as run_cases

if TYPE_CHECKING:
    from dcmodel.facility.weather import FacilityWeather


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


def facility_weather(place: Path | str) -> FacilityWeather:
    """Return a year of outdoor air for the facility physics.

    Parameters
    ----------
    place : Path or str
        A weather file, or a site of the library, whose typical year is drawn.

    Raises
    ------
    StudyError
        When it is neither.
    """
    from dcmodel.facility.weather import FacilityWeather
    from dcmodel.inputs.sites import load_site, site_names
    from dcmodel.inputs.weather import read_weather
    from dcmodel.profiles.synthetic import typical_year

    if Path(place).is_file():
        return FacilityWeather.from_dataset(read_weather(Path(place)))
    if str(place) not in site_names():
        message = f"'{place}' is neither a file nor a site (sites: {', '.join(site_names())})"
        raise StudyError(Fault("weather", message))
    return FacilityWeather.from_dataset(typical_year(load_site(str(place)), seed=1))
