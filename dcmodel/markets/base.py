"""Tariff forms: how a market charges for what the meter records.

A form is a component (`dcmodel.components.base.Component`) whose numbers come from the market's
file instead of a parameter file. It says what it charges twice: as equations on what the model's
meter records (`charge`: ``m.grid_import``, ``m.monthly_peak``, ``m.purchase`` and ``m.surplus``),
and as the lines of a bill from readings (`items`), which knows nothing of the equations. Every run
compares the two.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pyomo.environ as pyo
from pydantic import Field, ValidationError

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.registry import Registry, nearest
from dcmodel.base.yamlfile import YamlFile, validation_faults
from dcmodel.components.base import Component, FloatArray, SiteCase
from dcmodel.finance.bill import Basis, BillItem, Meter
from dcmodel.inputs.charges import Charge, UserTariff

tariffs: Registry[type[TariffForm]] = Registry("dcmodel.markets", "dcmodel.markets")
"""Every tariff form by the name used in ``data/markets/*.yaml``."""

Price = float | tuple[float, ...]
"""A price, or one for each year of the study."""
NonNegative = Annotated[float, Field(ge=0)]
Rate = NonNegative | tuple[NonNegative, ...]
"""A rate from zero up, or one for each year of the study."""
MonthNumber = Annotated[int, Field(ge=1, le=12)]

FirstYear = Literal["new", "steady"]
"""What was metered before: nothing at a ``new`` site, the same at a ``steady`` one."""


class TariffForm(Component):
    """One form of charge with a market's numbers."""

    yearly: ClassVar[tuple[str, ...]] = ()
    """Fields that hold a number, or one for each year of the study."""

    tiered: ClassVar[tuple[str, ...]] = ()
    """Fields that hold such a value for each tier."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_ -]*$")] = ""
    """Name on the bill, where a tariff holds several charges of the same form."""

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
        wanted = len(case.years)
        return [
            f"{self.label}.{path}: found {len(value)} values; give one, or one a year ({wanted})"
            for name in (*self.yearly, *self.tiered)
            for path, value in _leaves(name, getattr(self, name), name in self.tiered)
            if isinstance(value, tuple) and len(value) != wanted
        ]


def _leaves(name: str, value: Any, tiered: bool) -> list[tuple[str, Any]]:
    """Return the numbers or tuples of a field, those of its periods or tiers one by one."""
    if tiered:
        return [(f"{name}.{k + 1}", item) for k, item in enumerate(value)]
    if isinstance(value, Mapping):
        return [(f"{name}.{key}", item) for key, item in value.items()]
    return [(name, value)]


def by_year(value: Price, years: int) -> FloatArray:
    """Return a price of each year of a study, shape (years,)."""
    return np.broadcast_to(np.asarray(value, dtype=float), (years,)).copy()


def of_year(value: Price, position: int) -> float:
    """Return the price at the position of a year; the last holds beyond the last."""
    return value[min(position, len(value) - 1)] if isinstance(value, tuple) else value


def drawn(m: pyo.ConcreteModel, basis: Basis) -> Any:
    """Return what of the model is charged: all metered power, or what is bought of the tariff."""
    return m.grid_import if basis == "metered" else m.purchase


def year_before(meter: Meter, first_year: FirstYear) -> Meter | None:
    """Return the metered year before; the same year again where a first year is steady."""
    if meter.before is None and first_year == "steady":
        return meter
    return meter.before


def make_forms(tariff: UserTariff) -> list[TariffForm]:
    """Return the forms of a user's tariff.

    Raises
    ------
    DataError
        With every fault of every charge, each at its place in the file.
    """
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
            form = tariffs[charge.form].model_validate(charge.fields)
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
