"""The real files that tests read: each test names its own, whatever else the folder holds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

VARIABLE = "DCMODEL_REAL_DATA"
DEFAULT = Path(__file__).resolve().parents[3] / "shared" / "data"


def real_folder() -> Path:
    """Return the folder of the real files, whether or not it exists."""
    return Path(os.environ.get(VARIABLE) or DEFAULT).expanduser().resolve()


def absent(what: str) -> None:
    """Skip a test whose files are missing; on CI they must not be."""
    message = f"{what}: set {VARIABLE} to the folder of the real files, or leave out '-m real'"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


class RealData:
    """Finds real files by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, name: str) -> bool:
        return any((self.folder / n).is_file() for n in (name, f"{name}.gz"))

    def file(self, name: str) -> Path:
        """Return a file, plain or gzip; a test that needs a missing one is skipped."""
        for path in (self.folder / name, self.folder / f"{name}.gz"):
            if path.is_file():
                return path
        absent(f"real file {name} is not in {self.folder}")
        raise AssertionError

    def laid_out(self, names: Iterable[str], where: Path) -> Path:
        """Put links to some files into a folder, which then holds these alone."""
        for name in names:
            path = self.file(name)
            link = where / path.relative_to(self.folder)
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                link.symlink_to(path)
        return where

    @contextmanager
    def reading(self) -> Iterator[Path]:
        """Read the folder by other code; a file that it misses skips the test."""
        try:
            yield self.folder
        except FileNotFoundError as error:
            absent(str(error))
