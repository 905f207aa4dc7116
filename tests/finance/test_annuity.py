import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmodel.finance.annuity import capital_recovery_factor, discount_factors, net_present_value


@pytest.mark.parametrize(
    ("rate", "lifetime", "factor"),
    [
        # capital recovery factors (A/P, i, n) of engineering-economics tables
        (0.08, 20, 0.10185),
        (0.10, 10, 0.16275),
        (0.05, 30, 0.06505),
        (0.12, 5, 0.27741),
        (0.0, 25, 0.04),
    ],
)
def test_capital_recovery_factor_is_that_of_the_tables(rate, lifetime, factor):
    assert capital_recovery_factor(rate, lifetime) == pytest.approx(factor, abs=5e-6)


@given(rate=st.floats(1e-9, 0.5), lifetime=st.integers(1, 60))
def test_payments_repay_the_capital(rate, lifetime):
    payment = capital_recovery_factor(rate, lifetime)
    repaid = sum(payment / (1 + rate) ** year for year in range(1, lifetime + 1))
    assert repaid == pytest.approx(1.0, rel=1e-9)


def test_factor_is_continuous_at_zero_rate():
    assert capital_recovery_factor(1e-12, 20) == pytest.approx(0.05, rel=1e-9)


@pytest.mark.parametrize(("rate", "lifetime"), [(0.08, 0), (0.08, -1), (-1.0, 20)])
def test_impossible_annuities_are_refused(rate, lifetime):
    with pytest.raises(ValueError, match="a life above 0 years"):
        capital_recovery_factor(rate, lifetime)


def test_discount_factors_by_hand():
    assert discount_factors([2025, 2026, 2027], 0.1) == pytest.approx([1, 1 / 1.1, 1 / 1.21])
    assert discount_factors([2026, 2028], 0.1, 2025) == pytest.approx([1 / 1.1, 1 / 1.331])
    assert discount_factors([2025, 2030], 0.0) == pytest.approx([1, 1])


def test_net_present_value_by_hand():
    value = net_present_value([-100.0, 60.0, 60.0], [2025, 2026, 2027], 0.1)
    assert value == pytest.approx(-100 + 60 / 1.1 + 60 / 1.21)
    # the internal rate of return of 100 against 110 a year later is 10 %
    assert net_present_value(np.array([-100.0, 110.0]), [2025, 2026], 0.1) == pytest.approx(0.0)
