import textwrap

import pytest

SMALL = """\
schema: dcmodel/study-1
name: small
years: [2025, 2026]
discount_rate: 0.08
resolution: {segments: 24}
it_capacity_mw: {2025: 20}
cooling: water_economizer
workloads:
  chat: {share: 0.7, shape: conversation}
  batch: {share: 0.3, shape: flat, deferral_h: 24}
sites: [dallas, stockholm]
components:
  grid_connection:
  battery: {power_max_mw: 50}
"""


@pytest.fixture
def small_text():
    """A small sound study; its line numbers are used by the tests."""
    return SMALL


@pytest.fixture
def write_study(tmp_path):
    """Write a study into a folder of its own and return the path."""

    def write(text, name="study.yaml"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write
