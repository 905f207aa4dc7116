import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.study.claims import search_request, searches_as_queries
from dcmodel.study.economics import by_year, economies, economy, terms
from dcmodel.workload.accelerators import accelerator
from dcmodel.workload.service import ServingPlan, service
from dcmodel.workload.tokens import Counted, Request

CHAT = Request(1155, 211)
PLAN = ServingPlan("deepseek_r1", Counted.OUTPUT)


def test_energy_and_cost_by_hand():
    on = terms(pue=1.25, energy_price=80.0, utilisation=0.5, discount_rate=0.0)
    chip = accelerator("gb200_nvl72")
    served = service(chip, PLAN, CHAT, 20.0)
    found = economy(chip, PLAN, CHAT, 20.0, on)
    # half of the time idle at a quarter of 125 kW / 72
    idle = 0.25 * 0.5 / 0.5 / served.tokens_per_work
    wall = 1.25 * (served.energy_per_mtok + idle)
    assert found.mtok_per_mwh == pytest.approx(1 / wall)
    assert found.wh_per_request == pytest.approx(wall * 211)
    mtok_per_hour = served.tokens_per_work * (0.125 / 72) * 0.5
    fixed = chip.price * (1 / 5 + on.hardware_maintenance) / 8760
    fixed += 110e3 * (0.125 / 72) * 12 / 8760
    by_hand = fixed / mtok_per_hour + wall * 80
    assert found.usd_per_mtok == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("key", "published"),
    # owner's cost in USD per GPU-hour, SemiAnalysis AI Cloud TCO as used by InferenceX, 2026
    [
        ("h100_sxm", 1.30),
        ("h200_sxm", 1.41),
        ("b200_sxm", 1.95),
        ("gb200_nvl72", 2.21),
        ("gb300_nvl72", 2.652),
    ],
)
def test_cost_of_an_accelerator_hour_is_near_the_published(key, published):
    found = economy(accelerator(key), PLAN, CHAT, 15.0, terms())
    assert found.usd_per_accelerator_hour == pytest.approx(published, rel=0.2)


def test_a_query_takes_what_operators_publish():
    # Google's median prompt 0.24 Wh (2025), OpenAI's mean 0.34 Wh (2025), Epoch's estimate 0.3 Wh
    # of 500 output tokens on H100: the fleets of 2025 are mixed of these generations
    old = economy(accelerator("h100_sxm"), PLAN, Request(500, 500), 20.0, terms())
    new = economy(accelerator("gb200_nvl72"), PLAN, Request(500, 500), 20.0, terms())
    assert new.wh_per_request < 0.24 < old.wh_per_request * 1.2
    assert 0.15 < old.wh_per_request < 0.6


def test_input_tokens_counted_in_change_the_price_and_not_the_bill():
    chip, on = accelerator("h200_sxm"), terms()
    out = economy(chip, PLAN, CHAT, 20.0, on)
    both = economy(chip, ServingPlan("deepseek_r1", Counted.INPUT_AND_OUTPUT), CHAT, 20.0, on)
    assert out.usd_per_accelerator_hour == pytest.approx(both.usd_per_accelerator_hour)
    assert out.usd_per_mtok / both.usd_per_mtok == pytest.approx((1155 + 211) / 211)


def test_a_generation_too_slow_keeps_its_row_with_the_reason():
    table = economies(["a100_sxm", "gb200_nvl72"], PLAN, CHAT, 130.0, terms())
    slow, fast = table.to_dict("records")
    assert "130 tokens/s for each user asked" in slow["note"]
    assert np.isnan(slow["chat_usd_per_mtok"])
    assert slow["batch_usd_per_mtok"] > 0
    assert fast["note"] == ""
    assert fast["interactivity_price"] > 1


def test_the_best_of_each_year_is_on_sale_and_the_fleet_follows_it():
    table = economies(
        ["h200_sxm", "gb200_nvl72", "vr_nvl144", "tpu_v6e"], PLAN, CHAT, 20.0, terms()
    )
    years = by_year(table, range(2025, 2032), PLAN, CHAT, 20.0, terms())
    assert years["generation"].tolist() == ["gb200_nvl72"] + 6 * ["vr_nvl144"]
    best, fleet = years["mtok_per_mwh"], years["fleet_mtok_per_mwh"]
    assert fleet[0] == pytest.approx(best[0])
    assert (fleet[1:5] < best[1:5]).all()
    # what was bought in 2025 is worn in 2030
    assert fleet[5] == pytest.approx(best[5])
    # energy adds up: halves of equal power
    old, new = (
        economy(accelerator(key), PLAN, CHAT, 20.0, terms()) for key in years["generation"][:2]
    )
    tokens = old.mtok_per_work + new.mtok_per_work
    energy = old.mtok_per_work / old.mtok_per_mwh + new.mtok_per_work / new.mtok_per_mwh
    assert fleet[1] == pytest.approx(tokens / energy)
    assert years["trend_mtok_per_mwh"][2] == pytest.approx(1.4**2 * best[0])
    with pytest.raises(StudyError, match="no generation on sale of these can be had in 2025"):
        by_year(table[table["generation"] == "tpu_v6e"], [2025], PLAN, CHAT, 20.0, terms())


def test_every_search_as_a_query_of_2023_and_of_three_generations():
    keys = ["a100_sxm", "h100_sxm", "gb200_nvl72"]
    table = searches_as_queries(keys, PLAN, search_request(), 20.0, terms())
    # 9 billion a day at 8.9 Wh: 29.2 TWh
    assert table["twh_per_year"][0] == pytest.approx(29.2, abs=0.1)
    later = table["twh_per_year"][1:].to_numpy()
    assert (np.diff(later) < 0).all()
    assert (later < 0.1 * 29.2).all()
    assert later == pytest.approx(table["wh_per_query"][1:].to_numpy() * 9e9 * 365 / 1e12)
    assert all("tokens of a query" in text for text in table["assumed"][1:])


def test_impossible_terms_are_refused_together():
    with pytest.raises(StudyError) as error:
        terms(pue=0.9, utilisation=45.0, energy_price=-1.0)
    assert len(error.value.faults) == 3
