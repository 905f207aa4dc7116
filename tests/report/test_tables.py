import numpy as np
import pandas as pd
import pytest

from dcmodel.base.errors import DataError
from dcmodel.report import tables


def test_by_case_names_results_by_attribute_and_keeps_the_names_of_a_mapping(result):
    assert list(tables.by_case(result)) == ["dallas/base"]
    assert list(tables.by_case([result])) == ["dallas/base"]
    assert list(tables.by_case({"mine": result})) == ["mine"]


def test_by_case_refuses_two_results_of_one_name(result):
    with pytest.raises(DataError, match="dallas/base"):
        tables.by_case([result, result])


def test_ranking_puts_the_cheapest_first(pair):
    table = tables.ranking(pair)
    assert list(table["case"]) == ["stockholm/base", "dallas/base"]
    assert list(table["rank"]) == [1, 2]


def test_ranking_of_one_case_by_hand(result):
    row = tables.ranking(result).iloc[0]
    assert row["levelised_cost_usd_per_mwh"] == pytest.approx(7.8e6 / 278_400)
    assert row["reference_levelised_cost_usd_per_mwh"] == pytest.approx(12e6 / 278_400)
    assert row["saving_usd_per_mwh"] == pytest.approx(4.2e6 / 278_400)
    assert row["saving_percent"] == pytest.approx(35.0)
    assert row["peak_import_mw"] == 58
    assert row["contracted_mw"] == 60
    assert row["pue"] == pytest.approx(594 / 417.6)
    assert row["water_m3"] == 300
    # m3 per MWh is L per kWh
    assert row["wue_l_per_kwh"] == pytest.approx(300 / 417_600)
    assert row["emissions_t"] == 3000
    assert row["emissions_kg_per_mwh"] == pytest.approx(3_000_000 / 417_600)
    assert row["emissions_market_kg_per_mwh"] == pytest.approx(1_100_000 / 417_600)
    assert row["status"] == "optimal"


def test_ranking_tells_sizes_of_the_last_year_with_their_unit_and_no_additions(result):
    row = tables.ranking(result).iloc[0]
    assert row["grid_connection.contracted_mw"] == 60
    assert row["battery.energy_mwh"] == 0
    assert row["diesel.capacity_mw"] == 70
    assert not [name for name in row.index if "built" in name or "signed" in name]


def test_ranking_puts_a_case_without_it_last(pair, idle):
    pair["stockholm/base"] = idle(pair["stockholm/base"], [2025, 2026])
    table = tables.ranking(pair)
    assert list(table["case"]) == ["dallas/base", "stockholm/base"]
    assert np.isnan(table.loc[1, "pue"])


def test_ranking_without_a_contracted_size(result):
    bare = result.sel(size=["battery.power", "battery.energy"])
    assert np.isnan(tables.ranking(bare).loc[0, "contracted_mw"])


def test_costs_sum_to_the_net_present_cost(pair):
    table = tables.costs(pair)
    assert len(table) == 2 * 4 * 2
    present = table.groupby("case")[["present_value_usd", "reference_present_value_usd"]].sum()
    assert present.loc["dallas/base"].tolist() == pytest.approx([7.8e6, 12e6])
    assert present.loc["stockholm/base"].tolist() == pytest.approx([3.9e6, 6e6])


def test_costs_tell_component_and_category_of_each_term(result):
    table = tables.costs(result).set_index(["term", "year"])
    row = table.loc[("spot_energy.resale", 2026)]
    assert row["component"] == "spot_energy"
    assert row["category"] == "resale"
    assert row["usd"] == -100_000
    assert row["present_value_usd"] == -50_000
    assert row["reference_usd"] == 0


def test_levelised_costs_by_category(result):
    table = tables.levelised_costs(result).set_index("category")
    column = table["levelised_cost_usd_per_mwh"]
    # paid gross 500 + 500 / 2 thousand, sold again 900 + 100 / 2 thousand
    assert column["contracts"] == pytest.approx(750_000 / 278_400)
    assert column["resale"] == pytest.approx(-950_000 / 278_400)
    assert column["energy"] == pytest.approx(2_000_000 / 278_400)
    assert column.sum() == pytest.approx(float(result["levelised_cost"]))
    reference = table["reference_levelised_cost_usd_per_mwh"]
    assert reference.sum() == pytest.approx(float(result["reference_levelised_cost"]))


def test_capacities_hold_every_size_and_year(result):
    table = tables.capacities(result).set_index(["size", "year"])
    assert len(table) == 7 * 2
    row = table.loc[("grid_connection.contracted", 2026)]
    assert (row["capacity"], row["reference_capacity"], row["unit"]) == (60, 65, "MW")
    assert row["component"] == "grid_connection"


def test_yearly_holds_what_is_told_by_year_and_its_cost(result):
    table = tables.yearly(result).set_index("year")
    assert table.loc[2026, "it_energy_mwh"] == 278_400
    assert table.loc[2026, "pue"] == pytest.approx(396 / 278.4)
    assert table.loc[2026, "wue_l_per_kwh"] == pytest.approx(200 / 278_400)
    assert table.loc[2025, "cost_usd"] == 4_600_000
    assert table.loc[2025, "reference_cost_usd"] == 7_000_000
    assert {"peak_import_mw", "emissions_t", "water_m3", "discount_factor"} <= set(table.columns)


def test_monthly_by_hand(result):
    table = tables.monthly(result).set_index(["year", "month"])
    assert len(table) == 24
    row = table.loc[(2026, 12)]
    assert row["it_energy_mwh"] == 300 * 20 + 430 * 40
    assert row["pue"] == pytest.approx((300 * 24 + 430 * 60) / (300 * 20 + 430 * 40))
    assert row["peak_import_mw"] == 58
    assert row["price_energy_usd_per_mwh"] == pytest.approx((300 * 50 + 430 * 500) / 730)
    assert table.loc[2025, "facility_energy_mwh"].sum() == pytest.approx(198_000)


def test_monthly_has_no_pue_in_a_year_without_it(result, idle):
    table = tables.monthly(idle(result, [2025])).set_index("year")
    assert table.loc[2025, "pue"].isna().all()
    assert table.loc[2026, "pue"].notna().all()


def test_energy_accounts_sum_to_facility_and_grid_energy(result):
    table = tables.energy(result)
    total = table.groupby(["account", "year"])["energy_mwh"].sum()
    assert total[(tables.SUPPLY, 2025)] == pytest.approx(198_000)
    assert total[(tables.DELIVERY, 2026)] == pytest.approx(394_680)
    surplus = table[(table["source"] == "surplus") & (table["year"] == 2025)]
    assert surplus["energy_mwh"].item() == pytest.approx(-5.5 * 300 * 12)


def test_assumptions_of_the_result_become_columns(result):
    told = result.assign(
        assumption_parameter=("assumption", ["capex", "lifetime"]),
        assumption_value=("assumption", [220.0, 15.0]),
        assumption_provenance=("assumption", ["assumed", "cited"]),
    )
    table = tables.assumptions(told)
    assert list(table.columns) == ["case", "parameter", "value", "provenance"]
    assert table.loc[1, "value"] == 15.0


def test_assumptions_fall_back_on_a_file(result, tmp_path):
    assert tables.assumptions(result).empty
    assert tables.assumptions(result, tmp_path / "missing.csv").empty
    pd.DataFrame({"parameter": ["capex"], "value": [1.5]}).to_csv(tmp_path / "a.csv", index=False)
    assert tables.assumptions(result, tmp_path / "a.csv").loc[0, "value"] == 1.5


def test_checks_pass_on_a_sound_result(pair):
    table = tables.checks(pair)
    assert len(table) == 2 * 8
    assert table["passed"].all()


@pytest.mark.parametrize(
    ("variable", "check"),
    [
        ("supply", "supply"),
        ("delivery", "energy sold"),
        ("net_present_cost", "cost terms against"),
        ("reference_cost", "reference cost terms"),
        ("it_energy", "it energy"),
        ("duration", "hours of a year"),
    ],
)
def test_checks_find_a_changed_number(result, variable, check):
    wrong = result.copy(deep=True)
    wrong[variable] = wrong[variable] * 1.001
    table = tables.checks(wrong)
    failed = table[~table["passed"]]
    assert failed["check"].str.contains(check).any()


def test_checks_pass_for_hourly_series_stored_in_32_bits(result):
    stored = result.copy(deep=True)
    for name in ("it_power", "facility_power", "grid_import", "supply", "delivery"):
        stored[name] = (stored[name] * 1.2345678).astype("float32")
    for name in ("it_energy", "facility_energy"):
        stored[name] = stored[name] * 1.2345678
    assert tables.checks(stored)["passed"].all()
