"""Dry coolers beside a wet plant: in each hour heat may leave wet or dry."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, array_expression
from dcmodel.base.schema import Megawatt
from dcmodel.components.base import Component, FloatArray, Limit, SiteCase, components
from dcmodel.components.staging import staged_capacity
from dcmodel.facility.design import Design
from dcmodel.facility.model import evaluate
from dcmodel.facility.preset import twin
from dcmodel.facility.weather import FacilityWeather

LOAD_MIN = 1e-3
"""Loads below this have no cooling to speak of. [1]"""


@components.register("dry_cooling")
class DryCooling(Component):
    r"""Dry coolers that may take over from evaporative heat rejection.

    Notes
    -----
    Of the IT power :math:`P_t`, an amount :math:`0 \le q_t \le \min(P_t, K_y)` is cooled by a dry
    twin of the facility's design (`architecture`), the rest as designed. By hour,

    .. math:: P^{fac}_t \mathrel{+}= \Delta p_t q_t, \qquad W_t \mathrel{-}= \Delta w_t q_t ,

    with the differences of power and water between the two, per IT power at the hour's weather and
    load. Whether to save water is then a matter of its price or limit, hour by hour.
    """

    kind: ClassVar[str] = "dry_cooling"
    in_reference: ClassVar[bool] = False

    architecture: str = "free_cooling_chiller"
    """Architecture of the dry twin, a preset of ``data/cooling``."""
    variant: Literal["best", "generic", "legacy"] = "generic"
    """Column of the preset's table."""
    capacity_max_mw: Megawatt | None = None
    """Largest IT power cooled dry; None is all of it. [MW]"""

    def facility_series(
        self, design: Design, weather: FacilityWeather, load: FloatArray
    ) -> dict[str, FloatArray]:
        """Return power added and water saved per IT power cooled dry, (years, steps)."""
        at = np.maximum(load, LOAD_MIN)
        wet = evaluate(design, weather, at)
        dry = evaluate(twin(design, self.architecture, self.variant), weather, at)
        return {
            "dry_cooling_power": (dry.facility_power - wet.facility_power) / at,
            "dry_cooling_water": np.maximum(wet.water - dry.water, 0.0) / at,
        }

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare capacity and the IT power cooled dry."""
        m = b.model()
        parameters = self.technology(case)
        years = np.asarray(case.years)
        upper = np.maximum.accumulate(case.it_capacity)
        if self.capacity_max_mw is not None:
            upper = np.minimum(upper, self.capacity_max_mw)
        capex = parameters.at("capex", years)
        staged_capacity(
            b,
            case,
            "capacity",
            unit="MW",
            upper=upper,
            category="water",
            capex=capex,
            fixed_opex=capex * parameters.at("fixed_operation_share_of_capex", years),
            lifetime=parameters.value("lifetime"),
            what="Dry coolers, IT power",
        )
        b.power_added = ArrayParam(m.Y, m.T, values=case.series["dry_cooling_power"])
        b.water_per_it = ArrayParam(m.Y, m.T, values=case.series["dry_cooling_water"])
        limit = np.minimum(b.capacity.upper_bound, case.it_capacity)[:, None]
        b.dry = ArrayVar(m.Y, m.T, lower=0, upper=limit, doc="IT power cooled dry [MW]")

        @array_constraint(b, m.Y, m.T, doc="Dry cooling within the coolers built")
        def dry_limit(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.dry[y, t] <= b.capacity[y]

        @array_expression(b, m.Y, m.T, doc="Power of dry cooling beyond that of wet [MW]")
        def facility_draw(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.power_added[y, t] * b.dry[y, t]

        @array_expression(b, m.Y, m.T, doc="Water saved [m3 h-1]")
        def water_saved(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.water_per_it[y, t] * b.dry[y, t]

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare that no more is cooled dry than there is, and no more water saved than used."""
        m = b.model()

        @array_constraint(b, m.Y, m.T, doc="Dry cooling within the IT power")
        def dry_within_load(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.dry[y, t] <= m.it_power[y, t]

        @array_constraint(b, m.Y, m.T, doc="Water use is never negative")
        def water_left(b: pyo.Block, y: Any, t: Any) -> Any:
            return m.water_use[y, t] >= 0

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the largest capacity, where the study states one."""
        if self.capacity_max_mw is None:
            return ()
        place = ("components", self.kind, "capacity_max_mw")
        return (Limit.of_size("Dry coolers", "MW", place, b.capacity, b.capacity_built, b.dry),)
