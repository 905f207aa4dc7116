"""Only investments are held fixed in a dispatch: outcomes of operation and shortages are free."""

import numpy as np
import pytest
from support.cases import StubSite, make_case

from dcmodel.markets.base import tariffs
from dcmodel.optimise.blocks import split
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.pathway import Proposal, solve_pathway
from dcmodel.optimise.polish import polished
from dcmodel.optimise.solve import solve

HOURS = 240
MONTH = np.repeat(np.arange(12), HOURS // 12)
DEMAND = 9000.0
PLANT = {"grid_connection": {"parameters": {"fixed_operation_share_of_capex": 0.0}}}


def case_of(forms, *, load=(10.0, 10.0), kinds=("grid_connection", "battery"), **options):
    """Two years of ten hours a month; a spike of load in the last month of the first year."""
    price = 40 + 30 * np.sin(np.arange(HOURS) / 24 * 2 * np.pi)
    loads = np.tile(np.array(load)[:, None], HOURS).astype(float)
    loads[0, -5] += 6.0
    return make_case(
        price=np.tile(price, (2, 1)), load=loads, years=(2025, 2026), month=MONTH, kinds=kinds,
        tariff_forms=tuple(forms), site=StubSite(connection_cost=1e5),
        settings=PLANT | options, grid_available=40.0,
    )  # fmt: skip


def ratchet():
    return tariffs["ratchet_demand"](rate_usd_per_mw_month=DEMAND, share=0.9, lookback_months=11)


def minimum_take():
    return tariffs["minimum_take"](
        rate_usd_per_mw_month=DEMAND, minimum_share=0.8, term_years=2, contract_mw=None
    )


def coincident():
    return tariffs["coincident_peak"](
        rate_usd_per_mw_year=60e3, peaks={"series": "price_energy", "count": 12}
    )


def by_years(lp, **options):
    return solve_pathway(lp, gap=1e-5, whole_below=0, tolerance=1e-8, **options)


@pytest.mark.parametrize("form", [ratchet, minimum_take, coincident], ids=lambda f: f.__name__)
def test_by_years_a_tariff_that_looks_back_costs_what_the_whole_program_costs(form):
    _, lp = compile_site(case_of([form()]))
    optimum = solve(lp, tolerance=1e-9)
    found = polished(lp, by_years(lp), 1e-4, tolerance=1e-8)
    assert found.lower_bound <= optimum.objective * (1 + 1e-9)
    assert found.objective >= optimum.objective * (1 - 1e-9)
    assert found.objective == pytest.approx(optimum.objective, rel=5e-4)


def test_a_load_at_peaks_couples_no_years():
    _, lp = compile_site(case_of([coincident()]))
    rows = [name for name, block in lp.rows.items() if lp.couples_years[block.slice].any()]
    assert all("coincident_peak" not in name for name in rows)
    assert not split(lp).has_operational_links


def test_peaks_under_a_ratchet_are_held_in_no_dispatch():
    _, lp = compile_site(case_of([ratchet()]))
    parts = split(lp)
    assert parts.has_operational_links
    peaks = lp.column("monthly_peak")
    for block in parts.blocks:
        held = block.columns[block.held]
        assert not ((held >= peaks.start) & (held < peaks.stop)).any()
        assert np.isin(np.arange(peaks.start, peaks.stop), block.columns[block.link]).any()


def test_a_peak_that_a_proposal_forbids_is_served_all_the_same():
    """A proposal that never saw the spike holds no hour to its peaks, and nothing is shed."""
    case = case_of([ratchet()], kinds=("grid_connection",))
    _, lp = compile_site(case)
    parts = split(lp)
    sizes = np.zeros(parts.master_columns.size)
    blind = Proposal(np.zeros(parts.coupling_rows.size), sizes)
    found = polished(lp, by_years(lp, proposals=[blind]), 1e-7, tolerance=1e-8)
    peak = lp.values("monthly_peak", found.x)
    assert peak[0, 11] == pytest.approx(16.0, abs=1e-6)
    # January to November of the second year pay 0.9 of the spike within the look-back
    optimum = solve(lp, tolerance=1e-9)
    assert found.objective == pytest.approx(optimum.objective, rel=1e-6)
    charge = DEMAND * (11 * 10.0 + 16.0 + 11 * 14.4 + 10.0)
    assert lp.term_values(optimum.x).sum() > charge


@pytest.mark.parametrize("short", [1e-4, 1.0, 10.0])
def test_sizes_that_fall_short_are_raised_by_what_they_lack(short):
    """The connection must be 10 MW in the second year and 16 in the first: it is found at once."""
    case = case_of([], kinds=("grid_connection",))
    _, lp = compile_site(case)
    parts = split(lp)
    wanted = np.zeros(lp.n_columns)
    for name in ("contracted", "contracted_built"):
        wanted[lp.column(f"asset[grid_connection].{name}")] = [16.0 - short, 0.0]
    wanted[lp.column("asset[grid_connection].contracted")] = 16.0 - short
    steps = []
    found = by_years(
        lp,
        proposals=[Proposal(np.zeros(parts.coupling_rows.size), wanted[parts.master_columns])],
        progress=steps.append,
    )
    optimum = solve(lp, tolerance=1e-9)
    assert steps[0].upper_bound < np.inf  # the first design already runs
    assert found.objective == pytest.approx(optimum.objective, rel=1e-5)
    contracted = lp.values("asset[grid_connection].contracted", found.x)
    assert contracted == pytest.approx([16.0, 16.0], rel=1e-5)
