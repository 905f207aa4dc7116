"""Hourly clean share: consumption matched by carbon-free energy of the same hour."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_constraint, array_expression
from dcmodel.base.schema import Fraction, StagedFraction
from dcmodel.components.base import FloatArray, Limit, SiteCase, offering
from dcmodel.components.staging import by_year
from dcmodel.inputs.markets import Market
from dcmodel.inputs.sites import Site
from dcmodel.requirements.base import (
    Requirement,
    ceiling,
    contracts_clean,
    floor,
    let_off,
    load,
    on_site_clean,
    requirements,
)

GRID = "grid_clean_share"


@requirements.register("clean_share_hourly")
class CleanShareHourly(Requirement):
    r"""Hourly matching of consumption.

    Notes
    -----
    With carbon-free energy of contracts :math:`C_t` and of the site :math:`S_t`, import
    :math:`g_t`, the grid's carbon-free share :math:`\kappa_t` and facility power :math:`P_t`,

    .. math::
       c_t \le C_t, \quad s_t \le S_t, \quad q_t \le \kappa_t (g_t - c_t), \quad
       m_t = c_t + s_t + q_t - a_t + d_t \le P_t, \quad
       \sum_t w_t m_t \ge x_y \sum_t w_t P_t .

    The grid's share counts for import that no contract covers, so that nothing is claimed twice.
    Clean energy may be put by (:math:`a_t`, at most what the batteries charge) and claimed when
    they discharge (:math:`d_t`), after their losses.
    """

    kind: ClassVar[str] = "clean_share_hourly"
    main: ClassVar[str] = "share"
    profiles: ClassVar[tuple[str, ...]] = (GRID,)

    share: StagedFraction
    """Share of the facility's energy, for all years or by year. [1]"""
    grid_counts: bool = True
    """Whether the carbon-free share of the grid counts."""
    grid_share_max: Fraction | None = None
    """Largest share of the consumption that the grid may match; None sets no limit. [1]"""
    excess_share_max: Fraction | None = None
    """Largest carbon-free contract energy beyond what is matched, over consumption; None sets no
    limit. [1]"""

    def check_place(self, site: Site, market: Market, years: tuple[int, ...]) -> list[str]:
        """Return a fault where the grid shall count and its share is unknown."""
        if not self.grid_counts or market.grid_clean_share is not None:
            return []
        return [
            f"market '{market.key}' tells no grid_clean_share; add it, or set 'grid_counts: false'"
        ]

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare what is matched in each hour, and the requirements of the year."""
        m = b.model()
        self._claims(b, case)
        stores = self._stores(b)

        @array_expression(b, m.Y, m.T, doc="Carbon-free energy claimed in the hour [MW]")
        def claimed(b: pyo.Block, y: Any, t: Any) -> Any:
            put_by = sum([store.put_by[y, t] for store in stores])
            return b.contract[y, t] + b.site[y, t] + b.grid[y, t] - put_by

        @array_expression(b, m.Y, m.T, doc="Consumption matched in the hour [MW]")
        def matched(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.claimed[y, t] + sum([store.released[y, t] for store in stores])

        if stores:

            @array_constraint(b, m.Y, m.T, doc="No more is put by than is claimed")
            def put_by_limit(b: pyo.Block, y: Any, t: Any) -> Any:
                return b.claimed[y, t] >= 0

        @array_constraint(b, m.Y, m.T, doc="Matched within the consumption of the hour")
        def match_limit(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.matched[y, t] <= m.facility_power[y, t]

        self._of_year(b, case)

    def _claims(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare what contracts, site and grid let claim in each hour."""
        m = b.model()
        contracts, plants = contracts_clean(m), on_site_clean(m)
        bought = m.grid_import.upper_bound
        most = _largest_use(m, case)
        b.contract = ArrayVar(
            m.Y, m.T, lower=0, upper=bought if contracts else 0.0,
            doc="Contract energy claimed in the hour [MW]",
        )  # fmt: skip
        b.site = ArrayVar(
            m.Y, m.T, lower=0, upper=most if plants else 0.0,
            doc="On-site energy claimed in the hour [MW]",
        )  # fmt: skip
        share = case.series[GRID] if self.grid_counts else np.zeros_like(bought)
        b.grid_share = ArrayParam(m.Y, m.T, values=share)
        b.grid = ArrayVar(
            m.Y, m.T, lower=0, upper=share * bought, doc="Grid energy claimed in the hour [MW]"
        )

        @array_constraint(b, m.Y, m.T, doc="Contract energy claimed within what is carbon-free")
        def contract_limit(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.contract[y, t] <= sum([block.clean[y, t] for block in contracts])

        @array_constraint(b, m.Y, m.T, doc="Contract energy claimed within the import")
        def import_limit(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.contract[y, t] <= m.grid_import[y, t]

        @array_constraint(b, m.Y, m.T, doc="Grid energy claimed where no contract covers it")
        def grid_limit(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.grid[y, t] <= b.grid_share[y, t] * (m.grid_import[y, t] - b.contract[y, t])

        @array_constraint(b, m.Y, m.T, doc="On-site energy claimed within what is carbon-free")
        def site_limit(b: pyo.Block, y: Any, t: Any) -> Any:
            return b.site[y, t] <= sum([block.clean[y, t] for block in plants])

    def _stores(self, b: pyo.Block) -> list[pyo.Block]:
        """Declare the carbon-free content of every battery."""
        m = b.model()
        batteries = offering(m, "efficiency")
        b.store = pyo.Block([battery.index() for battery in batteries])
        for battery in batteries:
            _store(b.store[battery.index()], battery)
        return list(b.store.values())

    def _of_year(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the share of the year, and the limits on grid and excess."""
        m = b.model()
        b.share = ArrayParam(m.Y, values=by_year(self.share, case, 0.0))
        b.missing = let_off(m, "Matched energy let off [MWh]")

        @array_constraint(b, m.Y, doc="Consumption matched hour by hour")
        def matched_of_year(b: pyo.Block, y: Any) -> Any:
            matched = sum(m.duration[t] * b.matched[y, t] for t in m.T)
            return matched + b.missing[y] >= b.share[y] * load(m, y)

        if self.grid_share_max is not None:
            b.grid_over = let_off(m, "Grid energy claimed beyond its limit [MWh]")

            @array_constraint(b, m.Y, doc="Share of the grid in what is matched")
            def grid_of_year(b: pyo.Block, y: Any) -> Any:
                claimed = sum(m.duration[t] * b.grid[y, t] for t in m.T)
                return claimed - b.grid_over[y] <= self.grid_share_max * load(m, y)

        if self.excess_share_max is not None:
            contracts = contracts_clean(m)
            b.excess_over = let_off(m, "Excess of carbon-free energy beyond its limit [MWh]")

            @array_constraint(b, m.Y, doc="Excess of carbon-free contract energy")
            def excess_of_year(b: pyo.Block, y: Any) -> Any:
                excess = sum(
                    m.duration[t]
                    * (sum([block.clean[y, t] for block in contracts]) - b.contract[y, t])
                    for t in m.T
                )
                return excess - b.excess_over[y] <= self.excess_share_max * load(m, y)

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the share asked for, and the limits on grid and excess."""
        energy, ones = case.facility_energy, np.ones(len(case.years))
        share = by_year(self.share, case, 0.0)
        found = [floor("Clean share hour by hour", self.place(), share, b.missing, energy)]
        for field, name, part in (
            ("grid_share_max", "Share of the grid in what is matched", "grid_over"),
            ("excess_share_max", "Excess of carbon-free contract energy", "excess_over"),
        ):
            value = getattr(self, field)
            if value is not None:
                over = b.component(part)
                found.append(ceiling(name, self.place(field), value * ones, over, energy))
        return tuple(found)


def _largest_use(m: pyo.ConcreteModel, case: SiteCase) -> FloatArray:
    """Return the largest power that facility and batteries together can take [MW]."""
    lines = case.facility
    full = (lines.power_slope + lines.power_fixed) * case.it_capacity[:, None]
    charging = [battery.charge.upper_bound for battery in offering(m, "efficiency")]
    return np.asarray(sum(charging, start=np.maximum(full, 0.0)))


def _store(b: pyo.Block, battery: pyo.Block) -> None:
    """Declare the carbon-free energy put by in one battery, and what is released of it."""
    m = b.model()
    b.put_by = ArrayVar(
        m.Y, m.T, lower=0, upper=battery.charge.upper_bound, doc="Carbon-free charging [MW]"
    )
    b.released = ArrayVar(
        m.Y, m.T, lower=0, upper=battery.discharge.upper_bound, doc="Carbon-free discharging [MW]"
    )
    b.content = ArrayVar(
        m.Y, m.T, lower=0, upper=battery.stored.upper_bound, doc="Carbon-free energy stored [MWh]"
    )
    efficiency = battery.efficiency.value

    @array_constraint(b, m.Y, m.T, doc="Carbon-free content follows charge and discharge")
    def content_balance(b: pyo.Block, y: Any, t: Any) -> Any:
        flow = efficiency * b.put_by[y, t] - b.released[y, t] / efficiency
        return b.content[y, t] == b.content[y, m.previous[t]] + m.duration[t] * flow

    @array_constraint(b, m.Y, m.T, doc="Carbon-free charging within the charging")
    def put_by_within(b: pyo.Block, y: Any, t: Any) -> Any:
        return b.put_by[y, t] <= battery.charge[y, t]

    @array_constraint(b, m.Y, m.T, doc="Carbon-free discharging within the discharging")
    def released_within(b: pyo.Block, y: Any, t: Any) -> Any:
        return b.released[y, t] <= battery.discharge[y, t]
