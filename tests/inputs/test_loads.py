"""Metered loads: unit from the column, hours beginning or ending, clocks, gaps."""

import numpy as np
import pandas as pd
import pytest

from dcmodel.base.errors import DataError
from dcmodel.inputs.loads import read_load

LOAD = """\
time,load (kW),price
2025-01-01 00:00,1000,40
2025-01-01 01:00,2000,50
2025-01-01 02:00,3000,60
"""


def write(tmp_path, text):
    path = tmp_path / "load.csv"
    path.write_text(text, encoding="utf-8")
    return path


def refused(path, **options):
    with pytest.raises(DataError) as caught:
        read_load(path, **options)
    return [(f.where.removeprefix(str(path)), f.message) for f in caught.value.faults]


def test_kilowatts_become_megawatts_and_other_columns_are_at_hand(tmp_path):
    load = read_load(write(tmp_path, LOAD))
    assert load.power.tolist() == [1.0, 2.0, 3.0]
    assert (load.unit, load.column) == ("kW", "load (kW)")
    assert load.hours.tolist() == [1.0] * 3
    assert load.series("price").tolist() == [40, 50, 60]


@pytest.mark.parametrize("name", ["MW", "load_mw", "import MW", "Load (MW)", "Load [MW]"])
def test_megawatts_by_several_names(tmp_path, name):
    load = read_load(write(tmp_path, LOAD.replace("load (kW)", name)))
    assert load.power.tolist() == [1000.0, 2000.0, 3000.0]


@pytest.mark.parametrize(
    ("name", "message"),
    [("load", "no unit in the name"), ("load (kWh)", "'load (kWh)' is energy, divide it")],
)
def test_a_unit_that_is_not_told_is_asked_for(tmp_path, name, message):
    [(where, text)] = refused(write(tmp_path, LOAD.replace("load (kW)", name)))
    assert where == ":1"
    assert message in text


def test_hours_ending_are_moved_and_24_00_is_the_next_midnight(tmp_path):
    text = "Datetime (he),kW\n12/31/2017 22:00,1\n12/31/2017 23:00,2\n12/31/2017 24:00,3\n"
    load = read_load(write(tmp_path, text))
    assert load.time[0] == pd.Timestamp("2017-12-31 21:00")
    assert load.time[-1] == pd.Timestamp("2017-12-31 23:00")
    same = read_load(write(tmp_path, text.replace("12/31/2017 24:00", "1/1/2018 0:00")))
    assert (same.time == load.time).all()


def test_quarter_hours(tmp_path):
    rows = "".join(f"2025-01-01 00:{m:02d},{m}\n" for m in (0, 15, 30, 45))
    load = read_load(write(tmp_path, "time,load_kw\n" + rows))
    assert load.hours.tolist() == [0.25] * 4


def test_a_clock_that_changes_for_summer_needs_its_zone(tmp_path):
    utc = pd.date_range("2025-10-25 20:00", periods=12, freq="h", tz="UTC")
    local = utc.tz_convert("Europe/Berlin").strftime("%Y-%m-%d %H:%M")
    text = "time,MW\n" + "".join(f"{stamp},{k}\n" for k, stamp in enumerate(local))
    found = refused(write(tmp_path, text))
    assert any("2025-10-26 02:00 repeats" in message for _, message in found)
    load = read_load(write(tmp_path, text), time_zone="Europe/Berlin")
    assert load.power.tolist() == list(range(12))
    assert (load.time.hour.to_numpy()[4:7] == [2, 2, 3]).all()


def test_gaps_words_and_exports_are_refused_with_their_rows(tmp_path):
    gap = LOAD.replace("2025-01-01 01:00,2000,50\n", "") + "2025-01-01 03:00,1,1\n"
    gap += "2025-01-01 04:00,1,1\n"
    [(where, message)] = refused(write(tmp_path, gap))
    assert where == ":3"
    assert "follows 60 minutes without a reading" in message
    assert refused(write(tmp_path, LOAD.replace("2000", "two")))[0][0] == ":3"
    [(where, message)] = refused(write(tmp_path, LOAD.replace("2000", "-5")))
    assert (where, "export is not billed" in message) == (":3", True)
    [(where, message)] = refused(write(tmp_path, LOAD.replace("2025-01-01 01:00", "yesterday")))
    assert (where, "found 'yesterday'" in message) == (":3", True)


def test_a_day_that_may_be_a_month_is_refused(tmp_path):
    text = "time,MW\n01/02/2025 00:00,1\n01/02/2025 01:00,2\n"
    [(_, message)] = refused(write(tmp_path, text))
    assert "may be day/month or month/day" in message
    # a day above 12 tells
    full = read_load(write(tmp_path, text.replace("01/02", "13/02")))
    assert full.time[0] == pd.Timestamp("2025-02-13")


def test_several_columns_of_power_must_be_told_apart(tmp_path):
    text = LOAD.replace("price", "critical (kW)")
    [(_, message)] = refused(write(tmp_path, text))
    assert "name one (--column)" in message
    assert np.allclose(read_load(write(tmp_path, text), "critical (kW)").power, [0.04, 0.05, 0.06])
    [(_, message)] = refused(write(tmp_path, text), column="critcal (kW)")
    assert "did you mean 'critical (kW)'?" in message
