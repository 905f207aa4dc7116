"""Fixtures and options shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run tests marked slow")
    parser.addoption(
        "--refresh-golden", action="store_true", help="write the golden models of tests/golden anew"
    )


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow") or os.environ.get("CI"):
        return
    skip = pytest.mark.skip(reason="slow; run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real files, ``$DCMODEL_REAL_DATA`` or ``../shared/data``."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("DCMODEL_REAL_DATA", default))
    if not (folder / "README.md").is_file():
        message = f"real files not found in {folder}; set DCMODEL_REAL_DATA"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(autouse=True)
def _real_files(request):
    """Check for the real files before any test marked real."""
    if request.node.get_closest_marker("real"):
        request.getfixturevalue("real_data")
