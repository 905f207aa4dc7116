"""Battery energy storage behind the meter: power and energy sized apart."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayVar, array_constraint, array_expression, cost_term
from dcmodel.base.schema import Megawatt, MegawattHour
from dcmodel.components.base import Component, Limit, SiteCase, components, staged_capacity


@components.register("battery")
class Battery(Component):
    r"""Lithium-ion storage.

    Notes
    -----
    With charge :math:`c_t`, discharge :math:`d_t`, stored energy :math:`e_t` above the lowest
    permitted state, converter power :math:`P_y`, energy :math:`E_y` and usable share :math:`u`,

    .. math::
       e_t = e_{t-1} + w_t (\eta\, c_t - d_t / \eta), \qquad c_t + d_t \le P_y,
       \qquad 0 \le e_t \le u E_y

    cyclic over each year. No binary: with :math:`\eta < 1`, charging while discharging only wastes
    energy, which pays at strongly negative prices alone; the shared converter limit bounds that.
    """

    kind: ClassVar[str] = "battery"
    in_reference: ClassVar[bool] = False

    power_max_mw: Megawatt | None = None
    """Largest converter power; None takes the parameter file's. [MW]"""
    energy_max_mwh: MegawattHour | None = None
    """Largest energy; None takes the parameter file's. [MWh]"""

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare sizes, dispatch and costs."""
        m = b.model()
        parameters = self.technology(case)
        efficiency = float(np.sqrt(parameters.value("roundtrip_efficiency")))
        usable = 1.0 - parameters.value("state_of_charge_min")
        wear = parameters.value("variable_operation")
        self._size(b, case)
        power_max, energy_max = b.power.upper_bound[:, None], b.energy.upper_bound[:, None]
        b.charge = ArrayVar(m.Y, m.T, lower=0, upper=power_max, doc="Charging power [MW]")
        b.discharge = ArrayVar(m.Y, m.T, lower=0, upper=power_max, doc="Discharging power [MW]")
        b.stored = ArrayVar(
            m.Y, m.T, lower=0, upper=usable * energy_max, doc="Energy at the end of the hour [MWh]"
        )

        @array_constraint(b, m.Y, m.T, doc="Stored energy follows charge and discharge")
        def energy_balance(b: pyo.Block, y: Any, t: Any) -> Any:
            flow = efficiency * b.charge[y, t] - b.discharge[y, t] / efficiency
            return b.stored[y, t] == b.stored[y, m.previous[t]] + m.duration[t] * flow

        @array_constraint(b, m.Y, m.T, doc="Charge and discharge share the converter")
        def converter_limit(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.charge[y, t] + b.discharge[y, t] <= b.power[y]

        @array_constraint(b, m.Y, m.T, doc="Stored energy within the usable size")
        def energy_limit(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.stored[y, t] <= usable * b.energy[y]

        @array_expression(b, m.Y, m.T, doc="Power into the site bus [MW]")
        def supply(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.discharge[y, t] - b.charge[y, t]

        @cost_term(b, m.Y, category="storage", doc="Wear by throughput [USD]")
        def wear_cost(b: pyo.Block, y: Any) -> Any:
            return wear * sum(m.duration[t] * b.discharge[y, t] for t in m.T)

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the largest converter power and energy."""
        here = ("components", self.kind)
        power = (b.power, b.power_built, b.charge, b.discharge)
        energy = (b.energy, b.energy_built, b.stored)
        return tuple(
            Limit.of_size(name, unit, (*here, key), *variables)
            for name, unit, key, variables in (
                ("Battery converter power", "MW", "power_max_mw", power),
                ("Battery energy", "MWh", "energy_max_mwh", energy),
            )
        )

    def _size(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare converter power and energy with their own costs."""
        parameters = self.technology(case)
        years = np.asarray(case.years)
        share = parameters.at("fixed_operation_share_of_capex", years)
        for name, unit, limit, what in (
            ("power", "MW", self.power_max_mw, "Battery converter power"),
            ("energy", "MWh", self.energy_max_mwh, "Battery energy"),
        ):
            capex = parameters.at(f"capex_{name}", years)
            staged_capacity(
                b,
                case,
                name,
                unit=unit,
                upper=parameters.value(f"{name}_max") if limit is None else limit,
                category="storage",
                capex=capex,
                fixed_opex=capex * share,
                lifetime=parameters.value("lifetime"),
                what=what,
            )
