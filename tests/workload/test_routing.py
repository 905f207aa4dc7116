"""Which work may go where, and whose work was served where."""

import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.workload.deferral import served_first_in_first_out
from dcmodel.workload.routing import Place, Stream, admissible, groups_of, served_for

PLACES = (
    Place("dallas", "US", {"us_east": 29.0, "europe": 110.0}),
    Place("ashburn", "US", {"us_east": 6.0, "europe": 83.0}),
    Place("frankfurt", "EU", {"us_east": 99.0, "europe": 8.0}),
)
FLAT = np.ones((1, 4))


@pytest.mark.parametrize(
    ("latency", "law", "expected"),
    [
        (None, (), ("dallas", "ashburn", "frankfurt")),
        (29.0, (), ("dallas", "ashburn")),
        (28.9, (), ("ashburn",)),
        (None, ("EU",), ("frankfurt",)),
        (99.0, ("EU", "US"), ("dallas", "ashburn", "frankfurt")),
    ],
)
def test_sites_lie_inside_the_latency_and_the_jurisdictions(latency, law, expected):
    stream = Stream("chat", "us_east", FLAT, latency_ms=latency, jurisdictions=law)
    assert admissible(stream, PLACES) == expected


def test_a_class_without_a_site_is_refused_with_the_nearest_latency():
    streams = [
        Stream("chat", "us_east", FLAT, latency_ms=5.0),
        Stream("health", "europe", FLAT, latency_ms=7.5, jurisdictions=("EU",)),
        Stream("state", "europe", FLAT, jurisdictions=("UK",)),
    ]
    with pytest.raises(StudyError) as caught:
        groups_of(streams, PLACES)
    text = str(caught.value)
    assert len(caught.value.faults) == 3
    assert "workloads.chat  users in us_east" in text
    assert "nearest is ashburn at 6.0 ms. Allow 6 ms" in text
    assert "of the jurisdictions EU answers within latency_ms 7.5; the nearest is frankfurt" in text
    assert "no site lies in UK (sites are in EU, US)" in text


def test_streams_alike_are_one_group():
    streams = [
        Stream("chat", "us_east", FLAT, latency_ms=30.0),
        Stream("coding", "us_east", 2 * FLAT, latency_ms=50.0),
        Stream("batch", "us_east", FLAT, latency_ms=50.0, window_h=2),
        Stream("index", "us_east", FLAT, latency_ms=50.0, window_h=2),
        Stream("empty", "us_east", 0 * FLAT),
    ]
    chat, batch = groups_of(streams, PLACES)
    assert [stream.name for stream in chat.streams] == ["chat@us_east", "coding@us_east"]
    assert chat.arrivals == pytest.approx(3 * FLAT)
    assert batch.window_h == 2
    # 1 + 1 MW: two hours of arrivals may wait, one at the first hour, none at the end
    assert batch.backlog_max == pytest.approx(np.array([[2.0, 4.0, 4.0, 0.0]]))


def test_different_prices_of_moving_data_keep_streams_apart():
    streams = [
        Stream("a", "us_east", FLAT, transfer_cost={"dallas": 1.0}),
        Stream("b", "us_east", FLAT, transfer_cost={"dallas": 2.0}),
    ]
    assert len(groups_of(streams, PLACES)) == 2


def test_work_is_attributed_first_in_first_out():
    # a brings 4 in hour 0, b brings 2 in hour 1; 1, 3 and 2 are served
    arrivals = np.array([[4.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    served = np.array([[1.0, 0.0, 1.0], [0.0, 3.0, 1.0]])
    found = served_for(arrivals, served, np.ones(3))
    expected = np.zeros((2, 2, 3))
    expected[0, 0, 0] = 1.0  # hour 0: one of a's at the first site
    expected[0, 1, 1] = 3.0  # hour 1: the rest of a's at the second
    expected[1, :, 2] = 1.0  # hour 2: b's at both
    assert found == pytest.approx(expected)


def test_attribution_keeps_all_work_and_every_deadline():
    rng = np.random.default_rng(4)
    arrivals = rng.uniform(0.0, 3.0, (2, 60))
    arrivals[:, -3:] = 0.0
    total = arrivals.sum(axis=0)
    # serve each hour's work two hours later, shared among three sites at random
    late = np.concatenate([np.zeros(2), total[:-2]])
    served = late * rng.dirichlet(np.ones(3), 60).T
    found = served_for(arrivals, served, np.ones(60))
    assert found.sum(axis=0) == pytest.approx(served)
    assert found.sum(axis=(1, 2)) == pytest.approx(arrivals.sum(axis=1))
    for stream, work in zip(arrivals, found.sum(axis=1), strict=True):
        assert served_first_in_first_out(stream, work, 2).late < 1e-6
