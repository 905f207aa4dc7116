"""Tokens in a result, by hand on a small result and once through a solved study."""

import numpy as np
import pytest
import xarray as xr

from dcmodel.report.served import tokens as tokens_table
from dcmodel.report.tables import ranking
from dcmodel.study.available import run_case
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study
from dcmodel.study.summary import column_name
from dcmodel.workload.accelerators import accelerator
from dcmodel.workload.service import ServingPlan, service
from dcmodel.workload.tokens import Counted, Request

STUDY = """\
schema: dcmodel/study-1
name: tokens
years: [2025, 2026]
discount_rate: 0.08
resolution: {segments: 48}
it_capacity_mw: {2025: 20}
cooling: water_economizer
workloads:
  chat:
    share: 0.5
    shape: conversation
    request: {input_tokens: 1155, output_tokens: 211}
  agents:
    share: 0.3
    shape: flat
    request: {input_tokens: 2048, output_tokens: 400, cache_hit: 0.5}
    task: {steps: 20, success: 0.5, retries: 1, rework_usd: 10.0}
  images: {share: 0.2, shape: flat}
fleet:
  generations: {2025: gb200_nvl72}
  serving: {model: deepseek_r1, tokens: output, interactivity: 20}
sites: [stockholm]
components: [grid_connection, building]
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokens") / "study.yaml"
    path.write_text(STUDY)
    [case] = cases(load_study(path))
    return run_case(case)


def test_tokens_are_work_times_what_the_fleet_serves(result):
    served = service(
        accelerator("gb200_nvl72"),
        ServingPlan("deepseek_r1", Counted.OUTPUT),
        Request(1155, 211),
        20,
    )
    # half of 0.45 of 20 MW, all year
    assert result["work"].sel(work_class="chat").values == pytest.approx(0.5 * 0.45 * 20 * 8760)
    expected = 0.5 * 0.45 * 20 * 8760 * served.tokens_per_work
    assert result["mtok"].sel(work_class="chat").values == pytest.approx(expected)
    assert (result["mtok"].sel(work_class="images") == 0).all()
    assert result.attrs["tokens_counted"] == "output"


def test_all_cost_is_borne_by_the_work(result):
    factor = result["discount_factor"]
    total = result["cost"].sum("cost_term") + result["accelerator_cost"]
    # 20 MW of racks of 125 kW and 3.384 MUSD over five years at 8 %
    annuity = 20 / 0.125 * 72 * 47e3 * 0.08 / (1 - 1.08**-5)
    assert result["accelerator_cost"].values == pytest.approx(annuity)
    present = float((total * factor).sum())
    tokens = (result["mtok"] * factor).sum("year")
    paid = float((result["class_usd_per_mtok"] * tokens).sum())
    # images hold a fifth of the work and no tokens
    assert paid == pytest.approx(0.8 * present)
    assert float(result["usd_per_mtok"]) == pytest.approx(paid / float(tokens.sum()))
    assert float(result["site_usd_per_mtok"]) < 0.5 * float(result["usd_per_mtok"])


def test_an_outcome_is_its_tokens_and_its_rework(result):
    price = float(result["class_usd_per_mtok"].sel(work_class="agents"))
    by_hand = 1.5 * 20 * 400 / 1e6 * price + 0.25 * 10.0
    assert float(result["usd_per_outcome"]) == pytest.approx(by_hand)
    assert np.isnan(float(result["class_usd_per_outcome"].sel(work_class="chat")))


def test_tokens_at_the_wall(result):
    tokens = float(result["mtok"].sum())
    energy = 0.8 * float(result["facility_energy"].sum())
    assert float(result["mtok_per_mwh"]) == pytest.approx(tokens / energy)


def test_the_assumptions_name_the_generation_and_the_roofline(result):
    groups = set(result["assumption_group"].values)
    assert {"gb200_nvl72", "serving"} <= groups
    assert "h100_sxm" not in groups


def test_columns_of_summary_ranking_and_table(result):
    for name in ("usd_per_mtok", "site_usd_per_mtok", "usd_per_outcome", "mtok_per_mwh"):
        assert column_name(name, result[name].attrs["units"]) == name
    row = ranking({"a": result}).iloc[0]
    assert row["usd_per_mtok"] == pytest.approx(float(result["usd_per_mtok"]))
    table = tokens_table({"a": result})
    assert len(table) == 6
    assert table["mtok"].sum() == pytest.approx(float(result["mtok"].sum()))


def test_a_result_without_tokens_makes_no_table():
    assert tokens_table({"a": xr.Dataset()}).empty
