"""An infeasible site is explained by changes that each do by themselves, known by hand."""

import time
from dataclasses import replace

import numpy as np
import pytest
from support.cases import StubMarket, make_case

from dcmodel.base.errors import Fault, InfeasibleError
from dcmodel.facility.linearise import AffineFacility
from dcmodel.optimise.explain import explain, unexplained
from dcmodel.optimise.feasible import Budget, Judge, holds

HOURS = np.arange("2025-01-01", "2025-01-02", dtype="datetime64[h]").astype("datetime64[ns]")
DAY = 24


def case_of(load, **options):
    load = np.atleast_2d(np.asarray(load, dtype=float))
    years = tuple(range(2025, 2025 + len(load)))
    return make_case(price=np.full(load.shape, 50.0), load=load, years=years, **options)


def peak_day(level, peak):
    load = np.full(DAY, float(level))
    load[18] = peak
    return load


def faults(case, **options):
    return explain(case, HOURS, **options).faults


def line(case, place, **options):
    """Return the message at a place of the study."""
    [message] = [fault.message for fault in faults(case, **options) if fault.where == place]
    return message


def feasible(case):
    return holds(case, Judge(Budget(60)))


def late_grid(**options):
    return case_of(
        [peak_day(2, 6), peak_day(2, 10)], grid_available=8.0, kinds=("grid_connection",), **options
    )


def test_the_year_the_amount_and_the_place_are_named():
    headline, conflict, grid, installed = faults(late_grid())
    assert "2026" in headline.message
    assert "2025" not in headline.message
    assert "Power balance" in conflict.message
    assert "Grid connection of at most 8 MW" in conflict.message
    assert grid.where == "sites.connection"
    assert grid.message == (
        "Grid connection needs 10 MW in 2026 (now 8); this alone does: "
        "available_mw: {2025: 8, 2026: 10}"
    )
    # work is in proportion to the installed IT, so the peak of 10 falls to 8 with it
    assert installed.where == "it_capacity_mw"
    assert installed.message == (
        "IT capacity can be no more than 8 MW in 2026 (now 10); this alone does: "
        "it_capacity_mw: {2025: 6, 2026: 8}"
    )


def with_battery(limit, load=10.0, power=1.0):
    return case_of(
        peak_day(2, load),
        grid_available=limit,
        kinds=("grid_connection", "battery"),
        settings={"battery": {"power_max_mw": power, "energy_max_mwh": 50.0}},
    )


def test_each_change_said_is_enough_by_itself_and_no_less_is():
    # 10 MW are asked for, the grid gives 8 and the battery 1: each line makes up the last MW alone
    case = with_battery(8.0)
    assert "needs 9 MW in 2025" in line(case, "sites.connection")
    assert "needs 2 MW in 2025" in line(case, "components.battery.power_max_mw")
    # 1 + 8 = 9 MW are there, and load falls in proportion
    assert "no more than 9 MW" in line(case, "it_capacity_mw")
    assert not any("energy_max_mwh" in fault.where for fault in faults(case))
    assert feasible(with_battery(9.0))
    assert not feasible(with_battery(8.99))
    assert feasible(with_battery(8.0, power=2.0))
    assert not feasible(with_battery(8.0, power=1.98))
    assert feasible(with_battery(8.0, load=9.0))
    assert not feasible(with_battery(8.0, load=9.02))


def contracted(own, site):
    return case_of(
        peak_day(2, 10),
        grid_available=site,
        kinds=("grid_connection",),
        settings={"grid_connection": {"contracted_max_mw": own}},
    )


def test_a_limit_of_the_study_is_told_by_its_key():
    place = "components.grid_connection.contracted_max_mw"
    message = line(contracted(7.0, 1000.0), place)
    assert message == (
        "Contracted grid power needs 10 MW in 2025 (now 7); this alone does: contracted_max_mw: 10"
    )
    assert [fault.where for fault in faults(contracted(7.0, 1000.0))[2:]] == [
        place, "it_capacity_mw"
    ]  # fmt: skip


def test_limits_that_bind_one_behind_the_other_are_moved_together():
    first, *_ = found = faults(contracted(7.0, 8.0))
    lines = {fault.where: fault.message for fault in found}
    for place in ("sites.connection", "components.grid_connection.contracted_max_mw"):
        assert "needs 10 MW in 2025" in lines[place]
        assert "together" in lines[place]
        assert "alone" not in lines[place]
    assert "this alone does: it_capacity_mw: 7" in lines["it_capacity_mw"]
    assert "alone and what together" in first.message


def test_without_a_connection_among_the_components_the_site_may_still_get_more():
    case = case_of(peak_day(2, 10), grid_available=8.0)
    assert "needs 10 MW in 2025 (now 8)" in line(case, "sites.connection")
    assert "no more than 8 MW in 2025 (now 10)" in line(case, "it_capacity_mw")


def test_no_grid_in_the_first_year():
    case = case_of(
        [np.full(DAY, 3.0), np.full(DAY, 3.0)],
        grid_available=np.array([0.0, 20.0]),
        kinds=("grid_connection",),
    )
    assert "available_mw: {2025: 3, 2026: 20}" in line(case, "sites.connection")
    assert "it_capacity_mw: {2025: 0, 2026: 3}" in line(case, "it_capacity_mw")


def test_nothing_of_the_conflict_can_be_spared():
    # the battery is far too small to matter: it does not belong to the conflict
    case = case_of(
        np.full(DAY, 10.0),
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
    message = line(case, "sites.connection", jobs=jobs)
    assert message.startswith(
        "Grid connection needs 9 MW in 2025 (now 8), 10 MW in 2026 (now 8), 12 MW in 2027 (now 8)"
    )
    assert message.endswith("available_mw: {2025: 9, 2026: 10, 2027: 12}")


# ---- requirements -------------------------------------------------------------------------------


def flat(**options):
    return case_of(np.full(DAY, 10.0), kinds=("grid_connection",), **options)


def test_a_carbon_limit():
    # 10 MW through 24 h at 500 kg/MWh is 120 t; half of it is allowed
    asked = {"carbon_limit": {"limit_t": 60.0}}
    series = {"emission_factor": np.full((1, DAY), 500.0)}
    case = flat(asked=asked, series=series)
    found = faults(case)
    assert "Carbon emissions of at most 60 t" in found[1].message
    message = line(case, "requirements.carbon_limit")
    assert message.endswith("needs 120 t in 2025 (now 60); this alone does: limit_t: 120")
    assert "no more than 5 MW" in line(case, "it_capacity_mw")


def clean(share, volume=4.0):
    market = StubMarket(contracts={"certificates": (1.0, volume)})
    return case_of(
        np.full(DAY, 10.0),
        kinds=("grid_connection", "certificates"),
        asked={"clean_share_yearly": {"share": share}},
        market=market,
    )


def test_a_clean_share_is_told_as_its_key_states_it():
    # certificates are bought for 8760 h of the offer; here 240 MWh are used and volume * 8760 there
    volume = 4.0 * DAY / 8760
    case = clean(0.9, volume)
    message = line(case, "requirements.clean_share_yearly")
    assert message == (
        "Clean share of the year can be no more than 0.4 in 2025 (now 0.9); this alone does: "
        "share: 0.4"
    )
    # 0.9 of the load is 96 MWh a day at 10 / 0.9 * 0.4 = 4.444 MW
    assert "no more than 4.444 MW" in line(case, "it_capacity_mw")
    assert feasible(clean(0.4, volume))
    assert not feasible(clean(0.4004, volume))


def test_a_share_that_follows_a_battery_is_verified_on_the_case_itself():
    # the load the share is of holds work that waits: the share stands in coefficients
    market = StubMarket(contracts={"certificates": (1.0, 4.0 * DAY / 8760)})
    case = case_of(
        np.full(DAY, 10.0),
        kinds=("grid_connection", "certificates", "shiftable_load"),
        asked={"clean_share_yearly": {"share": 0.9}},
        market=market,
    )
    assert "no more than 0.4 in 2025" in line(case, "requirements.clean_share_yearly")


def test_two_rules_at_once_are_told_together():
    # the grid lacks 2 MW, the certificates half of the share: neither alone does, IT does
    market = StubMarket(contracts={"certificates": (1.0, 4.0 * DAY / 8760)})
    case = case_of(
        np.full(DAY, 10.0),
        grid_available=8.0,
        kinds=("grid_connection", "certificates"),
        asked={"clean_share_yearly": {"share": 0.8}},
        market=market,
    )
    for place, words in (
        ("sites.connection", "needs 10 MW"),
        ("requirements.clean_share_yearly", "no more than 0.4"),
    ):
        message = line(case, place)
        assert words in message
        assert "together" in message
    # grid asks for 8 MW, the share for 96 / 24 / 0.8 = 5 MW
    assert "no more than 5 MW" in line(case, "it_capacity_mw")


def match(share, engines=3.0):
    return case_of(
        np.full(DAY, 10.0),
        kinds=("grid_connection", "gas_engine"),
        settings={"gas_engine": {"capacity_max_mw": engines, "order_year": 2015}},
        asked={"onsite_match": {"share": share, "derating": {"gas_engine": 1.0}}},
    )


def test_an_onsite_rule():
    # engines E give d E < E in the mean, and the connection what they do not: with 3 MW of engines
    # the rule holds for shares up to 3 / (10 - 3 d), and for 0.9 from 9 / (1 + 0.9 d) MW
    case = match(0.9)
    share, engines = (
        float(line(case, place).rpartition(": ")[2])
        for place in ("requirements.onsite_match", "components.gas_engine.capacity_max_mw")
    )
    given = (9 / engines - 1) / 0.9
    assert 0.9 < given < 1
    assert share == pytest.approx(3 / (10 - 3 * given), rel=2e-3)
    assert feasible(match(0.9, engines))
    assert not feasible(match(0.9, 0.995 * engines))
    assert feasible(match(share, 3.0))
    assert not feasible(match(1.005 * share, 3.0))


def test_a_rule_that_nothing_on_offer_meets_must_go():
    assert "no more than 0 in 2025" in line(match(0.9, engines=0.0), "requirements.onsite_match")


def test_a_water_limit():
    # 1 m3 per MWh and 240 MWh a day
    case = flat(asked={"water_limit": {"limit_m3": 100.0}})
    lines, none = case.facility, np.zeros((1, DAY))
    lines = AffineFacility(lines.power_slope, lines.power_fixed, np.ones((1, DAY)), none)
    case = replace(case, facility=lines)
    assert line(case, "requirements.water_limit").endswith("limit_m3: 240")
    assert line(case, "it_capacity_mw").endswith("it_capacity_mw: 4.166")


def test_import_that_must_fall_when_called():
    case = flat(asked={"controllable_load": {"low_power_mw": 2.0, "hours": 3}})
    assert line(case, "requirements.controllable_load").endswith("low_power_mw: 10")
    assert line(case, "it_capacity_mw").endswith("it_capacity_mw: 2")


def test_units_that_are_whole():
    # 6 MW are missing beyond the grid's 4; a unit is larger than the 3 MW that are allowed
    case = case_of(
        np.full(DAY, 10.0),
        grid_available=4.0,
        kinds=("grid_connection", "gas_engine"),
        settings={"gas_engine": {"capacity_max_mw": 3.0, "order_year": 2015, "whole_units": True}},
    )
    engine = case.components[1]
    rating = engine.technology(case).value("unit_rating")
    stated = float(line(case, "components.gas_engine.capacity_max_mw").rpartition(": ")[2])
    units = stated / rating
    assert units >= 1
    assert units - np.floor(units) < 2e-3
    assert line(case, "it_capacity_mw").endswith("it_capacity_mw: 4")


def test_an_outage_that_the_battery_cannot_carry():
    # rows of an outage couple years in the model; 12 h of 2 MW ask for more than 10 MWh
    case = case_of(
        np.full(DAY, 2.0),
        kinds=("grid_connection", "battery", "outage"),
        settings={
            "battery": {"power_max_mw": 5.0, "energy_max_mwh": 10.0},
            "outage": {"duration_h": 12, "design_weather": False},
        },
    )
    energy, installed, duration = (
        float(line(case, place).rpartition(": ")[2])
        for place in (
            "components.battery.energy_max_mwh", "it_capacity_mw", "components.outage.duration_h",
        )
    )  # fmt: skip
    assert 24 < energy < 48
    # energy is in proportion to load, and to the length of the outage
    assert installed == pytest.approx(2 * 10 / energy, rel=1e-3)
    assert duration == np.floor(12 * 10 / energy)


def test_what_a_solver_says_is_told_without_names_of_rows():
    case = late_grid()
    raw = InfeasibleError([Fault("balance[1,18] (2)", "loosen"), Fault("", "no design")])
    [fault] = unexplained(case, raw).faults
    assert "Power balance of the site bus" in fault.message
    assert "[" not in str(fault)


# ---- time ---------------------------------------------------------------------------------------


def test_when_the_time_ends_what_is_open_is_said():
    start = time.perf_counter()
    found = faults(late_grid(), seconds=0.0)
    assert time.perf_counter() - start < 5
    text = "\n".join(map(str, found))
    assert "not verified within 0 s" in text
    assert "[" not in text


def test_a_time_that_ends_between_levers_keeps_what_is_verified(monkeypatch):
    from dcmodel.optimise import explain as module
    from dcmodel.optimise.feasible import OutOfTimeError

    alone = module.Search.alone

    def slow(search, lever):
        if lever.key == "it_capacity_mw":
            raise OutOfTimeError
        return alone(search, lever)

    monkeypatch.setattr(module.Search, "alone", slow)
    found = faults(late_grid())
    assert "needs 10 MW in 2026" in found[2].message
    assert "not verified" in found[-1].message
    assert "IT capacity" in found[-1].message
    assert not any(fault.where == "it_capacity_mw" for fault in found)
