"""Which start hours of outages go into a model, and whether a solution survives from all others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dcmodel.components.outages import FloatArray, Indices, Means

SHORT = 1e-6
"""Shortage that counts as none, over the largest load [1]."""
LEVELS = (0.95, 0.85, 0.7, 0.5)
"""Generators beside which a store is imagined, over the highest load [1]."""
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


def screened_starts(need: FloatArray, sun: FloatArray | None, length: int, count: int) -> list[int]:
    """Return the start hours most likely to set the sizes.

    Parameters
    ----------
    need : array of shape (years, hours)
        Critical load [MW].
    sun : array of shape (years, hours), optional
        Output of the sun over its capacity [1].
    length : int
        Hours of the outage.
    count : int
        Start hours wanted.

    Returns
    -------
    list of int
        Hours from which most energy is asked of a store beside generators of several sizes, with
        and without sun, and from which most energy is asked at all; taken in turn, half an outage
        apart.
    """
    load = need.max(axis=0)
    nets = [load]
    if sun is not None and sun.any():
        nets.append(load * (1.0 - sun.min(axis=0)))
    scores = [_windows(load, length).mean(axis=1)]
    for net in nets:
        scores += [_asked_of_store(net - level * load.max(), length) for level in LEVELS]
    ranked = [np.argsort(-score, kind="stable") for score in scores]
    chosen: list[int] = []
    position = [0] * len(ranked)
    while len(chosen) < min(count, len(load)):
        before = len(chosen)
        for k, order in enumerate(ranked):
            position[k] = _next(order, position[k], chosen, length, len(load))
            if position[k] < len(order) and len(chosen) < count:
                chosen.append(int(order[position[k]]))
        if len(chosen) == before:
            break
    return chosen


def _next(order: Indices, at: int, chosen: list[int], length: int, hours: int) -> int:
    """Return the next place in a ranking that lies apart from the starts chosen."""
    apart = max(length // 2, 1)
    while at < len(order):
        distance = [abs(int(order[at]) - other) for other in chosen]
        if all(min(d, hours - d) >= apart for d in distance):
            return at
        at += 1
    return at


def _asked_of_store(excess: FloatArray, length: int) -> FloatArray:
    """Return the energy that a store must hold as an outage begins, from each hour [MWh].

    It is largest where the worst run of excess begins with the outage: no earlier start asks for
    more, for what is spare before the run refills the store.
    """
    run, worst = np.zeros(len(excess)), np.zeros(len(excess))
    for h in range(length):
        run += np.roll(excess, -h)
        worst = np.maximum(worst, run)
    return worst


def _windows(values: FloatArray, length: int) -> FloatArray:
    """Return the hours of an outage from every start, shape (hours, length)."""
    around = np.concatenate([values, np.resize(values, length - 1)])
    return np.lib.stride_tricks.sliding_window_view(around, length)


def spread_starts(count: int, hours: int) -> list[int]:
    """Return start hours spread evenly over the year and over the hours of the day."""
    fraction = (0.5 + np.arange(count) * GOLDEN) % 1.0
    day = np.arange(count) * hours // count
    return sorted({int(d + 24 * f) % hours for d, f in zip(day, fraction, strict=True)})


def failing_starts(need: FloatArray, means: Sequence[Means], length: int) -> list[int]:
    """Return the start hours from which load is lost, the largest shortage first.

    Parameters
    ----------
    need : array of shape (years, hours)
        Critical load [MW].
    means : sequence of Means
        What the solved components give.
    length : int
        Hours of the outage.
    """
    short = sum(
        (shortage(need, means, length, year) for year in range(need.shape[0])),
        start=np.zeros(need.shape[1]),
    )
    found = np.flatnonzero(short > SHORT * max(float(need.max()), 1.0))
    return [int(hour) for hour in found[np.argsort(-short[found], kind="stable")]]


def shortage(need: FloatArray, means: Sequence[Means], length: int, year: int) -> FloatArray:
    """Return the energy not served in an outage from each hour of a year [MWh], shape (hours,).

    Sources give first, those without a fuel stock before the others; stores give what is missing,
    and whatever sources could give beyond the load charges them at once.
    """
    sources = sorted((m for m in means if m.energy is None), key=lambda m: m.fuel is not None)
    stores = [m for m in means if m.energy is not None]
    start = np.arange(need.shape[1])
    burnt = [np.zeros(len(start)) for _ in sources]
    content = [
        np.minimum(one.stored[year], one.energy[year])
        for one in stores
        if one.stored is not None and one.energy is not None
    ]
    missing = np.zeros(len(start))
    for h in range(length):
        hour = (start + h) % len(start)
        left = need[year][hour].copy()
        spare = []
        for k, source in enumerate(sources):
            power = _power(source, year, hour, h, burnt[k])
            given = np.minimum(power, left)
            burnt[k] += given * _per_mwh(source, year, hour)
            left -= given
            spare.append(power - given)
        offered = sum(spare, start=np.zeros(len(start)))
        taken = -offered
        for k, store in enumerate(stores):
            content[k], left, offered = _store(store, year, hour, content[k], left, offered)
        taken += offered
        for k, source in enumerate(sources):
            charged = np.minimum(spare[k], -taken)
            burnt[k] += charged * _per_mwh(source, year, hour)
            taken += charged
        missing += left
    return missing


def _per_mwh(source: Means, year: int, hour: Indices) -> FloatArray | float:
    return 0.0 if source.fuel_per_mwh is None else source.fuel_per_mwh[year][hour]


def _power(source: Means, year: int, hour: Indices, h: int, burnt: FloatArray) -> FloatArray:
    """Return the power of a source in an hour of the outages from each start [MW]."""
    power = source.power[year][hour]
    if source.started is not None:
        cold = source.started[h]
        hot = 0.0 if source.running is None else source.running[year]
        power = power * (cold + (1.0 - cold) * hot)
    if source.fuel is None or source.resupply is None:
        return np.asarray(power)
    left = np.maximum(source.fuel[year] + source.resupply[year][h] - burnt, 0.0)
    return np.asarray(np.minimum(power, left / _per_mwh(source, year, hour)))


def _store(
    store: Means, year: int, hour: Indices, content: FloatArray, left: FloatArray, spare: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return content, load left and power to spare after a store has given or taken."""
    assert store.energy is not None
    worth = 1.0 if store.worth is None else store.worth[year][hour]
    flow = store.power[year][hour]
    most = flow if store.useful is None else np.minimum(flow, store.useful[year][hour])
    content = store.keep * content
    given = np.minimum(
        np.minimum(most, content * store.efficiency), left / np.maximum(worth, 1e-12)
    )
    room = (store.energy[year] - content + given / store.efficiency) / store.efficiency
    taken = np.minimum(np.minimum(flow - given, room), spare / np.maximum(worth, 1e-12))
    taken = np.where(given > 0, 0.0, np.maximum(taken, 0.0))
    content = content - given / store.efficiency + store.efficiency * taken
    return content, left - given * worth, spare - taken * worth
