"""What a market does not offer is found when a study is validated, at its line."""

import pytest

from dcmodel.base.errors import DcmodelError
from dcmodel.inputs.markets import Market, load_market
from dcmodel.study import library
from dcmodel.study.load import load_study


def faults_of(path):
    with pytest.raises(DcmodelError) as raised:
        load_study(path)
    return raised.value.faults


def test_a_contract_that_a_market_lacks(small_text, write_study, monkeypatch):
    def without_wind(key):
        market = load_market(key)
        kept = {kind: terms for kind, terms in market.contracts.items() if kind != "ppa_wind"}
        return Market.model_construct(**{**dict(market), "contracts": kept})

    monkeypatch.setattr(library, "load_market", without_wind)
    path = write_study(small_text + "  ppa_wind:\n  ppa_solar:\n")
    dallas, stockholm = faults_of(path)
    assert dallas.where.startswith(f"{path}:15:")
    assert "market 'dallas' offers no ppa_wind" in dallas.message
    assert "market 'stockholm' offers no ppa_wind" in stockholm.message


def test_a_contract_before_its_first_year(small_text, write_study):
    path = write_study(small_text + "  ppa_wind: {contracted_mw: {2026: 30}}\n")
    faults = faults_of(path)
    assert len(faults) == 2  # two sites in two markets
    assert faults[0].where.startswith(f"{path}:15:")
    assert "before the first year 2027" in faults[0].message


def test_a_wrong_currency_in_an_offer_of_the_study(small_text, write_study):
    offer = "{price_eur_per_mwh: 45, first_year: 2025, term_years: 10, volume_max_mw: 50}"
    [fault] = faults_of(write_study(small_text + f"  ppa_wind: {{offer: {offer}}}\n"))
    assert "found a price in EUR" in fault.message


def test_the_factor_on_contract_prices_has_one_name(small_text, write_study):
    [fault] = faults_of(write_study(small_text + "markets: {ppa_price_scale: 0.9}\n"))
    assert "markets.ppa_price_scale  unknown key" in fault.message
    study = load_study(write_study(small_text + "markets: {contract_price_scale: 0.9}\n", "b.yaml"))
    assert study.spec.markets.contract_price_scale == 0.9


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("clean_share_hourly: 90", "found 90, must be at most 1; did you mean 0.9"),
        ("clean_share_hourly: {2026: 1.2}", "clean_share_hourly.share.2026  found 1.2"),
        (
            "carbon_limits: 4000",
            "unknown requirement 'carbon_limits'; did you mean 'carbon_limit'?",
        ),
        ("survive_outage_h: 24", "as 'components: {outage: {duration_h: 24}}'"),
        ("water_limit: -3", "found -3, must be at least 0"),
        ("carbon_limit: {limit_t: 5, base: market}", "did you mean 'basis'?"),
        ("carbon_limit: {limit_t: 5, basis: grid}", "found 'grid'"),
    ],
)
def test_a_bad_requirement_is_one_fault_at_its_line(line, words, small_text, write_study):
    path = write_study(small_text + f"requirements:\n  {line}\n")
    [fault] = faults_of(path)
    assert fault.where.startswith(f"{path}:16:")
    assert words in fault.message


def test_requirements_are_named_in_scenarios(small_text, write_study):
    text = (
        "requirements: {clean_share_yearly: 0.5, water_limit: 9000}\n"
        "scenarios:\n"
        "  base: {}\n"
        "  clean: {requirements.clean_share_yearly: 0.9, requirements.water_limit: null}\n"
    )
    study = load_study(write_study(small_text + text))
    assert study.scenario("base").requirements == {"clean_share_yearly": 0.5, "water_limit": 9000}
    assert study.scenario("clean").requirements == {"clean_share_yearly": 0.9}


def test_interruptible_power_and_services_of_the_place(small_text, write_study):
    text = small_text.replace("  grid_connection:", "  grid_connection: {flexible: true}")
    connection, service = faults_of(write_study(text + "  demand_response:\n"))
    assert "site 'stockholm' tells no interruptible power" in connection.message
    assert "market 'stockholm' buys no demand_response" in service.message
