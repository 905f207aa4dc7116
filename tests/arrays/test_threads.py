"""Building a model is nobody else's business: other threads see no change, and may build too."""

import builtins
import gc
import logging
import pickle
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.core.base.set import SetData, _FiniteSetMixin
from pyomo.core.expr.template_expr import GetAttrExpression, GetItemExpression

from dcmodel.arrays import ArrayConstraint, ArrayExpression, ArrayParam, ArrayVar, compile_model
from dcmodel.arrays.sets import adopt_around

YEARS, STEPS = 3, 40


def build(seed=0):
    """A model with sums over sets in rules, in helpers of rules and inside one another."""
    rng = np.random.default_rng(seed)
    m = pyo.ConcreteModel()
    m.Y, m.T = pyo.RangeSet(0, YEARS - 1), pyo.RangeSet(0, STEPS - 1)
    m.Z = pyo.Set(initialize=["a", "b"])
    m.price = ArrayParam(m.Y, m.T, values=rng.uniform(1, 2, (YEARS, STEPS)))
    m.x = ArrayVar(m.Z, m.Y, m.T)
    m.size = ArrayVar(m.Y)
    for k in range(12):
        m.add_component(
            f"bill{k}", ArrayExpression(m.Y, rule=lambda m, y, k=k: k * energy(m, "a", y))
        )
    m.limit = ArrayConstraint(m.Y, rule=lambda m, y: m.bill3[y] + energy(m, "b", y) <= m.size[y])
    m.all = ArrayConstraint(
        rule=lambda m: sum(sum(m.x[z, y, t] for z in m.Z for t in m.T) for y in m.Y) >= 7
    )
    return m


def energy(m, z, y):
    return sum(m.price[y, t] * m.x[z, y, t] for t in m.T)


def arrays(m):
    lp = compile_model(m, [0.0] * YEARS)
    assert all(block.templated for block in lp.rows.values())
    return lp.matrix.toarray(), lp.row_lower, lp.row_upper


def state():
    """Return what of the process a builder could change."""
    logger = logging.getLogger("pyomo.core.expr.template_expr")
    return (
        builtins.sum, _FiniteSetMixin.__iter__, SetData.__contains__, GetItemExpression.__iter__,
        GetAttrExpression.__iter__, logger.disabled, gc.isenabled(), tuple(warnings.filters),
        logging.getLogger("dcmodel").level, tuple(sorted(np.geterr().items())),
    )  # fmt: skip


def test_others_see_no_change_while_models_are_built():
    before, seen, wrong, done = state(), set(), [], threading.Event()
    theirs = pyo.ConcreteModel()
    theirs.T = pyo.RangeSet(0, 4)
    theirs.x = pyo.Var(theirs.T)

    def watch():
        while not done.is_set():
            try:
                seen.add(state())
                members = list(theirs.T)
                terms = sum(theirs.x[t] for t in theirs.T).nargs()
                if sum([1, 2], 3) != 6 or members != [0, 1, 2, 3, 4] or terms != 5:
                    wrong.append((members, terms))
            except Exception as error:
                wrong.append(error)
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        for seed in range(8):
            arrays(build(seed))
    finally:
        done.set()
        watcher.join()
    assert wrong == []
    assert seen == {before}


def test_models_built_in_several_threads_are_equal():
    expected = arrays(build(1))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: arrays(build(1)), range(16)))
    for one in found:
        for ours, theirs in zip(one, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_a_rule_does_not_see_the_process_changed_either():
    inside = []

    def rule(m, y):
        inside.append(state())
        return energy(m, "a", y) <= 1

    m = build()
    m.law = ArrayConstraint(m.Y, rule=rule)
    assert set(inside) == {state()}


class Ledger:
    """Sums in places where a rule's own sum does not reach."""

    def total(self, m, y):
        return sum(m.x["a", y, t] for t in m.T)

    def count(self, m):
        return sum(1 for _ in m.T)

    def bound(self, m, y):
        return self.total(m, y) <= 1


SUMS = {"total": lambda m, y: sum(m.x["a", y, t] for t in m.T)}


@pytest.mark.parametrize(
    ("rule", "templated"),
    [
        (lambda m, y: Ledger().total(m, y) <= 1, False),
        (lambda m, y: m.size[y] <= Ledger().count(m), False),
        (lambda m, y: m.size[y] <= sum(1 for _ in m.Y for _ in range(2)), False),
        (lambda m, y: m.size[y] <= sum(map(lambda t, k: 1, m.T, [1, 2])), False),
        (lambda m, y: sum((m.x["a", y, t] for t in m.T), m.size[y]) <= 1, True),
        (lambda m, y: m.size[y] <= sum(m.price[y, t] for t in m.T), True),
        (lambda m, y: m.size[y] <= sum(1 for _ in m.T), True),
        (lambda m, y: m.size[y] <= sum([1, 2, 3]) + sum(x for x in (4, 5)), True),
        (Ledger().bound, False),
        (partial(lambda high, m, y: SUMS["total"](m, y) <= high, 3), True),
    ],
)
def test_what_a_sum_reaches_or_not_is_the_same_row(rule, templated):
    m = build()
    m.law = ArrayConstraint(m.Y, rule=rule)
    plain = build()
    plain.law = pyo.Constraint(plain.Y, rule=rule)
    assert (m.law.template is not None) == templated
    lp = compile_model(m, [0.0] * YEARS)
    rows = lp.matrix[lp.row("law")].toarray()
    for y in range(YEARS):
        body, level = plain.law[y].body, plain.law[y].upper
        for variable in m.x, m.size:
            variable.array = np.random.default_rng(y).uniform(size=variable.shape)
        plain.x.array, plain.size.array = m.x.array, m.size.array
        x = np.zeros(lp.n_columns)
        x[lp.column("x")], x[lp.column("size")] = m.x.array.ravel(), m.size.array.ravel()
        theirs = pyo.value(body) - pyo.value(level)
        assert rows[y] @ x - lp.row_upper[lp.row("law")][y] == pytest.approx(theirs)


def test_sets_of_a_model_stay_what_they_are():
    m = pyo.ConcreteModel()
    m.T, m.Z = pyo.RangeSet(0, 3), pyo.Set(initialize=["a", "b"])
    m.x = ArrayVar(m.T)
    adopt_around(m)
    assert isinstance(m.T, pyo.RangeSet)
    assert isinstance(m.Z, pyo.Set)
    for twin in (m, m.clone(), pickle.loads(pickle.dumps(m))):
        assert list(twin.Z) == ["a", "b"]
        assert list(twin.T) == [0, 1, 2, 3]
        assert (2 in twin.T, 4 in twin.T) == (True, False)
    assert type(pyo.RangeSet(0, 1)).__module__ == "pyomo.core.base.set"
