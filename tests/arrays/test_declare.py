"""Parameters and variables: arrays outside, Pyomo objects inside."""

import numpy as np
import pyomo.environ as pyo
import pytest

from dcmodel.arrays import ArrayConstraint, ArrayParam, ArrayVar, FormulationError, compile_model


@pytest.fixture
def m():
    m = pyo.ConcreteModel()
    m.Y, m.T = pyo.RangeSet(0, 1), pyo.RangeSet(0, 2)
    return m


def test_a_parameter_gives_numbers_that_python_knows(m):
    m.price = ArrayParam(m.Y, m.T, values=np.arange(6).reshape(2, 3) / 2)
    m.month = ArrayParam(m.T, values=[4, 4, 5])
    assert m.price[1, 2] == 2.5
    assert type(m.price[1, 2]) is float
    assert type(m.month[2]) is int
    assert m.price.array.shape == (2, 3)
    assert (1, 2) in m.price
    assert (2, 2) not in m.price
    assert len(m.price) == 6
    assert list(m.month.items()) == [(0, 4), (1, 4), (2, 5)]
    with pytest.raises(KeyError):
        m.price[2, 0]


def test_a_parameter_broadcasts_and_does_not_follow_the_array_it_came_from(m):
    given = np.ones(3)
    m.price = ArrayParam(m.Y, m.T, values=given)
    given[:] = 7
    assert m.price.array.tolist() == [[1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones(2), r"price: values have shape \(2,\), which does not fit \(2, 3\)"),
        ([[1, 2, np.nan], [0, 0, 0]], r"price: the value at position \[0, 2\] is not a finite"),
        ("high", "price: values are not an array of numbers"),
    ],
)
def test_a_parameter_refuses_what_does_not_fit(m, values, message):
    with pytest.raises(FormulationError, match=message):
        m.price = ArrayParam(m.Y, m.T, values=values)


def test_new_values_reach_programs_and_elements_made_before(m):
    m.price = ArrayParam(m.T, values=[1.0, 2.0, 3.0])
    m.rate = ArrayParam(values=2)
    m.x = ArrayVar(m.T)
    m.law = ArrayConstraint(m.T, rule=lambda m, t: m.price[t] * m.x[t] >= m.rate)
    m.branch = ArrayConstraint(m.T, rule=lambda m, t: m.x[t] <= (m.price[t] if t > 0 else 9))
    assert m.law[1].body.polynomial_degree() == 1
    m.price.set_values([4.0, 5.0, 6.0])
    m.rate.set_values(3)
    lp = compile_model(m)
    assert lp.matrix.toarray()[:3].diagonal().tolist() == [4, 5, 6]
    assert lp.row_lower[:3].tolist() == [3, 3, 3]
    assert lp.row_upper[3:].tolist() == [9, 5, 6]
    assert str(m.law[1].expr) == "rate  <=  5.0*x[1]"


def test_a_scalar_parameter(m):
    m.rate = ArrayParam(values=np.array(0.07))
    assert m.rate.value == 0.07
    assert m.rate.array.shape == ()
    with pytest.raises(FormulationError, match="one finite number"):
        m.rate.set_values([1, 2])
    assert isinstance(m.rate, ArrayParam)


def test_variables_have_bounds_that_broadcast(m):
    m.x = ArrayVar(m.Y, m.T, lower=None, upper=[1.0, 2.0, np.inf], doc="Power [MW]")
    assert m.x[1, 1].bounds == (None, 2)
    assert m.x[1, 2].ub is None
    assert m.x.doc == "Power [MW]"
    assert len(m.x) == 6
    m.x.lower_bound = -3
    m.x[0, 0].setub(0.5)
    assert m.x[0, 0].bounds == (-3, 0.5)
    assert m.x.upper_bound.tolist() == [[0.5, 2, np.inf], [1, 2, np.inf]]


def test_bounds_are_numbers(m):
    with pytest.raises(FormulationError, match="upper bounds hold NaN"):
        m.x = ArrayVar(m.T, upper=[1, np.nan, 2])


def test_an_element_is_a_view_on_the_arrays(m):
    m.x = ArrayVar(m.Y, m.T, integer=True)
    element = m.x[1, 0]
    assert element.value is None
    assert element.is_integer()
    m.x.array = np.arange(6).reshape(2, 3)
    assert element.value == 3
    assert pyo.value(2 * element) == 6
    element.set_value(8)
    assert m.x.array[1, 0] == 8
    element.value = None
    assert np.isnan(m.x.array[1, 0])
    m.x[0, 1] = 5
    assert m.x.array[0, 1] == 5
    assert element.name == "x[1,0]"
    assert m.x[1, 0] is element


def test_the_domain_is_that_of_the_array(m):
    m.x = ArrayVar(m.T)
    with pytest.raises(FormulationError, match="say integer="):
        m.x[0].domain = pyo.Binary


def test_fix_and_unfix(m):
    m.x = ArrayVar(m.Y, m.T)
    m.x.fix([1.0, 2.0, 3.0], where=[[True], [False]])
    assert m.x.fixed_mask.tolist() == [[True] * 3, [False] * 3]
    assert m.x[0, 1].fixed
    assert not m.x[1, 1].fixed
    m.x[1, 1].fix(7)
    assert m.x.fixed_mask[1].tolist() == [False, True, False]
    lp = compile_model(m)
    assert lp.lower.tolist() == [1, 2, 3, 0, 7, 0]
    assert lp.upper.tolist() == [1, 2, 3, np.inf, 7, np.inf]
    m.x.unfix()
    assert not m.x[0, 1].fixed
    with pytest.raises(FormulationError, match="needs a value for every variable"):
        m.x.fix()


def test_a_variable_fixed_without_a_value_is_refused(m):
    m.x = ArrayVar(m.T)
    m.x[1].fixed = True
    with pytest.raises(FormulationError, match="x: a variable is fixed and has no value"):
        compile_model(m)


def test_a_scalar_variable(m):
    m.x = ArrayVar(lower=-1, upper=5, integer=True)
    assert isinstance(m.x, ArrayVar)
    assert m.x.bounds == (-1, 5)
    assert m.x.is_integer()
    m.x.fix(3)
    assert (m.x.value, m.x.array.item(), m.x.fixed) == (3, 3, True)
    m.x.unfix()
    assert not m.x.fixed
    m.x.array = 4
    assert pyo.value(m.x + 1) == 5
    assert list(m.x.keys()) == [None]


def test_a_model_with_arrays_can_be_cloned(m):
    m.price = ArrayParam(m.T, values=[1.0, 2.0, 3.0])
    m.x = ArrayVar(m.T, upper=4)
    m.law = ArrayConstraint(m.T, rule=lambda m, t: m.price[t] * m.x[t] >= 1)
    assert m.x[1].ub == 4
    twin = m.clone()
    twin.x[1].setub(2)
    twin.price.set_values(5)
    assert compile_model(m).upper.tolist() == [4, 4, 4]
    lp = compile_model(twin)
    assert lp.upper.tolist() == [4, 2, 4]
    assert lp.matrix.data.tolist() == [5, 5, 5]


def test_indexed_blocks_have_their_own_arrays(m):
    m.site = pyo.Block(["a", "b"], rule=lambda b, s: setattr(b, "x", ArrayVar(b.model().T)))
    m.site["a"].x.fix(1)
    assert compile_model(m).lower.tolist() == [1, 1, 1, 0, 0, 0]
    assert m.site["b"].x[2].name == "site[b].x[2]"
