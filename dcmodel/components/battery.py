"""Battery energy storage behind the meter: power and energy sized apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
import pyomo.environ as pyo
from pydantic import Field, model_validator

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, array_expression, cost_term
from dcmodel.base.schema import Fraction, Megawatt, MegawattHour, Quantity, StagedPositive
from dcmodel.base.units import HOURS_PER_YEAR, KW_PER_MW
from dcmodel.components.base import Component, FloatArray, Limit, SiteCase, components
from dcmodel.components.battery_backup import larger, part
from dcmodel.components.battery_life import replacement_pieces
from dcmodel.components.opposed import Opposed
from dcmodel.components.outage_store import (
    declare_store,
    outage_contents,
    outage_flows,
    store_means,
)
from dcmodel.components.outages import Found, Means, Outages
from dcmodel.components.staging import by_year, staged_store, whole_units
from dcmodel.reliability.parts import BackupPart
from dcmodel.reliability.sizing import Added

Efficiency = Annotated[float, Field(gt=0, le=1), Quantity("1")]


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

    cyclic over each year. A `reserve_mwh`, or the one that outages ask for, is never drawn in
    ordinary hours. One of :math:`c_t` and :math:`d_t` is zero: the shared converter is all of that
    which a linear program can say, the rest is held by `dcmodel.optimise.exclusive`.

    With `degradation`, cells last until calendar and cycles have faded them to the end of life
    (`dcmodel.components.battery_life`); what shorter lives cost in annuities is paid by throughput,
    in straight pieces of a convex function, and mean capacity is less by half the fade.
    """

    kind: ClassVar[str] = "battery"
    after_solution: ClassVar[frozenset[str]] = frozenset({"availability"})
    behind_meter: ClassVar[bool] = True
    in_reference: ClassVar[bool] = False
    firms_supply: ClassVar[bool] = True

    power_max_mw: Megawatt | None = None
    """Largest converter power; None takes the parameter file's. [MW]"""
    energy_max_mwh: MegawattHour | None = None
    """Largest energy; None takes the parameter file's. [MWh]"""
    degradation: bool = False
    """Whether cells fade with age and use and are replaced; else fixed cost pays augmentation."""
    power_min_mw: StagedPositive = 0.0
    """Least converter power; by year, a stage holds until the next. [MW]"""
    reserve_mwh: StagedPositive = 0.0
    """Energy kept for outages, above the lowest permitted state of charge. [MWh]"""
    efficiency_charge: Efficiency | None = None
    """Efficiency of charging; None takes the root of the file's round trip. [1]"""
    efficiency_discharge: Efficiency | None = None
    """Efficiency of discharging; None takes the root of the file's round trip. [1]"""
    state_of_charge_first: Fraction | None = None
    """State of charge when a year begins and ends; None leaves it to the optimisation. [1]"""
    state_of_charge_last: Fraction | None = None
    """State of charge when a year ends: that of its beginning, which None takes as well. [1]"""
    whole_units_kw: Annotated[float, Field(gt=0), Quantity("kW")] | None = None
    """Converter power comes in whole units of so much; None in any size. [kW]"""
    whole_units_kwh: Annotated[float, Field(gt=0), Quantity("kWh")] | None = None
    """Energy comes in whole units of so much; None in any size. [kWh]"""
    annuity_factor: Annotated[float, Field(ge=0), Quantity("yr-1")] | None = None
    """Yearly cost over overnight cost; None that of the study's rate over the life. [yr-1]"""

    def dispatchable_hours(self, case: SiteCase) -> float:
        """Return all hours of a year: no permit limits when it discharges [h]."""
        return float(HOURS_PER_YEAR)

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare sizes, dispatch and costs."""
        m = b.model()
        parameters = self.technology(case)
        into, out = self._efficiencies(case)
        usable, fade = 1.0 - parameters.value("state_of_charge_min"), self._fade(case)
        usable *= 1.0 - fade / 2
        wear = parameters.value("variable_operation")
        b.efficiency = ArrayParam(values=np.sqrt(into * out), doc="Efficiency one way [1]")
        self._size(b, case)
        power_max, energy_max = b.power.upper_bound[:, None], b.energy.upper_bound[:, None]
        b.charge = ArrayVar(m.Y, m.T, lower=0, upper=power_max, doc="Charging power [MW]")
        b.discharge = ArrayVar(m.Y, m.T, lower=0, upper=power_max, doc="Discharging power [MW]")
        b.stored = ArrayVar(
            m.Y,
            m.T,
            lower=self.reserve(case)[:, None],
            upper=usable * energy_max,
            doc="Energy at the end of the hour [MWh]",
        )

        begins = np.arange(len(case.duration)) == 0
        given = self.state_of_charge_first is not None

        @array_constraint(
            b,
            m.Y,
            m.T,
            where=~begins | (not given),
            doc="Stored energy follows charge and discharge",
        )
        def energy_balance(b: pyo.Block, y: Any, t: Any) -> Any:
            flow = into * b.charge[y, t] - b.discharge[y, t] / out
            return b.stored[y, t] == b.stored[y, m.previous[t]] + m.duration[t] * flow

        if given:
            self._ends_of_year(b, case)

        @array_constraint(b, m.Y, m.T, doc="Charge and discharge share the converter")
        def converter_limit(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.charge[y, t] + b.discharge[y, t] <= b.power[y]

        @array_constraint(b, m.Y, m.T, doc="Stored energy within the usable size")
        def energy_limit(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.stored[y, t] <= usable * b.energy[y]

        b.opposed = Opposed(b.charge, b.discharge, b.stored, b.energy_balance, b.energy_limit)

        @array_expression(b, m.Y, m.T, doc="Power into the site bus [MW]")
        def supply(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.discharge[y, t] - b.charge[y, t]

        @cost_term(b, m.Y, category="storage", doc="Wear by throughput [USD]")
        def wear_cost(b: pyo.Block, y: Any) -> Any:
            return wear * sum(m.duration[t] * b.discharge[y, t] for t in m.T)

        if self.degradation:
            self._replacement(b, case)

    def reserve(self, case: SiteCase) -> FloatArray:
        """Return the energy kept for outages as the study states it [MWh], shape (years,)."""
        return by_year(self.reserve_mwh, case, 0.0)

    def least_power(self, case: SiteCase) -> FloatArray:
        """Return the converter power that the study asks for [MW], shape (years,)."""
        return by_year(self.power_min_mw, case, 0.0)

    def _efficiencies(self, case: SiteCase) -> tuple[float, float]:
        """Return the efficiency of charging and of discharging [1]."""
        way = float(np.sqrt(self.technology(case).value("roundtrip_efficiency")))
        into, out = self.efficiency_charge, self.efficiency_discharge
        return way if into is None else into, way if out is None else out

    def _ends_of_year(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the energy with which a year begins and ends, above the lowest state."""
        m = b.model()
        lowest = self.technology(case).value("state_of_charge_min")
        held = (self.state_of_charge_first or 0.0) - lowest
        into, out = self._efficiencies(case)
        end = len(case.duration) - 1

        @array_constraint(b, m.Y, doc="A year begins with the energy given")
        def first_state(b: pyo.Block, y: Any) -> Any:
            flow = into * b.charge[y, 0] - b.discharge[y, 0] / out
            return b.stored[y, 0] == held * b.energy[y] + m.duration[0] * flow

        @array_constraint(b, m.Y, doc="A year ends with the energy given")
        def last_state(b: pyo.Block, y: Any) -> Any:
            return b.stored[y, end] == held * b.energy[y]

    @model_validator(mode="after")
    def _year_ends_as_it_begins(self) -> Battery:
        first, last = self.state_of_charge_first, self.state_of_charge_last
        if last is not None and first is None:
            msg = "state_of_charge_last needs state_of_charge_first; give both"
            raise ValueError(msg)
        if last is not None and last != first:
            msg = (
                f"a year begins with a state of charge of {first:g} and ends with {last:g}: the "
                "difference is energy that nobody pays for, or that is lost, every year; give "
                "both the same value, or leave out state_of_charge_last"
            )
            raise ValueError(msg)
        return self

    def check(self, case: SiteCase) -> list[str]:
        """Return a reserve that no permitted size holds."""
        parameters = self.technology(case)
        most = (
            parameters.value("energy_max") if self.energy_max_mwh is None else self.energy_max_mwh
        )
        lowest = parameters.value("state_of_charge_min")
        usable = (1.0 - lowest) * (1.0 - self._fade(case) / 2)
        ends = {
            "state_of_charge_first": self.state_of_charge_first,
            "state_of_charge_last": self.state_of_charge_last,
        }
        faults = [
            f"battery: {name} {state:g} lies below the lowest permitted state of {lowest:g}"
            for name, state in ends.items()
            if state is not None and state < lowest
        ]
        reserve, power = self.reserve(case).max(), self.least_power(case).max()
        if reserve > usable * most:
            faults.append(
                f"battery: a reserve of {reserve:g} MWh is asked for, the largest battery of "
                f"{most:g} MWh holds {usable * most:.4g} MWh above its lowest state; lower "
                "reserve_mwh or raise energy_max_mwh"
            )
        largest = parameters.value("power_max") if self.power_max_mw is None else self.power_max_mw
        if power > largest:
            faults.append(
                f"battery: a converter of {power:g} MW is asked for, {largest:g} MW is the "
                "largest; lower power_min_mw or raise power_max_mw"
            )
        return faults

    def _fade(self, case: SiteCase) -> float:
        """Return the share of capacity lost at the end of life of the cells [1]."""
        return self.technology(case).value("end_of_life_fade") if self.degradation else 0.0

    def _replacement(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare what cells cost more because they are replaced before the plant is."""
        m, years = b.model(), np.asarray(case.years)
        pieces = replacement_pieces(self.technology(case), case.discount_rate)
        cost = self.technology(case).at("capex_energy", years)
        b.pieces = pyo.RangeSet(0, len(pieces.slope) - 1)
        b.piece_fixed = ArrayParam(m.Y, b.pieces, values=np.outer(cost, pieces.fixed))
        b.piece_slope = ArrayParam(m.Y, b.pieces, values=np.outer(cost, pieces.slope))
        most = pieces.largest * cost * b.energy.upper_bound
        b.replaced = ArrayVar(m.Y, lower=0, upper=most, doc="Annuity of earlier replacement [USD]")

        @array_expression(b, m.Y, doc="Energy discharged [MWh]")
        def throughput(b: pyo.Block, y: Any) -> Any:
            return sum(m.duration[t] * b.discharge[y, t] for t in m.T)

        @array_constraint(b, m.Y, b.pieces, doc="Shorter lives of cells are paid")
        def shorter_life(b: pyo.Block, y: Any, k: Any) -> Any:
            fixed, slope = b.piece_fixed[y, k], b.piece_slope[y, k]
            return b.replaced[y] >= fixed * b.energy[y] + slope * b.throughput[y]

        @array_constraint(b, m.Y, doc="Cycles of a year within the model's range")
        def cycle_limit(b: pyo.Block, y: Any) -> Any:
            return b.throughput[y] <= pieces.cycles_max * b.energy[y]

        @cost_term(b, m.Y, category="storage", doc="Earlier replacement of cells [USD]")
        def replacement(b: pyo.Block, y: Any) -> Any:
            return b.replaced[y]

    def ride_through(self, b: pyo.Block, case: SiteCase, outages: Outages) -> None:
        """Declare the reserve that every hour keeps, and its use in outages."""
        m, parameters = b.model(), self.technology(case)
        efficiency = self._efficiencies(case)[1]
        usable = (1.0 - parameters.value("state_of_charge_min")) * (1.0 - self._fade(case))
        energy_max = b.energy.upper_bound
        b.reserve = ArrayVar(
            m.Y, lower=0, upper=usable * energy_max, doc="Battery energy kept for outages [MWh]"
        )
        declare_store(b, outages, power="power", energy="energy", reserve="reserve", usable=usable,
                      efficiency=efficiency)  # fmt: skip

        @array_constraint(b, m.Y, m.T, doc="Ordinary hours leave the reserve")
        def reserve_kept(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.stored[y, t] >= b.reserve[y]

        @array_expression(b, m.Y, outages.starts, outages.hours, doc="Power in an outage [MW]")
        def outage_supply(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
            return b.outage_discharge[y, s, h] - b.outage_charge[y, s, h]

    def outage_most(self, case: SiteCase, hours: int) -> tuple[float, float]:
        """Return the largest converter and what the largest battery gives [MW], [MWh]."""
        p = self.technology(case)
        power = p.value("power_max") if self.power_max_mw is None else self.power_max_mw
        energy = p.value("energy_max") if self.energy_max_mwh is None else self.energy_max_mwh
        held = (1.0 - p.value("state_of_charge_min")) * (1.0 - self._fade(case)) * energy
        return power, held * self._efficiencies(case)[1]

    def outage_means(self, b: pyo.Block, case: SiteCase, hours: int) -> Means | None:
        """Return power, size and state of charge of the solved battery."""
        p = self.technology(case)
        usable = (1.0 - p.value("state_of_charge_min")) * (1.0 - self._fade(case))
        efficiency = self._efficiencies(case)[1]
        return store_means(b, case, usable=usable, efficiency=efficiency)

    def backup(self, case: SiteCase, found: Found, y: int) -> BackupPart | None:
        """Return the battery as an outage finds it."""
        p = self.technology(case)
        usable = (1.0 - p.value("state_of_charge_min")) * (1.0 - self._fade(case) / 2)
        return part(p, case, found, y, usable, self._efficiencies(case))

    def larger(self, case: SiteCase, found: Found, year: int, added: Sequence[Added]) -> Battery:
        """Return the settings by which a year keeps more for outages."""
        return larger(self, case, found, year, added)

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the largest converter power and energy."""
        here = ("components", self.kind)
        power = (b.power, b.power_built, b.charge, b.discharge, *outage_flows(b))
        energy = (b.energy, b.energy_built, b.stored, *outage_contents(b))
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
        without = "_without_augmentation" if self.degradation else "_of_capex"
        share = parameters.at(f"fixed_operation_share{without}", years)
        staged_store(
            b,
            case,
            parameters,
            power=("Battery converter power", self.power_max_mw),
            energy=("Battery energy", self.energy_max_mwh),
            fixed_share=share,
            annuity_factor=self.annuity_factor,
        )
        for name, unit_size in (("power", self.whole_units_kw), ("energy", self.whole_units_kwh)):
            if unit_size is not None:
                whole_units(b, name, unit_size / KW_PER_MW)
        if self.power_min_mw:
            b.least_power = ArrayParam(b.model().Y, values=self.least_power(case))

            @array_constraint(b, b.model().Y, couples_years=True, doc="Converter that must stand")
            def converter_stands(b: pyo.Block, y: Any) -> Any:
                return b.power[y] >= b.least_power[y]
