"""Round trips and prices between users and sites."""

import pytest

from dcmodel.base.errors import StudyError
from dcmodel.inputs.archetypes import archetype_names, load_archetype
from dcmodel.inputs.network import (
    great_circle_km,
    network_parameters,
    round_trip_ms,
    stated_round_trips,
    transfer_price,
    user_region,
)
from dcmodel.inputs.sites import load_site, site_names


def test_a_quarter_of_the_equator_is_a_quarter_of_the_circumference():
    assert great_circle_km(0, 0, 0, 90) == pytest.approx(40030.17 / 4, rel=1e-5)
    assert great_circle_km(90, 0, -90, 12) == pytest.approx(40030.17 / 2, rel=1e-5)


def test_london_to_new_york_is_as_published():
    # JFK to LHR: 5,540 km
    assert great_circle_km(40.64, -73.78, 51.47, -0.45) == pytest.approx(5540, rel=2e-3)


def test_the_table_follows_from_the_distances():
    parameters = network_parameters(2025)
    stated = stated_round_trips()
    for (region, site), time in stated.items():
        users, place = user_region(region), load_site(site)
        distance = great_circle_km(users.latitude, users.longitude, place.latitude, place.longitude)
        assert time == pytest.approx(2 * distance * 1.5 / 200 + 1, abs=0.06)
        assert round_trip_ms(users, place, parameters) == time
    assert {site for _, site in stated} == set(site_names())


def test_a_site_moved_by_a_study_is_measured_anew():
    users, parameters = user_region("us_central"), network_parameters(2025)
    abilene = load_site("dallas").model_copy(update={"latitude": 32.45, "longitude": -99.73})
    assert round_trip_ms(users, abilene, parameters) > stated_round_trips()["us_central", "dallas"]


def test_data_across_jurisdictions_is_dearer():
    users, parameters = user_region("us_east"), network_parameters(2025)
    home = transfer_price(users, load_site("dallas"), parameters)
    abroad = transfer_price(users, load_site("frankfurt"), parameters)
    assert 0 < home < abroad


def test_an_unknown_region_is_refused_with_the_nearest():
    with pytest.raises(StudyError, match="did you mean 'us_east'"):
        user_region("us_eas")


def test_smaller_archetypes_cost_less_a_site_and_more_a_megawatt():
    edge, regional, campus = (load_archetype(n, 2025) for n in ("edge", "regional", "campus"))
    assert archetype_names() == ["campus", "edge", "regional"]
    assert edge.site_capital < regional.site_capital < campus.site_capital
    assert edge.build_cost_factor > regional.build_cost_factor > campus.build_cost_factor
    assert edge.size_max < regional.size_max < campus.size_max
    assert campus.site_capital == pytest.approx(30e6)
