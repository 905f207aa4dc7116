"""Bills of a user's own load: any forms over any metered years."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dcmodel.base.errors import DataError, Fault
from dcmodel.finance.bill import Meter, itemise
from dcmodel.inputs.loads import Load
from dcmodel.markets.base import TariffForm

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Statement:
    """A bill over one or more calendar years.

    Parameters
    ----------
    items : DataFrame
        One row a line: year and the columns of `dcmodel.finance.bill.itemise`.
    notes : tuple of str
        What a reader of the bill must know.
    """

    items: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """Sum of all lines."""
        return float(self.items["amount"].sum())


def statement(
    forms: Iterable[TariffForm],
    load: Load,
    series: Mapping[str, FloatArray] | None = None,
    before: Load | None = None,
) -> Statement:
    """Return the bill of a metered load.

    Parameters
    ----------
    forms : iterable of TariffForm
    load : Load
        Readings of any number of calendar years, the first and last perhaps in part.
    series : mapping, optional
        Prices and other series of the load's intervals, by name.
    before : Load, optional
        Readings of the year before, for ratchets and charges on earlier peaks.

    Raises
    ------
    DataError
        When a form needs a series or a size that is not given, or holds rates for another number
        of years.
    """
    forms, series = list(forms), dict(series or {})
    _refuse_missing(forms, series, load)
    earlier = None if before is None else _meters(before, {})[-1]
    frames, last = [], earlier
    for position, meter in enumerate(_meters(load, series)):
        last = replace(meter, before=last, position=position)
        frames.append(_of_year(forms, last))
    return Statement(pd.concat(frames, ignore_index=True), tuple(_notes(forms, load, before)))


def _of_year(forms: list[TariffForm], meter: Meter) -> pd.DataFrame:
    try:
        items = itemise(forms, meter)
    except ValueError as error:  # a named hour that was not metered
        raise DataError(Fault(str(meter.year), str(error))) from None
    items.insert(0, "year", meter.year)
    return items


def _meters(load: Load, series: Mapping[str, FloatArray]) -> list[Meter]:
    """Return the meter of each calendar year of the local clock."""
    years = np.asarray(load.time.year)
    found = []
    for year in np.unique(years):
        here = years == year
        found.append(
            Meter(
                time=load.time[here],
                grid_import=load.power[here],
                hours=load.hours[here],
                series={name: values[here] for name, values in series.items()},
                year=int(year),
            )
        )
    return found


def _refuse_missing(forms: list[TariffForm], series: Mapping[str, FloatArray], load: Load) -> None:
    faults = []
    for form in forms:
        faults += [Fault("", text) for text in form.year_faults(len(load.years))]
        for name in sorted(form.series_needed - set(series)):
            msg = f"'{form.label}' needs '{name}'; name its column: --series {name}=COLUMN"
            faults.append(Fault("--series", msg))
        for name in form.sizes_chosen:
            msg = f"'{form.label}': {name} is left open; a bill needs it in the tariff"
            faults.append(Fault("", msg))
    if faults:
        raise DataError(faults)


def _notes(forms: list[TariffForm], load: Load, before: Load | None) -> Iterable[str]:
    """Say where the bill rests on less than full years."""
    looking = [form.label for form in forms if form.looks_back]
    if looking and before is None:
        names = ", ".join(looking)
        yield f"nothing is known of the year before, on which {names} depend; give --before LOAD"
    hours: Any = pd.Series(load.hours).groupby([load.time.year, load.time.month]).sum()
    for (year, month), metered in hours.items():
        whole = 24 * pd.Period(year=year, month=month, freq="M").days_in_month
        if metered < whole - 1:  # a clock that changes for summer lacks an hour in spring
            yield f"{year}-{month:02d} holds {metered:g} of {whole} hours"
