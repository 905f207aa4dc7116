"""Small portfolios whose optimum can be worked out by hand."""

from dataclasses import replace

import numpy as np

from dcmodel.optimise.portfolio import compile_portfolio
from dcmodel.optimise.portfolio_case import PortfolioCase, SiteOption
from dcmodel.optimise.solve import solve
from dcmodel.workload.routing import Place, groups_of

from .cases import make_case


def site(name, price):
    """Return a site without losses: facility power is the work, energy costs the price."""
    return replace(make_case(price=[price], load=0.0, it_capacity=[1.0]), name=name)


def fixed(size, years=1):
    """Return an option of one size that is part of every portfolio."""
    return SiteOption(float(size), np.full(years, float(size)), must_stand=True)


def portfolio(sites, options, streams, *, round_trip=None, jurisdiction=None, **settings):
    """Return a case; every site is near every region unless a round trip is given."""
    near = dict.fromkeys({stream.region for stream in streams}, 10.0)
    places = tuple(
        Place(
            one.name,
            (jurisdiction or {}).get(one.name, "US"),
            (round_trip or {}).get(one.name, near),
        )
        for one in sites
    )
    groups = groups_of(streams, places)
    return PortfolioCase("hand", tuple(sites), tuple(options), places, groups, 0.5, **settings)


def optimum(case):
    """Return the program of a case and its solution."""
    program = compile_portfolio(case)
    return program, solve(program.lp, mip_gap=1e-9)


def routed(program, answer, group, site_name):
    """Return the work of a group served at a site [MW], shape (years, steps)."""
    block = program.m.group[group]
    values = program.lp.values(block.routed, answer.x)
    return values[list(block.SITES).index(site_name)]
