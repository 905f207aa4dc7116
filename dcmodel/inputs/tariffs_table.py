"""Time-of-use tables: one row a billing period, hours ending, a flag for weekdays.

Columns: Billing Period, Start Month, End Month, Start Time, End Time, Excluding Start Time,
Excluding End Time, Weekday? (1 weekdays, 0 weekends, 2 all days), Value (per kWh or per kW), Charge
(Energy or Demand), Name. Times are hours ending: 1 to 24, the first from midnight to one o'clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.units import HOURS_PER_DAY, MONTHS_PER_YEAR
from dcmodel.inputs.charges import Charge, UserTariff
from dcmodel.inputs.textfile import Table, parse_table, read_text
from dcmodel.inputs.time_of_use import calendar_of, spans_of

_DAYS = {0: (1, 2), 1: (0,), 2: (0, 1, 2)}
"""Kinds of day of each value of the flag, as positions in `time_of_use.DAY_TYPES`."""
_DAY_WORDS = ("weekdays", "weekends", "weekends")
_PER_KILO = 1000.0
_LARGEST = 1e12
"""No value lies above: a thousandfold and summed it is still finite."""
_REST = "other hours"


@dataclass(frozen=True)
class _Period:
    """A row of the table: its hours by month, kind of day and hour, and its price."""

    where: str
    name: str
    charge: str
    value: float
    cells: npt.NDArray[np.bool_]


def read_table_tariff(path: Path, currency: str | None = None) -> UserTariff:
    """Read a table of billing periods.

    Parameters
    ----------
    path : Path
    currency : str, optional
        Currency of the values, which the table does not state; USD when left out.

    Raises
    ------
    DataError
        When rows overlap, hours are missing or a cell is wrong; each with its row.
    """
    table = parse_table(read_text(path), str(path))
    periods = _periods(table)
    energy = [period for period in periods if period.charge == "energy"]
    table.faults += _coverage(energy, str(path))
    if table.faults:
        raise DataError(sorted(table.faults))
    charges = [_energy(energy)] if energy else []
    demand = [period for period in periods if period.charge == "demand"]
    names = [period.name for period in demand]
    for position, period in enumerate(demand):
        repeated = names.count(period.name) > 1
        name = f"{period.name} {position + 1}" if repeated else period.name
        charges.append(_demand(period, name))
    notes = () if currency else ("the table states no currency; USD is assumed (--currency)",)
    return UserTariff(path.stem, currency or "USD", tuple(charges), notes=notes)


def _periods(table: Table) -> list[_Period]:
    names = ("Start Month", "End Month", "Start Time", "End Time", "Weekday?", "Value")
    columns = {name: table.numbers(name) for name in names}
    without = {
        name: table.numbers(name) if name in table.columns else np.full(len(table.rows), np.nan)
        for name in ("Excluding Start Time", "Excluding End Time")
    }
    kinds, labels = table.text("Charge"), table.text("Name")
    periods = []
    for k in range(len(table.rows)):
        where = table.where(k)
        row = {name: float(values[k]) for name, values in columns.items()}
        first, last = (float(values[k]) for values in without.values())
        left_out = dict(zip(without, (first, last), strict=True))
        faults = (
            _wrong(row, where) + _wrong_exclusion(left_out, where) + _wrong_charge(kinds[k], where)
        )
        table.faults += faults
        if faults:
            continue
        cells = np.zeros((MONTHS_PER_YEAR, 3, HOURS_PER_DAY), dtype=bool)
        months = _round(int(row["Start Month"]), int(row["End Month"]), MONTHS_PER_YEAR)
        hours = set(_round(int(row["Start Time"]), int(row["End Time"]), HOURS_PER_DAY))
        if not np.isnan(first):
            hours -= set(_round(int(first), int(last), HOURS_PER_DAY))
        for month in months:
            for day in _DAYS[int(row["Weekday?"])]:
                cells[month - 1, day, [hour - 1 for hour in hours]] = True
        name = labels[k] or f"period {k + 1}"
        periods.append(_Period(where, name, kinds[k].lower(), row["Value"], cells))
    return periods


def _round(first: int, last: int, count: int) -> list[int]:
    """Return the numbers from `first` to `last`, over the end where it lies before."""
    if first <= last:
        return list(range(first, last + 1))
    return [*range(first, count + 1), *range(1, last + 1)]


def _wrong(row: dict[str, float], where: str) -> list[Fault]:
    faults = []
    for name, low, high in (
        ("Start Month", 1, MONTHS_PER_YEAR),
        ("End Month", 1, MONTHS_PER_YEAR),
        ("Start Time", 1, HOURS_PER_DAY),
        ("End Time", 1, HOURS_PER_DAY),
        ("Weekday?", 0, 2),
    ):
        if not (low <= row[name] <= high and row[name] == int(row[name])):
            found = "nothing" if np.isnan(row[name]) else f"{row[name]:g}"
            msg = f"{name}: found {found}; allowed are whole numbers from {low} to {high}"
            faults.append(Fault(where, msg))
    if np.isnan(row["Value"]):
        faults.append(Fault(where, "Value: found nothing; give a price per kWh or per kW"))
    elif abs(row["Value"]) > _LARGEST:
        msg = f"Value: found {row['Value']:g}; should be a finite number, at most {_LARGEST:g}"
        faults.append(Fault(where, msg))
    return faults


def _wrong_exclusion(left_out: dict[str, float], where: str) -> list[Fault]:
    """Return a fault for hours left out that are no hours, or have but one end."""
    empty = [name for name, hour in left_out.items() if np.isnan(hour)]
    if len(empty) == 1:
        return [Fault(where, f"{empty[0]}: found nothing; give both ends, or neither")]
    return [
        Fault(
            where,
            f"{name}: found {hour:g}; allowed are whole numbers from 1 to {HOURS_PER_DAY}",
        )
        for name, hour in left_out.items()
        if not empty and not (1 <= hour <= HOURS_PER_DAY and hour == int(hour))
    ]


def _wrong_charge(kind: str, where: str) -> list[Fault]:
    if kind.lower() in {"energy", "demand"}:
        return []
    return [Fault(where, f"Charge: found '{kind}'; allowed are Energy and Demand")]


def _coverage(energy: list[_Period], path: str) -> list[Fault]:
    """Return a fault for every row that overlaps an earlier one, and for hours without a row."""
    faults = []
    taken = np.full((MONTHS_PER_YEAR, 3, HOURS_PER_DAY), -1)
    for number, period in enumerate(energy):
        both = period.cells & (taken >= 0)
        for other in np.unique(taken[both]):
            words = _words(both & (taken == other))
            row = energy[int(other)].where.rpartition(":")[2]
            msg = f"'{period.name}' overlaps '{energy[int(other)].name}' of row {row} in {words}"
            faults.append(Fault(period.where, f"{msg}; every hour lies in one row"))
        taken[period.cells] = number
    if energy and (taken < 0).any():
        msg = f"no row covers {_words(taken < 0)}; every hour lies in one row"
        faults.append(Fault(path, msg))
    return faults


def _words(cells: npt.NDArray[np.bool_]) -> str:
    """Return the first hours of some cells in words, hours ending as in the table."""
    month, day, _ = (int(k) for k in np.argwhere(cells)[0])
    hours = spans_of((np.flatnonzero(cells[month, day]) + 1).tolist(), 0)
    same = [k + 1 for k in range(MONTHS_PER_YEAR) if (cells[k, day] == cells[month, day]).all()]
    return f"hours {hours} (ending) of {_DAY_WORDS[day]} in months {spans_of(same, 0)}"


def _energy(periods: list[_Period]) -> Charge:
    """Return energy by period; rows of one name and price are one period."""
    prices: dict[str, float] = {}
    table = np.full((MONTHS_PER_YEAR, 3, HOURS_PER_DAY), "", dtype="U80")
    values: dict[str, set[float]] = {}
    for period in periods:
        values.setdefault(period.name, set()).add(period.value)
    for period in periods:
        alone = len(values[period.name]) == 1
        name = period.name if alone else f"{period.name} at {period.value:g}"
        prices[name] = period.value * _PER_KILO
        table[period.cells] = name
    calendar = calendar_of(table)
    fields: dict[str, Any] = {"name": "energy", "on": "metered"}
    fields |= {"calendar": calendar, "price_usd_per_mwh": prices}
    return Charge("time_of_use_energy", fields, periods[0].where)


def _demand(period: _Period, name: str) -> Charge:
    """Return the demand charge of one row: of all hours, of some months, or of some hours."""
    rate = period.value * _PER_KILO
    fields: dict[str, Any] = {"name": _plain(name)}
    whole_months = period.cells.all(axis=(1, 2))
    if whole_months.all():
        return Charge("demand_charge", fields | {"rate_usd_per_mw_month": rate}, period.where)
    if (period.cells.any(axis=(1, 2)) == whole_months).all():
        months = (np.flatnonzero(whole_months) + 1).tolist()
        fields |= {"seasons": {name: months}, "rate_usd_per_mw_month": {name: rate}}
        return Charge("seasonal_demand", fields, period.where)
    fields["calendar"] = calendar_of(np.where(period.cells, name, _REST))
    fields["rate_usd_per_mw_month"] = {name: rate, _REST: 0.0}
    return Charge("time_of_use_demand", fields, period.where)


def _plain(name: str) -> str:
    """Return a name in the letters that a form's name may have."""
    return "".join(c if c.isascii() and (c.isalnum() or c in " _-") else " " for c in name).strip()
