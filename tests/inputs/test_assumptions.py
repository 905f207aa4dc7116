import numpy as np
import pytest

from dcmodel.base.errors import DataError, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.inputs.assumptions import (
    COLUMNS,
    between_years,
    parameters_of,
    parse_unit,
    technology,
)
from dcmodel.inputs.currency import price_ratio
from dcmodel.inputs.library import PROVENANCES, names

KINDS = names("technologies", ".csv")
OWN = [kind for kind in KINDS if kind != "solar_pv"]


def table(tmp_path, *rows):
    path = tmp_path / "thing.csv"
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("text", "factor", "internal", "currency"),
    [
        ("1", 1, "1", None),
        ("%", 0.01, "1", None),
        ("MW", 1, "MW", None),
        ("kW", 1e-3, "MW", None),
        ("USD/kW", 1e3, "USD MW-1", "USD"),
        ("EUR/kWh", 1e3, "USD MWh-1", "EUR"),
        ("MUSD/MW", 1e6, "USD MW-1", "USD"),
        ("USD/kW/yr", 1e3, "USD MW-1 yr-1", "USD"),
        ("USD/gal", 1 / 3.785411784, "USD L-1", "USD"),
        ("USD/m3", 1, "USD m-3", "USD"),
        ("USD/MMBtu", 1 / 0.29307107, "USD MWh-1", "USD"),
        ("lb/gal", 0.45359237 / 3.785411784, "kg L-1", None),
        ("g/kWh", 1, "kg MWh-1", None),
        ("L/kWh", 1e3, "L MWh-1", None),
        ("L/h/kW", 1e3, "L h-1 MW-1", None),
        ("1/yr", 1, "yr-1", None),
        ("week", 168, "h", None),
    ],
)
def test_units_convert_as_by_hand(text, factor, internal, currency):
    unit = parse_unit(text)
    assert unit.factor == pytest.approx(factor)
    assert (unit.internal, unit.currency) == (internal, currency)


@pytest.mark.parametrize("text", ["USD/kWx", "kilowatt", "", "MW/USD"])
def test_unknown_units_are_refused(text):
    with pytest.raises(ValueError, match="unknown unit"):
        parse_unit(text)


def test_dated_rows_are_linear_between_and_converted():
    battery = technology("battery", 2025)
    # 220 USD/kW in 2025 and 170 in 2030: 10 USD/kW a year
    assert battery.at("capex_power", [2025, 2027, 2030]) == pytest.approx([220e3, 200e3, 170e3])
    assert battery.unit("capex_power") == "USD MW-1"


def test_nothing_is_extended_beyond_its_years():
    with pytest.raises(DataError, match=r"capex_power is given for 2025 to 2030; asked for 2031"):
        technology("battery", 2025).at("capex_power", [2030, 2031])
    with pytest.raises(DataError, match="asked for 2024"):
        technology("battery", 2025).at("capex_power", [2024])


def test_undated_and_single_rows_hold_in_all_years(tmp_path):
    path = table(tmp_path, "a,,5,,,MW,,x,cited,", "b,2025,7,,,MW,,x,cited,")
    parameters = parameters_of(path, "thing", 2025)
    assert parameters.at("a", range(2025, 2051)) == pytest.approx(np.full(26, 5.0))
    assert parameters.at("b", [2040]) == pytest.approx([7.0])
    assert parameters.value("b") == 7.0


def test_value_of_a_parameter_that_changes_is_refused():
    with pytest.raises(DataError, match=r"capex_power changes with the year \(2025, 2030\)"):
        technology("battery", 2025).value("capex_power")


def test_money_is_carried_to_the_study_year(tmp_path):
    path = table(tmp_path, "price,,10,,,EUR/MWh,2022,x,cited,")
    expected = 10 * 1.0534 * price_ratio(2022, 2024)
    assert parameters_of(path, "thing", 2024).value("price") == pytest.approx(expected)


def test_diesel_numbers_by_hand():
    diesel = technology("diesel", 2025)
    assert diesel.value("fuel_price") == pytest.approx(3.2 / 3.785411784)  # USD/L
    assert diesel.value("co2_per_fuel") == pytest.approx(2.7057, abs=1e-4)  # kg/L
    assert diesel.value("unit_rating") == 2.5


def test_diesel_fuel_curve_follows_the_published_chart():
    # Diesel Service and Supply, 2 MW set: L/kWh at 25, 50, 75 and 100 % load
    load = np.array([0.25, 0.5, 0.75, 1.0])
    chart = np.array([0.324, 0.273, 0.261, 0.269])
    diesel = technology("diesel", 2025)
    litres_per_mwh = diesel.value("fuel_idle") / load + diesel.value("fuel_slope")
    assert litres_per_mwh / 1000 == pytest.approx(chart, rel=0.05)


def test_battery_efficiency_is_the_product_of_its_published_parts():
    battery = technology("battery", 2025)
    assert battery.value("roundtrip_efficiency") == pytest.approx(0.975 * 0.96 * 0.96, abs=5e-4)


def test_value_of_work_is_rent_over_power():
    dropped = technology("dropped_work", 2026)
    assert dropped.value("value_of_work") == pytest.approx(2.35 / 1.3e-3, rel=1e-3)


def test_solar_cost_is_per_ac_rating_of_the_library():
    ratio = technology("solar_pv", 2024).value("dc_ac_ratio")
    solar = technology("solar_onsite", 2024)
    assert solar.at("capex", [2025])[0] == pytest.approx(1573e3 * ratio, rel=1e-3)
    fall = 1284.6 / 1605.5  # NREL ATB 2024
    assert solar.at("capex", [2030])[0] == pytest.approx(1573e3 * ratio * fall, rel=1e-2)
    assert solar.value("fixed_operation") == pytest.approx(17e3 * ratio, rel=1e-3)


def test_overrides_hold_in_all_years_in_the_unit_of_the_file():
    battery = technology("battery", 2030 - 5, {"capex_power": 150})
    assert battery.at("capex_power", [2020, 2040]) == pytest.approx([150e3, 150e3])
    assert battery.value("capex_power") == pytest.approx(150e3)
    # the study's money: no conversion, whatever the year of the library's row
    diesel = technology("diesel", 2020, {"fixed_operation": 30})
    assert diesel.value("fixed_operation") == pytest.approx(30e3)


def test_all_wrong_overrides_are_reported_together_with_the_nearest_name():
    with pytest.raises(StudyError) as raised:
        technology("battery", 2025, {"capex_powr": 1, "lifetime": float("nan")})
    assert len(raised.value.faults) == 2
    assert "unknown parameter 'capex_powr'; did you mean 'capex_power'?" in str(raised.value)
    assert "battery.parameters.lifetime" in str(raised.value)


def test_unknown_kind_and_parameter_name_the_nearest():
    with pytest.raises(DataError, match=r"unknown technology 'batery'; did you mean 'battery'\?"):
        technology("batery", 2025)
    with pytest.raises(DataError, match=r"no parameter 'lifetme'; did you mean 'lifetime'\?"):
        technology("battery", 2025).value("lifetme")


def test_table_of_assumptions_shows_source_and_override():
    rows = technology("battery", 2025, {"capex_power": 150}).rows().set_index("parameter")
    assert rows.loc["capex_power", "value"] == 150
    assert rows.loc["capex_power", "unit"] == "USD/kW"
    assert bool(rows.loc["capex_power", "overridden"])
    assert rows.loc["capex_power", "source"] == "set in the study"
    assert rows.loc["lifetime", "provenance"] == "cited"
    assert int(rows["overridden"].sum()) == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,,x,,,MW,,src,cited,", "value: found 'x'; a number is needed"),
        ("a,,,,,MW,,src,cited,", "value: found ''"),
        ("a,,nan,,,MW,,src,cited,", "value: found 'nan'"),
        ("a,,5,6,7,MW,,src,cited,", "value 5 lies outside its range 6 to 7"),
        ("a,,5,,4,MW,,src,cited,", "lies outside its range"),
        ("a,,5,,,MWx,,src,cited,", "unknown unit 'MWx'"),
        ("a,,5,,,USD/kW,,src,cited,", "needs a currency_year"),
        ("a,,5,,,MW,2025,src,cited,", "is no money"),
        ("a,,5,,,MW,,src,guess,", "provenance: found 'guess'; allowed: cited, derived, assumed"),
        ("a,,5,,,MW,,,cited,", "source is empty"),
        (",,5,,,MW,,src,cited,", "parameter is empty"),
        ("a,,5,,,MW,,src,cited,\na,,6,,,MW,,src,cited,", "given twice"),
        ("a,,5,,,MW,,src,cited,\na,2030,6,,,MW,,src,cited,", "given twice"),
        ("a,2025,5,,,MW,,src,cited,\na,2030,6,,,kW,,src,cited,", "has unit 'kW' here"),
        ("a,,5,,,MW,,src,cited", "found 9 cells; needed: 10"),
    ],
)
def test_damaged_rows_are_refused_with_file_and_line(tmp_path, row, message):
    path = table(tmp_path, row)
    with pytest.raises(DataError) as raised:
        parameters_of(path, "thing", 2025)
    assert message in str(raised.value)
    assert raised.value.faults[0].where.startswith(f"{path}:")


def test_wrong_header_and_empty_file_are_refused(tmp_path):
    path = tmp_path / "thing.csv"
    path.write_text("parameter,value\na,1\n")
    with pytest.raises(DataError, match="found columns parameter, value; needed: parameter, year"):
        parameters_of(path, "thing", 2025)
    with pytest.raises(DataError, match="holds no rows"):
        parameters_of(table(tmp_path / ".."), "thing", 2025)


def test_between_years_by_hand():
    points = {2024: 300.0, 2030: 240.0}
    assert between_years(points, [2025, 2027], "f", "x") == pytest.approx([290.0, 270.0])


@pytest.mark.parametrize("kind", KINDS)
def test_every_shipped_row_is_sound(kind):
    rows = technology(kind, 2025).rows()
    assert set(rows["provenance"]) <= set(PROVENANCES)
    assert (rows["source"].str.len() > 5).all()
    for column, sign in (("low", 1), ("high", -1)):
        bounded = rows.dropna(subset=[column])
        assert (sign * (bounded["value"] - bounded[column]).astype(float) >= 0).all()
    assumed = rows[rows["provenance"] == "assumed"]
    assert assumed["low"].notna().all(), "an assumed value needs a range"
    assert assumed["high"].notna().all(), "an assumed value needs a range"


@pytest.mark.parametrize("kind", KINDS)
def test_every_shipped_parameter_covers_the_horizon_and_no_cost_is_zero(kind):
    parameters = technology(kind, 2025)
    for name in parameters.names():
        values = parameters.at(name, range(2025, 2031))
        assert np.isfinite(values).all()
        if parameters.unit(name).startswith("USD"):
            assert (values > 0).all(), f"{kind}.{name} costs nothing"


@pytest.mark.parametrize("kind", OWN)
def test_shares_of_shipped_files_are_fractions(kind):
    parameters = technology(kind, 2025)
    for name in parameters.names():
        if any(
            word in name for word in ("share", "efficiency", "availability", "failure_to_start")
        ):
            assert 0 < parameters.value(name) < 1


def test_every_technology_file_is_read_by_this_test():
    on_disk = {path.stem for path in (data_dir() / "technologies").iterdir()}
    assert on_disk == set(KINDS)
