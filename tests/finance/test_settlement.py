"""Statements of supply contracts by hand."""

import numpy as np
import pytest

from dcmodel.finance.settlement import (
    delivered_cost,
    difference,
    mean_price,
    sold_at_hub,
    swing_cost,
)


def test_mean_price_of_vintages():
    assert mean_price(np.array([10.0, 30.0]), np.array([40.0, 60.0])) == pytest.approx(55.0)
    assert mean_price(np.zeros(2), np.array([40.0, 60.0])) == 0.0


def test_energy_delivered():
    assert delivered_cost(np.array([2.0, 3.0]), 50.0) == pytest.approx(250.0)


def test_energy_sold_pays_the_fee_and_negative_prices():
    """2 at 30 - 1, and 1 at -20 - 1."""
    assert sold_at_hub(np.array([2.0, 1.0]), np.array([30.0, -20.0]), 1.0) == pytest.approx(37.0)


def test_energy_taken_back_at_most_at_a_price():
    sold = sold_at_hub(np.array([2.0, 1.0]), np.array([90.0, 20.0]), 1.0, at_most=50.0)
    assert sold == pytest.approx(2 * 49 + 19)


def test_swing_is_paid_at_the_price_of_the_year():
    """8 MW over 2 h at 50, and 1 MWh less at 45."""
    assert swing_cost(np.array([6.0, 9.0]), 8.0, 2.0, 50.0, 45.0) == pytest.approx(800 - 45)


@pytest.mark.parametrize(
    ("clause", "paid"),
    [("settled", 4 * 72 - 2 * 18), ("floored", 4 * 40 - 2 * 18), ("suspended", -2 * 18)],
)
def test_difference_at_negative_prices(clause, paid):
    found = difference(np.array([4.0, 2.0]), np.array([-32.0, 58.0]), 40.0, clause)
    assert found == pytest.approx(paid)
