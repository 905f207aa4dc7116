"""The study language of portfolios: what a site may become, and what a portfolio must bear."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

from dcmodel.base.schema import Megawatt, Quantity
from dcmodel.study.part import StudyPart, refusal

SHARE_TOLERANCE = 1e-6
StagedLimit = dict[Annotated[int, Strict(), Field(ge=2000, le=2100)], Megawatt]


class Placement(StudyPart):
    """What a candidate site of a portfolio may become."""

    archetype: str | None = None
    """Kind of site, a name of ``data/archetypes``; the portfolio's when left out."""
    it_min_mw: Megawatt | None = None
    """Smallest installed IT of the site if it stands; the archetype's when left out. [MW]"""
    it_max_mw: StagedLimit | None = None
    """Largest installed IT by year; left out, the archetype's within what the connection carries in
    the design hour. [MW]"""
    must_stand: bool = False
    """Whether the site is part of every portfolio."""


class Portfolio(StudyPart):
    """How sites are chosen together, in ``mode: portfolio``."""

    archetype: str = "campus"
    """Kind of the sites that do not name their own."""
    survive_site_loss: bool = False
    """Whether interactive work is still served inside its limits with any one site lost."""
    plan_segments: Annotated[int, Strict(), Field(ge=24, le=8760)] = 1095
    """Segments of a year on which sites are chosen and sized. [1]"""
    plan_gap: Annotated[float, Field(gt=0, lt=1), Quantity("1")] = 0.01
    """Certified distance of the plan from the optimum on its segments. [1]"""
    data_gb_per_mwh: Annotated[float, Field(ge=0), Quantity("GB MWh-1")] | None = None
    """Data moved between users and site per MWh of work; the library's when left out. [GB MWh-1]"""
    values: bool = True
    """Whether latency, jurisdiction and deferral of each class are valued by planning again."""


def check_regions(regions: dict[str, float] | None, region: str | None) -> None:
    """Refuse regions that do not sum to one, or that are stated twice."""
    if regions is None:
        return
    if region is not None:
        msg = "found region and regions; give one of them"
        raise refusal(msg)
    total = sum(regions.values())
    if abs(total - 1) > SHARE_TOLERANCE:
        shares = " + ".join(f"{share:g}" for share in regions.values())
        msg = f"regions sum to {total:g} ({shares}); they must sum to 1"
        raise refusal(msg)
