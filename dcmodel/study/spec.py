"""The study language: what a person writes in a study file, as strict pydantic models.

Every part is frozen and refuses unknown keys. Quantities carry their unit in the name. Short forms
(a plain name of a cooling architecture, a list of components, ``weather: typical``) are put into
one normal form here, so that the rest of the package sees a single shape. What needs more than one
key, the library or a file to judge is checked in `dcmodel.study.check`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Strict,
    Tag,
    WrapValidator,
    model_validator,
)

from dcmodel.base.schema import Megawatt, Quantity, Spec
from dcmodel.study.part import YEAR_FIRST, YEAR_LAST, StudyPart, Year, as_tuple, refusal
from dcmodel.study.place import Placement, Portfolio
from dcmodel.study.work import Fleet, Workload

SCHEMA = "dcmodel/study-1"
CalendarYear = Annotated[int, Strict(), Field(ge=1980, le=2100)]
StagedMegawatt = dict[Annotated[int, Strict(), Field(ge=2000, le=2100)], Megawatt]


def _expand_years(value: Any) -> Any:
    """Turn ``{first, last}`` into the list of years and refuse gaps and disorder."""
    if isinstance(value, Mapping):
        unknown = sorted(set(value) - {"first", "last"})
        if unknown or len(value) != 2:
            msg = "give a list of years or {first: 2025, last: 2030}"
            raise refusal(msg)
        first, last = value["first"], value["last"]
        if not all(type(year) is int for year in (first, last)):
            msg = f"first and last must be whole years, found {first!r} and {last!r}"
            raise refusal(msg)
        if last < first:
            msg = f"the end year {last} lies before the start year {first}; exchange them"
            raise refusal(msg)
        if first < YEAR_FIRST or last > YEAR_LAST:
            msg = f"found {first} to {last}; years lie within {YEAR_FIRST} to {YEAR_LAST}"
            raise refusal(msg)
        return tuple(range(first, last + 1))
    return tuple(value) if isinstance(value, list) else value


def _refuse_gaps(years: tuple[int, ...]) -> tuple[int, ...]:
    if not years:
        msg = "no year is given; at least one is needed"
        raise refusal(msg)
    if list(years) != sorted(set(years)):
        msg = f"years must rise without repetition, found {list(years)}"
        if len(years) > 1 and years[-1] < years[0]:
            msg = f"the end year {years[-1]} lies before the start year {years[0]}; sort them"
        raise refusal(msg)
    if years[-1] - years[0] + 1 != len(years):
        missing = sorted(set(range(years[0], years[-1])) - set(years))
        msg = f"years must follow one another; add {', '.join(map(str, missing))}"
        raise refusal(msg)
    return years


def _wrapped_years(value: Any, handler: Any) -> tuple[int, ...]:
    return _refuse_gaps(handler(_expand_years(value)))


class Segments(StudyPart):
    """Chronological segments of adjacent hours instead of single hours."""

    segments: int = Field(ge=24, le=8760)
    """Number of segments of a year. [1]"""


class WeatherFile(StudyPart):
    """Weather of one year from a file of the user; ``{epw: path}`` is short for format ``epw``."""

    file: str
    """Path of the file, relative to the study file."""
    format: str | None = None
    """Format of the file; found from its name and content when left out."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "epw" in value and "file" not in value:
            rest = {key: item for key, item in value.items() if key != "epw"}
            return {"file": value["epw"], "format": "epw", **rest}
        return value


class SeriesFile(StudyPart):
    """Hourly series described by a YAML descriptor beside the user's file."""

    series: str
    """Path of the descriptor (columns, unit, time zone, hour convention), relative to the study."""
    calendar_year: CalendarYear | None = None
    """Year of the series that serves all model years; its only year when left out."""


def _word_or_mapping(value: Any) -> str:
    return "<mapping>" if isinstance(value, Mapping | Spec) else "<word>"


Resolution = Annotated[
    Annotated[Literal["hourly"], Tag("<word>")] | Annotated[Segments, Tag("<mapping>")],
    Discriminator(_word_or_mapping),
]
Weather = Annotated[
    Annotated[Literal["typical"], Tag("<word>")] | Annotated[WeatherFile, Tag("<mapping>")],
    Discriminator(_word_or_mapping),
]
Series = Annotated[
    Annotated[Literal["typical"], Tag("<word>")] | Annotated[SeriesFile, Tag("<mapping>")],
    Discriminator(_word_or_mapping),
]


class Cooling(StudyPart):
    """Cooling architecture; a plain name means its generic variant."""

    architecture: str | None = None
    """Name of a preset in ``data/cooling``."""
    variant: Literal["best", "generic", "legacy"] = "generic"
    """Column of the preset's table."""
    overrides: dict[str, float | str] = {}
    """Parameters of the preset to replace, in the preset's units."""
    file: str | None = None
    """Preset file in place of architecture, variant and overrides, relative to the study file."""
    rack_kw: Annotated[float, Field(gt=0), Quantity("kW")] | None = None
    """Power of a rack at full load: sets the share of heat that liquid takes. [kW]"""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"architecture": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.architecture is None) == (self.file is None):
            msg = "give either 'architecture', a name of the library, or 'file', a preset file"
            raise refusal(msg)
        if self.file is not None and self.overrides:
            msg = "write the overrides into the preset file, each with its source"
            raise refusal(msg)
        return self

    @property
    def title(self) -> str:
        """What tables call it."""
        return self.file or f"{self.architecture}, {self.variant}"


class Markets(StudyPart):
    """Factors on what the markets of all sites offer; made for scenarios."""

    price_scale: Annotated[float, Field(ge=0), Quantity("1")] = 1.0
    """Factor on the price of energy. [1]"""
    carbon_scale: Annotated[float, Field(ge=0), Quantity("1")] = 1.0
    """Factor on the emission factor of the grid. [1]"""
    contract_price_scale: Annotated[float, Field(ge=0), Quantity("1")] = 1.0
    """Factor on the prices of supply contracts. [1]"""


class Outputs(StudyPart):
    """What is written besides the results themselves."""

    figures: bool = True
    """Figures as files."""
    tables: bool = True
    """Tables as CSV."""


class SiteEntry(StudyPart):
    """A candidate site: a site of the library, changed where stated, or one defined in full.

    Keys that are not listed here belong to the site's own definition and replace what the library
    says; with ``site`` left out they must define the site completely.
    """

    site: str | None = None
    """Name of a site of the library."""
    label: str
    """Name of the entry in results; the site's name when left out."""
    weather: Weather | None = None
    """Weather of this site; the study's when left out."""
    prices: Series | None = None
    """Price of energy at this site; the study's when left out."""
    carbon: Series | None = None
    """Emission factor at this site; the study's when left out."""
    cooling: Cooling | None = None
    """Cooling of this site; the study's when left out."""
    it_capacity_mw: StagedMegawatt | None = None
    """Installed IT capacity by year at this site; the study's when left out. [MW]"""
    placement: Placement = Placement()
    """What the site may become in a portfolio."""
    overrides: dict[str, Any] = {}
    """Keys of the site's definition."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"site": value, "label": value}
        if not isinstance(value, Mapping):
            return value
        own = {key: item for key, item in value.items() if key in cls.model_fields}
        definition = {key: item for key, item in value.items() if key not in cls.model_fields}
        if definition:
            own["overrides"] = {**own.get("overrides", {}), **definition}
        name = own.get("site") or own.get("overrides", {}).get("name")
        if "label" not in own:
            if name is None:
                msg = "give 'site' (a name of the library) or a full definition with 'name'"
                raise refusal(msg)
            own["label"] = name
        return own


def _named_components(value: Any) -> Any:
    """Turn a list of names, or of one-key mappings, into a mapping of name to fields."""
    if isinstance(value, Mapping):
        return {name: {} if fields is None else fields for name, fields in value.items()}
    if not isinstance(value, list):
        return value
    named: dict[str, Any] = {}
    for item in value:
        pair = {item: {}} if isinstance(item, str) else item
        if not isinstance(pair, Mapping) or len(pair) != 1:
            msg = f"found {item!r}; give a name, or 'name: {{field: value}}'"
            raise refusal(msg)
        [(name, fields)] = pair.items()
        if name in named:
            msg = f"'{name}' is listed twice; keep one"
            raise refusal(msg)
        named[name] = {} if fields is None else fields
    return named


def _named_scenarios(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: {} if changes is None else changes for name, changes in value.items()}
    return value


class StudySpec(StudyPart):
    """A study: candidate sites x scenarios over some years, and what may be built and bought.

    `dcmodel.study.load.load_study` reads it from a file and checks its meaning too.
    """

    schema_: Literal["dcmodel/study-1"] = Field(alias="schema")
    """Version of the study language."""
    name: Annotated[str, Strict(), Field(min_length=1, max_length=80)]
    """Name of the study."""
    description: Annotated[str, Strict()] = ""
    """What the study asks, in a sentence or two."""
    mode: Literal["compare", "portfolio"] = "compare"
    """``compare`` takes every site alone; ``portfolio`` chooses sites together and routes work."""
    portfolio: Portfolio = Portfolio()
    """How sites are chosen together."""
    currency_year: Annotated[int, Strict(), Field(ge=2000, le=2050)] = 2025
    """Money is in real USD of this year."""
    years: Annotated[tuple[Year, ...], WrapValidator(_wrapped_years)]
    """Model years, a list or ``{first, last}``; they follow one another."""
    discount_rate: Annotated[float, Strict(), Field(ge=0, le=1), Quantity("1")]
    """Real rate at which costs of later years are discounted. [1]"""
    resolution: Resolution = "hourly"
    """``hourly``, or ``{segments: N}`` of adjacent hours for quick looks."""
    gap: Annotated[float, Strict(), Field(gt=0, lt=1), Quantity("1")] = 0.005
    """Certified distance from the optimum at which a case is done, over its cost. [1]"""
    solver: Literal["auto", "piqp", "clarabel", "highs", "highs_ipm"] = "auto"
    """Solver of the hourly years; ``auto`` chooses by size and tries the next where one fails."""
    calendar_year: CalendarYear | None = None
    """Calendar that serves all model years; 2025, or the year of real data, when left out."""
    weather: Weather = "typical"
    """``typical`` year of the site's climate, or ``{epw: path}``, ``{file: path, format}``."""
    prices: Series = "typical"
    """``typical`` year of the site's market, or ``{series: descriptor, calendar_year}``."""
    carbon: Series = "typical"
    """Emission factor of the grid: ``typical``, or ``{series: descriptor, calendar_year}``."""
    it_capacity_mw: StagedMegawatt
    """Installed IT capacity by year; a stage holds until the next. In a portfolio, the capacity
    whose mean use is the work of all sites together. [MW]"""
    fleet: Fleet = Fleet()
    """Use of the installed IT capacity."""
    cooling: Cooling
    """Cooling architecture of all sites that do not name their own."""
    workloads: Annotated[dict[str, Workload], Field(min_length=1)]
    """Classes of inference work by name."""
    sites: Annotated[tuple[SiteEntry, ...], BeforeValidator(as_tuple), Field(min_length=1)]
    """Candidate sites."""
    components: Annotated[
        dict[str, dict[str, Any]], BeforeValidator(_named_components), Field(min_length=1)
    ]
    """What may be built, bought or dispatched: names, or name and fields."""
    requirements: Annotated[dict[str, Any], BeforeValidator(_named_components)] = {}
    """Limits that the finished site must hold: name and fields, or name and a plain number."""
    markets: Markets = Markets()
    """Factors on prices, emission factors and contract offers."""
    scenarios: Annotated[
        dict[str, dict[str, Any]], BeforeValidator(_named_scenarios), Field(min_length=1)
    ] = {"base": {}}
    """Changes to the study by scenario name: dotted keys or nested mappings."""
    seed: Annotated[int, Strict(), Field(ge=0)] = 0
    """Seed of everything drawn at random."""
    outputs: Outputs = Outputs()
    """What is written besides the results."""

    def it_capacity(self) -> dict[int, float]:
        """Return the installed IT capacity of each model year [MW]: 0 before the first stage."""
        return {
            year: next(
                (self.it_capacity_mw[s] for s in sorted(self.it_capacity_mw)[::-1] if s <= year),
                0.0,
            )
            for year in self.years
        }
