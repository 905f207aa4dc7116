import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from dcmodel.base.errors import DataError
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study
from dcmodel.study.store import Store, open_results
from dcmodel.study.summary import column_name, summarise, write_summary


def result(cost):
    rng = np.random.default_rng(1)
    hours = pd.date_range("2025-01-01", periods=48, freq="h")
    return xr.Dataset(
        {
            "levelised_cost": ((), cost, {"units": "USD MWh-1"}),
            "it_power": (("year", "time"), rng.uniform(10, 20, (2, 48)), {"units": "MW"}),
            "cost": (("cost_term", "year"), rng.uniform(1e6, 1e7, (2, 2)), {"units": "USD"}),
        },
        coords={"year": [2025, 2026], "time": hours, "cost_term": ["energy", "demand charge"]},
        attrs={"status": "optimal", "certified_gap": 0.003, "proven": True, "note": None},
    )


@pytest.fixture
def study(small_text, write_study):
    return load_study(write_study(small_text))


@pytest.fixture
def store(study, tmp_path):
    opened = Store(tmp_path / "out")
    opened.open(study, cases(study))
    return opened


def test_result_survives_the_way_to_disk_and_back(study, store):
    case = cases(study)[0]
    stored = result(70.0)
    store.write(case, stored, seconds=3.5)
    read = open_results(store.out)["dallas/base"]
    xr.testing.assert_allclose(read.load(), stored, rtol=1e-6)
    np.testing.assert_array_equal(read["cost"], stored["cost"])
    assert read["it_power"].dtype == np.float32
    assert read["it_power"].attrs["units"] == "MW"
    assert read.attrs["case_hash"] == case.hash
    assert (read.attrs["site"], read.attrs["scenario"]) == ("dallas", "base")
    assert (read.attrs["seconds"], read.attrs["proven"]) == (3.5, 1)
    assert stored.attrs["note"] is None  # the caller's own data set is left alone


def test_finished_means_a_readable_result_of_the_same_content(study, store):
    first, second = cases(study)
    store.write(first, result(70.0))
    assert store.is_finished(first)
    assert not store.is_finished(second)
    path = store.result_path(first.hash)
    path.write_bytes(path.read_bytes()[:200])
    assert not store.is_finished(first)
    store.result_path(second.hash).write_bytes(b"")
    assert not store.is_finished(second)


def test_failed_write_leaves_the_old_result_and_nothing_else(study, store):
    case = cases(study)[0]
    store.write(case, result(70.0))
    unwritable = result(80.0).assign(bad=("cost_term", np.array([object(), object()])))
    with pytest.raises((TypeError, ValueError)):
        store.write(case, unwritable)
    assert [path.name for path in (store.out / "cases").iterdir()] == [f"{case.hash}.nc"]
    assert float(open_results(store.out)["dallas/base"]["levelised_cost"]) == 70.0


def test_opening_clears_what_a_kill_left_behind(study, store):
    left = store.out / "cases" / ".abc-1.part"
    left.write_bytes(b"half")
    store.open(study, cases(study))
    assert not left.exists()


def test_journal_is_read_up_to_a_line_cut_off(store):
    store.record("started", "dallas/base", seconds=1.0, error=None)
    store.record("done", "dallas/base")
    with (store.out / "journal.jsonl").open("a") as stream:
        stream.write('{"event": "do')
    assert [event["event"] for event in store.journal()] == ["started", "done"]
    assert "error" not in store.journal()[0]


def test_study_as_run_reads_as_the_same_study(study, store):
    assert load_study(store.out / "study.yaml").spec == study.spec
    manifest = json.loads((store.out / "manifest.json").read_text())
    assert [entry["name"] for entry in manifest["cases"]] == ["dallas/base", "stockholm/base"]


def test_summary_is_ranked_and_names_units(study, store):
    for case, cost in zip(cases(study), [80.0, 70.0], strict=True):
        store.write(case, result(cost))
    table = summarise(store.out)
    assert list(table.index) == ["stockholm/base", "dallas/base"]
    assert list(table["levelised_cost_usd_per_mwh"]) == [70.0, 80.0]
    assert list(table["rank"]) == [1, 2]
    read = pd.read_csv(write_summary(store.out), index_col="case")
    assert list(read["site"]) == ["stockholm", "dallas"]


def test_folder_without_results_is_refused_in_words(tmp_path):
    with pytest.raises(DataError, match="holds no results"):
        open_results(tmp_path)


def test_unknown_case_names_the_nearest(study, store):
    store.write(cases(study)[0], result(70.0))
    with pytest.raises(KeyError, match="did you mean 'dallas/base'"):
        open_results(store.out)["dalas/base"]


@pytest.mark.parametrize(
    ("name", "units", "column"),
    [
        ("levelised_cost", "USD MWh-1", "levelised_cost_usd_per_mwh"),
        ("water", "m3", "water_m3"),
        ("wue", "L kWh-1", "wue_l_per_kwh"),
        ("wue", "L/kWh", "wue_l_per_kwh"),
        ("pue", "1", "pue"),
        ("peak_mw", "MW", "peak_mw"),
        ("price", "USD kW-1 month-1", "price_usd_per_kw_per_month"),
    ],
)
def test_column_names_carry_the_unit(name, units, column):
    assert column_name(name, units) == column
