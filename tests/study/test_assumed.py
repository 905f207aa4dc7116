"""The table of assumptions holds the offers that a case takes, and no other."""

import pytest

from dcmodel.inputs.markets import load_market
from dcmodel.inputs.sites import load_site
from dcmodel.study.assemble import assemble
from dcmodel.study.assumed import assumptions
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study

STUDY = """\
schema: dcmodel/study-1
name: small
years: [2027]
discount_rate: 0.08
resolution: {segments: 24}
it_capacity_mw: {2027: 20}
cooling: water_economizer
workloads:
  chat: {share: 1.0, shape: flat}
sites: [dallas]
components:
  grid_connection:
  ppa_solar:
  ppa_wind:
    offer: {price_usd_per_mwh: 51.5, first_year: 2027, term_years: 12, volume_max_mw: 80}
  demand_response:
"""


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("assumed") / "study.yaml"
    path.write_text(STUDY)
    [case] = cases(load_study(path))
    site_case, plant, _ = assemble(case)
    return assumptions(site_case, plant.design, case.spec.fleet)


def test_offers_that_are_taken(table):
    market = table[table["group"] == "market"]
    offers = market[market["parameter"].str.startswith("contracts.")]["parameter"]
    assert {name.split(".")[1] for name in offers} == {"ppa_solar"}
    services = market[market["parameter"].str.startswith("services.")]["parameter"]
    assert {name.split(".")[1] for name in services} == {"demand_response"}
    assert {"ppa_wind", "reserve"} <= {
        *load_market("dallas").contracts,
        *load_market("dallas").services,
    }


def test_an_offer_of_the_study_is_told_as_such(table):
    own = table[(table["group"] == "ppa_wind") & (table["parameter"] == "offer.price_usd_per_mwh")]
    [row] = own.to_dict("records")
    assert float(row["value"]) == 51.5
    assert row["unit"] == "USD/MWh"
    assert (row["source"], row["provenance"]) == ("set in the study", "assumed")


def test_units_of_new_figures(table):
    units = dict(zip(table["parameter"], table["unit"], strict=True))
    assert units["services.demand_response.revenue_usd_per_mw_year"] == "USD/MW/yr"
    assert units["connection.flexible.hours_per_year"] == "h/yr"
    assert load_site("dallas").connection.flexible is not None
