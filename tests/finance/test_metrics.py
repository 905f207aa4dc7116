import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmodel.finance.annuity import capital_recovery_factor, discount_factors
from dcmodel.finance.metrics import levelised_cost, levelised_cost_per_kw_month


def test_levelised_cost_by_hand():
    factors = discount_factors([2025, 2026], 0.25)  # 1 and 0.8
    cost, energy = np.array([100.0, 50.0]), np.array([1.0, 2.0])
    assert levelised_cost(cost, energy, factors) == pytest.approx((100 + 40) / (1 + 1.6))


def test_capital_paid_at_once_equals_its_annuity_over_the_life():
    rate, life, capital, energy = 0.07, 25, 1e6, 1500.0
    factors = discount_factors(range(2025, 2025 + life), rate, base_year=2024)
    paid = np.zeros(life)
    paid[0] = capital * (1 + rate)  # at the base year's date
    expected = capital * capital_recovery_factor(rate, life) / energy
    assert levelised_cost(paid, np.full(life, energy), factors) == pytest.approx(expected)


@given(price=st.floats(1, 500), rate=st.floats(0, 0.3))
def test_constant_unit_cost_is_its_own_level(price, rate):
    energy = np.array([10.0, 0.0, 30.0])
    factors = discount_factors([2025, 2026, 2027], rate)
    assert levelised_cost(price * energy, energy, factors) == pytest.approx(price)


def test_no_quantity_has_no_level():
    assert math.isnan(levelised_cost(np.ones(2), np.zeros(2), np.ones(2)))


def test_cost_per_kw_month_by_hand():
    # 24 MUSD a year for 10 MW: 2,400 USD per kW and year, 200 a month
    cost, capacity = np.full(3, 24e6), np.full(3, 10.0)
    factors = discount_factors([2025, 2026, 2027], 0.08)
    assert levelised_cost_per_kw_month(cost, capacity, factors) == pytest.approx(200.0)
