"""Chilled-water storage: compressors run when power is cheap, and rest when it is dear or gone."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, array_expression
from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.schema import Megawatt, MegawattHour
from dcmodel.components.base import Component, FloatArray, Limit, SiteCase, components
from dcmodel.components.opposed import Opposed
from dcmodel.components.outage_store import (
    declare_store,
    outage_contents,
    outage_flows,
    store_means,
)
from dcmodel.components.outages import Means, Outages, by_hour
from dcmodel.components.staging import staged_store
from dcmodel.facility.design import Design
from dcmodel.facility.mechanical import mechanical_cooling
from dcmodel.facility.weather import FacilityWeather


@components.register("thermal_storage")
class ThermalStorage(Component):
    r"""A stratified tank of chilled water beside the compressors.

    Notes
    -----
    With heat :math:`c_t` taken from the tank by compressors (charging), heat :math:`d_t` taken up
    by it (discharging), compressor power per heat :math:`\kappa_t`, the share of the heat that
    compressors carry :math:`\mu_t`, and the heat :math:`Q_t` of the IT power before work is moved,

    .. math::
       e_t = \lambda^{w_t} e_{t-1} + w_t (c_t - d_t), \qquad d_t \le \mu_t Q_t, \qquad
       c_t \le S - \mu_t Q_t

    the tank replaces compressors that run and is filled by those that do not. The site saves
    :math:`\kappa_t (d_t - c_t)`. Sizes are heat, not electricity.
    """

    kind: ClassVar[str] = "thermal_storage"
    in_reference: ClassVar[bool] = False

    power_max_mw: Megawatt | None = None
    """Largest flow of heat; None takes the parameter file's. [MW]"""
    energy_max_mwh: MegawattHour | None = None
    """Largest heat stored; None takes the parameter file's. [MWh]"""

    def facility_series(
        self, design: Design, weather: FacilityWeather, load: FloatArray
    ) -> dict[str, FloatArray]:
        """Return what compressors carry and take; refuse a plant without chilled water."""
        found = mechanical_cooling(design, weather, load)
        if found["mechanical_share"].any():
            return found
        msg = (
            f"{design.architecture.title} has no compressors on chilled water at this site, so a "
            "tank has nothing to shift; leave it out, or choose a chilled-water plant"
        )
        raise StudyError(Fault("components.thermal_storage", msg))

    def mechanical_heat(self, case: SiteCase) -> FloatArray:
        """Return the heat carried by compressors as work arrives [MW], shape (years, steps)."""
        installed = case.it_capacity[:, None]
        heat = case.idle_fraction * installed + (1 - case.idle_fraction) * case.workload.total
        return np.asarray(case.series["mechanical_share"] * heat)

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare sizes, flows of heat and what they save and take."""
        m, p = b.model(), self.technology(case)
        usable = 1.0 - p.value("unusable_share")
        self._size(b, case)
        heat = self.mechanical_heat(case)
        room = np.maximum(case.it_capacity[:, None] - heat, 0.0)
        power_max, energy_max = b.power.upper_bound[:, None], b.energy.upper_bound[:, None]
        b.power_per_heat = ArrayParam(m.Y, m.T, values=case.series["compressor_power_per_heat"])
        b.keep = ArrayParam(m.T, values=(1.0 - p.value("loss_per_hour")) ** case.duration)
        b.charge = ArrayVar(
            m.Y,
            m.T,
            lower=0,
            upper=np.minimum(power_max, room),
            doc="Heat taken from the tank [MW]",
        )
        b.discharge = ArrayVar(
            m.Y, m.T, lower=0, upper=np.minimum(power_max, heat), doc="Heat taken up [MW]"
        )
        b.stored = ArrayVar(
            m.Y, m.T, lower=0, upper=usable * energy_max, doc="Cold at the end of the hour [MWh]"
        )

        @array_constraint(b, m.Y, m.T, doc="Stored cold follows charge and discharge")
        def cold_balance(b: pyo.Block, y: Any, t: Any) -> Any:
            before = b.keep[t] * b.stored[y, m.previous[t]]
            return b.stored[y, t] == before + m.duration[t] * (b.charge[y, t] - b.discharge[y, t])

        @array_constraint(b, m.Y, m.T, doc="Charge and discharge share pumps and exchangers")
        def flow_limit(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.charge[y, t] + b.discharge[y, t] <= b.power[y]

        @array_constraint(b, m.Y, m.T, doc="Stored cold within the usable size")
        def tank_limit(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.stored[y, t] <= usable * b.energy[y]

        b.opposed = Opposed(b.charge, b.discharge, b.stored, b.cold_balance)

        @array_expression(b, m.Y, m.T, doc="Power of compressors saved [MW]")
        def supply(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.power_per_heat[y, t] * (b.discharge[y, t] - b.charge[y, t])

    def _size(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare flow and content with their own costs."""
        p, years = self.technology(case), np.asarray(case.years)
        share = p.at("fixed_operation_share_of_capex", years)
        staged_store(
            b,
            case,
            p,
            power=("Cold storage flow of heat", self.power_max_mw),
            energy=("Cold storage heat", self.energy_max_mwh),
            fixed_share=share,
        )

    def ride_through(self, b: pyo.Block, case: SiteCase, outages: Outages) -> None:
        """Declare the cold that every hour keeps, and the compressors it saves in outages."""
        m, p = b.model(), self.technology(case)
        usable = 1.0 - p.value("unusable_share")
        b.reserve = ArrayVar(
            m.Y, lower=0, upper=usable * b.energy.upper_bound, doc="Cold kept for outages [MWh]"
        )
        mechanical = outages.at("mechanical_share") * outages.it_power
        declare_store(b, outages, power="power", energy="energy", reserve="reserve", usable=usable,
                      keep=1.0 - p.value("loss_per_hour"), discharge_max=mechanical)  # fmt: skip
        b.outage_power_per_heat = ArrayParam(
            m.Y, outages.starts, outages.hours,
            values=outages.at("compressor_power_per_heat"),
        )  # fmt: skip

        @array_constraint(b, m.Y, m.T, doc="Ordinary hours leave the reserve")
        def reserve_kept(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.stored[y, t] >= b.reserve[y]

        @array_expression(b, m.Y, outages.starts, outages.hours, doc="Power saved [MW]")
        def outage_supply(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
            flow = b.outage_discharge[y, s, h] - b.outage_charge[y, s, h]
            return b.outage_power_per_heat[y, s, h] * flow

    def outage_most(self, case: SiteCase, hours: int) -> tuple[float, float]:
        """Return what the largest tank saves at the compressors' worst [MW], [MWh]."""
        p = self.technology(case)
        # before the facility is drawn nothing is known of its compressors: no more than their heat
        worst = float(np.max(case.series.get("compressor_power_per_heat", 1.0)))
        power = p.value("power_max") if self.power_max_mw is None else self.power_max_mw
        energy = p.value("energy_max") if self.energy_max_mwh is None else self.energy_max_mwh
        return worst * power, worst * energy * (1.0 - p.value("unusable_share"))

    def outage_means(self, b: pyo.Block, case: SiteCase, hours: int) -> Means | None:
        """Return flow, size and content of the solved tank."""
        p, hourly = self.technology(case), case.hours or case
        return store_means(
            b,
            case,
            usable=1.0 - p.value("unusable_share"),
            keep=1.0 - p.value("loss_per_hour"),
            worth=by_hour(hourly.series["compressor_power_per_heat"], hourly.duration),
            useful=by_hour(self.mechanical_heat(hourly), hourly.duration),
        )

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the largest flow and content."""
        here = ("components", self.kind)
        power = (b.power, b.power_built, b.charge, b.discharge, *outage_flows(b))
        energy = (b.energy, b.energy_built, b.stored, *outage_contents(b))
        return tuple(
            Limit.of_size(name, unit, (*here, key), *variables)
            for name, unit, key, variables in (
                ("Cold storage flow of heat", "MW", "power_max_mw", power),
                ("Cold storage heat", "MWh", "energy_max_mwh", energy),
            )
        )
