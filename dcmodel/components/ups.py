"""UPS ride-through: more energy in the uninterruptible supply than the building's own minutes."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, array_expression
from dcmodel.base.schema import Hours
from dcmodel.components.base import Component, FloatArray, Limit, SiteCase, components
from dcmodel.components.outages import Found, Means, Outages
from dcmodel.components.staging import staged_capacity
from dcmodel.reliability.parts import BackupPart


@components.register("ups")
class Ups(Component):
    r"""Ride-through of the critical power until generators have started.

    The converters and the first minutes are part of the building; this component sizes the energy
    :math:`E_y` beyond them. It gives power in outages only,

    .. math:: \sum_h d_{sh} \le \eta E_y, \qquad d_{sh} \le P^{design}_y ,

    from every start :math:`s`, and holds `ride_through_h` at full design power where stated.
    """

    kind: ClassVar[str] = "ups"
    in_reference: ClassVar[bool] = False

    ride_through_h: Hours = 0.0
    """Ride-through at full design power beyond the building's own, at least. [h]"""

    def power(self, case: SiteCase) -> FloatArray:
        """Return the largest power of the facility [MW], shape (years,)."""
        return np.asarray(case.facility_design_peak * case.it_capacity)

    def check(self, case: SiteCase) -> list[str]:
        """Return a ride-through longer than the largest energy."""
        most = self.technology(case).value("extra_max")
        if self.ride_through_h <= most:
            return []
        return [
            f"ups: a ride-through of {self.ride_through_h:g} h is asked for, at most {most:g} h "
            "are possible; use a battery, or raise parameters.extra_max"
        ]

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the energy and its cost."""
        m, p = b.model(), self.technology(case)
        years, power = np.asarray(case.years), self.power(case)
        efficiency = p.value("discharge_efficiency")
        capex = p.at("capex_energy", years)
        staged_capacity(
            b,
            case,
            "energy",
            unit="MWh",
            upper=np.maximum.accumulate(power) * p.value("extra_max") / efficiency,
            category="backup",
            capex=capex,
            fixed_opex=capex * p.at("fixed_operation_share_of_capex", years),
            lifetime=p.value("lifetime"),
            what="UPS energy beyond the building's own",
        )
        if self.ride_through_h > 0:
            b.least = ArrayParam(m.Y, values=power * self.ride_through_h / efficiency)

            # a row of sizes alone: it goes with the rows that couple years
            @array_constraint(b, m.Y, couples_years=True, doc="Ride-through at design power")
            def ride_through_held(b: pyo.Block, y: Any) -> Any:
                return b.energy[y] >= b.least[y]

    def ride_through(self, b: pyo.Block, case: SiteCase, outages: Outages) -> None:
        """Declare what the cells give in outages."""
        m, sets = b.model(), (b.model().Y, outages.starts, outages.hours)
        efficiency = self.technology(case).value("discharge_efficiency")
        b.outage_discharge = ArrayVar(
            *sets, lower=0, upper=self.power(case)[:, None, None], doc="Power in an outage [MW]"
        )

        @array_constraint(
            b, m.Y, outages.starts, couples_years=True, doc="Discharge within the cells"
        )
        def outage_energy(b: pyo.Block, y: Any, s: Any) -> Any:
            drawn = sum(b.outage_discharge[y, s, h] for h in outages.hours)
            return drawn <= efficiency * b.energy[y]

        @array_expression(b, *sets, doc="Power in an outage [MW]")
        def outage_supply(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
            return b.outage_discharge[y, s, h]

    def backup(self, case: SiteCase, found: Found, y: int) -> BackupPart | None:
        """Return how much longer the cells carry the whole site."""
        power = float(self.power(case)[y])
        given = self.technology(case).value("discharge_efficiency") * found.sizes["energy"]
        return BackupPart(ride_through=given / power if power > 0 else 0.0)

    def outage_most(self, case: SiteCase, hours: int) -> tuple[float, float]:
        """Return full design power for the largest extra time [MW], [MWh]."""
        power = float(self.power(case).max())
        return power, power * self.technology(case).value("extra_max")

    def outage_means(self, b: pyo.Block, case: SiteCase, hours: int) -> Means | None:
        """Return the solved cells, full as an outage begins and not charged in it."""
        given = self.technology(case).value("discharge_efficiency") * np.asarray(b.energy.array)
        shape = (len(case.years), round(case.duration.sum()))
        power = np.broadcast_to(self.power(case)[:, None], shape)
        return Means(
            power=power, fuel_per_mwh=np.ones(shape), fuel=given,
            resupply=np.zeros((len(case.years), hours)),
        )  # fmt: skip

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the largest energy."""
        place = ("components", self.kind, "parameters", "extra_max")
        return (
            Limit.of_size(
                "UPS energy", "MWh", place, b.energy, b.energy_built,
                stated=self.technology(case).value("extra_max"), stated_unit="h",
            ),
        )  # fmt: skip


def bridge_h(case: SiteCase) -> float:
    """Return the time that the uninterruptible supply within the building carries [h]."""
    return case.parameters_of("ups").value("autonomy_included")
