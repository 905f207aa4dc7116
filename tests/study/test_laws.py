"""Laws of every study, on random small sites: what no option, price or shortage may break.

1. An option never raises the printed levelised cost.
2. What a study sets acts on the program, or is refused.
3. No work is lost beside idle contracted power; interactive work is never refused.
4. What was promised is served or lost; dark servers draw nothing.
5. Years solved apart have the optimum of the whole, and their bounds enclose it.
"""

import numpy as np
import pytest
from support.random_sites import FIRST_YEAR, LOOSER, OPTIONS, random_site, solve_random

from dcmodel.base.errors import InfeasibleError
from dcmodel.components.values import rent_values, work_values
from dcmodel.inputs.assumptions import technology
from dcmodel.optimise import effort as effort_module
from dcmodel.optimise import site as site_module
from dcmodel.optimise.build import compile_site
from dcmodel.optimise.pathway import solve_pathway
from dcmodel.optimise.polish import polished
from dcmodel.optimise.settle import settled
from dcmodel.optimise.solve import solve
from dcmodel.study.overrides import idle_overrides, same_program

FEW, MANY = range(6), range(6, 40)
ROUNDING = 1e-6
"""Relative distance that is a solver's rounding. [1]"""
IDLE_MW = 1e-3

seeds = pytest.mark.parametrize(
    "seed", [*FEW, *(pytest.param(seed, marks=pytest.mark.slow) for seed in MANY)]
)


def drawn_options(seed):
    """Return a few options, and the same with one or two more."""
    rng = np.random.default_rng([seed, 3])
    names = [str(name) for name in rng.permutation([*OPTIONS, *LOOSER])]
    some = int(rng.integers(0, 5))
    return names[:some], names[: some + int(rng.integers(1, 3))]


def solved_or_none(case, **options):
    try:
        return solve_random(case, **options)
    except InfeasibleError:
        return None


def gap_of(result):
    """Return the distance of a result from the optimum that its own bounds prove."""
    return max(float(result.attrs.get("segments_gap", result.attrs["certified_gap"])), 0.0)


def assert_no_worse(less, more):
    """Assert that the printed metric with an option is no higher than without it."""
    costs = float(less["levelised_cost"]), float(more["levelised_cost"])
    room = (ROUNDING + gap_of(more)) * max(map(abs, costs))
    assert costs[1] <= costs[0] + room


def assert_no_loss_beside_idle_power(result, case):
    contracted = result["capacity"].sel(size="grid_connection.contracted").to_numpy()[:, None]
    idle = contracted - result["grid_import"].to_numpy()
    lost = np.zeros(idle.shape)
    if "unserved" in result:
        lost = lost + result["unserved"].to_numpy()
    work = case.workload
    for name in result["dropped_class"].to_numpy() if "dropped" in result else ():
        k = work.names.index(str(name))
        refused = result["dropped"].sel(dropped_class=name).to_numpy()
        if work.value[k] is None:
            lost = lost + refused
            assert work.window_h[k] > 0 or work.priority[k] > 1
    assert np.minimum(idle, lost).max() < IDLE_MW


def assert_promised_is_served_or_lost(result, case):
    hours, work = case.duration, case.workload
    arrived = work.arrivals @ hours
    lost = result["work_lost"].to_numpy()
    assert (lost > -ROUNDING).all()
    assert (lost <= arrived + 1e-4).all()
    served = result["work_served"].to_numpy() @ hours
    np.testing.assert_allclose(served + lost.sum(0), arrived.sum(0), rtol=1e-6, atol=1e-3)
    # each class: what is refused, what had no power at all, what was cut off
    dark = 1 - result["it_energised"].to_numpy() / case.it_capacity
    gone = arrived * dark
    for name in result["dropped_class"].to_numpy() if "dropped" in result else ():
        gone[work.names.index(str(name))] += (
            result["dropped"].sel(dropped_class=name).to_numpy() @ hours
        )
    cut = lost - gone
    assert cut.min() > -1e-3
    if "work_unserved" in result:
        unserved = result["work_unserved"].to_numpy() @ hours
        np.testing.assert_allclose(cut.sum(0), unserved, atol=1e-3)
    else:
        assert np.abs(cut).max() < 1e-3


def assert_power_follows_what_runs(result, case):
    energised = result["it_energised"].to_numpy()[:, None]
    it_power, facility = result["it_power"].to_numpy(), result["facility_power"].to_numpy()
    assert (it_power <= energised + 1e-6).all()
    lines = case.facility.power_slope * it_power + case.facility.power_fixed * energised
    # where no IT runs at all, the plant's own draw may be cut as well
    runs = it_power > 1e-9
    np.testing.assert_allclose(facility[runs], lines[runs], atol=1e-5)
    assert (facility[~runs] <= lines[~runs] + 1e-5).all()
    np.testing.assert_allclose(result["supply"].sum("component"), facility, atol=1e-5)
    all_dark = energised[:, 0] < IDLE_MW
    assert np.abs(facility[all_dark]).max(initial=0.0) < 2 * IDLE_MW


def assert_loss_has_its_value(result, case):
    """Assert that the cost of what is lost is its value, worked out from the hours lost."""
    hours = case.duration
    dark = 1 - result["it_energised"].to_numpy() / case.it_capacity
    expected = (rent_values(case)[:, None] * (case.workload.arrivals @ hours)).sum(0) * dark
    if "unserved" in result:
        price = work_values(case).max()
        expected = expected + price * (result["unserved"].to_numpy() @ hours)
    for name in result["dropped_class"].to_numpy() if "dropped" in result else ():
        value = work_values(case)[case.workload.names.index(str(name))]
        expected = expected + value * (result["dropped"].sel(dropped_class=name).to_numpy() @ hours)
    category = result["cost_category"].to_numpy()
    charged = result["cost"].to_numpy()[np.isin(category, ["unserved", "workload"])].sum(0)
    waits = technology("shiftable_load", 2025).value("delay_cost")
    if "backlog" in result:
        expected = expected + waits * (result["backlog"].sum("workload").to_numpy() @ hours)
    np.testing.assert_allclose(charged, expected, rtol=1e-5, atol=1.0)


def assert_laws(result, case):
    assert_no_loss_beside_idle_power(result, case)
    assert_promised_is_served_or_lost(result, case)
    assert_power_follows_what_runs(result, case)
    assert_loss_has_its_value(result, case)
    if float(result["it_energy"].sum()) > 0:
        assert float(result["pue_mean"]) >= 1.0


@seeds
def test_an_option_never_raises_the_metric_and_every_result_keeps_the_laws(seed):
    site = random_site(seed)
    few, more = drawn_options(seed)
    cases = site.case(*few), site.case(*more)
    less, better = map(solved_or_none, cases)
    if less is None:
        return
    assert better is not None
    assert_no_worse(less, better)
    for result, case in zip((less, better), cases, strict=True):
        assert_laws(result, case)
        # the ordinary site is a design without options
        assert float(result["levelised_cost"]) <= float(result["reference_levelised_cost"]) + (
            ROUNDING + gap_of(result)
        ) * abs(float(result["reference_levelised_cost"]))


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 14))]
)
def test_the_laws_hold_where_years_are_solved_apart_on_hours(seed, monkeypatch):
    """Proposals on segments, years by themselves, loss limited in between: as whole years are."""
    monkeypatch.setattr(effort_module, "PROPOSAL_SEGMENTS", (24, 48, 72))
    monkeypatch.setattr(site_module, "SMALL", 0)
    site = random_site(seed, years=2)
    few, more = drawn_options(seed)
    cases = site.case(*few), site.case(*more)
    less, better = (solved_or_none(case, gap=2e-3, hourly=True) for case in cases)
    if less is None:
        return
    assert better is not None
    assert less.attrs["status"] == better.attrs["status"] == "optimal"
    assert_no_worse(less, better)
    for result, case in zip((less, better), cases, strict=True):
        assert_laws(result, case)


KINDS = ("unserved_energy", "grid_connection", *OPTIONS)


@pytest.mark.parametrize("many", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KINDS)
def test_every_number_a_study_sets_acts_or_is_refused(kind, many):
    """A number by itself changes the program, or what follows a solution, or is refused."""
    site, options = random_site(3, years=1, days=1), ["unserved", *({kind} & set(OPTIONS))]
    plain = site.case(*options)
    _, base = compile_site(plain)
    part = next(part for part in plain.components if part.kind == kind)
    stated = {row.parameter: row.value for row in part.technology(plain).assumptions}
    names = sorted(stated)
    if not many:
        names = np.random.default_rng(7).choice(names, min(3, len(names)), replace=False)
    for name in map(str, names):
        number = 1.3 * stated[name] or 1.0
        case = site.case(*options, parameters={kind: {name: number}})
        _, program = compile_site(case)
        idle = idle_overrides(case, program, lambda one: compile_site(one)[1])
        refused = (kind, name) in {(one.kind, one.parameter) for one in idle}
        acts = not same_program(base, program)
        assert acts != refused or part.acts_after(name)


@pytest.mark.parametrize(
    "seed", [0, 1, 2, *(pytest.param(s, marks=pytest.mark.slow) for s in range(3, 24))]
)
@pytest.mark.parametrize("gap", [2e-3])
def test_years_apart_have_the_optimum_of_the_whole(seed, gap):
    rng = np.random.default_rng([seed, 5])
    site = random_site(seed, years=int(rng.integers(2, 4)))
    options = [str(name) for name in rng.permutation([*OPTIONS, *LOOSER])]
    _, lp = compile_site(site.case(*options[: int(rng.integers(0, 6))]))
    try:
        whole = solve(lp, tolerance=1e-8)
    except InfeasibleError:
        with pytest.raises(InfeasibleError):
            solve_pathway(lp, whole_below=0, gap=gap)
        return
    apart = solve_pathway(lp, whole_below=0, gap=gap)
    final = settled(lp, polished(lp, apart, gap), gap)
    rounding = 1e-7 * max(1.0, abs(whole.objective))
    assert apart.lower_bound <= whole.objective + rounding
    assert whole.objective <= final.objective + rounding
    assert final.objective <= apart.objective + rounding
    assert final.status == "optimal"
    assert final.gap <= gap
    assert final.objective - whole.objective <= gap * max(1.0, abs(final.objective)) + rounding


def test_a_flat_load_beside_dear_hours_is_not_closed_hour_by_hour():
    """Every hour draws what is contracted, so no hour is idle but those in which load is lost."""
    case = random_site(54).case("unserved", "gas_engine")
    assert_laws(solve_random(case), case)


def test_the_reference_values_lost_work_as_the_study_does():
    """The same dark servers, with and without refusing work besides."""
    for seed in range(200):
        site = random_site(seed, years=2)
        if site.arguments["grid_available"][0] == 0.0:
            break
    rent = {"dropped_work": {"value_of_work": 123.0}}
    case = site.case("dropped_work", parameters=rent)
    result = solve_random(case)
    assert float(result["reference_cost"].sum()) >= float(result["cost"].sum()) * (1 - ROUNDING)
    values = rent_values(case)
    lost = case.workload.arrivals[:, 0] @ case.duration
    charged = result["reference_cost"].sel(year=FIRST_YEAR)
    charged = charged[charged["cost_category"] == "unserved"].sum()
    assert float(charged) == pytest.approx(float(values @ lost))
