"""Shadow prices equal what a solution gains when the setting is really moved."""

from dataclasses import replace

import numpy as np
import pytest
from support.cases import StubSite, make_case, optimum

import dcmodel.optimise.shadow as shadow
from dcmodel.components.base import Workload
from dcmodel.optimise.build import parts_of
from dcmodel.optimise.shadow import moves_of, shadow_prices

FREE_BATTERY = {
    "capex_power": 0.0,
    "capex_energy": 0.0,
    "variable_operation": 0.0,
    "state_of_charge_min": 0.0,
    "roundtrip_efficiency": 0.81,
    "lifetime": 10.0,
}
SIGNED = "components.ppa_wind.capacity_max_mw"
OFFERED = "components.ppa_wind.offer.volume_max_mw"


@pytest.fixture(params=["solved again", "multipliers"])
def how(request, monkeypatch):
    """Prices of both kinds; those of multipliers alone where programs are too large."""
    if request.param == "multipliers":
        monkeypatch.setattr(shadow, "NONZEROS_MAX", 0)
    return request.param


def prices(case):
    m, lp, solution = optimum(case)
    table = shadow_prices(m, lp, case, solution.row_dual, x=solution.x)
    return table, solution.objective


def price_of(table, limit, year=2025):
    return float(table["shadow_price"].sel(limit=limit, year=year))


def deferral_case(hours=1):
    """Return six hours, dear ones first, in which one class may wait so long."""
    own = np.array([3.0, 1.0, 2.0, 4.0, 1.0, 2.0])
    waiting = sum(np.concatenate([np.zeros(i), own[: own.size - i]]) for i in range(hours))
    waiting[-1] = 0.0
    arrivals = np.stack([np.full((1, 6), 2.0), own[None]])
    backlog = np.stack([np.zeros((1, 6)), waiting[None]])
    return make_case(
        price=[[60.0, 50.0, 40.0, 30.0, 20.0, 10.0]],
        workload=Workload(("chat", "batch"), arrivals, (0.0, float(hours)), backlog),
        it_capacity=[20.0],
        kinds=("shiftable_load",),
    )


def wind_case(spot, *, price, first_year=2025, term=15, most=None, volume=500.0, years=4, rate=0.0):
    """Return a flat load of 10 MW at a spot price, with wind that blows in every hour."""
    offer = {
        "price_usd_per_mwh": price,
        "first_year": first_year,
        "term_years": term,
        "volume_max_mw": volume,
    }
    return make_case(
        price=np.broadcast_to(np.reshape(spot, (-1, 1)), (years, 4)),
        load=10.0,
        years=tuple(range(2025, 2025 + years)),
        discount_rate=rate,
        kinds=("ppa_wind",),
        series={"wind_onshore": np.ones((years, 4))},
        settings={"ppa_wind": {"offer": offer, "capacity_max_mw": most}},
    )


def connected(limits, *, cost=100.0, lost=5000.0):
    """Return two years whose first hour asks for more than the connection brings."""
    return make_case(
        price=np.full((2, 4), 50.0),
        load=[[10.0, 6.0, 6.0, 6.0], [20.0, 6.0, 6.0, 6.0]],
        years=(2025, 2026),
        grid_available=np.array(limits),
        discount_rate=0.25,
        kinds=("grid_connection", "unserved_energy"),
        asked={"unserved_energy": 100.0},
        settings={
            "grid_connection": {"parameters": {"fixed_operation_share_of_capex": 0.0}},
            "unserved_energy": {"parameters": {"value_of_lost_load": lost / 1000}},
        },
        site=StubSite(connection_cost=cost),
    )


class TestConnection:
    def test_a_megawatt_saves_the_load_that_was_lost(self, how):
        lost = 5000.0
        case = make_case(
            price=[[20.0, 70.0, 40.0]],
            load=[[10.0, 10.0, 6.0]],
            grid_available=8.0,
            kinds=("grid_connection", "unserved_energy"),
            settings={"unserved_energy": {"parameters": {"value_of_lost_load": lost / 1000}}},
            asked={"unserved_energy": 100.0},
        )
        # the connection carries the design hour, so no IT stays dark
        case = replace(case, facility_design_peak=np.array([0.8]))
        table, _ = prices(case)
        assert price_of(table, "sites.connection") == pytest.approx((lost - 20) + (lost - 70))
        assert str(table["limit_title"].sel(limit="sites.connection").values) == "Grid connection"

    def test_a_limit_that_does_not_bind_is_worth_nothing(self):
        case = make_case(
            price=[[20.0, 70.0]], load=10.0, grid_available=80, kinds=("grid_connection",)
        )
        assert price_of(prices(case)[0], "sites.connection") == 0.0

    def test_years_are_told_apart_and_discounted(self, how):
        table, base = prices(connected([8.0, 15.0]))
        for year, moved in ((2025, [9.0, 15.0]), (2026, [8.0, 16.0])):
            gained = base - prices(connected(moved))[1]
            assert price_of(table, "sites.connection", year) == pytest.approx(gained, rel=1e-6)

    def test_what_is_energised_stays_so(self, how):
        """Stages never fall, so a MW more of a level connection is one more in later years too."""
        table, base = prices(connected([8.0, 8.0]))
        for year, moved in ((2025, [9.0, 9.0]), (2026, [8.0, 9.0])):
            gained = base - prices(connected(moved))[1]
            found = price_of(table, "sites.connection", year)
            # the level connection is a kink, at which multipliers say the most
            assert (
                found == pytest.approx(gained) if how == "solved again" else found > gained - 1e-6
            )
            assert int(table["limit_until"].sel(limit="sites.connection", year=year)) == 2026


class TestContract:
    def test_years_before_the_offer_have_no_price(self, how):
        """Spot is dear in 2025 alone; from 2027 wind at 60 is dearer than spot at 40."""
        table, _ = prices(wind_case([200.0, 200.0, 40.0, 40.0], price=60.0, first_year=2027))
        assert not (table["shadow_price"] > 0).any()

    def test_a_megawatt_more_pays_its_price_through_its_term(self, how):
        """MW on offer 5: 4 h a year of (spot - 60), one MW signed in 2025 for two years.

        Renewed in 2027, where it loses, it would not be; so 4 x (100 - 60 + 70 - 60).
        """
        case = wind_case([100.0, 70.0, 40.0, 40.0], price=60.0, term=2, volume=5.0)
        table, base = prices(case)
        assert price_of(table, OFFERED) == pytest.approx(4 * (40 + 10))
        more = wind_case([100.0, 70.0, 40.0, 40.0], price=60.0, term=2, volume=6.0)
        assert base - prices(more)[1] == pytest.approx(4 * (40 + 10))

    def test_a_year_that_gains_cannot_be_had_without_those_that_lose(self, how):
        """Over its term a MW loses more than it gains: (100 - 60) - 3 x (60 - 40) < 0."""
        table, _ = prices(wind_case([100.0, 40.0, 40.0, 40.0], price=60.0, volume=5.0))
        assert not (table["shadow_price"] > 0).any()

    def test_the_setting_that_binds_has_the_price(self, how):
        """One number for all years: its price is of all years and stands at the first."""
        table, _ = prices(wind_case(100.0, price=60.0, most=5.0, rate=0.25))
        by_hand = 4 * 40 * sum(1.25**-n for n in range(4))
        assert price_of(table, SIGNED) == pytest.approx(by_hand)
        assert int(table["limit_until"].sel(limit=SIGNED, year=2025)) == 2028
        assert np.isnan(table["shadow_price"].sel(limit=SIGNED, year=[2026, 2027, 2028])).all()
        assert price_of(table, OFFERED) == 0.0

    def test_energy_beyond_what_the_site_takes_is_no_setting(self, how):
        table, _ = prices(wind_case(100.0, price=60.0))
        assert not (table["shadow_price"] > 0).any()

    def test_capacity_that_is_held_stands_on(self):
        case = wind_case(100.0, price=60.0)
        held = case.components[0].model_copy(update={"contracted_mw": {2026: 3.0}})
        case = replace(case, components=(held,))
        m, _, _ = optimum(case)
        block, part = parts_of(m, case)[0]
        lever = next(one for one in part.priced(block, case) if one.key == "contracted_mw")
        spans = [(case.years[one.year], case.years[one.last]) for one in moves_of(lever, case)]
        assert spans == [(2025, 2025), (2026, 2028), (2027, 2028), (2028, 2028)]


class TestBattery:
    def case(self, energy, years=1):
        return make_case(
            price=np.tile([[20.0, 70.0]], (years, 1)),
            load=50.0,
            years=tuple(range(2025, 2025 + years)),
            kinds=("battery",),
            settings={
                "battery": {
                    "energy_max_mwh": energy,
                    "power_max_mw": 7.2,
                    "parameters": FREE_BATTERY,
                }
            },
        )

    def test_energy_is_worth_its_arbitrage(self, how):
        """A MWh stored takes 1 / 0.9 at 20 and gives 0.9 at 70, in each of three years."""
        table, _ = prices(self.case(5.0, years=3))
        energy = "components.battery.energy_max_mwh"
        assert price_of(table, energy) == pytest.approx(3 * (0.9 * 70 - 20 / 0.9))
        assert str(table["limit_units"].sel(limit=energy).values) == "MWh"
        assert price_of(table, "components.battery.power_max_mw") == 0.0

    def test_at_a_kink_the_price_is_of_a_unit_more(self):
        """The converter of 7.2 MW fills 0.9 x 7.2 MWh in an hour: beyond that no MWh is of use.

        Half a MWh below, a MWh more saves half of what multipliers say, which is the most it may.
        """
        for energy, of_use in ((0.9 * 7.2, 0.0), (0.9 * 7.2 - 0.5, 0.5)):
            table, _ = prices(self.case(energy))
            one = table.sel(limit="components.battery.energy_max_mwh", year=2025)
            by_hand = of_use * (0.9 * 70 - 20 / 0.9)
            assert float(one["shadow_price"]) == pytest.approx(by_hand, abs=1e-6)
            assert float(one["shadow_price_at_most"]) >= by_hand - 1e-6

    def test_whole_units_are_held(self):
        """Units of 2 MWh: a MWh more of the limit buys none."""
        case = self.case(4.0)
        part = case.components[0].model_copy(update={"whole_units_kwh": 2000.0})
        case = replace(case, components=(part,))
        m, lp, solution = optimum(case)
        none = np.zeros(lp.n_rows) if solution.row_dual is None else solution.row_dual
        table = shadow_prices(m, lp, case, none, x=solution.x)
        assert not (table["shadow_price"] > 0).any()


def test_an_hour_of_deferral(how):
    table, base = prices(deferral_case(1))
    gained = base - prices(deferral_case(2))[1]
    assert gained > 0
    at = table.sel(limit="workloads.batch.deferral_h", year=2025)
    assert float(at["shadow_price_at_most"]) >= gained - 1e-9
    if how == "solved again":
        assert float(at["shadow_price"]) == pytest.approx(gained)


def test_a_price_that_the_gap_cannot_resolve_is_not_told():
    case = wind_case(100.0, price=60.0, most=5.0)
    m, lp, solution = optimum(case)
    whole = 5 * 4 * 4 * 40.0  # MW, hours, years, USD/MWh: what the whole limit is worth
    for gap, told in ((0.99 * whole, True), (1.01 * whole, False)):
        table = shadow_prices(m, lp, case, solution.row_dual, x=solution.x, gap_usd=gap)
        assert bool((table["shadow_price"] > 0).any()) == told


def test_a_stage_that_asks_for_nothing_yet_has_no_price(how):
    """A least share from 2026 on: 2025 has none to lower; each year is told by itself."""
    case = make_case(
        price=np.full((3, 2), 30.0),
        load=10.0,
        years=(2025, 2026, 2027),
        kinds=("ppa_wind",),
        series={"wind_onshore": np.ones((3, 2))},
        settings={
            "ppa_wind": {
                "offer": {
                    "price_usd_per_mwh": 40,
                    "first_year": 2025,
                    "term_years": 1,
                    "volume_max_mw": 500,
                }
            }
        },
        asked={"clean_share_yearly": {2026: 0.4, 2027: 0.7}},
    )
    table, _ = prices(case)
    found = table["shadow_price"].sel(limit="requirements.clean_share_yearly").values
    # a percent of 20 MWh at a premium of 10 USD/MWh
    np.testing.assert_allclose(found, [np.nan, 2.0, 2.0])
