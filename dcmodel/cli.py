"""The command line: ``dcmodel init``, ``validate``, ``study``. Thin; heavy imports inside.

Exit codes: 0 all well, 1 fault of the program, 2 study or command line, 3 data, 4 infeasible,
5 solver (`dcmodel.base.errors`), 130 and 143 ended by SIGINT and SIGTERM
(`dcmodel.base.interrupts`). Results go to the standard output, progress and failures to the other.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import dcmodel
from dcmodel.base.errors import DcmodelError, Fault, StudyError
from dcmodel.base.interrupts import Ending, exit_code
from dcmodel.base.paths import studies_dir
from dcmodel.base.registry import nearest
from dcmodel.commands import backup, bill, contracts, facility, fleet
from dcmodel.commands.common import Debug, errors, tell
from dcmodel.commands.metered import is_metered, study_metered, validate_metered

if TYPE_CHECKING:
    from dcmodel.study.run import StudyResult

app = typer.Typer(
    name="dcmodel",
    help="Energy and capacity modelling for AI data centres.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)

app.command("backup")(backup.backup)
app.command("bill")(bill.bill)
app.add_typer(facility.app, name="facility")
app.add_typer(fleet.app, name="fleet")
app.command("contracts")(contracts.contracts)


def main() -> None:
    """Run the command line; after a signal its exit code tells which."""
    with Ending() as ending:
        try:
            app()
        except (SystemExit, KeyboardInterrupt):
            if ending.code is None:
                raise
        if ending.code is not None:
            sys.exit(ending.code)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dcmodel {dcmodel.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and leave."
        ),
    ] = False,
) -> None:
    pass


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to write the study.")] = Path(),
    example: Annotated[str, typer.Option(help="Which example to start from.")] = "quickstart",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    debug: Debug = False,
) -> None:
    """Write a commented study that runs as it is, to start from."""
    with errors(debug):
        source = _example(example)
        target = folder / source.name
        if target.exists() and not force:
            message = "exists already; choose another folder, or replace it with --force"
            raise StudyError(Fault(str(target), message))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        except OSError as error:
            message = f"cannot be written ({error.strerror}); choose another folder"
            raise StudyError(Fault(str(target), message)) from None
        typer.echo(f"wrote {target}")
        typer.echo(f"check it:  dcmodel validate {target}")
        typer.echo(f"run it:    dcmodel study {target}")


@app.command()
def validate(
    studies: Annotated[list[Path], typer.Argument(metavar="STUDY...", help="Study files.")],
    debug: Debug = False,
) -> None:
    """Check studies, their files and the inputs of every case; show everything wrong at once."""
    with errors(debug):
        from dcmodel.study.cases import cases
        from dcmodel.study.notes import notes
        from dcmodel.study.ready import load_ready

        faults: list[Fault] = []
        kinds: set[type[DcmodelError]] = set()
        for path in studies:
            try:
                if is_metered(path):
                    validate_metered(path)
                    continue
                study = load_ready(path)
            except DcmodelError as error:
                faults += error.faults
                kinds.add(type(error))
            else:
                count = len(cases(study))
                typer.echo(f"{path}: ok, {count} {'case' if count == 1 else 'cases'}")
                for note in notes(study.spec):
                    typer.echo(f"note  {note}", err=True)
        if faults:
            raise (kinds.pop() if len(kinds) == 1 else StudyError)(faults)


@app.command("study")
def run(
    study: Annotated[
        Path | None, typer.Argument(metavar="[STUDY]", help="Study file; the shipped quickstart.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Output folder; out/NAME of the study.")
    ] = None,
    jobs: Annotated[str, typer.Option(help="Cases side by side: a number, or auto.")] = "auto",
    only: Annotated[
        str | None, typer.Option(help="Run only cases whose name matches, as in 'dallas/*'.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run finished cases again.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show errors only.")] = False,
    debug: Debug = False,
) -> None:
    """Run a study: finished cases are skipped, failures are listed last."""
    with errors(debug):
        if study is not None and is_metered(study):
            raise typer.Exit(study_metered(study, out, quiet))
        from dcmodel.study.ready import load_ready

        loaded = load_ready(study if study is not None else _example("quickstart"))
        folder = out if out is not None else Path("out") / loaded.name
        try:
            result = _run(loaded, folder, _jobs(jobs), only, fresh, quiet)
        except KeyboardInterrupt as interrupt:
            tell(f"interrupted; finished cases are in {folder}")
            tell(f"resume:  {_resume(study, folder, jobs, only)}")
            raise typer.Exit(exit_code(interrupt)) from None
        if result.exit_code:
            raise typer.Exit(result.exit_code)


def _run(
    study: Any, out: Path, jobs: Any, only: str | None, fresh: bool, quiet: bool
) -> StudyResult:
    """Run the cases, write the reports, show the ranking and the failures."""
    from rich.console import Console

    from dcmodel.api import run_study
    from dcmodel.study.display import Display
    from dcmodel.study.notes import notes, notes_of_cases

    console = Console(stderr=True)
    with Display(console, quiet=quiet) as display:
        result = run_study(study, out, jobs=jobs, only=only, fresh=fresh, progress=display)
    if not quiet:
        _show_end(result)
        for note in (*notes(study.spec), *notes_of_cases(result.summary)):
            tell(f"note    {note}")
    for failure in result.failures:
        tell(f"failed  {failure.case}  {failure.error}: {failure.message}")
        tell(f"        log: {failure.log}")
    for case in result.open_gaps:
        tell(f"open    {case}  proven less well than 'gap: {study.spec.gap}' asks")
    return result


def _show_end(result: StudyResult) -> None:
    from rich.console import Console

    from dcmodel.study.display import ranking

    summary = result.summary
    if len(summary):
        Console().print(ranking(summary))
    cases = f"{len(result.done)} run, {len(result.cached)} done before"
    tell(f"{cases}, {len(result.failures)} failed, {result.seconds:.0f} s")
    if len(summary):
        names = "summary.csv, tables/, figures/, cases/"
        tell(f"wrote {result.out}: {names}")


def _jobs(text: str) -> int | str:
    if text == "auto":
        return text
    if not text.isdigit() or int(text) < 1:
        raise StudyError(Fault("--jobs", f"found '{text}'; give a number from 1, or auto"))
    return int(text)


def _resume(study: Path | None, out: Path, jobs: str, only: str | None) -> str:
    words = ["dcmodel", "study", *([] if study is None else [str(study)]), "-o", str(out)]
    words += [] if jobs == "auto" else ["--jobs", jobs]
    words += [] if only is None else ["--only", f"'{only}'"]
    return " ".join(words)


def _example(name: str) -> Path:
    """Return the file of a shipped study."""
    path = studies_dir() / f"{name}.yaml"
    if not path.is_file():
        names = sorted(other.stem for other in studies_dir().glob("*.yaml"))
        hint = f"{nearest(name, names)} (examples: {', '.join(names)})"
        raise StudyError(Fault("--example", f"no example '{name}'{hint}"))
    return path


if __name__ == "__main__":
    main()
