import pytest

from dcmodel.base.errors import DataError
from dcmodel.inputs.currency import convert, currencies, exchange_rate, price_ratio

HEADER_RATES = "currency,year,usd_per_unit,source,provenance\n"
HEADER_INDEX = "year,index,source,provenance\n"


def library(tmp_path, monkeypatch, rates="", index=""):
    (tmp_path / "exchange_rates.csv").write_text(HEADER_RATES + rates)
    (tmp_path / "price_index.csv").write_text(HEADER_INDEX + index)
    monkeypatch.setenv("DCMODEL_DATA", str(tmp_path))


@pytest.mark.parametrize(
    ("currency", "year", "published", "is_per_usd"),
    [
        ("EUR", 2023, 1.0817, False),
        ("GBP", 2022, 1.2371, False),
        ("AUD", 2021, 0.7515, False),
        ("SEK", 2023, 10.6089, True),
        ("JPY", 2020, 106.7754, True),
        ("INR", 2022, 78.5792, True),
        ("SGD", 2021, 1.3438, True),
    ],
)
def test_exchange_rates_are_those_of_the_federal_reserve(currency, year, published, is_per_usd):
    # Federal Reserve G.5A, release of 1 February 2024
    expected = 1 / published if is_per_usd else published
    assert exchange_rate(currency, year) == pytest.approx(expected, rel=1e-6)


def test_price_ratio_of_2024_is_the_mean_of_the_published_quarters():
    quarters = (124.163, 124.943, 125.532, 126.257)  # BEA, 2017 = 100
    assert price_ratio(2017, 2024) == pytest.approx(sum(quarters) / 4 / 100, abs=1e-5)
    assert price_ratio(2024, 2017) == pytest.approx(1 / price_ratio(2017, 2024))


def test_convert_takes_the_rate_of_the_year_of_the_sum_then_the_deflator(tmp_path, monkeypatch):
    library(
        tmp_path,
        monkeypatch,
        rates="EUR,2020,1.2,x,cited\nEUR,2024,9,x,cited\n",
        index="2020,100,x,cited\n2024,120,x,cited\n",
    )
    assert convert(50.0, "EUR", 2020, 2024) == pytest.approx(50 * 1.2 * 1.2)
    assert convert(50.0, "USD", 2020, 2024) == pytest.approx(60.0)
    assert convert(50.0, "USD", 1990, 1990) == 50.0


def test_all_currencies_cover_2020_to_2025():
    assert currencies() == ["AUD", "CLP", "EUR", "GBP", "INR", "JPY", "SEK", "SGD", "USD"]
    for currency in currencies():
        for year in range(2020, 2026):
            assert exchange_rate(currency, year) > 0


def test_unknown_currency_names_the_nearest():
    with pytest.raises(DataError, match=r"unknown currency 'EURO'; did you mean 'EUR'\?"):
        exchange_rate("EURO", 2023)


def test_missing_year_says_what_is_known():
    with pytest.raises(DataError, match=r"no rate of EUR for 2019 \(known: 2020 to 2025\)"):
        exchange_rate("EUR", 2019)
    with pytest.raises(DataError, match=r"no price index for 2040 \(known: 2015 to 2026\)"):
        price_ratio(2025, 2040)


def test_damaged_tables_list_every_fault_with_its_line(tmp_path, monkeypatch):
    library(
        tmp_path,
        monkeypatch,
        rates="EUR,2020,-1,x,cited\nEUR,2021,one,x,cited\nEUR,2022,1.1,,guessed\n",
    )
    with pytest.raises(DataError) as raised:
        exchange_rate("EUR", 2020)
    where = [fault.where.rsplit(":", 1)[1] for fault in raised.value.faults]
    assert sorted(where) == ["2", "3", "4", "4"]
    assert "guessed" in str(raised.value)


def test_repeated_year_is_refused(tmp_path, monkeypatch):
    library(tmp_path, monkeypatch, index="2020,100,x,cited\n2020,101,x,cited\n")
    with pytest.raises(DataError, match="2020 is given twice"):
        price_ratio(2020, 2021)
