"""Fixtures and options shared by all tests."""

from __future__ import annotations

import os

import pytest
from support.realdata import RealData, absent, real_folder


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run tests marked slow")
    parser.addoption("--no-slow", action="store_true", help="leave them out on CI too")
    parser.addoption(
        "--refresh-golden", action="store_true", help="write the golden models of tests/golden anew"
    )


def pytest_collection_modifyitems(config, items):
    wanted = config.getoption("--slow") or os.environ.get("CI")
    if wanted and not config.getoption("--no-slow"):
        return
    skip = pytest.mark.skip(reason="slow; run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def real_data() -> RealData:
    """The real files, ``$DCMODEL_REAL_DATA`` or ``../shared/data``."""
    folder = real_folder()
    if not folder.is_dir():
        absent(f"real files not found, {folder} is no folder")
    return RealData(folder)


@pytest.fixture(autouse=True)
def _real_files(request):
    """Check for the real files before any test marked real."""
    if request.node.get_closest_marker("real"):
        request.getfixturevalue("real_data")
