"""What latency, jurisdiction and an hour of deferral are worth, class by class.

Each value is a difference of two plans without whole numbers on the same few segments: one with the
class as it is, one with a single limit of the class moved. So it says what moving the limit would
save when every size may follow, which a multiplier of one optimum cannot: a latency limit acts in
steps, at the round trips of the sites.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from dcmodel.optimise.placement import TOLERANCE, Plan, shared_segments
from dcmodel.optimise.portfolio import compile_portfolio
from dcmodel.optimise.portfolio_case import PortfolioCase
from dcmodel.optimise.solve import solve
from dcmodel.workload.routing import Place, Stream, admissible, groups_of

SEGMENTS = 73
"""Segments of a year on which limits are moved."""
MORE_HOURS = 1.0
"""By how much a deferral window is moved [h]."""


@dataclass(frozen=True)
class Move:
    """One limit of one class, moved."""

    work: str
    limit: str
    change: str
    """What was changed, in words."""
    amount: float
    """How much more of the limit, in its unit; NaN where it is lifted."""
    unit: str
    streams: Callable[[Stream], Stream]


def class_values(case: PortfolioCase, plan: Plan) -> xr.Dataset:
    """Return what moving the limits of each class would save.

    Parameters
    ----------
    case : PortfolioCase
        On hours.
    plan : Plan

    Returns
    -------
    xarray.Dataset
        Over ``moved_limit``: ``class_value`` [USD, present value over the horizon] and
        ``class_value_per_unit`` [USD per unit of the limit, NaN where it is lifted altogether].
    """
    cut = shared_segments(case, min(SEGMENTS, len(plan.segments)))
    streams = [stream for group in case.groups for stream in group.streams]
    base_program = compile_portfolio(case.segmented(cut), plan.program)

    def least(some: list[Stream]) -> float:
        changed = replace(case, groups=groups_of(some, case.places), cuts=None)
        program = compile_portfolio(changed.segmented(cut), base_program, same_steps=True)
        relaxed = program.lp.replace(integer=np.zeros(program.lp.n_columns, dtype=bool))
        return solve(relaxed, tolerance=TOLERANCE).objective

    before = least(streams)
    rows = []
    for move in moves(streams, case.places):
        after = least([move.streams(s) if s.work == move.work else s for s in streams])
        rows.append((move, max(before - after, 0.0)))
    return _dataset(rows)


def moves(streams: list[Stream], places: tuple[Place, ...]) -> Iterator[Move]:
    """Yield every limit of every class that may be moved."""
    for work in dict.fromkeys(stream.work for stream in streams):
        own = [stream for stream in streams if stream.work == work]
        yield from _latency(work, own, places)
        if own[0].jurisdictions:
            yield Move(
                work,
                "jurisdictions",
                f"any jurisdiction, not {', '.join(own[0].jurisdictions)} alone",
                np.nan,
                "1",
                lambda stream: replace(stream, jurisdictions=()),
            )
        window = own[0].window_h
        yield Move(
            work,
            "deferral_h",
            f"{window + MORE_HOURS:g} h of deferral, not {window:g}",
            MORE_HOURS,
            "h",
            _longer,
        )


def _longer(stream: Stream) -> Stream:
    """Return a stream that may wait longer; what must survive a loss goes on to."""
    return replace(stream, window_h=stream.window_h + MORE_HOURS, survives=stream.must_survive)


def _latency(work: str, own: list[Stream], places: tuple[Place, ...]) -> Iterator[Move]:
    """Yield the step of a latency limit that lets the next site in."""
    limit = own[0].latency_ms
    if limit is None:
        return
    beyond = [
        (place.round_trip_ms[stream.region], place.name, stream.region)
        for stream in own
        for place in places
        if stream.allows(place) and place.name not in admissible(stream, places)
    ]
    if not beyond:
        return
    time, site, region = min(beyond)
    yield Move(
        work,
        "latency_ms",
        f"{time:.1f} ms, not {limit:g}: {site} for users in {region}",
        time - limit,
        "ms",
        lambda stream: replace(stream, latency_ms=time),
    )


def _dataset(rows: list[tuple[Move, float]]) -> xr.Dataset:
    saved = np.array([value for _, value in rows])
    amount = np.array([move.amount for move, _ in rows])
    dim = "moved_limit"
    return xr.Dataset(
        {
            "class_value": (
                dim,
                saved,
                {"units": "USD", "long_name": "Present value saved by moving the limit"},
            ),
            "class_value_per_unit": (
                dim,
                saved / amount,
                {"units": "USD", "long_name": "Present value saved per unit of the limit"},
            ),
        },
        coords={
            "moved_class": (dim, [move.work for move, _ in rows]),
            "moved_key": (dim, [move.limit for move, _ in rows]),
            "moved_by": (dim, amount),
            "moved_units": (dim, [move.unit for move, _ in rows]),
            "moved_words": (dim, [move.change for move, _ in rows]),
        },
    )
