import json

import pytest
from typer.testing import CliRunner

from dcmodel.cli import app

RUN = CliRunner()


def run(*arguments):
    return RUN.invoke(app, ["fleet", *arguments])


def test_generations_as_text_and_as_json_agree():
    names = ["-g", "h100_sxm", "-g", "gb200_nvl72"]
    text = run(*names)
    assert text.exit_code == 0
    rows = json.loads(run(*names, "--json").stdout)
    assert [row["generation"] for row in rows] == ["h100_sxm", "gb200_nvl72"]
    for row in rows:
        [line] = [line for line in text.stdout.splitlines() if line.startswith(row["generation"])]
        assert f"{row['chat_usd_per_mtok']:.3f}" in line
        assert f"({row['assumed']} assumed)" in line


def test_the_chart_is_written(tmp_path):
    picture = tmp_path / "fleet.png"
    assert run("-g", "gb200_nvl72", "-g", "vr_nvl144", "--plot", str(picture)).exit_code == 0
    assert picture.read_bytes()[:4] == b"\x89PNG"
    result = run("-g", "gb200_nvl72", "--plot", str(tmp_path / "fleet.xyz"))
    assert result.exit_code == 2
    assert "give a file ending in .png" in result.output


def test_published_points_and_their_error_are_shown():
    result = run("published")
    assert result.exit_code == 0
    assert "44 points are checks alone: median error" in result.stdout
    assert len(json.loads(run("published", "--json").stdout)) == 60


def test_the_claim_is_recomputed_with_what_is_assumed():
    result = run("claims")
    assert result.exit_code == 0
    assert "29.24 TWh a year" in result.stdout
    assert result.stdout.count("assumed, unverified: tokens of a query") == 3


def test_levers_as_text_and_as_json_agree():
    data = json.loads(run("levers", "--json").stdout)
    text = run("levers").stdout
    for row in data:
        assert row["lever"] in text
        assert f"{row['wh_per_request']:.4f} Wh" in text


def test_speed_as_text_as_json_and_as_a_chart(tmp_path):
    words = ["speed", "-g", "h100_sxm", "-g", "gb200_nvl72"]
    data = json.loads(run(*words, "--json").stdout)
    picture = tmp_path / "speed.png"
    text = run(*words, "--plot", str(picture)).stdout
    assert list(data) == ["h100_sxm", "gb200_nvl72"]
    for row in data["gb200_nvl72"]:
        assert f"{row['interactivity']:.1f} tokens/s a user" in text
    # the larger domain gives a user more than the node does
    assert len(data["gb200_nvl72"]) > len(data["h100_sxm"])
    assert picture.read_bytes()[:4] == b"\x89PNG"


def test_demand_shows_the_anchors():
    rows = json.loads(run("demand", "--json").stdout)
    assert [rows[0]["data_centre_energy_twh"], rows[-1]["data_centre_energy_twh"]] == [485, 950]
    assert "950" in run("demand").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-g", "gb200"], "did you mean 'gb200_nvl72'"),
        (["--model", "deepseek_r2"], "did you mean 'deepseek_r1'"),
        (["--tokens", "outputs"], "did you mean 'output'"),
        (["--precision", "fp6"], "did you mean 'fp"),
        (["--utilisation", "45"], "at most 1"),
        (["--output-tokens", "0"], "output_tokens"),
        (["levers", "--small-model", "llama_8b"], "unknown model 'llama_8b'"),
        (["levers", "-g", "b200"], "did you mean 'b200_sxm'"),
        (["demand", "--scenario", "centrl"], "did you mean 'central'"),
    ],
)
def test_mistakes_are_told_without_a_traceback(arguments, words):
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.output
    assert "Traceback" not in result.output
