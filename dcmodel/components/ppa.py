"""Pay-as-produced power purchase agreements for solar and wind off site."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, array_expression
from dcmodel.components.base import FloatArray, Held, SiteCase, components
from dcmodel.components.contract import Contract, claim, energy_paid
from dcmodel.finance.settlement import Settlement, delivered_cost


class PayAsProduced(Contract):
    r"""A share of an off-site plant: all it produces is paid, whether used or not.

    Notes
    -----
    The energy of a contracted MW is the capacity factor of the plant. What the site does not use is
    settled by the energy tariff (`dcmodel.markets`).
    """

    profile: ClassVar[str]

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the contracted capacity, its delivery and its cost."""
        m = b.model()
        factor = case.series[self.profile]
        self.sign(b, case, factor @ case.duration)
        b.capacity_factor = ArrayParam(m.Y, m.T, values=factor)

        @array_expression(b, m.Y, m.T, doc="Contracted energy delivered [MW]")
        def delivery(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.capacity_factor[y, t] * b.capacity[y]

        energy_paid(b, "Energy paid as produced [USD]")
        claim(b, factor)

    def paid_energy(self, case: SiteCase) -> FloatArray:
        """Return what the plant produces [MWh MW-1]."""
        return np.asarray(case.series[self.profile] @ case.duration)

    def statement(self, case: SiteCase, y: int, held: Held) -> Settlement:
        """Return what the energy produced cost [USD]; the tariff sells what is not used."""
        energy = held.delivered * case.duration
        return Settlement(delivered_cost(energy, self.standing(case, y, held)[1]))


@components.register("ppa_solar")
class SolarPPA(PayAsProduced):
    """Pay-as-produced contract with a single-axis tracking solar plant."""

    kind: ClassVar[str] = "ppa_solar"
    profile: ClassVar[str] = "solar_single_axis"
    title: ClassVar[str] = "Solar"
    profiles: ClassVar[tuple[str, ...]] = ("solar_single_axis",)


@components.register("ppa_wind")
class WindPPA(PayAsProduced):
    """Pay-as-produced contract with an onshore wind farm."""

    kind: ClassVar[str] = "ppa_wind"
    profile: ClassVar[str] = "wind_onshore"
    title: ClassVar[str] = "Wind"
    profiles: ClassVar[tuple[str, ...]] = ("wind_onshore",)
