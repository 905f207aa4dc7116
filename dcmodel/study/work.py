"""The study language of work: classes, their requests and tasks, and the fleet that serves them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from dcmodel.base.registry import nearest
from dcmodel.base.schema import Fraction, Hours, Megawatt, Quantity
from dcmodel.base.timeindex import parse_zone
from dcmodel.base.units import HOURS_PER_YEAR
from dcmodel.study.part import StudyPart, Year, as_tuple, refusal
from dcmodel.study.place import check_regions
from dcmodel.workload.classes import class_names, filled, settings

NonNegative = Annotated[float, Field(ge=0), Quantity("1")]
Positive = Annotated[float, Field(gt=0), Quantity("1")]


class RequestSize(StudyPart):
    """Tokens of a mean request; of an agent, those of one step."""

    input_tokens: NonNegative
    """Tokens of the prompt. [1]"""
    output_tokens: Positive
    """Tokens generated. [1]"""
    cache_hit: Fraction = 0.0
    """Share of the prompt found in a cache. [1]"""


class TaskChain(StudyPart):
    """An agent's task: a chain of requests that ends in an outcome, useful or not."""

    steps: Annotated[float, Field(ge=1), Quantity("1")] = 1.0
    """Requests of one attempt. [1]"""
    success: Annotated[float, Field(gt=0, le=1), Quantity("1")] = 1.0
    """Probability that an attempt is useful. [1]"""
    retries: Annotated[int, Field(ge=0)] = 0
    """How often a failed attempt is tried again. [1]"""
    rework_usd: Annotated[float, Field(ge=0), Quantity("USD")] | None = None
    """Cost of a person doing what failed in the end; left out, the outcome is lost. [USD]"""


class TraceFile(StudyPart):
    """Requests with time and tokens as CSV; a plain path is short for it."""

    file: str
    """Path of the file, relative to the study file."""
    time_zone: str = "UTC"
    """IANA zone of times without offset, and of the users measured."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"file": value} if isinstance(value, str) else value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        parse_zone(value)
        return value


def _word_or_list(value: Any) -> str:
    return "<list>" if isinstance(value, list | tuple) else "<word>"


Shape = Annotated[
    Annotated[str, Tag("<word>")]
    | Annotated[tuple[float, ...], BeforeValidator(as_tuple), Tag("<list>")],
    Discriminator(_word_or_list),
]


def _word_or_number(value: Any) -> str:
    return "<word>" if isinstance(value, str) else "<number>"


BatchSaving = Annotated[
    Annotated[Literal["roofline"], Tag("<word>")]
    | Annotated[float, Field(ge=0, lt=1), Quantity("1"), Tag("<number>")],
    Discriminator(_word_or_number),
]


class Workload(StudyPart):
    """One class of inference work: how much, when, for whom, how late, and at what value."""

    like: str | None = None
    """Class of the library whose settings hold where this one has none of its own."""
    share: Fraction | None = None
    """Share of the yearly work; the shares of all classes sum to one. [1]"""
    it_mw: dict[Year, Megawatt] | None = None
    """Mean dynamic IT power asked for by year, linear between years, in place of a share. [MW]"""
    requests_per_s: dict[Year, NonNegative] | None = None
    """Mean requests a second by year, linear between years, in place of a share. [s-1]"""
    growth: str | None = None
    """Scenario of demand that the years after the one stated follow: power as its energy, requests
    as its tokens."""
    shape: Shape | None = None
    """Weekly shape of arrivals: a name of the library (``flat`` is constant), or 24 or 168 numbers
    by local hour; the trace's own when left out."""
    trace: TraceFile | None = None
    """Requests that give the class its mean request and, from a day or more, its shape."""
    region: str | None = None
    """Where the users are: sets the local time of arrivals; the site's own when left out."""
    regions: dict[str, Fraction] | None = None
    """Shares of the users by region, in place of one region; they sum to one. [1]"""
    deferral_h: Annotated[Hours, Field(le=HOURS_PER_YEAR)] = 0.0
    """Work may wait this long after its arrival; 0 is interactive. [h]"""
    latency_ms: Annotated[float, Field(gt=0), Quantity("ms")] | None = None
    """Longest round trip between users and site; left out, any site will do. [ms]"""
    jurisdictions: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = ()
    """Legal areas that may hold the work; empty is any."""
    value_usd_per_mwh: Annotated[float, Field(ge=0), Quantity("USD MWh-1")] | None = None
    """Value of the work, lost when it is dropped; the library's when left out. [USD MWh-1]"""
    priority: Annotated[int, Field(ge=1)] = 1
    """Rank among classes without a value of their own: 1 is dropped last. [1]"""
    request: RequestSize | None = None
    """Mean request; the trace's own when left out."""
    task: TaskChain | None = None
    """Chain of requests that ends in an outcome."""
    interactivity: NonNegative | None = None
    """Output tokens a second for each user; the fleet's when left out. [s-1]"""
    batch_saving: BatchSaving = 0.0
    """Energy saved by work that waited an hour or more and runs in larger batches; ``roofline``
    takes it from the fleet, between its interactive and its batch operating point. [1]"""

    @model_validator(mode="before")
    @classmethod
    def _like(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or not isinstance(value.get("like"), str):
            return value
        name, known = value["like"], class_names()
        if name not in known:
            msg = f"unknown class '{name}'{nearest(name, known)} (known: {', '.join(known)})"
            raise refusal(msg)
        return filled(value, settings(name))

    @model_validator(mode="after")
    def _complete(self) -> Workload:
        stated = [
            name for name in ("share", "it_mw", "requests_per_s") if getattr(self, name) is not None
        ]
        if len(stated) != 1:
            found = " and ".join(stated) or "none"
            msg = f"found {found}; give one of share, it_mw, requests_per_s"
            raise refusal(msg)
        if self.growth is not None and len(self.it_mw or self.requests_per_s or {}) != 1:
            msg = "growth goes on from one stated year of it_mw or requests_per_s; give just one"
            raise refusal(msg)
        if self.shape is None and self.trace is None:
            msg = "give 'shape' (a name, or 24 or 168 numbers), or 'trace' (a CSV of requests)"
            raise refusal(msg)
        if self.batch_saving and self.deferral_h == 0:
            msg = "batch_saving is of work that waits; give a deferral_h above 0, or leave it out"
            raise refusal(msg)
        check_regions(self.regions, self.region)
        return self


class Serving(StudyPart):
    """What the fleet serves, at which operating point, and how its tokens are counted."""

    model: str
    """Language model, a name of ``data/language_models.csv``."""
    tokens: Literal["output", "input_and_output"]
    """Which tokens every figure of the study counts."""
    small_model: str | None = None
    """Model that answers the simpler requests."""
    small_share: Fraction = 0.0
    """Share of requests that the small model answers. [1]"""
    precision: Literal["bf16", "fp8", "fp4"] = "fp8"
    """Precision of weights and arithmetic."""
    kv_precision: Literal["bf16", "fp8", "fp4"] = "fp8"
    """Precision of keys and values."""
    interactivity: NonNegative | None = None
    """Output tokens a second for each user of interactive classes; the library's when left out.
    [s-1]"""
    batch_interactivity: NonNegative = 0.0
    """The same of classes that may wait; 0 is the most throughput. [s-1]"""

    @model_validator(mode="after")
    def _routing(self) -> Serving:
        if (self.small_model is None) != (self.small_share == 0):
            msg = "give small_model and a small_share above 0 together, or neither"
            raise refusal(msg)
        return self


def _mixes(value: Any) -> Any:
    """Turn ``{2025: name}`` into ``{2025: {name: 1}}``."""
    if not isinstance(value, Mapping):
        return value
    return {year: {mix: 1.0} if isinstance(mix, str) else mix for year, mix in value.items()}


class Fleet(StudyPart):
    """How the installed IT capacity is used; what is left out comes from ``data/fleet.csv``."""

    idle_fraction: Fraction | None = None
    """Power of an idle server over its power at full load. [1]"""
    utilisation_max: Fraction | None = None
    """Highest share of the installed capacity that may serve work in any hour. [1]"""
    mean_utilisation: Fraction | None = None
    """Mean share of the installed capacity that is asked for over the year. [1]"""
    generations: Annotated[dict[Year, dict[str, Fraction]], BeforeValidator(_mixes)] | None = None
    """Generation bought from a year on, or shares of several by power: ``{2025: gb200_nvl72}``."""
    serving: Serving | None = None
    """What is served, so that work is counted in tokens too."""

    def use(self) -> dict[str, float | None]:
        """Return what the study says of the use of the fleet; None where the library holds."""
        return {
            "idle_fraction": self.idle_fraction,
            "utilisation_max": self.utilisation_max,
            "mean_utilisation": self.mean_utilisation,
        }

    @model_validator(mode="after")
    def _complete(self) -> Fleet:
        if (self.generations is None) != (self.serving is None):
            msg = "give 'generations' and 'serving' together: tokens need both"
            raise refusal(msg)
        return self
