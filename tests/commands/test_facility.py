"""``dcmodel facility`` from the command line."""

import json

import pytest
from typer.testing import CliRunner

from dcmodel.cli import app
from dcmodel.facility import architectures


def run(*words):
    return CliRunner().invoke(app, ["facility", *words])


def test_lists_what_there_is():
    result = run()
    assert result.exit_code == 0
    for key in architectures:
        assert key in result.output


def test_a_year_as_text_and_as_json():
    words = ["--cooling", "direct_to_chip", "--weather", "stockholm", "--load", "0.6"]
    text, data = run(*words), run(*words, "--json")
    assert text.exit_code == data.exit_code == 0
    year = json.loads(data.output)
    assert f"{year['pue']:.3f}" in text.output
    assert "assumed" in text.output
    assert 1.0 < year["pue"] < 1.2
    assert year["mechanical_hours"] + year["free_cooling_hours"] == 8760


def test_compare_is_a_table_and_a_picture(tmp_path):
    words = ["--cooling", "immersion", "--cooling", "rear_door", "-w", "dallas", "-w", "london"]
    result = run("compare", *words, "--load", "0.5", "--load", "0.9", "--json")
    rows = json.loads(result.output)
    assert len(rows) == 8
    picture = tmp_path / "compare.png"
    assert run("compare", *words, "--plot", str(picture)).exit_code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_picture_of_a_year(tmp_path):
    picture = tmp_path / "year.png"
    result = run("--cooling", "sea_water", "--plot", str(picture))
    assert result.exit_code == 0
    assert picture.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--cooling", "water_economiser"], "unknown cooling architecture"),
        (["--cooling", "immersion", "--load", "70"], "did you mean 0.7?"),
        (["--cooling", "immersion", "--it-mw", "-3"], "found -3"),
        (["--cooling", "immersion", "--weather", "atlantis"], "neither a file nor a site"),
        (["--cooling", "immersion", "--variant", "bst"], "variant 'bst'"),
        (["--cooling", "rear_door", "--rack-kw", "130"], "beyond rear_door"),
    ],
)
def test_mistakes_are_told_in_one_line(words, said):
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output


def test_specs_compare_three_cases():
    result = run("specs", "-w", "stockholm", "--json")
    training, wrong, right = json.loads(result.output)
    assert training["mean_load"] > 0.9 > 0.6 > wrong["mean_load"] == right["mean_load"]
    # plant that cannot turn down pays at part load
    assert wrong["pue"] > right["pue"]
    assert wrong["pue"] > training["pue"]
    text = run("specs", "-w", "stockholm").output
    assert "inference spec saves" in text
    assert "assumed" in text


def test_own_preset_and_own_mix(tmp_path):
    path = tmp_path / "hall.yaml"
    path.write_text(
        "schema: dcmodel/cooling-1\nname: hall\narchitecture: immersion\n"
        "parameters: {ups_k0: 0.02}\n"
    )
    words = ["--cooling", str(path), "-w", "london", "--json", "--mix"]
    dry = json.loads(run(*words, "wind=1").output)
    wet = json.loads(run(*words, "nuclear=0.5,wind=0.5").output)
    assert dry["wue_source"] == pytest.approx(dry["wue"])
    assert wet["wue_source"] == pytest.approx(wet["wue"] + wet["pue"] * 2.27 / 2, abs=1e-5)
    refused = run(*words, "wind:1")
    assert refused.exit_code == 2
    assert "write source=share" in refused.output


@pytest.mark.real
def test_peak_of_twenty_years_exceeds_those_seen(real_data):
    files = [real_data.file(f"weather/openmeteo/GB/{year}.json") for year in (2021, 2022, 2023)]
    words = [word for file in files for word in ("-w", str(file))]
    found = json.loads(run("peak", "--cooling", "air_cooled_chiller", *words, "--json").output)
    assert len(found["peak_mw"]) == 3
    assert max(found["peak_mw"].values()) < found["return_level_mw"] < 40
    refused = run("peak", "--cooling", "air_cooled_chiller", *words[:2])
    assert refused.exit_code == 2
    assert "3 or more" in refused.output
