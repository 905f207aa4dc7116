"""What every command shares: the debug option and the way errors leave the program."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dcmodel.base.errors import DcmodelError, Fault, StudyError, one_line
from dcmodel.base.interrupts import exit_code

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAP = 1
"""Exit code after an error that dcmodel did not foresee."""

Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@contextmanager
def errors(debug: bool) -> Iterator[None]:
    """Show a user's mistake as messages and leave with its code; nothing shows a traceback."""
    try:
        yield
    except DcmodelError as error:
        if debug:
            raise
        for fault in error.faults:
            typer.echo(str(fault), err=True)
        count = len(error.faults)
        typer.echo(f"{count} {'error' if count == 1 else 'errors'}", err=True)
        raise typer.Exit(error.exit_code) from None
    except typer.Exit:
        raise
    except Exception as error:
        if debug:
            raise
        typer.echo(gap(error), err=True)
        raise typer.Exit(GAP) from None
    except KeyboardInterrupt as interrupt:
        typer.echo("interrupted", err=True)
        raise typer.Exit(exit_code(interrupt)) from None


def tell(text: str) -> None:
    """Say what was done or is going on; results alone go to the standard output."""
    typer.echo(text, err=True)


def gap(error: Exception) -> str:
    """Return in one line an error that dcmodel did not foresee."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{one_line(error)} ({Path(where.filename).name}:{where.lineno}): dcmodel did not foresee "
        "this; look at what is unusual in the input, and report it with the output of --debug"
    )


def save(figure: Figure, path: Path, *, quiet: bool = False) -> None:
    """Write a figure in the format that the name of the file says."""
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        message = f"cannot be written ({error}); give a file ending in .png, .svg or .pdf"
        raise StudyError(Fault(str(path), message)) from None
    if not quiet:
        tell(f"wrote {path}")
