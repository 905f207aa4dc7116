"""Where the shipped library lies: in a wheel, in a checkout, or where ``$DCMODEL_DATA`` says."""

from __future__ import annotations

import os
from pathlib import Path

from dcmodel.base.errors import DataError

_PACKAGE = Path(__file__).resolve().parent.parent


def _first_existing(candidates: list[Path], what: str) -> Path:
    for path in candidates:
        if path.is_dir():
            return path
    listed = ", ".join(str(path) for path in candidates)
    msg = f"{what} not found in {listed}; reinstall dcmodel or set DCMODEL_DATA"
    raise DataError(msg)


def data_dir() -> Path:
    """Return the folder of the shipped data library (``$DCMODEL_DATA`` wins)."""
    override = os.environ.get("DCMODEL_DATA")
    if override:
        return _first_existing([Path(override)], "DCMODEL_DATA")
    return _first_existing([_PACKAGE / "_data", _PACKAGE.parent / "data"], "the data library")


def studies_dir() -> Path:
    """Return the folder of the shipped example studies."""
    return _first_existing([_PACKAGE / "_studies", _PACKAGE.parent / "studies"], "shipped studies")
