r"""Serving a language model: a roofline of memory, arithmetic and fabric.

Prefill reads a prompt at once and is bound by arithmetic. Decoding makes one token for each request
of a batch in each step and is bound by memory: all weights touched, and the keys and values of
every context, are read once a step. A large batch shares the weights among more users and makes
each of them wait longer: that is the energy price of interactivity.

With :math:`G` accelerators in a group, batch :math:`B`, mean context :math:`c`, weights :math:`W`
touched, keys and values :math:`\kappa` a token, bandwidth :math:`\beta` and arithmetic :math:`\phi`
as reached, the step of decoding takes

.. math::
   t = \max\left(\frac{W}{G\beta}, \frac{2 N B}{G\phi}\right)
     + \max\left(\frac{\kappa B c}{G\beta}, \frac{a B c}{G\phi}\right) + t_\text{fabric} +
     t_\text{layers} .

Where prefill runs on the same accelerators, each step also carries the prompts of the requests
that join: :math:`B / n_\text{out}` of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.registry import nearest
from dcmodel.base.units import SECONDS_PER_HOUR
from dcmodel.inputs.assumptions import Technology, parameters_of
from dcmodel.workload.accelerators import PRECISIONS, Accelerator
from dcmodel.workload.models import LanguageModel
from dcmodel.workload.tokens import Counted, Request, Tokens

_COLLECTIVES_PER_LAYER = 2
_ACTIVATION_BYTES = 2.0


@dataclass(frozen=True)
class Deployment:
    """A model on a group of accelerators, at a precision."""

    accelerator: Accelerator
    model: LanguageModel
    precision: str = "fp8"
    """Precision of weights and of arithmetic."""
    kv_precision: str = "fp8"
    """Precision of keys and values."""
    group: int = 8
    """Accelerators that hold one copy of the model."""
    disaggregated: bool = False
    """Whether prefill has accelerators of its own, so that decoding never waits for it."""

    @property
    def weights(self) -> float:
        """Memory of the weights [byte]."""
        return self.model.total_parameters * PRECISIONS[self.precision]

    @property
    def kv_per_token(self) -> float:
        """Memory of the keys and values of one token [byte]."""
        model = self.model
        return model.layers * model.kv_values_per_layer * PRECISIONS[self.kv_precision]


@dataclass(frozen=True)
class OperatingPoint:
    """A deployment in steady state, at one batch."""

    batch: float
    """Requests in flight in a group."""
    interactivity: float
    """Output tokens each user receives [s-1]."""
    first_token: float
    """Time of the prefill of one prompt, without queueing [s]."""
    output_rate: float
    """Output tokens of one accelerator, those for prefill counted in [s-1]."""
    accelerator_power: float
    """Power of the accelerator alone [MW]."""
    it_power: float
    """Power of one accelerator with its share of the rack [MW]."""
    request: Request

    @property
    def request_time(self) -> float:
        """Time from start of service to the last token [s]."""
        return self.first_token + self.request.output_tokens / self.interactivity

    def rate(self, kind: Counted) -> Tokens:
        """Return tokens per second of one accelerator, counted as `kind`."""
        return self.request.convert(Tokens(self.output_rate, Counted.OUTPUT), kind)

    def energy(self, kind: Counted) -> float:
        """Return IT energy per million tokens counted as `kind` [MWh]."""
        return self.it_power * 1e6 / (self.rate(kind).amount * SECONDS_PER_HOUR)


def serving_parameters() -> Technology:
    """Return the efficiencies of the roofline with their sources."""
    return parameters_of(data_dir() / "serving.csv", "serving", 0)


@dataclass(frozen=True)
class Efficiencies:
    """What of the peaks is reached, and what each layer costs besides."""

    memory_efficiency: float
    compute_efficiency: float
    mixture_share: float
    """Arithmetic that mixtures of experts reach over that of dense layers [1]."""
    fp4_share: float
    """Share of peak that fp4 reaches over the share that wider precisions reach [1]."""
    layer_overhead: float
    """[s]"""
    collective_latency: float
    """[s]"""
    scale_out_latency: float
    """[s]"""
    scale_out_share: float
    memory_share: float
    batch_max: float
    decode_activity: float
    accelerator_idle: float


def efficiencies() -> Efficiencies:
    """Return the library's efficiencies."""
    parameters = serving_parameters()
    names = Efficiencies.__dataclass_fields__
    return Efficiencies(**{name: parameters.value(name) for name in names})


def largest_batch(deployment: Deployment, request: Request, eff: Efficiencies) -> float:
    """Return how many requests the memory of a group holds beside the weights; 0 when none.

    Servers are set to a largest batch for each accelerator too.
    """
    free = deployment.group * deployment.accelerator.memory * eff.memory_share - deployment.weights
    context = request.input_tokens + request.output_tokens / 2
    return max(
        0.0, min(free / (deployment.kv_per_token * context), eff.batch_max * deployment.group)
    )


def at_batch(
    deployment: Deployment, request: Request, batch: float, eff: Efficiencies | None = None
) -> OperatingPoint:
    """Return the operating point at a batch.

    Parameters
    ----------
    deployment : Deployment
    request : Request
        Mean request; its cached input needs no prefill.
    batch : float
        Requests in flight in a group, at least 1.
    eff : Efficiencies, optional
        The library's when left out.

    Returns
    -------
    OperatingPoint

    Raises
    ------
    StudyError
        When the group cannot hold the weights and one context.
    """
    eff = efficiencies() if eff is None else eff
    _check_memory(deployment, request, eff)
    arithmetic, memory, step = _decode_step(deployment, request, batch, eff)
    prefill_arithmetic, prefill = _prefill(deployment, request, eff)
    joining = batch / request.output_tokens
    cycle = step + joining * prefill
    busy = (arithmetic + joining * prefill_arithmetic) / cycle
    streaming = memory / cycle
    # memory traffic and arithmetic draw power together; neither draws more than all of it
    activity = 1 - (1 - eff.decode_activity * min(streaming, 1.0)) * (1 - min(busy, 1.0))
    chip = deployment.accelerator
    return OperatingPoint(
        batch=batch,
        interactivity=1 / (step if deployment.disaggregated else cycle),
        first_token=prefill,
        output_rate=batch / (deployment.group * cycle),
        accelerator_power=chip.tdp * (eff.accelerator_idle + (1 - eff.accelerator_idle) * activity),
        it_power=chip.it_power * (chip.idle_fraction + (1 - chip.idle_fraction) * activity),
        request=request,
    )


def at_interactivity(
    deployment: Deployment,
    request: Request,
    interactivity: float = 0.0,
    eff: Efficiencies | None = None,
) -> OperatingPoint:
    """Return the point of the largest batch that gives each user `interactivity` [tokens s-1].

    Zero asks for the most throughput: the largest batch that memory holds. A rate that even a
    single user does not get is refused.
    """
    eff = efficiencies() if eff is None else eff
    _check_memory(deployment, request, eff)
    low, high = 1.0, max(1.0, largest_batch(deployment, request, eff))
    if at_batch(deployment, request, low, eff).interactivity < interactivity:
        best = at_batch(deployment, request, low, eff).interactivity
        msg = (
            f"{interactivity:g} tokens/s for each user asked; {deployment.accelerator.name} gives "
            f"{best:.3g} to a single user of {deployment.model.name} in groups of "
            f"{deployment.group}; ask for less, or use larger groups or a smaller model"
        )
        raise StudyError(Fault("interactivity", msg))
    if at_batch(deployment, request, high, eff).interactivity >= interactivity:
        return at_batch(deployment, request, high, eff)
    while high / low > 1 + 1e-9:
        middle = (low * high) ** 0.5
        if at_batch(deployment, request, middle, eff).interactivity >= interactivity:
            low = middle
        else:
            high = middle
    return at_batch(deployment, request, low, eff)


def best_group(
    deployment: Deployment,
    request: Request,
    interactivity: float = 0.0,
    eff: Efficiencies | None = None,
) -> tuple[Deployment, OperatingPoint]:
    """Return the group inside one scale-up domain with the most output, and its point."""
    sizes = groups_of(deployment.accelerator)
    served = points_of(deployment, sizes, request, interactivity, eff)
    return max(served, key=lambda pair: pair[1].output_rate)


def points_of(
    deployment: Deployment,
    sizes: Sequence[int],
    request: Request,
    interactivity: float = 0.0,
    eff: Efficiencies | None = None,
) -> list[tuple[Deployment, OperatingPoint]]:
    """Return the groups of given sizes that serve what is asked, each with its point.

    Raises
    ------
    StudyError
        When none does: by the one that comes nearest, or the largest where none holds the model.
    """
    eff = efficiencies() if eff is None else eff
    found: list[tuple[Deployment, OperatingPoint]] = []
    nearest_rate, refused = -1.0, StudyError(Fault("group", "no size of group is given"))
    for size in sizes:
        tried = replace(deployment, group=size)
        try:
            rate = at_batch(tried, request, 1.0, eff).interactivity
            found.append((tried, at_interactivity(tried, request, interactivity, eff)))
        except StudyError as error:
            fits = holds(tried, request, eff)
            if not fits and nearest_rate < 0:
                refused = error
            elif fits and rate > nearest_rate:
                nearest_rate, refused = rate, error
    if not found:
        raise refused
    return found


def holds(deployment: Deployment, request: Request, eff: Efficiencies | None = None) -> bool:
    """Return whether a group holds the weights and one context."""
    return largest_batch(deployment, request, efficiencies() if eff is None else eff) >= 1


def groups_of(chip: Accelerator) -> list[int]:
    """Return sizes of groups inside one scale-up domain: powers of two, and the domain itself."""
    domain = chip.scale_up_domain
    sizes = [2**power for power in range(domain.bit_length()) if 2**power <= domain]
    return sorted({*sizes, domain})


def _decode_step(
    deployment: Deployment, request: Request, batch: float, eff: Efficiencies
) -> tuple[float, float, float]:
    """Return arithmetic, memory traffic and the whole of one step of decoding [s]."""
    model, chip, group = deployment.model, deployment.accelerator, deployment.group
    software = chip.software_share
    bandwidth = group * chip.memory_bandwidth * eff.memory_efficiency * software
    arithmetic = _dense_rate(deployment, eff)
    context = request.input_tokens + request.output_tokens / 2
    read_weights = model.touched(batch) * PRECISIONS[deployment.precision] / bandwidth
    read_context = batch * context * deployment.kv_per_token / bandwidth
    dense = 2 * model.active_parameters * batch / arithmetic
    # keys and values are multiplied in 16 bits whatever precision the weights have
    attention_peak = group * chip.peak("bf16") * eff.compute_efficiency * software
    attention = 4 * model.layers * model.attention_width * context * batch / attention_peak
    fabric = _fabric(deployment, batch, eff)
    step = (
        max(read_weights, dense)
        + max(read_context, attention)
        + fabric
        + model.layers * eff.layer_overhead / software
    )
    return dense + attention, read_weights + read_context, step


def _prefill(deployment: Deployment, request: Request, eff: Efficiencies) -> tuple[float, float]:
    """Return arithmetic and the whole of the prefill of one prompt by its group [s]."""
    model, chip, group = deployment.model, deployment.accelerator, deployment.group
    fresh = request.input_tokens * (1 - request.cache_hit)
    if fresh == 0:
        return 0.0, 0.0
    arithmetic = _dense_rate(deployment, eff)
    attention_peak = group * chip.peak("bf16") * eff.compute_efficiency * chip.software_share
    # a fresh token attends to the cached input and to half of the fresh
    seen = request.input_tokens - fresh / 2
    dense = 2 * model.active_parameters * fresh / arithmetic
    attention = 4 * model.layers * model.attention_width_prefill * seen * fresh / attention_peak
    busy = dense + attention
    return busy, busy + _fabric(deployment, fresh, eff, latency=False)


def _dense_rate(deployment: Deployment, eff: Efficiencies) -> float:
    """Return the arithmetic that a group reaches in its dense layers [FLOP s-1]."""
    chip = deployment.accelerator
    rate = deployment.group * chip.peak(deployment.precision) * eff.compute_efficiency
    if deployment.model.experts > 1:
        rate *= eff.mixture_share
    if deployment.precision == "fp4" and "fp4" in chip.peaks:
        rate *= eff.fp4_share
    return rate * chip.software_share


def _fabric(
    deployment: Deployment, tokens: float, eff: Efficiencies, *, latency: bool = True
) -> float:
    """Return the time of exchange between accelerators for `tokens` tokens through all layers [s].

    Dense models sum partial results over the group; mixtures of experts send each token to its
    experts and back.
    """
    model, chip, group = deployment.model, deployment.accelerator, deployment.group
    if group == 1:
        return 0.0
    inside = group <= chip.scale_up_domain
    bandwidth = chip.scale_up_bandwidth * (1.0 if inside else eff.scale_out_share)
    delay = eff.collective_latency if inside else eff.scale_out_latency
    size = tokens * model.hidden_size * _ACTIVATION_BYTES
    away = (group - 1) / group
    if model.experts > 1:
        sent = size / group * min(model.experts_active, group) * away
    else:
        sent = 2 * size * away
    each = sent / bandwidth + (delay if latency else 0.0)
    return model.layers * _COLLECTIVES_PER_LAYER * each


def _check_memory(deployment: Deployment, request: Request, eff: Efficiencies) -> None:
    if deployment.group < 1:
        raise StudyError(Fault("group", f"found {deployment.group}; allowed: 1 or more"))
    for name in ("precision", "kv_precision"):
        if getattr(deployment, name) not in PRECISIONS:
            found, allowed = getattr(deployment, name), list(PRECISIONS)
            msg = f"unknown precision '{found}'{nearest(found, allowed)}"
            raise StudyError(Fault(name, f"{msg} (allowed: {', '.join(allowed)})"))
    if not holds(deployment, request, eff):
        chip = deployment.accelerator
        need = deployment.weights + deployment.kv_per_token * (
            request.input_tokens + request.output_tokens / 2
        )
        groups = need / (chip.memory * eff.memory_share)
        msg = (
            f"{deployment.model.name} at {deployment.precision} and one context need "
            f"{need / 1e9:.4g} GB; {deployment.group} x {chip.name} offer "
            f"{deployment.group * chip.memory * eff.memory_share / 1e9:.4g} GB; use groups of "
            f"{int(groups) + 1} or more, or a narrower precision"
        )
        raise StudyError(Fault("group", msg))
