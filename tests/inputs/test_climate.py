"""Climate statistics: the shipped files are complete, damaged ones are refused with all faults."""

import numpy as np
import pytest

from dcmodel.base.errors import DataError
from dcmodel.inputs.climate import COLUMNS, climate_keys, load_climate

PLACES = ("northern_virginia", "dallas", "frankfurt", "stockholm", "london")
ZONES = ("pjm_dominion", "ercot_north", "de_lu", "se3", "gb")
HEADER = ",".join(COLUMNS)


def write(folder, *lines):
    path = folder / "place.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def months(variable, statistic, values, unit="degC"):
    return [
        f"{variable},{statistic},{m},,,{value},{unit},made up,assumed,"
        for m, value in enumerate(values, start=1)
    ]


def test_the_library_holds_five_places_and_five_zones():
    assert set(PLACES + ZONES) <= set(climate_keys())


@pytest.mark.parametrize("key", PLACES)
def test_weather_of_a_place_is_complete(key):
    climate = load_climate(key)
    assert climate.month_hour("temp_air", "daily_cycle").shape == (12, 24)
    for variable in ("temp_air", "dew_point", "cloud_cover"):
        levels, values = climate.quantiles(variable)
        assert values.shape == (12, len(levels))
        assert levels[0] == 0
        assert levels[-1] == 1
    temp, dew = (climate.monthly(name, "mean") for name in ("temp_air", "dew_point"))
    assert (dew < temp).all()
    assert (climate.monthly("ghi", "mean") > 0).all()


@pytest.mark.parametrize("key", ZONES)
def test_price_and_carbon_of_a_zone_are_shapes_without_level(key):
    zone = load_climate(key)
    for variable in ("price_energy", "emission_factor"):
        assert zone.monthly(variable, "monthly_shape").mean() == pytest.approx(1, abs=1e-4)
        assert zone.table.query("variable == @variable")["unit"].isin(["1", "h"]).all()
    assert 0.15 < zone.scalar("wind_generation", "capacity_factor") < 0.5


def test_what_is_borrowed_for_stockholm_is_marked_as_assumed():
    assert "cloud_cover quantile" in load_climate("stockholm").assumed()
    assert load_climate("dallas").assumed() == []


def test_unknown_place_names_the_nearest():
    with pytest.raises(DataError, match="did you mean 'stockholm'"):
        load_climate("stokholm")


def test_missing_file_of_a_user(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        load_climate(tmp_path / "nowhere.csv")


def test_all_faults_of_a_file_are_shown_with_their_lines(tmp_path):
    path = write(
        tmp_path,
        "temp_air,mean,13,,,5,degC,made up,assumed,",
        "temp_air,mean,2,,,warm,degC,made up,assumed,",
        "temp_air,mean,3,,,5,,made up,guessed,",
    )
    with pytest.raises(DataError) as error:
        load_climate(path)
    faults = [str(fault) for fault in error.value.faults]
    assert len(faults) == 4
    assert any(":2" in text and "'13'" in text for text in faults)
    assert any(":3" in text and "'warm'" in text for text in faults)
    assert any(":4" in text and "'guessed'" in text for text in faults)
    assert any(":4" in text and "unit or source is empty" in text for text in faults)


def test_missing_columns_are_named(tmp_path):
    path = tmp_path / "place.csv"
    path.write_text("variable,value\ntemp_air,5\n")
    with pytest.raises(DataError, match="statistic, month"):
        load_climate(path)


def test_values_come_in_order_of_month_whatever_the_order_of_rows(tmp_path):
    path = write(tmp_path, *reversed(months("temp_air", "mean", range(12))))
    np.testing.assert_array_equal(load_climate(path).monthly("temp_air", "mean"), np.arange(12))


def test_missing_month_is_refused(tmp_path):
    path = write(tmp_path, *months("temp_air", "mean", range(11)))
    with pytest.raises(DataError, match="11 rows found, one for each of 12"):
        load_climate(path).monthly("temp_air", "mean")


def test_unknown_statistic_lists_what_there_is(tmp_path):
    path = write(tmp_path, *months("temp_air", "mean", range(12)))
    with pytest.raises(DataError, match=r"no row 'temp_air means'; did you mean 'temp_air mean'"):
        load_climate(path).monthly("temp_air", "means")


def test_falling_quantiles_are_refused(tmp_path):
    path = write(
        tmp_path,
        "price_energy,quantile,,,0,1,1,made up,assumed,",
        "price_energy,quantile,,,1,0.5,1,made up,assumed,",
    )
    with pytest.raises(DataError, match="fall while the probability rises"):
        load_climate(path).quantiles("price_energy")
