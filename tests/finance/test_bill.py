"""The driver of bills: readings by month, lines of any form, years that know one another."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from dcmodel.finance.bill import COLUMNS, BillItem, Meter, chained, itemise, total

TIME = pd.DatetimeIndex(["2025-01-01", "2025-01-02", "2025-03-01"])
READINGS = np.array([10.0, 20.0, 5.0])


@dataclass
class PerReading:
    """A form of the reader's own: 2 USD for each reading of the month, 1 for the year before."""

    label: str = "per reading"

    def items(self, meter):
        for month in meter.months:
            count = float((meter.month == month).sum())
            yield BillItem.priced("readings", month, count, "1", 2.0)
        if meter.before is not None:
            yield BillItem.valued("last year", 1, 3.0, "1", 6.0)


def meter(**options):
    return Meter(TIME, READINGS, np.array([1.0, 2.0, 0.5]), **options)


def test_energy_and_peaks_by_month():
    read = meter(contract_use=np.array([4.0, 0.0, 5.0]))
    assert read.months == [1, 3]
    assert read.by_month(read.energy()) == {1: 10 + 40, 3: 2.5}
    assert read.by_month(read.energy("purchased")) == {1: 6 + 40, 3: 0}
    assert read.peaks() == {1: 20.0, 3: 5.0}
    assert read.peaks(np.array([True, False, False])) == {1: 10.0, 3: 0.0}


def test_a_form_from_elsewhere_is_itemised_in_one_tidy_table():
    table = itemise([PerReading(), PerReading("again")], meter())
    assert tuple(table.columns) == COLUMNS
    assert table["amount"].tolist() == [4.0, 2.0, 4.0, 2.0]
    assert table["form"].tolist() == ["per reading"] * 2 + ["again"] * 2


def test_years_are_chained_and_the_last_knows_that_it_is():
    first, second = chained([meter(year=2025), meter(year=2026)])
    assert (first.before, second.before) == (None, first)
    assert (first.years_after, second.years_after) == (1, 0)
    assert (first.position, second.position) == (0, 1)
    assert total(PerReading(), first) == 6.0
    assert total(PerReading(), second) == 12.0


def test_the_mean_rate_of_a_line_of_many_prices():
    item = BillItem.valued("energy", 1, 4.0, "MWh", 100.0)
    assert item.rate == pytest.approx(25.0)
    assert BillItem.valued("energy", 1, 0.0, "MWh", 0.0).rate == 0.0
