import json

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from dcmodel.base.errors import DataError
from dcmodel.report import figures, write
from dcmodel.report.style import canvas
from dcmodel.report.write import write_reports

TABLES = {
    "ranking", "costs", "levelised_costs", "capacities", "yearly", "monthly", "energy", "checks",
    "contracts",
}  # fmt: skip


def store(out, results):
    """Write results as a run would: hourly series in 32 bits, the manifest beside them."""
    (out / "cases").mkdir(parents=True)
    cases = []
    for name, result in results.items():
        encoding = {
            key: {"dtype": "float32"}
            for key, variable in result.data_vars.items()
            if "time" in variable.dims
        }
        path = out / "cases" / f"{result.attrs['case_hash']}.nc"
        result.to_netcdf(path, engine="h5netcdf", encoding=encoding)
        cases.append({"name": name, "hash": result.attrs["case_hash"]})
    (out / "manifest.json").write_text(json.dumps({"cases": cases}))
    return out


@pytest.fixture
def out(tmp_path, pair):
    return store(tmp_path / "out", pair)


@pytest.fixture
def blank(monkeypatch):
    """Draw figures but do not render them, which takes most of the time."""
    monkeypatch.setattr(write, "_png", lambda figure: f"{len(figure.axes)} panels".encode())


def test_tables_and_figures_are_written(out):
    written = write_reports(out)
    assert {path.stem for path in written if path.suffix == ".csv"} == TABLES
    drawn = {path.name for path in written if path.suffix == ".png"}
    assert {"cost_stack.png", "monthly_pue.png", "dallas_base_peak_week.png"} <= drawn
    assert len(drawn) == 2 + 2 * 3
    for path in written:
        assert path.is_file()
        if path.suffix == ".png":
            assert path.read_bytes().startswith(b"\x89PNG")
            assert path.stat().st_size < 300_000
    assert not list(out.rglob("*.part"))


def test_what_is_written_again_is_the_same(out, pair):
    first = {path: path.read_bytes() for path in write_reports(out, with_figures=False)}
    again = {path: path.read_bytes() for path in write_reports(out, with_figures=False)}
    assert len(first) == len(TABLES)
    assert again == first
    draw = figures.build_out
    pictures = [write._png(draw(pair["dallas/base"], figure=canvas())) for _ in range(2)]
    assert pictures[0] == pictures[1]


def test_written_tables_hold_the_numbers(out):
    write_reports(out, with_figures=False)
    costs = pd.read_csv(out / "tables" / "costs.csv")
    present = costs.groupby("case")["present_value_usd"].sum()
    assert present["dallas/base"] == pytest.approx(7.8e6, rel=1e-9)
    ranking = pd.read_csv(out / "tables" / "ranking.csv")
    assert ranking.loc[0, "case"] == "stockholm/base"
    assert ranking.loc[1, "saving_percent"] == pytest.approx(35)


def test_write_reports_leaves_pyplot_and_its_backend_alone(out, monkeypatch, blank):
    from matplotlib import pyplot as plt

    def refuse(*_args, **_kwargs):
        raise AssertionError("pyplot was used")

    before = mpl.rcParams._get_backend_or_none()
    monkeypatch.setattr(plt, "figure", refuse)
    monkeypatch.setattr(plt, "switch_backend", refuse)
    write_reports(out)
    assert mpl.rcParams._get_backend_or_none() == before


def test_assumptions_beside_the_results_are_passed_on(out):
    (out / "assumptions.csv").write_text("parameter,value\ncapex,1.5\n")
    write_reports(out, with_figures=False)
    assert pd.read_csv(out / "tables" / "assumptions.csv").loc[0, "value"] == 1.5


def test_cases_whose_names_look_alike_get_files_of_their_own(tmp_path, build, blank):
    results = {"a/b_c": build("a", "b_c"), "a_b/c": build("a_b", "c")}
    written = write_reports(store(tmp_path / "out", results))
    assert len({path.name for path in written}) == len(written)


def test_years_that_no_two_cases_share(tmp_path, build, blank):
    later = build("stockholm")
    results = {"dallas/base": build(), "stockholm/base": later.assign_coords(year=[2027, 2028])}
    written = write_reports(store(tmp_path / "out", results))
    assert "monthly_pue.png" not in {path.name for path in written}


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="no results"):
        write_reports(tmp_path)
    with pytest.raises(DataError, match="no finished case"):
        write_reports(store(tmp_path / "out", {}))


def test_a_result_that_does_not_add_up_is_refused_before_anything_is_written(tmp_path, build):
    wrong = build()
    wrong["cost"] = wrong["cost"] * 1.01
    out = store(tmp_path / "out", {"dallas/base": wrong})
    with pytest.raises(DataError, match="cost terms against net present cost"):
        write_reports(out)
    assert not (out / "tables").exists()


def test_an_incomplete_result_is_refused_by_what_it_lacks(tmp_path, build):
    out = store(tmp_path / "out", {"dallas/base": build().drop_vars(["water", "supply"])})
    with pytest.raises(DataError, match=r"supply, water|water, supply"):
        write_reports(out)


def test_power_is_told_to_the_kilowatt(tmp_path, build):
    result = build()
    result["peak_import"] = ("year", np.array([28.123456789, 58.0]), {"units": "MW"})
    write_reports(store(tmp_path / "out", {"dallas/base": result}), with_figures=False)
    yearly = pd.read_csv(tmp_path / "out" / "tables" / "yearly.csv")
    assert yearly.loc[0, "peak_import_mw"] == 28.123


def test_no_cell_is_a_crumb_a_negative_zero_or_long(tmp_path, build):
    """Whatever a solver leaves behind: noise on every figure, and minus nothing for zero."""
    result, rng = build(), np.random.default_rng(4)
    for name, values in result.data_vars.items():
        if values.dtype.kind == "f" and name != "discount_factor":
            noise = 1e-9 * rng.normal(size=values.shape)
            kept = values.where(values != 0, -0.0) * (1 + noise)
            result[name] = (kept + 1e-8 * noise).assign_attrs(values.attrs)
    for prefix in ("", "reference_"):
        present = (result[f"{prefix}cost"] * result["discount_factor"]).sum()
        result[f"{prefix}net_present_cost"] = present.assign_attrs(units="USD")
    write_reports(store(tmp_path / "out", {"dallas/base": result}), with_figures=False)
    least = {"mw": 1e-3, "mwh": 1e-3, "usd": 0.01, "t": 1e-3, "m3": 0.01}
    for path in (tmp_path / "out" / "tables").glob("*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        for column in table:
            unit = column.rpartition("_")[2]
            for text in table[column]:
                try:
                    value = abs(float(text))
                except ValueError:
                    continue
                where = (path.name, column, text)
                assert value == 0 or value >= least.get(unit, 1e-12) * (1 - 1e-9), where
                assert not text.startswith("-0") or value > 0, where
                mantissa = text.lower().partition("e")[0].lstrip("-")
                assert len(mantissa.replace(".", "").strip("0")) <= 9, where
