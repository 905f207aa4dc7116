r"""The formulation of a portfolio: sites side by side, and work routed among them.

Sets: sites :math:`s`, groups of work :math:`g` (`dcmodel.workload.routing`), years :math:`y`, steps
:math:`t` of :math:`w_t` hours. Group :math:`g` brings work :math:`A_{gyt}`, of which
:math:`x_{gsyt}` is served at the sites that may serve it, :math:`d_{gyt}` is dropped at its value,
and :math:`b_{gyt}` waits:

.. math::
   \sum_s x_{gsyt} + d_{gyt} = A_{gyt} + (b_{gy,t-1} - b_{gyt}) / w_t, \qquad
   0 \le b_{gyt} \le \text{work that arrived in the last } W_g \text{ hours} .

Work waits before it is routed. Routing on arrival and waiting at the site gives the same schedules:
a unit that arrived in one hour and is served elsewhere in a later one could as well have been sent
there on arrival. One backlog a group then does for all its sites.

A site stands or not (:math:`z_{sy}`, monotone), its installed IT :math:`S_{sy}` grows by additions:

.. math:: S^{\min}_s z_{sy} \le S_{sy} \le S^{\max}_{sy} z_{sy} .

Beside these rows stands each site's own program (`dcmodel.optimise.build`), the same as for a
site alone, with work :math:`\sum_g x_{gsyt}` and installed IT :math:`S_{sy}`
(`dcmodel.optimise.affine`).

Work that reaches only the sites of a set :math:`N` must fit into them, hour by hour and over longer
intervals; interactive work also when any site :math:`l` is lost. By the theorem of Hall and Gale
the latter holds just when, for every :math:`N` and :math:`l`,

.. math::
   \sum_{s \in N} u_s S_{sy} \ge
   \max_t \sum_{g:\, \text{sites}(g) \setminus l \,\subseteq\, N} A_{gyt} ,

so no flow after the loss is written down, and no hour is repeated (`dcmodel.optimise.capacity`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import (
    ArrayConstraint,
    ArrayParam,
    ArrayVar,
    LinearProgram,
    array_constraint,
    array_expression,
    compile_model,
    cost_term,
)
from dcmodel.components.base import SiteCase
from dcmodel.optimise.affine import SiteProgram, affine_program
from dcmodel.optimise.beside import beside
from dcmodel.optimise.capacity import check_capacity
from dcmodel.optimise.portfolio_case import PortfolioCase, SiteOption
from dcmodel.workload.routing import Group


@dataclass(frozen=True, eq=False)
class PortfolioProgram:
    """The model of a portfolio and its arrays."""

    m: pyo.ConcreteModel
    """Sizes and routing; the sites' own variables stand in `lp` only."""
    lp: LinearProgram
    programs: tuple[SiteProgram, ...]


def build_portfolio(case: PortfolioCase) -> pyo.ConcreteModel:
    """Return sizes and routing of a portfolio as a Pyomo model."""
    m = pyo.ConcreteModel(name=case.name)
    m.Y = pyo.RangeSet(0, len(case.years) - 1)
    m.T = pyo.RangeSet(0, len(case.duration) - 1)
    m.duration = ArrayParam(m.T, values=case.duration)
    m.previous = ArrayParam(m.T, values=case.sites[0].previous)
    m.site = pyo.Block([site.name for site in case.sites])
    m.group = pyo.Block([group.name for group in case.groups])
    for site, option in zip(case.sites, case.options, strict=True):
        choice_and_size(m.site[site.name], site, option)
    for group in case.groups:
        routing(m.group[group.name], group, case)
    capacity(m, case)
    return m


def compile_portfolio(
    case: PortfolioCase, like: PortfolioProgram | None = None, *, same_steps: bool = False
) -> PortfolioProgram:
    """Return the program of a portfolio; the objective is the discounted cost [USD].

    Parameters
    ----------
    case : PortfolioCase
    like : PortfolioProgram, optional
        The same portfolio on other steps, to read constants from.
    same_steps : bool
        `like` has the same sites and steps, and differs in the work alone.
    """
    check_capacity(case)
    m = build_portfolio(case)
    own = compile_model(m, weights=case.discount_factor, year_set=m.Y)
    if like is not None and same_steps:
        return PortfolioProgram(m, beside(m, own, like.programs), like.programs)
    known = [None] * len(case.sites) if like is None else like.programs
    programs = tuple(
        affine_program(site, option.size_min, option.size_max, case.expected_use, before)
        for site, option, before in zip(case.sites, case.options, known, strict=True)
    )
    return PortfolioProgram(m, beside(m, own, programs), programs)


def choice_and_size(b: pyo.Block, site: SiteCase, option: SiteOption) -> None:
    """Declare whether a site stands, its installed IT, and what it costs to be there."""
    m = b.model()
    size_max = np.maximum.accumulate(np.maximum(option.size_max, 0.0))
    may_stand = size_max > 0
    smallest = np.minimum(option.size_min, size_max)
    b.size_min = ArrayParam(m.Y, values=smallest)
    b.size_max = ArrayParam(m.Y, values=size_max)
    b.stands = ArrayVar(
        m.Y,
        lower=may_stand & option.must_stand,
        upper=may_stand,
        integer=True,
        doc="Whether the site stands [1]",
    )
    b.it_capacity = ArrayVar(m.Y, lower=0, upper=size_max, doc="Installed IT [MW]")
    b.added = ArrayVar(m.Y, lower=0, upper=size_max, doc="Installed IT added in the year [MW]")
    b.built = ArrayParam(m.Y, m.Y, values=site.stands)
    b.before = ArrayParam(m.Y, values=np.maximum(np.arange(len(site.years)) - 1, 0))

    @array_constraint(b, m.Y, couples_years=True, doc="Additions stand")
    def accumulation(b: pyo.Block, y: Any) -> Any:
        return b.it_capacity[y] == sum(b.built[y, v] * b.added[v] for v in m.Y)

    @array_constraint(b, m.Y, couples_years=True, doc="A site that stands goes on standing")
    def lasting(b: pyo.Block, y: Any) -> Any:
        return b.stands[y] >= b.stands[b.before[y]]

    @array_constraint(b, m.Y, couples_years=True, doc="IT only where the site stands")
    def largest(b: pyo.Block, y: Any) -> Any:
        return b.it_capacity[y] <= b.size_max[y] * b.stands[y]

    @array_constraint(b, m.Y, couples_years=True, doc="A site is worth its place")
    def least(b: pyo.Block, y: Any) -> Any:
        return b.it_capacity[y] >= b.size_min[y] * b.stands[y]

    @cost_term(b, m.Y, category="site", doc="Site: annuity of land and preparation [USD]")
    def place(b: pyo.Block, y: Any) -> Any:
        return option.annuity * b.stands[y]

    @cost_term(b, m.Y, category="site", doc="Site: staff and network [USD]")
    def presence(b: pyo.Block, y: Any) -> Any:
        return option.operation * b.stands[y]


def routing(b: pyo.Block, group: Group, case: PortfolioCase) -> None:
    """Declare where and when the work of a group is served."""
    m = b.model()
    b.SITES = pyo.Set(initialize=list(group.sites), ordered=True)
    b.arrivals = ArrayParam(m.Y, m.T, values=group.arrivals)
    b.transfer_price = ArrayParam(b.SITES, values=group.transfer_cost)
    b.per_hour = ArrayParam(m.T, values=1.0 / case.duration)
    b.routed = ArrayVar(b.SITES, m.Y, m.T, lower=0, doc="Work served at the site [MW]")
    value = case.lost_work if group.must_be_served else group.value
    most = group.arrivals if np.isfinite(value) else np.zeros_like(group.arrivals)
    b.dropped = ArrayVar(m.Y, m.T, lower=0, upper=most, doc="Work dropped [MW]")
    waits = not group.interactive
    if waits:
        b.backlog = ArrayVar(
            m.Y, m.T, lower=0, upper=group.backlog_max, doc="Work waiting at the step's end [MWh]"
        )

    @array_expression(b, m.Y, m.T, doc="Work released to the sites [MW]")
    def released(b: pyo.Block, y: Any, t: Any) -> Any:
        if not waits:
            return b.arrivals[y, t]
        change = b.backlog[y, m.previous[t]] - b.backlog[y, t]
        return b.arrivals[y, t] + b.per_hour[t] * change

    @array_constraint(b, m.Y, m.T, doc="Work is served once, or dropped")
    def conservation(b: pyo.Block, y: Any, t: Any) -> Any:
        return sum(b.routed[s, y, t] for s in b.SITES) + b.dropped[y, t] == b.released[y, t]

    if group.transfer_cost.any():

        @cost_term(b, m.Y, category="network", doc="Moving data between region and site [USD]")
        def transfer(b: pyo.Block, y: Any) -> Any:
            return sum(
                b.transfer_price[s] * m.duration[t] * b.routed[s, y, t]
                for s in b.SITES
                for t in m.T
            )

    if np.isfinite(value):

        @cost_term(b, m.Y, category="unserved", doc="Work dropped [USD]")
        def loss(b: pyo.Block, y: Any) -> Any:
            return value * sum(m.duration[t] * b.dropped[y, t] for t in m.T)

    if waits and case.delay_cost:

        @cost_term(b, m.Y, category="workload", doc="Delay of deferred work [USD]")
        def delay(b: pyo.Block, y: Any) -> Any:
            return case.delay_cost * sum(m.duration[t] * b.backlog[y, t] for t in m.T)


def capacity(m: pyo.ConcreteModel, case: PortfolioCase) -> None:
    """Work fits into the sites it can reach, interactive work also when any one is lost."""
    use = {site.name: site.utilisation_max for site in case.sites}
    for cut in case.capacity_cuts:
        sites = [(use[name], m.site[name]) for name in cut.sites]
        need = ArrayParam(m.Y, values=cut.need)
        label = "_".join(cut.sites)
        m.add_component(f"need_of_{label}", need)

        def fits(m: pyo.Block, y: Any, sites: Any = sites, need: Any = need) -> Any:
            return sum([share * site.it_capacity[y] for share, site in sites]) >= need[y]

        doc = f"Work that reaches {', '.join(cut.sites)} alone fits"
        row = ArrayConstraint(m.Y, rule=fits, couples_years=True, doc=doc)
        m.add_component(f"capacity_of_{label}", row)
