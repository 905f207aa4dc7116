"""Energy and capacity modelling for AI data centres.

The public names below are imported on first use, so that ``import dcmodel`` and the command line's
help stay light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dcmodel.api import facility_weather, run_study
    from dcmodel.study.load import Study, load_study
    from dcmodel.study.store import open_results

__version__ = "0.1.0"

__all__ = [
    "Study",
    "__version__",
    "facility_weather",
    "load_study",
    "open_results",
    "run_study",
]

_HOMES = {
    "Study": "dcmodel.study.load",
    "facility_weather": "dcmodel.api",
    "load_study": "dcmodel.study.load",
    "open_results": "dcmodel.study.store",
    "run_study": "dcmodel.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module 'dcmodel' has no attribute '{name}'"
        raise AttributeError(msg)
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
