"""Classes of a study: stated work, requests, traces and shapes of one's own."""

import numpy as np
import pandas as pd
import pytest

from dcmodel.base.errors import DcmodelError, StudyError
from dcmodel.study.cases import cases
from dcmodel.study.demand import class_of, work_of
from dcmodel.study.load import load_study
from dcmodel.study.serving import interactivity_of
from dcmodel.workload.accelerators import accelerator
from dcmodel.workload.fleet import load_fleet
from dcmodel.workload.service import ServingPlan, service
from dcmodel.workload.tokens import Counted, Request

FLEET = (
    "fleet: {generations: {2025: gb200_nvl72}, serving: {model: llama_70b, tokens: output,"
    " precision: fp4, interactivity: 30}}"
)
SHARES = (
    "  chat: {share: 0.7, shape: conversation}\n  batch: {share: 0.3, shape: flat, deferral_h: 24}"
)


def study(small_text, write_study, classes, fleet=""):
    text = small_text.replace(SHARES, "\n".join(f"  {line}" for line in classes))
    return write_study(text.replace("[dallas, stockholm]", "[stockholm]") + fleet + "\n")


def case_of(path):
    [case] = cases(load_study(path))
    return case


def work_at(path):
    """Return the work at 20 MW of IT in Stockholm."""
    case = case_of(path)
    fleet = load_fleet(case.spec.fleet.use())
    return work_of(case, np.full(2, 20.0), fleet, "Europe/Stockholm", 2025)


def faults_of(path):
    with pytest.raises(DcmodelError) as error:
        load_study(path)
    return [str(fault) for fault in error.value.faults]


def test_stated_power_is_the_mean_that_arrives(small_text, write_study):
    classes = ["chat: {it_mw: {2025: 4, 2027: 8}, shape: conversation}",
               "jobs: {it_mw: {2025: 2}, shape: flat}"]  # fmt: skip
    work = work_at(study(small_text, write_study, classes))
    np.testing.assert_allclose(work.arrivals.mean(axis=2), [[4, 6], [2, 2]])


def test_requests_become_power_through_the_fleet(small_text, write_study):
    classes = ["chat: {requests_per_s: {2025: 5000, 2026: 6000}, shape: flat,"
               " request: {input_tokens: 1155, output_tokens: 211}}"]  # fmt: skip
    work = work_at(study(small_text, write_study, classes, FLEET))
    plan = ServingPlan("llama_70b", Counted.OUTPUT, "fp4")
    served = service(accelerator("gb200_nvl72"), plan, Request(1155, 211), 30.0)
    by_hand = np.array([5000, 6000]) * 211 * 3600 / 1e6 / served.tokens_per_work
    np.testing.assert_allclose(work.arrivals.mean(axis=2)[0], by_hand)


def test_work_above_the_fleet_says_what_would_do(small_text, write_study):
    classes = ["chat: {it_mw: {2025: 30}, shape: flat}"]
    with pytest.raises(StudyError, match="install more IT, or state less work"):
        work_at(study(small_text, write_study, classes))


def test_growth_follows_a_scenario_from_its_year(small_text, write_study):
    classes = ["chat: {it_mw: {2025: 4}, growth: central, shape: flat}",
               "jobs: {requests_per_s: {2025: 1000}, growth: central, shape: flat,"
               " request: {input_tokens: 1155, output_tokens: 211}}"]  # fmt: skip
    work = work_at(study(small_text, write_study, classes, FLEET)).arrivals.mean(axis=2)
    # inference of the world: 155 TWh of AI at a half, then 217 TWh at two thirds
    energy = (217 * 0.667) / (155 * 0.5)
    np.testing.assert_allclose(work[0], [4, 4 * energy])
    # tokens outgrow energy by the gains of hardware (1.4) and of models (1.3)
    assert work[1, 1] / work[1, 0] == pytest.approx(energy * 1.4 * 1.3)


def test_a_class_like_one_of_the_library_keeps_its_own_words(small_text, write_study, tmp_path):
    classes = ["jobs: {like: batch_api, share: 0.6, deferral_h: 6}",
               "agents: {like: agents, share: 0.4,"
               " request: {input_tokens: 9, output_tokens: 3}}"]  # fmt: skip
    path = study(small_text, write_study, classes)
    spec = case_of(path).spec
    jobs, agents = spec.workloads["jobs"], spec.workloads["agents"]
    assert (jobs.deferral_h, jobs.shape, jobs.priority) == (6, "flat", 2)
    assert jobs.request.output_tokens == 400
    assert (agents.request.input_tokens, agents.request.cache_hit) == (9, 0)
    assert agents.task.steps == 12
    # written out in full and read again it is the same study
    again = tmp_path / "again.yaml"
    again.write_text(load_study(path).to_yaml())
    assert load_study(again).spec.workloads == load_study(path).spec.workloads


def test_a_trace_gives_the_request_and_the_shape(small_text, write_study, tmp_path):
    hours = pd.date_range("2024-05-13", periods=26, freq="h")
    rows = [f"{hour.isoformat()},100,{1 + hour.hour % 2}" for hour in hours]
    text = "\n".join(["timestamp,input_tokens,output_tokens", *rows])
    (tmp_path / "trace.csv").write_text(text)
    classes = ["chat: {share: 1, trace: trace.csv, region: as_measured}"]
    path = study(small_text, write_study, classes)
    assert class_of(case_of(path), "chat").request == Request(100, 1.5)
    work = work_at(path).arrivals[0, 0]
    np.testing.assert_allclose(work[1::2], 2 * work[::2])


def test_a_short_trace_needs_a_shape_beside_it(small_text, write_study, tmp_path):
    (tmp_path / "trace.csv").write_text(
        "timestamp,input_tokens,output_tokens\n2024-05-13 00:00,1,1\n2024-05-13 01:00,1,1\n"
    )
    path = study(small_text, write_study, ["chat: {share: 1, trace: trace.csv}"])
    [fault] = faults_of(path)
    assert "less than a whole day; give 'shape' beside it" in fault
    path = study(small_text, write_study, ["chat: {share: 1, trace: trace.csv, shape: flat}"])
    assert class_of(case_of(path), "chat").request == Request(1, 1)


def test_own_numbers_are_a_shape_by_local_hour(small_text, write_study):
    day = [1] * 12 + [3] * 12
    path = study(small_text, write_study, [f"chat: {{share: 1, shape: {day}}}"])
    work = work_at(path).arrivals[0, 0]
    # Stockholm is an hour ahead in winter: noon there is 11 UTC
    assert work[11] == pytest.approx(3 * work[10])


def test_values_follow_rank_and_interactivity_the_deadline(small_text, write_study):
    classes = ["chat: {share: 0.5, shape: flat}",
               "slow: {share: 0.25, shape: flat, deferral_h: 4, priority: 2}",
               "own: {share: 0.25, shape: flat, value_usd_per_mwh: 70,"
               " interactivity: 7}"]  # fmt: skip
    path = study(small_text, write_study, classes, FLEET)
    spec, work = case_of(path).spec, work_at(path)
    assert (work.value, work.priority) == ((None, None, 70), (1, 2, 1))
    rates = [interactivity_of(spec.fleet, work) for work in spec.workloads.values()]
    assert rates == [30, 0, 7]


def test_the_saving_of_batches_comes_from_the_roofline(small_text, write_study):
    classes = ["chat: {share: 0.6, shape: flat}",
               "jobs: {share: 0.2, shape: flat, deferral_h: 8, batch_saving: roofline,"
               " request: {input_tokens: 1155, output_tokens: 211}}",
               "own: {share: 0.2, shape: flat, deferral_h: 8, batch_saving: 0.25}"]  # fmt: skip
    path = study(small_text, write_study, classes, FLEET)
    found = work_at(path).batch_saving
    plan = ServingPlan("llama_70b", Counted.OUTPUT, "fp4")
    chip = accelerator("gb200_nvl72")
    fast, slow = (service(chip, plan, Request(1155, 211), rate) for rate in (30.0, 0.0))
    saving = 1 - slow.energy_per_mtok / fast.energy_per_mtok
    assert 0 < saving < 0.5
    np.testing.assert_allclose(found, [[0, 0], [saving, saving], [0.25, 0.25]])
    # served without waiting it is as fast as chat
    spec = case_of(path).spec
    assert interactivity_of(spec.fleet, spec.workloads["jobs"]) == 30


def test_traces_are_read_when_a_study_is_checked(small_text, write_study, tmp_path):
    header = "timestamp,input_tokens,output_tokens"
    (tmp_path / "trace.csv").write_text(f"{header}\n2024-05-13 01:00,1,1\n2024-05-13 00:00,1,1\n")
    path = study(small_text, write_study, ["chat: {share: 1, trace: trace.csv, shape: flat}"])
    [fault] = faults_of(path)
    assert f"{path}:9:" in fault
    assert "trace.csv:3" in fault
    assert "lies before the line above" in fault


def test_a_fleet_without_a_generation_for_its_first_year_is_refused(small_text, write_study):
    fleet = FLEET.replace("2025: gb200", "2027: gb200")
    path = study(small_text, write_study, ["chat: {share: 1, like: chat}"], fleet)
    [fault] = faults_of(path)
    assert "IT is bought in 2025, and the first stage is 2027; add an earlier one" in fault


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "{fleet.serving.tokens: input_and_output}",
            "fleet.serving.tokens' is the same in all scenarios",
        ),
        ("{workloads.chat.like: voice}", "workloads.chat.like' is the same in all scenarios"),
        ("{fleet.generations: {2025: {h100_sxm: 0.5}}}", "shares sum to 0.5"),
    ],
)
def test_scenarios_that_cannot_be_compared_are_refused(change, words, small_text, write_study):
    text = f"{FLEET}\nscenarios: {{base: {{}}, other: {change}}}"
    path = study(small_text, write_study, ["chat: {share: 1, like: chat}"], text)
    [fault] = faults_of(path)
    assert words in fault


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("{fleet.generations: {2025: h200_sxm}}", {2025: {"h200_sxm": 1}}),
        ("{fleet.generations.2026: vr_nvl144}", {2025: {"gb200_nvl72": 1}, 2026: {"vr_nvl144": 1}}),
        ("{fleet: {generations: {2025: {b200_sxm: 1}}}}", {2025: {"b200_sxm": 1}}),
    ],
)
def test_a_scenario_buys_other_generations(change, expected, small_text, write_study):
    text = f"{FLEET}\nscenarios: {{base: {{}}, other: {change}}}"
    path = study(small_text, write_study, ["chat: {share: 1, like: chat}"], text)
    assert load_study(path).scenario("other").fleet.generations == expected


@pytest.mark.parametrize(
    ("classes", "fleet", "words"),
    [
        (["chat: {share: 1, shape: flat, batch_saving: 0.2}"], "", "is of work that waits"),
        (
            ["chat: {share: 1, shape: flat, deferral_h: 4, batch_saving: roofline}"],
            "",
            "batch_saving",
        ),
        (["chat: {share: 1, shape: flat, deferral_h: 4, batch_saving: rof}"], "", "roofline"),
        (["chat: {share: 1, like: batch_ap}"], "", "did you mean 'batch_api'"),
        (
            ["chat: {share: 1, like: chat, interactivity: 5000}"],
            FLEET,
            "5000 tokens/s for each user asked",
        ),
        (
            ["chat: {share: 1, like: chat}"],
            FLEET.replace("llama_70b", "deepseek_r1, small_model: llama_8b, small_share: 0.3"),
            "unknown model 'llama_8b'",
        ),
        (["chat: {share: 1, shape: flat, growth: central}"], "", "growth goes on from one"),
        (
            ["chat: {it_mw: {2025: 1}, shape: flat, growth: centrl}"],
            "",
            "did you mean 'central'",
        ),
        (["chat: {shape: flat}"], "", "give one of share, it_mw, requests_per_s"),
        (["chat: {share: 1, it_mw: {2025: 1}, shape: flat}"], "", "found share and it_mw"),
        (["chat: {share: 1}"], "", "give 'shape'"),
        (["chat: {share: 1, shape: [1, 2, 3]}"], "", "found 3 values; needed: 24"),
        (["chat: {share: 1, shape: flt}"], "", "did you mean 'flat'"),
        (["chat: {share: 1, trace: gone.csv}"], "", "no file 'gone.csv'"),
        (
            ["chat: {share: 1, shape: flat}", "jobs: {it_mw: {2025: 1}, shape: flat}"],
            "",
            "jobs state their work; do one for all",
        ),
        (["chat: {requests_per_s: {2025: 1}, shape: flat}"], "", "needs 'request' or 'trace'"),
        (["chat: {share: 1, shape: flat, task: {success: 0}}"], "", "success"),
        (
            ["chat: {share: 1, shape: flat}"],
            FLEET.replace("gb200_nvl72", "gb200_nvl27"),
            "did you mean 'gb200_nvl72'",
        ),
        (
            ["chat: {share: 1, shape: flat}"],
            FLEET.replace("gb200_nvl72", "{gb200_nvl72: 0.5, h100_sxm: 0.4}"),
            "shares sum to 0.9",
        ),
        (
            ["chat: {share: 1, shape: flat}"],
            FLEET.replace("gb200_nvl72", "vr_nvl144"),
            "can be had from 2026",
        ),
        (
            ["chat: {share: 1, shape: flat}"],
            FLEET.replace("llama_70b", "llama_7b"),
            "unknown model 'llama_7b'",
        ),
        (
            ["chat: {share: 1, shape: flat}"],
            FLEET.replace("tokens: output", "tokens: outputs"),
            "input_and_output",
        ),
        (
            ["chat: {share: 1, shape: flat}"],
            "fleet: {generations: {2025: h100_sxm}}",
            "tokens need both",
        ),
    ],
)
def test_bad_classes_and_fleets_are_refused_at_their_place(
    classes, fleet, words, small_text, write_study
):
    path = study(small_text, write_study, classes, fleet)
    faults = faults_of(path)
    assert any(words in fault for fault in faults), faults
    assert all(str(path) in fault for fault in faults)
