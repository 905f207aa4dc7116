"""A pathway solved in years equals the whole program, and its bounds enclose the optimum."""

from dataclasses import replace

import numpy as np
import pytest
from support.programs import pathway, program

from dcmodel.base.errors import InfeasibleError, SolverError
from dcmodel.optimise.blocks import split
from dcmodel.optimise.certify import check
from dcmodel.optimise.coarse import coarsen
from dcmodel.optimise.master import Master, _settled
from dcmodel.optimise.pathway import propose, solve_pathway
from dcmodel.optimise.solve import solve
from dcmodel.optimise.solvers.problem import Problem


def by_years(lp, **options):
    return solve_pathway(lp, whole_below=0, **options)


def enclosed(answer, lp, optimum, gap):
    assert answer.lower_bound <= optimum * (1 + 1e-8)
    assert optimum <= answer.objective * (1 + 1e-8)
    assert answer.gap <= gap
    assert answer.status == "optimal"
    found = check(lp, answer.x)
    assert found.relative_violation < 1e-9
    assert found.objective == pytest.approx(answer.objective, rel=1e-12)
    return True


@pytest.mark.parametrize(("years", "hours"), [(3, 48), (3, 168), (2, 200)])
def test_bounds_enclose_the_optimum(years, hours):
    lp = pathway(years, hours, seed=years)
    assert enclosed(by_years(lp, gap=1e-3), lp, solve(lp).objective, 1e-3)


def test_narrow_gap_is_reached_by_rounds():
    lp = pathway(3, 72, seed=5)
    answer = by_years(lp, gap=1e-5, max_rounds=25)
    assert enclosed(answer, lp, solve(lp).objective, 1e-5)


def test_falling_cost_vintages_that_retire():
    lp = pathway(4, 72, seed=2, life=2)
    answer = by_years(lp, gap=1e-3)
    assert enclosed(answer, lp, solve(lp).objective, 1e-3)
    built = lp.values("built_solar", answer.x)
    capacity = lp.values("cap_solar", answer.x)
    np.testing.assert_allclose(capacity, built + np.concatenate([[0], built[:-1]]), atol=1e-6)


def test_years_without_load():
    lp = pathway(4, 48, seed=1, load_from=2)
    assert enclosed(by_years(lp, gap=1e-3), lp, solve(lp).objective, 1e-3)


def test_designs_that_cannot_be_dispatched_are_mended():
    # nothing may go unserved and the grid is too small: most sizes are infeasible
    lp = pathway(3, 72, seed=4, unserved=False)
    assert enclosed(by_years(lp, gap=2e-3, max_rounds=20), lp, solve(lp).objective, 2e-3)


def test_no_coupling_rows():
    lp = pathway(3, 48, coupled=False)
    answer = by_years(lp, gap=1e-5)
    assert enclosed(answer, lp, solve(lp).objective, 1e-5)


def test_single_year():
    lp = pathway(1, 48)
    answer = by_years(lp)
    assert answer.objective == pytest.approx(solve(lp).objective, rel=1e-6)
    assert [line.step for line in answer.history] == ["whole"]


def test_small_programs_are_solved_whole():
    lp = pathway(3, 48)
    assert [line.step for line in solve_pathway(lp, whole_below=10**6).history] == ["whole"]


def test_proposal_given_as_a_program_or_an_earlier_solution():
    lp = pathway(3, 96)
    coarse = coarsen(lp, 24)
    optimum = solve(lp).objective
    first = by_years(lp, proposals=[propose(coarse, solve(coarse))], gap=1e-3)
    assert enclosed(first, lp, optimum, 1e-3)
    again = by_years(lp, proposals=[propose(lp, first)], gap=1e-3)
    assert enclosed(again, lp, optimum, 1e-3)


def test_proposal_of_another_model_is_refused():
    other = coarsen(pathway(4, 48))
    proposal = propose(other, solve(other))
    with pytest.raises(SolverError, match="coupling rows"):
        by_years(pathway(3, 48), proposals=[proposal])


def test_workers_at_the_same_time_give_the_same():
    lp = pathway(3, 96)
    one, two = by_years(lp, gap=1e-3), by_years(lp, gap=1e-3, jobs=2)
    assert two.objective == pytest.approx(one.objective, rel=1e-9)


def test_prices_are_the_cost_of_one_more_megawatt():
    lp = pathway(2, 48)
    answer = by_years(lp, gap=1e-4)
    price = lp.duals("balance", answer.row_dual)
    grid = lp.values("grid", answer.x)
    cost = lp.cost[lp.column("grid")].reshape(grid.shape)
    inside = (grid > 1e-3) & (grid < 45 - 1e-3)
    assert inside.any()
    np.testing.assert_allclose(price[inside], cost[inside], rtol=1e-4)


def test_history_is_monotone_and_reported():
    lines = []
    answer = by_years(pathway(3, 72, seed=5), gap=1e-5, max_rounds=25, progress=lines.append)
    assert tuple(lines) == answer.history
    assert (np.diff([line.lower_bound for line in lines]) >= 0).all()
    uppers = [line.upper_bound for line in lines if np.isfinite(line.upper_bound)]
    assert (np.diff(uppers) <= 0).all()


def test_gap_not_reached_is_said():
    answer = by_years(pathway(3, 72, seed=5), gap=-1.0, max_rounds=1)
    assert answer.status == "gap_not_reached"
    assert abs(answer.gap) < 0.05


def test_infeasible_year_names_its_rows():
    lp = pathway(3, 48, unserved=False)
    lower, upper = lp.row_lower.copy(), lp.row_upper.copy()
    at = lp.row("balance").start + 48 + 5  # the sixth hour of the second year, before sunrise
    lower[at] = upper[at] = 1e6
    capped = lp.upper.copy()
    capped[lp.column("cap_battery")] = 10.0
    coarse = coarsen(lp)
    # the hour is short by what storage cannot give; which of its rows gives way is a tie
    with pytest.raises(InfeasibleError, match=r"(balance|solar_limit)\[1,5\] \(999"):
        by_years(
            lp.replace(row_lower=lower, row_upper=upper, upper=capped),
            proposals=[propose(coarse, solve(coarse))],
        )


def test_whole_numbers_are_kept_and_bounded():
    lp = pathway(3, 200, seed=3)
    whole = lp.replace(integer=np.arange(lp.n_columns) >= lp.column("built_solar").start)
    optimum = solve(whole, mip_gap=1e-6)
    answer = by_years(whole, gap=2e-3)
    assert answer.status == "optimal"
    assert answer.lower_bound <= optimum.objective * (1 + 1e-8)
    assert optimum.objective <= answer.objective * (1 + 1e-6)
    for name in ("built_solar", "built_battery"):
        built = lp.values(name, answer.x)
        np.testing.assert_allclose(built, np.round(built), atol=1e-9)
    assert check(lp, answer.x).relative_violation < 1e-9


# ---- the parts ---------------------------------------------------------------------------------


def test_split_finds_years_and_roles():
    lp = pathway(3, 24)
    parts = split(lp)
    assert [block.year for block in parts.blocks] == [0, 1, 2]
    assert np.concatenate([block.rows for block in parts.blocks]).size == 3 * 4 * 24
    link = parts.master_columns[parts.is_link]
    expected = np.r_[lp.column("cap_solar"), lp.column("cap_battery")]
    np.testing.assert_array_equal(np.sort(link), expected)
    pure = parts.master_columns[~parts.is_link]
    np.testing.assert_array_equal(pure, np.r_[lp.column("built_solar"), lp.column("built_battery")])


def test_a_row_that_links_years_unmarked_merges_their_blocks():
    matrix = np.zeros((3, 4))
    matrix[0, [0, 2]] = matrix[1, [1, 3]] = matrix[2, [2, 3]] = 1.0
    lp = program(
        1, matrix, 0, 1, columns={"a": (2,), "b": (2,)}, rows={"own": (2,), "across": (1,)}
    )
    assert len(split(lp).blocks) == 1
    lp = lp.replace(couples_years=np.array([False, False, True]))
    assert len(split(lp).blocks) == 2


def test_cuts_never_exceed_the_cost_of_a_block():
    lp = pathway(2, 24, seed=3)
    parts = split(lp)
    problem = Problem.of(lp)
    rng = np.random.default_rng(0)
    block = parts.blocks[0]
    sizes = np.zeros(problem.shape[1])
    points = rng.uniform(0, 80, (6, block.link.size))

    def cost(point):
        sizes[block.columns[block.link]] = point
        return solve(block.fixed(sizes), solver="highs", tolerance=1e-9)

    answers = [cost(point) for point in points]
    for at, answer in zip(points, answers, strict=True):
        cut = block.cut(answer.row_dual, answer.x)
        assert cut.constant + cut.slope @ at == pytest.approx(answer.objective, rel=1e-9)
        for other, known in zip(points, answers, strict=True):
            assert cut.constant + cut.slope @ other <= known.objective * (1 + 1e-9)


def test_master_designs_keep_the_coupling_rows():
    lp = pathway(4, 24, life=2)
    master = Master(Problem.of(lp), split(lp), 50.0)
    sizes = np.zeros(lp.n_columns)
    sizes[lp.column("cap_solar")] = [10, 30, 20, 5]
    design = master.complete(np.where(sizes > 0, 20.0, 0.0))
    np.testing.assert_allclose(lp.matrix[lp.couples_years] @ design, 0, atol=1e-8)
    np.testing.assert_allclose(lp.values("built_solar", design), [20, 0, 20, 0], atol=1e-7)


def test_coarse_program_of_a_flat_one_has_the_same_optimum():
    # nothing varies within a day, so merging hours changes nothing
    lp = pathway(2, 48, seed=0)
    hours = 48
    flat = {
        name: np.broadcast_to(lp.values(name, lp.cost)[:, :1], (2, hours)).ravel()
        for name in ("grid", "unserved", "discharge")
    }
    cost = lp.cost.copy()
    for name, values in flat.items():
        cost[lp.column(name)] = values
    balance = lp.row("balance")
    lower = lp.row_lower.copy()
    lower[balance] = np.repeat(lower[balance].reshape(2, hours)[:, 0], hours)
    upper = lp.row_upper.copy()
    upper[balance] = lower[balance]
    no_sun = lp.upper.copy()
    no_sun[lp.column("cap_solar")] = 0.0
    lp = lp.replace(cost=cost, row_lower=lower, row_upper=upper, upper=no_sun)
    coarse = coarsen(lp, 12)
    assert coarse.problem.shape[0] < lp.n_rows / 2
    assert solve(coarse).objective == pytest.approx(solve(lp).objective, rel=1e-6)


def test_the_bound_is_the_same_in_large_money():
    """Cuts of thousands of millions beside coupling rows of megawatts: scaled, and scaled back."""
    lp = pathway(3, 48, seed=7)
    dear = lp.replace(cost=1e6 * lp.cost, offset=1e6 * lp.offset)
    found, wanted = (by_years(one, gap=1e-4, max_rounds=20) for one in (dear, lp))
    assert found.gap <= 1e-4
    assert found.lower_bound <= 1e6 * wanted.objective * (1 + 1e-8)
    assert found.lower_bound >= 1e6 * wanted.objective * (1 - 2e-4)


def test_crumbs_of_sizes_are_left_out():
    """A size of 20 W beside one of 50 MW would leave its block hardly an interior."""
    whole = program([1.0, 1.0], [[1.0, 1.0]], [50.0], [np.inf])
    answer = solve(whole)
    crumb = replace(answer, x=np.array([50.0 - 2e-5, 2e-5]))
    np.testing.assert_array_equal(_settled(Problem.of(whole), crumb, np.arange(2)).x, [50.0, 0.0])
    # what a row asks for stays
    asked = program([1.0, 1.0], [[1.0, 1.0], [0.0, 1.0]], [50.0, 2e-5], [np.inf, np.inf])
    kept = _settled(Problem.of(asked), crumb, np.arange(2)).x
    np.testing.assert_allclose(kept, [50.0 - 2e-5, 2e-5], rtol=1e-9)
