"""Outages in the sizing: what must be survived from any hour, and what is worth avoiding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
import pyomo.environ as pyo
from pydantic import Field

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, cost_term
from dcmodel.base.schema import Fraction, Quantity, Spec
from dcmodel.components.base import Component, FloatArray, SiteCase, components
from dcmodel.components.levers import Lever, lever_of_field
from dcmodel.components.outage_screen import failing_starts, screened_starts, spread_starts
from dcmodel.components.outages import by_hour, outages_of
from dcmodel.components.ups import bridge_h
from dcmodel.components.values import lost_load

Length = Annotated[int, Field(ge=1, le=720), Quantity("h")]
ADDED_AT_ONCE = 6
"""Start hours added where a solution does not survive from them."""


class Scenario(Spec):
    """Outages of some length and frequency, from hours spread over the year."""

    duration_h: Length
    """Length of the outages. [h]"""
    per_year: Annotated[float, Field(gt=0), Quantity("yr-1")]
    """How many are expected in a year. [yr-1]"""
    starts: Annotated[int, Field(ge=1, le=100)] = 12
    """Hours of the year from which they are modelled, each as likely. [1]"""


@components.register("outage")
class Outage(Component):
    r"""Loss of the grid from chosen start hours, carried by what stands on the site.

    Notes
    -----
    For every chosen start :math:`s` and hour :math:`h` into an outage, with critical shares
    :math:`c_k` of the workload classes, the facility's line :math:`a P^{IT} + b S` of that hour
    raised to the design weather,

    .. math::
       \sum_j p_{jysh} + l_{ysh} \ge a_{t(s,h)} \Bigl(\phi S_y + (1 - \phi) \sum_k c_k
       A_{ky,t(s,h)}\Bigr) + b_{t(s,h)} S_y .

    Every component states its own :math:`p_{jysh}`: generators without their spare units, stores
    from the reserve that all ordinary hours keep, so that no start hour finds less. Work that is
    not critical is shed first. Outages that must be survived have no loss :math:`l`; those of
    `scenarios` pay the value of lost load times what is expected in a year.

    The starts are those with the highest load, alone and net of sun, in one hour and over the
    outage. A solution is checked from every hour of the year with its own state of charge; starts
    that fail are added and the case is solved again.
    """

    kind: ClassVar[str] = "outage"
    in_reference: ClassVar[bool] = False
    sought_as: ClassVar[dict[str, str]] = {
        "survive_outage_h": (
            "an outage to survive is stated by its component, as 'components: {outage: "
            "{duration_h: 24}}', with the share of each workload that must go on"
        ),
    }

    duration_h: Length | None = None
    """Length of an outage that must be survived from any hour; None is no requirement. [h]"""
    critical: dict[str, Fraction] = {}
    """Share of a workload class that must go on; else interactive work 1, deferrable work 0. [1]"""
    starts: Annotated[int, Field(ge=1, le=200)] = 12
    """Start hours found by screening. [1]"""
    start_hours: tuple[Annotated[int, Field(ge=0, le=8759)], ...] = ()
    """Hours of the year at which outages begin, besides those found by screening."""
    design_weather: bool = True
    """Whether the load is raised to that of the facility in the design hour."""
    scenarios: dict[str, Scenario] = {}
    """Outages that need not be survived but cost what they lose, by name."""
    value_of_lost_load_usd_per_mwh: Annotated[float, Field(ge=0), Quantity("USD MWh-1")] | None = (
        None
    )
    """Cost of critical load lost in `scenarios`; None takes that of the most
    valuable class of work. [USD MWh-1]"""

    def levers(self, b: pyo.Block, case: SiteCase) -> Sequence[Lever]:
        """Return the length of the outage that must be survived."""
        if self.duration_h is None:
            return ()
        field = "duration_h"
        place = ("components", self.kind, field)
        value = np.full(len(case.years), float(self.duration_h))
        words = "Outage to be survived"
        return (lever_of_field(self, field, words, "h", place, value, falls=True, whole=True),)

    # ---- numbers --------------------------------------------------------------------------------

    def shares(self, case: SiteCase) -> FloatArray:
        """Return the critical share of each workload class [1], shape (classes,)."""
        work = case.workload
        return np.array(
            [
                self.critical.get(name, 1.0 if window == 0 else 0.0)
                for name, window in zip(work.names, work.window_h, strict=True)
            ]
        )

    def critical_shares(self, case: SiteCase) -> FloatArray | None:
        """Return the critical share of each workload class [1], shape (classes,)."""
        return self.shares(case)

    def it_power(self, case: SiteCase) -> FloatArray:
        """Return the IT power that must go on, by hour [MW], shape (years, hours)."""
        case = case.hours or case
        dynamic = np.tensordot(self.shares(case), case.workload.arrivals, axes=1)
        installed = case.it_capacity[:, None]
        power = case.idle_fraction * installed + (1 - case.idle_fraction) * dynamic
        return by_hour(power, case.duration)

    def need(self, case: SiteCase) -> FloatArray:
        """Return the critical load of the facility by hour [MW], shape (years, hours)."""
        case = case.hours or case
        slope = by_hour(case.facility.power_slope, case.duration)
        fixed = by_hour(case.facility.power_fixed, case.duration)
        load = slope * self.it_power(case) + fixed * case.it_capacity[:, None]
        if not self.design_weather:
            return np.asarray(load)
        hottest = (slope + fixed).max(axis=1)
        raised = np.maximum(case.facility_design_peak / np.maximum(hottest, 1e-9), 1.0)
        return np.asarray(raised[:, None] * load)

    def length(self) -> int:
        """Return the length of the longest outage [h]."""
        lengths = [scenario.duration_h for scenario in self.scenarios.values()]
        return max([*lengths, self.duration_h or 0])

    def survived(self, case: SiteCase) -> tuple[int, ...]:
        """Return the start hours of outages that must be survived."""
        if self.duration_h is None:
            return ()
        sun = profiles(case).get("solar_fixed")
        found = screened_starts(self.need(case), sun, self.duration_h, self.starts)
        return tuple(dict.fromkeys([*found, *self.start_hours]))

    def check(self, case: SiteCase) -> list[str]:
        """Return classes that are not there, and load that nothing in the study can carry."""
        names = case.workload.names
        found = [
            f"outage: critical names '{name}', which is no workload (known: {', '.join(names)})"
            for name in self.critical
            if name not in names
        ]
        if self.duration_h is None or found:
            return found
        hours = self.duration_h
        load = self.it_power(case)
        least_energy = float((load.mean(axis=1) * hours).max())
        most = {c.label: c.outage_most(case, hours) for c in case.components}
        power, energy = (sum(m[i] for m in most.values()) for i in (0, 1))
        listed = ", ".join(f"{kind} {m[0]:.4g} MW" for kind, m in most.items() if m[0] > 0)
        if load.max() > power:
            found.append(
                f"outage: IT power of {load.max():.4g} MW must go on, all backup at its largest "
                f"gives {power:.4g} MW ({listed or 'there is none'}); allow more, or lower the "
                "critical shares"
            )
        elif least_energy > energy:
            listed = ", ".join(f"{kind} {m[1]:.4g} MWh" for kind, m in most.items() if m[1] > 0)
            found.append(
                f"outage: {hours} h of IT alone take {least_energy:.4g} MWh, all fuel and storage "
                f"at its largest gives {energy:.4g} MWh ({listed}); hold more fuel "
                "(parameters.fuel_autonomy), have it delivered sooner (parameters.resupply_after) "
                "or ask for a shorter outage"
            )
        return found

    # ---- equations ------------------------------------------------------------------------------

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare outages, and let every component say what it gives in them."""
        must = self.survived(case)
        spread = {
            name: spread_starts(scenario.starts, int(case.duration.sum()))
            for name, scenario in self.scenarios.items()
        }
        begin = [*must, *(hour for hours in spread.values() for hour in hours)]
        if not begin:
            return
        lengths = [self.duration_h or 0] * len(must)
        weight = [0.0] * len(must)
        for name, hours in spread.items():
            lengths += [self.scenarios[name].duration_h] * len(hours)
            weight += [self.scenarios[name].per_year / len(hours)] * len(hours)
        it_power = self.it_power(case)
        bridge = bridge_h(case)
        outages = outages_of(
            b, case.duration, begin, self.length(), profiles(case), it_power, bridge
        )
        inside = np.arange(self.length()) < np.array(lengths)[:, None]
        load = self.need(case)[:, outages.hour] * inside
        m = b.model()
        for component in case.components:
            component.ride_through(m.asset[component.label], case, outages)
        self._balance(b, case, load, np.array(weight))

    def _balance(self, b: pyo.Block, case: SiteCase, load: FloatArray, weight: FloatArray) -> None:
        """Declare that the critical load is carried, or lost where that is allowed."""
        m = b.model()
        sets = (m.Y, b.starts, b.hours)
        giving = [b for b in m.asset.values() if b.component("outage_supply") is not None]
        may_lose = bool(weight.any())
        b.load = ArrayParam(*sets, values=load)
        if may_lose:
            upper = np.where(weight[:, None] > 0, load, 0.0)
            b.lost = ArrayVar(*sets, lower=0, upper=upper, doc="Critical load lost [MW]")

        @array_constraint(b, *sets, couples_years=True, doc="Critical load carried through outages")
        def carried(b: pyo.Block, y: Any, s: Any, h: Any) -> Any:
            given = sum([block.outage_supply[y, s, h] for block in giving])
            return given + (b.lost[y, s, h] if may_lose else 0) >= b.load[y, s, h]

        if not may_lose:
            return
        value = self.value_of_lost_load_usd_per_mwh
        if value is None:
            value = lost_load(case)
        b.expected = ArrayParam(b.starts, values=value * weight)

        @cost_term(b, m.Y, category="unserved", doc="Load lost in expected outages [USD]")
        def expected_loss(b: pyo.Block, y: Any) -> Any:
            return sum(b.expected[s] * b.lost[y, s, h] for s in b.starts for h in b.hours)

    def revised(self, m: pyo.ConcreteModel, case: SiteCase) -> Component | None:
        """Return the outages with start hours from which the solution fails; None if there is none.

        Starts of the model are carried by its own equations; only others are added.
        """
        if self.duration_h is None:
            return None
        means = [
            found
            for component in case.components
            if (found := component.outage_means(m.asset[component.label], case, self.duration_h))
        ]
        failing = failing_starts(self.need(case), means, self.duration_h)
        modelled = set(self.survived(case))
        new = [hour for hour in failing if hour not in modelled][:ADDED_AT_ONCE]
        if not new:
            return None
        return self.model_copy(update={"start_hours": (*self.start_hours, *new)})


def profiles(case: SiteCase) -> dict[str, FloatArray]:
    """Return the series of a case by hour, shape (years, hours)."""
    case = case.hours or case
    return {name: by_hour(values, case.duration) for name, values in case.series.items()}
