"""Sets as axes: positions of members, whatever the members are."""

import numpy as np
import pyomo.environ as pyo
import pytest

from dcmodel.arrays.axes import Axis, axis_of, index_tuples, one_dimensional_sets
from dcmodel.arrays.errors import FormulationError


def constructed(one):
    m = pyo.ConcreteModel()
    m.one = one
    return m.one


@pytest.mark.parametrize(
    ("one", "labels"),
    [
        (pyo.RangeSet(0, 3), [0, 1, 2, 3]),
        (pyo.RangeSet(3), [1, 2, 3]),
        (pyo.RangeSet(2025, 2035, 5), [2025, 2030, 2035]),
        (pyo.RangeSet(3, 0, -1), [0, 1, 2, 3]),  # so Pyomo orders it
        (pyo.Set(initialize=[4, 6, 8]), [4, 6, 8]),
        (pyo.Set(initialize=[7, 1, 3]), [7, 1, 3]),
        (pyo.Set(initialize=["a", "b"]), ["a", "b"]),
        (pyo.Set(initialize=[0.5, "a"]), [0.5, "a"]),
        (pyo.RangeSet(0, 1, 0.5), [0, 0.5, 1]),
        (pyo.RangeSet(1, 0), []),
    ],
)
def test_members_and_their_positions(one, labels):
    axis = axis_of(constructed(one))
    assert list(axis.labels) == labels
    assert axis.size == len(labels)
    for k, label in enumerate(labels):
        assert axis.positions(label) == k
    assert np.asarray(axis.positions(axis.array)).tolist() == list(range(len(labels)))


@pytest.mark.parametrize("value", [-1, 4, 0.5, "a", np.array([0, 9])])
def test_a_value_outside_a_range_is_named(value):
    with pytest.raises(IndexError, match=r"is not in set one \(0 to 3\)"):
        axis_of(constructed(pyo.RangeSet(0, 3))).positions(value)


def test_a_value_between_the_steps_is_outside():
    axis = axis_of(constructed(pyo.RangeSet(2025, 2035, 5)))
    with pytest.raises(IndexError, match="2026 is not in set one"):
        axis.positions(np.array([2025, 2026]))


def test_whole_numbers_held_as_floats_are_members():
    axis = axis_of(constructed(pyo.RangeSet(0, 3)))
    assert axis.positions(np.array([2.0, 0.0])).tolist() == [2, 0]


def test_index_tuples_follow_the_order_of_the_array():
    axes = (Axis(range(2), "Y"), Axis(["a", "b"], "Z"))
    assert list(index_tuples(axes)) == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]
    assert list(index_tuples(axes[:1])) == [0, 1]
    assert list(index_tuples(())) == [None]


def test_sets_of_pairs_are_refused():
    pairs = constructed(pyo.Set(initialize=[(0, 1), (1, 2)], dimen=2))
    with pytest.raises(FormulationError, match="not a finite one-dimensional set"):
        one_dimensional_sets(pairs, "x")


def test_a_product_is_taken_apart():
    m = pyo.ConcreteModel()
    m.Y, m.T = pyo.RangeSet(0, 1), pyo.RangeSet(0, 2)
    m.both = m.Y * m.T
    assert one_dimensional_sets(m.both, "x") == (m.Y, m.T)
