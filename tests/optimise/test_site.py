"""A site solved whole: what is said of its numbers."""

import logging

import numpy as np
import pytest
from support.cases import make_case

from dcmodel.optimise import effort, site
from dcmodel.optimise.build import compile_site


def solved(case):
    m, lp = compile_site(case)
    return site.Solved(m, lp, case, None, 0.0)


def test_ranges_of_coefficients_are_told():
    case = make_case(price=[[20.0, 70.0]], load=10.0)
    words = site._ranges(solved(case))
    assert "cost 2.0e+01 to 7.0e+01" in words


def test_a_price_in_a_wrong_unit_is_warned_of(caplog):
    case = make_case(price=[[20.0, 70.0]], load=10.0, demand_rate=9e10)
    with caplog.at_level(logging.WARNING, logger="dcmodel"):
        site._ranges(solved(case))
    assert "coefficients of cost range over more than 1e+08" in caplog.text


def test_an_hour_of_a_price_near_zero_is_no_wrong_unit(caplog):
    case = make_case(price=[[2e-7, 70.0]], load=10.0, demand_rate=9000.0)
    with caplog.at_level(logging.WARNING, logger="dcmodel"):
        words = site._ranges(solved(case))
    assert "cost 2.0e-07 to 9.0e+03" in words
    assert not caplog.text


@pytest.mark.parametrize("gap", [0.005, 0.001])
def test_a_narrow_gap_begins_with_finer_segments(gap):
    found = effort.Effort.of(gap, 1, "auto")
    assert found.proposals[0] == (1095 if gap > effort.NARROW_GAP else 2190)
    assert np.all(np.diff(found.proposals) > 0)
