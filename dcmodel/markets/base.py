"""Tariff forms: how a market charges for what the meter records.

A form is a component (`dcmodel.components.base.Component`) whose numbers come from the market's
file instead of a parameter file. It charges what the model's meter records: ``m.grid_import`` and
``m.monthly_peak``, ``m.purchase`` (import less contracted energy used) and ``m.surplus``
(contracted energy not used).
"""

from __future__ import annotations

from dcmodel.base.registry import Registry
from dcmodel.components.base import Component

tariffs: Registry[type[Component]] = Registry("dcmodel.markets", "dcmodel.markets")
"""Every tariff form by the name used in ``data/markets/*.yaml``."""
