import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.base.timeindex import model_hours
from dcmodel.report import week


def test_year_of_takes_the_year_with_the_peak(result):
    assert week.year_of(result, None, "grid_import") == 2026
    assert week.year_of(result, 2025, "grid_import") == 2025


def test_year_of_refuses_what_the_case_does_not_have(result):
    with pytest.raises(StudyError, match="2025, 2026"):
        week.year_of(result, 2031, "grid_import")
    with pytest.raises(StudyError, match="price_energy"):
        week.year_of(result, None, "no_such_series")


def test_of_equal_peaks_the_dearest_counts(result):
    # import is 58 MW in every long step of 2026; the price is highest in the last one
    window = week.peak_window(result, 2026)
    assert window.edges.tolist() == [8030.0, 8330.0, 8760.0]
    assert window.values("grid_import").tolist() == [26.5, 58.0]


def test_the_first_peak_counts_without_a_price(result):
    window = week.peak_window(result.drop_vars("price_energy"), 2026)
    # the first long step begins at 300 h; 84 h before and after lie in the first two steps
    assert window.edges.tolist() == [0.0, 300.0, 730.0]


def hourly_result(build, peak, calendar_year=2025):
    small = build().isel(time=0)[["grid_import"]].drop_vars(["time", "duration", "month"])
    hours = small.expand_dims(time=8760, axis=-1).assign_coords(
        time=model_hours(calendar_year).to_numpy(), duration=("time", np.ones(8760))
    )
    values = np.ones((2, 8760))
    values[:, peak] = 9.0
    hours["grid_import"] = (("year", "time"), values)
    hours.attrs["calendar_year"] = calendar_year
    return hours


@pytest.mark.parametrize(("peak", "start"), [(4000, 3916), (10, 0), (8750, 8592)])
def test_a_week_of_hours_stays_inside_the_year(build, peak, start):
    window = week.peak_window(hourly_result(build, peak), 2025)
    assert window.edges.tolist() == list(range(start, start + 169))
    assert window.values("grid_import")[peak - start] == 9.0


def test_midnights_are_those_of_the_local_clock(build):
    # hour 4800 of 2025 is 20 July 00:00 UTC; midnight in Chicago (summer) is 05:00 UTC
    window = week.peak_window(hourly_result(build, 4800), 2025)
    positions, labels = window.midnights()
    assert 4805 in positions
    assert labels[positions.index(4805)] == "Sun\n20 Jul"
    assert len(positions) == 7


def test_midnights_skip_the_leap_day(build):
    # 59 days from 1 January 2024 the model calendar goes on with 1 March
    window = week.peak_window(hourly_result(build, 59 * 24, calendar_year=2024), 2025)
    labels = window.midnights()[1]
    assert "Wed\n28 Feb" in labels
    assert "Thu\n29 Feb" not in labels


def test_contract_use_sums_to_facility_power(result):
    for year in (2025, 2026):
        now = result.sel(year=year)
        total = sum(week.contract_use(now).values())
        np.testing.assert_allclose(total, now["facility_power"].to_numpy())


def test_contract_use_shares_the_import_among_contracts(result):
    use = week.contract_use(result.sel(year=2025))
    # short step: 20 MW of solar delivered, 14.5 MW imported
    assert use["ppa_solar"][0] == pytest.approx(14.5)
    assert use["purchase"][0] == 0
    assert use["ppa_wind"][1] == pytest.approx(7)


def test_contract_use_without_contracts_is_the_supply(result):
    use = week.contract_use(result.sel(year=2025).drop_vars("delivery"))
    assert list(use) == ["grid_import", "battery", "diesel"]
