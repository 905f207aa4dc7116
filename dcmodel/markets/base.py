"""Tariff forms: how a market charges for what the meter records.

A form is a component (`dcmodel.components.base.Component`) whose numbers come from the market's
file instead of a parameter file. It says what it charges twice: as equations on what the model's
meter records (`charge`: ``m.grid_import``, ``m.monthly_peak``, ``m.purchase`` and ``m.surplus``),
and as the lines of a bill from readings (`items`), which knows nothing of the equations. Every run
compares the two.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Annotated, Any, Literal

import pyomo.environ as pyo
from pydantic import Field, ValidationError, model_validator

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.registry import Registry, nearest
from dcmodel.base.yamlfile import YamlFile, validation_faults
from dcmodel.components.base import Component, FloatArray, SiteCase
from dcmodel.finance.bill import Basis, BillItem, Meter
from dcmodel.inputs.charges import Charge, UserTariff
from dcmodel.inputs.time_of_use import refusal
from dcmodel.markets.rates import (
    MonthlyPrice,
    MonthlyRate,
    Price,
    Rate,
    by_month,
    by_year,
    of_month,
    of_year,
    year_counts,
)

__all__ = [
    "FirstYear",
    "MonthNumber",
    "MonthlyPrice",
    "MonthlyRate",
    "Price",
    "Rate",
    "TariffForm",
    "by_month",
    "by_year",
    "drawn",
    "make_forms",
    "of_month",
    "of_year",
    "tariffs",
    "year_before",
]

tariffs: Registry[type[TariffForm]] = Registry("dcmodel.markets", "dcmodel.markets")
"""Every tariff form by the name used in ``data/markets/*.yaml``."""

LARGEST = 1e15
"""No number of a tariff lies above: what is billed by such numbers is still finite."""
MonthNumber = Annotated[int, Field(ge=1, le=12)]

FirstYear = Literal["new", "steady"]
"""What was metered before: nothing at a ``new`` site, the same at a ``steady`` one."""


class TariffForm(Component):
    """One form of charge with a market's numbers."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_ -]*$")] = ""
    """Name on the bill, where a tariff holds several charges of the same form."""

    @model_validator(mode="before")
    @classmethod
    def _sums_are_finite(cls, value: Any) -> Any:
        for path, number in _numbers(value):
            if not abs(number) <= LARGEST:
                msg = f"found {number:g}; should be a finite number, at most {LARGEST:g}"
                raise refusal(msg, path)
        return value

    @property
    def label(self) -> str:
        """Name on the bill and in results."""
        return self.name or self.kind

    @property
    def series_needed(self) -> set[str]:
        """Names of the hourly series that a bill needs."""
        return set(self.profiles)

    @property
    def sizes_chosen(self) -> tuple[str, ...]:
        """Names of contracted powers that the tariff leaves to be chosen."""
        return ()

    @property
    def looks_back(self) -> bool:
        """Whether a bill depends on the year before."""
        return False

    def surplus_price(self, series: Mapping[str, FloatArray]) -> FloatArray | None:
        """Return what a MWh of surplus contract energy earns by hour [USD MWh-1].

        None where the form does not buy any.

        Parameters
        ----------
        series : mapping
            Hourly series of one year by name.
        """
        return None

    @abstractmethod
    def items(self, meter: Meter) -> Iterable[BillItem]:
        """Return the lines of the bill of a metered year, from its readings alone."""

    def check(self, case: SiteCase) -> list[str]:
        """Return a fault for every field whose years are not those of the case."""
        return self.year_faults(len(case.years))

    def year_faults(self, years: int) -> list[str]:
        """Return a fault for every field that holds values for another number of years."""
        return [
            f"{self.label}.{path}: found {count} values; give one, or one a year ({years})"
            for name in type(self).model_fields
            for path, count in year_counts(getattr(self, name), name)
            if count != years
        ]


def _numbers(value: Any, path: tuple[Any, ...] = ()) -> Iterable[tuple[tuple[Any, ...], float]]:
    """Yield every number inside some fields with its place."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _numbers(one, (*path, key))
    elif isinstance(value, list | tuple):
        for position, one in enumerate(value):
            yield from _numbers(one, (*path, position))
    elif isinstance(value, Real) and not isinstance(value, bool):
        yield path, float(value)


def drawn(m: pyo.ConcreteModel, basis: Basis) -> Any:
    """Return what of the model is charged: all metered power, or what is bought of the tariff."""
    return m.grid_import if basis == "metered" else m.purchase


def year_before(meter: Meter, first_year: FirstYear) -> Meter | None:
    """Return the metered year before; the same year again where a first year is steady."""
    if meter.before is None and first_year == "steady":
        return meter
    return meter.before


def make_forms(tariff: UserTariff, years: Sequence[int] | None = None) -> list[TariffForm]:
    """Return the forms of a user's tariff.

    Parameters
    ----------
    tariff : UserTariff
    years : sequence of int, optional
        Calendar years that will be billed. Without them rates by calendar year are refused, and a
        list counts as one value a year, which a bill and a study check when they know the years.

    Raises
    ------
    DataError
        With every fault of every charge, each at its place in the file.
    """
    context = {} if years is None else {"years": tuple(years)}
    forms: list[TariffForm] = []
    faults: list[Fault] = []
    labels: dict[str, str] = {}
    for charge in tariff.charges:
        if charge.form not in tariffs:
            known = tariffs.names()
            hint = f"{nearest(charge.form, known)} (forms: {', '.join(known)})"
            faults.append(Fault(charge.where, f"no form '{charge.form}'{hint}"))
            continue
        try:
            form = tariffs[charge.form].model_validate(charge.fields, context=context)
        except ValidationError as error:
            faults += _faults_of(error, charge, tariff.source)
            continue
        if form.label in labels:
            msg = f"'{form.label}' stands at {labels[form.label]} too; give each a 'name'"
            faults.append(Fault(charge.where, msg))
        labels[form.label] = charge.where
        forms.append(form)
    if faults:
        raise DataError(faults)
    return forms


def _faults_of(error: ValidationError, charge: Charge, source: YamlFile | None) -> list[Fault]:
    if source is not None and charge.at:
        model = tariffs[charge.form]
        return validation_faults(error, model, source, charge.at, charge.written)
    return [
        Fault(charge.where, f"{charge.form}: {detail['msg']}")
        for detail in error.errors(include_url=False)
    ]
