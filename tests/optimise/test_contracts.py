"""Payment, resale and what is owed after the horizon, by hand."""

import numpy as np
import pytest
from support.cases import StubMarket, make_case, optimum

from dcmodel.markets.base import tariffs
from dcmodel.optimise.contracts import obligation_error
from dcmodel.optimise.extract import site_dataset
from dcmodel.optimise.verify import contract_error, meters

HOURS = 8760.0 / 4
"""Four steps a year."""


def solved(case):
    m, lp, solution = optimum(case)
    time = np.arange(len(case.duration)).astype("datetime64[h]").astype("datetime64[ns]")
    return site_dataset(m, lp, case, solution.x, time), lp.objective(solution.x)


def flat_contract(**changes):
    """4 MW of load, 10 MW contracted of a plant that gives half its power in two of four steps."""
    fields = {"term_years": 5.0, "growth": 1.02}
    settings = {
        "price": [30.0, 50.0, 30.0, 50.0],
        "load": 4.0,
        "years": (2025, 2026, 2027),
        "duration": np.full(4, HOURS),
        "kinds": ("ppa_wind",),
        "settings": {"ppa_wind": {"contracted_mw": {2026: 10.0}}},
        "resale_fee": 5.0,
        "discount_rate": 0.1,
        "series": {
            "wind_onshore": np.tile([0.5, 0.5, 0.0, 0.0], (3, 1)),
            "emission_factor": np.full((3, 4), 300.0),
        },
        "market": StubMarket(contracts={"ppa_wind": (40.0, 20.0, fields)}),
    }
    return make_case(**settings | changes)


@pytest.fixture(scope="module")
def flat():
    return *solved(flat_contract()), flat_contract()


def test_payment_resale_and_net_of_one_contract(flat):
    """5 MW in half of the hours: 1 MW is left over and sold at 25 and 45 USD/MWh."""
    result, _, _ = flat
    one = result.sel(supply_contract="ppa_wind")
    paid = np.array([0.0, 40.0, 40.0 * 1.02]) * 5 * 2 * HOURS
    sold = np.array([0.0, 1.0, 1.0]) * 2 * HOURS
    assert one["contract_gross_payment"].values == pytest.approx(paid)
    assert one["contract_delivered"].values == pytest.approx([0, 10 * HOURS, 10 * HOURS])
    assert one["contract_sold"].values == pytest.approx(sold)
    assert one["contract_resale"].values == pytest.approx(-sold / 2 * (25.0 + 45.0))
    assert one["contract_net"].values == pytest.approx(paid - sold / 2 * 70.0)


def test_what_is_told_sums_to_the_cost_terms_and_the_objective(flat):
    result, objective, _ = flat
    cost, factor = result["cost"], result["discount_factor"]
    by_category = {
        name: float((cost.where(cost["cost_category"] == name, drop=True) * factor).sum())
        for name in np.unique(cost["cost_category"])
    }
    told = {
        name: float((result[f"contract_{name}"].sum("supply_contract") * factor).sum())
        for name in ("gross_payment", "resale", "net")
    }
    assert told["gross_payment"] == pytest.approx(by_category["contracts"])
    assert told["resale"] == pytest.approx(by_category["resale"])
    assert told["resale"] < 0
    others = sum(v for name, v in by_category.items() if name not in ("contracts", "resale"))
    assert told["net"] + others == pytest.approx(objective)


def test_a_contract_is_owed_to_the_end_of_its_term(flat):
    """Signed in 2026 for five years, it runs to 2030: three years after the study."""
    result, _, _ = flat
    energy = 5 * 2 * HOURS
    paid = np.array([40.0 * 1.02**age for age in (2, 3, 4)]) * energy
    assert result["obligation_contract"].values.tolist() == ["ppa_wind"]
    assert result["obligation_year_signed"].item() == 2026
    assert result["obligation_term_end"].item() == 2030
    assert result["obligation_years_left"].item() == 3
    assert result["obligation_price"].item() == pytest.approx(40.0 * 1.02**2)
    assert result["obligation_yearly_payment"].item() == pytest.approx(paid[0])
    assert result["obligation_yearly_delivery"].item() == pytest.approx(energy)
    assert result["obligation_owed"].item() == pytest.approx(paid.sum())
    present = (paid / 1.1 ** np.array([3, 4, 5])).sum()  # 2025 counts in full
    assert result["obligation_owed_present_value"].item() == pytest.approx(present)
    assert result["owed_after_horizon"].item() == pytest.approx(paid.sum())
    assert result["owed_after_horizon_present"].item() == pytest.approx(present)


def test_nothing_is_owed_of_a_term_that_ends_with_the_study():
    market = StubMarket(contracts={"ppa_wind": (40.0, 20.0, {"term_years": 2.0})})
    result, _ = solved(flat_contract(market=market))
    assert "obligation_owed" not in result
    assert result["owed_after_horizon"].item() == 0.0


def test_resale_is_shared_by_what_each_contract_delivers():
    """Two plants of 3 and 9 MW in the same step: a quarter and three quarters of what is left."""
    fields = {"term_years": 15.0}
    case = flat_contract(
        kinds=("ppa_solar", "ppa_wind"),
        settings={
            "ppa_wind": {"contracted_mw": {2025: 9.0}},
            "ppa_solar": {"contracted_mw": {2025: 3.0}},
        },
        series={
            "wind_onshore": np.tile([1.0, 0.0, 0.0, 0.0], (3, 1)),
            "solar_single_axis": np.tile([1.0, 0.0, 0.0, 0.0], (3, 1)),
            "emission_factor": np.full((3, 4), 300.0),
        },
        market=StubMarket(
            contracts={"ppa_wind": (40.0, 20.0, fields), "ppa_solar": (35.0, 20.0, fields)}
        ),
    )
    result, _ = solved(case)
    sold = result["contract_sold"].isel(year=0)
    assert sold.sel(supply_contract="ppa_solar").item() == pytest.approx(0.25 * 8 * HOURS)
    assert sold.sel(supply_contract="ppa_wind").item() == pytest.approx(0.75 * 8 * HOURS)
    assert contract_error(result, case) < 1e-9


@pytest.mark.parametrize("name", ["contract_gross_payment", "contract_resale"])
def test_a_payment_or_resale_told_wrong_is_found(flat, name):
    result, _, case = flat
    assert contract_error(result, case) < 1e-9
    assert contract_error(result.assign({name: 1.01 * result[name]}), case) > 1e-4


def take(**changes):
    settings = {
        "rate_usd_per_mw_month": 1000.0, "minimum_share": 0.8, "term_years": 6,
        "contract_mw": 20.0, "ramp": (0.25, 0.5),
    }  # fmt: skip
    return tariffs["minimum_take"](**settings | changes)


@pytest.mark.parametrize(
    ("changes", "months"),
    [
        ({}, 36.0),  # 2028 to 2030 in full
        ({"start_year": 2027}, 12 * (0.5 + 4)),  # 2027 is the first of the ramp, 2028 the second
        ({"exit_year": 2029, "exit_fee_months": 6.0}, 12 + 6.0),
        ({"term_years": 3}, 0.0),
    ],
)
def test_a_minimum_take_is_owed_to_the_end_of_its_term(changes, months):
    case = make_case(
        price=[30.0, 50.0], load=4.0, years=(2025, 2026, 2027), duration=[4380.0, 4380.0],
        series={"emission_factor": np.full((3, 2), 300.0)}, tariff_forms=(take(**changes),),
    )  # fmt: skip
    result, _ = solved(case)
    owed = months * 1000.0 * 0.8 * 20.0
    assert result["owed_after_horizon"].item() == pytest.approx(owed)
    if owed:
        assert result["obligation_contract"].values.tolist() == ["minimum_take"]


def idle_year(hours=12):
    """A case whose clock knows all months, so that an idle meter is billed in each."""
    month = np.arange(hours)
    return make_case(
        price=np.full(hours, 40.0), load=4.0, years=(2025, 2026), duration=np.full(hours, 730.0),
        month=month, series={"emission_factor": np.full((2, hours), 300.0)},
        tariff_forms=(take(),),
    )  # fmt: skip


def test_what_is_owed_is_the_bill_of_an_idle_meter():
    case = idle_year()
    result, _ = solved(case)
    last = meters(result, case)[-1]
    assert obligation_error(result, case, last) < 1e-12


def test_what_is_owed_of_contracts_is_recomputed(flat):
    result, _, case = flat
    assert obligation_error(result, case, meters(result, case)[-1]) < 1e-12
    wrong = result.assign(obligation_owed=1.01 * result["obligation_owed"])
    assert obligation_error(wrong, case, meters(result, case)[-1]) > 1e-3
