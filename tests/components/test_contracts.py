"""Supply contracts by hand: what each form costs, and what the optimum signs."""

import numpy as np
import pytest
from support.cases import StubMarket, make_case, optimum

from dcmodel.base.errors import DataError
from dcmodel.base.yamlfile import load_yaml, validate
from dcmodel.components.base import components
from dcmodel.inputs.contracts import ContractOffer, ContractTerms
from dcmodel.inputs.markets import load_market
from dcmodel.inputs.sites import load_site

FIRM = {"settlement_fee_usd_per_mwh": 1.0, "clean_share_yearly": 1.0, "clean_share_hourly": 0.6}


def near(value):
    return pytest.approx(value, rel=1e-7, abs=1e-4)


def case_with(kind, price, contract_price, *, signed=None, fields=None, settings=None, **options):
    """Return a case that may sign one contract, or has signed some MW of it."""
    chosen = dict(settings or {})
    if signed is not None:
        chosen["contracted_mw"] = {2025: signed}
    rest = {"parameters": FIRM, **(fields or {})}
    return make_case(
        price=price,
        kinds=(kind,),
        settings={kind: chosen},
        market=StubMarket(contracts={kind: (contract_price, 50.0, rest)}),
        **options,
    )


class TestBaseload:
    @pytest.mark.parametrize(("price", "contracted"), [(41.0, 0.0), (39.75, 10.0), (39.0, 15.0)])
    def test_screening_curve_of_a_flat_block(self, price, contracted):
        """A MW saves 20 + 60 up to the lower load, and 1 (the fee) less above it.

        The consumption of 30 MWh allows 15 MW over two hours and no more.
        """
        case = case_with("ppa_baseload", [[20.0, 60.0]], price, load=[[10.0, 20.0]], adder=5.0)
        m, _, solution = optimum(case)
        spot_only = 10 * 25 + 20 * 65
        worth = 80 * min(contracted, 10) + 79 * max(contracted - 10, 0)
        assert near(solution.objective) == spot_only - worth + 2 * price * contracted
        assert m.asset["ppa_baseload"].capacity.array == pytest.approx([contracted], abs=1e-5)

    def test_residual_is_settled_at_spot_on_both_sides(self):
        case = case_with("ppa_baseload", [[20.0, 60.0]], 40.0, signed=12.0, load=[[10.0, 20.0]])
        m, _, solution = optimum(case)
        paid = 2 * 12 * 40
        sold = 2 * (20 - 1)
        bought = 8 * 60
        assert near(solution.objective) == paid - sold + bought
        assert m.asset["ppa_baseload"].settled.array[0] == pytest.approx([2.0, 0.0], abs=1e-5)
        assert m.purchase.array[0] == pytest.approx([0.0, 8.0], abs=1e-5)

    def test_a_firm_block_is_sold_at_negative_prices_too(self):
        """As produced, the seller would stop; a block is delivered, and its sale costs 50 + 1."""
        case = case_with("ppa_baseload", [[-50.0]], 10.0, signed=5.0, load=2.0)
        _, _, solution = optimum(case)
        assert near(solution.objective) == 5 * 10 + 3 * (50 + 1)

    def test_two_forms_share_one_meter(self):
        """A free block of 6 MW and free wind of 8 MW on a load of 10: 4 MW are left over.

        The wind's left-over sells at 30 - 2, the block's at 30 - 1: the wind is used.
        """
        case = make_case(
            price=[[30.0]],
            load=10.0,
            kinds=("ppa_baseload", "ppa_wind"),
            settings={
                "ppa_baseload": {"contracted_mw": {2025: 6.0}},
                "ppa_wind": {"contracted_mw": {2025: 8.0}},
            },
            series={"wind_onshore": np.ones((1, 1))},
            resale_fee=2.0,
            market=StubMarket(
                contracts={
                    "ppa_baseload": (0.0, 9.0, {"parameters": FIRM}), "ppa_wind": (0.0, 9.0)
                }
            ),
        )  # fmt: skip
        m, _, solution = optimum(case)
        assert near(solution.objective) == -4 * 29
        assert m.asset["ppa_baseload"].use.array[0, 0] == pytest.approx(2.0, abs=1e-5)
        assert m.surplus.array[0, 0] == pytest.approx(0.0, abs=1e-5)


class TestTermAndEscalation:
    def test_each_vintage_pays_its_own_price_for_its_term(self):
        """10 MW over one hour a year: signed in 2025 for two years, and again in 2027.

        60 in 2025, 60 x 1.05 in 2026, then the price of 2027, which has fallen to 50.
        """
        case = make_case(
            price=np.zeros((3, 1)),
            load=10.0,
            years=(2025, 2026, 2027),
            kinds=("ppa_baseload",),
            settings={"ppa_baseload": {"contracted_mw": {2025: 10.0}}},
            market=StubMarket(
                contracts={
                    "ppa_baseload": (
                        np.array([60.0, 99.0, 50.0]), 50.0,
                        {"parameters": FIRM, "term_years": 2.0, "growth": 1.05},
                    )
                }
            ),
        )  # fmt: skip
        m, _, solution = optimum(case)
        assert near(solution.objective) == 10 * (60 + 60 * 1.05 + 50)
        assert m.asset["ppa_baseload"].signed.array == pytest.approx([10, 0, 10], abs=1e-6)

    def test_a_nominal_price_loses_value_with_inflation(self):
        terms = ContractTerms.model_validate(
            {
                "price_usd_per_mwh": 50, "first_year": 2025, "term_years": 5, "volume_max_mw": 9,
                "escalation": {
                    "rate_per_year": 0.01, "basis": "nominal", "inflation_per_year": 0.025
                },
            }
        )  # fmt: skip
        assert terms.escalation.real_growth == pytest.approx(1.01 / 1.025)

    @pytest.mark.parametrize(
        ("escalation", "words"),
        [
            ({"rate_per_year": 0.01, "basis": "nominal"}, "needs 'inflation_per_year'"),
            (
                {"rate_per_year": 0.01, "basis": "real", "inflation_per_year": 0.02},
                "leave it out",
            ),
        ],
    )
    def test_inflation_belongs_to_a_nominal_price_alone(self, escalation, words):
        with pytest.raises(ValueError, match=words):
            ContractTerms.model_validate(
                {
                    "price_usd_per_mwh": 50, "first_year": 2025, "term_years": 5,
                    "volume_max_mw": 9, "escalation": escalation,
                }
            )  # fmt: skip

    def test_what_stands_by_year_of_signature(self):
        ones = np.ones(4)
        offer = ContractOffer(
            (2025, 2026, 2027, 2028), 50 * ones, np.array([False, True, False, False]), ones, 2.0
        )
        assert offer.stands.sum(axis=0).tolist() == [2, 2, 2, 1]
        assert offer.started.tolist() == [False, True, True, False]


class TestContractForDifference:
    """Hub 2 below the market: -32 and 58; generation 1 and 0.5 MWh a MW; strike 40; 4 MW."""

    @pytest.mark.parametrize(
        ("clause", "paid_per_mw"),
        [
            ("settled", 1.0 * (40 + 32) + 0.5 * (40 - 58)),
            ("floored", 1.0 * 40 + 0.5 * (40 - 58)),
            ("suspended", 0.5 * (40 - 58)),
        ],
    )
    def test_negative_prices_by_clause(self, clause, paid_per_mw):
        case = case_with(
            "cfd_wind",
            [[-30.0, 60.0]],
            40.0,
            signed=4.0,
            fields={"parameters": {"hub_basis_usd_per_mwh": 2.0}},
            settings={"negative_prices": clause},
            load=10.0,
            series={"wind_onshore": np.array([[1.0, 0.5]])},
        )
        m, _, solution = optimum(case)
        spot = 10 * -30 + 10 * 60
        assert near(solution.objective) == spot + 4 * paid_per_mw
        # settled in money: the meter knows nothing of it
        assert m.purchase.array[0] == pytest.approx([10.0, 10.0], abs=1e-6)
        assert m.asset["cfd_wind"].certificates.array == pytest.approx([4 * 1.5])

    @pytest.mark.parametrize(("strike", "contracted"), [(39.0, 20.0), (41.0, 0.0)])
    def test_it_is_signed_below_the_capture_price_and_up_to_consumption(self, strike, contracted):
        """Capture price (1 x 20 + 0.5 x 80) / 1.5 = 40; 30 MWh of load allow 30 / 1.5 = 20 MW."""
        case = case_with(
            "cfd_wind",
            [[20.0, 80.0]],
            strike,
            fields={"parameters": {"hub_basis_usd_per_mwh": 0.0}},
            load=[[10.0, 20.0]],
            series={"wind_onshore": np.array([[1.0, 0.5]])},
        )
        m, _, solution = optimum(case)
        assert m.asset["cfd_wind"].capacity.array == pytest.approx([contracted], abs=1e-5)
        saved = 1.5 * contracted * (40 - strike)
        assert near(solution.objective) == 10 * 20 + 20 * 80 - saved


class TestShapedSupply:
    @pytest.mark.parametrize("kind", ["supply_shaped", "supply_24_7"])
    def test_it_follows_the_forecast(self, kind):
        """Mean load 10 MW: a contract of 10 MW delivers 5 and 15, and spot is not needed."""
        case = case_with(kind, [[500.0, 700.0]], 70.0, signed=10.0, load=[[5.0, 15.0]])
        m, _, solution = optimum(case)
        assert near(solution.objective) == 20 * 70
        assert m.asset[kind].delivery.array[0] == pytest.approx([5.0, 15.0], abs=1e-6)

    def test_the_offer_tells_what_is_clean_in_the_hour_and_in_the_year(self):
        case = case_with("supply_24_7", [[50.0, 50.0]], 70.0, signed=10.0, load=[[5.0, 15.0]])
        m, _, _ = optimum(case)
        block = m.asset["supply_24_7"]
        assert block.clean.array[0] == pytest.approx([0.6 * 5, 0.6 * 15])
        assert block.certificates.array == pytest.approx([20.0])


class TestFixedSupply:
    PARAMETERS = {**FIRM, "swing_share": 0.25}

    def test_the_swing_is_taken_where_it_is_worth_it_and_not_traded(self):
        """8 MW at 50, swing 6 to 10 MW, load 9. Spot 10: the lower end, 3 MW from spot.

        Spot 90: 9 MW; a tenth would be taken back at 50 - 1 only.
        """
        case = case_with(
            "supply_fixed", [[10.0, 90.0]], 50.0, signed=8.0, load=9.0,
            fields={"parameters": self.PARAMETERS},
        )  # fmt: skip
        m, _, solution = optimum(case)
        assert m.asset["supply_fixed"].delivery.array[0] == pytest.approx([6.0, 9.0], abs=1e-5)
        assert near(solution.objective) == 6 * 50 + 3 * 10 + 9 * 50

    def test_what_is_not_used_is_taken_back_at_the_lower_of_spot_and_fixed_price(self):
        """Load 2 of at least 6 MW: 4 MW back, at 20 - 1, and at 50 - 1 where spot is 90."""
        case = case_with(
            "supply_fixed", [[20.0, 90.0]], 50.0, signed=8.0, load=2.0,
            fields={"parameters": self.PARAMETERS},
        )  # fmt: skip
        _, _, solution = optimum(case)
        assert near(solution.objective) == 2 * 6 * 50 - 4 * 19 - 4 * 49


class TestWhatTheMarketRefuses:
    def test_no_offer_names_the_nearest(self):
        market = load_market("dallas")
        del market.contracts["ppa_wind"]
        [fault] = components["ppa_wind"]().check_place(load_site(market.key), market, (2027,))
        assert "market 'dallas' offers no ppa_wind" in fault
        assert "ppa_solar" in fault
        assert "'offer'" in fault

    def test_a_contract_before_its_first_year(self):
        contract = components["ppa_baseload"](contracted_mw={2026: 10.0, 2028: 20.0})
        [fault] = contract.check_place(
            load_site("dallas"), load_market("dallas"), (2025, 2026, 2027, 2028)
        )
        assert "contracted_mw names 2026, before the first year 2027" in fault

    def test_more_than_is_offered(self):
        contract = components["supply_24_7"](contracted_mw={2028: 999.0})
        [fault] = contract.check_place(load_site("dallas"), load_market("dallas"), (2028,))
        assert "at most 200 MW" in fault

    def test_a_capacity_is_held_or_open(self):
        contract = components["ppa_wind"](contracted_mw={2028: 10.0}, capacity_max_mw=20.0)
        [fault] = contract.check_place(load_site("dallas"), load_market("dallas"), (2028,))
        assert "keep one" in fault

    def test_an_offer_of_ones_own_must_tell_what_the_form_asks(self):
        contract = components["cfd_wind"].model_validate(
            {
                "offer": {
                    "price_usd_per_mwh": 50, "first_year": 2025, "term_years": 10,
                    "volume_max_mw": 9, "parameters": {"hub_basis": 0},
                }
            }
        )  # fmt: skip
        missing, unknown = contract.check_place(load_site("dallas"), load_market("dallas"), (2025,))
        assert "lacks parameters.hub_basis_usd_per_mwh" in missing
        assert "unknown parameter 'hub_basis'; did you mean 'hub_basis_usd_per_mwh'" in unknown

    def test_an_offer_of_ones_own_needs_no_market(self):
        terms = {
            "price_usd_per_mwh": {2025: 50, 2026: 40}, "first_year": 2025, "term_years": 10,
            "volume_max_mw": 9, "parameters": {**FIRM},
        }  # fmt: skip
        case = make_case(
            price=np.zeros((2, 1)), load=10.0, years=(2025, 2026), kinds=("ppa_baseload",),
            settings={"ppa_baseload": {"offer": terms, "contracted_mw": {2025: 3.0, 2026: 5.0}}},
        )  # fmt: skip
        _, _, solution = optimum(case)
        assert near(solution.objective) == 3 * 50 + 3 * 50 + 2 * 40

    def test_another_currency_is_named_with_the_line(self, tmp_path):
        path = tmp_path / "terms.yaml"
        path.write_text("first_year: 2025\nprice_eur_per_mwh: 45\n")
        with pytest.raises(DataError, match="found a price in EUR; prices of contracts are in USD"):
            validate(ContractTerms, load_yaml(path, error=DataError))
