"""Money of other currencies and years, in real USD of a stated year.

A sum is first turned into USD of its own year by that year's mean exchange rate, then carried to
the wanted year by the United States GDP deflator, so that all markets are compared in one money.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.paths import data_dir
from dcmodel.base.registry import nearest
from dcmodel.inputs.library import number, read_table, source_faults

BASE_CURRENCY = "USD"
_RATES = ("currency", "year", "usd_per_unit", "source", "provenance")
_INDEX = ("year", "index", "source", "provenance")


def convert(value: float, currency: str, from_year: int, to_year: int) -> float:
    """Return money in real USD of another year.

    Parameters
    ----------
    value : float
        Sum in `currency` of `from_year`.
    currency : str
        ISO 4217 code, for example ``"EUR"``.
    from_year, to_year : int
        Year of the sum and year wanted.

    Returns
    -------
    float
        Sum in USD of `to_year`.
    """
    return value * exchange_rate(currency, from_year) * price_ratio(from_year, to_year)


def exchange_rate(currency: str, year: int) -> float:
    """Return USD per unit of a currency, mean of a year [USD per unit]."""
    if currency == BASE_CURRENCY:
        return 1.0
    path = data_dir() / "exchange_rates.csv"
    rates = _exchange_rates(path, path.stat().st_mtime_ns) if path.is_file() else {}
    known = currencies()
    if currency not in known:
        msg = f"unknown currency '{currency}'{nearest(currency, known)} (known: {', '.join(known)})"
        raise DataError(Fault(str(path), msg))
    if (currency, year) not in rates:
        years = sorted(y for code, y in rates if code == currency)
        msg = f"no rate of {currency} for {year} (known: {years[0]} to {years[-1]}); add a row"
        raise DataError(Fault(str(path), msg))
    return rates[currency, year]


def price_ratio(from_year: int, to_year: int) -> float:
    """Return the price level of one year over that of another, by the GDP deflator [1]."""
    if from_year == to_year:
        return 1.0
    path = data_dir() / "price_index.csv"
    index = _price_index(path, path.stat().st_mtime_ns) if path.is_file() else {}
    missing = [str(year) for year in (from_year, to_year) if year not in index]
    if missing:
        span = f"{min(index)} to {max(index)}" if index else "none"
        msg = f"no price index for {' and '.join(missing)} (known: {span}); add a row"
        raise DataError(Fault(str(path), msg))
    return index[to_year] / index[from_year]


def currencies() -> list[str]:
    """Return the currencies that can be converted, sorted."""
    rows = read_table(data_dir() / "exchange_rates.csv", _RATES)
    return sorted({BASE_CURRENCY, *(row["currency"] for row in rows)})


@lru_cache(maxsize=8)
def _exchange_rates(path: Path, modified: int) -> dict[tuple[str, int], float]:
    faults: list[Fault] = []
    rates: dict[tuple[str, int], float] = {}
    for row in read_table(path, _RATES):
        faults += source_faults(row)
        rate = number(row, "usd_per_unit", faults)
        if rate <= 0:
            faults.append(Fault(row.where, f"usd_per_unit: found {rate:g}; must be above zero"))
        key = (row["currency"], int(number(row, "year", faults)))
        if key in rates:
            faults.append(Fault(row.where, f"{key[0]} {key[1]} is given twice; keep one row"))
        rates[key] = rate
    if faults:
        raise DataError(faults)
    return rates


@lru_cache(maxsize=8)
def _price_index(path: Path, modified: int) -> dict[int, float]:
    faults: list[Fault] = []
    index: dict[int, float] = {}
    for row in read_table(path, _INDEX):
        faults += source_faults(row)
        level = number(row, "index", faults)
        if level <= 0:
            faults.append(Fault(row.where, f"index: found {level:g}; must be above zero"))
        year = int(number(row, "year", faults))
        if year in index:
            faults.append(Fault(row.where, f"{year} is given twice; keep one row"))
        index[year] = level
    if faults:
        raise DataError(faults)
    return index
