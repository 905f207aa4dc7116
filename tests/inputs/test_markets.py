import numpy as np
import pytest
from pydantic import BaseModel

from dcmodel.base.errors import DataError, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.timeindex import model_hours
from dcmodel.components.base import components
from dcmodel.components.contract import Offered
from dcmodel.finance.bill import Meter, itemise
from dcmodel.inputs.currency import price_ratio
from dcmodel.inputs.markets import Market, load_market, market_names
from dcmodel.inputs.sites import load_site, site_names
from dcmodel.inputs.sourced import Figure
from dcmodel.markets.base import tariffs

# delivered price of a flat load of 50 MW or more [USD/MWh of 2025], in 2025 and 2030, and Google's
# average operational grid emissions of 2024 [g/kWh] with the judged value of 2030
ANCHORS = {
    "northern_virginia": ((82, 98), (323.05, 290)),
    "dallas": ((64, 74), (302.95, 250)),
    "frankfurt": ((145, 133), (275.82, 180)),
    "stockholm": ((62, 68), (2.73, 8)),
    "london": ((210, 200), (105.94, 65)),
}

TEXT = """\
name: Test market
grid_zone: ZONE
climate: se3
wholesale_price_usd_per_mwh: {2025: 50, 2030: 60}
emission_factor_kg_per_mwh: {2024: 300, 2030: 240}
delivered_price_usd_per_mwh: {2025: 70}
tariff:
  - form: spot_energy
    parameters:
      adder_usd_per_mwh: {2025: 10, 2030: 20}
      loss_fraction: 0.02
contracts:
  ppa_wind:
    price_usd_per_mwh: {2025: 60, 2030: 50}
    first_year: 2027
    volume_max_mw: 100
    term_years: 15
build_cost_usd_per_mw: 11000000
reliability: {interruptions_per_year: 0.2, duration_h: 2}
"""


def library(tmp_path, monkeypatch, text):
    (tmp_path / "markets").mkdir()
    (tmp_path / "markets" / "test.yaml").write_text(text)
    monkeypatch.setenv("DCMODEL_DATA", str(tmp_path))


def figures(part, key=""):
    """Yield every figure of a definition with the key that holds it."""
    if isinstance(part, Figure):
        yield key, part
    elif isinstance(part, BaseModel):
        for name, value in part:
            yield from figures(value, name)
    elif isinstance(part, dict):
        for name, value in part.items():
            yield from figures(value, key if isinstance(name, int) else name)
    elif isinstance(part, list):
        for value in part:
            yield from figures(value, key)


def test_the_library_ships_the_market_of_every_site():
    assert set(market_names()) == set(ANCHORS)
    assert {load_site(key).market for key in site_names()} == set(ANCHORS)


@pytest.mark.parametrize("key", ANCHORS)
@pytest.mark.parametrize("position", [0, 1])
def test_tariff_adds_up_to_the_delivered_price_of_a_flat_load(key, position):
    year = (2025, 2030)[position]
    market = load_market(key)
    charges = market.tariff_fields([year], 2025)
    forms = [tariffs[form](**fields) for form, fields in charges.values()]
    hours = model_hours(2025)
    flat = {
        "time": hours,
        "grid_import": np.full(8760, 50.0),
        "hours": np.ones(8760),
        "series": {
            "price_energy": np.full(8760, market.wholesale_price([year], 2025)[0]),
            "temp_air": np.sin(np.arange(8760.0)),
        },
    }
    # an old customer: what earlier peaks cause is paid too
    meter = Meter(**flat, before=Meter(**flat, before=Meter(**flat)))
    bill = itemise(forms, meter)["amount"].sum()
    published = ANCHORS[key][0][position]
    assert bill / (50 * 8760) == pytest.approx(published, rel=0.02)
    assert market.delivered_price_usd_per_mwh[year].value == published


@pytest.mark.parametrize("key", ANCHORS)
def test_carbon_is_one_operational_basis_linear_from_2024(key):
    start, end = ANCHORS[key][1]
    market = load_market(key)
    expected = [start + (end - start) * step / 6 for step in (1, 3, 6)]
    assert market.emission_factor([2025, 2027, 2030]) == pytest.approx(expected)
    assert market.emission_factor_kg_per_mwh[2024].provenance == "cited"


@pytest.mark.parametrize("key", ANCHORS)
def test_every_figure_of_a_market_and_its_site_is_sourced(key):
    found = [*figures(load_market(key)), *figures(load_site(key))]
    assert len(found) >= 25
    for name, figure in found:
        assert figure.source not in {"", "set in the study"}
        assert ("usd" in name) == (figure.currency_year is not None), name
        if figure.provenance == "assumed":
            assert figure.low is not None, f"{name}: an assumed value needs a range"
            assert figure.high is not None, f"{name}: an assumed value needs a range"


@pytest.mark.parametrize("key", ANCHORS)
def test_contracts_and_climate_of_a_market_exist(key):
    market = load_market(key)
    forms = {kind for kind in components if issubclass(components[kind], Offered)}
    assert set(market.contracts) == forms
    for kind in forms:
        assert components[kind]().check_place(load_site(market.key), market, (2027,)) == []
    assert (data_dir() / "climate" / f"{market.climate}.csv").is_file()
    assert (data_dir() / "climate" / f"{load_site(key).weather_climate}.csv").is_file()


def test_tariff_fields_give_a_value_a_year_or_one_number(tmp_path, monkeypatch):
    library(tmp_path, monkeypatch, TEXT)
    fields = load_market("test").tariff_fields([2025, 2028], 2025)
    assert fields == {
        "spot_energy": (
            "spot_energy",
            {"adder_usd_per_mwh": (10.0, pytest.approx(16.0)), "loss_fraction": 0.02},
        )
    }


def test_a_charge_may_have_a_name_settings_and_figures_by_tier(tmp_path, monkeypatch):
    charge = """\
tariff:
  - form: network_de
    name: grid
    parameters:
      capacity_usd_per_mw_year: [20000, {2025: 80000, 2030: 90000}]
    settings: {use_hours: [2500]}
"""
    library(tmp_path, monkeypatch, TEXT.replace("tariff:\n", charge, 1))
    form, fields = load_market("test").tariff_fields([2025, 2028], 2025)["grid"]
    assert form == "network_de"
    assert fields["capacity_usd_per_mw_year"] == [20000.0, (80000.0, pytest.approx(86000.0))]
    assert fields["use_hours"] == [2500]
    assert fields["name"] == "grid"


def test_contract_offer_by_year(tmp_path, monkeypatch):
    library(tmp_path, monkeypatch, TEXT)
    offer = load_market("test").contract("ppa_wind", [2026, 2027, 2030], 2025)
    assert offer.price == pytest.approx([58.0, 56.0, 50.0])
    assert offer.available.tolist() == [False, True, True]
    assert offer.volume_max_mw.tolist() == [100.0, 100.0, 100.0]


def test_money_is_in_the_year_asked_for():
    market = load_market("dallas")
    ratio = price_ratio(2025, 2022)
    assert market.wholesale_price([2025], 2022) == pytest.approx([42 * ratio])
    assert market.build_cost_usd_per_mw(2022) == pytest.approx(10.8e6 * ratio)
    charges = market.tariff_fields([2025], 2022)
    _, transmission = charges["transmission_4cp"]
    assert transmission["rate_usd_per_mw_year"] == pytest.approx((70000 * ratio,))
    assert charges["spot_energy"][1]["loss_fraction"] == 0.02


def test_years_beyond_the_path_are_refused():
    with pytest.raises(DataError, match=r"wholesale_price_usd_per_mwh is given for 2025 to 2030"):
        load_market("dallas").wholesale_price([2031], 2025)


def test_unknown_names_come_with_the_nearest():
    with pytest.raises(StudyError, match=r"unknown market 'dalas'; did you mean 'dallas'\?"):
        load_market("dalas")
    with pytest.raises(StudyError, match=r"offers no 'ppa_sola'; did you mean 'ppa_solar'\?"):
        load_market("dallas").contract("ppa_sola", [2027], 2025)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (
            "form: spot_energy",
            "form: spot_energy\n  - {form: spot_energy, parameters: {}}",
            7,
            "twice",
        ),
        ("grid_zone", "gridzone", 2, "did you mean 'grid_zone'?"),
        ("build_cost_usd_per_mw: 11000000", "", 1, "build_cost_usd_per_mw: is missing"),
        ("{2025: 70}", "{2025: cheap}", 6, "cheap"),
    ],
)
def test_faults_of_a_file_name_line_and_remedy(tmp_path, monkeypatch, old, new, line, message):
    text = TEXT.replace(old, new)
    if "twice" in message:
        text = TEXT.replace("contracts:", "  - {form: spot_energy, parameters: {}}\ncontracts:")
    library(tmp_path, monkeypatch, text)
    with pytest.raises(DataError) as raised:
        load_market("test")
    fitting = [fault for fault in raised.value.faults if message in str(fault)]
    assert fitting, str(raised.value)
    assert f"test.yaml:{line}:" in fitting[0].where


def test_a_market_is_frozen():
    market = load_market("dallas")
    with pytest.raises(ValueError, match="frozen"):
        market.name = "other"
    assert isinstance(market, Market)
