"""Every cheap claim of the board holds; the dear ones hold on CI."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.acceptance.board import claims, run


@pytest.mark.parametrize(
    "claim",
    [
        pytest.param(one, id=one.name, marks=[pytest.mark.slow] if one.cost == "dear" else [])
        for one in claims()
    ],
)
def test_claim(claim):
    line = next(run([claim]))
    assert line.holds, f"{claim.what}: {line.figure}, target {claim.target}"
