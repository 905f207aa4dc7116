"""What a reader of a sound study must know: no faults, but limits of what its result will say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dcmodel.base.units import HOURS_PER_YEAR
from dcmodel.optimise.proof import NOT_CERTIFIED
from dcmodel.study import library
from dcmodel.study.spec import Segments, StudySpec

if TYPE_CHECKING:
    import pandas as pd


def resolution_words(spec: StudySpec) -> str:
    """Return the resolution of a study in words, and what is not proven on it."""
    if not isinstance(spec.resolution, Segments):
        return "hourly"
    return f"{spec.resolution.segments} segments a year, {NOT_CERTIFIED}"


def notes(spec: StudySpec) -> Iterator[str]:
    """Yield what must be known of a study before its result is believed."""
    if not isinstance(spec.resolution, Segments):
        return
    count = spec.resolution.segments
    yield (
        f"resolution: {count} segments a year; costs on segments are {NOT_CERTIFIED}, take "
        "'resolution: hourly' for figures to be shown"
    )
    waits = {name: work.deferral_h for name, work in spec.workloads.items() if work.deferral_h}
    known = library.component_classes()
    if not waits or not any(known[kind].moves_work for kind in spec.components if kind in known):
        return
    name = min(waits, key=lambda key: waits[key])
    yield from _too_long(count, name, float(waits[name]))


def notes_of_cases(summary: pd.DataFrame) -> list[str]:
    """Return what results say of themselves, each with the name of its case.

    Parameters
    ----------
    summary : pandas.DataFrame
        What `dcmodel.study.summary.summarise` returns.
    """
    if "notes" not in summary.columns:
        return []
    told = summary["notes"].items()
    return [f"{name}: {one}" for name, text in told for one in str(text).split("; also ") if one]


def _too_long(count: int, name: str, wait: float) -> Iterator[str]:
    """Say where segments are longer than the work waits that is to be moved between them."""
    from dcmodel.profiles.segment import enough_segments

    enough = enough_segments(wait)
    if count < enough:
        yield (
            f"resolution: segments of {HOURS_PER_YEAR / count:.3g} h in the mean, some of them "
            f"longer than the {wait:g} h that '{name}' may wait, so that work is moved by less or "
            f"more than it may be; take {enough} segments or more, or 'resolution: hourly'"
        )
