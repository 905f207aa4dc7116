"""A required availability: solved, verified, and solved again with what was missing."""

import json

import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.reliability.expected import expected
from dcmodel.requirements.base import requirements
from dcmodel.study.assemble import assemble
from dcmodel.study.available import run_case
from dcmodel.study.backup import backup_of
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study


def case_with(share, **components):
    study = load_study("quickstart")
    changes = {
        "sites": ["dallas"],
        "years": [2027],
        "it_capacity_mw": {2027: 60},
        "resolution": {"segments": 100},
        "components": {**study.spec.components, **components},
        "requirements": {"availability": share},
    }
    return cases(study.with_changes(changes))[0]


@pytest.mark.slow
def test_units_and_fuel_are_added_until_it_holds():
    share = 0.9999995
    case = case_with(share)
    result = run_case(case)
    assert result["availability"].values >= share
    added = json.loads(result.attrs["backup_settings"])["diesel"]
    # the storm without deliveries asks for longer fuel than the library's 48 h
    assert added["parameters"]["fuel_autonomy"] > 48
    built = float(result["capacity"].sel(size="diesel.capacity_mw").isel(year=0))
    assert built >= 2.5 * added["units_min"]["2027"] - 1e-6
    # the finished case is read with what was added, and verified apart
    backup = backup_of(case, result)
    value = expected(backup.system, backup.outages, restart=backup.restart).value
    assert value == pytest.approx(float(result["availability"].values[0]), abs=1e-12)
    assert result.attrs["case_hash"] == case.hash


@pytest.mark.slow
def test_what_nothing_reaches_is_told_at_its_place():
    with pytest.raises(StudyError, match=r"requirements.availability.*2027: .* is not reached"):
        run_case(case_with(0.99999999))


def test_an_availability_that_holds_adds_nothing():
    result = run_case(case_with(0.999))
    assert result.attrs["backup_settings"] == "{}"
    assert np.all(result["availability"].values > 0.999)


def test_a_battery_alone_is_made_larger_until_it_holds():
    """Two hours without the grid every five years, and four until the site serves: no 0.9999."""
    case = case_with(0.9999, diesel=None, solar_onsite=None)
    held = run_case(case)
    settings = json.loads(held.attrs["backup_settings"])["battery"]
    assert held["availability"].values >= 0.9999
    for name, setting in (("power", "power_min_mw"), ("energy", "reserve_mwh")):
        built = float(held["capacity"].sel(size=f"battery.{name}").isel(year=0))
        assert built >= settings[setting]["2027"] - 1e-6
        assert settings[setting]["2027"] > 0
    backup = backup_of(case, held)
    value = expected(backup.system, backup.outages, restart=backup.restart).value
    assert value == pytest.approx(float(held["availability"].values[0]), abs=1e-12)


def test_paths_that_lose_more_than_is_allowed_are_told_before_anything_is_solved():
    """3.8 nines of tier_3 are no 0.99995, whatever stands behind them; tier_4 has 4.4."""
    message = r"0\.99995 is not reached: the power distribution \(tier_3\) alone has 0\.9998"
    with pytest.raises(StudyError, match=message):
        assemble(case_with(0.99995, power_distribution={"tier": "tier_3"}))
    assemble(case_with(0.99995, power_distribution={"tier": "tier_4"}))


def test_it_holds_at_the_racks_where_their_paths_are_named():
    share = 0.9999
    case = case_with(share, power_distribution={"tier": "tier_4"})
    result = run_case(case)
    backup = backup_of(case, result)
    supply = expected(backup.system, backup.outages, restart=backup.restart).value
    [offer] = assemble(case)[0].distributions
    assert offer.paths.name == "tier_4"
    at_racks = 1 - ((1 - supply) + offer.paths.hours(backup.restart) / 8760)
    assert float(result["availability"].values[0]) == pytest.approx(at_racks, abs=1e-12)
    assert at_racks >= share


def test_a_percentage_is_refused():
    with pytest.raises(ValueError, match="less than 1"):
        requirements["availability"].model_validate(99.99)
