"""Requirements: named limits on the finished site, each one file found by the registry.

A requirement is a component without a size: its rows stand on the whole model, after the balances.
Every one has a `dcmodel.components.base.Limit`, so that a study it makes infeasible is explained by
its name and place, and so that its worth is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pyomo.environ as pyo
from pydantic import model_validator

from dcmodel.arrays import ArrayVar
from dcmodel.base.registry import Registry
from dcmodel.components.base import Component, FloatArray, Limit, offering

requirements: Registry[type[Requirement]] = Registry("dcmodel.requirements", "dcmodel.requirements")
"""Every requirement by its name in a study."""


class Requirement(Component):
    """Settings of one requirement; a plain number stands for its main field."""

    in_reference: ClassVar[bool] = False
    main: ClassVar[str]
    """Field that a plain number, or numbers by year, stand for."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        by_year = isinstance(value, Mapping) and value and all(isinstance(k, int) for k in value)
        return {cls.main: value} if by_year or isinstance(value, int | float) else value

    def place(self, field: str | None = None) -> tuple[str, ...]:
        """Return where a study states a field: a short form has one place for all."""
        return ("requirements", self.kind) if field is None else ("requirements", self.kind, field)


def contracts_clean(m: pyo.ConcreteModel) -> list[pyo.Block]:
    """Return the contracts whose energy may be claimed as carbon-free in its hour."""
    return [b for b in offering(m, "clean") if b.component("supply") is None]


def on_site_clean(m: pyo.ConcreteModel) -> list[pyo.Block]:
    """Return the carbon-free plants on the site."""
    return [b for b in offering(m, "clean") if b.component("supply") is not None]


def certified(m: pyo.ConcreteModel, y: Any) -> Any:
    """Return the carbon-free energy of a year: certificates and on-site plants [MWh]."""
    bought = sum([b.certificates[y] for b in offering(m, "certificates")])
    made = sum([sum(m.duration[t] * b.clean[y, t] for t in m.T) for b in on_site_clean(m)])
    return bought + made


def load(m: pyo.ConcreteModel, y: Any) -> Any:
    """Return the facility's energy of a year [MWh]."""
    return sum(m.duration[t] * m.facility_power[y, t] for t in m.T)


def floor(
    name: str,
    place: tuple[str, ...],
    share: FloatArray,
    missing: ArrayVar,
    energy: FloatArray,
) -> Limit:
    """Return the limit of a least share.

    Parameters
    ----------
    name : str
    place : tuple of str
        Where a study states it.
    share : array of shape (years,)
        Share asked for [1].
    missing : ArrayVar
        Energy that is let off, bounded by zero [MWh].
    energy : array of shape (years,)
        Energy of the whole [MWh].
    """
    per_percent = energy / 100.0
    return Limit(
        name, "%", place, 100.0 * share, ((missing, per_percent),), falls=True,
        stated=share, stated_unit="",
    )  # fmt: skip


def ceiling(
    name: str,
    place: tuple[str, ...],
    share: FloatArray,
    over: ArrayVar,
    energy: FloatArray,
) -> Limit:
    """Return the limit of a largest share; `over` is the energy beyond it, bounded by zero."""
    return Limit(
        name, "%", place, 100.0 * share, ((over, energy / 100.0),), stated=share, stated_unit=""
    )


def let_off(m: pyo.ConcreteModel, doc: str) -> ArrayVar:
    """Return a variable by year, bounded by zero, that an explanation may let rise."""
    return ArrayVar(m.Y, lower=0, upper=0, doc=doc)
