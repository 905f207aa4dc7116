"""Parameters of technologies: value at a year, with unit, range, source and provenance.

A file ``data/technologies/<kind>.csv`` stays readable in the units of its field (USD/kW, USD/gal);
`Technology.at` and `Technology.value` return the package's own units (MW, MWh, h, L, kg, real USD
of the study's currency year).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.registry import nearest
from dcmodel.base.units import (
    KG_PER_POUND,
    KW_PER_MW,
    KWH_PER_MMBTU,
    LITRES_PER_GALLON,
)
from dcmodel.inputs.currency import convert, currencies
from dcmodel.inputs.library import (
    TableRow,
    named_file,
    number,
    optional_number,
    read_table,
    source_faults,
)

FloatArray = npt.NDArray[np.float64]

COLUMNS = (
    "parameter", "year", "value", "low", "high", "unit", "currency_year", "source", "provenance",
    "note",
)  # fmt: skip
"""Header of every parameter file."""

_UNITS: dict[str, tuple[float, str]] = {
    "1": (1.0, ""),
    "%": (0.01, ""),
    "kW": (1 / KW_PER_MW, "MW"),
    "MW": (1.0, "MW"),
    "kWh": (1 / KW_PER_MW, "MWh"),
    "MWh": (1.0, "MWh"),
    "MMBtu": (KWH_PER_MMBTU / KW_PER_MW, "MWh"),
    "g": (0.001, "kg"),
    "kg": (1.0, "kg"),
    "lb": (KG_PER_POUND, "kg"),
    "t": (1000.0, "kg"),
    "L": (1.0, "L"),
    "gal": (LITRES_PER_GALLON, "L"),
    "m3": (1.0, "m3"),
    "s": (1.0, "s"),
    "minute": (1 / 60, "h"),
    "h": (1.0, "h"),
    "week": (168.0, "h"),
    "month": (1.0, "month"),
    "yr": (1.0, "yr"),
    "K-1": (1.0, "K-1"),
    "degC": (1.0, "degC"),
    "degree": (1.0, "degree"),
    "m": (1.0, "m"),
    "m2": (1.0, "m2"),
    "W": (1e-6, "MW"),
    "GB": (1.0, "GB"),
    "km": (1.0, "km"),
    "ms": (1.0, "ms"),
}
"""Factor to the package's unit, and that unit, for each unit a file may use."""


@dataclass(frozen=True)
class Unit:
    """A unit of a file, split into factor, the package's unit and currency."""

    factor: float
    """Package units per unit of the file, money left as it is [1]."""
    internal: str
    """CF unit after conversion, for example ``"USD MW-1"``."""
    currency: str | None
    """ISO code of the money in the unit, if any."""


def parse_unit(text: str) -> Unit:
    """Return the meaning of a unit such as ``USD/kW/yr`` or ``L/kWh``.

    Raises
    ------
    ValueError
        When a part of the unit is unknown; the message names it.
    """
    factor, parts, currency = 1.0, [], None
    for position, token in enumerate(text.split("/")):
        is_million = len(token) == 4 and token.startswith("M")
        code = token[1:] if is_million else token
        if position == 0 and code in currencies():
            currency = code
            scale, symbol = (1e6 if is_million else 1.0), "USD"
        elif token in _UNITS:
            scale, symbol = _UNITS[token]
        else:
            msg = f"unknown unit '{token}' in '{text}'{nearest(token, list(_UNITS))}"
            raise ValueError(msg)
        factor = factor * scale if position == 0 else factor / scale
        if symbol:
            parts.append(symbol if position == 0 else _inverse(symbol))
    return Unit(factor, " ".join(parts) or "1", currency)


def _inverse(symbol: str) -> str:
    """Return the CF form of one over a unit: ``m-3`` for ``m3``, ``MW-1`` for ``MW``."""
    return f"{symbol[:-1]}-{symbol[-1]}" if symbol[-1].isdigit() else f"{symbol}-1"


@dataclass(frozen=True)
class Assumption:
    """One row of a parameter file, in the file's own unit."""

    parameter: str
    year: int | None
    """Year the value holds for; None for all years."""
    value: float
    low: float | None
    high: float | None
    unit: str
    currency_year: int | None
    source: str
    provenance: str
    note: str = ""
    overridden: bool = False
    """Whether a study replaced the library's value."""


@dataclass(frozen=True)
class Technology:
    """Parameters of one kind of thing, in money of one year.

    Made by `technology`.
    """

    kind: str
    currency_year: int
    where: str
    """File the numbers come from."""
    assumptions: tuple[Assumption, ...]

    def at(self, parameter: str, years: Iterable[int]) -> FloatArray:
        """Return a parameter in each year, in the package's units.

        Parameters
        ----------
        parameter : str
            Name in the file.
        years : iterable of int
            Years wanted. A parameter with one row holds in all years; one with several is linear
            between them and never extended beyond them.

        Returns
        -------
        array of shape (years,)
            Values in the unit that `unit` names.
        """
        points = {row.year: self._converted(row) for row in self._rows_of(parameter)}
        if None in points:
            points = {0: points[None]}
        dated = {year: value for year, value in points.items() if year is not None}
        return between_years(dated, years, self.where, parameter)

    def value(self, parameter: str) -> float:
        """Return a parameter that is the same in all years, in the package's units."""
        rows = self._rows_of(parameter)
        if len(rows) > 1:
            years = ", ".join(str(row.year) for row in rows)
            msg = f"{parameter} changes with the year ({years}); ask for it with at()"
            raise DataError(Fault(self.where, msg))
        return self._converted(rows[0])

    def unit(self, parameter: str) -> str:
        """Return the CF unit of what `at` and `value` return."""
        return parse_unit(self._rows_of(parameter)[0].unit).internal

    def names(self) -> list[str]:
        """Return the names of all parameters, in the order of the file."""
        return list(dict.fromkeys(row.parameter for row in self.assumptions))

    def rows(self) -> pd.DataFrame:
        """Return all parameters as the file states them, for a table of assumptions.

        Returns
        -------
        DataFrame
            Columns ``kind``, those of the file, and ``overridden``.
        """
        table = pd.DataFrame([asdict(row) for row in self.assumptions])
        table["year"] = table["year"].astype("Int64")
        table["currency_year"] = table["currency_year"].astype("Int64")
        table.insert(0, "kind", self.kind)
        return table

    def _rows_of(self, parameter: str) -> list[Assumption]:
        rows = [row for row in self.assumptions if row.parameter == parameter]
        if not rows:
            msg = f"has no parameter '{parameter}'{nearest(parameter, self.names())}"
            raise DataError(Fault(self.where, msg))
        return rows

    def _converted(self, row: Assumption) -> float:
        unit = parse_unit(row.unit)
        if unit.currency is None:
            return row.value * unit.factor
        year = self.currency_year if row.currency_year is None else row.currency_year
        return convert(row.value * unit.factor, unit.currency, year, self.currency_year)


def technology(
    kind: str, currency_year: int, overrides: Mapping[str, float] | None = None
) -> Technology:
    """Read the parameters of a kind, with those that a study replaces.

    Parameters
    ----------
    kind : str
        Name of a file in ``data/technologies``.
    currency_year : int
        Money is returned in real USD of this year.
    overrides : mapping, optional
        Values by parameter, in the unit of the file and in money of `currency_year`; they hold in
        all years.

    Returns
    -------
    Technology
    """
    path = named_file("technologies", kind, ".csv", DataError)
    return parameters_of(path, kind, currency_year, overrides)


def parameters_of(
    path: Path, kind: str, currency_year: int, overrides: Mapping[str, float] | None = None
) -> Technology:
    """Read any file of the form of a parameter file; see `technology`."""
    rows = _read_assumptions(path, path.stat().st_mtime_ns)
    where = f"data/technologies/{path.name}" if path.parent.name == "technologies" else path.name
    return Technology(kind, currency_year, where, _overridden(kind, rows, overrides or {}))


def between_years(
    points: Mapping[int, float], years: Iterable[int], where: str, what: str
) -> FloatArray:
    """Return values at years: linear between given years, never beyond, one value for all.

    Parameters
    ----------
    points : mapping
        Value by year.
    years : iterable of int
        Years wanted.
    where, what : str
        File and name for the message of an error.

    Returns
    -------
    array of shape (years,)
    """
    wanted = np.asarray(list(years), dtype=float)
    given = sorted(points)
    if len(given) == 1:
        return np.full(len(wanted), points[given[0]])
    outside = [int(year) for year in wanted if not given[0] <= year <= given[-1]]
    if outside:
        listed = ", ".join(str(year) for year in outside)
        msg = (
            f"{what} is given for {given[0]} to {given[-1]}; asked for {listed}; "
            "add a row for a later year, or set the value in the study"
        )
        raise DataError(Fault(where, msg))
    return np.interp(wanted, given, [points[year] for year in given])


def _overridden(
    kind: str, rows: Sequence[Assumption], overrides: Mapping[str, float]
) -> tuple[Assumption, ...]:
    """Return the rows with those of a study in place of the library's."""
    known = list(dict.fromkeys(row.parameter for row in rows))
    faults = []
    for name, value in overrides.items():
        if name not in known:
            allowed = ", ".join(known)
            msg = f"unknown parameter '{name}'{nearest(name, known)} (allowed: {allowed})"
            faults.append(Fault(f"{kind}.parameters", msg))
        elif not np.isfinite(value):
            faults.append(Fault(f"{kind}.parameters.{name}", f"found {value}; a number is needed"))
    if faults:
        raise StudyError(faults)
    result = []
    for row in rows:
        if row.parameter not in overrides:
            result.append(row)
        elif row.parameter not in {other.parameter for other in result}:
            result.append(_set_in_study(row, float(overrides[row.parameter])))
    return tuple(result)


def _set_in_study(row: Assumption, value: float) -> Assumption:
    return replace(
        row,
        year=None,
        value=value,
        low=None,
        high=None,
        currency_year=None,
        source="set in the study",
        provenance="assumed",
        overridden=True,
    )


@lru_cache(maxsize=256)
def _read_assumptions(path: Path, modified: int) -> tuple[Assumption, ...]:
    faults: list[Fault] = []
    rows = []
    places: dict[tuple[str, int | None], str] = {}
    units: dict[str, str] = {}
    for row in read_table(path, COLUMNS):
        assumption = _assumption(row, faults)
        key = (assumption.parameter, assumption.year)
        for other in (key, (key[0], None)):
            if other in places:
                msg = f"{key[0]} is given twice for the same year (first at {places[other]})"
                faults.append(Fault(row.where, msg))
                break
        if units.setdefault(assumption.parameter, assumption.unit) != assumption.unit:
            msg = f"{key[0]} has unit '{assumption.unit}' here and '{units[key[0]]}' above"
            faults.append(Fault(row.where, msg))
        places[key] = row.where
        rows.append(assumption)
    if not rows and not faults:
        faults.append(Fault(str(path), "holds no rows"))
    if faults:
        raise DataError(faults)
    return tuple(rows)


def _assumption(row: TableRow, faults: list[Fault]) -> Assumption:
    """Return a row as numbers, and add what is wrong with it to `faults`."""
    value = number(row, "value", faults)
    low, high = (optional_number(row, column, faults) for column in ("low", "high"))
    year, currency_year = (optional_number(row, name, faults) for name in ("year", "currency_year"))
    faults += source_faults(row)
    if not row["parameter"]:
        faults.append(Fault(row.where, "parameter is empty; name the quantity"))
    if (low is not None and low > value) or (high is not None and value > high):
        msg = f"value {value:g} lies outside its range {row['low']} to {row['high']}"
        faults.append(Fault(row.where, msg))
    try:
        is_money = parse_unit(row["unit"]).currency is not None
    except ValueError as error:
        faults.append(Fault(row.where, str(error)))
    else:
        if is_money != (currency_year is not None):
            need = "needs a currency_year" if is_money else "is no money; leave currency_year empty"
            faults.append(Fault(row.where, f"unit '{row['unit']}' {need}"))
    return Assumption(
        row["parameter"], None if year is None else int(year), value, low, high, row["unit"],
        None if currency_year is None else int(currency_year), row["source"], row["provenance"],
        row["note"],
    )  # fmt: skip
