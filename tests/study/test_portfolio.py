"""A portfolio from its file to its tables."""

import numpy as np
import pandas as pd
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.reliability.expected import expected
from dcmodel.report.write import write_reports
from dcmodel.study.backup import open_backup
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study
from dcmodel.study.portfolio import assemble_portfolio
from dcmodel.study.run import run_study
from dcmodel.study.store import open_results

STUDY = """
schema: dcmodel/study-1
name: two
mode: portfolio
years: [2029]
discount_rate: 0.08
resolution: {segments: 26}
portfolio: {archetype: regional, values: true}
it_capacity_mw: {2029: 40}
cooling: air_economizer
workloads:
  chat:
    {share: 0.6, shape: conversation, regions: {us_east: 0.5, europe_central: 0.5}, latency_ms: 60}
  state: {share: 0.1, shape: flat, regions: {europe_central: 1.0}, jurisdictions: [EU]}
  batch: {share: 0.3, shape: flat, region: us_east, deferral_h: 24}
sites: [dallas, stockholm]
components: [grid_connection, building, diesel, shiftable_load, unserved_energy, water_supply]
requirements: {availability: 0.999}
"""


def written(folder, text):
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return load_study(path)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("portfolio")
    done = run_study(written(folder, STUDY), folder / "out", jobs=1)
    assert done.failures == ()
    return folder / "out"


@pytest.fixture(scope="module")
def tables(out):
    write_reports(out, with_figures=False)
    return {path.stem: pd.read_csv(path) for path in (out / "tables").glob("*.csv")}


def test_one_case_holds_all_sites(tmp_path):
    [case] = cases(written(tmp_path, STUDY))
    assert case.name == "portfolio/base"


def test_every_class_is_served_inside_its_limits(tables):
    routing = tables["routing"]
    hours = 0.45 * 40 * 8760
    chat = routing[routing["class"] == "chat"]
    assert (chat["round_trip_ms"] <= 60).all()
    assert set(zip(chat["region"], chat["site"], strict=True)) == {
        ("us_east", "dallas"), ("europe_central", "stockholm"),
    }  # fmt: skip
    assert set(routing.loc[routing["class"] == "state", "site"]) == {"stockholm"}
    for name, share in (("chat", 0.6), ("state", 0.1), ("batch", 0.3)):
        served = routing.loc[routing["class"] == name, "work_mwh"].sum()
        assert served == pytest.approx(share * hours, rel=1e-6)


def test_the_backup_of_every_site_is_verified_as_required(out):
    """The finished site is read again, with the IT and the work the portfolio gave it."""
    for site in ("dallas", "stockholm"):
        result = open_results(out)[f"portfolio/base/{site}"]
        backup = open_backup(out, f"portfolio/base/{site}")

        found = expected(backup.system, backup.outages, restart=backup.restart).value
        assert found == pytest.approx(float(result["availability"].values[0]), abs=1e-12)
        assert found >= 0.999
        load = (result["facility_power"] * result["duration"]).sum() / 8760
        assert backup.system.critical_load.mean() == pytest.approx(float(load), rel=1e-6)


def test_a_portfolio_as_a_whole_has_no_backup(out):
    with pytest.raises(StudyError, match="name one of its sites: portfolio/base/dallas"):
        open_backup(out, "portfolio/base")


def test_a_portfolio_is_the_sum_of_its_sites(tables):
    ranking = tables["ranking"].set_index("case")
    sites = ["portfolio/base/dallas", "portfolio/base/stockholm"]
    assert set(ranking.index) == {"portfolio/base", *sites}
    costs = tables["costs"]
    total = costs.groupby("case")["cost_usd"].sum() if "cost_usd" in costs else None
    if total is not None:
        own = costs[
            (costs["case"] == "portfolio/base") & costs["term"].str.contains("network.transfer")
        ]["cost_usd"].sum()
        assert total["portfolio/base"] >= total[sites].sum() + own - 1e-3
    energy = tables["yearly"].set_index("case")["it_energy_mwh"]
    assert energy["portfolio/base"] == pytest.approx(energy[sites].sum(), rel=1e-6)


def test_moving_a_limit_never_costs(tables):
    values = tables["class_values"].set_index(["class", "limit"])["saving_usd"]
    assert (values >= 0).all()
    assert set(values.index) == {
        ("chat", "latency_ms"), ("chat", "deferral_h"), ("state", "jurisdictions"),
        ("state", "deferral_h"), ("batch", "deferral_h"),
    }  # fmt: skip


def test_a_class_without_a_site_is_refused_with_the_nearest_latency(tmp_path):
    with pytest.raises(StudyError) as caught:
        written(tmp_path, STUDY.replace("latency_ms: 60", "latency_ms: 12"))
    text = str(caught.value)
    assert "workloads.chat  users in us_east" in text
    assert "nearest is dallas at 34.1 ms. Allow 35 ms" in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "region: us_east, deferral_h",
            "deferral_h",
            r"yaml:15:\d+  workloads.batch.*where the user",
        ),
        ("us_east: 0.5", "us_eas: 0.5", "did you mean 'us_east'"),
        ("mode: portfolio", "mode: compare", r"regions .*belongs to 'mode: portfolio'"),
        ("[dallas,", "[{site: dallas, it_capacity_mw: {2029: 9}},", "placement: {it_max_mw"),
        ("archetype: regional", "archetype: regonal", "did you mean 'regional'"),
        (
            "segments: 26",
            "segments: 24",
            r"yaml:7:\d+  resolution.segments  found 24; sites on 2 clocks need 25 or more",
        ),
        ("[EU]", "[CH]", r"workloads.state.*no site lies in CH \(sites are in EU, US\)"),
    ],
)
def test_faults_of_a_portfolio_are_told_before_it_runs(tmp_path, old, new, message):
    with pytest.raises(StudyError, match=message):
        written(tmp_path, STUDY.replace(old, new))


def test_regions_that_do_not_sum_to_one_are_refused(tmp_path):
    with pytest.raises(StudyError, match=r"regions sum to 0.9 \(0.5 \+ 0.4\)"):
        written(tmp_path, STUDY.replace("europe_central: 0.5}", "europe_central: 0.4}"))


def test_sizes_follow_archetype_connection_and_study(tmp_path):
    placed = "{site: dallas, placement: {archetype: campus, it_max_mw: {2029: 33}, it_min_mw: 7}}"
    study = written(tmp_path, STUDY.replace("[dallas, stockholm]", f"[{placed}, stockholm]"))
    [case] = cases(study)
    portfolio = assemble_portfolio(case).portfolio
    dallas, stockholm = portfolio.options
    assert dallas.size_max == pytest.approx(np.array([33.0]))
    assert dallas.size_min == 7
    # data/archetypes/regional.csv: at most 60 MW; the connection of 2029 carries more
    assert stockholm.size_max == pytest.approx(np.array([60.0]))
    # 10 MUSD over 30 years at 8 %: 0.088827 a year
    assert stockholm.annuity == pytest.approx(0.0888274e7, rel=1e-5)
