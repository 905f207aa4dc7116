"""Tariffs that are charged in several forms at once, under one name."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace

import pyomo.environ as pyo

from dcmodel.components.base import SiteCase
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.markets.base import TariffForm


class CompositeForm(TariffForm):
    """A form made of others: its equations and its bill are theirs."""

    @abstractmethod
    def parts(self) -> tuple[TariffForm, ...]:
        """Return the forms it is made of, each with a name of its own."""

    @property
    def series_needed(self) -> set[str]:
        """What any of the parts needs."""
        return set().union(*(part.series_needed for part in self.parts()))

    @property
    def sizes_chosen(self) -> tuple[str, ...]:
        """What any of the parts leaves open."""
        return tuple(name for part in self.parts() for name in part.sizes_chosen)

    @property
    def looks_back(self) -> bool:
        """Whether any of the parts looks back."""
        return any(part.looks_back for part in self.parts())

    def check(self, case: SiteCase) -> list[str]:
        """Return a fault for every field whose years are not those of the case, or of the parts."""
        if faults := super().check(case):
            return faults
        return [f"{self.label}: {text}" for part in self.parts() for text in part.check(case)]

    def items(self, meter: Meter) -> Iterator[BillItem]:
        """Return the lines of all parts."""
        prefix = f"{self.label}.part["
        own = {
            name.removeprefix(prefix).replace("]", "", 1): size
            for name, size in meter.sizes.items()
            if name.startswith(prefix)
        }
        of_parts = replace(meter, sizes=own)
        for part in self.parts():
            for item in part.items(of_parts):
                yield replace(item, charge=f"{part.label}: {item.charge}")

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the equations and costs of all parts."""
        parts = self.parts()
        b.part = pyo.Block([part.label for part in parts])
        for part in parts:
            part.charge(b.part[part.label], case)
