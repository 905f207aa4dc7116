import pytest

from dcmodel.base import paths
from dcmodel.base.errors import DataError, StudyError
from dcmodel.workload import accelerators
from dcmodel.workload.accelerators import accelerator, accelerator_names, accelerator_table


def test_figures_of_the_vendor_in_the_units_of_the_package():
    chip = accelerator("h100_sxm")
    assert chip.memory == pytest.approx(80e9)
    assert chip.memory_bandwidth == pytest.approx(3.35e12)
    assert chip.peak("bf16") == pytest.approx(989e12)
    assert chip.peak("fp8") == pytest.approx(1979e12)
    assert chip.tdp == pytest.approx(700e-6)
    assert chip.it_power == pytest.approx(41e-3 / 32)
    # the rack of 72 at 3.4 MUSD
    assert accelerator("gb200_nvl72").price * 72 == pytest.approx(3.4e6, rel=0.01)


def test_a_precision_it_lacks_runs_at_the_next_wider():
    assert accelerator("h100_sxm").peak("fp4") == accelerator("h100_sxm").peak("fp8")
    with pytest.raises(StudyError, match="did you mean 'fp8'"):
        accelerator("h100_sxm").peak("fp80")


@pytest.mark.parametrize("key", accelerator_names())
def test_power_and_balance_of_every_generation_are_plausible(key):
    chip = accelerator(key)
    # hosts, fabric and fans add a tenth to one and a half times the accelerator
    assert 1.05 < chip.it_power / chip.tdp < 2.6
    # a step of bf16 takes tens to hundreds of operations a byte; on-chip memory far fewer
    assert 2 < chip.peak("bf16") / chip.memory_bandwidth < 1000
    assert 2020 <= chip.year_available <= 2030
    assert "life" not in chip.assumed


def test_an_unknown_generation_is_named_with_the_nearest():
    with pytest.raises(StudyError, match=r"fleet.*unknown generation 'gb200'.*did you mean 'gb"):
        accelerator("gb200", where="fleet")


def test_money_follows_the_year():
    assert accelerator("h100_sxm", 2020).price < accelerator("h100_sxm", 2025).price


def test_a_damaged_table_is_refused_with_its_lines(tmp_path, monkeypatch):
    text = (paths.data_dir() / "accelerators.csv").read_text()
    lines = text.splitlines()
    row = next(i for i, line in enumerate(lines) if line.startswith("h100_sxm") and ",tdp," in line)
    lines[row] = lines[row].replace(",W,", ",kW,")
    gone = next(i for i, line in enumerate(lines) if line.startswith("mi300x") and ",life," in line)
    del lines[gone]
    (tmp_path / "accelerators.csv").write_text("\n".join(lines))
    monkeypatch.setattr(accelerators, "data_dir", lambda: tmp_path)
    with pytest.raises(DataError) as error:
        accelerator_table()
    told = " ".join(str(fault) for fault in error.value.faults)
    assert f":{row + 1}" in told
    assert "'kW'" in told
    assert "mi300x lacks life" in told


@pytest.mark.parametrize(
    ("key", "published"),
    # all-in provisioned utility power, InferenceX compare pages 2025: tok/s/GPU over tok/s/MW [kW]
    [
        ("h100_sxm", 1.73),
        ("b200_sxm", 2.17),
        ("gb200_nvl72", 2.10),
        ("mi300x", 1.79),
        ("mi325x", 2.18),
    ],
)
def test_rack_power_at_the_wall_is_near_the_published_all_in_power(key, published):
    assert 1e3 * accelerator(key).it_power * 1.25 == pytest.approx(published, rel=0.15)
