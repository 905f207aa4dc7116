"""Solid-oxide fuel cells: delivered within a year, costly, run all year."""

from __future__ import annotations

from typing import ClassVar

from dcmodel.components.base import components
from dcmodel.components.generator import Generator


@components.register("fuel_cell")
class FuelCell(Generator):
    """Solid-oxide fuel cells on pipeline gas.

    They take hours to heat up, so they carry an outage only as far as they run when it begins.
    """

    kind: ClassVar[str] = "fuel_cell"
    title: ClassVar[str] = "Fuel cells"
