import math

import pytest

from dcmodel.base.errors import DataError, StudyError
from dcmodel.inputs.currency import price_ratio
from dcmodel.inputs.sites import Connection, Site, load_site, site_definition, site_names

SITES = ["dallas", "frankfurt", "london", "northern_virginia", "stockholm"]

TEXT = """\
name: Testville
country: US
latitude: 32.0
longitude: -97.0
elevation: 100
time_zone: America/Chicago
jurisdiction: US
market: dallas
weather_climate: dallas
connection:
  available_mw: {2026: 10, 2028: 40}
connection_cost_usd_per_mw: 250000
water_price_usd_per_m3: 2.0
"""


def library(tmp_path, monkeypatch, text):
    (tmp_path / "sites").mkdir()
    (tmp_path / "markets").mkdir()
    (tmp_path / "markets" / "dallas.yaml").write_text("name: x\n")
    (tmp_path / "sites" / "testville.yaml").write_text(text)
    monkeypatch.setenv("DCMODEL_DATA", str(tmp_path))


def test_the_library_ships_these_sites():
    assert site_names() == SITES


@pytest.mark.parametrize("key", SITES)
def test_shipped_sites_serve_20_60_and_100_mw_of_it(key):
    site = load_site(key)
    assert site.key == key
    # half as much again as the IT: more than any shipped cooling draws at its design hour
    available = site.connection.available([2025, 2026, 2027, 2028, 2029, 2030])
    assert (available >= [30, 30, 90, 90, 150, 150]).all()
    assert site.connection_cost_usd_per_mw(2025) > 0
    assert site.water_price_usd_per_m3(2025) > 0


@pytest.mark.parametrize(
    ("key", "latitude", "longitude"),
    [
        # ISO 6709 coordinates of the airports IAD, DFW, FRA, ARN and LHR
        ("northern_virginia", 38.944, -77.456),
        ("dallas", 32.897, -97.038),
        ("frankfurt", 50.033, 8.571),
        ("stockholm", 59.652, 17.919),
        ("london", 51.478, -0.461),
    ],
)
def test_sites_lie_within_50_km_of_their_airport(key, latitude, longitude):
    site = load_site(key)
    north = math.radians(site.latitude - latitude)
    east = math.radians(site.longitude - longitude) * math.cos(math.radians(latitude))
    assert 6371 * math.hypot(north, east) < 50


def test_power_steps_with_the_years_and_is_zero_before():
    connection = Connection.model_validate({"available_mw": {2026: 10, 2028: 40}})
    years = [2025, 2026, 2027, 2028, 2035]
    assert connection.available(years).tolist() == [0, 10, 10, 40, 40]


def test_plain_numbers_of_a_study_are_unverified_and_in_the_money_of_the_study(
    tmp_path, monkeypatch
):
    library(tmp_path, monkeypatch, TEXT)
    site = load_site("testville")
    assert site.connection_cost_usd_per_mw(2019) == 250000
    assert site.connection_cost_usd_per_mw.provenance == "assumed"
    assert site.connection_cost_usd_per_mw.source == "set in the study"


def test_money_of_the_library_is_carried_to_the_year_asked_for():
    site = load_site("dallas")
    expected = 250000 * price_ratio(2025, 2023)
    assert site.connection_cost_usd_per_mw(2023) == pytest.approx(expected)


def test_a_study_can_change_the_definition_of_a_site():
    definition = site_definition("dallas")
    definition["name"] = "Fort Worth"
    assert Site.model_validate(definition).name == "Fort Worth"
    assert load_site("dallas").name != "Fort Worth"


def test_unknown_site_names_the_nearest():
    with pytest.raises(StudyError, match=r"unknown site 'frankfort'; did you mean 'frankfurt'\?"):
        load_site("frankfort")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("America/Chicago", "America/Chicag", 6, "America/Chicago"),
        ("market: dallas", "market: dalas", 8, "did you mean 'dallas'?"),
        ("latitude: 32.0", "latitude: 320", 3, "less than or equal to 90"),
        ("2026: 10, 2028: 40", "2026: 50, 2028: 40", 11, "must not fall"),
        ("2026: 10, 2028: 40", "", 11, "is empty"),
        ("2026: 10, 2028: 40", "2026: -5", 11, "must not be negative"),
        ("country: US", "country: USA", 2, "pattern"),
        ("water_price_usd_per_m3", "water_price", 13, "unknown key"),
        (
            "per_m3: 2.0",
            "per_m3: {value: 2, low: 3, source: x, provenance: cited}",
            13,
            "value 2 lies outside its range",
        ),
        ("per_m3: 2.0", "per_m3: {value: 2, source: '', provenance: cited}", 13, "source is empty"),
    ],
)
def test_faults_of_a_file_name_line_and_remedy(tmp_path, monkeypatch, old, new, line, message):
    assert old in TEXT
    library(tmp_path, monkeypatch, TEXT.replace(old, new))
    with pytest.raises(DataError) as raised:
        load_site("testville")
    fitting = [fault for fault in raised.value.faults if message in fault.message]
    assert fitting, str(raised.value)
    assert f"testville.yaml:{line}:" in fitting[0].where
