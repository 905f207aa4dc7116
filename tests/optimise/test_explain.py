"""An infeasible site is explained by its limits, with the least change that would do."""

import numpy as np
import pytest
from support.cases import make_case

from dcmodel.optimise.build import compile_site
from dcmodel.optimise.explain import explain
from dcmodel.optimise.solve import solve

HOURS = np.arange("2025-01-01", "2025-01-02", dtype="datetime64[h]").astype("datetime64[ns]")


def case_of(load, **options):
    load = np.atleast_2d(np.asarray(load, dtype=float))
    years = tuple(range(2025, 2025 + len(load)))
    return make_case(price=np.full(load.shape, 50.0), load=load, years=years, **options)


def peak_day(level, peak):
    load = np.full(24, level)
    load[18] = peak
    return load


def faults(case):
    return explain(case, HOURS).faults


def test_the_year_the_amount_and_the_place_are_named():
    case = case_of(
        [peak_day(2, 6), peak_day(2, 10)], grid_available=8.0, kinds=("grid_connection",)
    )
    headline, conflict, change = faults(case)
    assert "2026" in headline.message
    assert "2025" not in headline.message
    assert "Power balance" in conflict.message
    assert "Grid connection of at most 8 MW" in conflict.message
    assert change.where == "sites.connection"
    assert change.message == "Grid connection needs 10 MW in 2026 (now 8)"


def test_the_change_said_is_enough_and_no_less_is():
    # a battery of 1 MW takes a part of the peak: 10 - 8 - 1 = 1 MW is missing
    settings = {"battery": {"power_max_mw": 1.0, "energy_max_mwh": 50.0}}

    def with_grid(limit):
        return case_of(
            peak_day(2, 10),
            grid_available=limit,
            kinds=("grid_connection", "battery"),
            settings=settings,
        )

    change = faults(with_grid(8.0))[-1]
    assert change.message == "Grid connection needs 9 MW in 2025 (now 8)"
    _, lp = compile_site(with_grid(9.0))
    assert np.isfinite(solve(lp).objective)
    assert explain(with_grid(8.99), HOURS) is not None


def test_a_limit_of_the_study_is_told_by_its_key():
    case = case_of(
        peak_day(2, 10),
        kinds=("grid_connection",),
        settings={"grid_connection": {"contracted_max_mw": 7.0}},
    )
    change = faults(case)[-1]
    assert change.where == "components.grid_connection.contracted_max_mw"
    assert change.message == "Grid connection needs 10 MW in 2025 (now 7)"


def test_where_no_limit_may_move_the_load_must_fall():
    change = faults(case_of(peak_day(2, 10), grid_available=8.0))[-1]
    assert change.where == "it_capacity_mw"
    assert change.message == "Power of the facility needs 2 MW less in 2025"


def test_nothing_of_the_conflict_can_be_spared():
    # the battery is far too small to matter and the wind is calm: neither belongs to the conflict
    case = case_of(
        np.full(24, 10.0),
        grid_available=8.0,
        kinds=("grid_connection", "battery", "shiftable_load"),
        settings={"battery": {"power_max_mw": 5.0, "energy_max_mwh": 5.0}},
    )
    conflict = faults(case)[1].message
    assert "Grid connection of at most 8 MW" in conflict
    assert "converter" not in conflict.lower()


def test_a_sound_case_needs_no_explanation():
    assert explain(case_of(peak_day(2, 6), kinds=("grid_connection",)), HOURS) is None


@pytest.mark.parametrize("jobs", [1, 2])
def test_years_may_be_asked_side_by_side(jobs):
    load = [peak_day(2, 9), peak_day(2, 10), peak_day(2, 12)]
    case = case_of(load, grid_available=8.0, kinds=("grid_connection",))
    change = explain(case, HOURS, jobs).faults[-1].message
    assert change == (
        "Grid connection needs 9 MW in 2025 (now 8), 10 MW in 2026 (now 8), 12 MW in 2027 (now 8)"
    )
