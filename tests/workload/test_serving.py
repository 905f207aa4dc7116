from dataclasses import replace

import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.workload.accelerators import Accelerator, accelerator
from dcmodel.workload.models import LanguageModel, language_model
from dcmodel.workload.serving import (
    Deployment,
    Efficiencies,
    at_batch,
    at_interactivity,
    best_group,
    largest_batch,
)
from dcmodel.workload.tokens import Counted, Request, Tokens

IDEAL = Efficiencies(
    memory_efficiency=1.0,
    compute_efficiency=1.0,
    mixture_share=1.0,
    fp4_share=1.0,
    layer_overhead=0.0,
    collective_latency=0.0,
    scale_out_latency=0.0,
    scale_out_share=0.1,
    memory_share=1.0,
    batch_max=1e9,
    decode_activity=0.4,
    accelerator_idle=0.1,
)
CHIP = Accelerator(
    key="chip",
    name="chip",
    year_available=2025,
    tdp=1e-3,
    memory=100e9,
    memory_bandwidth=1e12,
    peaks={"bf16": 1e15, "fp8": 2e15},
    rack_power=16e-3,
    accelerators_per_rack=8,
    price=1e4,
    currency_year=2025,
    scale_up_domain=8,
    scale_up_bandwidth=1e18,
    life=5,
    idle_fraction=0.2,
    software_share=1.0,
    merchant=True,
    assumed=(),
)
DENSE = LanguageModel("dense", "dense", 10e9, 10e9, 10, 1000, 100, 1000, 1000, 1, 1)


def deployment(**changes):
    return replace(Deployment(CHIP, DENSE, "bf16", "bf16", 1), **changes)


def test_decoding_alone_is_the_roofline_of_memory():
    # no prompt to read: 20 GB of weights at 1 TB/s, keys and values of 2 kB a token, 50 in context
    point = at_batch(deployment(), Request(0, 100), 1, IDEAL)
    step = 20e9 / 1e12 + 50 * 10 * 100 * 2 / 1e12
    assert point.interactivity == pytest.approx(1 / step)
    assert point.output_rate == pytest.approx(1 / step)


def test_a_great_batch_is_bound_by_arithmetic():
    # 2 x 10e9 FLOP a token at 1e15 FLOP/s is 20 us: at 4,000 in flight 80 ms, above 20 ms of memory
    point = at_batch(deployment(), Request(0, 2), 4000, IDEAL)
    attention = max(4000 * 1 * 2000 / 1e12, 4 * 10 * 1000 * 4000 / 1e15)
    assert point.interactivity == pytest.approx(1 / (0.08 + attention))


def test_prefill_is_the_roofline_of_arithmetic_and_a_cache_saves_it():
    request = Request(1000, 10)
    dense, attention = 2 * 10e9 * 1000 / 1e15, 4 * 10 * 1000 * 500 * 1000 / 1e15
    point = at_batch(deployment(), request, 1, IDEAL)
    assert point.first_token == pytest.approx(dense + attention)
    cached = at_batch(deployment(), replace(request, cache_hit=1.0), 1, IDEAL)
    assert cached.first_token == 0
    # ten steps and one prefill make ten tokens
    step = 1 / cached.interactivity
    assert point.output_rate == pytest.approx(10 / (10 * step + point.first_token))
    assert point.request_time == pytest.approx(point.first_token * 2 + 10 * step)


def test_prefill_on_its_own_accelerators_keeps_throughput_and_frees_the_user():
    request = Request(4000, 100)
    mixed = at_batch(deployment(), request, 8, IDEAL)
    apart = at_batch(deployment(disaggregated=True), request, 8, IDEAL)
    assert apart.output_rate == pytest.approx(mixed.output_rate)
    # eight users finish a hundred tokens apart: each step carries 0.08 prompts
    waited = 1 / mixed.interactivity - 1 / apart.interactivity
    assert waited == pytest.approx(8 / 100 * mixed.first_token)


def test_power_lies_between_idle_and_full_and_energy_is_power_over_rate():
    memory = at_batch(deployment(), Request(0, 100), 1, IDEAL)
    # streaming all the time draws 0.4 of what lies above idle; arithmetic adds a thousandth
    assert memory.it_power == pytest.approx(2e-3 * (0.2 + 0.8 * 0.4), rel=2e-3)
    assert memory.accelerator_power == pytest.approx(1e-3 * (0.1 + 0.9 * 0.4), rel=2e-3)
    arithmetic = at_batch(deployment(), Request(0, 2), 40000, IDEAL)
    assert 0.9 * 2e-3 < arithmetic.it_power <= 2e-3
    by_hand = memory.it_power * 1e6 / memory.output_rate / 3600
    assert memory.energy(Counted.OUTPUT) == pytest.approx(by_hand)


def test_tokens_of_prompts_change_the_count_and_not_the_work():
    point = at_batch(deployment(), Request(300, 100), 4, IDEAL)
    assert point.rate(Counted.INPUT_AND_OUTPUT) == Tokens(
        pytest.approx(4 * point.output_rate), Counted.INPUT_AND_OUTPUT
    )
    assert point.energy(Counted.OUTPUT) == pytest.approx(4 * point.energy(Counted.INPUT_AND_OUTPUT))


def test_memory_bounds_the_batch_and_refuses_what_does_not_fit():
    request = Request(1000, 1000)
    assert largest_batch(deployment(), request, IDEAL) == pytest.approx(80e9 / (2000 * 1500))
    big = replace(DENSE, total_parameters=60e9, active_parameters=60e9)
    with pytest.raises(StudyError, match="use groups of 2 or more"):
        at_batch(deployment(model=big), request, 1, IDEAL)
    assert at_batch(deployment(model=big, group=2), request, 1, IDEAL).batch == 1


def test_experts_are_read_as_they_are_drawn():
    # 100 experts of 1e9, one drawn by each token, 1e9 shared
    mixture = replace(
        DENSE, total_parameters=101e9, active_parameters=2e9, experts=100, experts_active=1
    )
    assert mixture.touched(1) == pytest.approx(2e9)
    assert mixture.touched(2) == pytest.approx(1e9 + 100e9 * (1 - 0.99**2))
    assert mixture.touched(1e6) == pytest.approx(101e9)


def test_the_batch_of_an_interactivity_is_the_largest_that_gives_it():
    request = Request(500, 500)
    point = at_interactivity(deployment(), request, 30.0, IDEAL)
    assert point.interactivity == pytest.approx(30.0)
    assert at_batch(deployment(), request, point.batch * 1.01, IDEAL).interactivity < 30.0
    with pytest.raises(StudyError, match="to a single user"):
        at_interactivity(deployment(), request, 1000.0, IDEAL)


@pytest.mark.parametrize("key", ["h100_sxm", "gb200_nvl72", "mi300x"])
def test_interactivity_has_a_price_in_energy(key):
    chip, request = accelerator(key), Request(1155, 211)
    wanted = np.array([0.0, 10.0, 25.0, 40.0])
    base = Deployment(chip, language_model("llama_70b"))
    energy = [best_group(base, request, rate)[1].energy(Counted.OUTPUT) for rate in wanted]
    assert np.all(np.diff(energy) >= 0)
    assert energy[-1] > 1.2 * energy[0]


def test_a_shorter_context_a_narrower_precision_and_a_cache_each_save_energy():
    base = Deployment(accelerator("b200_sxm"), language_model("llama_70b"), group=2)

    def energy(request, **changes):
        return at_interactivity(replace(base, **changes), request, 20.0).energy(Counted.OUTPUT)

    reference = energy(Request(4000, 400))
    assert energy(Request(1000, 400)) < reference
    assert energy(Request(4000, 400), precision="fp4") < reference
    assert energy(Request(4000, 400), precision="bf16") > reference
    assert energy(Request(4000, 400, cache_hit=0.6)) < reference


def test_bad_deployments_are_refused():
    with pytest.raises(StudyError, match="unknown model 'llama_70'; did you mean 'llama_70b'"):
        language_model("llama_70")
    with pytest.raises(StudyError, match=r"precision +unknown precision 'int8'"):
        at_batch(deployment(precision="int8"), Request(1, 1), 1, IDEAL)
    with pytest.raises(StudyError, match="group"):
        at_batch(deployment(group=0), Request(1, 1), 1, IDEAL)
