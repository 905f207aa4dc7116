"""Work deferred, dropped and batched, against every schedule there is on small horizons."""

import itertools

import numpy as np
import pytest
from support.cases import make_case, optimum

from dcmodel.components.base import Workload
from dcmodel.optimise.extract import site_dataset
from dcmodel.optimise.verify import work_error
from dcmodel.workload.deferral import backlog_max, served_first_in_first_out

FREE_DELAY = {"shiftable_load": {"parameters": {"delay_cost": 0.0}}}


def units(arrivals):
    """Return the hour of arrival of each unit of work."""
    return [hour for hour, count in enumerate(arrivals) for _ in range(int(count))]


def cheapest(price, arrivals, window, *, capacity, value=None, saving=0.0):
    """Return the least cost over every schedule of whole units [USD].

    Each unit runs in one hour from its arrival to its window, or is dropped at `value`; an hour
    runs at most `capacity` units; a unit that waited takes `saving` less.
    """
    hours = len(price)
    options = []
    for arrived in units(arrivals):
        last = min(arrived + window, hours - 1)
        served = [
            (hour, price[hour] * (1 - saving * (hour > arrived)))
            for hour in range(arrived, last + 1)
        ]
        options.append([*served, *([(None, value)] if value is not None else [])])
    best = np.inf
    for schedule in itertools.product(*options):
        cost = sum(part for _, part in schedule)
        if cost >= best:
            continue
        used = np.zeros(hours)
        for hour, _ in schedule:
            if hour is not None:
                used[hour] += 1
        if (used <= capacity).all():
            best = cost
    return best


def solved(price, arrivals, window, *, capacity, value=None, saving=0.0):
    """Return model and cost of the optimisation of one class."""
    load = np.asarray(arrivals, dtype=float)[None, None]
    work = Workload(
        ("batch",),
        load,
        (float(window),),
        np.stack([backlog_max(load[0], window)]),
        value=() if value is None else (value,),
        batch_saving=np.array([[saving]]),
    )
    kinds = ("shiftable_load",) if value is None else ("shiftable_load", "dropped_work")
    case = make_case(
        price=[price],
        workload=work,
        it_capacity=[float(capacity)],
        kinds=kinds,
        settings=FREE_DELAY,
    )
    m, _, solution = optimum(case)
    return m, solution.objective


@pytest.mark.parametrize(
    ("window", "hours", "arrivals", "capacity"),
    [
        (4, 9, {0: 2, 1: 1, 3: 2}, 2),
        (4, 12, {0: 1, 2: 2, 6: 2}, 1),
        (24, 40, {0: 1, 5: 1, 20: 1}, 1),
        (168, 190, {0: 1, 30: 1}, 1),
    ],
)
def test_deferral_finds_the_best_of_all_schedules(window, hours, arrivals, capacity):
    rng = np.random.default_rng(window + hours)
    price = rng.uniform(10, 100, hours).round(1)
    load = np.zeros(hours)
    for hour, count in arrivals.items():
        load[hour] = count
    m, cost = solved(price, load, window, capacity=max(capacity, load.max()))
    expected = cheapest(price, load, window, capacity=max(capacity, load.max()))
    assert cost == pytest.approx(expected, rel=1e-6)
    served = m.asset["shiftable_load"].served.array[0, 0]
    replay = served_first_in_first_out(load, served, window)
    assert replay.delay_max_h <= window
    assert max(replay.late, replay.unserved, replay.early) < 1e-6


@pytest.mark.parametrize("window", [4, 24])
def test_dropping_at_its_value_finds_the_best_of_all_schedules(window):
    rng = np.random.default_rng(window)
    hours = window + 5
    price = rng.uniform(30, 100, hours).round(1)
    load = np.zeros(hours)
    load[[0, 1, 4]] = 1
    for value in (20.0, float(np.quantile(price, 0.1)), 200.0):
        m, cost = solved(price, load, window, capacity=1, value=value)
        assert cost == pytest.approx(
            cheapest(price, load, window, capacity=1, value=value), rel=1e-6
        )
        # arrivals = served + dropped, and what leaves the queue keeps its deadline
        released = m.asset["shiftable_load"].served.array[0, 0]
        dropped = m.asset["dropped_work"].dropped.array[0, 0]
        assert m.work.array.sum() + dropped.sum() == pytest.approx(load.sum())
        assert (m.work.array >= -1e-7).all()
        replay = served_first_in_first_out(load, released, window)
        assert max(replay.late, replay.unserved, replay.early) < 1e-6


def test_all_is_dropped_below_every_price_and_none_above():
    price, load = np.array([50.0, 40.0, 60.0]), np.array([2.0, 0.0, 1.0])
    for value, kept in ((10.0, 0.0), (1000.0, 3.0)):
        m, _ = solved(price, load, 1, capacity=3, value=value)
        assert m.work.array.sum() == pytest.approx(kept, abs=1e-6)


def test_work_that_states_its_value_is_dropped_where_the_grid_ends():
    """8 MW of work on a connection of 5: 3 are lost, the class of less value first."""
    load = np.array([[[6.0]], [[2.0]]])
    work = Workload(("chat", "search"), load, (0.0, 0.0), np.zeros_like(load), value=(900.0, 300.0))
    case = make_case(
        price=[[50.0]],
        workload=work,
        it_capacity=[8.0],
        grid_available=5.0,
        kinds=("dropped_work",),
    )
    m, _, solution = optimum(case)
    dropped = m.asset["dropped_work"].dropped.array[:, 0, 0]
    dark = m.asset["dropped_work"].dark.array[0] / 8.0 * load[:, 0, 0]
    assert dropped + dark == pytest.approx([1.0, 2.0], abs=1e-6)
    assert solution.objective == pytest.approx(5 * 50 + 900 + 2 * 300)


@pytest.mark.parametrize("window", [4, 24])
@pytest.mark.parametrize("saving", [0.1, 0.3])
def test_larger_batches_for_deferred_work_against_all_schedules(window, saving):
    rng = np.random.default_rng(7 * window)
    hours = window + 4
    price = rng.uniform(40, 60, hours).round(1)
    load = np.zeros(hours)
    load[[0, 2, 3]] = 1
    m, cost = solved(price, load, window, capacity=2, saving=saving)
    assert cost == pytest.approx(cheapest(price, load, window, capacity=2, saving=saving), rel=1e-6)
    batched = m.asset["shiftable_load"].batched.array.sum()
    assert m.work.array.sum() == pytest.approx(load.sum() - saving * batched)


def test_at_one_price_work_waits_for_its_batch_alone():
    """Flat price: an hour of waiting saves a fifth, of all but what arrives in the last hour."""
    price, load = np.full(5, 50.0), np.ones(5)
    _, cost = solved(price, load, 4, capacity=5, saving=0.2)
    assert cost == pytest.approx(50 * (1 + 4 * 0.8))


def test_a_dropped_batch_saves_nothing_twice():
    """Dropping and batching the same work would make negative work."""
    price, load = np.array([100.0, 100.0]), np.array([1.0, 0.0])
    m, cost = solved(price, load, 1, capacity=1, value=1.0, saving=0.5)
    assert cost == pytest.approx(1.0)
    assert (m.work.array >= -1e-7).all()


def test_cost_never_rises_with_the_window_nor_with_the_saving():
    rng = np.random.default_rng(11)
    price, load = rng.uniform(10, 100, 30).round(1), rng.integers(0, 3, 30).astype(float)
    costs = [solved(price, load, window, capacity=4)[1] for window in (1, 2, 4, 8, 16)]
    assert (np.diff(costs) <= 1e-6).all()
    costs = [solved(price, load, 4, capacity=4, saving=part)[1] for part in (0, 0.1, 0.2, 0.4)]
    assert (np.diff(costs) < 0).all()


def test_work_that_arrived_is_served_dropped_or_saved():
    """Two classes, both levers at once: the account of the verified result closes."""
    rng = np.random.default_rng(5)
    hours = 48
    arrivals = rng.uniform(0, 4, (2, 1, hours))
    limit = np.stack([np.zeros((1, hours)), backlog_max(arrivals[1], 6)])
    work = Workload(
        ("chat", "batch"), arrivals, (0.0, 6.0), limit,
        value=(400.0, 60.0), batch_saving=np.array([[0.0], [0.3]]),
    )  # fmt: skip
    case = make_case(
        price=[rng.uniform(10, 120, hours)],
        workload=work,
        it_capacity=[9.0],
        kinds=("shiftable_load", "dropped_work"),
        settings=FREE_DELAY,
        series={"emission_factor": np.full((1, hours), 100.0)},
    )
    m, lp, solution = optimum(case)
    time = np.datetime64("2025-01-01T00", "h") + np.arange(hours)
    result = site_dataset(m, lp, case, solution.x, time)
    assert work_error(result, case) < 1e-6
    lost, saved = result["dropped"].sum(), result["work_saved"].sum()
    assert lost > 0.1
    assert saved == pytest.approx(0.3 * float(result["batched"].sum()))
    assert saved > 0.1
    assert float(result["work_served"].sum() + lost + saved) == pytest.approx(arrivals.sum())
    assert (result["work_served"] >= -1e-7).all()


def test_cost_falls_in_the_flexible_share_and_is_convex():
    """A known property of shifting: each further part that may wait is worth less."""
    rng = np.random.default_rng(2)
    hours = 72
    price, load = rng.uniform(10, 100, hours), rng.uniform(1, 3, (1, hours))
    costs = []
    for share in np.linspace(0, 1, 6):
        arrivals = np.stack([(1 - share) * load, share * load])
        limit = np.stack([np.zeros_like(load), backlog_max(share * load, 12)])
        work = Workload(("bound", "free"), arrivals, (0.0, 12.0), limit)
        case = make_case(
            price=[price],
            workload=work,
            it_capacity=[4.0],
            kinds=("shiftable_load",),
            settings=FREE_DELAY,
        )
        costs.append(optimum(case)[2].objective)
    assert costs[0] == pytest.approx(float(price @ load[0]))
    assert (np.diff(costs) < 0).all()
    assert (np.diff(costs, 2) > -1e-5).all()
