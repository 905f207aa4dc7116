"""``dcmodel contracts`` from a cold start: what it refuses, and a small run."""

import json

import pytest
from typer.testing import CliRunner

from dcmodel.cli import app
from dcmodel.study.run import run_study

STUDY = """\
schema: dcmodel/study-1
name: mixes
years: [2027]
discount_rate: 0.08
resolution: {segments: 48}
it_capacity_mw: {2027: 20}
cooling: water_economizer
workloads:
  chat: {share: 1.0, shape: conversation}
sites: [dallas]
components: [grid_connection, ppa_baseload]
"""


def call(*words):
    return CliRunner().invoke(app, ["contracts", *map(str, words)])


def test_a_folder_without_a_study_is_named(tmp_path):
    result = call(tmp_path)
    assert result.exit_code == 2
    assert "holds no study.yaml" in result.output


@pytest.mark.parametrize(("option", "value"), [("--samples", 1), ("--segments", 3)])
def test_too_few_are_refused(tmp_path, option, value):
    result = call(tmp_path, option, value)
    assert result.exit_code == 2
    assert f"{option}" in result.output


def test_a_study_that_was_not_run_is_told_what_to_do(tmp_path):
    (tmp_path / "study.yaml").write_text(STUDY)
    (tmp_path / "manifest.json").write_text('{"cases": []}')
    result = call(tmp_path)
    assert result.exit_code == 2
    assert "holds no finished case" in result.output


@pytest.mark.slow
def test_a_small_study(tmp_path):
    (tmp_path / "study.yaml").write_text(STUDY)
    out = tmp_path / "out"
    run_study(tmp_path / "study.yaml", out, jobs=1)
    result = call(out, "--samples", 2, "--segments", 48, "--json")
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)
    assert {row["mix"] for row in rows} == {"optimum", "flat", "ppa_baseload block", "spot"}
    spot, block = (
        next(row for row in rows if row["mix"] == mix and row["year"] == 0)
        for mix in ("spot", "ppa_baseload block")
    )
    assert block["spread_usd_per_mwh"] < spot["spread_usd_per_mwh"]
    assert (out / "tables" / "contract_mixes.csv").is_file()
    assert (out / "figures" / "dallas_base_contract_risk.png").is_file()
